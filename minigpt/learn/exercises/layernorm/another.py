def layernorm_backward(dy, n, sigma, weight):
    C = len(weight)
    dx = np.empty(dy.shape)
    for index in np.ndindex(dy.shape[:-1]):  # the matrix ∂n/∂x of each token
        jacobian = (np.eye(C) - 1 / C - np.outer(n[index], n[index]) / C) / sigma[index]
        dx[index] = jacobian @ (weight * dy[index])
    return dx, np.einsum("btc,btc->c", dy, n), dy.reshape(-1, C).sum(0)
