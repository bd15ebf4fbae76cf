"""Reading tokens one after the other: prompts once, then one token a row and step, for its next scores.

    decoder = decoder_for(model, prompts)
    logits = decoder.start()                 (B, V), the scores of the token after each prompt
    logits = decoder.append(tokens)          tokens (B,) -> (B, V), the scores of the next one

**The key/value cache.** In attention a token looks back: its query meets the keys and takes the values
of the tokens before it. Those depend on nothing that comes later, so they are computed once and kept, and
a step computes one token instead of the whole text. `RecomputingDecoder` does without and says the same.

**Beyond the context** the window slides, in hops. A token's position is part of what its key was computed
from, so when the window moves, every key is out of date and the cache has to be filled anew. One token at
a time that would cost as much as no cache. So the oldest quarter of the window goes at once: of the
block_size tokens that a model can see, it sees between three quarters and all. Both decoders follow this
rule and therefore agree to the last token.

**A recurrent model** keeps its state instead, one vector a row, which holds what it has read however long
ago that was. Nothing slides: beyond block_size tokens `RecurrentDecoder` still remembers, as far as the model
does, what `RecomputingDecoder` has let go.

**Prompts of unequal length** stand left-aligned, their rows filled up with anything on the right. No
token looks right, so reading the prompts needs no mask; in a step each row writes at its own length, and
places beyond it get the score −∞.
"""

import contextlib
import functools
import math

import numpy as np
from threadpoolctl import ThreadpoolController

from minigpt.backend import on_host, to_device, to_host, xp
from minigpt.layers import gelu_forward, unembedding_forward
from minigpt.model import GPT, block_forward
from minigpt.rnn import RNN

SMALL_PRODUCT = 4_000_000  # multiplications in a matrix product, below which one thread is best

blas = functools.cache(ThreadpoolController)  # made once: it looks through all loaded libraries


def decoder_for(model, prompts, use_cache=True):
    """The fastest decoder of a model: a GPT or an RNN has something to cache (of one with LoRA its merged()).

    prompts: B lists of token ids. Raises ValueError for an empty prompt or an id outside the vocabulary, and
    for a model that continues no text.
    """
    refuse_to_continue(model)
    decoders = {GPT: CachingDecoder, RNN: RecurrentDecoder} if use_cache else {}
    return decoders.get(type(model), RecomputingDecoder)(model, prompts)


