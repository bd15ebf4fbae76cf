"""An adapter that PEFT wrote, merged into its base: what comes out is a plain model.

    W + s · A B      adapted matrices, a rank and an s each: s = α / r, or α / √r with use_rslora
    W                replaced: modules_to_save, trained biases
    rows of W        replaced: trainable_token_indices

What PEFT did is told in two places, the config and the names of the tensors. Every tensor has its place here;
one that is left over is an error that names it. What the files may say, peft_reading.py knows.
"""

import math
import re
from pathlib import Path

import numpy as np

from minigpt.backend import to_device, to_host
from minigpt.finetuning.peft import CONFIG_FILE, HEAD, MATRICES, PEFT_PREFIX, TOKEN_TABLE, WEIGHTS_FILE
from minigpt.finetuning.peft_reading import all_settings, read_adapter_config, read_tensors
from minigpt.interchange.huggingface import hub_name
from minigpt.interchange.settings import refuse_changed_settings
from minigpt.terminal import quoted

EMBEDDINGS = (TOKEN_TABLE, "wpe")
SCORE = "score"
OUT_IN = (HEAD, SCORE)  # torch's nn.Linear, whose weight is (O, I)
TABLE_WEIGHT, HEAD_WEIGHT = f"{TOKEN_TABLE}.weight", f"{HEAD}.weight"


def merge_adapter(params, directory):
    """A model's arrays by our names -> a new dict, with the adapter in the directory put into them.

    params: of a GPT; where there is no lm_head.weight, the head is the token table, and stays so unless the
    adapter gives the two different values. With a score.weight, or for an adapter of task_type SEQ_CLS, it is
    a classifier and has no head. The arrays given are not changed.
    Raises FileNotFoundError for a missing file, and ValueError for a damaged one, for what is not computed
    here, and for shapes that are not the base's.
    """
    config = read_adapter_config(directory)
    tensors = read_tensors(directory)
    refuse_changed_settings(
        Path(directory) / CONFIG_FILE, all_settings(directory), Path(directory) / WEIGHTS_FILE
    )
    adapter = _Adapter(directory, config, tensors)
    with_head = config.get("task_type") in (None, "CAUSAL_LM") and f"{SCORE}.weight" not in params
    tied = with_head and HEAD_WEIGHT not in params
    merged = {name: to_host(param) for name, param in params.items() if with_head or name != HEAD_WEIGHT}
    if tied:
        merged[HEAD_WEIGHT] = merged[TABLE_WEIGHT]
    if SCORE in adapter.saved_modules([SCORE]):
        merged.setdefault(f"{SCORE}.weight", adapter.tensors.get(f"{SCORE}.weight"))
    adapter.merge(merged, tied)
    if tied and merged[HEAD_WEIGHT] is merged[TABLE_WEIGHT]:
        del merged[HEAD_WEIGHT]
    return {name: to_device(np.ascontiguousarray(param)) for name, param in merged.items()}


