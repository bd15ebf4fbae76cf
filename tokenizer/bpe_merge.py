"""Applying learned merges to one pre-token: always the earliest learned pair first.

    merges:  (h, e) -> he    (l, l) -> ll    (he, ll) -> hell    (hell, o) -> hello

    h e l l o   ->   he l l o   ->   he ll o   ->   hell o   ->   hello

The id of a merged token is its rank: a lower id was learned earlier. `merge_short` is the definition. It
looks at every pair again after every merge, which is quadratic but quick for words. `merge_long` gives the
same ids in O(n log n) and serves the rare pre-token of thousands of bytes: a wall of one letter, or Chinese
without punctuation.
"""

import heapq

LONG = 256  # bytes; about where merge_long becomes the faster of the two


def merge(ids, merges):
    """List of byte ids -> list of token ids. merges: dict from a pair of ids to the merged id."""
    return merge_short(ids, merges) if len(ids) < LONG else merge_long(ids, merges)


def merge_short(ids, merges):
    """Merge the earliest learned pair, until no pair is left that was ever learned."""
    while (merged := merge_once(ids, merges)) is not None:
        ids = merged
    return ids


def merge_once(ids, merges):
    """Merge every occurrence, from the left, of the pair of lowest rank; None if no pair has a rank."""
    ranks = [merges.get(pair) for pair in zip(ids, ids[1:])]
    rank = min((rank for rank in ranks if rank is not None), default=None)
    if rank is None:
        return None
    merged, i = [], 0
    while i < len(ids):
        if i < len(ranks) and ranks[i] == rank:
            merged.append(rank)
            i += 2
        else:
            merged.append(ids[i])
            i += 1
    return merged


def merge_long(ids, merges):
    """The same ids as merge_short, from a linked list and one bucket of positions for each rank.

    A merge changes only its two neighbours, so each of the n positions enters a bucket at most once for each
    token that begins or ends there. The heap holds ranks, not positions: a merged token can only take part in
    merges learned later than itself, so no bucket is opened again after it was emptied.
    """
    ids = list(ids)
    n = len(ids)
    following = list(range(1, n + 1))  # position of the next token; n behind the last
    previous = list(range(-1, n - 1))
    buckets = {}  # rank -> positions of the left tokens of pairs with this rank
    for position, pair in enumerate(zip(ids, ids[1:])):
        rank = merges.get(pair)
        if rank is not None:
            buckets.setdefault(rank, []).append(position)
    ranks = list(buckets)
    heapq.heapify(ranks)

    def note(left, right):
        rank = merges.get((ids[left], ids[right]))
        if rank is not None:
            if rank not in buckets:
                buckets[rank] = []
                heapq.heappush(ranks, rank)
            buckets[rank].append(left)

    while ranks:
        rank = heapq.heappop(ranks)
        for left in sorted(buckets.pop(rank)):  # overlapping pairs (a a a) are merged from the left
            right = following[left]
            # Stale: the left token has been swallowed, or one of the two has grown since.
            if ids[left] is None or right == n or merges.get((ids[left], ids[right])) != rank:
                continue
            ids[left], ids[right] = rank, None
            after = following[left] = following[right]
            if after < n:
                previous[after] = left
                note(left, after)
            if previous[left] >= 0:
                note(previous[left], left)
    return [token for token in ids if token is not None]
