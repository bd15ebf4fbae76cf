"""What a model sees of growing texts: at most block_size tokens of each, in a window that slides in hops.

A token's position is part of what its key was computed from, so when the window moves, every key is out of
date and a cache of them has to be filled anew. One token at a time that would cost as much as no cache. So
the oldest quarter of the window goes at once: of the block_size tokens that a model can see, it sees between
three quarters and all. All decoders of a GPT follow this rule and therefore agree to the last token.

**Prompts of unequal length** stand left-aligned, their rows filled up with anything on the right. No
token looks right, so reading the prompts needs no mask; in a step each row writes at its own length, and
places beyond it get the score −∞.
"""

import numpy as np


class Windows:
    """The tokens that the model sees: row b is ids[b, : lengths[b]]."""

    def __init__(self, prompts, block_size):
        refuse_empty(prompts)
        self.block_size = block_size
        self.hop = max(1, block_size // 4)
        self.rows = np.arange(len(prompts))
        self.lengths = np.array([min(len(prompt), block_size) for prompt in prompts])  # (B,)
        self.longest = int(self.lengths.max())
        self.equal_lengths = len(set(self.lengths)) == 1  # and so they will stay
        self.ids = np.zeros((len(prompts), block_size), dtype=np.int64)
        for row, prompt in enumerate(prompts):
            self.ids[row, : self.lengths[row]] = prompt[-block_size:]

    def make_room(self):
        """Let the oldest tokens of full rows go. Returns the rows, those that now are hop tokens shorter."""
        full = self.rows[:0]
        if self.longest == self.block_size:
            full = np.flatnonzero(self.lengths == self.block_size)
            self.ids[full, : -self.hop] = self.ids[full, self.hop :]
            self.lengths[full] -= self.hop
            self.longest = int(self.lengths.max())
        return full

    def append(self, tokens):
        """One more token a row: (B,) int. There must be room."""
        self.ids[self.rows, self.lengths] = tokens
        self.lengths += 1
        self.longest += 1

    def padded(self):
        """All rows up to the length of the longest, (B, longest)."""
        return self.ids[:, : self.longest]


def refuse_empty(prompts):
    """Raise ValueError for a prompt without tokens."""
    if any(len(prompt) == 0 for prompt in prompts):
        raise ValueError("a prompt has no tokens: give at least one to continue from")
