"""What is float32 stays float32 through every forward and backward, and means the same as in float64.

A single float64 on the way (np.float64(2) * x, zeros without a dtype) doubles memory and time of all that
follows; NumPy 2 keeps quiet about it.
"""

import numpy as np
import pytest

from minigpt.layers import (
    attention_backward,
    attention_forward,
    cross_entropy_backward,
    cross_entropy_forward,
    dropout_backward,
    dropout_forward,
    dropout_streams,
    embedding_backward,
    embedding_forward,
    gelu_backward,
    gelu_forward,
    layernorm_backward,
    layernorm_forward,
    linear_backward,
    linear_forward,
    position_embedding_backward,
    position_embedding_forward,
    token_losses_backward,
    token_losses_forward,
    unembedding_backward,
    unembedding_forward,
)

IDX = np.array([[1, 4, 1], [0, 4, 2]])
TARGETS = np.array([[1, -100, 3], [0, 2, -100]])


def streams():
    return dropout_streams(1, 2, 0, 2)


LAYERS = {  # forward, backward, shapes of the arrays, what else the forward takes
    "attention": (attention_forward, attention_backward, [(2, 70, 12)], lambda: (2,)),
    "attention with dropout": (
        attention_forward,
        attention_backward,
        [(2, 5, 12)],
        lambda: (2, 0.3, streams()),
    ),
    "cross-entropy": (cross_entropy_forward, cross_entropy_backward, [(2, 3, 5)], lambda: (TARGETS,)),
    "dropout": (dropout_forward, dropout_backward, [(2, 3, 4)], lambda: (0.3, streams())),
    "embedding": (embedding_forward, embedding_backward, [(5, 4)], lambda: (IDX,)),
    "gelu": (gelu_forward, gelu_backward, [(2, 3, 4)], tuple),
    "layernorm": (layernorm_forward, layernorm_backward, [(2, 3, 4), (4,), (4,)], tuple),
    "linear": (linear_forward, linear_backward, [(2, 3, 4), (4, 6), (6,)], tuple),
    "positions": (position_embedding_forward, position_embedding_backward, [(2, 3, 4), (5, 4)], tuple),
    "token losses": (token_losses_forward, token_losses_backward, [(6, 5)], lambda: (IDX.reshape(-1),)),
    "unembedding": (unembedding_forward, unembedding_backward, [(2, 3, 4), (5, 4)], tuple),
}


@pytest.mark.parametrize("name", LAYERS)
def test_float32_stays_float32_and_means_the_same(name):
    forward, backward, shapes, more = LAYERS[name]
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal(shape) for shape in shapes]
    results = {}
    for dtype in ("float32", "float64"):
        out, cache = forward(*(array.astype(dtype) for array in arrays), *more())
        dout = np.random.default_rng(1).standard_normal(np.shape(out)).astype(dtype)
        dout = float(dout) if name == "cross-entropy" else dout
        grads = backward(dout, cache)
        results[dtype] = [out, *(grads if isinstance(grads, tuple) else (grads,))]
        assert [result.dtype for result in results[dtype]] == [dtype] * len(results[dtype])
    for single, double in zip(*results.values()):
        np.testing.assert_allclose(single, double, rtol=1e-4, atol=1e-5)
