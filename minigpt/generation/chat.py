"""A conversation with a model: what was said so far is the prompt, its answer the continuation.

A model that was tuned on dialogues or instructions is asked in the format that lies beside it
(prompt_format.py). Any other simply continues text. For it a conversation is lines that take turns, below
an empty one, as dialogues stand in the training texts here; it continues with a line, and that is the answer.
"""

DEFAULT_PROMPT = "\n\n"  # a blank line: where a new story or dialogue begins


class LineFormat:
    """Plain continuation: a line a turn."""

    stops = ("\n",)

    def prompt_ids(self, tokenizer, turns):
        """The ids that the next answer continues: turns is a list of (role, text), the user's last."""
        return tokenizer.encode_ordinary(DEFAULT_PROMPT + "".join(text + "\n" for _, text in turns))
