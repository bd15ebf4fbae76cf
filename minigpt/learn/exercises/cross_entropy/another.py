def cross_entropy(logits, targets):
    losses = []
    for b, t in np.ndindex(targets.shape):
        if targets[b, t] != -100:
            losses.append(np.logaddexp.reduce(logits[b, t]) - logits[b, t, targets[b, t]])
    return sum(losses) / max(1, len(losses))
