def merge(ids, pair, new_id):
    """Given: the ids with new_id wherever the pair stood."""
    merged, i = [], 0
    while i < len(ids):
        found = tuple(ids[i : i + 2]) == pair
        merged.append(new_id if found else ids[i])
        i += 2 if found else 1
    return merged


def encode(ids, merges):
    """ids, a list of bytes as int; merges, a list of pairs in the order of learning -> a list of int."""
    new_id = {pair: 256 + i for i, pair in enumerate(merges)}
    while True:
        found = [pair for pair in zip(ids, ids[1:]) if pair in new_id]
        if not found:
            return ids
        pair = min(found, key=new_id.get)
        ids = merge(ids, pair, new_id[pair])
