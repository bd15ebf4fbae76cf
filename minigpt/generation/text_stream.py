"""From the ids that a model produces to text that can be printed as it grows.

Three things can go wrong between the two, and all are a matter of waiting. A token may end inside a
character: its bytes wait for the rest (tokenizer/streaming.py). A text may end in what could become a stop
string: "\\nUs" waits until "\\nUser:" is complete, or something else came. And line ends may turn out to be
the last: they wait for the next word.
"""

from itertools import islice

from minigpt.generation.loop import token_stream


def continuations(model, tokenizer, prompts, sampling, max_new_tokens, seed=None, stops=()):
    """Continue prompts as one batch: yields (row, piece of text, (token, logits)) for every token of a row.

    prompts: B lists of ids, of any lengths; logits (V,) are those that the token was picked by. A row ends
    with the end of the text, with a stop (see TextStream), or after max_new_tokens; then None may stand for
    the token, with the text that was still waiting.
    """
    rows = [TextStream(tokenizer, prompt, stops) for prompt in prompts]
    for tokens, logits in islice(token_stream(model, prompts, sampling, seed), max_new_tokens):
        for i, row in enumerate(rows):
            if not row.finished:
                yield i, row.feed(int(tokens[i])), (int(tokens[i]), logits[i])
        if all(row.finished for row in rows):
            return
    for i, row in enumerate(rows):
        yield i, row.end(), None


class TextStream:
    """The printable text of one row. `finished` becomes True with the end of the text or a stop."""

    def __init__(self, tokenizer, prompt_ids=(), stops=()):
        """prompt_ids: what stands before, for tokenizers that need it to tell where a blank belongs.

        stops: strings at which the text ends; one that spells a special token stands for that token.
        """
        special = tokenizer.special_tokens
        self.stop_ids = tokenizer.stop_tokens | {special[stop] for stop in stops if stop in special}
        self.stops = [stop for stop in stops if stop not in special]
        self.decoder = tokenizer.stream_decoder()
        for token in prompt_ids:
            self.decoder.feed(token)
        self.waiting = ""
        self.finished = False

    def feed(self, token):
        """The text that is certain with this token, possibly none: whole characters, nothing of a stop."""
        if token in self.stop_ids:
            self.finished = True
            return self.end()
        text = self.waiting + self.decoder.feed(token)
        found = [text.index(stop) for stop in self.stops if stop in text]
        if found:
            self.finished, self.waiting = True, ""
            return text[: min(found)]
        n_waiting = max((overlap(text, stop) for stop in self.stops), default=0)
        certain = len(text) - n_waiting
        self.waiting = text[certain:]
        return text[:certain]

    def end(self):
        """What was waiting for a stop string that did not come. Half a character is not printed."""
        text, self.waiting = self.waiting, ""
        return text


def overlap(text, stop):
    """How many of the last characters of a text are the first of a stop string."""
    return next((n for n in range(min(len(text), len(stop) - 1), 0, -1) if text.endswith(stop[:n])), 0)


def without_outer_line_ends(pieces):
    """Pieces of text -> the same text, piece by piece, without line ends at its beginning and its end."""
    waiting, started = "", False
    for piece in pieces:
        text = waiting + piece
        if not started:
            text = text.lstrip("\n")
        body = text.rstrip("\n")
        waiting = text[len(body) :]
        if body:
            started = True
            yield body
