"""A recurrent language model (Mikolov et al., 2010): what it has read, token by token, is one vector.

    x_t = embedding[idx_t]                    (B, T, C)
    h_t = tanh(x_t Wx + h_(t−1) Wh + b)       (B, T, C)   layers/recurrence.py; h_0 = 0
    logits_t = h_t headᵀ                      (B, T, V)

What the bigram model lacks it has: a memory. What a GPT has it lacks: the whole past, and all steps at once.
The state carries everything forward in C numbers, through T steps that wait for one another.

A window of block_size tokens begins with an empty state, and no gradient reaches beyond it ("truncated
backpropagation through time"). To generate, the state is all that has to be kept (generation/decoder.py).
"""

import math
from dataclasses import asdict, dataclass

import numpy as np

from minigpt.backend import to_device, xp
from minigpt.interchange.config_file import read_config
from minigpt.language_model import LanguageModel, accumulate, checked_size
from minigpt.layers import (
    embedding_backward,
    embedding_forward,
    recurrence_backward,
    recurrence_forward,
    unembedding_backward,
    unembedding_forward,
)

MODEL_TYPE = "minigpt-rnn"


@dataclass(frozen=True)
class RNNConfig:
    """vocab_size, block_size: the windows it is trained on, n_embd: the numbers of a token and of a state."""

    vocab_size: int
    block_size: int
    n_embd: int

    def __post_init__(self):
        for name in ("vocab_size", "block_size", "n_embd"):
            object.__setattr__(self, name, checked_size(name, getattr(self, name)))


class RNN(LanguageModel):
    """A table of tokens, one recurrent layer, and a head of its own."""

    name = "rnn"
    kind = "an RNN, which has one recurrent layer"

    @staticmethod
    def parameter_shapes(config):
        """The name and shape of every parameter, in the order of the forward pass."""
        V, C = config.vocab_size, config.n_embd
        return {
            "embedding.weight": (V, C),
            "rnn.Wx": (C, C),
            "rnn.Wh": (C, C),
            "rnn.b": (C,),
            "head.weight": (V, C),
        }

    @staticmethod
    def initial_parameters(config, seed, dtype):
        """Normal numbers by which neither the state nor its gradient grows or shrinks much from step to step.

        Tokens of variance 1, and of the matrices a variance of 1 / C: a sum of C products has variance 1. The
        head is small, so that every token is about equally likely.
        """
        std = {"embedding.weight": 1, "rnn.Wx": 1 / math.sqrt(config.n_embd), "rnn.b": 0, "head.weight": 0.02}
        std["rnn.Wh"] = std["rnn.Wx"]
        rng = np.random.default_rng(seed)
        return {
            name: to_device((std[name] * rng.standard_normal(shape)).astype(dtype))
            for name, shape in RNN.parameter_shapes(config).items()
        }

    @staticmethod
    def config_of(directory):
        """The RNNConfig of a directory that save_pretrained wrote. Raises ValueError for another model."""
        json_config = read_config(directory)
        if json_config.get("model_type") != MODEL_TYPE:
            raise ValueError(f"{directory} does not hold an RNN")
        return RNNConfig(*(json_config.get(name) for name in ("vocab_size", "block_size", "n_embd")))

    def config_json(self):
        """What config.json says of the model, a dict."""
        return {"model_type": MODEL_TYPE} | asdict(self.config)

    def forward(self, idx, rngs=None):
        """idx (B, T) int -> logits (B, T, V), cache. rngs is not used: there is no dropout here."""
        self.check_ids(idx)
        h, hidden = self.forward_hidden(idx, self.empty_state(len(idx)))
        logits, head = unembedding_forward(h, self.params["head.weight"])
        return logits, (hidden, head)

    def backward(self, dlogits, cache, grads=None):
        """dlogits (B, T, V) -> grads, a dict shaped as params; with grads given, adds into it."""
        (embed, rnn), head = cache
        grads = {} if grads is None else grads
        dw = {}
        dh, dw["head.weight"] = unembedding_backward(dlogits, head)
        dx, dw["rnn.Wx"], dw["rnn.Wh"], dw["rnn.b"], _ = recurrence_backward(dh, rnn)
        dw["embedding.weight"] = embedding_backward(dx, embed)
        for name, grad in dw.items():
            accumulate(grads, name, grad)
        return grads

    def forward_hidden(self, idx, state):
        """All states: idx (B, T) int, state (B, C), that before the first token -> h (B, T, C), cache."""
        w = self.params
        x, embed = embedding_forward(w["embedding.weight"], idx)
        h, rnn = recurrence_forward(x, w["rnn.Wx"], w["rnn.Wh"], w["rnn.b"], state)
        return h, (embed, rnn)

    def empty_state(self, n_rows):
        """The state of n_rows texts of which nothing was read yet, (n_rows, C)."""
        return xp.zeros((n_rows, self.config.n_embd), dtype=self.params["embedding.weight"].dtype)
