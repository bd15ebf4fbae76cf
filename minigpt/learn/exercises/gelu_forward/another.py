def gelu(x):
    u = math.sqrt(2 / math.pi) * x * (1 + A * x * x)
    return x / (1 + np.exp(-2 * u))  # ½ (1 + tanh u) is the logistic function of 2u
