def attention(q, k, v):
    (B, T, D), P = q.shape, np.zeros((len(q), q.shape[1], q.shape[1]))
    y = np.zeros(v.shape)
    for b in range(B):
        for i in range(T):
            scores = np.array([q[b, i] @ k[b, j] for j in range(i + 1)]) * D**-0.5
            P[b, i, : i + 1] = softmax(scores)
            y[b, i] = P[b, i, : i + 1] @ v[b, : i + 1]
    return y, P
