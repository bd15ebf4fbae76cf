def gelu_backward(dy, x):
    t = np.tanh(math.sqrt(2 / math.pi) * x * (1 + A * x * x))
    slope = 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * math.sqrt(2 / math.pi) * (1 + 3 * A * x * x)
    return slope * dy
