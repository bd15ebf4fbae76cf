"""Naive Bayes: how far a reader comes who counts the words of labelled texts and is blind to their order."""

import math
from collections import Counter


def right_by_counting(rows):
    """The share of texts whose label is found by words alone; rows: a list of (label, words).

    The texts are asked in four parts, each after the three others were counted. Laplace's rule: every word
    counts once more than it was seen.
    """
    n_right = 0
    for part in range(4):
        guess = counted([row for i, row in enumerate(rows) if i % 4 != part])
        n_right += sum(guess(words) == label for label, words in rows[part::4])
    return n_right / len(rows)


def counted(rows):
    """Count the words of rows -> a function that guesses the label of a list of words."""
    counts, n_texts = {}, Counter(label for label, _ in rows)
    for label, words in rows:
        counts.setdefault(label, Counter()).update(set(words))
    n_words = len(set().union(*counts.values()))

    def log_p(label, words):
        seen = counts[label]
        of_words = (math.log((seen[word] + 1) / (seen.total() + n_words)) for word in set(words))
        return math.log(n_texts[label]) + sum(of_words)

    return lambda words: max(counts, key=lambda label: log_p(label, words))
