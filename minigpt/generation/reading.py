"""Reading prompts: many tokens at once through a GPT, whose keys and values are kept for the tokens to come.

The work is shared out among a team (cores.py). Of several prompts each member reads some, and they do not
meet. A single prompt is cut in time. No token looks right, so a member needs of the others only the keys and
values of the tokens before its own: it writes its own ones of a block into the cache, all meet, and from
there to the next block's keys and values each works by itself. A late token has more to look back on, so
later parts are shorter.

Of the last block a text needs no more than keys and values: what it says of a token is what follows, and that
is asked of the last token alone (step.py). So five sixths of its products are left out.

What is added up for one token is the same in any cut; BLAS may add it in another order.
"""

import math
from functools import partial

from minigpt.backend import to_device, xp
from minigpt.layers import layernorm_forward, linear_forward
from minigpt.layers.attention import QUERY_BLOCK, future_mask, split_heads
from minigpt.layers.reductions import row_max, row_sum
from minigpt.model import block_forward

LOOK_BACK = 2.0  # a token's work is in proportion to 1 + tokens before it / (LOOK_BACK · C), an estimate


def read(model, ids, rows, keys, values, team):
    """Fill the cache of some rows from the beginning -> what enters the last block (R, n, C).

    ids (R, n) int, rows (R,) int or a slice: which of the cache's rows they are. keys, values: of every block
    an array (B, H, places, D). team: a cores.Team.
    """
    config, w = model.config, model.params
    n_rows, n = ids.shape
    *blocks, last = (model.block_params(i) for i in range(config.n_layer))
    hidden = xp.empty((n_rows, n, config.n_embd), dtype=w["wte.weight"].dtype)
    apart = n_rows >= team.size  # each has rows of its own
    edges = time_edges(n, team.size, config.n_embd)

    def look_back(qkv, n_head, p, rngs, block, mine, start, stop):
        """attention_forward for the tokens start … stop − 1, after those that the cache has."""
        q, *kv = split_heads(qkv, 3, n_head)
        keys[block][mine, :, start:stop], values[block][mine, :, start:stop] = kv
        if not apart:
            team.meet()
        return attend(q, keys[block][mine, :, :stop], values[block][mine, :, :stop]), None

    def work(member):
        part = team.share(member, n_rows) if apart else slice(n_rows)
        start, stop = (0, n) if apart else edges[member : member + 2]
        mine = part if isinstance(rows, slice) else rows[part]
        x = w["wte.weight"][to_device(ids[part, start:stop])] + w["wpe.weight"][start:stop]
        for i, params in enumerate(blocks):
            attention = partial(look_back, block=i, mine=mine, start=start, stop=stop)
            x, _ = block_forward(x, params, config, attention=attention)
        h, _ = layernorm_forward(x, last["ln_1.weight"], last["ln_1.bias"], config.layer_norm_epsilon)
        columns = slice(config.n_embd, None)  # without those of the queries
        kv, _ = linear_forward(h, last["attn.c_attn.weight"][:, columns], last["attn.c_attn.bias"][columns])
        keys[-1][mine, :, start:stop], values[-1][mine, :, start:stop] = split_heads(kv, 2, config.n_head)
        hidden[part, start:stop] = x

    team.run(work)
    return hidden


def attend(q, keys, values):
    """The last n of N tokens look back: q (R, H, n, D), keys and values (R, H, N, D) -> y (R, n, C).

    softmax(q kᵀ / √D) v as in attention_forward, without what its backward needs.
    """
    R, H, n, D = q.shape
    before = keys.shape[2] - n
    q = q * (1 / math.sqrt(D))
    y = xp.empty((R, n, H * D), dtype=q.dtype)
    (heads,) = split_heads(y, 1, H)  # (R, H, n, D), a view of y
    for start in range(0, n, QUERY_BLOCK):
        stop = min(start + QUERY_BLOCK, n)
        seen = before + stop
        scores = q[:, :, start:stop] @ keys[:, :, :seen].swapaxes(-1, -2)  # (R, H, stop − start, seen)
        scores[..., before + start :] += future_mask(stop - start, scores.dtype)
        scores -= row_max(scores)
        shares = xp.exp(scores, out=scores)
        xp.matmul(shares, values[:, :, :seen], out=heads[:, :, start:stop])
        heads[:, :, start:stop] /= row_sum(shares)  # D numbers a row, where the shares are as many as it sees
    return y


def time_edges(n, n_parts, n_embd):
    """Where to cut n tokens so that every part is as much work: n_parts + 1 numbers from 0 to n.

    The first t tokens are t + t² / (2 · LOOK_BACK · C) of work, a quadratic to be solved for t.
    """
    a = LOOK_BACK * n_embd
    whole = n + n * n / (2 * a)
    return [round(a * (math.sqrt(1 + 2 * whole * part / n_parts / a) - 1)) for part in range(n_parts + 1)]
