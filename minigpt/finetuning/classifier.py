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
from minigpt.finetuning.lora import LoRAGPT
from minigpt.finetuning.objective import Objective
from minigpt.finetuning.peft import save_adapter
from minigpt.interchange.huggingface import (
    gpt2_config_json,
    gpt_config_fields,
    read_config,
    read_params,
    write_model,
)
from minigpt.language_model import LanguageModel, accumulate
from minigpt.layers import (
    token_losses_backward,
    token_losses_forward,
    unembedding_backward,
    unembedding_forward,
)
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


class GPTClassifier(LanguageModel):
    """A GPT, the matrix score.weight, and the names of the labels; trained as language models are.

    What it scores are labels in place of tokens: idx (B, T), targets (B,) int.
    """

    def __init__(self, gpt, labels, pad_token_id, seed=0, score=None):
        """A head on a GPT, whose arrays are shared, not copied: a new one, or score (n_labels, C).

        labels: the names, in the order of the scores. pad_token_id fills batches up on the right.
        Raises ValueError for fewer than two labels, or a name that comes twice.
        """
        if len(set(labels)) < max(2, len(labels)):
            raise ValueError(f"the labels are {list(labels)} but must be at least two different ones")
        if score is None:
            score = INIT_STD * np.random.default_rng(seed).standard_normal((len(labels), gpt.config.n_embd))
            score = to_device(score.astype(gpt.params["wte.weight"].dtype))
        params = {name: param for name, param in gpt.params.items() if name != "lm_head.weight"}
        super().__init__(gpt.config, params=params | {"score.weight": score})
        self.gpt = gpt
        self.labels = list(labels)
        self.pad_token_id = pad_token_id

    def trained_params(self):
        """The parameters that have gradients, a dict by name: the GPT's, and the head."""
        trained = self.gpt.trained_params().keys() | {"score.weight"}
        return {name: param for name, param in self.params.items() if name in trained}

    def forward(self, idx, rngs=None):
        """idx (B, T) int, padded on the right with pad_token_id -> scores (B, n_labels), cache."""
        hidden, hidden_cache = self.gpt.forward_hidden(idx, rngs)
        last = xp.where(idx != self.pad_token_id, xp.arange(idx.shape[1]), 0).max(1)  # (B,)
        pooled, pool_cache = pool_forward(hidden, last)
        scores, score_cache = unembedding_forward(pooled, self.params["score.weight"])
        return scores, (hidden_cache, pool_cache, score_cache)

    def backward(self, dscores, cache, grads=None):
        """dscores (B, n_labels) -> grads, a dict by name; with grads given, adds into it."""
        hidden_cache, pool_cache, score_cache = cache
        grads = {} if grads is None else grads
        dpooled, dscore_weight = unembedding_backward(dscores, score_cache)
        accumulate(grads, "score.weight", dscore_weight)
        self.gpt.backward_hidden(pool_backward(dpooled, pool_cache), hidden_cache, grads)
        return grads

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
        score = params.pop("score.weight")
        return cls(GPT(config, params=params), labels, pad_token_id, score=score)


class BalancedLabels(Objective):
    """Every label weighs the same, however many texts it has: the loss is Σ w_y · loss_i / Σ w_y."""

    def __init__(self, model, counts):
        """counts: of each label's texts, in the order of model.labels. w_y = N / (n_labels · counts[y])."""
        super().__init__(model)
        weights = [sum(counts) / (len(counts) * max(count, 1)) for count in counts]
        self.weights = to_device(np.asarray(weights, dtype=model.params["score.weight"].dtype))

    def n_counted(self, idx, targets):
        """What the summed losses of a batch are divided by: its texts, each as often as it counts."""
        return float(to_host(self.weights)[targets].sum())

    def loss(self, idx, targets, n_counted=None):
        """The weighted mean loss alone, a 0-d array; see loss_and_grads."""
        losses, _ = token_losses_forward(self.model.forward(idx)[0], targets)
        weights = self.weights[targets]
        return ((losses * weights).sum() / (n_counted or float(weights.sum()))).astype(losses.dtype)

    def loss_and_grads(self, idx, targets, rngs=None, n_counted=None, grads=None):
        """The weighted mean loss (a 0-d array) and its gradients, as LanguageModel.loss_and_grads."""
        scores, cache = self.model.forward(idx, rngs)
        losses, losses_cache = token_losses_forward(scores, targets)
        weights = self.weights[targets]  # (B,)
        share = 1 / (n_counted or float(weights.sum()))
        loss = ((losses * weights).sum() * share).astype(losses.dtype)  # NumPy 1 makes float64 of it
        dscores = token_losses_backward(weights * share, losses_cache)
        return loss, self.model.backward(dscores, cache, grads)


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
