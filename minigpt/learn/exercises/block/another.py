def block_backward(dout, attention_backward, feedforward_backward):
    dh = feedforward_backward(dout)
    return dout + dh + attention_backward(dout + dh)
