def block(x, attention, feedforward):
    """Given: x (B, T, C) and two parts, each (B, T, C) -> (B, T, C): the stream after both."""
    x = x + attention(x)
    return x + feedforward(x)


def block_backward(dout, attention_backward, feedforward_backward):
    """dout (B, T, C) and the two parts' backward, each gradient -> gradient (B, T, C) -> dx (B, T, C)."""
    dx = dout + feedforward_backward(dout)
    dx = dx + attention_backward(dx)
    return dx
