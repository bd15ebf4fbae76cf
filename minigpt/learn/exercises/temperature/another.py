def probabilities(logits, temperature):
    out = np.zeros(logits.shape)
    for row, scores in zip(out, logits):
        if temperature > 0:
            row[:] = np.exp(scores / temperature - np.logaddexp.reduce(scores / temperature))
        else:
            row[scores.tolist().index(max(scores))] = 1
    return out
