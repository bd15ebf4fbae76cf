"""A GPT fine-tuned by LoRA: the base frozen, thin matrices beside the chosen ones trained (layers/lora.py).

What is saved with it is the adapter alone, in the format of the library PEFT, whose matrices have their
outputs first: lora_A.weight (r, I) and lora_B.weight (O, r), under names such as

    base_model.model.transformer.h.0.attn.c_attn.lora_A.weight

The token table has an adapter too: tokens that the base hardly ever met lie close together in it, and as
long as they do, no matrix above can tell one from another. Where the head is tied to the table, it is
adapted with it, and PEFT, to which the two are modules apart, finds the same adapter once more at lm_head.

Merging writes W + s · A B in the place of W: a plain GPT again, as fast as one, with the same logits.
"""

import json
import math
from pathlib import Path

import numpy as np

from minigpt.backend import to_device, to_host
from minigpt.interchange.files import write_atomically
from minigpt.interchange.huggingface import hub_name
from minigpt.interchange.safetensors_file import open_safetensors, save_safetensors
from minigpt.language_model import accumulate
from minigpt.layers import FrozenMatrix, linear_backward, linear_forward
from minigpt.model import GPT

MATRICES = ("attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj")  # of every block
TOKEN_TABLE, HEAD = "wte", "lm_head"
TARGETS = (TOKEN_TABLE, *MATRICES)  # what can be adapted
CONFIG_FILE = "adapter_config.json"
WEIGHTS_FILE = "adapter_model.safetensors"
PEFT_PREFIX = "base_model.model."


