def position_embedding_backward(dout, block_size):
    missing = block_size - dout.shape[1]
    return 1.0 * dout, np.pad(np.einsum("btc->tc", dout), [(0, missing), (0, 0)])
