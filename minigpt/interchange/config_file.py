"""config.json: the sizes of a model, and what else decides what it computes, in the words of Hugging Face.

Of a GPT-2 it says under several names how large it is, and what it may leave out has the defaults of
transformers. It can also ask for what this code does not compute, such as another activation function: that
is refused by name, never computed differently.
"""

import math
import warnings
from pathlib import Path

from minigpt.interchange.json_file import LARGEST_SMALL, NULL, TEXTS, either, is_number, read_json
from minigpt.terminal import quoted

CONFIG_FILE = "config.json"
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


# --- reading


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
