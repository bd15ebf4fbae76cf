"""The files of an adapter that PEFT wrote: its config, its tensors, and the folder of its base.

PEFT can do more than is computed here (peft_merging.py says what is). So no key of the config is passed over:
each is read, known not to change what is computed, or empty. Whatever is left is an error that names it.
"""

from pathlib import Path

from minigpt.finetuning.peft import (
    CONFIG_FILE,
    LABELS_FILE,
    PEFT_PREFIX,
    WEIGHTS_FILE,
    settings_of,
)
from minigpt.interchange.config_file import CONFIG_FILE as MODEL_CONFIG_FILE
from minigpt.interchange.huggingface import our_name
from minigpt.interchange.json_file import (
    LARGEST_SMALL,
    NULL,
    NUMBER,
    OBJECT,
    TEXT,
    TEXTS,
    TRUTH,
    Kind,
    either,
    list_of,
    read_json,
    whole,
)
from minigpt.interchange.safetensors_file import open_safetensors
from minigpt.interchange.settings import keep_settings
from minigpt.terminal import quoted

PICKLE = "adapter_model.bin"

READ = {
    *("peft_type", "task_type", "base_model_name_or_path", "init_lora_weights", "r", "lora_alpha"),
    *("use_rslora", "rank_pattern", "alpha_pattern", "lora_bias", "target_modules", "exclude_modules"),
    *("layers_to_transform", "layers_pattern", "modules_to_save", "trainable_token_indices"),
    "ensure_weight_tying",
}
WITHOUT_EFFECT = {  # on what a trained adapter computes
    *("auto_mapping", "peft_version", "revision", "inference_mode", "lora_dropout", "runtime_config"),
    "bias",  # which of the base's biases were trained: their tensors are there
    "fan_in_fan_out",  # how the base keeps its matrices, which is known
    "megatron_core",
    *("loftq_config", "eva_config", "corda_config", "lora_ga_config"),  # how init_lora_weights begins
    "qalora_group_size",  # of use_qalora, which is refused
}
PLACE = Kind(
    "the name of a folder", lambda value: isinstance(value, str) and len(value) < 1024 and "\0" not in value
)
MODULES = either(NULL, TEXT, TEXTS)
KINDS = {  # of the keys that are read
    "task_type": either(NULL, TEXT),
    "base_model_name_or_path": either(NULL, PLACE),
    "init_lora_weights": either(TRUTH, TEXT, NULL),
    "r": whole(1),
    "lora_alpha": NUMBER,
    "use_rslora": either(NULL, TRUTH),
    "lora_bias": either(NULL, TRUTH),
    "ensure_weight_tying": either(NULL, TRUTH),
    "rank_pattern": either(NULL, OBJECT),
    "alpha_pattern": either(NULL, OBJECT),
    "target_modules": MODULES,
    "exclude_modules": MODULES,
    "layers_pattern": MODULES,
    "modules_to_save": either(NULL, TEXTS),
    "layers_to_transform": either(NULL, whole(0), list_of(whole(0), "whole numbers")),
    "trainable_token_indices": either(NULL, list_of(whole(0), "whole numbers"), OBJECT),
}
# Other beginnings take something out of the base's matrices, and the adapter is right for the rest alone.
BEGINNINGS = (True, False, "gaussian", "orthogonal", "eva")
TASKS = (None, "CAUSAL_LM", "SEQ_CLS", "FEATURE_EXTRACTION")


def is_adapter(directory):
    """Whether a folder holds an adapter in place of a model."""
    return (Path(directory) / CONFIG_FILE).is_file()


def read_adapter_config(directory):
    """adapter_config.json as a dict.

    Raises FileNotFoundError without one, and ValueError for a damaged one or a key that is not computed here.
    """
    path = Path(directory) / CONFIG_FILE
    if not path.is_file():
        raise FileNotFoundError(f"{directory} holds no adapter: there is no {CONFIG_FILE}")
    config = read_json(path, KINDS, largest=LARGEST_SMALL)
    if config.get("peft_type") != "LORA":
        found = quoted(config.get("peft_type"))
        raise ValueError(f"{path}: peft_type is {found} but only 'LORA' is supported")
    if config.get("task_type") not in TASKS:
        raise ValueError(f"{path}: task_type is {quoted(config['task_type'])}, which is not supported")
    beginning = config.get("init_lora_weights", True)
    if beginning not in BEGINNINGS:
        raise ValueError(
            f"{path}: init_lora_weights is {quoted(beginning)}, which may have changed the base's own "
            "matrices: save the adapter with path_initial_model_for_weight_conversion, which makes plain "
            "LoRA of it"
        )
    for name, value in config.items():
        if name not in READ | WITHOUT_EFFECT and value not in (None, False, "", [], {}):
            raise ValueError(f"{path}: {name} is {quoted(value)}, which is not supported")
    return config


def is_classifiers_adapter(directory):
    """Whether an adapter has the scores of labels with it, in place of a head of tokens."""
    return read_adapter_config(directory).get("task_type") == "SEQ_CLS"


def base_folder(directory):
    """The folder of an adapter's base: its base_model_name_or_path, seen from the adapter or from here.

    Raises FileNotFoundError if no model is there.
    """
    name = read_adapter_config(directory).get("base_model_name_or_path")
    if not (isinstance(name, str) and name):
        raise ValueError(f"{Path(directory) / CONFIG_FILE} does not say which model the adapter belongs to")
    for folder in (Path(directory) / name, Path(name)):  # an absolute name is itself on both
        if (folder / MODEL_CONFIG_FILE).is_file() or is_adapter(folder):
            return folder
    raise FileNotFoundError(
        f"{directory} is an adapter of the model {quoted(name)}, but there is no such folder with a model: "
        f"put the base there, or correct base_model_name_or_path in {CONFIG_FILE}"
    )


def all_settings(directory):
    """What the files of an adapter say of what is computed, a dict by key."""
    return settings_of(read_adapter_config(directory), read_labels(directory))


def read_labels(directory):
    """What labels.json beside an adapter says, a dict; None where there is none. Raises ValueError."""
    path = Path(directory) / LABELS_FILE
    return read_json(path) if path.is_file() else None


def accept_adapter_settings(directory):
    """Take over what the files of an adapter of ours say now; see interchange/settings.py."""
    keep_settings(Path(directory) / WEIGHTS_FILE, all_settings(directory))


def read_tensors(directory):
    """The adapter's tensors by our names: h.0.attn.c_attn.lora_A.weight, …"""
    path = Path(directory) / WEIGHTS_FILE
    if not path.is_file():
        if (Path(directory) / PICKLE).is_file():
            raise ValueError(
                f"{directory} has its weights in {PICKLE}, a pickle, which can run any program and is never "
                "opened: load the adapter with peft and save it with safe_serialization=True"
            )
        raise FileNotFoundError(f"{directory} holds no adapter: there is no {WEIGHTS_FILE}")
    tensors = {}
    for name, array in open_safetensors(path).items():
        if not name.startswith(PEFT_PREFIX):
            raise ValueError(f"{path} has a tensor {quoted(name)}, which is no adapter's: {PEFT_PREFIX}… is")
        tensors[our_name(name.removeprefix(PEFT_PREFIX))] = array.read()
    return tensors
