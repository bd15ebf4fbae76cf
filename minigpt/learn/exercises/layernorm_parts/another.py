def layernorm_parts_backward(dn, n, sigma):
    centred = n * sigma
    dsigma = -np.einsum("btc,btc->bt", dn, centred)[:, :, None] / sigma**2
    return dsigma, 0.5 * dsigma * (1 / sigma), np.einsum("btc,bto->bto", -dn, 1 / sigma)
