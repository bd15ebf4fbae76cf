"""A model directory as Hugging Face lays it out: sizes in config.json, weights in model.safetensors.

A GPT-2 checkpoint there calls its arrays transformer.wte.weight, transformer.h.0.ln_1.weight and so on
and keeps our shapes, so that nothing is computed on the way in or out. What has grown around it is dealt
with here: names without the prefix, mask buffers, large models in several files (shards), a head that is
stored though it is the token table. A config.json can also ask for what this code does not compute, such
as another activation function: that is refused by name, never computed differently.
"""

import math
import re
import warnings
from pathlib import Path

import numpy as np

from minigpt.backend import to_host
from minigpt.interchange.files import write_json
from minigpt.interchange.json_file import (
    LARGEST_SMALL,
    NULL,
    OBJECT,
    TEXTS,
    either,
    is_number,
    list_of,
    read_json,
    whole,
)
from minigpt.interchange.safetensors_file import open_safetensors, save_safetensors
from minigpt.interchange.settings import as_metadata, keep_settings, refuse_changed_settings
from minigpt.terminal import quoted

CONFIG_FILE = "config.json"
GENERATION_FILE = "generation_config.json"
WEIGHTS_FILE = "model.safetensors"
INDEX_FILE = "model.safetensors.index.json"
PICKLES = ("pytorch_model.bin", "pytorch_model.bin.index.json")
TOKENIZER_FILE = "tokenizer.json"
TOKENIZER_CONFIG_FILE = "tokenizer_config.json"
END_OF_TEXT = "<|endoftext|>"

PREFIX = "transformer."
WRAPPERS = ("_orig_mod", "module")  # parts of a name that torch.compile and DataParallel leave in it
VALUE_HEAD = "v_head."  # scores texts in reinforcement learning, beside a model that it does not change
MASK_BUFFERS = re.compile(r"h\.\d+\.attn\.(bias|masked_bias)")  # constants that old checkpoints carry
MOST_LAYERS = 1000  # GPT-2 XL has 48; a config.json of a billion would keep us busy naming them

GPT2_DEFAULTS = {  # what transformers takes where config.json says nothing
    "vocab_size": 50257,
    "n_positions": 1024,
    "n_layer": 12,
    "n_head": 12,
    "n_embd": 768,
    "resid_pdrop": 0.1,
    "embd_pdrop": 0.1,
    "attn_pdrop": 0.1,
    "layer_norm_epsilon": 1e-5,
    "tie_word_embeddings": True,
}
ALIASES = {  # transformers reads these names as well
    "n_positions": "max_position_embeddings",
    "n_layer": "num_hidden_layers",
    "n_head": "num_attention_heads",
    "n_embd": "hidden_size",
}
OTHER_SETTINGS = (  # a bigram model's context, and what a classifier is besides
    *("model_type", "block_size", "architectures", "id2label", "num_labels", "problem_type"),
    *("pad_token_id", "text_end"),
)
OTHER_HEADS = ("GPT2ForTokenClassification", "GPT2ForQuestionAnswering", "GPT2DoubleHeadsModel")
COMPUTED = {  # the values that the layers here compute; the first is the default
    "activation_function": ("gelu_new", "gelu_pytorch_tanh", "gelu_python_tanh"),  # three names of one
    "scale_attn_weights": (True,),
    "scale_attn_by_inverse_layer_idx": (False,),
    "add_cross_attention": (False,),
    "quantization_config": (None,),
}


# --- writing


def gpt2_config_json(config):
    """A GPTConfig in the words of Hugging Face's GPT2Config, as a dict for config.json."""
    return {
        "model_type": "gpt2",
        "architectures": ["GPT2LMHeadModel"],
        "vocab_size": config.vocab_size,
        "n_positions": config.block_size,
        "n_ctx": config.block_size,
        "n_layer": config.n_layer,
        "n_head": config.n_head,
        "n_embd": config.n_embd,
        "n_inner": None,
        "activation_function": "gelu_new",
        "resid_pdrop": config.dropout,
        "embd_pdrop": config.dropout,
        "attn_pdrop": config.dropout,
        "layer_norm_epsilon": config.layer_norm_epsilon,
        "tie_word_embeddings": config.tie_weights,
    }


