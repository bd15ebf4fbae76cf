"""Who looks at whom in a text, as tables for the terminal: a row a token, and its shares of attention.

    block 1, head 0
              T   h   e   ␣   c   a
      T     100
      h      61  39
      e      20  75   5

Read a row: h gives 61 % of its attention to T and keeps 39 %. The columns are the same tokens in the same
order, cut where they are wide. Where nothing stands the mask hides the token; · is less than half a percent.
"""

import numpy as np

from minigpt.backend import to_device, to_host
from minigpt.terminal import display_width, pad
from tokenizer.show import written

ALL_BLOCKS = (None, None)  # of (block, head): every block, the mean of its heads
MOST_TOKENS = 24  # of which the columns fit on a wide terminal
NARROWEST, WIDEST = 3, 6  # columns of the terminal that a column of the table takes


def attention_tables(model, tokenizer, ids, which=ALL_BLOCKS):
    """The tables of a text, as strings. which: (block, head), None for every block, None for every head.

    Raises ValueError for a text that is too long, and for a block or head that there is not.
    """
    block, head = which
    n_layer, n_head = model.config.n_layer, model.config.n_head
    for name, number, count in (("block", block, n_layer), ("head", head, n_head)):
        if number is not None and number >= count:
            raise ValueError(
                f"--show-attention asks for {name} {number}, but the {name}s are 0 to {count - 1}"
            )
    if len(ids) > MOST_TOKENS:
        raise ValueError(
            f"the text has {len(ids)} tokens, and a table holds {MOST_TOKENS}: give a shorter one"
        )
    labels = written(tokenizer, ids)
    shares = [to_host(of_block)[0] for of_block in model.attention_shares(to_device(np.array([ids])))]
    if block is None:
        what = f"the mean of {n_head} heads" if n_head > 1 else "head 0"
        return [
            table(f"block {i}, {what}", labels, of_block.mean(0), model.continues)
            for i, of_block in enumerate(shares)
        ]
    heads = range(n_head) if head is None else [head]
    return [table(f"block {block}, head {i}", labels, shares[block][i], model.continues) for i in heads]


def table(title, labels, shares, masked):
    """One table: shares (T, T), row i those of token i; masked: it sees none of those behind it."""
    width = min(WIDEST, max(NARROWEST, *map(display_width, labels)))
    first = max(map(display_width, labels))
    rows = [[cut(label, width) for label in labels]]
    rows += [[percent(share) for share in row[: i + 1 if masked else None]] for i, row in enumerate(shares)]
    lines = [
        f"  {pad(label, first)}  " + " ".join(" " * (width - display_width(cell)) + cell for cell in row)
        for label, row in zip(["", *labels], rows)
    ]
    return "\n".join([title, *(line.rstrip() for line in lines)])


def percent(share):
    """A share as it stands in a table."""
    return "·" if share < 0.005 else f"{100 * share:.0f}"


def cut(label, width):
    """The beginning of a label that fits into so many columns, with … where something is left out."""
    if display_width(label) <= width:
        return label
    while display_width(label) > width - 1:
        label = label[:-1]
    return label + "…"