class Windows:
    """The tokens that the model sees: row b is ids[b, : lengths[b]]."""

    def __init__(self, prompts, block_size):
        refuse_empty(prompts)
        self.block_size = block_size
        self.hop = max(1, block_size // 4)
        self.rows = np.arange(len(prompts))
        self.lengths = np.array([min(len(prompt), block_size) for prompt in prompts])  # (B,)
        self.longest = int(self.lengths.max())
        self.ids = np.zeros((len(prompts), block_size), dtype=np.int64)
        for row, prompt in enumerate(prompts):
            self.ids[row, : self.lengths[row]] = prompt[-block_size:]

    def make_room(self):
        """Let the oldest tokens of full rows go. Returns the rows, those that now are hop tokens shorter."""
        full = self.rows[:0]
        if self.longest == self.block_size:
            full = np.flatnonzero(self.lengths == self.block_size)
            self.ids[full, : -self.hop] = self.ids[full, self.hop :]
            self.lengths[full] -= self.hop
            self.longest = int(self.lengths.max())
        return full

    def append(self, tokens):
        """One more token a row: (B,) int. There must be room."""
        self.ids[self.rows, self.lengths] = tokens
        self.lengths += 1
        self.longest += 1

    def padded(self):
        """All rows up to the length of the longest, (B, longest)."""
        return self.ids[:, : self.longest]


class RecomputingDecoder:
    """The whole window through the model at every step: for any model, and to hold the cache against."""

    def __init__(self, model, prompts):
        self.model = model
        self.windows = Windows(prompts, model.config.block_size)

    def start(self):
        logits, _ = self.model.forward(to_device(self.windows.padded()))  # (B, longest, V)
        rows = xp.arange(len(logits))
        return to_host(logits[rows, to_device(self.windows.lengths - 1)])

    def append(self, tokens):
        self.windows.make_room()
        self.windows.append(tokens)
        return self.start()


class CachingDecoder:
    """A GPT with the keys and values of all tokens of its windows, (B, H, block_size, D) for every block."""

    def __init__(self, model, prompts):
        config = model.config
        self.model = model
        self.windows = Windows(prompts, config.block_size)
        self.equal_lengths = len(set(self.windows.lengths)) == 1  # and so they will stay
        model.check_ids(self.windows.padded())

        B, C, H = len(prompts), config.n_embd, config.n_head
        dtype = model.params["wte.weight"].dtype
        # Zeros, because masked places are still multiplied, with 0, and 0 times what lay there before
        # could be NaN. The system hands zeros out page by page, when they are first written to.
        shape = (B, H, config.block_size, C // H)
        self.keys = [xp.zeros(shape, dtype) for _ in range(config.n_layer)]
        self.values = [xp.zeros(shape, dtype) for _ in range(config.n_layer)]

        # What a step needs, looked up once. Biases and gains as rows (1, n): for one row of text the shapes
        # are then equal, and NumPy takes half the time for arrays that need no broadcasting.
        self.blocks = [as_rows(model.block_params(i)) for i in range(config.n_layer)]
        self.top = as_rows({name: model.params[name] for name in ("ln_f.weight", "ln_f.bias")})
        self.head = model.params[model.head_name()].T  # (C, V)
        self.average = xp.full((C, 1), 1 / C, dtype)  # x @ average is the mean of each row
        self.epsilon = xp.full((1, 1), config.layer_norm_epsilon, dtype)
        self.one_thread = on_host() and B > 1 and B * 4 * C * C < SMALL_PRODUCT

    def start(self):
        """Read the prompts: the scores of the token that follows each, (B, V)."""
        rows = self.windows.rows
        hidden = self._read(rows, self.windows.padded())  # (B, longest, C)
        last = hidden[to_device(rows), to_device(self.windows.lengths - 1)]  # (B, C)
        return self._scores(last)

    def append(self, tokens):
        """One more token a row, (B,) int: the scores of those after them, (B, V)."""
        windows = self.windows
        slid = windows.make_room()
        if len(slid):
            kept = windows.block_size - windows.hop
            if kept:
                self._read(slid, windows.ids[slid, :kept])
        # Two threads meet at the end of every product. Of small ones that is the longer part, and on a busy
        # machine, where one of them has to wait for a processor, nearly all of it.
        with blas().limit(limits=1, user_api="blas") if self.one_thread else contextlib.nullcontext():
            x = self._step(to_device(tokens))  # (B, C)
            windows.append(tokens)
            return self._scores(x)

    def _read(self, rows, ids):
        """Fill the cache of some rows from the beginning: ids (R, n) -> the last block's output (R, n, C)."""
        model = self.model
        w, n = model.params, ids.shape[1]
        rows = to_device(rows)
        x = w["wte.weight"][to_device(ids)] + w["wpe.weight"][:n]
        for i, (keys, values) in enumerate(zip(self.keys, self.values)):
            x, cache = block_forward(x, model.block_params(i), model.config)
            keys[rows, :, :n] = cache["attn"].k
            values[rows, :, :n] = cache["attn"].v
        return x

    def _step(self, tokens):
        """One token a row through all blocks, each at the end of its window: (B,) -> (B, C).

        The same sums as block_forward's, for one token: every call on arrays this small costs more than
        its arithmetic, so there are few of them, most of them in place.
        """
        config = self.model.config
        B, H, D = len(tokens), config.n_head, config.n_embd // config.n_head
        n = self.windows.longest
        if self.equal_lengths:
            place, mask, position = (slice(None), slice(None), n), None, n
        else:
            position = to_device(self.windows.lengths)
            place = (xp.arange(B), slice(None), position)
            unused = xp.arange(n + 1) > position[:, None]  # (B, n + 1)
            mask = xp.where(unused, -math.inf, 0.0).astype(self.average.dtype)[:, None, None]

        w = self.model.params
        x = w["wte.weight"][tokens] + w["wpe.weight"][position]  # (B, C)
        for w, keys, values in zip(self.blocks, self.keys, self.values):
            h = self._normalize(x, w["ln_1.weight"], w["ln_1.bias"])
            qkv = h.dot(w["attn.c_attn.weight"])
            qkv += w["attn.c_attn.bias"]
            q, k, v = qkv.reshape(B, 3, H, D).swapaxes(0, 1)  # (B, H, D) each
            keys[place] = k
            values[place] = v
            scores = q[:, :, None] @ keys[:, :, : n + 1].swapaxes(-1, -2)  # (B, H, 1, n + 1)
            scores *= 1 / math.sqrt(D)
            if mask is not None:
                scores += mask
            scores -= scores.max(-1, keepdims=True)
            shares = xp.exp(scores, out=scores)
            y = shares @ values[:, :, : n + 1]  # (B, H, 1, D)
            y /= shares.sum(-1, keepdims=True)
            x += y.reshape(B, H * D).dot(w["attn.c_proj.weight"])
            x += w["attn.c_proj.bias"]

            h = self._normalize(x, w["ln_2.weight"], w["ln_2.bias"])
            h = h.dot(w["mlp.c_fc.weight"])
            h += w["mlp.c_fc.bias"]
            h, _ = gelu_forward(h)
            x += h.dot(w["mlp.c_proj.weight"])
            x += w["mlp.c_proj.bias"]
        return x

    def _normalize(self, x, weight, bias):
        """layernorm_forward for a few rows, without what only its backward needs: x (B, C) -> (B, C)."""
        normed = x - x.dot(self.average)
        variance = (normed * normed).dot(self.average)  # (B, 1)
        variance += self.epsilon
        normed /= xp.sqrt(variance, out=variance)
        normed *= weight
        normed += bias
        return normed

    def _scores(self, x):
        """The head: x (B, C), the last block's output -> logits (B, V) in the processor's memory."""
        x = self._normalize(x, self.top["ln_f.weight"], self.top["ln_f.bias"])
        return to_host(x.dot(self.head))


class RecurrentDecoder:
    """An RNN with the state of each row, (B, C): all that the next token needs of those before it."""

    def __init__(self, model, prompts):
        refuse_empty(prompts)
        self.model = model
        self.prompts = prompts
        self.state = model.empty_state(len(prompts))

    def start(self):
        """Read the prompts, as many tokens at once as the model does in training: scores (B, V)."""
        block_size = self.model.config.block_size
        for row, prompt in enumerate(self.prompts):
            ids = np.asarray(prompt, dtype=np.int64)[None]
            for start in range(0, len(prompt), block_size):
                self._read(slice(row, row + 1), ids[:, start : start + block_size])
        return self._scores()

    def append(self, tokens):
        """One more token a row, (B,) int: the scores of those after them, (B, V)."""
        self._read(slice(None), tokens[:, None])
        return self._scores()

    def _read(self, rows, ids):
        """Let some rows go on: ids (R, n)."""
        self.model.check_ids(ids)
        h, _ = self.model.forward_hidden(to_device(ids), self.state[rows])  # (R, n, C)
        self.state[rows] = h[:, -1]

    def _scores(self):
        logits, _ = unembedding_forward(self.state, self.model.params["head.weight"])
        return to_host(logits)


def refuse_to_continue(model):
    """Raise ValueError for a model whose scores are not those of the next token."""
    if not model.continues:
        raise ValueError(f"this is {model.kind}: it cannot continue a text, take a model that was trained to")


def refuse_empty(prompts):
    """Raise ValueError for a prompt without tokens."""
    if any(len(prompt) == 0 for prompt in prompts):
        raise ValueError("a prompt has no tokens: give at least one to continue from")


def as_rows(params):
    """A dict of arrays in which those of shape (n,) have become (1, n)."""
    return {name: param.reshape(1, -1) if param.ndim == 1 else param for name, param in params.items()}
