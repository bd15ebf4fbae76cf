"""BERT's exercise (Devlin et al., 2018, arXiv:1810.04805, section 3.1): guess tokens that were taken out.

Of all tokens 15 % are chosen, each by itself, and are the only ones that count. What the model sees there is

    [MASK]              80 times of 100
    any other token     10 times, drawn by chance from the whole vocabulary
    the token itself    10 times

A gap that is to be filled always shows [MASK]. With the other fifth no token can be trusted, so that the
model makes something of every place, and not of the masks alone.

A special token (the end of a text, <|unk|>) is never chosen.
"""

import numpy as np

from minigpt.layers import IGNORED

CHOSEN, MASKED, REPLACED = 0.15, 0.8, 0.1  # of all tokens; of those chosen


def mask_tokens(ids, special, mask, n_vocab, rng):
    """Hide tokens: ids (B, T) int -> what the model sees (B, T), and targets (B, T), −100 but where chosen.

    special: the ids that are never chosen; mask: that of [MASK].
    """
    chosen = rng.random(ids.shape) < CHOSEN
    chosen &= ~np.isin(ids, list(special))
    fate = rng.random(ids.shape)
    others = rng.integers(n_vocab, size=ids.shape)
    seen = np.where(chosen & (fate < MASKED), mask, ids)
    seen = np.where(chosen & (MASKED <= fate) & (fate < MASKED + REPLACED), others, seen)
    return seen, np.where(chosen, ids, IGNORED)
