"""One token a row through a GPT whose keys and values are kept: what is done again for every token.

The same sums as block_forward's, for one token: every call on arrays this small costs more than its
arithmetic, so there are few of them, most of them in place. What the threads of a team share depends on what
takes the time:

**Rows, of a small model.** Its weights stay in the caches, and time goes into arithmetic and calls. Each
thread takes some rows of text through all blocks; they do not meet before the token is done.

**Products, of a large model.** Its weights come from memory, are used for a few rows and not seen again until
the next token. Every product is cut into pieces, each some rows of the matrix, that is one stretch of memory.
Whoever is free takes the next piece, and what the pieces give is added up in their order: so the same number
of threads gives the same bits, whoever did what, and a thread that has no processor keeps nobody waiting.
The look back at keys and values is cut by heads, together with the rows of c_proj that theirs are.
"""

import math
from typing import Any, NamedTuple

from minigpt.backend import on_host, to_device, xp
from minigpt.cores import Team, one_blas_thread, slice_of
from minigpt.generation.products import matrix_product, table_product
from minigpt.layers import gelu_forward

MEMBER_WORK = 1_000_000  # C² · tokens a thread, below which a further one waits more than it helps
FEW_TOKENS = 12  # for fewer of them a product takes as long, as its weights have to be read
ROWS_WORK = 250_000  # C² · rows a thread, where they do not meet
CACHED = 4_000_000  # bytes of a block's weights, up to which they are read from the caches
PIECES = 4  # of a product for every thread
TABLE_PIECE = 1_000_000  # bytes of the head that are one piece


def team_size(n_embd, n_tokens):
    """How many threads share a block's products for so many tokens; one where they would wait more than work.

    A block multiplies 12 C² weights with every token, and reads them once. As many threads are allowed as the
    caller lets BLAS have.
    """
    if not on_host():
        return 1
    most = n_embd * n_embd * max(FEW_TOKENS, n_tokens) // MEMBER_WORK
    return max(1, min(most, one_blas_thread.threads_allowed()))


