"""One function over many items, in several processes, with bounded memory.

Python threads share one interpreter lock, so counting and encoding in parallel take processes. The pools of
the standard library read the whole of their input ahead; here only a few items are on the way at a time.
"""

from collections import deque

GROUP = 1_000_000  # characters


def grouped(texts):
    """Yield lists of texts, of about a million characters each, so that sending one to a process pays."""
    group, size = [], 0
    for text in texts:
        group.append(text)
        size += len(text)
        if size >= GROUP:
            yield group
            group, size = [], 0
    if group:
        yield group


def map_in_processes(function, items, workers=1):
    """Yield function(item) for each item, in order. workers=1 stays in this process.

    With more workers, function, items and results must be picklable, and on Windows and macOS the calling
    script must keep its work under `if __name__ == "__main__":`.
    """
    if workers < 1:
        raise ValueError(f"workers is {workers}, but at least 1 process must do the work")
    if workers == 1:
        yield from map(function, items)
        return
    from concurrent.futures import ProcessPoolExecutor  # slow to import, and rarely needed

    with ProcessPoolExecutor(workers, initializer=_set_function, initargs=(function,)) as pool:
        running = deque()
        for item in items:
            running.append(pool.submit(_call_function, item))
            if len(running) > 2 * workers:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()


def _set_function(function):
    """Runs once in each worker: a tokenizer is large and should travel once, not with every item."""
    global _function
    _function = function


def _call_function(item):
    return _function(item)
