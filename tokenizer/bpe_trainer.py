"""Learning byte-pair merges (Sennrich, Haddow & Birch, 2016; on bytes: Radford et al., 2019).

    repeat: count all pairs of neighbouring tokens, merge the most frequent pair everywhere

    low low lower   l+o -> lo (3 times)   lo+w -> low (3 times)   …

`naive_merges` is that sentence in code, and the definition: it counts everything again for every merge.
`learn_merges` gives the same merges, and differs in four ways that make it thousands of times faster:

1. Merging a pair changes only the counts of the pairs next to it, so counts are corrected, not counted anew.
2. An index from each pair to the words that contain it, so that only those words are visited.
3. A heap gives the most frequent pair. Its entries are not corrected when a count falls: an entry that
   turns out to be out of date when it comes up goes back with the true count (a *lazy* heap). That is enough
   because a count can only fall: a merge takes tokens away and puts a new one in their places, so it destroys
   pairs of old tokens, and every pair that it makes contains the new token and was never counted before. An
   entry may promise too much, never too little, and the first to come up with its true count is the best.
4. Words of more than LONG_WORD bytes are kept in another form (bpe_long_words.py), in which a merge need not
   walk through the whole word.

Ties: among pairs of the same count, the one with the smallest ids wins (left id first, then right id), that
is, bytes in the order of GPT-2's alphabet and after them the tokens as they were learned. Hugging Face's
trainer breaks ties in the same way.
"""

import gc
import heapq
import sys
from collections import Counter, defaultdict
from contextlib import contextmanager
from operator import add

from tokenizer.bpe_long_words import LongWords
from tokenizer.progress import progress_bar

FIRST_MERGED_ID = 256  # after the bytes
LARGEST_VOCABULARY = sys.maxunicode + 1  # learn_merges writes tokens as characters
LONG_WORD = 1000  # bytes; about where the other form becomes the faster one


def naive_merges(words, counts, n_merges):
    """The definition: words (sequences of the ids of bytes) and their counts -> list of pairs of ids."""
    merges = []
    while len(merges) < n_merges:
        pairs = Counter()
        for word, count in zip(words, counts):
            for pair in zip(word, word[1:]):
                pairs[pair] += count
        if not pairs:
            break
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        words = [_merged(word, best, FIRST_MERGED_ID + len(merges)) for word in words]
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


def learn_merges(words, counts, n_merges, progress=None):
    """The merges of naive_merges, fast. Fewer than n_merges if every word has become a single token.

    words: bytes objects, in which each byte is an id. In here the token with the id n is the character
    chr(n), so a word is a str, a pair is a str of two, and Python's own string search finds it.
    """
    words = [word.decode("latin-1") for word in words]  # byte n -> chr(n)
    long = [index for index, word in enumerate(words) if len(word) > LONG_WORD]
    long_words = LongWords([words[index] for index in long], [counts[index] for index in long])
    for index in long:
        words[index] = ""
    words_with = defaultdict(list)  # pair -> for every occurrence the index of its word
    for index, word in enumerate(words):
        for pair in map(add, word, word[1:]):
            words_with[pair].append(index)
    pair_counts, heap = {}, []

    def count_new(pairs, counts_in_long):
        for pair, indices in pairs.items():
            count = sum(map(counts.__getitem__, indices))
            if counts_in_long:
                count += counts_in_long.pop(pair, 0)
            pair_counts[pair] = count
            heapq.heappush(heap, (-count, pair))
        for pair, count in counts_in_long.items():  # in no short word
            pair_counts[pair] = count
            heapq.heappush(heap, (-count, pair))

    count_new(words_with, long_words.count_pairs())
    merges = []
    with _no_garbage_collection(), progress_bar("merging", "merge", lambda: n_merges, progress) as bar:
        while heap and len(merges) < n_merges:
            count, pair = heapq.heappop(heap)
            true_count = pair_counts[pair]
            if -count != true_count:
                if true_count > 0:
                    heapq.heappush(heap, (-true_count, pair))
                continue
            new = chr(FIRST_MERGED_ID + len(merges))
            new_pairs = _merge_in_words(words, counts, words_with.pop(pair, ()), pair, new, pair_counts)
            count_new(new_pairs, long_words.merge(pair, new, pair_counts) if long else {})
            words_with.update(new_pairs)
            merges.append((ord(pair[0]), ord(pair[1])))
            if bar is not None:
                bar.update()
    return merges


def _merge_in_words(words, counts, indices, pair, new, pair_counts):
    """Replace the pair in the words with these indices, and lower the counts of the pairs beside it.

    Returns a dict from each pair with the new token to the indices of its words, one for every occurrence.
    """
    left, right = pair
    new_pairs = defaultdict(list)
    for index in indices:
        word = words[index]
        if pair not in word:
            continue  # an earlier merge, or an earlier visit, has used it up
        head, *between, tail = parts = word.split(pair)  # what lies around the occurrences
        words[index] = new.join(parts)
        count = counts[index]
        if head:  # head[-1] left right -> head[-1] new
            pair_counts[head[-1] + left] -= count
            new_pairs[head[-1] + new].append(index)
        if tail:  # left right tail[0] -> new tail[0]
            pair_counts[right + tail[0]] -= count
            new_pairs[new + tail[0]].append(index)
        for part in between:
            if part:  # left right part left right -> new part new
                pair_counts[right + part[0]] -= count
                pair_counts[part[-1] + left] -= count
                new_pairs[new + part[0]].append(index)
                new_pairs[part[-1] + new].append(index)
            else:  # left right left right -> new new
                pair_counts[right + left] -= count
                new_pairs[new + new].append(index)
    return new_pairs


@contextmanager
def _no_garbage_collection():
    """The lists made here are many and hold no cycles: the collector would only walk them over and over."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