def write_model(directory, json_config, params):
    """Write model.safetensors, config.json and generation_config.json, each atomically.

    The end of a text is the eos_token of the tokenizer that lies in the directory already, and generation
    ends at its stop_token_ids too; without one the model has no end, and says so, because transformers
    would otherwise take the number of GPT-2's.
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    end = end_of_text_id(directory)
    ends = {"bos_token_id": end, "eos_token_id": stop_ids(directory) or end}
    tensors = {hub_name(name): np.ascontiguousarray(to_host(param)) for name, param in params.items()}
    dtype = str(next(iter(tensors.values())).dtype)
    save_safetensors(directory / WEIGHTS_FILE, tensors, as_metadata(settings_of(json_config)))
    write_json(directory / CONFIG_FILE, json_config | ends | {"torch_dtype": dtype})
    write_json(directory / GENERATION_FILE, {"_from_model_config": True} | ends)


def end_of_text_id(directory):
    """The id of the token that ends a text, by the tokenizer's files in the directory; None without one."""
    path, config_path = Path(directory) / TOKENIZER_FILE, Path(directory) / TOKENIZER_CONFIG_FILE
    if not path.is_file():
        return None
    end = read_json(config_path).get("eos_token", END_OF_TEXT) if config_path.is_file() else END_OF_TEXT
    kinds = {"added_tokens": either(NULL, list_of(OBJECT, "objects"))}
    for token in read_json(path, kinds).get("added_tokens") or []:
        if token.get("content") == end:
            return token.get("id")
    return None


def stop_ids(directory):
    """The ids at which generation ends, where the tokenizer there names more than that of the end."""
    path = Path(directory) / TOKENIZER_CONFIG_FILE
    kinds = {"stop_token_ids": list_of(whole(0), "ids")}
    return read_json(path, kinds).get("stop_token_ids") if path.is_file() else None


def hub_name(name):
    """Our name of a GPT-2 array as Hugging Face writes it; other models' names stay as they are."""
    return PREFIX + name if name.startswith(("wte.", "wpe.", "h.", "ln_f.")) else name


def our_name(name):
    """A name of Hugging Face's as ours: _orig_mod.transformer.wte.weight -> wte.weight."""
    return ".".join(part for part in name.split(".") if part not in WRAPPERS).removeprefix(PREFIX)


# --- reading: config.json


def read_config(directory):
    """config.json as a dict. Raises FileNotFoundError or ValueError with what is wrong."""
    path = Path(directory) / CONFIG_FILE
    if not path.is_file():
        raise FileNotFoundError(f"there is no {CONFIG_FILE} in {directory}: train a model there first")
    return read_json(path, {"architectures": either(NULL, TEXTS)}, largest=LARGEST_SMALL)


def settings_of(json_config):
    """What of a config.json decides what is computed, a dict by key, filled up with defaults.

    Sizes are under GPT2Config's first name of them; labels and ends of texts are a classifier's.
    """
    sizes = {
        name: json_config.get(name, json_config.get(ALIASES.get(name), default))
        for name, default in GPT2_DEFAULTS.items()
    }
    return sizes | {name: json_config.get(name) for name in OTHER_SETTINGS}


