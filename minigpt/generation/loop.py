"""Text from a model: score the next token, pick one, append it, again.

`generate_text_simple` is that sentence as a program, for reading. `token_stream` is the same loop with all
ways to pick (sampling.py) and a memory of what was computed (decoder.py); `generate` collects what it picks.
"""

from itertools import islice

import numpy as np

from minigpt.backend import to_device, to_host
from minigpt.generation.decoder import decoder_for, refuse_to_continue
from minigpt.generation.sampling import Sampling, penalize_repetition, pick


def generate_text_simple(model, idx, max_new_tokens, context_size):
    """Greedy continuation, the simplest complete program: idx (B, T) int -> (B, T + max_new_tokens)."""
    refuse_to_continue(model)
    idx = checked_ids(idx)
    for _ in range(max_new_tokens):
        context = idx[:, -context_size:]  # the model sees no further back than this
        logits, _ = model.forward(to_device(context))  # (B, T, V)
        next_token = to_host(logits[:, -1]).argmax(-1)  # (B,)
        idx = np.concatenate([idx, next_token[:, None]], axis=1)
    return idx


def generate(
    model,
    idx,
    max_new_tokens,
    temperature=1.0,
    top_k=None,
    top_p=None,
    min_p=None,
    repetition_penalty=1.0,
    seed=None,
    stop_token=None,
    use_cache=True,
):
    """Continue token ids: idx (B, T) int -> (B, T + n), n <= max_new_tokens.

    Beyond block_size the window slides (decoder.py says how). With stop_token, generation ends when every
    row has produced it; a row that has repeats it until the others are done. Row b of a seed is the same
    text however many rows there are. Raises ValueError for settings or ids out of range.
    """
    if max_new_tokens < 0:
        raise ValueError(f"max_new_tokens is {max_new_tokens} but cannot be negative")
    sampling = Sampling(temperature, top_k, top_p, min_p, repetition_penalty)
    idx = checked_ids(idx)
    done = np.zeros(len(idx), dtype=bool)
    columns = [idx]
    for tokens, _ in islice(token_stream(model, idx.tolist(), sampling, seed, use_cache), max_new_tokens):
        if stop_token is not None:
            tokens = np.where(done, stop_token, tokens)
            done |= tokens == stop_token
        columns.append(tokens[:, None])
        if done.all():
            break
    return np.concatenate(columns, axis=1)


def checked_ids(idx):
    """Ids (B, T) as int64, so that what is appended stays whole; uint64 beside int64 would make floats.

    Raises ValueError for anything but integers of two dimensions.
    """
    idx = np.asarray(idx)
    if idx.ndim != 2 or idx.dtype.kind not in "iu":
        raise ValueError(f"token ids must be integers of shape (B, T), not {idx.dtype} of shape {idx.shape}")
    if idx.size and int(idx.max()) >= 2**63:
        raise ValueError(f"the token id {int(idx.max())} is beyond any vocabulary")
    return idx.astype(np.int64, copy=False)


def token_stream(model, prompts, sampling, seed=None, use_cache=True):
    """Continue prompts without end: yields tokens (B,) int, and the logits (B, V) they were picked by.

    prompts: B lists of ids, of any lengths. Rows know nothing of each other, and each has a random
    generator of its own: whoever has enough of a row ignores it, whoever has enough of all stops asking.
    The repetition penalty is for all tokens of the row, the prompt's too, and is in the logits already.
    Raises ValueError for ids out of range.
    """
    decoder = decoder_for(model, prompts, use_cache)
    rngs = [np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(len(prompts))]
    rows = np.arange(len(prompts))
    logits = decoder.start()
    seen = np.zeros(logits.shape, dtype=bool)
    for row, prompt in enumerate(prompts):
        seen[row, prompt] = True
    while True:
        if sampling.repetition_penalty != 1:
            logits = penalize_repetition(logits, seen, sampling.repetition_penalty)
        tokens = pick(logits, sampling, rngs)
        yield tokens, logits
        if sampling.repetition_penalty != 1:
            seen[rows, tokens] = True
        logits = decoder.append(tokens)
