"""The bound in the table of training.py: how long the matrix products of a step would take alone.

A product of (n, i) and (i, o) is 2·n·i·o operations. A training step does each of its products three
times over: once forward, and twice backward, for the gradient of either factor. What the machine can do
is measured on the spot, with products of a middling size on every worker at once. Their quotient is the
least time that a step can take, and its share of the time measured says how much is left to win.
"""

import time

import numpy as np

from minigpt.backend import to_host, xp

MATMUL_SIZE = 512
MATMUL_ROUNDS = 10


def training_matmul_flops(config, B, T):
    """Floating-point operations in the matrix products of one training step on B sequences of T tokens.

    A model without matrix products (the bigram table) has 0.
    """
    if not hasattr(config, "n_layer"):
        return 0
    C = config.n_embd
    per_token = config.n_layer * (
        2 * C * 3 * C + 2 * C * C + 2 * 2 * C * 4 * C
    )  # qkv, projection, feed-forward
    per_token += config.n_layer * 2 * 2 * C * (T + 1) / 2  # q kᵀ and shares·v, with (T + 1)/2 keys on average
    per_token += 2 * C * config.vocab_size  # the head
    return 3 * per_token * B * T


def matmul_flops_per_second(runner):
    """What the machine's matrix products reach with every worker at it, in operations a second."""
    a = xp.asarray(np.ones((MATMUL_SIZE, MATMUL_SIZE), dtype=np.float32))

    def multiply(_):
        for _ in range(MATMUL_ROUNDS):
            product = a @ a
        return to_host(product[0, 0])  # a GPU answers only when it is done

    def multiply_everywhere():
        started = time.perf_counter()
        list(runner.pool.map(multiply, range(runner.workers)))
        return time.perf_counter() - started

    seconds = min(multiply_everywhere() for _ in range(3))
    return runner.workers * MATMUL_ROUNDS * 2 * MATMUL_SIZE**3 / seconds
