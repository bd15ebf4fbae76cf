"""A model directory as Hugging Face lays it out: config.json for the sizes, model.safetensors for the weights.

A GPT-2 checkpoint there calls its arrays transformer.wte.weight, transformer.h.0.ln_1.weight and so on
and keeps our shapes, so that nothing is computed on the way in or out. safetensors is a header of names,
dtypes and offsets before the raw numbers; unlike a pickle, nothing in it can be executed.
"""

import json
from pathlib import Path

import numpy as np
import safetensors
import safetensors.numpy

from minigpt.backend import to_host
from minigpt.files import write_atomically

CONFIG_FILE = "config.json"
WEIGHTS_FILE = "model.safetensors"
PREFIX = "transformer."


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
        "torch_dtype": "float32",
    }


def gpt_config_fields(json_config):
    """The fields of a GPTConfig from the dict of a GPT-2 config.json."""
    return {
        "vocab_size": json_config["vocab_size"],
        "block_size": json_config["n_positions"],
        "n_layer": json_config["n_layer"],
        "n_head": json_config["n_head"],
        "n_embd": json_config["n_embd"],
        "dropout": json_config.get("resid_pdrop", 0.1),
        "tie_weights": json_config.get("tie_word_embeddings", True),
        "layer_norm_epsilon": json_config.get("layer_norm_epsilon", 1e-5),
    }


def write_model(directory, json_config, params):
    """Write config.json and model.safetensors, each atomically."""
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    tensors = {hub_name(name): np.ascontiguousarray(to_host(param)) for name, param in params.items()}
    weights = safetensors.numpy.save(tensors, metadata={"format": "pt"})  # what transformers looks for
    write_atomically(directory / WEIGHTS_FILE, weights)
    config = json.dumps(json_config, indent=2, ensure_ascii=False) + "\n"
    write_atomically(directory / CONFIG_FILE, config.encode("utf-8"))


def read_config(directory):
    """config.json as a dict. Raises FileNotFoundError or ValueError with what is wrong."""
    path = Path(directory) / CONFIG_FILE
    if not path.exists():
        raise FileNotFoundError(f"there is no {CONFIG_FILE} in {directory}: train a model there first")
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is not valid JSON: {error}") from None
    if not isinstance(config, dict):
        raise ValueError(f"{path} must hold a JSON object")
    return config


def read_params(directory, shapes):
    """The arrays of model.safetensors under our names; each must have the shape that `shapes` gives it.

    Raises FileNotFoundError without the file, ValueError for a damaged one, a missing array or a shape
    that is not the config's.
    """
    path = Path(directory) / WEIGHTS_FILE
    if not path.exists():
        raise FileNotFoundError(f"there is no {WEIGHTS_FILE} in {directory}")
    try:
        tensors = safetensors.numpy.load_file(path)
    except safetensors.SafetensorError as error:
        raise ValueError(f"{path} is damaged: {error}") from None
    tensors = {name.removeprefix(PREFIX): value for name, value in tensors.items()}
    params = {}
    for name, shape in shapes.items():
        if name not in tensors:
            raise ValueError(f"{path} has no array {name}, which config.json calls for")
        if tensors[name].shape != shape:
            raise ValueError(
                f"{name} in {path} has shape {tensors[name].shape} but config.json makes it {shape}"
            )
        params[name] = tensors[name]
    return params


def hub_name(name):
    """Our name of a GPT-2 array as Hugging Face writes it; other models' names stay as they are."""
    return PREFIX + name if name.startswith(("wte.", "wpe.", "h.", "ln_f.")) else name
