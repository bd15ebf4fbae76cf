"""A GPT fine-tuned by LoRA: the base frozen, thin matrices beside the chosen ones trained (layers/lora.py).

What is saved with it is the adapter alone, in the format of the library PEFT, whose matrices have their
outputs first: lora_A.weight (r, I) and lora_B.weight (O, r), under names such as

    base_model.model.transformer.h.0.attn.c_attn.lora_A.weight

Merging writes W + s · A B in the place of W: a plain GPT again, as fast as one, with the same logits.
"""

import json
import math
from pathlib import Path

import numpy as np

from minigpt.backend import to_device, to_host
from minigpt.files import write_atomically
from minigpt.huggingface import hub_name
from minigpt.language_model import accumulate
from minigpt.layers import FrozenMatrix
from minigpt.model import GPT
from minigpt.safetensors_file import open_safetensors, save_safetensors

MATRICES = ("attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj")  # of every block
CONFIG_FILE = "adapter_config.json"
WEIGHTS_FILE = "adapter_model.safetensors"
PEFT_PREFIX = "base_model.model."


class LoRAGPT(GPT):
    """A GPT whose own parameters are frozen, with an adapter in each of the `targets` of every block."""

    def __init__(self, base, rank, alpha, targets=MATRICES, seed=0):
        """Adapters for a GPT, whose arrays are shared, not copied.

        alpha: the correction counts alpha / rank times, so that another rank needs no other learning rate.
        Raises ValueError for a rank below 1 or as large as a matrix, an alpha that is not positive, and
        targets that are not of MATRICES.
        """
        unknown = sorted(set(targets) - set(MATRICES))
        if unknown or not targets:
            raise ValueError(f"LoRA targets are {unknown or 'missing'} but must be of {', '.join(MATRICES)}")
        if not 1 <= rank < base.config.n_embd:
            raise ValueError(
                f"the LoRA rank is {rank} but must be at least 1 and below n_embd, {base.config.n_embd}"
            )
        if not 0 < alpha < math.inf:
            raise ValueError(f"the LoRA alpha is {alpha} but must be a positive number")
        self.config = base.config
        self.rank, self.alpha, self.targets = rank, alpha, tuple(targets)
        self.frozen = frozenset(base.params)
        self.params = dict(base.params)
        rng = np.random.default_rng(seed)
        for i in range(self.config.n_layer):
            for matrix in self.targets:
                weight = base.params[f"h.{i}.{matrix}.weight"]
                n_in, n_out = weight.shape
                # A keeps the size of its input, B = 0 makes the model start as the base.
                a = rng.standard_normal((n_in, rank)) / math.sqrt(n_in)
                self.params[f"h.{i}.{matrix}.lora_A"] = to_device(a.astype(weight.dtype))
                self.params[f"h.{i}.{matrix}.lora_B"] = to_device(np.zeros((rank, n_out), weight.dtype))

    @property
    def scale(self):
        return self.alpha / self.rank

    def block_params(self, i):
        """The parameters of block i by short names, each matrix as a FrozenMatrix with its adapter."""
        w = super().block_params(i)
        for matrix in MATRICES:
            adapter = w.pop(f"{matrix}.lora_A", None), w.pop(f"{matrix}.lora_B", None)
            w[f"{matrix}.weight"] = FrozenMatrix(w[f"{matrix}.weight"], *adapter, self.scale)
        return w

    def accumulate_block(self, grads, i, dw):
        """Add the gradients of block i's adapters; what else there is in dw belongs to frozen parameters."""
        for matrix in self.targets:
            da, db = dw[f"{matrix}.weight"]
            accumulate(grads, f"h.{i}.{matrix}.lora_A", da)
            accumulate(grads, f"h.{i}.{matrix}.lora_B", db)

    def merged(self):
        """A plain GPT with the corrections added to its matrices."""
        model = object.__new__(GPT)
        model.config = self.config
        model.params = {name: self.params[name] for name in self.frozen_in_order()}
        for i in range(self.config.n_layer):
            for matrix in self.targets:
                a, b = (self.params[f"h.{i}.{matrix}.lora_{factor}"] for factor in "AB")
                name = f"h.{i}.{matrix}.weight"
                model.params[name] = model.params[name] + (a @ (self.scale * b))
        return model

    def frozen_in_order(self):
        """The names of the base's parameters, in the order of the forward pass."""
        return [name for name in self.params if name in self.frozen]

    def save_pretrained(self, directory):
        """Write the merged model into the directory, and the adapter into its folder "adapter".

        In a folder of its own, because transformers would apply an adapter that lies beside the merged
        weights to them a second time.
        """
        self.merged().save_pretrained(directory)
        save_adapter(self, Path(directory) / "adapter")


