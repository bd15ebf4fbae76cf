def embedding_backward(dx, idx, V):
    onehot = np.eye(V)[idx]  # (B, T, V)
    return np.einsum("btv,btc->vc", onehot, dx)
