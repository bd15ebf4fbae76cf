"""GPT-2 (Radford et al., 2019): embeddings, n_layer equal blocks, and a head that scores the next token.

    x = wte[idx] + wpe[0 … T−1]                          (B, T, C)
    x = x + attention(layernorm(x))                      n_layer times: normalization comes before each
    x = x + feedforward(layernorm(x))                    layer ("pre-norm"), the residual stream stays free
    logits = layernorm(x) Wᵀ                             (B, T, V)   W = wte when the head is tied

Backward runs the same statements bottom-up. At a residual x + f(x) the gradient goes both ways: straight
on, and through f. A tied wte is used twice, as table and as head, so its gradient has two terms.
"""

import math
from dataclasses import dataclass

import numpy as np

from minigpt.backend import to_device, xp
from minigpt.interchange.huggingface import (
    gpt2_config_json,
    gpt_config_fields,
    has_own_head,
    read_config,
    read_params,
    write_model,
)
from minigpt.language_model import LanguageModel, accumulate
from minigpt.layers import (
    IGNORED,
    attention_backward,
    attention_forward,
    cross_entropy_backward,
    cross_entropy_forward,
    dropout_backward,
    dropout_forward,
    embedding_backward,
    embedding_forward,
    feedforward_backward,
    feedforward_forward,
    layernorm_backward,
    layernorm_forward,
    position_embedding_backward,
    position_embedding_forward,
)

INIT_STD = 0.02  # GPT-2's standard deviation of every matrix at the start


@dataclass(frozen=True)
class GPTConfig:
    """The sizes of a GPT. Raises ValueError, in a sentence, for sizes that do not fit together."""

    vocab_size: int  # V: distinct token ids
    block_size: int  # the longest context, in tokens
    n_layer: int
    n_head: int  # H: n_embd is divided among them
    n_embd: int  # C: features of a token
    dropout: float = 0.0  # on embeddings, attention shares and both residual branches, as in GPT-2
    tie_weights: bool = True  # the head uses the token table
    layer_norm_epsilon: float = 1e-5

    def __post_init__(self):
        for name in ("vocab_size", "block_size", "n_layer", "n_head", "n_embd"):
            value = getattr(self, name)
            if not isinstance(value, int) or value < 1:
                raise ValueError(f"{name} is {value!r} but must be a whole number of at least 1")
        if self.n_embd % self.n_head:
            raise ValueError(
                f"n_embd is {self.n_embd}, which {self.n_head} heads cannot share equally: "
                f"choose a multiple of n_head, such as {self.n_head * math.ceil(self.n_embd / self.n_head)}"
            )
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout is {self.dropout} but must be at least 0 and below 1")


def parameter_shapes(config):
    """The name and shape of every parameter, by GPT-2's own names, in the order of the forward pass."""
    V, C = config.vocab_size, config.n_embd
    shapes = {"wte.weight": (V, C), "wpe.weight": (config.block_size, C)}
    for i in range(config.n_layer):
        shapes |= {
            f"h.{i}.ln_1.weight": (C,),
            f"h.{i}.ln_1.bias": (C,),
            f"h.{i}.attn.c_attn.weight": (C, 3 * C),
            f"h.{i}.attn.c_attn.bias": (3 * C,),
            f"h.{i}.attn.c_proj.weight": (C, C),
            f"h.{i}.attn.c_proj.bias": (C,),
            f"h.{i}.ln_2.weight": (C,),
            f"h.{i}.ln_2.bias": (C,),
            f"h.{i}.mlp.c_fc.weight": (C, 4 * C),
            f"h.{i}.mlp.c_fc.bias": (4 * C,),
            f"h.{i}.mlp.c_proj.weight": (4 * C, C),
            f"h.{i}.mlp.c_proj.bias": (C,),
        }
    shapes |= {"ln_f.weight": (C,), "ln_f.bias": (C,)}
    if not config.tie_weights:
        shapes["lm_head.weight"] = (V, C)
    return shapes


def initial_parameters(config, seed, dtype):
    """GPT-2's initialisation: normal matrices, zero biases, unit LayerNorm weights.

    Each block adds two branches to the residual stream, so the variance of the stream would grow with
    depth; projections that end a branch start smaller by 1/√(2·n_layer) (GPT-2 paper, section 2.3).
    """
    rng = np.random.default_rng(seed)
    params = {}
    for name, shape in parameter_shapes(config).items():
        if name.endswith(".bias"):
            value = np.zeros(shape)
        elif ".ln_" in name or name.startswith("ln_f"):
            value = np.ones(shape)
        else:
            std = INIT_STD / math.sqrt(2 * config.n_layer) if name.endswith("c_proj.weight") else INIT_STD
            value = std * rng.standard_normal(shape)
        params[name] = to_device(value.astype(dtype))
    return params


