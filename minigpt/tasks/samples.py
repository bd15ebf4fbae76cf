"""Beginnings to show a model's continuations of: whole ones, cut in no word and no character.

They are those of paragraphs in the validation text, so that the model has not learned what follows.
"""

import regex

from minigpt.training.documents import END

PROMPTS = 3
PROMPT_CHARS = 24  # of a text with blanks, cut at a word's end
PROMPT_CHARS_WITHOUT_BLANKS = 6  # of Chinese, where a sentence has no shorter part
LONGEST_WORD = 48  # beyond, letters are no word (a sequence of DNA)

UNSPACED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]")
CLAUSE = regex.compile(rf"\X{{1,{PROMPT_CHARS - 1}}}?[，。！？；：、]")
# Characters as a reader sees them (\X), with accents or joined emoji; a Latin word among them is not cut.
FEW_CHARACTERS = regex.compile(rf"\X{{1,{PROMPT_CHARS_WITHOUT_BLANKS}}}(?:(?<=[a-zA-Z0-9])[a-zA-Z0-9]+)?")
WORDS = regex.compile(
    rf"\X{{1,{PROMPT_CHARS}}}(?=\s|$)|\S{{1,{LONGEST_WORD}}}(?=\s|$)|\X{{{PROMPT_CHARS_WITHOUT_BLANKS}}}"
)


def sample_prompts(split):
    """The beginning of one paragraph of every file's validation text, for at most three files."""
    prompts, text = [], None
    for piece in split.validation():
        if piece is not END:
            text = piece if text is None else text  # the first piece of a file is enough
            continue
        prompts.append(beginning_of(text or "", split.marks, whole=bool(split.validation_files)))
        text = None
        if len(prompts) == PROMPTS:
            break
    return [prompt for prompt in prompts if prompt]


def beginning_of(text, marks=(), whole=False):
    """The first words of a document or paragraph in a text; of the very first one only if the text is whole.

    Otherwise the text may begin inside a paragraph, a line or a word, and what is left of it is passed over.
    """
    for separator in () if whole else (*marks, "\n\n", "\n", " "):
        _, _, rest = text.partition(separator)
        if rest.strip():
            text = rest
            break
    for mark in marks:
        text = text.partition(mark)[0]
    line = text.strip().partition("\n")[0]
    if not line:
        return ""
    if UNSPACED.search(line):
        return (CLAUSE.match(line) or FEW_CHARACTERS.match(line))[0]
    return WORDS.match(line)[0].rstrip() if len(line) > PROMPT_CHARS_WITHOUT_BLANKS else line