def save_adapter(model, directory, base=None, task_type="CAUSAL_LM", extra=None):
    """Write adapter_config.json and adapter_model.safetensors as PEFT does.

    base: what the adapter was trained on, a directory or a name on the hub. extra: arrays trained beside
    the adapters, such as a classifier's score.weight, by name.
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    tensors = {
        peft_name(name): np.ascontiguousarray(to_host(param).T)
        for name, param in model.params.items()
        if name not in model.frozen
    }
    tensors |= {PEFT_PREFIX + name: to_host(param) for name, param in (extra or {}).items()}
    config = {
        "peft_type": "LORA",
        "task_type": task_type,
        "base_model_name_or_path": base,
        "inference_mode": True,
        "r": model.rank,
        "lora_alpha": model.alpha,
        "lora_dropout": 0.0,
        "target_modules": list(model.targets),
        "fan_in_fan_out": True,  # GPT-2 keeps its matrices (in, out)
        "bias": "none",
        "modules_to_save": sorted({name.rpartition(".")[0] for name in extra}) if extra else None,
    }
    save_safetensors(directory / WEIGHTS_FILE, tensors)
    write_atomically(directory / CONFIG_FILE, (json.dumps(config, indent=2) + "\n").encode("utf-8"))


def load_adapter(base, directory):
    """A LoRAGPT of the GPT `base` and the adapter that PEFT, or save_adapter, wrote into the directory.

    Raises FileNotFoundError for a missing file, and ValueError for a damaged one, for what this code does
    not compute (another kind of adapter, trained biases), and for shapes that are not the base's.
    """
    directory = Path(directory)
    for name in (CONFIG_FILE, WEIGHTS_FILE):
        if not (directory / name).is_file():
            raise FileNotFoundError(f"{directory} holds no adapter: there is no {name}")
    try:
        config = json.loads((directory / CONFIG_FILE).read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{directory / CONFIG_FILE} is damaged: {error}") from None
    check_adapter_config(config, directory)
    stored = open_safetensors(directory / WEIGHTS_FILE)
    tensors = {name: array.read() for name, array in stored.items()}
    targets = [
        matrix
        for matrix in MATRICES
        for target in config["target_modules"]
        if f".{matrix}".endswith(f".{target}")
    ]
    model = LoRAGPT(base, config["r"], config["lora_alpha"], targets)
    for name in model.trained_params():
        saved = tensors.get(peft_name(name))
        shape = model.params[name].shape
        if saved is None or saved.T.shape != shape:
            found = "is missing" if saved is None else f"has shape {saved.shape}"
            raise ValueError(f"{peft_name(name)} {found} in {directory} but the base needs {shape[::-1]}")
        model.params[name] = to_device(np.ascontiguousarray(saved.T, dtype=model.params[name].dtype))
    return model


def check_adapter_config(config, directory):
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


def peft_name(name):
    """h.0.attn.c_attn.lora_A -> base_model.model.transformer.h.0.attn.c_attn.lora_A.weight"""
    return f"{PEFT_PREFIX}{hub_name(name)}.weight"
