def softmax(z):
    rows = []
    for row in z.reshape(-1, z.shape[-1]):
        log_sum = np.logaddexp.reduce(row)
        rows.append(np.exp(row - log_sum))
    return np.array(rows).reshape(z.shape)
