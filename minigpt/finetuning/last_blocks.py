"""A GPT of which only the upper part is trained: its last blocks, the final LayerNorm and a head of its own.

The part below is used and not changed, so backward need not go there: neither the gradients nor what they
would be computed from, the caches of the lower blocks, take time or memory.
"""

from minigpt.finetuning.lora_layers import FrozenMatrix, lora_linear_backward, lora_linear_forward
from minigpt.model import GPT


class LastBlocksGPT(GPT):
    """A GPT whose blocks below `first`, and the tables, are frozen."""

    def __init__(self, base, first):
        """Train a GPT, whose arrays are shared and not copied, from block `first` on.

        first: 0 … n_layer; with n_layer only ln_f and a head that is not tied are trained.
        Raises ValueError for another number.
        """
        if not 0 <= first <= base.config.n_layer:
            raise ValueError(f"the first trained block is {first} but must be 0 … {base.config.n_layer}")
        super().__init__(base.config, params=base.params)
        self.first = first

    def trained_params(self):
        """The parameters that have gradients, a dict by name."""
        above = (*(f"h.{i}." for i in range(self.first, self.config.n_layer)), "ln_f.", "lm_head.")
        return {name: param for name, param in self.params.items() if name.startswith(above)}

    def forward_block(self, i, x, rngs=None):
        x, cache = super().forward_block(i, x, rngs)
        return x, cache if i >= self.first else None

    def backward_block(self, i, dx, cache, grads):
        return super().backward_block(i, dx, cache, grads) if i >= self.first else dx

    def backward_embed(self, dx, cache, grads):
        pass

    def forward_head(self, hidden):
        if not self.config.tie_weights:
            return super().forward_head(hidden)
        return lora_linear_forward(hidden, FrozenMatrix(self.params["wte.weight"].T), None)

    def backward_head(self, dlogits, cache, grads):
        if not self.config.tie_weights:
            return super().backward_head(dlogits, cache, grads)
        dhidden, _, _ = lora_linear_backward(dlogits, cache)
        return dhidden
