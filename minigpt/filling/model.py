"""A transformer that sees both sides: GPT-2's blocks without the mask, trained to fill gaps as BERT is.

    x = wte[idx] + wpe[0 … T−1]                          (B, T, C)
    x = x + attention(layernorm(x))                      n_layer times, every token looking at all others
    x = x + feedforward(layernorm(x))
    logits = layernorm(x) wteᵀ                           which token stands (or stood) at this place

One thing is different from a GPT, and changes everything: without a mask a token sees what comes after it. To
guess the next token would be to copy it, so another exercise is needed (masking.py); and a text cannot be
continued, because no model was ever asked what comes behind the end. What there is, it understands from both
sides.

BERT is this with other details: LayerNorm behind each layer, the exact GELU, one more layer before the head,
a table of sentences A and B, and much larger.
"""

from functools import partial

from minigpt.backend import xp
from minigpt.interchange.config_file import gpt2_config_json, gpt_config_fields, read_config
from minigpt.language_model import LanguageModel, accumulate, check_targets
from minigpt.layers import (
    IGNORED,
    attention_forward,
    attention_shares,
    cross_entropy_backward,
    cross_entropy_forward,
    layernorm_backward,
    layernorm_forward,
    unembedding_backward,
    unembedding_forward,
)
from minigpt.model import (
    GPTConfig,
    block_backward,
    block_forward,
    embed_backward,
    embed_forward,
    initial_parameters,
    parameter_shapes,
)

MODEL_TYPE = "minigpt-fill"

without_mask = partial(attention_forward, causal=False)  # every token sees every other


class GapFiller(LanguageModel):
    """A GPTConfig whose head is tied, and `params` under GPT-2's names: a GPT in all but the mask."""

    name = "gap filler"
    kind = "a model that fills gaps (--task fill)"
    continues = False

    parameter_shapes = staticmethod(parameter_shapes)
    initial_parameters = staticmethod(initial_parameters)

    @staticmethod
    def config_of(directory):
        """The GPTConfig of a directory that save_pretrained wrote. Raises ValueError for another model."""
        json_config = read_config(directory)
        if json_config.get("model_type") != MODEL_TYPE:
            raise ValueError(f"{directory} does not hold a model that fills gaps")
        return GPTConfig(**gpt_config_fields(json_config | {"model_type": "gpt2"}))

    def config_json(self):
        """What config.json says of the model, a dict: a GPT's sizes, but by another name."""
        return gpt2_config_json(self.config) | {"model_type": MODEL_TYPE, "architectures": None}

    def forward(self, idx, rngs=None, chosen=None):
        """idx (B, T) int -> logits (B, T, V), cache; with chosen (B, T) bool those of its N places, (N, V).

        rngs: one random generator a sequence switches dropout on. Raises ValueError for ids that do not fit.
        """
        self.check_ids(idx)
        w = self.params
        x, embed = embed_forward(idx, w, self.config, rngs)  # (B, T, C)
        blocks = []
        for i in range(self.config.n_layer):
            x, block = block_forward(x, self.block_params(i), self.config, rngs, attention=without_mask)
            blocks.append(block)
        x, ln_f = layernorm_forward(x, w["ln_f.weight"], w["ln_f.bias"], self.config.layer_norm_epsilon)
        scored = x if chosen is None else x[chosen]
        logits, head = unembedding_forward(scored, w["wte.weight"])
        return logits, (embed, blocks, ln_f, x.shape, chosen, head)

    def backward(self, dlogits, cache, grads=None):
        """dlogits, shaped as the logits -> grads, a dict shaped as params; with grads given, adds into it."""
        embed, blocks, ln_f, shape, chosen, head = cache
        grads = {} if grads is None else grads
        dx, dwte = unembedding_backward(dlogits, head)
        if chosen is not None:  # nothing was asked of the other places
            dscored, dx = dx, xp.zeros(shape, dtype=dx.dtype)
            dx[chosen] = dscored
        accumulate(grads, "wte.weight", dwte)  # the first term of the tied table
        dx, dweight, dbias = layernorm_backward(dx, ln_f)
        accumulate(grads, "ln_f.weight", dweight)
        accumulate(grads, "ln_f.bias", dbias)
        for i in reversed(range(self.config.n_layer)):
            dx, dw = block_backward(dx, blocks[i])
            for name, grad in dw.items():
                accumulate(grads, f"h.{i}.{name}", grad)
        for name, grad in embed_backward(dx, embed).items():
            accumulate(grads, name, grad)
        return grads

    def attention_shares(self, idx):
        """Who looks at whom: idx (B, T) int -> of each block the shares of all heads, (B, H, T, T)."""
        _, (_, blocks, *_) = self.forward(idx)
        return [attention_shares(block["attn"]) for block in blocks]

    def loss(self, idx, targets, n_counted=None):
        """The mean cross-entropy of the counted places alone, a 0-d array; see loss_and_grads."""
        chosen = chosen_places(idx, targets)
        logits, _ = self.forward(idx, chosen=chosen)
        return self._loss_of(logits, targets[chosen], n_counted)[0]

    def loss_and_grads(self, idx, targets, rngs=None, n_counted=None, grads=None):
        """As LanguageModel's; but the head scores only the places that count, one in seven of them."""
        chosen = chosen_places(idx, targets)
        logits, cache = self.forward(idx, rngs, chosen)
        loss, loss_cache = self._loss_of(logits, targets[chosen], n_counted)
        return loss, self.backward(cross_entropy_backward(1.0, loss_cache), cache, grads)

    def _loss_of(self, logits, targets, n_counted):
        if len(targets):
            check_targets(logits, targets)
        return cross_entropy_forward(logits, targets, n_counted)

    def block_params(self, i):
        """The parameters of block i under their short names: "ln_1.weight", "attn.c_attn.weight", …"""
        prefix = f"h.{i}."
        return {name[len(prefix) :]: value for name, value in self.params.items() if name.startswith(prefix)}


def chosen_places(idx, targets):
    """Where targets count: (B, T) bool. Raises ValueError for targets of another shape than the ids."""
    if getattr(targets, "shape", None) != idx.shape:
        raise ValueError(f"targets must be integers of shape {idx.shape}, one for each token")
    return targets != IGNORED
