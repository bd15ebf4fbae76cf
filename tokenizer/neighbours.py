"""What the files beside a tokenizer say of it: where texts end, and how many rows the model has.

    generation_config.json, config.json     eos_token_id: one id, or several at which generation ends
    tokenizer_config.json                   eos_token: a text; and whether a blank is put before every text
    config.json                             vocab_size: the rows of the model's token table

Rows and tokens need not be as many. A table is filled up to a round number of rows, because that is fast on
some machines; and tokens are added later, for which a model may not have been given rows.
"""

import warnings

from tokenizer.huggingface import CONFIG_FILE, SPECIAL_FILE, read_json, token_text

MODEL_CONFIG_FILE = "config.json"
GENERATION_FILE = "generation_config.json"


def take_up_configurations(tokenizer, directory):
    """Set end_of_text, stop_tokens and n_rows of a tokenizer that was read from the directory.

    Warns of tokens without a row. ValueError for a tokenizer_config.json that puts a blank before texts.
    """
    config = _read(directory / CONFIG_FILE)
    # transformers builds GPT-2's own class anew; any other one is as tokenizer.json says.
    if config.get("add_prefix_space") and str(config.get("tokenizer_class")).startswith("GPT2"):
        raise ValueError(
            f"{directory / CONFIG_FILE} puts a blank before the text (add_prefix_space), which is not "
            "supported"
        )
    _find_the_end(tokenizer, directory, config)
    rows = _read(directory / MODEL_CONFIG_FILE).get("vocab_size")
    if type(rows) is int:
        without = [i for i in tokenizer.token_bytes if i >= rows]
        if without:
            first = tokenizer.token_bytes[min(without)].decode("utf-8", errors="replace")
            warnings.warn(
                f"the tokenizer in {directory} has {len(without)} tokens for which the model of {rows} rows "
                f"has none, such as {first!r:.80}: a text with one of them cannot be read by the model",
                stacklevel=4,
            )
        tokenizer.n_rows = max(rows, tokenizer.n_vocab)


def _find_the_end(tokenizer, directory, config):
    """As transformers generates: the ids of generation_config.json, else config.json, else eos_token."""
    ids = []
    for name in (GENERATION_FILE, MODEL_CONFIG_FILE):
        found = _read(directory / name).get("eos_token_id")
        found = found if isinstance(found, list) else [found]
        ids = ids or [i for i in found if type(i) is int and i in tokenizer.token_bytes]
    text = token_text(config.get("eos_token") or _read(directory / SPECIAL_FILE).get("eos_token"))
    texts = {i: text for text, i in tokenizer.special_tokens.items()}
    ends = [texts[i] for i in ids if i in texts]  # a line end may end an answer, but no document
    if ends:
        tokenizer.end_of_text = ends[0]
    elif text in tokenizer.special_tokens:
        tokenizer.end_of_text = text
    if not ids and tokenizer.eot_token is not None:
        ids = [tokenizer.eot_token]
    tokenizer.stop_tokens = frozenset(ids)


def _read(path):
    return read_json(path) if path.is_file() else {}