class LoRAGPT(GPT):
    """A GPT whose own parameters are frozen, with an adapter in each of the `targets`."""

    def __init__(self, base, rank, alpha, targets=TARGETS, seed=0, base_name=None):
        """Adapters for a GPT, whose arrays are shared, not copied.

        alpha: the correction counts alpha / rank times, so that another rank needs no other learning rate.
        base_name: where PEFT finds the base, its directory or its name on the hub, if that is to be saved.
        Raises ValueError for a rank below 1 or as large as a matrix, an alpha that is not positive, and
        targets that are not of TARGETS.
        """
        unknown = sorted(set(targets) - set(TARGETS))
        if unknown or not targets:
            raise ValueError(f"LoRA targets are {unknown or 'missing'} but must be of {', '.join(TARGETS)}")
        if not 1 <= rank < base.config.n_embd:
            raise ValueError(
                f"the LoRA rank is {rank} but must be at least 1 and below n_embd, {base.config.n_embd}"
            )
        if not 0 < alpha < math.inf:
            raise ValueError(f"the LoRA alpha is {alpha} but must be a positive number")
        self.config = base.config
        self.rank, self.alpha, self.targets = rank, alpha, tuple(targets)
        self.base_name = base_name
        self.frozen = frozenset(base.params)
        self.params = dict(base.params)
        rng = np.random.default_rng(seed)
        for name in self.adapted_names():
            weight = base.params[f"{name}.weight"]
            n_in, n_out = weight.shape
            a, b = np.zeros((n_in, rank)), np.zeros((rank, n_out))
            # One factor is zero, so that the model starts as the base; the other keeps the size of what
            # it is multiplied with. A row of the table's A belongs to one token: there, A is the zero.
            if name == TOKEN_TABLE:
                b = rng.standard_normal(b.shape) / math.sqrt(n_out)
            else:
                a = rng.standard_normal(a.shape) / math.sqrt(n_in)
            self.params[f"{name}.lora_A"] = to_device(a.astype(weight.dtype))
            self.params[f"{name}.lora_B"] = to_device(b.astype(weight.dtype))

    @property
    def scale(self):
        return self.alpha / self.rank

    @property
    def adapts_head(self):
        """Whether the head is the token table, and that has an adapter."""
        return TOKEN_TABLE in self.targets and self.config.tie_weights

    def adapted_names(self):
        """The names of all matrices with an adapter: wte, h.0.attn.c_attn, …"""
        table = [TOKEN_TABLE] if TOKEN_TABLE in self.targets else []
        blocks = range(self.config.n_layer)
        return table + [f"h.{i}.{matrix}" for i in blocks for matrix in self.targets if matrix in MATRICES]

    def block_params(self, i):
        """The parameters of block i by short names, each matrix as a FrozenMatrix with its adapter."""
        w = super().block_params(i)
        for matrix in MATRICES:
            adapter = w.pop(f"{matrix}.lora_A", None), w.pop(f"{matrix}.lora_B", None)
            w[f"{matrix}.weight"] = FrozenMatrix(w[f"{matrix}.weight"], *adapter, self.scale)
        return w

    def accumulate_block(self, grads, i, dw):
        """Add the gradients of block i's adapters; what else there is in dw belongs to frozen parameters."""
        for matrix in MATRICES:
            if matrix in self.targets:
                self.accumulate_adapter(grads, f"h.{i}.{matrix}", *dw[f"{matrix}.weight"])

    def accumulate_adapter(self, grads, name, da, db):
        accumulate(grads, f"{name}.lora_A", da)
        accumulate(grads, f"{name}.lora_B", db)

    def token_table(self):
        """The token table as a FrozenMatrix, where it has an adapter."""
        table = super().token_table()
        if TOKEN_TABLE not in self.targets:
            return table
        return FrozenMatrix(table, self.params["wte.lora_A"], self.params["wte.lora_B"], self.scale)

    def accumulate_token_table(self, grads, dtable):
        """Add the gradients of the token table's adapter, where it has one."""
        if TOKEN_TABLE in self.targets:
            self.accumulate_adapter(grads, TOKEN_TABLE, *dtable)

    def head_forward(self, hidden):
        """hidden (N, C) -> logits (N, V), cache: with the table's adapter, where the head is the table."""
        if not self.adapts_head:
            return super().head_forward(hidden)
        table, a, b, scale = self.token_table()
        return linear_forward(hidden, FrozenMatrix(table.T, b.T, a.T, scale), None)  # (W + s A B)ᵀ

    def head_backward(self, dlogits, cache, grads):
        """dlogits (N, V) -> dhidden (N, C); the first of two terms of the table's adapter goes into grads."""
        if not self.adapts_head:
            return super().head_backward(dlogits, cache, grads)
        dhidden, (db, da), _ = linear_backward(dlogits, cache)
        self.accumulate_adapter(grads, TOKEN_TABLE, da.T, db.T)
        return dhidden

    def merged(self):
        """A plain GPT with the corrections added to its matrices."""
        model = object.__new__(GPT)
        model.config = self.config
        model.params = {name: self.params[name] for name in self.frozen_in_order()}
        for name in self.adapted_names():
            a, b = self.params[f"{name}.lora_A"], self.params[f"{name}.lora_B"]
            weight = f"{name}.weight"
            model.params[weight] = model.params[weight] + (a @ (self.scale * b))
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


def save_adapter(model, directory, task_type="CAUSAL_LM", extra=None):
    """Write adapter_config.json and adapter_model.safetensors as PEFT does.

    extra: arrays trained beside the adapters, such as a classifier's score.weight, by name.
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    tensors = {
        peft_name(name): to_host(param).T for name, param in model.params.items() if name not in model.frozen
    }
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
    asked = config["target_modules"]
    targets = [name for name in TARGETS if any(is_called(name, target) for target in asked)]
    base_name = config.get("base_model_name_or_path")
    model = LoRAGPT(base, config["r"], config["lora_alpha"], targets, base_name=base_name)
    check_head(model, config, tensors, directory)
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
    for target in config["target_modules"]:
        if target != HEAD and not any(is_called(name, target) for name in TARGETS):
            raise ValueError(
                f"{directory}: target_modules has {target!r}, but only {', '.join(TARGETS)} can be adapted"
            )


def is_called(name, target):
    """Whether a matrix is meant by an entry of PEFT's target_modules: its name, or the end of it."""
    return f".{name}".endswith(f".{target}")


def check_head(model, config, tensors, directory):
    """Raise ValueError for an adapter of the head that is not that of the token table it is tied to."""
    if config.get("task_type") == "SEQ_CLS":
        return  # there is no head of tokens
    expected = head_tensors(tensors) if model.adapts_head else {}
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
