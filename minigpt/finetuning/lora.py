"""A GPT fine-tuned by LoRA: the base frozen, thin matrices beside the chosen ones trained (lora_layers.py).

The token table has an adapter too: tokens that the base hardly ever met lie close together in it, and as
long as they do, no matrix above can tell one from another. Where the head is tied to the table, it is
adapted with it.

Merging writes W + s · A B in the place of W: a plain GPT again, as fast as one, with the same logits. That
is what is saved, and in a folder of its own the adapter alone (peft.py).
"""

import dataclasses
import math
from pathlib import Path

import numpy as np

from minigpt.backend import to_device
from minigpt.finetuning import peft
from minigpt.finetuning.lora_layers import (
    FrozenMatrix,
    lora_embedding_backward,
    lora_embedding_forward,
    lora_linear_backward,
    lora_linear_forward,
)
from minigpt.finetuning.peft import MATRICES, TARGETS, TOKEN_TABLE
from minigpt.finetuning.peft_merging import merge_adapter
from minigpt.language_model import accumulate
from minigpt.layers import dropout_backward
from minigpt.model import GPT, block_backward, block_forward, embed_forward


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
        super().__init__(base.config, params=dict(base.params))
        self.base_names = list(base.params)
        self.rank, self.alpha, self.targets = rank, alpha, tuple(targets)
        self.base_name = base_name
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

    def trained_params(self):
        """The adapters' matrices, by name: h.0.attn.c_attn.lora_A, …"""
        return {name: param for name, param in self.params.items() if name not in self.base_names}

    def matrix(self, name):
        """A matrix of the base as a FrozenMatrix, with its adapter where it has one."""
        adapter = self.params.get(f"{name}.lora_A"), self.params.get(f"{name}.lora_B")
        return FrozenMatrix(self.params[f"{name}.weight"], *adapter, self.scale)

    def accumulate_adapter(self, grads, name, da, db):
        accumulate(grads, f"{name}.lora_A", da)
        accumulate(grads, f"{name}.lora_B", db)

    def backward_hidden(self, dx, cache, grads):
        """As GPT's, for the adapters alone."""
        super().backward_hidden(dx, cache, grads)
        del grads["ln_f.weight"], grads["ln_f.bias"]

    def forward_embed(self, idx, rngs=None):
        if TOKEN_TABLE not in self.targets:
            return super().forward_embed(idx, rngs)
        w = {"wte.weight": self.matrix(TOKEN_TABLE), "wpe.weight": self.params["wpe.weight"]}
        return embed_forward(idx, w, self.config, rngs, lookup=lora_embedding_forward)

    def backward_embed(self, dx, cache, grads):
        if TOKEN_TABLE in self.targets:
            wte, _, drop = cache  # a sum's gradient passes the frozen positions as it is
            dx = dropout_backward(dx, drop)
            self.accumulate_adapter(grads, TOKEN_TABLE, *lora_embedding_backward(dx, wte))

    def forward_block(self, i, x, rngs=None):
        w = self.block_params(i)
        w |= {f"{matrix}.weight": self.matrix(f"h.{i}.{matrix}") for matrix in MATRICES}
        return block_forward(x, w, self.config, rngs, linear=lora_linear_forward)

    def backward_block(self, i, dx, cache, grads):
        dx, dw = block_backward(dx, cache, linear=lora_linear_backward)
        for matrix in MATRICES:
            if matrix in self.targets:
                self.accumulate_adapter(grads, f"h.{i}.{matrix}", *dw[f"{matrix}.weight"])
        return dx

    def forward_head(self, hidden):
        """With the table's adapter, where the head is the table: its transpose is (W + s A B)ᵀ."""
        if not self.adapts_head:
            return lora_linear_forward(hidden, FrozenMatrix(self.params[self.head_name()].T), None)
        table, a, b, scale = self.matrix(TOKEN_TABLE)
        return lora_linear_forward(hidden, FrozenMatrix(table.T, b.T, a.T, scale), None)

    def backward_head(self, dlogits, cache, grads):
        dhidden, dcorrection, _ = lora_linear_backward(dlogits, cache)
        if self.adapts_head:
            db, da = dcorrection
            self.accumulate_adapter(grads, TOKEN_TABLE, da.T, db.T)  # the first of two terms
        return dhidden

    def merged(self):
        """A plain GPT with the corrections added to its matrices."""
        params = {name: self.params[name] for name in self.base_names}
        for name in self.adapted_names():
            weight, a, b, scale = self.matrix(name)
            params[f"{name}.weight"] = weight + (a @ (scale * b))
        return GPT(self.config, params=params)

    def save_pretrained(self, directory):
        """Write the merged model into the directory, and the adapter into its folder "adapter".

        In a folder of its own, because transformers would apply an adapter that lies beside the merged
        weights to them a second time.
        """
        self.merged().save_pretrained(directory)
        peft.save_adapter(self, Path(directory) / peft.ADAPTER_FOLDER)


def load_adapter(base, directory):
    """A plain GPT: the GPT `base`, with the adapter that PEFT or save_adapter wrote merged into it.

    Raises as peft_merging.merge_adapter does, and ValueError for the adapter of a classifier.
    """
    params = merge_adapter(base.params, directory)
    if "score.weight" in params:
        raise ValueError(f"{directory} is the adapter of a classifier, not of a model that continues text")
    config = dataclasses.replace(
        base.config, vocab_size=len(params["wte.weight"]), tie_weights="lm_head.weight" not in params
    )
    return GPT(config, params=params)
