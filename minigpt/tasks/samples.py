"""What a freshly trained model writes: beginnings out of the validation text, continued."""

from minigpt.generation.sampling import Sampling
from minigpt.generation.text_stream import continuations

PROMPT_CHARS = 24  # of a text with spaces, cut at a word's end
PROMPT_CHARS_WITHOUT_SPACES = 6  # of Chinese


def sample_prompts(files):
    """The beginning of one paragraph of every file's validation text, for at most three files."""
    return [prompt for prompt in map(_prompt_of, files[:3]) if prompt]


def _prompt_of(file):
    text = next(file.validation_chunks(), "")
    _, _, paragraph = text.partition("\n\n")  # the first one may have begun in the training text
    beginning = (paragraph or text).lstrip()[:PROMPT_CHARS]
    return beginning.rpartition(" ")[0] or beginning[:PROMPT_CHARS_WITHOUT_SPACES]


def continue_text(model, tokenizer, prompt, max_new_tokens, seed=None, **sampling):
    """The text that a model appends to a prompt, without the prompt. sampling: fields of Sampling."""
    ids = tokenizer.encode_ordinary(prompt)
    rows = continuations(model, tokenizer, [ids], Sampling(**sampling), max_new_tokens, seed)
    return "".join(piece for _, piece, _ in rows)
