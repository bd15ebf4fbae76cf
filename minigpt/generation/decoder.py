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

import math
from typing import Any, NamedTuple

import numpy as np

from minigpt.backend import on_host, to_device, to_host, xp
from minigpt.cores import Team, one_blas_thread
from minigpt.generation.reading import read
from minigpt.layers import gelu_forward, unembedding_forward
from minigpt.model import GPT
from minigpt.rnn import RNN

MEMBER_WORK = 1_000_000  # C² · tokens a thread, below which a further one waits more than it helps
FEW_TOKENS = 12  # for fewer of them a product takes as long, as its weights have to be read


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
        with one_blas_thread:
            logits, _ = self.model.forward(to_device(self.windows.padded()))  # (B, longest, V)
        rows = xp.arange(len(logits))
        return to_host(logits[rows, to_device(self.windows.lengths - 1)])

    def append(self, tokens):
        self.windows.make_room()
        self.windows.append(tokens)
        return self.start()


def team_size(n_embd, n_tokens):
    """How many threads share a block's products for so many tokens; one where they would wait more than work.

    A block multiplies 12 C² weights with every token, and reads them once. As many threads are allowed as the
    caller lets BLAS have.
    """
    if not on_host():
        return 1
    most = n_embd * n_embd * max(FEW_TOKENS, n_tokens) // MEMBER_WORK
    return max(1, min(most, one_blas_thread.threads_allowed()))


class Part(NamedTuple):
    """A member's part of a block: some heads and some features of the feed-forward layer, as views."""

    heads: slice
    ln_1: Any  # its weight and bias, (1, C) each
    c_attn: list  # columns of the weight for q, k and v of these heads; in one piece where they are all heads
    c_attn_bias: Any  # (1, those columns)
    attn_c_proj: Any  # rows of the weight
    attn_c_proj_bias: Any  # (1, C)
    ln_2: Any
    c_fc: Any  # columns
    c_fc_bias: Any
    mlp_c_proj: Any  # rows
    mlp_c_proj_bias: Any


def part_of_block(w, n_head, team, member):
    """What a member of the team computes of a block; w: the block's parameters by their short names."""
    w = as_rows(w)
    C = w["ln_1.weight"].shape[1]
    D = C // n_head
    heads, features = team.share(member, n_head), team.share(member, 4 * C)
    rows = slice(heads.start * D, heads.stop * D)
    columns = [slice(3 * C)]  # q, k and v, side by side
    if team.size > 1:
        columns = [slice(i * C + rows.start, i * C + rows.stop) for i in range(3)]
    return Part(
        heads,
        (w["ln_1.weight"], w["ln_1.bias"]),
        [w["attn.c_attn.weight"][:, part] for part in columns],
        xp.concatenate([w["attn.c_attn.bias"][:, part] for part in columns], axis=1),
        w["attn.c_proj.weight"][rows],
        w["attn.c_proj.bias"],
        (w["ln_2.weight"], w["ln_2.bias"]),
        w["mlp.c_fc.weight"][:, features],
        w["mlp.c_fc.bias"][:, features],
        w["mlp.c_proj.weight"][features],
        w["mlp.c_proj.bias"],
    )


