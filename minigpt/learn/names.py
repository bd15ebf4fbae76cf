"""Whose name is that? Arrays as GPT-2, Hugging Face, nanoGPT and llm.c call them, under plain.py's names.

transformer.h.0.attn.c_attn.weight    Hugging Face and nanoGPT: the prefix goes. nanoGPT's linear layers
                                      are torch's, (out, in): their matrices are transposed
transformer.h.0.attn.c_attn           a module: what it puts out, h.0.attn.qkv
qkvw, fch_gelu, ln1_rstd              llm.c: all layers in one array, (L, …), matrices (out, in)
wte.weight.grad, d.wte.weight, dwte.weight, grads.wte.weight        all d.wte.weight, a gradient
clipped.wte.weight, step1.wte.weight                                as they are
"""

import re

import numpy as np

PREFIXES = re.compile(r"^(module\.|_orig_mod\.|model\.(?=transformer\.)|transformer\.)+")
GRADIENT = re.compile(r"^(?:d\.|grads?[._/]|d_)(.+)$|^(.+?)(?:\.grad|_grad)$")
STEP = re.compile(r"^(clipped|step1|step3)[._/](.+)$")
LINEAR = re.compile(r"(attn\.c_attn|attn\.c_proj|mlp\.c_fc|mlp\.c_proj)\.weight$")

OUTSIDE_BLOCKS = {
    "ids": "idx",
    "inputs": "idx",
    "input_ids": "idx",
    "labels": "targets",
    "drop": "x",
    "encoded": "x",
    "lm_head": "logits",
    "lnf": "ln_f",
    "lnf_mean": "ln_f.mean",
    "lnf_rstd": "ln_f.rstd",
    "lnfw": "ln_f.weight",
    "lnfb": "ln_f.bias",
    "lnfw.weight": "ln_f.weight",
}
IN_BLOCKS = {  # of modules, after "h.0."
    "attn.c_attn": "attn.qkv",
    "attn": "attn.c_proj",
    "mlp": "mlp.c_proj",
    "mlp.act": "mlp.gelu",
    "attn.resid_dropout": "attn.c_proj",
    "mlp.dropout": "mlp.c_proj",
    "": "x_mlp",
}
STACKED = {  # llm.c's, of all layers
    "ln1w": "ln_1.weight",
    "ln1b": "ln_1.bias",
    "qkvw": "attn.c_attn.weight",
    "qkvb": "attn.c_attn.bias",
    "attprojw": "attn.c_proj.weight",
    "attprojb": "attn.c_proj.bias",
    "ln2w": "ln_2.weight",
    "ln2b": "ln_2.bias",
    "fcw": "mlp.c_fc.weight",
    "fcb": "mlp.c_fc.bias",
    "fcprojw": "mlp.c_proj.weight",
    "fcprojb": "mlp.c_proj.bias",
    "ln1": "ln_1",
    "ln1_mean": "ln_1.mean",
    "ln1_rstd": "ln_1.rstd",
    "qkv": "attn.qkv",
    "preatt": "attn.S_masked",
    "att": "attn.P",
    "atty": "attn.y_joined",
    "attproj": "attn.c_proj",
    "residual2": "x_attn",
    "ln2": "ln_2",
    "ln2_mean": "ln_2.mean",
    "ln2_rstd": "ln_2.rstd",
    "fch": "mlp.c_fc",
    "fch_gelu": "mlp.gelu",
    "fcproj": "mlp.c_proj",
    "residual3": "x_mlp",
}


def renamed(arrays, reference):
    """Somebody's arrays by the reference's names -> (a dict by those names, names that it has no array for).

    What is another's way to keep an array is undone: layers stacked in one, matrices (out, in), 1/sigma in
    the place of sigma, a mean without its last axis of 1.
    """
    found, unknown, whose = {}, [], {}
    for given, array in arrays.items():
        named = dict(split(given, np.asarray(array), reference))
        known = {name: value for name, value in named.items() if name in reference}
        if not known:
            unknown.append(given)
        for name, value in known.items():
            if name in found and not np.array_equal(value, found[name]):  # a tied head is often given twice
                raise ValueError(
                    f"{given!r} and {whose[name]!r} are both {name} and they differ: keep one of them"
                )
            found[name], whose[name] = value, given
    if stores_out_in(found, reference):
        found = {name: array.T if LINEAR.search(name) else array for name, array in found.items()}
    return {name: shaped(array, reference[name]) for name, array in found.items()}, unknown


def split(given, array, reference):
    """(name, array) for what somebody's array is; one for each layer where they are stacked."""
    before, name = "", given
    if match := STEP.match(name):
        before, name = match[1] + ".", match[2]
    elif match := GRADIENT.match(name):
        before, name = "d.", match[1] or match[2]
    name = PREFIXES.sub("", name)
    if not before and name.startswith("d") and name[1:] in reference and name not in reference:
        before, name = "d.", name[1:]  # dlogits
    if name == "lm_head.weight" and before + name not in reference:
        name = "wte.weight"  # a tied head
    if name in ("wte", "wpe") and array.shape == np.shape(reference[name + ".weight"]):
        name += ".weight"  # llm.c's tables
    name = OUTSIDE_BLOCKS.get(name, name)
    if name in STACKED:
        layers = [key for key in reference if re.fullmatch(r"h\.\d+\.ln_1\.weight", key)]
        if array.ndim and len(array) == len(layers):
            return [reciprocal(f"{before}h.{i}.{STACKED[name]}", array[i]) for i in range(len(layers))]
    if match := re.fullmatch(r"(h\.\d+)\.?(.*)", name):
        name = f"{match[1]}.{IN_BLOCKS.get(match[2], match[2])}"
    return [reciprocal(before + name, array)]


def reciprocal(name, array):
    """1/sigma, which llm.c keeps, as sigma."""
    if name.endswith(".rstd"):
        with np.errstate(divide="ignore"):
            return name.removesuffix("rstd") + "sigma", 1 / array
    return name, array


def stores_out_in(found, reference):
    """Whether matrices of linear layers are (out, in): some that is not square has its sides exchanged."""
    shapes = [(found[name].shape, np.shape(reference[name])) for name in found if LINEAR.search(name)]
    return any(shape == right[::-1] and shape != right for shape, right in shapes)


def shaped(array, right):
    """An array in the reference's shape, where only axes of 1 differ."""
    right = np.shape(right)
    if array.shape != right and [n for n in array.shape if n > 1] == [n for n in right if n > 1]:
        return array.reshape(right)
    return array
