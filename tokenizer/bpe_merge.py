"""Applying learned merges to one pre-token: of all pairs always the one learned earliest, the leftmost first.

    merges:  (h, e) -> he    (l, l) -> ll    (he, ll) -> hell    (hell, o) -> hello

    h e l l o   ->   he l l o   ->   he ll o   ->   hell o   ->   hello

The id of a merged token is its rank: a lower id was learned earlier. `merge_steps` is the definition, and
shows every stage. `merge` gives the last one, fast: for the few bytes of a word with two short lists, and for
a long pre-token (a wall of one letter, Chinese without punctuation) in a time that grows with its length.
"""

import heapq
from array import array

_LONG = 32  # bytes; about where the second way becomes the faster one
_NO_RANK = 1 << 62


def merge_steps(ids, merges):
    """Yield the ids as they are before the first merge and after each one.

    ids: list of the ids of bytes. merges: dict from a pair of ids to the id of the merged token.
    """
    while True:
        yield ids
        ranked = [(merges[pair], i) for i, pair in enumerate(zip(ids, ids[1:])) if pair in merges]
        if not ranked:
            return
        rank, i = min(ranked)
        ids = [*ids[:i], rank, *ids[i + 2 :]]


def merge(ids, merges):
    """The last of merge_steps. Changes the list `ids`."""
    return _merge_short(ids, merges) if len(ids) < _LONG else _merge_long(ids, merges)


def _merge_short(ids, merges):
    """Keep the rank of each pair beside the ids; min, index and del take nanoseconds on short lists."""
    ranks = [merges.get(pair, _NO_RANK) for pair in zip(ids, ids[1:])]
    while ranks:
        rank = min(ranks)
        if rank == _NO_RANK:
            break
        i = ranks.index(rank)
        ids[i] = rank
        del ids[i + 1], ranks[i]
        if i < len(ranks):
            ranks[i] = merges.get((rank, ids[i + 1]), _NO_RANK)
        if i > 0:
            ranks[i - 1] = merges.get((ids[i - 1], rank), _NO_RANK)
    return ids


def _merge_long(ids, merges):
    """Keep the tokens in a linked list, and for each rank the positions where a pair has it.

    A merge changes only the two pairs beside it, so there are at most three times as many positions as bytes.
    The heap holds ranks, not positions: a merged token takes part only in merges learned after its own, so
    that all positions of a rank are known when its turn comes. They are in rising order: neighbours meet in
    the round that makes the later of the two, and a round goes from left to right.
    """
    n = len(ids)
    following = array("I", range(1, n + 1))  # position of the next token; n behind the last
    previous = array("I", [n]) + array("I", range(n - 1))  # n before the first
    positions = {}  # rank -> positions of the left tokens of pairs with this rank
    for position, pair in enumerate(zip(ids, ids[1:])):
        rank = merges.get(pair)
        if rank is not None:
            positions.setdefault(rank, array("I")).append(position)
    ranks = list(positions)
    heapq.heapify(ranks)

    def note(left, right):
        rank = merges.get((ids[left], ids[right]))
        if rank is not None:
            if rank not in positions:
                positions[rank] = array("I")
                heapq.heappush(ranks, rank)
            positions[rank].append(left)

    while ranks:
        rank = heapq.heappop(ranks)
        for left in positions.pop(rank):  # overlapping pairs (a a a) are merged from the left
            right = following[left]
            # Out of date: the left token has been swallowed, or one of the two has grown since.
            if ids[left] is None or right == n or merges.get((ids[left], ids[right])) != rank:
                continue
            ids[left], ids[right] = rank, None
            after = following[left] = following[right]
            if after < n:
                previous[after] = left
                note(left, after)
            if previous[left] < n:
                note(previous[left], left)
    return [token for token in ids if token is not None]
