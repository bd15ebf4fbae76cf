"""What a freshly trained model writes: beginnings out of the validation text, continued."""

from minigpt.generation import generate

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


def continue_text(model, tokenizer, prompt, max_new_tokens, **sampling):
    """The text that a model appends to a prompt, without the prompt."""
    ids = tokenizer.encode_ordinary(prompt)
    out = generate(model, [ids], max_new_tokens, stop_token=tokenizer.eot_token, **sampling)
    new_ids = [token for token in out[0, len(ids) :].tolist() if token != tokenizer.eot_token]
    return tokenizer.decode(new_ids).rstrip("\ufffd")  # the last character may have been cut in two