def rows_team_size(n_embd, n_rows):
    """How many threads share the rows of a step; one for a large model, whose weights each would read."""
    if not on_host() or 12 * n_embd * n_embd * 4 > CACHED:
        return 1
    most = min(n_rows, n_embd * n_embd * n_rows // ROWS_WORK)
    return max(1, min(most, one_blas_thread.threads_allowed()))


class BlockWeights(NamedTuple):
    """A block's parameters as a step needs them: biases and gains are rows (1, n).

    For one row of text the shapes are then equal, and NumPy takes half the time for arrays that need no
    broadcasting.
    """

    ln_1: Any  # weight and bias
    c_attn: Any
    c_attn_bias: Any
    attn_c_proj: Any
    attn_c_proj_bias: Any
    ln_2: Any
    c_fc: Any
    c_fc_bias: Any
    mlp_c_proj: Any
    mlp_c_proj_bias: Any


def block_weights(w):
    """BlockWeights from a block's parameters by their short names."""
    w = {name: param.reshape(1, -1) if param.ndim == 1 else param for name, param in w.items()}
    return BlockWeights(
        (w["ln_1.weight"], w["ln_1.bias"]),
        w["attn.c_attn.weight"],
        w["attn.c_attn.bias"],
        w["attn.c_proj.weight"],
        w["attn.c_proj.bias"],
        (w["ln_2.weight"], w["ln_2.bias"]),
        w["mlp.c_fc.weight"],
        w["mlp.c_fc.bias"],
        w["mlp.c_proj.weight"],
        w["mlp.c_proj.bias"],
    )


class Step:
    """What is looked up once for all steps of a GPT over some windows.

    keys, values: of every block an array (B, H, block_size, D), with those of all tokens in the windows.
    """

    def __init__(self, model, windows, keys, values):
        config, B = model.config, len(windows.rows)
        C, dtype = config.n_embd, model.params["wte.weight"].dtype
        self.config, self.windows, self.keys, self.values = config, windows, keys, values
        self.wte, self.wpe = model.params["wte.weight"], model.params["wpe.weight"]
        self.blocks = [block_weights(model.block_params(i)) for i in range(config.n_layer)]
        self.top = [model.params[name].reshape(1, C) for name in ("ln_f.weight", "ln_f.bias")]
        self.head = model.params[model.head_name()]  # (V, C)
        self.average = xp.full((C, 1), 1 / C, dtype)  # x @ average is the mean of each row
        self.epsilon = xp.full((1, 1), config.layer_norm_epsilon, dtype)

        self.by_rows = Team(rows_team_size(C, B))
        self.by_products = Team(team_size(C, B) if self.by_rows.size == 1 else 1)
        self.n_pieces = 1 if self.by_products.size == 1 else PIECES * self.by_products.size
        self.multiply = matrix_product(B, self.blocks[0].c_fc)
        self.multiply_table = table_product(B, self.head)

    def __call__(self, tokens):
        """One token a row, (B,), each at the end of its window -> the scores of the next one, (B, V)."""
        logits = xp.empty((len(tokens), len(self.head)), self.wte.dtype)

        def some_rows(part):
            mine = slice_of(len(tokens), part, self.by_rows.size)
            self._score(self._blocks(tokens[mine], mine), logits[mine])

        self.by_rows.each(self.by_rows.size, some_rows)
        return logits

    def scores(self, x):
        """What follows the tokens of which x (B, C) is the last block's output: (B, V)."""
        logits = xp.empty((len(x), len(self.head)), x.dtype)
        self._score(x, logits)
        return logits

    def _score(self, x, logits):
        """The head: x (R, C), the last block's output -> logits (R, V) are written."""
        x = self._normalize(x, *self.top)
        n_pieces = max(1, self.head.nbytes // TABLE_PIECE)

        def some_tokens(piece):
            tokens = slice_of(len(self.head), piece, n_pieces)
            self.multiply_table(x, self.head[tokens], out=logits[:, tokens])

        self.by_products.each(n_pieces, some_tokens)

    def _blocks(self, tokens, mine):
        """Some rows through all blocks: tokens (R,), mine the slice of their rows -> (R, C)."""
        R, C, H, n = len(tokens), self.config.n_embd, self.config.n_head, self.windows.longest
        if self.windows.equal_lengths:
            place, mask, position = (slice(None), slice(None), n), None, n
        else:
            position = to_device(self.windows.lengths[mine])
            place = (xp.arange(R), slice(None), position)
            unused = xp.arange(n + 1) > position[:, None]  # (R, n + 1)
            mask = xp.where(unused, -math.inf, 0.0).astype(self.average.dtype)[:, None, None]
        x = self.wte[tokens] + self.wpe[position]  # (R, C)
        for w, keys, values in zip(self.blocks, self.keys, self.values):
            h = self._normalize(x, *w.ln_1)
            qkv = self._product(h, w.c_attn)
            qkv += w.c_attn_bias
            q, k, v = qkv.reshape(R, 3, H, C // H).swapaxes(0, 1)  # (R, H, D) each
            keys, values = keys[mine], values[mine]
            keys[place] = k
            values[place] = v
            x = x + self._look_back(q, keys[:, :, : n + 1], values[:, :, : n + 1], mask, w.attn_c_proj)
            x += w.attn_c_proj_bias

            h = self._normalize(x, *w.ln_2)
            h = self._product(h, w.c_fc)
            h += w.c_fc_bias
            h, _ = gelu_forward(h)
            x += self._product(h, w.mlp_c_proj)
            x += w.mlp_c_proj_bias
        return x

    def _look_back(self, q, keys, values, mask, c_proj):
        """Attention, and its projection: q (R, H, D), keys and values (R, H, n + 1, D) -> (R, C)."""
        R, H, D = q.shape
        n_pieces = min(H, self.n_pieces)

        def some_heads(piece, out=None):
            heads = slice_of(H, piece, n_pieces)
            scores = q[:, heads, None] @ keys[:, heads].swapaxes(-1, -2)  # (R, heads, 1, n + 1)
            scores *= 1 / math.sqrt(D)
            if mask is not None:
                scores += mask
            scores -= scores.max(-1, keepdims=True)
            shares = xp.exp(scores, out=scores)
            y = shares @ values[:, heads]  # (R, heads, 1, D)
            y /= shares.sum(-1, keepdims=True)
            return self.multiply(y.reshape(R, -1), c_proj[heads.start * D : heads.stop * D], out=out)

        if n_pieces == 1:
            return some_heads(0)
        return self._sum(n_pieces, some_heads, (R, H * D))

    def _product(self, x, weight):
        """x (R, I) @ weight (I, O) -> (R, O)."""
        if self.n_pieces == 1:
            return self.multiply(x, weight)

        def some_features(piece, out):
            features = slice_of(len(weight), piece, self.n_pieces)
            self.multiply(x[:, features], weight[features], out=out)

        return self._sum(self.n_pieces, some_features, (len(x), weight.shape[1]))

    def _sum(self, n_pieces, work, shape):
        """What the pieces give, added up in their order, whoever did them: work(piece, out of that shape)."""
        parts = xp.empty((n_pieces, *shape), self.average.dtype)
        self.by_products.each(n_pieces, lambda piece: work(piece, parts[piece]))
        return parts.sum(0)

    def _normalize(self, x, weight, bias):
        """layernorm_forward for a few rows, without what only its backward needs: x (R, C) -> (R, C)."""
        normed = x - x.dot(self.average)
        variance = (normed * normed).dot(self.average)  # (R, 1)
        variance += self.epsilon
        normed /= xp.sqrt(variance, out=variance)
        normed *= weight
        normed += bias
        return normed
