"""From scores to a token: pure functions over logits (B, V), and the order in which they apply.

    repetition penalty θ   seen tokens: z/θ if z > 0, else z·θ (Keskar et al., 2019, arXiv:1909.05858, CTRL)
    temperature τ          z / τ: below 1 bolder, above 1 wilder, 0 always the likeliest token ("greedy")
    top-k                  only the k likeliest tokens (Fan et al., 2018, arXiv:1805.04833)
    top-p                  only the fewest tokens that together reach probability p (Holtzman et al., 2020,
                           arXiv:1904.09751, "nucleus sampling")
    min-p                  only tokens at least p times as likely as the likeliest (Nguyen et al., 2024,
                           arXiv:2407.01082)

What is left out gets the score −∞, hence the probability 0. The order is that of transformers, so the same
settings mean the same distribution there.
"""

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Sampling:
    """How the next token is picked. Raises ValueError, in a sentence, for a setting out of range."""

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None
    min_p: float | None = None
    repetition_penalty: float = 1.0

    def __post_init__(self):
        if not 0 <= self.temperature < math.inf:
            raise ValueError(f"temperature is {self.temperature} but must be 0 (greedy) or a positive number")
        if self.top_k is not None and self.top_k < 1:
            raise ValueError(f"top_k is {self.top_k} but must keep at least 1 token")
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise ValueError(f"top_p is {self.top_p} but must be above 0 and at most 1")
        if self.min_p is not None and not 0 <= self.min_p <= 1:
            raise ValueError(f"min_p is {self.min_p} but must be at least 0 and at most 1")
        if not 0 < self.repetition_penalty < math.inf:
            raise ValueError(
                f"repetition_penalty is {self.repetition_penalty} but must be a positive number; 1 is none"
            )


def pick(logits, sampling, rngs):
    """One token a row: logits (B, V), one random generator a row (rngs) -> tokens (B,) int.

    Raises ValueError for logits that are no numbers, as a diverged model gives.
    """
    if not math.isfinite(logits.max()):
        raise ValueError("the model's scores are not finite numbers: it diverged, or its file is damaged")
    if sampling.temperature == 0:
        return logits.argmax(-1)
    return draw(token_probabilities(logits, sampling), np.array([rng.random() for rng in rngs]))


def token_probabilities(logits, sampling):
    """The distribution that pick draws from: logits (B, V) -> (B, V) float64, every row sums to 1.

    Temperature 0 leaves the scores as they are: it takes the likeliest token, and this is how likely it was.
    """
    logits = logits.astype(np.float64)
    if sampling.temperature > 0:
        logits = apply_temperature(logits, sampling.temperature)
    if sampling.top_k is not None:
        logits = keep_top_k(logits, sampling.top_k)
    if sampling.top_p is not None:
        logits = keep_top_p(logits, sampling.top_p)
    if sampling.min_p is not None:
        logits = keep_min_p(logits, sampling.min_p)
    return softmax(logits)


def draw(probabilities, uniforms):
    """Pick one token a row by inverting the cumulative distribution.

    probabilities (B, V), uniforms (B,) in [0, 1) -> (B,) int.
    """
    cumulative = probabilities.cumsum(-1)  # rising to 1, up to rounding
    thresholds = uniforms * cumulative[:, -1]
    return (cumulative <= thresholds[:, None]).sum(-1)  # the first token that exceeds the threshold


def softmax(logits):
    """exp(z) / Σ exp(z) over the last axis."""
    exps = np.exp(logits - logits.max(-1, keepdims=True))
    exps /= exps.sum(-1, keepdims=True)
    return exps


def penalize_repetition(logits, seen, penalty):
    """Make tokens that occurred already less likely (penalty > 1): seen (B, V) bool."""
    return np.where(seen, np.where(logits > 0, logits / penalty, logits * penalty), logits)


def apply_temperature(logits, temperature):
    """z / τ, with each row shifted to a maximum of 0: that changes nothing, and no small τ overflows."""
    return (logits - logits.max(-1, keepdims=True)) / temperature


def keep_top_k(logits, k):
    """−∞ for all but the k highest of each row, and those that equal the k-th."""
    if k >= logits.shape[-1]:
        return logits
    kth_highest = np.partition(logits, -k, axis=-1)[:, -k, None]  # (B, 1)
    return np.where(logits < kth_highest, -np.inf, logits)


def keep_top_p(logits, p):
    """−∞ for all but the fewest tokens of each row, likeliest first, whose probability reaches p."""
    kept = np.full_like(logits, -np.inf)
    for row, probabilities in enumerate(softmax(logits)):
        # Sorting a whole vocabulary takes longer than the rest together. Tokens of at most (1 − p) / V
        # share less than 1 − p among them, so the others reach p and only these have to be sorted.
        candidates = np.flatnonzero(probabilities > (1 - p) / logits.shape[-1])
        candidates = candidates[np.argsort(-probabilities[candidates], kind="stable")]
        likelier = np.cumsum(probabilities[candidates]) - probabilities[candidates]  # the mass before each
        nucleus = candidates[likelier < p]
        kept[row, nucleus] = logits[row, nucleus]
    return kept


def keep_min_p(logits, p):
    """−∞ for tokens less than p times as likely as the likeliest of their row."""
    if p == 0:
        return logits
    return np.where(logits < logits.max(-1, keepdims=True) + math.log(p), -np.inf, logits)
