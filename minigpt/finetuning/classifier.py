"""A GPT that sorts texts: the hidden state of a text's last token, times one small matrix, scores the labels.

    h = GPT without its head (idx)       (B, T, C)
    s = h[last real token] Wᵀ            (B, n_labels)     W, score.weight (n_labels, C)

Names and shapes are those of transformers' GPT2ForSequenceClassification.

The last token is the one that has seen the whole text. Every text ends with the same one, a line end: what
is read then depends on the text alone, not on which word happens to be its last (the "extract" token of
Radford et al., 2018, Improving Language Understanding by Generative Pre-Training, section 3.3).

Others train without it, and a model is right only for texts that end as those it was trained on. So the
ending belongs to the model: text_end in its config.json, a key that other readers keep and pass over. A
classifier without the key was trained with a line end if its file is one of ours (they have checksums),
with none if it is not.

Texts of a batch are padded on the right to one
length, and no attention mask is needed for that: attention is causal, so the padding, which comes later,
is out of sight of every real token; and what is computed at the padding is never read. For the same
reason the gradient is zero there.

Backward. Of all hidden states only those of the last real tokens were used:

    dW = Σ ds hᵀ         dh[last] = ds W,  zero elsewhere
"""

import dataclasses
from pathlib import Path

import numpy as np

from minigpt.backend import to_device, to_host, xp
from minigpt.finetuning.lora import LoRAGPT
from minigpt.finetuning.objective import Objective
from minigpt.finetuning.peft import ADAPTER_FOLDER, save_adapter
from minigpt.finetuning.peft import WEIGHTS_FILE as ADAPTER_WEIGHTS_FILE
from minigpt.finetuning.peft_merging import merge_adapter
from minigpt.finetuning.peft_reading import read_labels
from minigpt.generation.sampling import softmax
from minigpt.interchange.config_file import CONFIG_FILE, gpt2_config_json, gpt_config_fields, read_config
from minigpt.interchange.huggingface import WEIGHTS_FILE, read_params, write_model
from minigpt.interchange.json_file import NULL, TEXT, Kind, check_fields, either, whole
from minigpt.interchange.safetensors_file import is_written_here
from minigpt.language_model import LanguageModel, accumulate, check_targets
from minigpt.layers import (
    token_losses_backward,
    token_losses_forward,
    unembedding_backward,
    unembedding_forward,
)
from minigpt.model import GPT, INIT_STD, GPTConfig, parameter_shapes
from minigpt.terminal import quoted

