def merge(ids, pair, new_id):
    merged, waiting = [], list(ids)
    while waiting:
        first = waiting.pop(0)
        if waiting and (first, waiting[0]) == tuple(pair):
            waiting.pop(0)
            first = new_id
        merged.append(first)
    return merged
