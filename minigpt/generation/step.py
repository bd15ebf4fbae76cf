"""One token a row through a GPT whose keys and values are kept: what is done again for every token.

The same sums as block_forward's, for one token: every call on arrays this small costs more than its
arithmetic, so there are few of them, most of them in place.

In a large model a team of threads shares the products (products.py), and the look back where it is long. The
rest is done by the thread that calls. Nothing else is shared: threads share Python's lock, and with small
arrays they hand it to one another more often than they compute.
"""

import math

from minigpt.backend import on_host, to_device, xp
from minigpt.cores import Team, one_blas_thread, slice_of
from minigpt.generation.products import Products
from minigpt.layers import gelu_forward

MEMBER_WORK = 1_000_000  # C² · tokens a thread, below which a further one waits more than it helps
FEW_TOKENS = 12  # for fewer of them a product takes as long, as its weights have to be read
LONG_CACHE = 1_000_000  # bytes of a block's keys, from which on the look back is shared


def team_size(n_embd, n_tokens):
    """How many threads share a block's products for so many tokens; one where they would wait more than work.

    A block multiplies 12 C² weights with every token, and reads them once. As many threads are allowed as the
    caller lets BLAS have.
    """
    if not on_host():
        return 1
    most = n_embd * n_embd * max(FEW_TOKENS, n_tokens) // MEMBER_WORK
    return max(1, min(most, one_blas_thread.threads_allowed()))


class Step:
    """What is looked up once for all steps of a GPT over some windows.

    keys, values: of every block an array (B, H, places, D), with those of all tokens in the windows and room
    for one more; the lists may be given others.
    """

    def __init__(self, model, windows, keys, values):
        config, B = model.config, len(windows.rows)
        C, dtype = config.n_embd, model.params["wte.weight"].dtype
        self.config, self.windows, self.keys, self.values = config, windows, keys, values
        self.wte, self.wpe = model.params["wte.weight"], model.params["wpe.weight"]
        # Biases and gains as rows (1, n): for one row of text the shapes are then equal, and NumPy takes half
        # the time for arrays that need no broadcasting.
        self.blocks = [as_rows(model.block_params(i)) for i in range(config.n_layer)]
        self.top = [model.params[name].reshape(1, C) for name in ("ln_f.weight", "ln_f.bias")]
        self.head = model.params[model.head_name()]  # (V, C)
        self.average = xp.full((C, 1), 1 / C, dtype)  # x @ average is the mean of each row
        self.epsilon = xp.full((1, 1), config.layer_norm_epsilon, dtype)

        # The mask of any length is a slice of these: as many times 0 as there can be tokens, and −∞.
        self.masks = xp.zeros(2 * config.block_size, dtype)
        self.masks[config.block_size :] = -math.inf

        self.team = Team(team_size(C, B))
        self.products = Products(self.team)

    def __call__(self, tokens):
        """One token a row, (B,), each at the end of its window -> the scores of the next one, (B, V)."""
        position, place, mask = self._where(self.windows.longest, self.windows.lengths)
        x = self.wte[tokens] + self.wpe[position]  # (B, C)
        for block in range(self.config.n_layer):
            x = self._block(block, x, place, mask)
        return self._scores(x)

    def after_last(self, x):
        """What follows the last tokens in the windows, of which x (B, C) enters the last block: (B, V)."""
        _, place, mask = self._where(self.windows.longest - 1, self.windows.lengths - 1)
        return self._scores(self._block(-1, x, place, mask))

    def _scores(self, x):
        return self.products.with_table(self._normalize(x, *self.top), self.head)

    def _where(self, longest, positions):
        """Of one token a row, the position in its window, its place in a cache, and the mask of all places.

        positions: those of all rows, (B,); longest: the highest of them.
        """
        n_places = self.keys[0].shape[2]
        if self.windows.equal_lengths:
            mask = self.masks[self.config.block_size - 1 - longest :][:n_places]  # −∞ behind the token
            return longest, (slice(None), slice(None), longest), mask
        position = to_device(positions)
        unused = xp.arange(n_places) > position[:, None]  # (B, n_places)
        mask = xp.where(unused, -math.inf, 0.0).astype(self.average.dtype)[:, None, None]
        return position, (xp.arange(len(position)), slice(None), position), mask

    def _block(self, block, x, place, mask):
        """x (B, C) -> (B, C); the keys and values are kept."""
        B = len(x)
        w, keys, values = self.blocks[block], self.keys[block], self.values[block]
        product = self.products.with_matrix
        h = self._normalize(x, w["ln_1.weight"], w["ln_1.bias"])
        qkv = product(h, w["attn.c_attn.weight"])
        qkv += w["attn.c_attn.bias"]
        q, k, v = qkv.reshape(B, 3, self.config.n_head, -1).swapaxes(0, 1)  # (B, H, D) each
        keys[place] = k
        values[place] = v
        y = self._look_back(q, keys, values, mask)
        x = x + product(y, w["attn.c_proj.weight"])
        x += w["attn.c_proj.bias"]

        h = self._normalize(x, w["ln_2.weight"], w["ln_2.bias"])
        h = product(h, w["mlp.c_fc.weight"])
        h += w["mlp.c_fc.bias"]
        h, _ = gelu_forward(h)
        x += product(h, w["mlp.c_proj.weight"])
        x += w["mlp.c_proj.bias"]
        return x

    def _look_back(self, q, keys, values, mask):
        """Attention: q (B, H, D), keys and values (B, H, n, D) -> (B, C)."""
        B, H, _ = q.shape
        if self.team.size == 1 or keys.nbytes < LONG_CACHE:
            return look_back(q, keys, values, mask).reshape(B, -1)
        n_pieces, y = min(H, self.team.size), xp.empty(q.shape, q.dtype)

        def some_heads(piece):
            heads = slice_of(H, piece, n_pieces)
            y[:, heads] = look_back(q[:, heads], keys[:, heads], values[:, heads], mask)

        self.team.each(n_pieces, some_heads)
        return y.reshape(B, -1)

    def _normalize(self, x, weight, bias):
        """layernorm_forward for a few rows, without what only its backward needs: x (B, C) -> (B, C)."""
        normed = x - x.dot(self.average)
        variance = (normed * normed).dot(self.average)  # (B, 1)
        variance += self.epsilon
        normed /= xp.sqrt(variance, out=variance)
        normed *= weight
        normed += bias
        return normed


def look_back(q, keys, values, mask):
    """softmax(q kᵀ / √D + mask) v of some heads: q (B, H, D), keys and values (B, H, n, D) -> (B, H, D)."""
    scores = q[:, :, None] @ keys.swapaxes(-1, -2)  # (B, H, 1, n)
    scores *= 1 / math.sqrt(q.shape[-1])
    scores += mask
    scores -= scores.max(-1, keepdims=True)
    shares = xp.exp(scores, out=scores)
    y = shares @ values  # (B, H, 1, D)
    y /= shares.sum(-1, keepdims=True)
    return y[:, :, 0]


def as_rows(params):
    """A dict of arrays in which those of shape (n,) have become (1, n)."""
    return {name: param.reshape(1, -1) if param.ndim == 1 else param for name, param in params.items()}
