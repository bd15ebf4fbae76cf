"""A bar on standard error for what may take long: reading, counting and merging."""

import sys
from contextlib import nullcontext

DELAY = 1.0  # seconds: what is done by then shows no bar


def progress_bar(name, unit, total, progress):
    """A context with a bar of tqdm, or with None where none is to be seen.

    total: a function that gives the number of units, or None if that is not known. progress: True for a
    bar, False for none, None for a bar where standard error is a terminal. It appears after DELAY seconds.
    """
    if progress is None:
        progress = sys.stderr is not None and sys.stderr.isatty()
    if not progress:
        return nullcontext()
    from tqdm import tqdm  # imported where it is needed: importing tokenizer stays fast

    scaled = unit == "B"
    return tqdm(total=total(), desc=name, unit=unit, unit_scale=scaled, dynamic_ncols=True, delay=DELAY)
