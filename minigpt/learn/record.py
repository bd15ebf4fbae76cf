"""One training step of a GPT on one sentence, recorded for a page: what plain.py computes, ready for JSON.

The page computes every array anew from the weights, in float64, by the same lines in JavaScript: that is
smaller than the arrays, and what a reader clicks on is really computed. To be sure that both are the same,
the record holds a projection of each of plain.py's arrays, which the page compares as it opens.
"""

import base64
import math

import numpy as np

import minigpt.plain as plain
from minigpt.layers import IGNORED
from minigpt.learn import tiny
from minigpt.learn.mistakes import plain_with
from minigpt.learn.sentence import label_of
from minigpt.learn.source import read_source

BETAS, EPS, WEIGHT_DECAY = (0.9, 0.999), 1e-8, 0.01  # the defaults of plain.adamw
LEARNING_RATE = 1e-3  # of a checkpoint's step; the tiny model has its own
LARGEST = 11_000_000  # characters that the weights may take on a page that holds all of them
LARGEST_WRONG = 20_000  # numbers of a parameter whose wrong gradient is stored
LENS_TOKENS = 5
RATES = 10.0 ** np.linspace(-1.5, 2.5, 25)  # times the step's own learning rate
CURVE_STEPS = 200  # of the two loss curves


def packed(array):
    """An array as {shape, type, data}: float32 where that is exact, float64 elsewhere, base64."""
    array = np.asarray(array)
    with np.errstate(over="ignore"):
        small = array.astype("<f4")
    exact = np.array_equal(small, array, equal_nan=True)
    data = np.ascontiguousarray(small if exact else array.astype("<f8"))
    return {
        "shape": list(array.shape),
        "type": "f4" if exact else "f8",
        "data": base64.b64encode(data.tobytes()).decode("ascii"),
    }


def projection(array):
    """One number that says whether two arrays are equal: their values weighted, −∞ left out."""
    flat = np.ravel(array)
    weights = (np.arange(flat.size) * 7919 % 1000) / 1000 - 0.5
    finite = np.isfinite(flat)
    return float((flat[finite] * weights[finite]).sum())


