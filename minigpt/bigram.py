"""The smallest language model: one (V, V) table says how likely each token is to follow each other one.

    logits[b, t] = table[idx[b, t]]                      softmax(table[v]) = P(next token | token v)

It looks back one token and no further, so it learns which letters or words are neighbours and nothing
else. What a GPT reaches below its loss is what context is worth. Backward: the table is an embedding
whose rows are logits, so its gradient is the embedding's.
"""

from dataclasses import asdict, dataclass

import numpy as np

from minigpt.backend import to_device
from minigpt.interchange.config_file import read_config
from minigpt.language_model import LanguageModel, accumulate, checked_size
from minigpt.layers import embedding_backward, embedding_forward

MODEL_TYPE = "minigpt-bigram"


@dataclass(frozen=True)
class BigramConfig:
    """vocab_size, and block_size: the windows it is trained on, though it sees one token at a time."""

    vocab_size: int
    block_size: int

    def __post_init__(self):
        for name in ("vocab_size", "block_size"):
            object.__setattr__(self, name, checked_size(name, getattr(self, name)))


class BigramLM(LanguageModel):
    """One table of logits, params["table.weight"] (V, V)."""

    name = "bigram"
    kind = "a bigram model, which sees one token only"

    @staticmethod
    def parameter_shapes(config):
        """{"table.weight": (V, V)}."""
        return {"table.weight": (config.vocab_size, config.vocab_size)}

    @staticmethod
    def initial_parameters(config, seed, dtype):
        """Normal numbers of standard deviation 0.02: every token about equally likely."""
        table = 0.02 * np.random.default_rng(seed).standard_normal((config.vocab_size, config.vocab_size))
        return {"table.weight": to_device(table.astype(dtype))}

    @staticmethod
    def config_of(directory):
        """The BigramConfig of a directory that save_pretrained wrote. Raises ValueError for another model."""
        json_config = read_config(directory)
        if json_config.get("model_type") != MODEL_TYPE:
            raise ValueError(f"{directory} does not hold a bigram model")
        return BigramConfig(json_config.get("vocab_size"), json_config.get("block_size"))

    def config_json(self):
        """What config.json says of the model, a dict."""
        return {"model_type": MODEL_TYPE} | asdict(self.config)

    def forward(self, idx, rngs=None):
        """idx (B, T) int -> logits (B, T, V), cache. rngs is not used: there is no dropout in a table."""
        self.check_ids(idx)
        return embedding_forward(self.params["table.weight"], idx)

    def backward(self, dlogits, cache, grads=None):
        """dlogits (B, T, V) -> grads, {"table.weight": (V, V)}; with grads given, adds into it."""
        grads = {} if grads is None else grads
        accumulate(grads, "table.weight", embedding_backward(dlogits, cache))
        return grads
