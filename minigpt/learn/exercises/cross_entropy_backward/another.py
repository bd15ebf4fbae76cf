def cross_entropy_backward(dloss, logits, targets):
    dlogits, n_counted = np.zeros(logits.shape), np.count_nonzero(targets != -100)
    for b, t in np.ndindex(targets.shape):
        if targets[b, t] != -100:
            dlogits[b, t] = softmax(logits[b, t])
            dlogits[b, t, targets[b, t]] -= 1
    return dlogits * (dloss / max(n_counted, 1))