class CachingDecoder:
    """A GPT with the keys and values of all tokens of its windows, (B, H, block_size, D) for every block.

    In a large model a step is shared out among a team. A member has some heads from their columns of c_attn
    to their rows of c_proj, some features of the feed-forward layer from their columns of c_fc to their rows
    of c_proj, and some tokens of the head. So the team meets twice a block, to add up what each has for the
    residual stream (Shoeybi et al., 2019, arXiv:1909.08053, section 3), in the order of the members: the same
    number of threads gives the same bits.
    """

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
        self.team = Team(team_size(C, B))
        blocks = [model.block_params(i) for i in range(config.n_layer)]
        members = range(self.team.size)
        self.parts = [[part_of_block(w, H, self.team, member) for w in blocks] for member in members]
        self.top = [model.params[name].reshape(1, C) for name in ("ln_f.weight", "ln_f.bias")]
        self.head = model.params[model.head_name()].T  # (C, V)
        self.average = xp.full((C, 1), 1 / C, dtype)  # x @ average is the mean of each row
        self.epsilon = xp.full((1, 1), config.layer_norm_epsilon, dtype)
        # Where the members lay down what they have for the sums. Those of attention and of the feed-forward
        # layer take turns, so that nobody writes one that another still reads.
        self.attention_sums, self.mlp_sums = [None] * self.team.size, [None] * self.team.size

    def start(self):
        """Read the prompts: the scores of the token that follows each, (B, V)."""
        rows = to_device(self.windows.rows)
        with one_blas_thread:
            hidden = self._read(slice(None), self.windows.padded())  # (B, longest, C)
            last = hidden[rows, to_device(self.windows.lengths - 1)]  # (B, C)
            logits = xp.empty((len(last), self.head.shape[1]), last.dtype)
            self.team.run(lambda member: self._score(last, logits, member))
        return to_host(logits)

    def append(self, tokens):
        """One more token a row, (B,) int: the scores of those after them, (B, V)."""
        windows = self.windows
        with one_blas_thread:
            slid = windows.make_room()
            if len(slid):
                kept = windows.block_size - windows.hop
                if kept:
                    rows = slice(None) if len(slid) == len(windows.rows) else to_device(slid)
                    self._read(rows, windows.ids[slid, :kept])
            logits = self._step(to_device(tokens))
        windows.append(tokens)
        return to_host(logits)

    def _read(self, rows, ids):
        """Fill the cache of some rows from the beginning: ids (R, n) -> the last block's output (R, n, C)."""
        team = Team(team_size(self.model.config.n_embd, ids.size))
        return read(self.model, ids, rows, self.keys, self.values, team)

    def _step(self, tokens):
        """One token a row through the model, each at the end of its window: (B,) -> logits (B, V)."""
        B, n = len(tokens), self.windows.longest
        if self.equal_lengths:
            place, mask, position = (slice(None), slice(None), n), None, n
        else:
            position = to_device(self.windows.lengths)
            place = (xp.arange(B), slice(None), position)
            unused = xp.arange(n + 1) > position[:, None]  # (B, n + 1)
            mask = xp.where(unused, -math.inf, 0.0).astype(self.average.dtype)[:, None, None]
        w = self.model.params
        x = w["wte.weight"][tokens] + w["wpe.weight"][position]  # (B, C)
        logits = xp.empty((B, self.head.shape[1]), x.dtype)
        self.team.run(lambda member: self._score(self._blocks(x, n, place, mask, member), logits, member))
        return logits

    def _blocks(self, x, n, place, mask, member):
        """A member's part of all blocks: x (B, C) -> the last block's output (B, C), whole, for every member.

        The same sums as block_forward's, for one token: every call on arrays this small costs more than
        its arithmetic, so there are few of them, most of them in place.
        """
        B, D = len(x), self.model.config.n_embd // self.model.config.n_head
        for part, keys, values in zip(self.parts[member], self.keys, self.values):
            h = self._normalize(x, *part.ln_1)
            products = [h @ columns for columns in part.c_attn]
            qkv = products[0] if len(products) == 1 else xp.concatenate(products, axis=1)
            qkv += part.c_attn_bias
            q, k, v = qkv.reshape(B, 3, -1, D).swapaxes(0, 1)  # (B, heads, D) each
            keys, values = keys[:, part.heads], values[:, part.heads]
            keys[place] = k
            values[place] = v
            scores = q[:, :, None] @ keys[:, :, : n + 1].swapaxes(-1, -2)  # (B, heads, 1, n + 1)
            scores *= 1 / math.sqrt(D)
            if mask is not None:
                scores += mask
            scores -= scores.max(-1, keepdims=True)
            shares = xp.exp(scores, out=scores)
            y = shares @ values[:, :, : n + 1]  # (B, heads, 1, D)
            y /= shares.sum(-1, keepdims=True)
            y = y.reshape(B, -1) @ part.attn_c_proj
            x = x + self._sum(y, self.attention_sums, member)
            x += part.attn_c_proj_bias

            h = self._normalize(x, *part.ln_2)
            h = h @ part.c_fc
            h += part.c_fc_bias
            h, _ = gelu_forward(h)
            x += self._sum(h @ part.mlp_c_proj, self.mlp_sums, member)
            x += part.mlp_c_proj_bias
        return x

    def _sum(self, product, products, member):
        """What all members have, added up in their order: the same for each of them."""
        if self.team.size == 1:
            return product
        products[member] = product
        self.team.meet()
        return sum(products[1:], products[0])

    def _normalize(self, x, weight, bias):
        """layernorm_forward for a few rows, without what only its backward needs: x (B, C) -> (B, C)."""
        normed = x - x.dot(self.average)
        variance = (normed * normed).dot(self.average)  # (B, 1)
        variance += self.epsilon
        normed /= xp.sqrt(variance, out=variance)
        normed *= weight
        normed += bias
        return normed

    def _score(self, x, logits, member):
        """A member's tokens of the head: x (B, C), the last block's output, into columns of logits (B, V)."""
        tokens = self.team.share(member, logits.shape[1])
        xp.matmul(self._normalize(x, *self.top), self.head[:, tokens], out=logits[:, tokens])


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
        with one_blas_thread:
            h, _ = self.model.forward_hidden(to_device(ids), self.state[rows])  # (R, n, C)
        self.state[rows] = h[:, -1]

    def _scores(self):
        with one_blas_thread:
            logits, _ = unembedding_forward(self.state, self.model.params["head.weight"])
        return to_host(logits)


def refuse_to_continue(model):
    """Raise ValueError for a model whose scores are not those of the next token."""
    if not getattr(model, "continues", True):  # a reader's own model says nothing of it
        raise ValueError(f"this is {model.kind}: it cannot continue a text, take a model that was trained to")


def refuse_empty(prompts):
    """Raise ValueError for a prompt without tokens."""
    if any(len(prompt) == 0 for prompt in prompts):
        raise ValueError("a prompt has no tokens: give at least one to continue from")


def as_rows(params):
    """A dict of arrays in which those of shape (n,) have become (1, n)."""
    return {name: param.reshape(1, -1) if param.ndim == 1 else param for name, param in params.items()}