def gpt_config_fields(json_config):
    """The fields of a GPTConfig from the dict of a GPT-2 config.json.

    Raises ValueError naming the setting that is not a GPT-2's, or is not computed here.
    """
    if json_config.get("model_type") != "gpt2":
        found = quoted(json_config.get("model_type"))
        raise ValueError(f"{CONFIG_FILE}: model_type is {found}, but only 'gpt2' can be opened")
    for name, values in COMPUTED.items():
        found = json_config.get(name, values[0])
        if found not in values:
            raise ValueError(
                f"{CONFIG_FILE}: {name} is {quoted(found)}, but only {values[0]!r} is computed here"
            )
    for name in json_config.get("architectures") or []:
        if name in OTHER_HEADS:
            raise ValueError(f"{CONFIG_FILE}: the architecture is {name}, whose head is not computed here")
    for name, alias in ALIASES.items():
        both = name in json_config and alias in json_config
        if both and json_config[name] != json_config[alias]:
            raise ValueError(
                f"{CONFIG_FILE}: {name} is {quoted(json_config[name])} but {alias}, another name of the "
                f"same, is {quoted(json_config[alias])}"
            )
    config = settings_of(json_config)
    for name, default in GPT2_DEFAULTS.items():
        right = is_number(config[name]) if type(default) is float else type(config[name]) is type(default)
        if not right:
            raise ValueError(f"{CONFIG_FILE}: {name} is {quoted(config[name])} but must be such as {default}")
        if type(default) is int and not 0 < config[name] < 2**31:
            raise ValueError(
                f"{CONFIG_FILE}: {name} is {quoted(config[name])} but must be at least 1 and below 2³¹"
            )
    if config["n_layer"] > MOST_LAYERS:
        raise ValueError(f"{CONFIG_FILE}: n_layer is {config['n_layer']} but can be {MOST_LAYERS} at most")
    if not 0 < config["layer_norm_epsilon"] < math.inf:
        raise ValueError(
            f"{CONFIG_FILE}: layer_norm_epsilon is {config['layer_norm_epsilon']} but must be positive"
        )
    if json_config.get("n_inner") not in (None, 4 * config["n_embd"]):
        found = quoted(json_config["n_inner"])
        raise ValueError(f"{CONFIG_FILE}: n_inner is {found}, but only 4 · n_embd is computed here")
    dropouts = [config[name] for name in ("resid_pdrop", "embd_pdrop", "attn_pdrop")]
    if len(set(dropouts)) > 1:
        warnings.warn(
            f"{CONFIG_FILE}: resid_pdrop, embd_pdrop and attn_pdrop are {dropouts}: training here takes the "
            "first for all three (generation uses none)",
            stacklevel=3,
        )
    return {
        "vocab_size": config["vocab_size"],
        "block_size": config["n_positions"],
        "n_layer": config["n_layer"],
        "n_head": config["n_head"],
        "n_embd": config["n_embd"],
        "dropout": float(config["resid_pdrop"]),
        "tie_weights": config["tie_word_embeddings"],
        "layer_norm_epsilon": float(config["layer_norm_epsilon"]),
    }


# --- reading: the weights


def open_weights(directory):
    """A dict from our names to StoredArray, of model.safetensors or of all its shards.

    Raises FileNotFoundError without such files, and ValueError for damaged ones.
    """
    directory = Path(directory)
    stored = {}
    for path in weight_files(directory):
        for name, array in open_safetensors(path).items():
            name = our_name(name)
            if name in stored:
                raise ValueError(f"{path} holds {name}, which {stored[name].path} has already")
            stored[name] = array
    return stored


def weight_files(directory):
    """The safetensors files of a model directory. Pickles are named and refused: opening one can run code."""
    if (directory / WEIGHTS_FILE).is_file():
        return [directory / WEIGHTS_FILE]
    if (directory / INDEX_FILE).is_file():
        files = read_json(directory / INDEX_FILE).get("weight_map")
        if not (isinstance(files, dict) and files and all(isinstance(f, str) for f in files.values())):
            raise ValueError(f"{directory / INDEX_FILE} has no weight_map from names to files")
        for file in files.values():
            if Path(file).name != file or "\\" in file or not file.endswith(".safetensors"):
                raise ValueError(
                    f"{directory / INDEX_FILE} names {quoted(file)}, which is no safetensors file beside it"
                )
        return [directory / file for file in sorted(set(files.values()))]
    for pickle in PICKLES:
        if (directory / pickle).is_file():
            raise ValueError(
                f"{directory} has its weights in {pickle}, a pickle, which can run any program and is never "
                'opened: convert it with python -c "from transformers import GPT2LMHeadModel as M; '
                f'M.from_pretrained({str(directory)!r}).save_pretrained({str(directory)!r})"'
            )
    raise FileNotFoundError(f"there is no {WEIGHTS_FILE} in {directory}")


