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
from numbers import Real

import numpy as np

from minigpt.backend import to_device
from minigpt.interchange.config_file import gpt2_config_json, gpt_config_fields, read_config
from minigpt.interchange.huggingface import has_own_head
from minigpt.language_model import LanguageModel, accumulate, checked_size
from minigpt.layers import (
    attention_backward,
    attention_forward,
    attention_shares,
    dropout_backward,
    dropout_forward,
    embedding_backward,
    embedding_forward,
    gelu_backward,
    gelu_forward,
    layernorm_backward,
    layernorm_forward,
    linear_backward,
    linear_forward,
    position_embedding_backward,
    position_embedding_forward,
    unembedding_backward,
    unembedding_forward,
)
from minigpt.terminal import quoted

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
            object.__setattr__(self, name, checked_size(name, getattr(self, name)))
        if self.n_embd % self.n_head:
            raise ValueError(
                f"n_embd is {self.n_embd}, which {self.n_head} heads cannot share equally: "
                f"choose a multiple of n_head, such as {self.n_head * math.ceil(self.n_embd / self.n_head)}"
            )
        if not isinstance(self.dropout, Real) or not 0 <= self.dropout < 1:
            raise ValueError(f"dropout is {quoted(self.dropout)} but must be at least 0 and below 1")
        epsilon = self.layer_norm_epsilon
        if not isinstance(epsilon, Real) or not 0 < epsilon < math.inf:
            raise ValueError(f"layer_norm_epsilon is {quoted(epsilon)} but must be a positive number")
        if not isinstance(self.tie_weights, (bool, np.bool_)):
            raise ValueError(f"tie_weights is {quoted(self.tie_weights)} but must be True or False")


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


# A block is written down once, here. linear, attention and lookup are parameters for those who have another
# layer in one place of it: an adapted matrix or table (finetuning/lora.py), attention without the mask
# (filling/model.py), attention to the keys of a cache (generation/reading.py). A plain GPT passes none.


def embed_forward(idx, w, config, rngs=None, lookup=embedding_forward):
    """Token plus position: idx (B, T) int, w the parameters -> x (B, T, C), cache."""
    x, wte = lookup(w["wte.weight"], idx)
    x, wpe = position_embedding_forward(x, w["wpe.weight"])
    x, drop = dropout_forward(x, config.dropout, rngs)
    return x, (wte, wpe, drop)


def embed_backward(dx, cache, lookup=embedding_backward):
    """dx (B, T, C) -> a dict of gradients; the ids have none."""
    wte, wpe, drop = cache
    dw = {}
    dx = dropout_backward(dx, drop)
    dx, dw["wpe.weight"] = position_embedding_backward(dx, wpe)
    dw["wte.weight"] = lookup(dx, wte)
    return dw


def block_forward(x, w, config, rngs=None, linear=linear_forward, attention=attention_forward):
    """One block: x (B, T, C), w the block's parameters by their short names -> out (B, T, C), cache.

    The cache is a dict of the layers' caches, by the name of the layer. linear, attention: the forward of
    these layers, as LoRA, models without a mask and generation have others.
    """
    p, eps = config.dropout, config.layer_norm_epsilon
    cache = {}

    # Attention: the tokens look at one another.
    h, cache["ln_1"] = layernorm_forward(x, w["ln_1.weight"], w["ln_1.bias"], eps)
    qkv, cache["attn.c_attn"] = linear(h, w["attn.c_attn.weight"], w["attn.c_attn.bias"])  # (B, T, 3C)
    y, cache["attn"] = attention(qkv, config.n_head, p, rngs)  # (B, T, C)
    h, cache["attn.c_proj"] = linear(y, w["attn.c_proj.weight"], w["attn.c_proj.bias"])
    h, cache["attn.drop"] = dropout_forward(h, p, rngs)
    x = x + h

    # Feed-forward (Vaswani et al., 2017, section 3.3): each token thinks for itself.
    h, cache["ln_2"] = layernorm_forward(x, w["ln_2.weight"], w["ln_2.bias"], eps)
    h, cache["mlp.c_fc"] = linear(h, w["mlp.c_fc.weight"], w["mlp.c_fc.bias"])  # (B, T, 4C)
    h, cache["mlp.gelu"] = gelu_forward(h)
    h, cache["mlp.c_proj"] = linear(h, w["mlp.c_proj.weight"], w["mlp.c_proj.bias"])  # (B, T, C)
    h, cache["mlp.drop"] = dropout_forward(h, p, rngs)
    x = x + h
    return x, cache


