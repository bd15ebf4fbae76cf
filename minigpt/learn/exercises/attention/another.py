def attention_backward(dy, q, k, v, P):
    D = q.shape[-1]
    dv = np.einsum("bij,bie->bje", P, dy)
    y = np.einsum("bij,bje->bie", P, v)
    delta = np.einsum("bie,bie->bi", dy, y)  # Σ P dP = dy · y
    dS = P * (np.einsum("bie,bje->bij", dy, v) - delta[:, :, None]) * D**-0.5
    return np.einsum("bij,bjd->bid", dS, k), np.einsum("bij,bid->bjd", dS, q), dv
