"""An adapter on disk, in the format of the library PEFT: adapter_config.json and adapter_model.safetensors.

PEFT's matrices have their outputs first, lora_A.weight (r, I) and lora_B.weight (O, r), under names such as

    base_model.model.transformer.h.0.attn.c_attn.lora_A.weight

Where the head is tied to an adapted token table, PEFT, to which the two are modules apart, finds the table's
adapter once more at lm_head. What PEFT writes beyond this peft_reading.py reads and peft_merging.py computes.
"""

from pathlib import Path

from minigpt.backend import to_host
from minigpt.interchange.files import write_json
from minigpt.interchange.huggingface import hub_name
from minigpt.interchange.safetensors_file import save_safetensors
from minigpt.interchange.settings import as_metadata

MATRICES = ("attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj")  # of every block
TOKEN_TABLE, HEAD = "wte", "lm_head"
TARGETS = (TOKEN_TABLE, *MATRICES)  # what can be adapted
ADAPTER_FOLDER = "adapter"  # within the folder of the merged model
CONFIG_FILE = "adapter_config.json"
WEIGHTS_FILE = "adapter_model.safetensors"
LABELS_FILE = "labels.json"  # beside a classifier's adapter: what config.json says of the whole model
PEFT_PREFIX = "base_model.model."
SETTINGS = (  # all that peft_reading.py reads, but where the base lies and how the training began
    *("peft_type", "task_type", "r", "lora_alpha", "use_rslora", "rank_pattern", "alpha_pattern"),
    *("lora_bias", "target_modules", "exclude_modules", "layers_to_transform", "layers_pattern"),
    *("modules_to_save", "trainable_token_indices", "ensure_weight_tying"),
)


def save_adapter(model, directory, task_type="CAUSAL_LM", extra=None, labels=None):
    """Write the adapter of a LoRAGPT as PEFT does.

    extra: arrays trained beside the adapters, such as a classifier's score.weight, by name. labels: what
    labels.json is to hold, a dict.
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
    save_safetensors(directory / WEIGHTS_FILE, tensors, as_metadata(settings_of(config, labels)))
    write_json(directory / CONFIG_FILE, config)
    if labels:
        write_json(directory / LABELS_FILE, labels)


def settings_of(config, labels):
    """What of an adapter_config.json, and the labels beside it, decides what is computed, a dict by key."""
    settings = {name: config.get(name) or None for name in SETTINGS}
    for name in ("target_modules", "modules_to_save"):  # PEFT writes sets, in any order
        if isinstance(settings[name], list):
            settings[name] = sorted(map(str, settings[name]))
    return settings | {LABELS_FILE: labels}


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
