"""How a text begins that is to go on by itself: what a model expects there belongs to the model.

A model of documents (train.py --documents) has seen each of them behind the end-of-text token and nothing
else: so it is asked, with a prompt and without. Any other model has seen windows out of the middle of a
text; it is begun by a blank line, after which something new begins, or by the next best that its texts hold.
beginning.json in the model's folder says which; a folder of others has none.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

from minigpt.interchange.files import write_json
from minigpt.interchange.json_file import LARGEST_SMALL, TEXT, read_json
from minigpt.terminal import quoted
from tokenizer.base import UNKNOWN

BEGINNING_FILE = "beginning.json"
# What parts documents where nothing in the text does: FILE of training/documents.py, a room beside this one
WHOLE_FILES = "file"
BLANK_LINE, LINE_END, BLANK = "\n\n", "\n", " "


@dataclass(frozen=True)
class Beginning:
    """documents: what parted them in training. text: what a new one is begun with, where nobody says more."""

    documents: str = WHOLE_FILES
    text: str = BLANK_LINE

    def ids(self, tokenizer, prompt=None):
        """The ids that a prompt is for the model, or without one those of a beginning."""
        ids = tokenizer.encode(self.text if prompt is None else prompt, allowed_special="all")
        if self.documents != WHOLE_FILES and ids[:1] != [tokenizer.eot_token]:
            ids = [tokenizer.eot_token, *ids]
        return ids

    def save(self, directory):
        """Write beginning.json. Raises OSError."""
        write_json(Path(directory) / BEGINNING_FILE, asdict(self))


def load_beginning(directory, tokenizer):
    """The Beginning of the model in a folder; where none is saved, one that the tokenizer has tokens for.

    Raises ValueError for a damaged file.
    """
    path = Path(directory) / BEGINNING_FILE
    if not path.exists():
        return Beginning(text=beginning_known_to(tokenizer))
    kinds = {"documents": TEXT, "text": TEXT}
    content = read_json(path, kinds, required=kinds, largest=LARGEST_SMALL)
    beginning = Beginning(content["documents"], content["text"])
    if not beginning.ids(tokenizer):
        raise ValueError(f"{path}: a text cannot begin with {quoted(beginning.text)}, which has no tokens")
    return beginning


def beginning_of_texts(tokenizer, sample):
    """A Beginning for a model of whole files: what its texts hold, of which `sample` is a part."""
    ids = tokenizer.encode(sample, allowed_special="all")
    known = set(ids)
    if tokenizer.eot_token in known:
        return Beginning(text=tokenizer.decode([tokenizer.eot_token]))
    for text in (BLANK_LINE, LINE_END, BLANK):
        candidate = tokenizer.encode_ordinary(text) if text in sample else []
        if candidate and known.issuperset(candidate):
            return Beginning(text=text)
    return Beginning(text=tokenizer.decode(ids[:1]))


def beginning_known_to(tokenizer):
    """The first of a blank line, a line end, a blank and any token that the tokenizer has tokens for."""
    for text in (BLANK_LINE, LINE_END, BLANK):
        if has_tokens(tokenizer, text):
            return text
    return tokenizer.decode([0])


def has_tokens(tokenizer, text):
    """Whether a tokenizer knows all of a text."""
    try:
        ids = tokenizer.encode_ordinary(text)
    except ValueError:
        return False
    return bool(ids) and tokenizer.special_tokens.get(UNKNOWN) not in ids
