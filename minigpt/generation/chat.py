"""A conversation with a model: what was said so far is the prompt, its answer the continuation.

A model that was tuned on dialogues or instructions is asked in the format that lies beside it
(prompt_format.py). Any other simply continues text. For it a conversation is lines that take turns, behind
what a text begins with (beginning.py: a blank line, mostly), as dialogues stand in the training texts here;
it continues with a line, and that is the answer. Where its texts have no line ends, blanks part the turns.
"""

from dataclasses import dataclass

from minigpt.generation.beginning import BLANK, BLANK_LINE, LINE_END, Beginning, has_tokens


@dataclass(frozen=True)
class LineFormat:
    """Plain continuation: a line a turn."""

    beginning: Beginning
    stops = ("\n",)

    def prompt_ids(self, tokenizer, turns):
        """The ids that the next answer continues: turns is a list of (role, text), the user's last."""
        turn_end = self._turn_end(tokenizer)
        said = "".join(text + turn_end for _, text in turns)
        if self.beginning.text in tokenizer.special_tokens:
            return self.beginning.ids(tokenizer) + tokenizer.encode_ordinary(said)
        return tokenizer.encode_ordinary(self.beginning.text + said)

    def _turn_end(self, tokenizer):
        begins = self.beginning.text
        of_lines = begins in (BLANK_LINE, LINE_END) or begins in tokenizer.special_tokens
        if of_lines and self.beginning.documents != "lines" and has_tokens(tokenizer, LINE_END):
            return LINE_END
        return BLANK if has_tokens(tokenizer, BLANK) else ""
