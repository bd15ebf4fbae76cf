"""What every model here shares: ids in, scores of the next token out, one way to be trained and to be stored.

A language model has a `config` with vocab_size and block_size, a dict `params`, and the pair

    forward(idx) -> logits, cache           backward(dlogits, cache, grads) -> grads

The loss between the two is the same for all: cross-entropy of the token that really came next.
"""

import numpy as np

from minigpt.backend import to_device
from minigpt.interchange.huggingface import read_params, write_model
from minigpt.layers import IGNORED, cross_entropy_backward, cross_entropy_forward
from minigpt.terminal import quoted


def accumulate(grads, name, grad):
    """Add a gradient into grads[name]: a parameter that is used twice sums its gradients."""
    if name in grads:
        grads[name] += grad
    else:
        grads[name] = grad


def checked_size(name, value):
    """A size of a model as an int. Raises ValueError for what is no whole number of at least 1.

    NumPy's integers are whole numbers; True and False are none.
    """
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise ValueError(f"{name} is {quoted(value)} but must be a whole number of at least 1")
    return int(value)


def check_targets(scores, targets):
    """Raise ValueError for targets that are not integers, one for each row of scores, that scores have.

    scores (..., V), targets (...), each from 0 to V − 1, or -100, which is not counted.
    """
    V = scores.shape[-1]
    dtype, shape = getattr(targets, "dtype", None), getattr(targets, "shape", None)
    if shape != scores.shape[:-1] or dtype.kind not in "iu":
        what = f"{dtype} of shape {shape}" if shape is not None else f"a {type(targets).__name__}"
        raise ValueError(f"targets must be integers of shape {scores.shape[:-1]}, not {what}")
    lowest, highest = int(targets.min()), int(targets.max())
    if lowest < 0:  # some are not counted, or are wrong
        counted = targets[targets != IGNORED]
        lowest = int(counted.min()) if counted.size else 0
    if lowest < 0 or highest >= V:
        raise ValueError(
            f"targets run from {lowest} to {highest} but must lie between 0 and {V - 1}, or be {IGNORED}, "
            "which is not counted"
        )


class LanguageModel:
    """The training interface, and a directory for each model. A model supplies forward and backward, and

    parameter_shapes(config)                   the name and shape of every parameter, a dict
    initial_parameters(config, seed, dtype)    random ones
    config_of(directory), config_json()        its sizes, out of a config.json and into one

    and where it is no GPT a `name`, and a `kind`, by which errors call it. One that sees what comes after a
    token, and so can continue no text, says `continues = False`.
    """

    continues = True
    name = "gpt"

    def __init__(self, config, seed=0, dtype="float32", params=None):
        """Random weights, the same for the same seed; or params: arrays by name, shared and not copied."""
        self.config = config
        self.params = self.initial_parameters(config, seed, dtype) if params is None else params

    @classmethod
    def from_pretrained(cls, directory):
        """Open a model directory in Hugging Face's format (config.json, model.safetensors).

        Raises FileNotFoundError or ValueError, with the name of what is missing or does not fit.
        """
        config = cls.config_of(directory)
        params = read_params(directory, cls.parameter_shapes(config))
        return cls(config, params={name: to_device(param) for name, param in params.items()})

    def save_pretrained(self, directory):
        """Write the model as a directory that from_pretrained can open; of a GPT, transformers can too."""
        write_model(directory, self.config_json(), self.params)

    def n_counted(self, idx, targets):
        """What the summed losses of a batch are divided by: its targets that are not -100."""
        return int((targets != IGNORED).sum())

    def loss(self, idx, targets, n_counted=None):
        """The mean cross-entropy alone, a 0-d array; see loss_and_grads."""
        logits, _ = self.forward(idx)
        check_targets(logits, targets)
        return cross_entropy_forward(logits, targets, n_counted)[0]

    def loss_and_grads(self, idx, targets, rngs=None, n_counted=None, grads=None):
        """Mean cross-entropy in nats (a 0-d array) and its gradients, a dict shaped as params.

        idx, targets (B, T) int; targets of -100 are not counted. rngs, one random generator a sequence,
        switches dropout on. A part of a batch gives n_counted, the count of targets in the whole batch,
        and passes grads on from part to part to have them summed. Raises ValueError for ids and targets out
        of range.
        """
        logits, cache = self.forward(idx, rngs)
        check_targets(logits, targets)
        loss, loss_cache = cross_entropy_forward(logits, targets, n_counted)
        dlogits = cross_entropy_backward(1.0, loss_cache)
        return loss, self.backward(dlogits, cache, grads)

    def n_params(self):
        """How many numbers the model consists of."""
        return sum(param.size for param in self.params.values())

    def trained_params(self):
        """The parameters that have gradients, a dict by name; fine-tuning may hold some of them fixed."""
        return self.params

    def check_ids(self, idx):
        """Raise ValueError for ids that are not (B, T) integers of the vocabulary, T within the context."""
        dtype, shape = getattr(idx, "dtype", None), getattr(idx, "shape", None)
        if dtype is None or len(shape) != 2 or dtype.kind not in "iu":
            what = f"a {type(idx).__name__}" if dtype is None else f"{dtype} of shape {shape}"
            raise ValueError(f"token ids must be integers of shape (B, T), not {what}")
        B, T = idx.shape
        if B * T == 0:
            raise ValueError(f"there are no tokens in an input of shape {idx.shape}: give at least one")
        if T > self.config.block_size:
            raise ValueError(
                f"the input has {T} tokens but the context holds {self.config.block_size}: "
                "shorten it, or train with a larger --block-size"
            )
        lowest, highest = int(idx.min()), int(idx.max())
        if lowest < 0 or highest >= self.config.vocab_size:
            raise ValueError(
                f"token ids run from {lowest} to {highest} but the vocabulary has ids 0 to "
                f"{self.config.vocab_size - 1}: encode the text with the model's own tokenizer"
            )