def block_backward(dx, cache, linear=linear_backward):
    """dx (B, T, C), of the block's output -> dx of its input, and a dict of gradients by short names."""
    dw = {}

    # x = x + dropout(linear(gelu(linear(layernorm(x)))))
    dh = dropout_backward(dx, cache["mlp.drop"])
    dh, dw["mlp.c_proj.weight"], dw["mlp.c_proj.bias"] = linear(dh, cache["mlp.c_proj"])
    dh = gelu_backward(dh, cache["mlp.gelu"])
    dh, dw["mlp.c_fc.weight"], dw["mlp.c_fc.bias"] = linear(dh, cache["mlp.c_fc"])
    dh, dw["ln_2.weight"], dw["ln_2.bias"] = layernorm_backward(dh, cache["ln_2"])
    dx = dx + dh

    # x = x + dropout(linear(attention(linear(layernorm(x)))))
    dh = dropout_backward(dx, cache["attn.drop"])
    dy, dw["attn.c_proj.weight"], dw["attn.c_proj.bias"] = linear(dh, cache["attn.c_proj"])
    dqkv = attention_backward(dy, cache["attn"])
    dh, dw["attn.c_attn.weight"], dw["attn.c_attn.bias"] = linear(dqkv, cache["attn.c_attn"])
    dh, dw["ln_1.weight"], dw["ln_1.bias"] = layernorm_backward(dh, cache["ln_1"])
    dx = dx + dh
    return dx, dw


class GPT(LanguageModel):
    """A config, and `params`: a dict from GPT-2's names to arrays. Everything else is computed from them."""

    parameter_shapes = staticmethod(parameter_shapes)
    initial_parameters = staticmethod(initial_parameters)

    @staticmethod
    def config_of(directory):
        """The GPTConfig of a GPT-2 model directory; a head that differs from the token table is not tied."""
        fields = gpt_config_fields(read_config(directory))
        fields["tie_weights"] = fields["tie_weights"] and not has_own_head(directory)
        return GPTConfig(**fields)

    def config_json(self):
        """What config.json says of the model, a dict."""
        return gpt2_config_json(self.config)

    def forward(self, idx, rngs=None):
        """idx (B, T) int -> logits (B, T, V), cache. Raises ValueError for ids that do not fit.

        rngs: one random generator a sequence switches dropout on (layers.dropout_streams makes them).
        """
        hidden, hidden_cache = self.forward_hidden(idx, rngs)
        logits, head = self.forward_head(hidden)
        return logits, (hidden_cache, head)

    def backward(self, dlogits, cache, grads=None):
        """dlogits (B, T, V) -> grads, a dict shaped as params; with grads given, adds into it."""
        hidden_cache, head = cache
        grads = {} if grads is None else grads
        dhidden = self.backward_head(dlogits, head, grads)
        self.backward_hidden(dhidden, hidden_cache, grads)
        return grads

    def forward_hidden(self, idx, rngs=None):
        """Everything below the head: idx (B, T) int -> hidden (B, T, C), cache."""
        self.check_ids(idx)
        w = self.params
        x, embed = self.forward_embed(idx, rngs)  # (B, T, C)
        blocks = []
        for i in range(self.config.n_layer):
            x, block = self.forward_block(i, x, rngs)
            blocks.append(block)
        x, ln_f = layernorm_forward(x, w["ln_f.weight"], w["ln_f.bias"], self.config.layer_norm_epsilon)
        return x, (embed, blocks, ln_f)

    def backward_hidden(self, dx, cache, grads):
        """dx (B, T, C), of the hidden states -> nothing; every gradient is added into the dict grads."""
        embed, blocks, ln_f = cache
        dx, dweight, dbias = layernorm_backward(dx, ln_f)
        accumulate(grads, "ln_f.weight", dweight)
        accumulate(grads, "ln_f.bias", dbias)
        for i in reversed(range(self.config.n_layer)):
            dx = self.backward_block(i, dx, blocks[i], grads)
        self.backward_embed(dx, embed, grads)

    def attention_shares(self, idx):
        """Who looks at whom: idx (B, T) int -> of each block the shares of all heads, (B, H, T, T)."""
        _, (_, blocks, _) = self.forward_hidden(idx)
        return [attention_shares(block["attn"]) for block in blocks]

    # The parts, each with its own parameters. What fine-tunes a part differently overrides its pair.

    def forward_embed(self, idx, rngs=None):
        return embed_forward(idx, self.params, self.config, rngs)

    def backward_embed(self, dx, cache, grads):
        for name, grad in embed_backward(dx, cache).items():
            accumulate(grads, name, grad)  # the second term of a tied wte

    def forward_block(self, i, x, rngs=None):
        return block_forward(x, self.block_params(i), self.config, rngs)

    def backward_block(self, i, dx, cache, grads):
        dx, dw = block_backward(dx, cache)
        for name, grad in dw.items():
            accumulate(grads, f"h.{i}.{name}", grad)
        return dx

    def forward_head(self, hidden):
        return unembedding_forward(hidden, self.params[self.head_name()])

    def backward_head(self, dlogits, cache, grads):
        dhidden, dhead = unembedding_backward(dlogits, cache)
        accumulate(grads, self.head_name(), dhead)  # the first term of a tied wte
        return dhidden

    def block_params(self, i):
        """The parameters of block i under their short names: "ln_1.weight", "attn.c_attn.weight", …"""
        prefix = f"h.{i}."
        return {name[len(prefix) :]: value for name, value in self.params.items() if name.startswith(prefix)}

    def head_name(self):
        """The name of the matrix that scores tokens: the token table itself when the head is tied."""
        return "wte.weight" if self.config.tie_weights else "lm_head.weight"