def choose_layers(model, layers):
    """Which blocks the page holds, and whether it holds the whole model; see the record's docstring.

    layers: what --layers says, None for all that fit. ValueError for a layer that the model has not.
    """
    n_layer = model.config.n_layer
    for layer in layers or []:
        if not 0 <= layer < n_layer:
            raise ValueError(f"--layers has {layer} but the model's layers are 0 to {n_layer - 1}")
    sizes = [
        sum(param.size for name, param in model.params.items() if name.startswith(f"h.{i}.")) * 16 // 3
        for i in range(n_layer)
    ]
    fits = sum(param.size for param in model.params.values()) * 16 // 3 <= LARGEST
    if layers is None:
        if fits:
            return list(range(n_layer)), True
        room = max(1, LARGEST // max(sizes))
        # the first ones and the last ones: what reads the tokens, and what is next to the loss
        layers = (
            range(n_layer)
            if room >= n_layer
            else [*range((room + 1) // 2), *range(n_layer)[n_layer - room // 2 :]]
        )
    layers = sorted(set(layers))
    return layers, fits and layers == list(range(n_layer))


class Step:
    """Forward, backward and update on one sentence, in float64: arrays by the names of plain.py."""

    def __init__(self, model, sentence, params, m, v, t, learning_rate):
        self.config = model.config
        self.eps = model.config.layer_norm_epsilon
        self.sentence = sentence
        self.idx, self.targets = np.array([sentence.ids]), np.array([sentence.targets])
        self.params = {name: np.asarray(param, dtype=np.float64) for name, param in params.items()}
        self.m, self.v, self.t, self.learning_rate = m, v, t, learning_rate
        self.a = plain.forward(self.params, self.idx, self.targets, self.config.n_head, self.eps)
        self.d = plain.backward(self.params, self.a, self.idx, self.targets)
        clipped, self.norm = plain.clip(self.params, self.d, tiny.MAX_NORM)
        self.moves = {}
        for name, grad in clipped.items():  # one by one: of a large model the moments take most of the memory
            one = {name: self.params[name]}
            self.moves[name] = plain.adamw(
                one, {name: grad}, self.of(m, name), self.of(v, name), t, learning_rate
            )[5][name]

    @staticmethod
    def of(moments, name):
        return {name: moments[name]} if name in moments else {}

    def p_of_targets(self, a):
        """The probability of each target, 1 where none is counted (T,)."""
        return plain.of_targets(a["probs"], self.targets)[3][0]

    def moved(self, rate):
        """forward after a step of `rate` times the learning rate: the loss, and each target's probability."""
        params = {name: param + rate * self.moves[name] for name, param in self.params.items()}
        with np.errstate(all="ignore"):  # a learning rate far too large is part of what is shown
            a = plain.forward(params, self.idx, self.targets, self.config.n_head, self.eps)
        return float(a["loss"]), self.p_of_targets(a)


def record(step, tokenizer, layers, whole, mistake=None):
    """Everything that the page is made from, a dict for JSON."""
    config, sentence, a, d = step.config, step.sentence, step.a, step.d
    lens = logit_lens(step, tokenizer)
    rows = None if whole else kept_rows(step, lens)
    content = {
        "config": {
            "V": config.vocab_size,
            "C": config.n_embd,
            "H": config.n_head,
            "L": config.n_layer,
            "T": len(sentence.ids),
            "context": config.block_size,
            "eps": step.eps,
            "tied": config.tie_weights,
            "size": sum(param.size for param in step.params.values()),
        },
        "sentence": {
            "text": sentence.text,
            "ids": sentence.ids,
            "targets": sentence.targets,
            "labels": sentence.labels,
            "targetLabels": sentence.target_labels,
            "notes": [list(note) for note in sentence.notes],
        },
        "vocabulary": {
            "rows": rows,
            "labels": [label_of(tokenizer, i) for i in (range(config.vocab_size) if rows is None else rows)],
        },
        "layers": layers,
        "whole": whole,
        "params": packed_params(step, layers, rows),
        "moments": packed_moments(step, layers, rows) if step.m else None,
        "given": {} if whole else given(step, layers),
        "optimizer": {
            "t": step.t,
            "lr": step.learning_rate,
            "beta1": BETAS[0],
            "beta2": BETAS[1],
            "eps": EPS,
            "decay": WEIGHT_DECAY,
            "maxNorm": tiny.MAX_NORM,
            "norm": step.norm,
        },
        "norms": {name: norm(d[name]) for name in a},
        "flow": flow(step),
        "lens": lens,
        "update": update(step, rows),
        "check": {name: [projection(a[name]), projection(d[name])] for name in a if is_shown(name, layers)}
        if whole
        else {},
        "source": read_source(),
        "bug": None,
    }
    if mistake:
        content["bug"] = bug(step, layers, rows, mistake)
    return content


def norm(array):
    return float(np.sqrt((np.asarray(array) ** 2).sum()))


def is_shown(name, layers):
    """Whether a name belongs to one of the layers, or to none."""
    return not name.startswith("h.") or int(name.split(".")[1]) in layers


def packed_params(step, layers, rows):
    shown = {name: param for name, param in step.params.items() if is_shown(name, layers)}
    return {name: packed(of_rows(name, param, rows)) for name, param in shown.items()}


def packed_moments(step, layers, rows):
    return {
        which: {
            name: packed(of_rows(name, moment, rows))
            for name, moment in moments.items()
            if is_shown(name, layers)
        }
        for which, moments in (("m", step.m), ("v", step.v))
    }


def of_rows(name, array, rows):
    """The rows of the vocabulary that the page keeps; rows None: all of them."""
    if rows is not None and name in (
        "wte.weight",
        "lm_head.weight",
        "wte.weight.as_table",
        "wte.weight.as_head",
    ):
        return array[rows]
    return array


def kept_rows(step, lens):
    """The tokens whose rows of the tables a page of a large model holds: of the text, and the likeliest."""
    rows = {*step.sentence.ids, *(target for target in step.sentence.targets if target != IGNORED)}
    for layer in lens:
        for position in layer["top"]:
            rows |= {token for token, _, _ in position}
    return sorted(rows)


def given(step, layers):
    """What a page without all layers cannot compute: what enters each block, from below and from above."""
    a, d, last = step.a, step.d, step.config.n_layer - 1
    arrays = {"x of ln_f": a[f"h.{last}.x_mlp"][0], "d ln_f": d["ln_f"][0]}
    shifted = a["logits"] - a["logits"].max(-1, keepdims=True)
    arrays["logsumexp"] = (np.log(np.exp(shifted).sum(-1)) + a["logits"].max(-1))[0]
    for i in layers:
        arrays[f"x of h.{i}"] = (a[f"h.{i - 1}.x_mlp"] if i else a["x"])[0]
        arrays[f"d h.{i}.x_mlp"] = d[f"h.{i}.x_mlp"][0]
    arrays["d x"] = d["x"][0]
    return {name: packed(array) for name, array in arrays.items()}


def logit_lens(step, tokenizer):
    """What the head would say of the stream below the first block and above each: the likeliest tokens."""
    w, a = step.params, step.a
    head = w.get("lm_head.weight", w["wte.weight"])
    lens = []
    for name in ["x", *(f"h.{i}.x_mlp" for i in range(step.config.n_layer))]:
        probs = plain.softmax(plain.layernorm(a[name], w, {}, "ln_f", step.eps) @ head.T)[0]
        order = np.argsort(-probs, axis=-1, kind="stable")[:, :LENS_TOKENS]
        top = [[[int(i), label_of(tokenizer, i), float(p[i])] for i in best] for p, best in zip(probs, order)]
        of_target = [
            None if target == IGNORED else float(p[target]) for p, target in zip(probs, step.sentence.targets)
        ]
        lens.append({"name": name, "top": top, "target": of_target})
    return lens


def flow(step):
    """The gradient's size, token by token, where it goes past a branch of a block and where through it."""

    def lengths(array):
        return np.sqrt((array[0] ** 2).sum(-1)).tolist()

    d, rows = step.d, []
    for i in reversed(range(step.config.n_layer)):
        above, middle = d[f"h.{i}.x_mlp"], d[f"h.{i}.x_attn"]
        below = d[f"h.{i - 1}.x_mlp"] if i else d["x"]
        rows.append({"layer": i, "part": "mlp", "past": lengths(above), "through": lengths(middle - above)})
        rows.append({"layer": i, "part": "attn", "past": lengths(middle), "through": lengths(below - middle)})
    return {"rows": rows, "end": lengths(d["x"])}


def update(step, rows):
    """What the step does to each parameter and to the loss, for learning rates small and large."""
    a, d = step.a, step.d
    table = of_rows("wte.weight", step.moves["wte.weight"], rows)
    params = [
        {
            "name": name,
            "shape": list(param.shape),
            "w": norm(param),
            "g": norm(d[name]),
            "move": norm(step.moves[name]),
            "largest": float(np.abs(step.moves[name]).max()),
            "promise": float((d[name] * step.moves[name]).sum()),
        }
        for name, param in step.params.items()
    ]
    moved = [step.moved(rate) for rate in RATES]
    losses = [loss for loss, _ in moved]
    return {
        "params": params,
        "rates": RATES.tolist(),
        "losses": [loss if math.isfinite(loss) else None for loss in losses],
        "probs": [np.nan_to_num(p).tolist() for _, p in moved],
        "rows": np.sqrt((table**2).sum(-1)).tolist(),
        "before": step.p_of_targets(a).tolist(),
        "loss": float(a["loss"]),
    }


def bug(step, layers, rows, mistake):
    """The gradients that a mistake of the backward gives, where they are wrong, and how training goes on."""
    broken = plain_with(mistake)
    with np.errstate(all="ignore"):
        wrong = broken.backward(step.params, step.a, step.idx, step.targets)
    arrays, changed = {}, []
    for name, right in step.d.items():
        scale = max(np.abs(right).max(), 1e-300)
        error = float(np.abs(wrong[name] - right).max() / scale)
        if error <= 1e-9:
            continue
        changed.append({"name": name, "error": error})
        stored = name in step.a or right.size <= LARGEST_WRONG
        if is_shown(name, layers) and stored:
            arrays[name] = packed(of_rows(name, wrong[name], rows) if name not in step.a else wrong[name])
    model, tokenizer = tiny.tiny_model(step.sentence.text)
    with np.errstate(all="ignore"):
        curves = {
            "right": tiny.train(step.sentence.text, model, tokenizer, CURVE_STEPS)[3],
            "wrong": tiny.train(step.sentence.text, model, tokenizer, CURVE_STEPS, broken.backward)[3],
        }
    return {
        "name": mistake.name,
        "zh": mistake.zh,
        "original": mistake.original,
        "planted": mistake.planted,
        "d": arrays,
        "changed": changed,
        "curves": curves,
    }
