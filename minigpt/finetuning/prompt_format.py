"""How instructions and dialogues become tokens, and which of the tokens are learned.

A model that answers must be asked in the words it was tuned on; so the format is saved beside the model,
in prompt_format.json, and generate.py asks in it. There are two:

    instruct    the instruction, its input and the response, parted by blank lines, then <|endoftext|>
    chat        every turn followed by <|endoftext|>, as in DialoGPT (Zhang et al., 2020, arXiv:1911.00536)

Training, testing and asking put their texts to a model by the same method of a format, and every text that
becomes ids here is trimmed first, by one function: so a model is asked exactly as it was trained.

Only what the model is to say itself is learned: the target of every token of a prompt or of a user's turn
is -100, which the loss does not count. The text before an answer is there to be read, not to be imitated.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from minigpt.interchange.files import write_json
from minigpt.interchange.json_file import LARGEST_SMALL, TEXT, check_fields, read_json
from minigpt.layers import IGNORED
from minigpt.terminal import quoted

FORMAT_FILE = "prompt_format.json"


LINE_END = re.compile("\r\n?")
EMPTY_LINES_BEFORE = re.compile(r"\A(?:[^\S\n]*\n)+")


def trimmed(text):
    """A text as a model is given it and is to give it: line ends as \\n, no empty lines around it.

    Blanks at its end go too; the indentation of its first line stays, for in code it has a meaning.
    """
    return EMPTY_LINES_BEFORE.sub("", LINE_END.sub("\n", text)).rstrip()


def masked_example(segments):
    """Segments (ids, learned) in their order -> input ids and targets, lists of equal length.

    The target of a token is the next one where that is learned, and -100 where it is not.
    """
    ids = [token for segment, _ in segments for token in segment]
    learned = [is_learned for segment, is_learned in segments for _ in segment]
    targets = [token if is_learned else IGNORED for token, is_learned in zip(ids[1:], learned[1:])]
    return ids[:-1], targets


@dataclass(frozen=True)
class InstructFormat:
    """The Alpaca record (Taori et al., 2023) as paragraphs: an instruction, perhaps an input, the response.

    Alpaca's headings, such as "### Instruction", are left out: to a small model they are more than half of
    a prompt, in signs that it has hardly met, and the same in every one.
    """

    stops = ()  # <|endoftext|> ends a response

    with_input: str = "{instruction}\n\n{input}\n\n"
    without_input: str = "{instruction}\n\n"

    def prompt(self, instruction, input=""):
        """The text that the response continues: for training, for testing and for asking."""
        instruction, input = trimmed(instruction), trimmed(input)
        template = self.with_input if input else self.without_input
        fields = {"{instruction}": instruction, "{input}": input}
        return re.sub("{instruction}|{input}", lambda place: fields[place[0]], template)  # in one pass

    def prompt_ids(self, tokenizer, turns, input=""):
        """The ids that an answer continues. Of turns (role, text) the last counts, a whole instruction."""
        return tokenizer.encode_ordinary(self.prompt(turns[-1][1], input))

    def segments(self, tokenizer, instruction, input, output):
        """The segments of a record for masked_example: the prompt, then the response with its end."""
        prompt = self.prompt_ids(tokenizer, [("user", instruction)], input)
        return [(prompt, False), (answer_ids(tokenizer, output), True)]


@dataclass(frozen=True)
class ChatFormat:
    """Turns of "user", "assistant" and "system", each ended by <|endoftext|>."""

    stops = ()

    def prompt_ids(self, tokenizer, turns):
        """The ids that the next answer continues: turns is a list of (role, text), the user's last."""
        return [token for ids, _ in self.segments(tokenizer, turns) for token in ids]

    def segments(self, tokenizer, turns):
        """The segments of a dialogue for masked_example: of its turns, the assistant's are learned."""
        return [(answer_ids(tokenizer, text), role == "assistant") for role, text in turns]


def answer_ids(tokenizer, text):
    """The ids of an answer, or of any turn: the trimmed text and the end of the text."""
    return [*tokenizer.encode_ordinary(trimmed(text)), tokenizer.eot_token]


def save_format(directory, prompt_format):
    """Write prompt_format.json, and for a chat the template by which transformers makes the same ids."""
    chat = isinstance(prompt_format, ChatFormat)
    content = {"format": "chat"} if chat else {"format": "instruct"} | vars(prompt_format)
    write_json(Path(directory) / FORMAT_FILE, content)
    if chat:
        path = Path(directory) / "tokenizer_config.json"
        config = read_json(path)
        template = "{% for message in messages %}{{ message['content'] }}{{ eos_token }}{% endfor %}"
        write_json(path, config | {"chat_template": template})


def load_format(directory):
    """The format that a model was tuned on; None for a model that simply continues text.

    Raises ValueError for a damaged file.
    """
    path = Path(directory) / FORMAT_FILE
    if not path.exists():
        return None
    templates = {"with_input": TEXT, "without_input": TEXT}
    content = read_json(path, templates, required=("format",), largest=LARGEST_SMALL)
    if content["format"] == "chat":
        return ChatFormat()
    if content["format"] == "instruct":
        check_fields(path, content, {}, required=templates)
        return InstructFormat(content["with_input"], content["without_input"])
    found = quoted(content["format"])
    raise ValueError(f"{path}: the format {found} is not known: it must be chat or instruct")
