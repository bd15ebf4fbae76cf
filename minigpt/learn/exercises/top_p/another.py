def keep_top_p(probs, p):
    likelier = np.where(probs[:, None, :] > probs[:, :, None], probs[:, None, :], 0).sum(-1)
    kept = np.where(likelier < p, probs, 0)
    return kept / kept.sum(1)[:, None]