def has_own_head(directory):
    """Whether the stored head differs from the token table. If so it counts, whatever config.json says.

    A tied head is often stored all the same: torch wrote both of its names.
    """
    stored = open_weights(directory)
    head, table = stored.get("lm_head.weight"), stored.get("wte.weight")
    if head is None or table is None:
        return False
    if head.dtype != table.dtype or head.shape != table.shape:
        return True
    step = 1 << 20  # a comparison makes an array of truth values, which need not be that large
    starts = range(0, len(head.content), step)
    return not all(
        np.array_equal(head.content[start : start + step], table.content[start : start + step])
        for start in starts
    )


def read_params(directory, shapes):
    """The arrays of a model directory that a model needs, by our names.

    shapes: a dict from each name to the shape that it must have. Raises FileNotFoundError, and ValueError
    for a damaged file or for an array that is missing, has another shape, or belongs to no such model.
    """
    directory = Path(directory)
    if (directory / WEIGHTS_FILE).is_file():  # shards are others'
        settings = settings_of(read_config(directory))
        refuse_changed_settings(directory / CONFIG_FILE, settings, directory / WEIGHTS_FILE)
    stored = open_weights(directory)
    tell_what_is_read_otherwise(directory, stored)
    biases = [name for name in shapes if name.endswith(".bias")]
    without_biases = bool(stored) and not any(name in stored for name in biases)
    missing_is_zero = biases if without_biases else []
    for name, shape in shapes.items():
        if name in missing_is_zero:
            continue
        if name not in stored:
            found = next(iter(stored), "nothing")
            raise ValueError(
                f"{directory} has no array {name}, which config.json calls for (its first is {quoted(found)})"
            )
        path, found = stored[name].path, stored[name].shape
        if found == shape:
            continue
        if found == shape[::-1]:
            raise ValueError(
                f"{name} in {path} is stored transposed, {found} in place of {shape}: GPT-2 keeps matrices "
                "as (in, out), so transpose those of attn and mlp (torch's nn.Linear keeps (out, in))"
            )
        raise ValueError(f"{name} in {path} has shape {found} but config.json makes it {shape}")
    for name in stored:
        known = name in shapes or name == "lm_head.weight" or name.startswith(VALUE_HEAD)
        if not known and not MASK_BUFFERS.fullmatch(name):
            raise ValueError(
                f"{stored[name].path} has an array {quoted(name)} that this model has no place for"
            )
    params = {name: stored[name].read() for name in shapes if name not in missing_is_zero}
    if missing_is_zero:
        warnings.warn(
            f"{directory} is a model without biases: they are taken to be zero, which is the same model, "
            "and training will move them",
            stacklevel=2,
        )
        dtype = next(iter(params.values())).dtype
        params |= {name: np.zeros(shapes[name], dtype) for name in missing_is_zero}
    return {name: params[name] for name in shapes}


def tell_what_is_read_otherwise(directory, stored):
    """Warn of names that are shortened, and of arrays that are left out though they mean something."""
    wrapped = [
        array.name for array in stored.values() if any(part in WRAPPERS for part in array.name.split("."))
    ]
    if wrapped:
        warnings.warn(
            f"the arrays in {directory} are named as torch.compile or DataParallel leave them, such as "
            f"{quoted(wrapped[0])}: they are read without {' and '.join(part + '.' for part in WRAPPERS)}",
            stacklevel=3,
        )
    if any(name.startswith(VALUE_HEAD) for name in stored):
        warnings.warn(f"the value head ({VALUE_HEAD}…) in {directory} is left out", stacklevel=3)


def accept_model_settings(directory):
    """Take over what config.json says now, for the weights of ours beside it; see settings.py."""
    keep_settings(Path(directory) / WEIGHTS_FILE, settings_of(read_config(directory)))