ARCHITECTURE = "GPT2ForSequenceClassification"
END = "\n"  # ends every text that is trained on here
NAMED_LABELS = Kind(
    "an object of texts, by number",
    lambda value: isinstance(value, dict) and all(isinstance(label, str) for label in value.values()),
)
MOST_LABELS = 1 << 20
KINDS = {  # of the keys that are read, in config.json and labels.json
    "id2label": either(NULL, NAMED_LABELS),
    "num_labels": whole(1, MOST_LABELS),
    "problem_type": either(NULL, TEXT),
    "pad_token_id": either(NULL, whole(0)),
    "text_end": TEXT,
}
SINGLE, MULTI = "single_label_classification", "multi_label_classification"


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

    def __init__(self, gpt, labels, pad_token_id, seed=0, score=None, text_end=END, multi_label=False):
        """A head on a GPT, whose arrays are shared, not copied: a new one, or score (n_labels, C).

        labels: the names, in the order of the scores. pad_token_id fills batches up on the right; with None
        a batch is one text. text_end: what every text ends with. multi_label: each label holds or not,
        whatever the others do; such a model can be asked, not trained.
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
        self.text_end = text_end
        self.multi_label = multi_label

    def trained_params(self):
        """The parameters that have gradients, a dict by name: the GPT's, and the head."""
        trained = self.gpt.trained_params().keys() | {"score.weight"}
        return {name: param for name, param in self.params.items() if name in trained}

    def forward(self, idx, rngs=None):
        """idx (B, T) int, padded on the right with pad_token_id -> scores (B, n_labels), cache.

        Raises ValueError for ids that do not fit, and for several texts without a pad_token_id.
        """
        hidden, hidden_cache = self.gpt.forward_hidden(idx, rngs)
        last = self.last_tokens(idx)
        pooled, pool_cache = pool_forward(hidden, last)
        scores, score_cache = unembedding_forward(pooled, self.params["score.weight"])
        return scores, (hidden_cache, pool_cache, score_cache)

    def last_tokens(self, idx):
        """Where each text ends: idx (B, T) int -> (B,) int."""
        if self.pad_token_id is None:
            if len(idx) > 1:
                raise ValueError(
                    f"this classifier has no pad_token_id, so where {len(idx)} texts end cannot be told: "
                    "give it one text at a time"
                )
            return xp.full(1, idx.shape[1] - 1)
        return xp.where(idx != self.pad_token_id, xp.arange(idx.shape[1]), 0).max(1)

    def backward(self, dscores, cache, grads=None):
        """dscores (B, n_labels) -> grads, a dict by name; with grads given, adds into it."""
        hidden_cache, pool_cache, score_cache = cache
        grads = {} if grads is None else grads
        dpooled, dscore_weight = unembedding_backward(dscores, score_cache)
        accumulate(grads, "score.weight", dscore_weight)
        self.gpt.backward_hidden(pool_backward(dpooled, pool_cache), hidden_cache, grads)
        return grads

    def names(self):
        """What config.json says of the labels, and of the texts that they are asked for, a dict."""
        return {
            "id2label": {str(i): label for i, label in enumerate(self.labels)},
            "label2id": {label: i for i, label in enumerate(self.labels)},
            "problem_type": MULTI if self.multi_label else SINGLE,
            "pad_token_id": self.pad_token_id,
            "text_end": self.text_end,
        }

    def save_pretrained(self, directory):
        """Write a GPT2ForSequenceClassification, merged; adapters besides, in the folder "adapter"."""
        score = {"score.weight": self.params["score.weight"]}
        adapted = isinstance(self.gpt, LoRAGPT)
        gpt = self.gpt.merged() if adapted else self.gpt
        names = self.names()
        params = {name: param for name, param in gpt.params.items() if name in self.params}
        whole = {
            "architectures": [ARCHITECTURE],
            "tie_word_embeddings": True,  # there is no head that could be tied or not
        }
        write_model(directory, gpt2_config_json(self.config) | whole | names, params | score)
        if adapted:
            save_adapter(
                self.gpt, Path(directory) / ADAPTER_FOLDER, task_type="SEQ_CLS", extra=score, labels=names
            )

    @classmethod
    def from_pretrained(cls, directory):
        """Open a GPT2ForSequenceClassification directory; raises as GPT.from_pretrained does.

        Raises ValueError as well for a model that does not sort: a regression, or no classifier at all.
        """
        json_config = read_config(directory)
        if not is_classifier(json_config):
            raise ValueError(f"{directory} is no classifier: config.json has not {ARCHITECTURE}")
        labels = labels_of(json_config, directory)
        config = dataclasses.replace(GPTConfig(**gpt_config_fields(json_config)), tie_weights=True)
        shapes = parameter_shapes(config) | {"score.weight": (len(labels), config.n_embd)}
        params = {name: to_device(param) for name, param in read_params(directory, shapes).items()}
        ours = is_written_here(Path(directory) / WEIGHTS_FILE)
        return cls.of_config(config, params, labels, json_config, END if ours else "")

    @classmethod
    def with_adapter(cls, base, directory):
        """The classifier of a base, a GPT or a GPTClassifier, and the adapter in the directory, merged.

        What PEFT leaves unsaid, names of the labels, is as in a base of as many labels, or transformers'
        defaults. Raises as merge_adapter does, and ValueError for an adapter without scores.
        """
        gpt = base.gpt if isinstance(base, GPTClassifier) else base
        params = merge_adapter(base.params, directory)
        if "score.weight" not in params:
            raise ValueError(f"{directory} is the adapter of a classifier but has no score.weight")
        n_labels = len(params["score.weight"])
        defaults = {"num_labels": n_labels}
        if isinstance(base, GPTClassifier) and len(base.labels) == n_labels:
            defaults = base.names()
        said = read_labels(directory)
        json_config = defaults if said is None else said
        ours = is_written_here(Path(directory) / ADAPTER_WEIGHTS_FILE)
        labels = labels_of(json_config, directory)
        config = dataclasses.replace(gpt.config, vocab_size=len(params["wte.weight"]), tie_weights=True)
        return cls.of_config(config, params, labels, json_config, END if ours else "")

    @classmethod
    def of_config(cls, config, params, labels, json_config, text_end):
        """The classifier of arrays and of a config.json; text_end where that does not say it."""
        params = dict(params)
        score = params.pop("score.weight")
        text_end = json_config.get("text_end", text_end)
        multi_label = json_config.get("problem_type") == MULTI
        pad = json_config.get("pad_token_id")
        gpt = GPT(config, params=params)
        return cls(gpt, labels, pad, score=score, text_end=text_end, multi_label=multi_label)


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
        scores, _ = self.model.forward(idx)
        check_targets(scores, targets)
        losses, _ = token_losses_forward(scores, targets)
        weights = self.weights[targets]
        return ((losses * weights).sum() / (n_counted or float(weights.sum()))).astype(losses.dtype)

    def loss_and_grads(self, idx, targets, rngs=None, n_counted=None, grads=None):
        """The weighted mean loss (a 0-d array) and its gradients, as LanguageModel.loss_and_grads."""
        scores, cache = self.model.forward(idx, rngs)
        check_targets(scores, targets)
        losses, losses_cache = token_losses_forward(scores, targets)
        weights = self.weights[targets]  # (B,)
        share = 1 / (n_counted or float(weights.sum()))
        loss = ((losses * weights).sum() * share).astype(losses.dtype)  # NumPy 1 makes float64 of it
        dscores = token_losses_backward(weights * share, losses_cache)
        return loss, self.model.backward(dscores, cache, grads)