class _Adapter:
    """What is in the files. A tensor that is used is taken out of `tensors`."""

    def __init__(self, directory, config, tensors):
        self.directory = directory
        self.config = config
        self.tensors = tensors

    # --- which modules are meant; PEFT matches their full names, transformer.h.0.attn.c_attn

    def saved_modules(self, modules):
        """Those of the modules that modules_to_save names, themselves or what they are part of."""
        ends = tuple(self.config.get("modules_to_save") or ())
        return [module for module in modules if any(path.endswith(ends) for path in _paths(module))]

    def adapted_modules(self, modules):
        """Those of the modules that target_modules and the keys around it choose."""
        return [module for module in modules if self.is_target(_full_name(module))]

    def is_target(self, name):
        """Whether PEFT puts an adapter on the module of this full name."""
        config = self.config
        excluded = config.get("exclude_modules") or []
        if re.fullmatch(excluded, name) if isinstance(excluded, str) else _is_called(name, excluded):
            return False
        saved = config.get("modules_to_save") or []
        if any(re.match(rf"(^|.*\.){module}($|\..*)", name) for module in saved):
            return False
        targets = config.get("target_modules")
        targets = ["c_attn"] if targets is None else targets  # what PEFT takes for a GPT-2
        if targets == "all-linear":
            return _is_called(name, MATRICES)
        if isinstance(targets, str):
            return re.fullmatch(targets, name) is not None
        return name in targets or (_is_called(name, targets) and self.is_in_layers(name))

    def is_in_layers(self, name):
        """Whether the block that a module belongs to is among layers_to_transform, where there are some."""
        layers = self.config.get("layers_to_transform")
        if layers is None or layers == []:
            return True
        patterns = self.config.get("layers_pattern") or [r"[^.]*"]
        patterns = [patterns] if isinstance(patterns, str) else patterns
        found = (re.match(rf"(?:.*?\.)?{pattern}\.(\d+)\.", name) for pattern in patterns)
        number = next((int(match[1]) for match in found if match), None)
        return number in ([layers] if isinstance(layers, int) else layers)

    # --- what is done to them

    def merge(self, params, tied):
        """Change a dict of a model's arrays, in which a tied head is the table's array once more."""
        try:
            if tied:
                self.refuse_ensured_tying()
            self.replace(params, tied)
            self.add_corrections(params, tied)
            self.replace_tokens(params, tied)
        except (TypeError, AttributeError, re.error) as error:
            raise ValueError(
                f"{Path(self.directory) / CONFIG_FILE} is damaged: a name, a list or a pattern in it "
                f"cannot be read ({error})"
            ) from None
        if self.tensors:
            raise ValueError(
                f"{self.directory} has a tensor {_tensor_name(next(iter(self.tensors)))!r} that its config "
                "does not call for, or that is not supported"
            )

    def refuse_ensured_tying(self):
        """Raise ValueError for ensure_weight_tying where it decides something.

        PEFT 0.21 does not compute the same with it after loading as before saving.
        """
        pair = [TOKEN_TABLE, HEAD]
        concerned = self.adapted_modules(pair) + self.saved_modules(pair)
        if self.config.get("ensure_weight_tying") and concerned:
            raise ValueError(
                f"{self.directory}: ensure_weight_tying is True for {concerned[0]!r}, which is not "
                "supported: adapt or save it without"
            )

    def replace(self, params, tied):
        """Put whole arrays in the place of the base's: those of modules_to_save, and trained biases."""
        saved = self.saved_modules(dict.fromkeys(name.rpartition(".")[0] for name in params))
        for name in params:
            if name.rpartition(".")[0] in saved and name not in self.tensors:
                raise ValueError(
                    f"{_tensor_name(name)} is missing in {self.directory}, whose modules_to_save calls for it"
                )
        table, head = params[TABLE_WEIGHT], params.get(HEAD_WEIGHT)
        for stored in list(self.tensors):
            name = stored.replace(".base_layer.", ".")  # the array beside an adapter
            if name not in params:
                continue
            array = self.take(stored)
            resized = name in (TABLE_WEIGHT, HEAD_WEIGHT) and array.shape[1:] == table.shape[1:]
            if array.shape != params[name].shape and not resized:
                self.refuse_shape(stored, array, params[name].shape)
            params[name] = array.astype(params[name].dtype, copy=False)
        if not tied or (params[TABLE_WEIGHT] is table and params[HEAD_WEIGHT] is head):
            return
        # A module of modules_to_save is a copy, which nothing is tied to; anything else is changed in place.
        if TOKEN_TABLE not in saved and HEAD not in saved:
            source = TABLE_WEIGHT if params[TABLE_WEIGHT] is not table else HEAD_WEIGHT
            params[TABLE_WEIGHT] = params[HEAD_WEIGHT] = params[source]

    def add_corrections(self, params, tied):
        """W + s · A B for every adapted matrix, and the bias of B where it has one."""
        modules = list(dict.fromkeys(name.rpartition(".")[0] for name in params))
        chosen = self.adapted_modules(modules)
        unable = [module for module in chosen if params[f"{module}.weight"].ndim != 2]
        if unable:
            raise ValueError(
                f"{self.directory}: target_modules has {unable[0]!r}, but only matrices can be adapted"
            )
        same = tied and TOKEN_TABLE in chosen and self.same_at_the_head(HEAD in chosen)
        for module in chosen:
            if module == HEAD and same:
                continue
            a, b, scale = self.factors(module, params[f"{module}.weight"])
            weight = params[f"{module}.weight"]
            params[f"{module}.weight"] = weight + (a @ (scale * b)).astype(weight.dtype)
            if self.config.get("lora_bias"):
                bias = self.take_shaped(f"{module}.lora_B.bias", (b.shape[1],))
                if f"{module}.bias" not in params:
                    raise ValueError(f"{self.directory}: lora_bias for {module!r}, which has no bias")
                params[f"{module}.bias"] = params[f"{module}.bias"] + scale * bias
        if same:
            params[HEAD_WEIGHT] = params[TABLE_WEIGHT]

    def same_at_the_head(self, is_chosen):
        """Whether a tied head has the same adapter as the table, and so stays tied."""
        a, b = (self.tensors.get(f"{TOKEN_TABLE}.lora_embedding_{factor}") for factor in "AB")
        head_a, head_b = (self.tensors.get(f"{HEAD}.lora_{factor}.weight") for factor in "AB")
        if not is_chosen or any(factor is None for factor in (a, b, head_a, head_b)):
            return False
        equal = self.scale(HEAD) == self.scale(TOKEN_TABLE)
        if equal and np.array_equal(head_a, b.T) and np.array_equal(head_b, a.T):
            self.take(f"{HEAD}.lora_A.weight"), self.take(f"{HEAD}.lora_B.weight")
            return True
        return False

    def factors(self, module, weight):
        """A and B so that A B is shaped as the weight, and s."""
        rank, scale = self.rank(module), self.scale(module)
        n_in, n_out = weight.shape[::-1] if module in OUT_IN else weight.shape
        names = ("lora_embedding_A", "lora_embedding_B")
        if module not in EMBEDDINGS:
            names = ("lora_A.weight", "lora_B.weight")
        a = self.take_shaped(f"{module}.{names[0]}", (rank, n_in))
        b = self.take_shaped(f"{module}.{names[1]}", (n_out, rank))
        return (b, a, scale) if module in OUT_IN else (a.T, b.T, scale)

    def rank(self, module):
        return self.setting(module, "r", "rank_pattern")

    def scale(self, module):
        rank = self.rank(module)
        alpha = self.setting(module, "lora_alpha", "alpha_pattern")
        return alpha / math.sqrt(rank) if self.config.get("use_rslora") else alpha / rank

    def setting(self, module, key, pattern_key):
        """The rank or the alpha of a module: that of the first pattern which its name matches, or the one."""
        patterns = self.config.get(pattern_key) or {}
        matching = (p for p in patterns if re.match(rf"(.*\.)?({p})$", _full_name(module)))
        pattern = next(matching, None)
        value = self.config.get(key) if pattern is None else patterns[pattern]
        least = (int,) if key == "r" else (int, float)
        if type(value) not in least or not 0 < value < math.inf:
            raise ValueError(f"{self.directory}: {key} is {quoted(value)} but must be a positive number")
        return value

    def replace_tokens(self, params, tied):
        """Put the trained rows of trainable_token_indices in the place of the base's."""
        chosen = self.config.get("trainable_token_indices") or {}
        chosen = chosen if isinstance(chosen, dict) else {TOKEN_TABLE: chosen}
        for target, indices in chosen.items():
            module = next((m for m in EMBEDDINGS if _full_name(m).endswith(target)), None)
            if module is None:
                raise ValueError(
                    f"{self.directory}: trainable_token_indices has {target!r}, but only rows of "
                    f"{' and '.join(EMBEDDINGS)} are supported"
                )
            if self.adapted_modules([module]) or (tied and params[HEAD_WEIGHT] is not params[TABLE_WEIGHT]):
                raise ValueError(
                    f"{self.directory}: trainable_token_indices of {target!r} beside an adapter of it, or a "
                    "head of its own, is not supported"
                )
            table = params[f"{module}.weight"]
            rows = self.take_shaped(
                f"{module}.token_adapter.trainable_tokens_delta", (len(indices), table.shape[1])
            )
            if not all(type(i) is int and 0 <= i < len(table) for i in indices):
                raise ValueError(f"{self.directory}: trainable_token_indices has ids that {module} has not")
            params[f"{module}.weight"] = table.copy()
            params[f"{module}.weight"][indices] = rows
            if tied and module == TOKEN_TABLE:
                params[HEAD_WEIGHT] = params[TABLE_WEIGHT]

    # --- tensors

    def take(self, name):
        return self.tensors.pop(name)

    def take_shaped(self, name, shape):
        """The tensor of a name, used now. Raises ValueError if it is missing or has another shape."""
        if name not in self.tensors:
            raise ValueError(
                f"{_tensor_name(name)} is missing in {self.directory}, whose config calls for it with the "
                f"shape {shape}"
            )
        array = self.take(name)
        if array.shape != shape:
            self.refuse_shape(name, array, shape)
        return array

    def refuse_shape(self, name, array, shape):
        raise ValueError(
            f"{_tensor_name(name)} has shape {array.shape} in {self.directory} but the base and "
            f"{CONFIG_FILE} need {shape}"
        )


def _full_name(module):
    return hub_name(module + ".")[:-1]


def _tensor_name(name):
    return PEFT_PREFIX + hub_name(name)


def _paths(module):
    """transformer.h.0.mlp.c_fc -> itself, transformer.h.0.mlp, transformer.h.0, …"""
    parts = _full_name(module).split(".")
    return [".".join(parts[:n]) for n in range(len(parts), 0, -1)]


def _is_called(name, ends):
    """Whether a full name is one of the names, or ends with one after a dot."""
    return any(f".{name}".endswith(f".{end}") for end in ends)
