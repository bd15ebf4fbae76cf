"""AdamW, gradient clipping and the learning-rate schedule.

Adam (Kingma & Ba, 2015, arXiv:1412.6980, algorithm 1) keeps two running means for every parameter, of
the gradient g and of its square. Both start at zero and are too small at first, which 1 − βᵗ corrects:

    m ← β₁ m + (1 − β₁) g          m̂ = m / (1 − β₁ᵗ)
    v ← β₂ v + (1 − β₂) g²         v̂ = v / (1 − β₂ᵗ)
    w ← w − lr · m̂ / (√v̂ + ε)

AdamW (Loshchilov & Hutter, 2019, arXiv:1711.05101, algorithm 2) shrinks the weights apart from all this,
w ← w − lr · λ · w, so that λ does not pass through the division by √v̂. Only matrices are decayed: a bias
or a LayerNorm weight does no harm by being large.
"""

import math

from minigpt.backend import on_host, xp

CHUNK = 131_072  # numbers updated together: few enough to stay in the caches, enough to be worth a call


class AdamW:
    """AdamW over a dict of parameters, which step() changes in place."""

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        """params: a dict from names to arrays. `lr` may be set anew before every step.

        Raises ValueError for an array that is not contiguous: updates work on flat views of them.
        """
        for name, param in params.items():
            if not param.flags.c_contiguous:
                raise ValueError(f"{name} is not contiguous in memory: pass numpy.ascontiguousarray of it")
        self.params = params
        self.lr = lr
        self.betas = betas
        self.eps = eps
        self.weight_decay = weight_decay
        self.n_steps = 0
        self.m = {name: xp.zeros_like(param) for name, param in params.items()}
        self.v = {name: xp.zeros_like(param) for name, param in params.items()}

    def step(self, grads, for_each=map):
        """One update from a dict of gradients; only parameters with a gradient move.

        for_each(function, names) calls the function with every name; BatchRunner.for_each does it on
        several threads.
        """
        self.n_steps += 1
        list(for_each(lambda name: self._update(name, grads[name]), grads))

    def _update(self, name, grad):
        decay = self.lr * self.weight_decay if grad.ndim >= 2 else 0.0
        arrays = [
            array.reshape(-1) for array in (self.params[name], self.m[name], self.v[name], grad)
        ]  # views
        chunk = CHUNK if on_host() else grad.size  # a GPU wants all the work at once
        for start in range(0, grad.size, chunk):
            self._update_chunk(*(array[start : start + chunk] for array in arrays), decay)

    def _update_chunk(self, param, m, v, grad, decay):
        beta1, beta2 = self.betas
        m_hat_scale = 1 / (1 - beta1**self.n_steps)
        v_hat_scale = 1 / (1 - beta2**self.n_steps)

        # m = beta1 * m + (1 - beta1) * grad
        m *= beta1
        m += (1 - beta1) * grad
        # v = beta2 * v + (1 - beta2) * grad²
        v *= beta2
        update = grad * grad
        update *= 1 - beta2
        v += update
        # param = param - decay * param - lr * m̂ / (√v̂ + eps), where decay = lr * λ
        if decay:
            param *= 1 - decay
        xp.sqrt(v, out=update)
        update *= math.sqrt(v_hat_scale)
        update += self.eps
        xp.divide(m, update, out=update)
        update *= self.lr * m_hat_scale  # now lr * m̂ / (√v̂ + eps)
        param -= update


def clip_grad_norm(grads, max_norm, total=float):
    """Scale all gradients down together until their global norm is at most max_norm, in place.

    √Σ‖g‖² over all of them as if they were one long vector, so that its direction stays (Pascanu et al.,
    2013, arXiv:1211.5063). max_norm 0 leaves them alone. Returns the norm before clipping, a float.

    total(number): where several processes have parts of the gradients, the sum of what each of them gives.
    """
    # Squares are summed in pieces, one a parameter, and the pieces in float64.
    norm = math.sqrt(total(sum(float(xp.vdot(grad, grad)) for grad in grads.values())))
    if 0 < max_norm < norm < math.inf:
        for grad in grads.values():
            grad *= max_norm / norm
    return norm


def cosine_schedule(step, max_iters, learning_rate, min_lr, warmup_iters):
    """The learning rate of a step: a linear rise, then half a cosine down to min_lr at max_iters.

    The shape is SGDR's without restarts (Loshchilov & Hutter, 2017, arXiv:1608.03983).
    """
    if step < warmup_iters:
        return learning_rate * (step + 1) / (warmup_iters + 1)
    progress = min(1.0, (step - warmup_iters) / max(1, max_iters - warmup_iters))
    return min_lr + 0.5 * (1 + math.cos(math.pi * progress)) * (learning_rate - min_lr)
