def causal_mask(S):
    masked = S.copy()
    for i in range(S.shape[-2]):
        masked[..., i, i + 1 :] = -np.inf
    return masked
