def split_heads(qkv, n_head):
    B, T, C3 = qkv.shape
    return tuple(qkv.reshape(B, T, 3, n_head, C3 // 3 // n_head).transpose(2, 0, 3, 1, 4))
