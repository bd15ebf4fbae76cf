def merge(ids, pair, new_id):
    """ids, a list of int; pair, a tuple of two ids; new_id, an int -> a new list of int."""
    merged, i = [], 0
    while i < len(ids):
        if ids[i : i + 2] == list(pair):
            merged.append(new_id)
            i += 2
        else:
            merged.append(ids[i])
            i += 1
    return merged
