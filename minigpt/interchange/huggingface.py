"""A model directory as Hugging Face lays it out: sizes in config.json, weights in model.safetensors.

A GPT-2 checkpoint there calls its arrays transformer.wte.weight, transformer.h.0.ln_1.weight and so on
and keeps our shapes, so that nothing is computed on the way in or out. What has grown around it is dealt
with here: names without the prefix, mask buffers, large models in several files (shards), a head that is
stored though it is the token table. What stands in config.json is read in config_file.py.
"""

import re
import warnings
from pathlib import Path

import numpy as np

from minigpt.backend import to_host
from minigpt.interchange.config_file import CONFIG_FILE, read_config, settings_of
from minigpt.interchange.files import write_json
from minigpt.interchange.json_file import NULL, OBJECT, either, list_of, read_json, whole
from minigpt.interchange.safetensors_file import open_safetensors, save_safetensors
from minigpt.interchange.settings import as_metadata, keep_settings, refuse_changed_settings
from minigpt.terminal import quoted

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


# --- writing


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


# --- reading


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
