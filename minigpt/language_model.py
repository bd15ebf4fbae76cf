"""What every model here shares: ids in, scores of the next token out, one way to be trained and to be stored.

A language model has a `config` with vocab_size and block_size, a dict `params`, and the pair

    forward(idx) -> logits, cache           backward(dlogits, cache, grads) -> grads

The loss between the two is the same for all: cross-entropy of the token that really came next.
"""

from minigpt.backend import to_device
from minigpt.interchange.huggingface import read_params, write_model
from minigpt.layers import IGNORED, cross_entropy_backward, cross_entropy_forward


def accumulate(grads, name, grad):
    """Add a gradient into grads[name]: a parameter that is used twice sums its gradients."""
    if name in grads:
        grads[name] += grad
    else:
        grads[name] = grad


class LanguageModel:
    """The training interface, and a directory for each model. A model supplies forward and backward, and

    parameter_shapes(config)                   the name and shape of every parameter, a dict
    initial_parameters(config, seed, dtype)    random ones
    config_of(directory), config_json()        its sizes, out of a config.json and into one
    """

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
        return cross_entropy_forward(self.forward(idx)[0], targets, n_counted)[0]

    def loss_and_grads(self, idx, targets, rngs=None, n_counted=None, grads=None):
        """Mean cross-entropy in nats (a 0-d array) and its gradients, a dict shaped as params.

        idx, targets (B, T) int; targets of -100 are not counted. rngs, one random generator a sequence,
        switches dropout on. A part of a batch gives n_counted, the count of targets in the whole batch,
        and passes grads on from part to part to have them summed. Raises ValueError for ids out of range.
        """
        logits, cache = self.forward(idx, rngs)
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
        if idx.ndim != 2 or idx.dtype.kind not in "iu":
            raise ValueError(
                f"token ids must be integers of shape (B, T), not {idx.dtype} of shape {idx.shape}"
            )
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
