"""Texts with gaps, [MASK], and what a model puts into them.

    每一次[MASK]都让你感动     ->     努力 71 %, 进步 8 %, …

A gap is one token. Several gaps are guessed at once, each by itself: the probabilities of one know nothing of
what is put into the other. So the text is filled in one after the other, the surest first, and every further
one is guessed anew beside what stands there already.

A blank before [MASK] belongs to the gap where tokens bring their blank along (BPE: "␣cat"), as with RoBERTa.
"""

import numpy as np

from minigpt.backend import to_device, to_host
from minigpt.generation.probability_line import probability_line, show
from minigpt.generation.sampling import Sampling, softmax
from minigpt.terminal import quoted
from tokenizer import BPETokenizer
from tokenizer.base import MASK

AS_IT_IS = Sampling(temperature=0)  # the model's own probabilities


def ids_with_gaps(tokenizer, text):
    """The ids of a text, that of [MASK] in its gaps. Raises ValueError for a text without one."""
    if MASK not in text:
        raise ValueError(f"{quoted(text)} has no gap: write {MASK} where something is missing")
    return ids_to_fill(tokenizer, text)


def ids_to_fill(tokenizer, text):
    """The ids of a text, with gaps or without, as the model was trained to see it."""
    if isinstance(tokenizer, BPETokenizer):
        text = text.replace(f" {MASK}", MASK)
    return tokenizer.encode(text, allowed_special={MASK}, disallowed_special=())


def gaps_of(tokenizer, ids):
    """The places of the gaps, a list."""
    return np.flatnonzero(np.array(ids) == tokenizer.special_tokens[MASK]).tolist()


def gap_logits(model, tokenizer, ids):
    """The scores of all tokens for each gap, (gaps, V). Raises ValueError for too long a text."""
    idx = to_device(np.array([ids]))
    logits, _ = model.forward(idx, chosen=idx == tokenizer.special_tokens[MASK])
    logits = np.array(to_host(logits))
    logits[:, tokenizer.special_tokens[MASK]] = -np.inf  # a gap is filled with something
    return logits


def fill(model, tokenizer, ids):
    """The ids with every gap filled by its likeliest token, the surest gap first."""
    ids = list(ids)
    while gaps := gaps_of(tokenizer, ids):
        probabilities = softmax(gap_logits(model, tokenizer, ids))
        surest = int(probabilities.max(-1).argmax())
        ids[gaps[surest]] = int(probabilities[surest].argmax())
    return ids


def filled_text(tokenizer, ids, filled):
    """The text with its gaps filled, `filled` its ids then: a line end in a gap is ↵, those around stay."""
    line_ends = [place for place in gaps_of(tokenizer, ids) if "\n" in tokenizer.decode([filled[place]])]
    half_filled = list(filled)
    for place in line_ends:
        half_filled[place] = ids[place]
    text = tokenizer.decode(half_filled)
    for place in line_ends:
        text = text.replace(MASK, show(tokenizer, filled[place]), 1)
    return text


def describe_gaps(model, tokenizer, ids):
    """The text filled in, and a line for each gap, of the likeliest tokens with their probabilities."""
    lines = [filled_text(tokenizer, ids, fill(model, tokenizer, ids))]
    for number, logits in enumerate(gap_logits(model, tokenizer, ids), 1):
        lines.append(f"gap {number}: {probability_line(tokenizer, int(logits.argmax()), logits, AS_IT_IS)}")
    return lines
