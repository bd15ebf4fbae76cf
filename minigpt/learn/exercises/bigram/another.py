def bigram_probabilities(ids, V):
    pairs = V * ids[:-1] + ids[1:]
    counts = 1.0 + np.bincount(pairs, minlength=V * V).reshape(V, V)
    return np.einsum("ab,a->ab", counts, 1 / counts.sum(1))
