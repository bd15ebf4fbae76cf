"""The smallest language model: one (V, V) table says how likely each token is to follow each other one.

    logits[b, t] = table[idx[b, t]]                      softmax(table[v]) = P(next token | token v)

It looks back one token and no further, so it learns which letters or words are neighbours and nothing
else. What a GPT reaches below its loss is what context is worth. Backward: the table is an embedding
whose rows are logits, so its gradient is the embedding's.
"""

from dataclasses import asdict, dataclass

import numpy as np

from minigpt.backend import to_device
from minigpt.interchange.huggingface import read_config, read_params, write_model
from minigpt.language_model import LanguageModel, accumulate
from minigpt.layers import embedding_backward, embedding_forward

MODEL_TYPE = "minigpt-bigram"


@dataclass(frozen=True)
class BigramConfig:
    """vocab_size, and block_size: the windows it is trained on, though it sees one token at a time."""

    vocab_size: int
    block_size: int

    def __post_init__(self):
        for name in ("vocab_size", "block_size"):
            value = getattr(self, name)
            if not isinstance(value, int) or value < 1:
                raise ValueError(f"{name} is {value!r} but must be a whole number of at least 1")


class BigramLM(LanguageModel):
    """One table of logits, params["table.weight"] (V, V)."""

    def __init__(self, config, seed=0, dtype="float32"):
        self.config = config
        table = 0.02 * np.random.default_rng(seed).standard_normal((config.vocab_size, config.vocab_size))
        self.params = {"table.weight": to_device(table.astype(dtype))}

    @classmethod
    def from_pretrained(cls, directory):
        """Open a directory that save_pretrained wrote. Raises FileNotFoundError or ValueError."""
        json_config = read_config(directory)
        if json_config.get("model_type") != MODEL_TYPE:
            raise ValueError(f"{directory} does not hold a bigram model")
        model = object.__new__(cls)
        model.config = BigramConfig(json_config.get("vocab_size"), json_config.get("block_size"))
        V = model.config.vocab_size
        params = read_params(directory, {"table.weight": (V, V)})
        model.params = {name: to_device(param) for name, param in params.items()}
        return model

    def save_pretrained(self, directory):
        """Write config.json and model.safetensors."""
        write_model(directory, {"model_type": MODEL_TYPE} | asdict(self.config), self.params)

    def forward(self, idx, rngs=None):
        """idx (B, T) int -> logits (B, T, V), cache. rngs is not used: there is no dropout in a table."""
        self.check_ids(idx)
        return embedding_forward(self.params["table.weight"], idx)

    def backward(self, dlogits, cache, grads=None):
        """dlogits (B, T, V) -> grads, {"table.weight": (V, V)}; with grads given, adds into it."""
        grads = {} if grads is None else grads
        accumulate(grads, "table.weight", embedding_backward(dlogits, cache))
        return grads
