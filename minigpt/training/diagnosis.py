"""What broke when a loss or a gradient is no longer a finite number: the first place where it happened."""

import math

from minigpt.backend import to_device, xp
from minigpt.layers import layernorm_forward
from minigpt.model import GPT


def overflow_report(model, idx, grads, loss, lines, step, out):
    """A paragraph for the user: what overflowed at this step, how it came, what to try.

    lines: those of the training log so far; out: the folder where the last good state lies.
    """
    first = first_overflow(model, idx, grads, loss)
    norms = ", ".join(f"{line['grad_norm']:.3g}" for line in lines[-5:]) or "none yet"
    return (
        f"step {step} gave a loss of {loss:.4g} and gradients that are not all finite; the first thing to "
        f"overflow is {first}. Gradient norms of the steps before: {norms}. "
        "Try a lower --learning-rate, a longer --warmup-iters or a smaller --grad-clip; "
        f"the last good state is in {out}"
    )


def first_overflow(model, idx, grads, loss):
    """Name the first thing that is not finite, in the order of computing: parameter, activation, gradient.

    idx (..., T), a NumPy array: the batch at which it happened; grads and loss: what it gave.
    """
    idx = idx.reshape(-1, idx.shape[-1])
    for name, param in model.params.items():
        if not xp.isfinite(param).all():
            return f"the parameter {name}"
    for name, activation in activations(model, to_device(idx)):
        if not xp.isfinite(activation).all():
            return f"the output of {name}"
    for name, grad in grads.items():  # in the order of the backward pass
        if not xp.isfinite(grad).all():
            return f"the gradient of {name}"
    return "the norm of the gradients" if math.isfinite(loss) else "the loss, and only under dropout"


def activations(model, idx):
    """The forward pass of a model, without dropout, as pairs of a layer's name and its output."""
    model = getattr(model, "gpt", model)  # that of a classifier
    if not isinstance(model, GPT):
        yield "the model", model.forward(idx)[0]
        return
    w = model.params
    x, _ = model.forward_embed(idx)
    yield "the embeddings", x
    for i in range(model.config.n_layer):
        x, _ = model.forward_block(i, x)
        yield f"block h.{i}", x
    x, _ = layernorm_forward(x, w["ln_f.weight"], w["ln_f.bias"], model.config.layer_norm_epsilon)
    yield "the final LayerNorm", x
    yield "the head", model.forward_head(x)[0]