def block_forward(x, w, config, rngs=None):
    """One block: x (B, T, C), w the block's parameters by their short names -> out (B, T, C), cache."""
    p = config.dropout
    eps = config.layer_norm_epsilon

    h, ln_1 = layernorm_forward(x, w["ln_1.weight"], w["ln_1.bias"], eps)
    attn_weights = (
        w["attn.c_attn.weight"],
        w["attn.c_attn.bias"],
        w["attn.c_proj.weight"],
        w["attn.c_proj.bias"],
    )
    h, attn = attention_forward(h, *attn_weights, config.n_head, p, rngs)
    h, drop_1 = dropout_forward(h, p, rngs)
    x = x + h

    h, ln_2 = layernorm_forward(x, w["ln_2.weight"], w["ln_2.bias"], eps)
    mlp_weights = w["mlp.c_fc.weight"], w["mlp.c_fc.bias"], w["mlp.c_proj.weight"], w["mlp.c_proj.bias"]
    h, mlp = feedforward_forward(h, *mlp_weights)
    h, drop_2 = dropout_forward(h, p, rngs)
    x = x + h
    return x, (ln_1, attn, drop_1, ln_2, mlp, drop_2)


def block_backward(dx, cache):
    """dx (B, T, C), of the block's output -> dx of its input, and a dict of gradients by short names."""
    ln_1, attn, drop_1, ln_2, mlp, drop_2 = cache
    dw = {}

    # x = x + dropout(feedforward(layernorm(x)))
    dh = dropout_backward(dx, drop_2)
    dh, *dmlp = feedforward_backward(dh, mlp)
    dw["mlp.c_fc.weight"], dw["mlp.c_fc.bias"], dw["mlp.c_proj.weight"], dw["mlp.c_proj.bias"] = dmlp
    dh, dw["ln_2.weight"], dw["ln_2.bias"] = layernorm_backward(dh, ln_2)
    dx = dx + dh

    # x = x + dropout(attention(layernorm(x)))
    dh = dropout_backward(dx, drop_1)
    dh, *dattn = attention_backward(dh, attn)
    dw["attn.c_attn.weight"], dw["attn.c_attn.bias"], dw["attn.c_proj.weight"], dw["attn.c_proj.bias"] = dattn
    dh, dw["ln_1.weight"], dw["ln_1.bias"] = layernorm_backward(dh, ln_1)
    dx = dx + dh
    return dx, dw


