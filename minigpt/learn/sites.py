"""Where in the GPT an exercise's function is computed: there the mistakes of its catalogue can be named too.

The first wrong array of a whole model was computed from arrays that were still right, and those stand in the
reference. So the solution with each mistake in it is run on them, and gives what the mistake gives.
"""

import re

import numpy as np

from minigpt.learn.diagnose import Outcomes, named_mistakes
from minigpt.learn.exercise import Exercise
from minigpt.learn.reference import MAX_NORM

BLOCK = re.compile(r"^(d\.)?(h\.\d+\.)(.+)$")
LAYERNORM = re.compile(r"^(d\.)?(.*ln_[12f])(\.weight|\.bias|\.mean|\.var|\.sigma)$")
INPUTS = {"attn.c_attn": "ln_1", "attn.c_proj": "attn.y_joined", "mlp.c_fc": "ln_2", "mlp.c_proj": "mlp.gelu"}


def find_site(name, r, adamw):
    """The exercise that computes an array: (its name, the output's name there, its inputs), or None.

    r: the reference; adamw: the settings of its steps.
    """
    before, _, param = name.partition(".")
    if before == "clipped" or name == "norm":
        grads = {key[8:]: r["d." + key[8:]] for key in r if key.startswith("clipped.")}
        return "clip", f"grads[{param!r}]" if param else "norm", {"grads": grads, "max_norm": MAX_NORM}
    if before == "step1":
        zero, (beta1, beta2) = np.zeros_like(r[param]), adamw["betas"]
        values = {"w": r[param], "g": r["clipped." + param], "m": zero, "v": zero, "t": 1}
        settings = {key: adamw[key] for key in ("lr", "eps", "weight_decay")}
        return "adamw", "w", values | settings | {"beta1": beta1, "beta2": beta2}
    if before == "step3":
        return None
    if match := LAYERNORM.match(name):
        return layernorm_site(match[1], match[2], match[3][1:], r)
    if match := BLOCK.match(name):
        return block_site(bool(match[1]), match[2], match[3], r)
    losses = {"dloss": 1.0, "logits": r["logits"], "targets": r["targets"]}
    return {
        "probs": ("softmax", "p", {"z": r["logits"]}),
        "loss": ("cross_entropy", "loss", losses),
        "d.logits": ("cross_entropy_backward", "dlogits", losses),
        "d.wte.weight.as_table": (
            "embedding",
            "dtable",
            {"dx": r["d.wte"], "idx": r["idx"], "V": len(r["wte.weight"])},
        ),
        "d.wpe.weight": (
            "position_embedding",
            "dweight",
            {"dout": r["d.x"], "block_size": len(r["wpe.weight"])},
        ),
    }.get(name)


def layernorm_site(backward, layer, part, r):
    """LayerNorm's gradients."""
    if not backward:
        return None
    n, sigma, weight = (r[f"{layer}.{key}"] for key in ("n", "sigma", "weight"))
    if part in ("weight", "bias"):
        return "layernorm", "d" + part, {"dy": r[f"d.{layer}"], "n": n, "sigma": sigma, "weight": weight}
    return "layernorm_parts", "d" + part, {"dn": r[f"d.{layer}.n"], "n": n, "sigma": sigma}


def block_site(backward, h, name, r):
    """Attention with its heads taken for sequences of a batch, GELU, linear layers."""
    heads = {key: joined(r[f"{h}attn.{key}"]) for key in ("q", "k", "v")}
    if not backward:
        if name == "attn.S_masked":
            return "causal_mask", "S_masked", {"S": r[f"{h}attn.S"]}
        if name in ("attn.P", "attn.y"):
            return "attention_forward", name[-1], heads
        if name == "mlp.gelu":
            return "gelu_forward", "y", {"x": r[f"{h}mlp.c_fc"]}
        return None
    if name in ("attn.q", "attn.k", "attn.v"):
        more = {"dy": joined(r[f"d.{h}attn.y"]), "P": joined(r[f"{h}attn.P"])}
        return "attention", "d" + name[-1], heads | more
    if name == "mlp.c_fc":
        return "gelu", "dx", {"dy": r[f"d.{h}mlp.gelu"], "x": r[f"{h}mlp.c_fc"]}
    layer, _, kind = name.rpartition(".")
    output = {"weight": "dweight", "bias": "dbias"}.get(kind)
    if output is None:  # dx of the linear layer that takes this array
        layer, output = {given: key for key, given in INPUTS.items()}.get(name), "dx"
    if layer not in INPUTS:
        return None
    dy = r[f"d.{h}attn.qkv" if layer == "attn.c_attn" else f"d.{h}{layer}"]
    return "linear", output, {"dy": dy, "x": r[h + INPUTS[layer]], "weight": r[f"{h}{layer}.weight"]}


def joined(array):
    """(B, H, …) -> (B · H, …)."""
    return array.reshape(-1, *array.shape[2:])


def named_at(name, actual, reference, adamw, tolerance):
    """The Exercise whose function computes an array, and the mistakes of its catalogue that give it."""
    site = find_site(name, reference, adamw)
    if site is None:
        return None, []
    exercise, (_, output, values) = Exercise(site[0]), site
    outcomes = Outcomes(exercise, [(values, {})])
    right = outcomes.of((), 0)[output]
    if np.size(actual) != np.size(right):
        return exercise, []
    results = [{output: np.reshape(actual, np.shape(right)).astype(np.float64)}]
    return exercise, named_mistakes(outcomes, results, output, tolerance)
