"""Reading tokens one after the other: prompts once, then one token a row and step, for its next scores.

    decoder = decoder_for(model, prompts)
    logits = decoder.start()                 (B, V), the scores of the token after each prompt
    logits = decoder.append(tokens)          tokens (B,) -> (B, V), the scores of the next one

**The key/value cache.** In attention a token looks back: its query meets the keys and takes the values
of the tokens before it. Those depend on nothing that comes later, so they are computed once and kept, and
a step computes one token instead of the whole text. `RecomputingDecoder` does without and says the same.

**Beyond the context** the window slides, in hops, and the cache is filled anew (windows.py).

**A recurrent model** keeps its state instead, one vector a row, which holds what it has read however long
ago that was. Nothing slides: beyond block_size tokens `RecurrentDecoder` still remembers, as far as the model
does, what `RecomputingDecoder` has let go.
"""

import numpy as np

from minigpt.backend import to_device, to_host, xp
from minigpt.cores import Team, one_blas_thread
from minigpt.generation.reading import read
from minigpt.generation.step import Step, team_size
from minigpt.generation.windows import Windows, refuse_empty
from minigpt.layers import unembedding_forward
from minigpt.model import GPT
from minigpt.rnn import RNN

FEWEST_PLACES = 16  # for tokens to come, when a cache is made or grows: each time all of it is copied


def decoder_for(model, prompts, use_cache=True):
    """The fastest decoder of a model: a GPT or an RNN has something to cache (of one with LoRA its merged()).

    prompts: B lists of token ids. Raises ValueError for an empty prompt or an id outside the vocabulary, and
    for a model that continues no text.
    """
    refuse_to_continue(model)
    decoders = {GPT: CachingDecoder, RNN: RecurrentDecoder} if use_cache else {}
    return decoders.get(type(model), RecomputingDecoder)(model, prompts)


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


class CachingDecoder:
    """A GPT with the keys and values of all tokens of its windows, (B, H, places, D) for every block."""

    def __init__(self, model, prompts):
        config = model.config
        self.model = model
        self.windows = Windows(prompts, config.block_size)
        model.check_ids(self.windows.padded())
        shape = (len(prompts), config.n_head, 0, config.n_embd // config.n_head)
        dtype = model.params["wte.weight"].dtype
        self.keys = [xp.zeros(shape, dtype) for _ in range(config.n_layer)]
        self.values = [xp.zeros(shape, dtype) for _ in range(config.n_layer)]
        self._make_places()
        self.step = Step(model, self.windows, self.keys, self.values)

    def start(self):
        """Read the prompts: the scores of the token that follows each, (B, V)."""
        rows = to_device(self.windows.rows)
        with one_blas_thread:
            x = self._read(slice(None), self.windows.padded())  # (B, longest, C)
            logits = self.step.after_last(x[rows, to_device(self.windows.lengths - 1)])
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
            self._make_places()
            logits = self.step(to_device(tokens))
        windows.append(tokens)
        return to_host(logits)

    def _make_places(self):
        """Let the cache have a place for the next token, and few more than that.

        A step reads all places of a head, then those of the next head. Memory is read fast in one stretch;
        where a gap is left out behind every head, it takes more than twice as long.
        """
        n, n_places = self.windows.longest, self.keys[0].shape[2]
        wanted = min(self.windows.block_size, n + max(FEWEST_PLACES, n // 8))
        if not n < n_places <= wanted:
            for cache in (self.keys, self.values):
                for block, kept in enumerate(cache):
                    cache[block] = with_places(kept, wanted)

    def _read(self, rows, ids):
        """Fill the cache of some rows with ids (R, n) -> what enters the last block (R, n, C)."""
        team = Team(team_size(self.model.config.n_embd, ids.size))
        return read(self.model, ids, rows, self.keys, self.values, team)


def with_places(kept, n_places):
    """A block's keys or values (B, H, n, D), as many as have a place -> (B, H, n_places, D), else zeros."""
    B, H, n, D = kept.shape
    # Masked places are still multiplied, with 0, and 0 times what happened to lie there could be NaN.
    cache = xp.zeros((B, H, n_places, D), kept.dtype)
    cache[:, :, :n] = kept[:, :, :n_places]
    return cache


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
