"""Merging pairs inside very long words: a line of DNA, a page of Chinese without punctuation, base64.

To split and join a word at each of its merges takes as long as the word is long: for a word of n letters n
merges of n letters, n². Here all long words stand in one chain, and for each pair there is a list of the
places where it stands:

    place      0  1  2  3  4  5         "" at both ends of a word
    token      "" a  b  a  b  ""        positions: ab -> 1, 3    ba -> 2

    merge a + b:   "" ab .  ab .  ""    positions: (ab, ab) -> 1         (. is swallowed)

A merge visits only the places of its pair and makes at most two new ones, so that all merges together take
a time that grows with n. Entries in the lists are not taken out when a neighbour changes: an entry that is
out of date is recognised when its turn comes, as the tokens at its place are no longer those of the pair.
"""

from array import array
from collections import defaultdict
from itertools import islice
from operator import add


class LongWords:
    """The long words of a text, with their counts. A token is one character, as in learn_merges."""

    def __init__(self, words, counts):
        self._tokens, self._counts = [""], [0]  # at each place: the token, and how often its word occurs
        for word, count in zip(words, counts):
            self._tokens += [*word, ""]
            self._counts += [count] * (len(word) + 1)
        places = len(self._tokens)
        # Arrays take 4 bytes a place, where a list takes 8 and 28 more for the number itself.
        self._following = array("I", range(1, places + 1))
        self._previous = array("I", [0]) + array("I", range(places - 1))
        self._positions = defaultdict(lambda: array("I"))  # pair -> places of its left token, in rising order

    def count_pairs(self):
        """Note where every pair stands -> dict from pair to count. To be called once, before any merge."""
        pair_counts = defaultdict(int)
        for place, pair in enumerate(map(add, self._tokens, islice(self._tokens, 1, None))):
            if len(pair) == 2:
                self._positions[pair].append(place)
                pair_counts[pair] += self._counts[place]
        return pair_counts

    def merge(self, pair, new, pair_counts):
        """Replace the pair by the token `new`, and lower the counts of the pairs beside it.

        Returns a dict from each pair with the new token to its count.
        """
        left, right = pair
        tokens, counts, following, previous = self._tokens, self._counts, self._following, self._previous
        merged = []
        for place in self._positions.pop(pair, ()):
            second = following[place]
            if tokens[place] != left or tokens[second] != right:
                continue  # out of date, or used up by the overlapping pair before it (a a a)
            before, after = tokens[previous[place]], tokens[following[second]]
            if before and before != new:  # beside a new token the lost pair (right, left) is counted already
                pair_counts[before + left] -= counts[place]
            if after:
                pair_counts[right + after] -= counts[place]
            tokens[place], tokens[second] = new, ""
            following[place] = following[second]
            previous[following[second]] = place
            merged.append(place)

        new_counts = defaultdict(int)
        for place in merged:  # only now, as the token after the first l r of l r l r has become new as well
            before, after = tokens[previous[place]], tokens[following[place]]
            if before:
                self._positions[before + new].append(previous[place])
                new_counts[before + new] += counts[place]
            if after and after != new:  # new new is noted by the second of the two
                self._positions[new + after].append(place)
                new_counts[new + after] += counts[place]
        return new_counts
