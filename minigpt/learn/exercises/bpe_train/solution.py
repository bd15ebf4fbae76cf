def merge(ids, pair, new_id):
    """Given: the ids with new_id wherever the pair stood."""
    merged, i = [], 0
    while i < len(ids):
        found = tuple(ids[i : i + 2]) == pair
        merged.append(new_id if found else ids[i])
        i += 2 if found else 1
    return merged


def train(ids, n_merges):
    """ids, a list of int from 0 to 255; n_merges, an int -> merges, a list of pairs (tuples) of int."""
    merges = []
    for new_id in range(256, 256 + n_merges):
        counts = {}
        for pair in zip(ids, ids[1:]):
            counts[pair] = counts.get(pair, 0) + 1
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        ids = merge(ids, best, new_id)
        merges.append(best)
    return merges