class GPT(LanguageModel):
    """A config, and `params`: a dict from GPT-2's names to arrays. Everything else is computed from them."""

    def __init__(self, config, seed=0, dtype="float32"):
        """Random weights of GPT-2's distribution; the same seed gives the same weights."""
        self.config = config
        self.params = initial_parameters(config, seed, dtype)

    @classmethod
    def from_pretrained(cls, directory):
        """Open a GPT-2 model directory in Hugging Face's format (config.json, model.safetensors).

        Raises FileNotFoundError or ValueError, with the name of what is missing or does not fit.
        """
        fields = gpt_config_fields(read_config(directory))
        fields["tie_weights"] = fields["tie_weights"] and not has_own_head(directory)
        model = object.__new__(cls)
        model.config = GPTConfig(**fields)
        params = read_params(directory, parameter_shapes(model.config))
        model.params = {name: to_device(param) for name, param in params.items()}
        return model

    def save_pretrained(self, directory):
        """Write the model as a directory that from_pretrained here, and transformers, can open."""
        write_model(directory, gpt2_config_json(self.config), self.params)

    def block_params(self, i):
        """The parameters of block i under their short names: "ln_1.weight", "attn.c_attn.weight", …"""
        prefix = f"h.{i}."
        return {name[len(prefix) :]: value for name, value in self.params.items() if name.startswith(prefix)}

    def accumulate_block(self, grads, i, dw):
        """Add the gradients of block i, by short names as in block_params, into the dict grads."""
        for name, grad in dw.items():
            accumulate(grads, f"h.{i}.{name}", grad)

    def token_table(self):
        """wte (V, C), as embedding_forward takes it."""
        return self.params["wte.weight"]

    def accumulate_token_table(self, grads, dtable):
        """Add the gradient of the token table as embedding_backward gives it into the dict grads."""
        accumulate(grads, "wte.weight", dtable)

    def freeze_below(self, i):
        """Train block i and what is above it; the blocks below and the token and position tables stay."""
        blocks = [f"h.{block}." for block in range(i, self.config.n_layer)]
        above = (*blocks, "ln_f.", "lm_head.")
        self.frozen = frozenset(name for name in self.params if not name.startswith(above))

    def lowest_trained_block(self):
        """The first block that backward must come to; -1 if it must go on to the tables below them."""
        trained = self.trained_params()
        if any(name.startswith(("wte.", "wpe.")) for name in trained):
            return -1
        return min(int(name.split(".")[1]) for name in trained if name.startswith("h."))

    def head_name(self):
        """The name of the matrix that scores tokens: the token table itself when the head is tied."""
        return "wte.weight" if self.config.tie_weights else "lm_head.weight"

    def forward_hidden(self, idx, rngs=None):
        """Everything below the head: idx (B, T) int -> hidden (B, T, C), cache.

        rngs: one random generator a sequence switches dropout on (layers.dropout_streams makes them).
        """
        self.check_ids(idx)
        w = self.params
        x, wte = embedding_forward(self.token_table(), idx)  # (B, T, C)
        x, wpe = position_embedding_forward(x, w["wpe.weight"])
        x, drop = dropout_forward(x, self.config.dropout, rngs)
        blocks, lowest = [], self.lowest_trained_block()
        for i in range(self.config.n_layer):
            x, block = block_forward(x, self.block_params(i), self.config, rngs)
            blocks.append(block if i >= lowest else None)
        x, ln_f = layernorm_forward(x, w["ln_f.weight"], w["ln_f.bias"], self.config.layer_norm_epsilon)
        return x, (wte, wpe, drop, blocks, ln_f)

    def backward_hidden(self, dx, cache, grads):
        """dx (B, T, C), of the hidden states -> nothing; every gradient is added into the dict grads."""
        wte, wpe, drop, blocks, ln_f = cache
        dx, dweight, dbias = layernorm_backward(dx, ln_f)
        if "ln_f.weight" not in self.frozen:
            accumulate(grads, "ln_f.weight", dweight)
            accumulate(grads, "ln_f.bias", dbias)
        lowest = self.lowest_trained_block()
        for i in reversed(range(max(lowest, 0), self.config.n_layer)):
            dx, dw = block_backward(dx, blocks[i])
            self.accumulate_block(grads, i, dw)
        if lowest >= 0:
            return  # nothing further down is trained
        dx = dropout_backward(dx, drop)
        dx, dwpe = position_embedding_backward(dx, wpe)
        if "wpe.weight" not in self.frozen:
            accumulate(grads, "wpe.weight", dwpe)
        self.accumulate_token_table(grads, embedding_backward(dx, wte))

    def forward(self, idx, rngs=None):
        """idx (B, T) int -> logits (B, T, V), cache. Raises ValueError for ids that do not fit."""
        hidden, cache = self.forward_hidden(idx, rngs)
        B, T, C = hidden.shape
        logits, head = self.head_forward(hidden.reshape(B * T, C))
        return logits.reshape(B, T, -1), (hidden.shape, head, cache)

    def backward(self, dlogits, cache, grads=None):
        """dlogits (B, T, V) -> grads, a dict shaped as params; with grads given, adds into it."""
        hidden_shape, head, cache = cache
        grads = {} if grads is None else grads
        rows = dlogits.reshape(-1, dlogits.shape[-1])  # (B·T, V)
        self.backward_hidden(self.head_backward(rows, head, grads).reshape(hidden_shape), cache, grads)
        return grads

    def head_forward(self, hidden):
        """hidden (N, C) of N tokens -> logits (N, V), cache."""
        head = self.params[self.head_name()]
        return hidden @ head.T, (hidden, head)

    def head_backward(self, dlogits, cache, grads):
        """dlogits (N, V) -> dhidden (N, C); the gradient of the head is added into the dict grads."""
        hidden, head = cache

        # logits = hidden @ head.T
        if self.head_name() not in self.frozen:
            dhead = dlogits.T @ hidden  # (V, C)
            # The first term of a tied wte; backward_hidden adds the second, from the embedding.
            accumulate(grads, self.head_name(), dhead)
        return dlogits @ head

    def loss_and_grads(self, idx, targets, rngs=None, n_counted=None, grads=None):
        """As LanguageModel's. Where few targets count, as in fine-tuning, only those go through the head."""
        counted = targets != IGNORED  # (B, T) bool
        if counted.all():
            return super().loss_and_grads(idx, targets, rngs, n_counted, grads)
        grads = {} if grads is None else grads
        hidden, cache = self.forward_hidden(idx, rngs)
        rows = hidden[counted]  # (N, C)
        logits, head = self.head_forward(rows)
        loss, loss_cache = cross_entropy_forward(logits, targets[counted], n_counted)
        dlogits = cross_entropy_backward(1.0, loss_cache)
        dhidden = xp.zeros_like(hidden)
        dhidden[counted] = self.head_backward(dlogits, head, grads)
        self.backward_hidden(dhidden, cache, grads)
        return loss, grads
