"""An adapter on disk, in the format of the library PEFT: adapter_config.json and adapter_model.safetensors.

PEFT's matrices have their outputs first, lora_A.weight (r, I) and lora_B.weight (O, r), under names such as

    base_model.model.transformer.h.0.attn.c_attn.lora_A.weight

Where the head is tied to an adapted token table, PEFT, to which the two are modules apart, finds the table's
adapter once more at lm_head. What PEFT writes beyond this is read by peft_reading.py.
"""

from pathlib import Path

from minigpt.backend import to_host
from minigpt.interchange.files import write_json
from minigpt.interchange.huggingface import hub_name
from minigpt.interchange.safetensors_file import save_safetensors

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
