"""A GPT that sorts texts: the hidden state of a text's last token, times one small matrix, scores the labels.

    h = GPT without its head (idx)       (B, T, C)
    s = h[last real token] Wᵀ            (B, n_labels)     W, score.weight (n_labels, C)

Names and shapes are those of transformers' GPT2ForSequenceClassification.

The last token is the one that has seen the whole text. Every text ends with the same one, a line end: what
is read then depends on the text alone, not on which word happens to be its last (the "extract" token of
Radford et al., 2018, Improving Language Understanding by Generative Pre-Training, section 3.3).

Texts of a batch are padded on the right to one
length, and no attention mask is needed for that: attention is causal, so the padding, which comes later,
is out of sight of every real token; and what is computed at the padding is never read. For the same
reason the gradient is zero there.

Backward. Of all hidden states only those of the last real tokens were used:

    dW = Σ ds hᵀ         dh[last] = ds W,  zero elsewhere
"""

import dataclasses

import numpy as np

from minigpt.backend import to_device, to_host, xp
from minigpt.finetuning.lora import LoRAGPT, save_adapter
from minigpt.interchange.huggingface import (
    gpt2_config_json,
    gpt_config_fields,
    read_config,
    read_params,
    write_model,
)
from minigpt.language_model import accumulate
from minigpt.layers import cross_entropy_backward, cross_entropy_forward
from minigpt.model import GPT, INIT_STD, GPTConfig, parameter_shapes

ARCHITECTURE = "GPT2ForSequenceClassification"
END = "\n"  # ends every text


def pool_forward(hidden, last):
    """Pick one token a text: hidden (B, T, C), last (B,) int -> out (B, C), cache."""
    rows = xp.arange(len(last))
    return hidden[rows, last], (rows, last, hidden.shape)


def pool_backward(dout, cache):
    """dout (B, C) -> dhidden (B, T, C), zero but for the tokens picked."""
    rows, last, shape = cache

    # out = hidden[rows, last]
    dhidden = xp.zeros(shape, dtype=dout.dtype)
    dhidden[rows, last] = dout
    return dhidden


def score_forward(x, weight):
    """x (B, C), weight (n_labels, C) -> scores (B, n_labels), cache."""
    return x @ weight.T, (x, weight)


def score_backward(dout, cache):
    """dout (B, n_labels) -> dx (B, C), dweight (n_labels, C)."""
    x, weight = cache

    # out = x @ weight.T
    return dout @ weight, dout.T @ x


