"""Learning byte-pair merges (Sennrich, Haddow & Birch, 2016; on bytes: Radford et al., 2019).

    repeat: count all pairs of neighbouring tokens, merge the most frequent pair everywhere

    low low lower   l+o -> lo (3 times)   lo+w -> low (3 times)   …

`naive_merges` is that sentence in code, and the definition: it counts everything again for every merge.
`learn_merges` gives the same merges, and differs in three ways that make it thousands of times faster:

1. Merging a pair changes only the counts of pairs next to it, so counts are corrected, not counted anew.
2. An index from each pair to the words that contain it, so that only those words are visited.
3. A heap gives the most frequent pair. Its entries are not corrected when a count falls: an entry that
   turns out to be out of date when it comes up goes back with the true count (a *lazy* heap).

Ties: among pairs of the same count, the one with the smallest ids wins (left id first, then right id), that
is, bytes in the order of GPT-2's alphabet and after them the tokens as they were learned. Hugging Face's
trainer breaks ties in the same way.
"""

import heapq
from collections import Counter, defaultdict

FIRST_MERGED_ID = 256  # after the bytes


def naive_merges(words, n_merges):
    """The definition. words: dict from a tuple of byte ids to its count -> list of pairs of ids."""
    merges = []
    while len(merges) < n_merges:
        pairs = Counter()
        for word, count in words.items():
            for pair in zip(word, word[1:]):
                pairs[pair] += count
        if not pairs:
            break
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        words = {_merged(word, best, FIRST_MERGED_ID + len(merges)): count for word, count in words.items()}
        merges.append(best)
    return merges


def _merged(word, pair, new):
    """(1, 2, 1, 2, 3) with the pair (1, 2) -> (new, new, 3), from left to right."""
    out = []
    for token in word:
        if out and (out[-1], token) == pair:
            out[-1] = new
        else:
            out.append(token)
    return tuple(out)


def learn_merges(words, n_merges, progress=False):
    """The merges of naive_merges, fast. Fewer than n_merges if every word has become a single token."""
    counts = [count for word, count in words.items() if len(word) > 1]
    words = [list(word) for word in words if len(word) > 1]
    pair_counts = defaultdict(int)
    words_with = defaultdict(list)  # pair -> indices of words that contain it, or did once
    for index, word in enumerate(words):
        for pair in zip(word, word[1:]):
            pair_counts[pair] += counts[index]
            words_with[pair].append(index)
    heap = [(-count, pair) for pair, count in pair_counts.items()]
    heapq.heapify(heap)

    merges = []
    bar = _progress_bar(n_merges) if progress else None
    while heap and len(merges) < n_merges:
        count, pair = heapq.heappop(heap)
        true_count = pair_counts[pair]
        if -count != true_count:
            if true_count > 0:
                heapq.heappush(heap, (-true_count, pair))
            continue
        new = FIRST_MERGED_ID + len(merges)
        changes = _merge_in_words(words, counts, words_with, pair, new)
        for changed, change in changes.items():
            pair_counts[changed] += change
            if new in changed:  # only pairs with the new token can have grown
                heapq.heappush(heap, (-pair_counts[changed], changed))
        del pair_counts[pair]
        merges.append(pair)
        if bar:
            bar.update()
    if bar:
        bar.close()
    return merges


def _merge_in_words(words, counts, words_with, pair, new):
    """Merge the pair in every word that has it -> how much the counts of the pairs beside it change."""
    left, right = pair
    changes = defaultdict(int)
    for index in words_with.pop(pair):
        word, count = words[index], counts[index]
        i = 0
        while True:
            try:
                i = word.index(left, i, -1)
            except ValueError:
                break
            if word[i + 1] != right:
                i += 1
                continue
            word[i : i + 2] = [new]
            if i > 0:
                changes[word[i - 1], left] -= count
                changes[word[i - 1], new] += count
                words_with[word[i - 1], new].append(index)
            i += 1
            if i < len(word):
                changes[right, word[i]] -= count
                changes[new, word[i]] += count
                words_with[new, word[i]].append(index)
    return changes


def _progress_bar(n_merges):
    from tqdm import tqdm  # imported where it is needed: importing tokenizer stays fast

    return tqdm(total=n_merges, unit="merge", desc="merging", dynamic_ncols=True)
