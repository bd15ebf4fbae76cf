"""Guess tokens that were taken out of a text, from both sides: what BERT is trained for, and a GPT cannot do.

An example is a window of the text in which 15 % of the tokens are hidden (filling/masking.py); they are what
counts. Every step takes windows of another length, up to the context, because a sentence with a gap in it is
short and begins anywhere.
"""

import numpy as np

from minigpt.backend import to_device, to_host
from minigpt.filling.gaps import describe_gaps
from minigpt.filling.masking import mask_tokens
from minigpt.layers import IGNORED
from minigpt.tasks.pretrain import PretrainTask
from minigpt.tasks.samples import sample_prompts
from minigpt.training.corpus import random_batch, sliding_windows
from minigpt.training.evaluation import perplexity
from tokenizer.base import MASK

SHORTEST = 8  # tokens of a window
WINDOWS = 64  # of the validation text, taken together


class FillTask(PretrainTask):
    special_tokens = (MASK,)

    def batch(self, step):
        """Windows from random places, all of one random length, and their targets."""
        rng = np.random.default_rng([self.args.seed, step])
        length = int(rng.integers(min(SHORTEST, self.block_size), self.block_size + 1))
        ids, _ = random_batch(self.corpus.train, length, self.args.batch_size * self.args.grad_accum, rng)
        return self.masked(ids, rng)

    def masked(self, ids, rng):
        """A batch of ids with 15 % of them hidden, and the targets."""
        tokenizer = self.tokenizer
        special = tokenizer.special_tokens.values()
        return mask_tokens(ids, special, tokenizer.special_tokens[MASK], tokenizer.n_vocab, rng)

    def validation_batches(self, max_windows=None):
        """Windows side by side, the same tokens of them hidden each time: batches."""
        windows, _ = sliding_windows(self.corpus.validation, self.block_size, stride=self.block_size)
        n = len(windows) if max_windows is None else min(max_windows, len(windows))
        chosen = np.linspace(0, len(windows) - 1, n).astype(int)
        for start in range(0, n, WINDOWS):
            rows = chosen[start : start + WINDOWS]
            yield self.masked(windows[rows].astype(np.int64), np.random.default_rng([0, int(rows[0])]))

    def validation_loss(self, runner, max_windows=None):
        """The mean loss of the hidden tokens, a float in nats."""
        total = n_hidden = 0
        for seen, targets in self.validation_batches(max_windows):
            n = runner.model.n_counted(seen, targets)
            total += n * runner.loss(seen, targets)
            n_hidden += n
        return total / max(1, n_hidden)

    def save(self, directory):
        self.tokenizer.save(directory)

    def report(self, runner, directory):
        """Print how well the hidden tokens of the whole validation text are guessed."""
        loss = self.validation_loss(runner)
        n_hidden = n_right = 0
        for seen, targets in self.validation_batches():
            hidden = targets != IGNORED
            logits, _ = runner.model.forward(to_device(seen), chosen=to_device(hidden))
            n_hidden += int(hidden.sum())
            n_right += int((to_host(logits).argmax(-1) == targets[hidden]).sum())
        print(
            f"validation loss {loss:.4f}, perplexity {perplexity(loss):.2f}; of {n_hidden:,} hidden tokens "
            f"{n_right / max(1, n_hidden):.1%} are guessed right"
        )

    def show(self, model):
        """Print what the model puts into beginnings of the validation text, a token of which is taken out."""
        for prompt in sample_prompts(self.split):
            ids = self.tokenizer.encode(prompt, allowed_special="all")[: self.block_size]
            ids[len(ids) // 2] = self.tokenizer.special_tokens[MASK]
            print(f"\n--- {self.tokenizer.decode(ids)}", *describe_gaps(model, self.tokenizer, ids), sep="\n")