class GPTClassifier:
    """A GPT, the matrix score.weight, and the names of the labels; trained as language models are."""

    def __init__(self, gpt, labels, pad_token_id, seed=0):
        """A new head on a GPT, whose arrays are shared, not copied.

        labels: the names, in the order of the scores. pad_token_id fills batches up on the right.
        Raises ValueError for fewer than two labels, or a name that comes twice.
        """
        if len(set(labels)) < max(2, len(labels)):
            raise ValueError(f"the labels are {list(labels)} but must be at least two different ones")
        self.gpt = gpt
        self.labels = list(labels)
        self.pad_token_id = pad_token_id
        self.class_weights = None  # (n_labels,): how often a text of each label counts in the loss
        dtype = gpt.params["wte.weight"].dtype
        score = INIT_STD * np.random.default_rng(seed).standard_normal((len(labels), gpt.config.n_embd))
        self.params = {name: param for name, param in gpt.params.items() if name != "lm_head.weight"}
        self.params["score.weight"] = to_device(score.astype(dtype))

    @property
    def config(self):
        return self.gpt.config

    @property
    def frozen(self):
        return self.gpt.frozen

    def n_params(self):
        """How many numbers the model consists of."""
        return sum(param.size for param in self.params.values())

    def trained_params(self):
        """The parameters that have gradients, a dict by name."""
        return {name: param for name, param in self.params.items() if name not in self.frozen}

    def forward(self, idx, rngs=None):
        """idx (B, T) int, padded on the right with pad_token_id -> scores (B, n_labels), cache."""
        hidden, hidden_cache = self.gpt.forward_hidden(idx, rngs)
        last = xp.where(idx != self.pad_token_id, xp.arange(idx.shape[1]), 0).max(1)  # (B,)
        pooled, pool_cache = pool_forward(hidden, last)
        scores, score_cache = score_forward(pooled, self.params["score.weight"])
        return scores, (hidden_cache, pool_cache, score_cache)

    def backward(self, dscores, cache, grads=None):
        """dscores (B, n_labels) -> grads, a dict by name; with grads given, adds into it."""
        hidden_cache, pool_cache, score_cache = cache
        grads = {} if grads is None else grads
        dpooled, dscore_weight = score_backward(dscores, score_cache)
        accumulate(grads, "score.weight", dscore_weight)
        self.gpt.backward_hidden(pool_backward(dpooled, pool_cache), hidden_cache, grads)
        return grads

    def n_counted(self, idx, targets):
        """What the summed losses of a batch are divided by: its texts, each as often as it counts."""
        return (
            len(targets) if self.class_weights is None else float(to_host(self.class_weights)[targets].sum())
        )

    def loss(self, idx, targets, n_counted=None):
        """Mean cross-entropy of the labels, a 0-d array; targets (B,) int."""
        return cross_entropy_forward(self.forward(idx)[0], targets, n_counted, self.class_weights)[0]

    def loss_and_grads(self, idx, targets, rngs=None, n_counted=None, grads=None):
        """Mean cross-entropy of the labels (a 0-d array) and its gradients, as LanguageModel's."""
        scores, cache = self.forward(idx, rngs)
        loss, loss_cache = cross_entropy_forward(scores, targets, n_counted, self.class_weights)
        return loss, self.backward(cross_entropy_backward(1.0, loss_cache), cache, grads)

    def balance(self, counts):
        """Let every label weigh the same in the loss, whatever its count: w = N / (n_labels · count)."""
        dtype = self.params["score.weight"].dtype
        weights = [sum(counts) / (len(counts) * max(count, 1)) for count in counts]
        self.class_weights = to_device(np.asarray(weights, dtype=dtype))

    def save_pretrained(self, directory):
        """Write a GPT2ForSequenceClassification, merged; adapters besides, in the folder "adapter"."""
        score = {"score.weight": self.params["score.weight"]}
        adapted = isinstance(self.gpt, LoRAGPT)
        gpt = self.gpt.merged() if adapted else self.gpt
        names = {
            "architectures": [ARCHITECTURE],
            "id2label": {str(i): label for i, label in enumerate(self.labels)},
            "label2id": {label: i for i, label in enumerate(self.labels)},
            "pad_token_id": self.pad_token_id,
            "tie_word_embeddings": True,  # there is no head that could be tied or not
        }
        params = {name: param for name, param in gpt.params.items() if name in self.params}
        write_model(directory, gpt2_config_json(self.config) | names, params | score)
        if adapted:
            save_adapter(self.gpt, f"{directory}/adapter", task_type="SEQ_CLS", extra=score)

    @classmethod
    def from_pretrained(cls, directory):
        """Open a GPT2ForSequenceClassification directory; raises as GPT.from_pretrained does."""
        json_config = read_config(directory)
        try:
            labels = [json_config["id2label"][str(i)] for i in range(len(json_config["id2label"]))]
            pad_token_id = json_config["pad_token_id"]
        except (KeyError, TypeError):
            raise ValueError(
                f"{directory} is no classifier: config.json lacks id2label or pad_token_id"
            ) from None
        config = dataclasses.replace(GPTConfig(**gpt_config_fields(json_config)), tie_weights=True)
        shapes = parameter_shapes(config) | {"score.weight": (len(labels), config.n_embd)}
        params = {name: to_device(param) for name, param in read_params(directory, shapes).items()}
        gpt = object.__new__(GPT)
        gpt.config = config
        gpt.params = {name: param for name, param in params.items() if name != "score.weight"}
        model = cls(gpt, labels, pad_token_id)
        model.params["score.weight"] = params["score.weight"]
        return model


def is_classifier(json_config):
    """Whether a config.json describes a GPT-2 with a classification head."""
    return json_config.get("architectures") == [ARCHITECTURE]


def text_ids(tokenizer, pieces, block_size):
    """The ids of a text with its line end, at most block_size of them, and whether it had to be cut.

    pieces: the text as a list of one, or of several pieces to be encoded apart.
    """
    ids = [token for piece in pieces for token in tokenizer.encode_ordinary(piece)]
    end = tokenizer.encode_ordinary(END)
    room = block_size - len(end)
    return ids[:room] + end, len(ids) > room


def probabilities(scores):
    """Softmax over the labels, on the host: scores (B, n_labels) -> (B, n_labels), rows that sum to 1."""
    scores = to_host(scores).astype(np.float64)
    exps = np.exp(scores - scores.max(-1, keepdims=True))
    return exps / exps.sum(-1, keepdims=True)


def describe_probabilities(model, ids):
    """The labels of one text, a list of ids, with their probabilities, the likeliest first."""
    (shares,) = probabilities(model.forward(to_device(np.asarray([ids])))[0])
    order = np.argsort(-shares, kind="stable")
    return ", ".join(f"{model.labels[i]} {100 * shares[i]:.1f} %" for i in order)
