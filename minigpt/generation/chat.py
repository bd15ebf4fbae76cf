"""A conversation with a model: what was said so far is the prompt, its answer the continuation.

A model that was tuned on dialogues or instructions is asked in the format that lies beside it
(prompt_format.py). Any other simply continues text. For it a conversation is lines that take turns, below
an empty one, as dialogues stand in the training texts here; it continues with a line, and that is the answer.
"""

from dataclasses import dataclass

from minigpt.generation.text_stream import continuations

DEFAULT_PROMPT = "\n\n"  # a blank line: where a new story or dialogue begins


@dataclass(frozen=True)
class LineFormat:
    """Plain continuation: a line a turn."""

    def prompt_ids(self, tokenizer, turns):
        """The ids that the next answer continues: turns is a list of (role, text), the user's last."""
        return tokenizer.encode_ordinary(DEFAULT_PROMPT + "".join(text + "\n" for _, text in turns))


def answer(model, tokenizer, prompt_format, turns, sampling, max_new_tokens, seed=None, stops=()):
    """Yield the model's answer to the last turn, piece by piece as it comes.

    prompt_format: what prompt_format.load_format returned; None continues plain lines.
    """
    if prompt_format is None:
        prompt_format, stops = LineFormat(), (*stops, "\n")
    prompt_ids = prompt_format.prompt_ids(tokenizer, turns)
    for _, piece, _ in continuations(model, tokenizer, [prompt_ids], sampling, max_new_tokens, seed, stops):
        yield piece
