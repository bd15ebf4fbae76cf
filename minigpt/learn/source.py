"""The lines of plain.py that a page shows beside its arrays, cut from the file when the page is made."""

import ast
import re

from minigpt.learn.mistakes import plain_source

# A piece of the code: the function it stands in, and how its first and its last line begin.
PIECES = {
    "embed": ("forward", 'a["wte"] =', 'x = a["x"]'),
    "layernorm": ("layernorm", "mean =", "return"),
    "qkv": ("forward", 'ln_1 = layernorm(x, w, a, h + "ln_1"', 'a[h + "attn.q"]'),
    "scores": ("forward", 'S = a[h + "attn.S"]', 'S_masked = a[h + "attn.S_masked"]'),
    "shares": ("forward", 'P = a[h + "attn.P"]', 'P = a[h + "attn.P"]'),
    "softmax": ("softmax", "exps =", "return"),
    "values": ("forward", 'y = a[h + "attn.y"]', 'y_joined = a[h + "attn.y_joined"]'),
    "attention_out": ("forward", 'c_proj = a[h + "attn.c_proj"]', 'x = a[h + "x_attn"]'),
    "feed": ("forward", 'c_fc = a[h + "mlp.c_fc"]', 'gelu = a[h + "mlp.gelu"]'),
    "feed_out": ("forward", 'c_proj = a[h + "mlp.c_proj"]', 'x = a[h + "x_mlp"]'),
    "logits": ("forward", 'a["logits"]', 'a["probs"]'),
    "loss": ("forward", "_, counted, N, p =", 'a["loss"]'),
    "loss_backward": ("backward", "# loss = losses.sum() / N", 'd["losses"]'),
    "probs_backward": ("backward", "# losses = where(counted", 'd["logits"]'),
    "head_backward": ("backward", "# logits = ln_f @ head.T", 'd["ln_f"]'),
    "ln_f_backward": ("backward", 'dx = layernorm_backward(d["ln_f"]', 'dx = layernorm_backward(d["ln_f"]'),
    "feed_out_backward": ("backward", "# x = x + c_proj: the gradient goes both ways", "dgelu ="),
    "linear_backward": ("linear_backward", "# y = x @ weight", "return"),
    "feed_backward": ("backward", "# gelu = c_fc * gate", 'dc_fc = d[h + "mlp.c_fc"]'),
    "ln_2_backward": ("backward", "# c_fc = ln_2 @ weight", 'dx = dx + layernorm_backward(d[h + "ln_2"]'),
    "layernorm_backward": ("layernorm_backward", "n, sigma =", "return"),
    "attention_out_backward": ("backward", 'd[h + "x_attn"]', 'dy = d[h + "attn.y"]'),
    "values_backward": ("backward", "# y = P @ v", 'dP = d[h + "attn.P"]'),
    "shares_backward": ("backward", "# P = softmax(S_masked)", 'dS = d[h + "attn.S"]'),
    "scores_backward": ("backward", "# S = q @ k.T", 'd[h + "attn.qkv"]'),
    "ln_1_backward": ("backward", 'd[h + "ln_1"]', 'dx = dx + layernorm_backward(d[h + "ln_1"]'),
    "embed_backward": ("backward", "# x = wte + wpe", 'd["wte.weight"] = dtable + dhead'),
    "clip": ("clip", "norm =", "return"),
    "adamw": ("adamw", "for name, g", "moves[name] ="),
}
TARGETS = re.compile(r'\b[ad]\[(?:(?:h|name) \+ )?"([\w.]+)"\]|\b(\w+)\[name\]')


def read_source():
    """The file as a dict: lines; pieces, the first and last line of each; made, the lines that make an array.

    made has for forward, backward, layernorm, … a dict from an array's name, without its block, to line
    numbers. All numbers count from one. ValueError if a piece is not found exactly once.
    """
    text = plain_source()
    lines = text.splitlines()
    functions = {
        node.name: (node.lineno, node.end_lineno)
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef)
    }
    pieces = {
        key: [find(lines, functions[function], first), find(lines, functions[function], last)]
        for key, (function, first, last) in PIECES.items()
    }
    made = {name: made_in(lines, span) for name, span in functions.items()}
    return {"lines": lines, "pieces": pieces, "made": made}


def find(lines, span, beginning):
    """The number of the only line between two that begins so, blanks aside."""
    found = [n for n in range(span[0], span[1] + 1) if lines[n - 1].strip().startswith(beginning)]
    if len(found) != 1:
        raise ValueError(f"plain.py has {len(found)} lines that begin with {beginning!r}, not one")
    return found[0]


def made_in(lines, span):
    """Which lines of a function assign to a["…"] or d["…"]: a dict from names to lists of numbers."""
    made = {}
    for n in range(span[0], span[1] + 1):
        *assigned, _ = re.split(r" \+?= ", lines[n - 1].split("  #")[0])
        for match in TARGETS.finditer(" = ".join(assigned)):
            name = (match[1] or match[2]).lstrip(".")
            made.setdefault("" if name == "a" else name, []).append(n)
    return made
