"""A model that answers: trained on its answers alone, and asked for the likeliest ones.

Of a prompt and its answer only the answer's tokens are targets (prompt_format.py). In a long prompt they
are few, and the head, with its V columns a large part of the work, need see no other row than theirs.
"""

from minigpt.backend import xp
from minigpt.finetuning.objective import Objective
from minigpt.finetuning.padding import batches_in_order
from minigpt.finetuning.prompt_format import trimmed
from minigpt.generation.sampling import Sampling
from minigpt.generation.text_stream import continuations
from minigpt.layers import IGNORED, cross_entropy_backward, cross_entropy_forward

PROMPTS_AT_ONCE = 32


class AnswerTuning(Objective):
    """A GPT's cross-entropy over the targets that count: only their hidden states go through the head."""

    def n_counted(self, idx, targets):
        """What the summed losses of a batch are divided by: its targets that are not -100."""
        return self.model.n_counted(idx, targets)

    def loss(self, idx, targets, n_counted=None):
        """The mean cross-entropy alone, a 0-d array; see loss_and_grads."""
        counted = targets != IGNORED  # (B, T) bool
        hidden, _ = self.model.forward_hidden(idx)
        logits, _ = self.model.forward_head(hidden[counted])
        return cross_entropy_forward(logits, targets[counted], n_counted)[0]

    def loss_and_grads(self, idx, targets, rngs=None, n_counted=None, grads=None):
        """As LanguageModel.loss_and_grads: the same loss and gradients, from fewer rows."""
        grads = {} if grads is None else grads
        counted = targets != IGNORED  # (B, T) bool
        hidden, hidden_cache = self.model.forward_hidden(idx, rngs)  # (B, T, C)
        logits, head = self.model.forward_head(hidden[counted])  # (N, V)
        loss, loss_cache = cross_entropy_forward(logits, targets[counted], n_counted)

        dlogits = cross_entropy_backward(1.0, loss_cache)
        dhidden = xp.zeros_like(hidden)
        dhidden[counted] = self.model.backward_head(dlogits, head, grads)
        self.model.backward_hidden(dhidden, hidden_cache, grads)
        return loss, grads


def greedy_answers(model, tokenizer, prompts):
    """The likeliest continuation of each prompt (a list of ids) up to <|endoftext|>: texts, trimmed.

    An answer is at most as long as what the context has left after the longest prompt beside it.
    """
    answers = [""] * len(prompts)
    for rows in batches_in_order([len(prompt) for prompt in prompts], PROMPTS_AT_ONCE):
        batch = [prompts[row] for row in rows]
        limit = max(1, model.config.block_size - max(map(len, batch)))
        for i, piece, _ in continuations(model, tokenizer, batch, Sampling(temperature=0), limit):
            answers[rows[i]] += piece
    return [trimmed(text) for text in answers]
