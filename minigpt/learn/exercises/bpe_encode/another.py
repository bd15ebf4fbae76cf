def encode(ids, merges):
    for i, pair in enumerate(merges):  # a merge makes no pair that was learned before it
        ids = merge(ids, pair, 256 + i)
    return ids
