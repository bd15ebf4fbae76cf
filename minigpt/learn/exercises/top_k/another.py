def keep_top_k(logits, k):
    kept = np.full(logits.shape, -np.inf)
    for row, scores in zip(kept, logits):
        best = [i for i in range(len(scores)) if sum(scores > scores[i]) < k]
        row[best] = scores[best]
    return kept
