def layernorm(x, weight, bias, eps):
    y = np.empty(x.shape)
    for index in np.ndindex(x.shape[:-1]):
        token = x[index]
        centred = token - sum(token) / len(token)
        y[index] = bias + weight * centred / (eps + centred @ centred / len(token)) ** 0.5
    return y
