from collections import Counter


def train(ids, n_merges):
    merges = []
    while len(merges) < n_merges:
        counts = Counter(zip(ids[:-1], ids[1:]))
        most = max(counts.values())
        merges.append(sorted(pair for pair, count in counts.items() if count == most)[0])
        ids = merge(ids, merges[-1], 255 + len(merges))
    return merges
