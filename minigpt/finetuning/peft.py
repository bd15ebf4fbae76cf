"""An adapter on disk, in the format of the library PEFT: adapter_config.json and adapter_model.safetensors.

PEFT's matrices have their outputs first, lora_A.weight (r, I) and lora_B.weight (O, r), under names such as

    base_model.model.transformer.h.0.attn.c_attn.lora_A.weight

Where the head is tied to an adapted token table, PEFT, to which the two are modules apart, finds the table's
adapter once more at lm_head.
"""

from pathlib import Path

import numpy as np

from minigpt.backend import to_host
from minigpt.interchange.files import write_json
from minigpt.interchange.huggingface import hub_name, read_json
from minigpt.interchange.safetensors_file import open_safetensors, save_safetensors

MATRICES = ("attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj")  # of every block
TOKEN_TABLE, HEAD = "wte", "lm_head"
TARGETS = (TOKEN_TABLE, *MATRICES)  # what can be adapted
CONFIG_FILE = "adapter_config.json"
WEIGHTS_FILE = "adapter_model.safetensors"
PEFT_PREFIX = "base_model.model."


def save_adapter(model, directory, task_type="CAUSAL_LM", extra=None):
    """Write the adapter of a LoRAGPT as PEFT does.

    extra: arrays trained beside the adapters, such as a classifier's score.weight, by name.
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    tensors = {peft_name(name): to_host(param).T for name, param in model.trained_params().items()}
    targets = list(model.targets)
    if model.adapts_head and task_type == "CAUSAL_LM":
        tensors |= head_tensors(tensors)
        targets.append(HEAD)
    tensors |= {PEFT_PREFIX + name: to_host(param) for name, param in (extra or {}).items()}
    config = {
        "peft_type": "LORA",
        "task_type": task_type,
        "base_model_name_or_path": model.base_name,
        "inference_mode": True,
        "r": model.rank,
        "lora_alpha": model.alpha,
        "lora_dropout": 0.0,
        "target_modules": targets,
        "fan_in_fan_out": True,  # GPT-2 keeps its matrices (in, out)
        "bias": "none",
        "modules_to_save": sorted({name.rpartition(".")[0] for name in extra}) if extra else None,
    }
    save_safetensors(directory / WEIGHTS_FILE, tensors)
    write_json(directory / CONFIG_FILE, config)


def read_adapter(directory):
    """The adapter in a directory, as its config, the targets by our names, and its tensors by PEFT's.

    Raises FileNotFoundError for a missing file, and ValueError for a damaged one and for what this code does
    not compute (another kind of adapter, trained biases).
    """
    directory = Path(directory)
    for name in (CONFIG_FILE, WEIGHTS_FILE):
        if not (directory / name).is_file():
            raise FileNotFoundError(f"{directory} holds no adapter: there is no {name}")
    config = read_json(directory / CONFIG_FILE)
    check_config(config, directory)
    targets = [
        name for name in TARGETS if any(is_called(name, target) for target in config["target_modules"])
    ]
    stored = open_safetensors(directory / WEIGHTS_FILE)
    return config, targets, {name: array.read() for name, array in stored.items()}


def check_config(config, directory):
    """Raise ValueError for an adapter_config.json that asks for more than plain LoRA on whole matrices."""
    plain = {"peft_type": "LORA", "bias": "none"}
    absent = ("use_dora", "use_rslora", "rank_pattern", "alpha_pattern", "layers_to_transform", "lora_bias")
    for name, value in plain.items():
        if config.get(name) != value:
            raise ValueError(f"{directory}: {name} is {config.get(name)!r} but only {value!r} is supported")
    for name in absent:
        if config.get(name):
            raise ValueError(f"{directory}: {name} is {config[name]!r}, which is not supported")
    if not isinstance(config.get("target_modules"), list):
        raise ValueError(
            f"{directory}: target_modules is {config.get('target_modules')!r} but must be a list"
        )
    for target in config["target_modules"]:
        if target != HEAD and not any(is_called(name, target) for name in TARGETS):
            raise ValueError(
                f"{directory}: target_modules has {target!r}, but only {', '.join(TARGETS)} can be adapted"
            )


def is_called(name, target):
    """Whether a matrix is meant by an entry of PEFT's target_modules: its name, or the end of it."""
    return f".{name}".endswith(f".{target}")


def check_head(adapts_head, config, tensors, directory):
    """Raise ValueError for an adapter of the head that is not that of the token table it is tied to."""
    if config.get("task_type") == "SEQ_CLS":
        return  # there is no head of tokens
    expected = head_tensors(tensors) if adapts_head else {}
    found = {name: array for name, array in tensors.items() if name.startswith(f"{PEFT_PREFIX}{HEAD}.")}
    if found.keys() != expected.keys() or any(
        not np.array_equal(found[name], expected[name]) for name in found
    ):
        raise ValueError(
            f"{directory}: lm_head and wte are not adapted alike, and only a head that is tied to the token "
            "table, with the same adapter, is supported"
        )


def head_tensors(tensors):
    """The token table's adapter by the names, and in the order of dimensions, that it has at a tied head."""
    a, b = (tensors.get(peft_name(f"{TOKEN_TABLE}.lora_{factor}")) for factor in "AB")
    prefix = f"{PEFT_PREFIX}{HEAD}.lora_"
    return {} if a is None or b is None else {f"{prefix}A.weight": b.T, f"{prefix}B.weight": a.T}


def peft_name(name):
    """h.0.attn.c_attn.lora_A -> base_model.model.transformer.h.0.attn.c_attn.lora_A.weight

    and wte.lora_A -> base_model.model.transformer.wte.lora_embedding_A, as PEFT calls that of an embedding.
    """
    if name.startswith(f"{TOKEN_TABLE}."):
        return f"{PEFT_PREFIX}{hub_name(name.replace('lora_', 'lora_embedding_'))}"
    return f"{PEFT_PREFIX}{hub_name(name)}.weight"
