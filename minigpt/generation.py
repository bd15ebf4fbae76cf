"""Text from a model: score the next token, pick one, append it, again.

`generate_text_simple` is that sentence as a program, for reading. `generate` adds ways to pick:

    temperature τ   softmax(logits / τ): below 1 bolder, above 1 wilder, 0 always the most likely token
    top-k           only the k most likely tokens (Fan et al., 2018, arXiv:1805.04833)
    top-p           only the fewest tokens that together reach probability p (Holtzman et al., 2020,
                    arXiv:1904.09751, "nucleus sampling")
"""

import math

import numpy as np

from minigpt.backend import to_device, to_host


def generate_text_simple(model, idx, max_new_tokens, context_size):
    """Greedy continuation, the simplest complete program: idx (B, T) int -> (B, T + max_new_tokens)."""
    for _ in range(max_new_tokens):
        context = idx[:, -context_size:]  # the model sees no further back than this
        logits, _ = model.forward(to_device(context))  # (B, T, V)
        next_token = to_host(logits[:, -1]).argmax(-1)  # (B,)
        idx = np.concatenate([idx, next_token[:, None]], axis=1)
    return idx


def generate(model, idx, max_new_tokens, temperature=1.0, top_k=None, top_p=None, seed=None, stop_token=None):
    """Continue token ids: idx (B, T) int -> (B, T + n), n <= max_new_tokens.

    The context slides: beyond block_size the oldest tokens are forgotten. With stop_token, generation
    ends when every row has produced it; a row that has repeats it until the others are done.
    Raises ValueError for settings out of range.
    """
    check_sampling(max_new_tokens, temperature, top_k, top_p)
    idx = np.asarray(idx)
    rng = np.random.default_rng(seed)
    done = np.zeros(len(idx), dtype=bool)
    for _ in range(max_new_tokens):
        context = idx[:, -model.config.block_size :]
        logits, _ = model.forward(to_device(context))
        next_token = sample(to_host(logits[:, -1]), temperature, top_k, top_p, rng)  # (B,)
        if stop_token is not None:
            next_token[done] = stop_token
            done |= next_token == stop_token
        idx = np.concatenate([idx, next_token[:, None]], axis=1)
        if done.all():
            break
    return idx


def check_sampling(max_new_tokens, temperature, top_k, top_p):
    """Raise ValueError, in a sentence, for sampling settings out of range."""
    if max_new_tokens < 0:
        raise ValueError(f"max_new_tokens is {max_new_tokens} but cannot be negative")
    if not (0 <= temperature < math.inf):
        raise ValueError(f"temperature is {temperature} but must be 0 (greedy) or a positive number")
    if top_k is not None and top_k < 1:
        raise ValueError(f"top_k is {top_k} but must keep at least 1 token")
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError(f"top_p is {top_p} but must be above 0 and at most 1")


def sample(logits, temperature, top_k, top_p, rng):
    """Pick one token a row: logits (B, V) -> (B,) int."""
    if temperature == 0:
        return logits.argmax(-1)
    logits = logits.astype(np.float64) / temperature
    if top_k is not None:
        logits = keep_top_k(logits, top_k)
    if top_p is not None:
        logits = keep_top_p(logits, top_p)
    cumulative = softmax(logits).cumsum(-1)  # (B, V), rising to 1
    draws = rng.random((len(logits), 1)) * cumulative[:, -1:]
    return (cumulative <= draws).sum(-1)  # the first token whose cumulative probability exceeds the draw


def softmax(logits):
    """exp(z) / Σ exp(z) over the last axis."""
    exps = np.exp(logits - logits.max(-1, keepdims=True))
    return exps / exps.sum(-1, keepdims=True)


def keep_top_k(logits, k):
    """−∞ for all but the k highest of each row, and those that equal the k-th."""
    if k >= logits.shape[-1]:
        return logits
    kth_highest = np.partition(logits, -k, axis=-1)[:, -k, None]  # (B, 1)
    return np.where(logits < kth_highest, -np.inf, logits)


def keep_top_p(logits, p):
    """−∞ for all but the fewest tokens of each row, most likely first, whose probability reaches p."""
    order = np.argsort(-logits, axis=-1, kind="stable")
    probabilities = softmax(np.take_along_axis(logits, order, -1))
    before = probabilities.cumsum(-1) - probabilities  # the mass of all likelier tokens
    kept = np.empty_like(logits, dtype=bool)
    np.put_along_axis(kept, order, before < p, -1)
    return np.where(kept, logits, -np.inf)