def is_classifier(json_config):
    """Whether a config.json describes a GPT-2 with a classification head."""
    return json_config.get("architectures") == [ARCHITECTURE]


def labels_of(json_config, directory):
    """The names of the labels that a config.json gives, or transformers' names of num_labels, or of two.

    Raises ValueError for names that are damaged, and for a model whose score is no label's.
    """
    check_fields(f"{directory}: {CONFIG_FILE}", json_config, KINDS)
    names = json_config.get("id2label")
    if names is None:
        names = {str(i): f"LABEL_{i}" for i in range(json_config.get("num_labels", 2))}
    try:
        labels = [names[str(i)] for i in range(len(names))]
    except KeyError:
        raise ValueError(f"{directory}: id2label must name the labels 0, 1, …, not {quoted(names)}") from None
    problem = json_config.get("problem_type")
    if problem == "regression" or len(labels) == 1:
        raise ValueError(
            f"{directory} holds a regression, whose score is a number and no label's: only classifiers, of "
            "two labels or more, can be asked here"
        )
    if problem not in (None, SINGLE, MULTI):
        raise ValueError(f"{directory}: problem_type is {quoted(problem)}, which is not supported")
    return labels


def text_ids(tokenizer, pieces, block_size, text_end=""):
    """The ids of a text with the end that a model asks for, at most block_size, and whether it had to be cut.

    pieces: the text as a list of one, or of several pieces to be encoded apart.
    """
    ids = [token for piece in pieces for token in tokenizer.encode_ordinary(piece)]
    end = tokenizer.encode_ordinary(text_end)
    room = block_size - len(end)
    return ids[:room] + end, len(ids) > room


def probabilities(scores):
    """Softmax over the labels, on the host: scores (B, n_labels) -> (B, n_labels), rows that sum to 1."""
    return softmax(to_host(scores).astype(np.float64))


def independent_probabilities(scores):
    """Sigmoid, on the host: scores (B, n_labels) -> (B, n_labels), each label's by itself."""
    return (1 + np.tanh(to_host(scores).astype(np.float64) / 2)) / 2  # which no score overflows


def describe_probabilities(model, ids):
    """The labels of one text, a list of ids, with their probabilities, the likeliest first."""
    scores, _ = model.forward(to_device(np.asarray([ids])))
    (shares,) = (independent_probabilities if model.multi_label else probabilities)(scores)
    order = np.argsort(-shares, kind="stable")
    return ", ".join(f"{model.labels[i]} {100 * shares[i]:.1f} %" for i in order)
