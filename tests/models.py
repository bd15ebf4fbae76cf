"""Models whose weights are of order one: at GPT-2's initial 0.02 many a wrong formula looks right."""

import numpy as np

from minigpt import GPT, GPTConfig
from minigpt.backend import to_device

# No two sizes are equal, so that no wrong axis fits by accident: V, context, layers, heads, D, C.
SMALL = GPTConfig(vocab_size=13, block_size=9, n_layer=3, n_head=2, n_embd=10, layer_norm_epsilon=0.01)


def make_order_one(params, seed=1, scale=1.0):
    """Normal numbers times `scale` in place of all values of a dict of arrays, the same on every backend."""
    rng = np.random.default_rng(seed)
    for param in params.values():
        param[...] = to_device(scale * rng.standard_normal(param.shape))


def order_one(model, seed=1, scale=1.0):
    """The model itself, with weights of order one."""
    make_order_one(model.params, seed, scale)
    return model


def order_one_gpt(config=SMALL, seed=1, scale=1.0, dtype="float64"):
    """A GPT of these sizes with weights of order one."""
    return order_one(GPT(config, dtype=dtype), seed, scale)


def shaken(model, seed=1, scale=0.3):
    """The model itself, its weights moved by normal numbers times `scale`: gains stay around one."""
    rng = np.random.default_rng(seed)
    for param in model.params.values():
        param += to_device(scale * rng.standard_normal(param.shape))
    return model
