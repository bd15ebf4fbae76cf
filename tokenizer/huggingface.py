"""Hugging Face's tokenizer.json: what all three tokenizers are saved as, and how it is read and checked.

The file describes a pipeline: an optional normalizer, a pre_tokenizer that splits, a model that maps pieces
to ids, and a decoder. `tokenizers.Tokenizer.from_file` runs it as it stands; `transformers.AutoTokenizer`
also wants tokenizer_config.json beside it.
"""

import json
import re
from pathlib import Path

from tokenizer.base import MASK, UNKNOWN
from tokenizer.files import write_atomically

TOKENIZER_FILE = "tokenizer.json"
CONFIG_FILE = "tokenizer_config.json"
LARGEST_FILE = 256 << 20  # bytes; the tokenizer.json of a vocabulary of 256,000 has 34 million
_HALF_CHARACTER = re.compile(r"\\u[dD][89a-fA-F]")  # in the text of JSON: perhaps of a whole pair
LARGEST_ID = 2**32 - 1  # encode_batch sends ids of four bytes from process to process
ADDED_FILE = "added_tokens.json"  # beside GPT-2's two files, as older tools write them
SPECIAL_FILE = "special_tokens_map.json"


def write_tokenizer(directory, model, pre_tokenizer, decoder, tokenizer):
    """Write tokenizer.json and tokenizer_config.json into `directory`, which is made if it is missing.

    tokenizer: whose special tokens and added words they are.
    """
    special_tokens = tokenizer.special_tokens
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    added_tokens = [
        {
            "id": i,
            "content": content,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": content not in special_tokens,
            "special": content in special_tokens,
        }
        for content, i in sorted((special_tokens | tokenizer.added_words).items(), key=lambda item: item[1])
    ]
    pipeline = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added_tokens,
        "normalizer": None,
        "pre_tokenizer": pre_tokenizer,
        "post_processor": None,
        "decoder": decoder,
        "model": model,
    }
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "clean_up_tokenization_spaces": False}
    end = tokenizer.end_of_text
    if end is not None:
        config |= {"bos_token": end, "eos_token": end}
    if tokenizer.stop_tokens - {tokenizer.eot_token}:  # for the generation_config.json of the model beside it
        config["stop_token_ids"] = sorted(tokenizer.stop_tokens)
    if UNKNOWN in special_tokens:
        config["unk_token"] = UNKNOWN
    if MASK in special_tokens:
        config["mask_token"] = MASK
    write_json(directory / TOKENIZER_FILE, pipeline)
    write_json(directory / CONFIG_FILE, config)


def split_by_pattern(pattern, keep_rest):
    """The pre-tokenizer that cuts out the matches of `pattern`, and keeps or drops what lies between."""
    return {
        "type": "Split",
        "pattern": {"Regex": pattern},
        "behavior": "Isolated" if keep_rest else "Removed",
        "invert": not keep_rest,
    }


def write_json(path, value):
    write_atomically(path, (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode("utf-8"))


def read_json(path):
    """A JSON file that must hold an object -> dict; OSError, or ValueError if it is damaged."""
    text = read_bounded(path)
    try:
        value = json.loads(text, object_pairs_hook=_unique_names)
        if _HALF_CHARACTER.search(text):
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError(f"{path} holds half of a surrogate pair, which is no character") from None
    except ValueError as error:
        raise ValueError(f"{path} is not valid JSON: {error}") from None
    except RecursionError:
        raise ValueError(f"{path} is not a tokenizer: its JSON is nested too deeply") from None
    if not isinstance(value, dict):
        raise ValueError(f"{path} holds a JSON {type(value).__name__}, not an object")
    return value


def read_bounded(path):
    """A UTF-8 file of at most LARGEST_FILE bytes -> its text; OSError, ValueError."""
    with open(path, "rb") as file:
        content = file.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise ValueError(f"{path} has more than {LARGEST_FILE:,} bytes, and is not read")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8 text: {error}") from None


def _unique_names(pairs):
    fields = dict(pairs)
    if len(fields) < len(pairs):
        seen = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))
        raise ValueError(f"the name {twice[:80]!r} comes twice in one object")
    return fields


def read_pipeline(path):
    """tokenizer.json -> dict, in which the parts that every tokenizer of ours has are known to be sound.

    ValueError names the first part that is missing, damaged, or does something that no tokenizer here does.
    """
    pipeline = read_json(path)
    vocabulary = dict(_part(path, _part(path, pipeline, "model", dict), "vocab", dict))
    next_id = len(vocabulary)
    for token in _part(path, pipeline, "added_tokens", list):
        if not isinstance(token, dict):
            raise ValueError(f"{path}: added_tokens holds {token!r:.80}, which is not an object")
        content, i = _part(path, token, "content", str), _part(path, token, "id", int)
        # Hugging Face's tokenizers numbers what is not in the vocabulary itself, and passes over the id here.
        if content not in vocabulary and i != next_id:
            raise ValueError(
                f"{path}: the added token {content!r:.80} has the id {i}, but tokenizers gives it {next_id}: "
                "write it into the vocabulary as well"
            )
        next_id = max(next_id, i + 1)
        if vocabulary.setdefault(content, i) != i:
            other = vocabulary[content]
            raise ValueError(f"{path}: the token {content!r:.80} has two ids, {other!r:.80} and {i}")
        for flag in ("single_word", "lstrip", "rstrip"):
            if token.get(flag):
                raise ValueError(
                    f"{path}: the added token {content!r:.80} sets {flag}, which is not supported"
                )
    check_vocabulary(path, vocabulary)
    if pipeline.get("normalizer") not in (None, {"type": "Sequence", "normalizers": []}):
        raise ValueError(f"{path} changes the text before it is split (normalizer), which is not supported")
    if not _adds_nothing(pipeline.get("post_processor")):
        raise ValueError(f"{path} adds tokens around the text (post_processor), which is not supported")
    return pipeline


def _adds_nothing(post_processor):
    """Whether a post_processor leaves the ids as they are."""
    if post_processor is None or kind(post_processor) == "ByteLevel":  # that one changes offsets
        return True
    if kind(post_processor) == "Sequence":
        steps = post_processor.get("processors")
        return isinstance(steps, list) and all(map(_adds_nothing, steps))
    if kind(post_processor) == "TemplateProcessing":
        single = post_processor.get("single")
        parts = [part.get("Sequence") if isinstance(part, dict) else None for part in single or [None]]
        return len(parts) == 1 and isinstance(parts[0], dict) and parts[0].get("id") == "A"
    return False


def special_tokens_of(pipeline):
    """The special tokens of a pipeline -> dict from text to id, in the order of the ids."""
    return _added_tokens(pipeline, special=True)


def added_words_of(pipeline):
    """The other added tokens of a pipeline -> dict from text to id, in the order of the ids."""
    return _added_tokens(pipeline, special=False)


def _added_tokens(pipeline, special):
    tokens = sorted(pipeline["added_tokens"], key=lambda token: token["id"])
    return {token["content"]: token["id"] for token in tokens if bool(token.get("special")) == special}


def read_added_tokens(directory, vocabulary):
    """added_tokens.json, where there is one -> two dicts from text to id: special tokens, added words.

    vocabulary: what the ids are added to. special_tokens_map.json says which of them are special.
    """
    path = Path(directory) / ADDED_FILE
    if not path.is_file():
        return {}, {}
    added = read_json(path)
    for token, i in added.items():
        if vocabulary.get(token, i) != i:
            other = vocabulary[token]
            raise ValueError(f"{path}: the token {token!r:.80} has two ids, {other!r:.80} and {i!r:.80}")
    check_vocabulary(path, vocabulary | added)
    special = set()
    if (Path(directory) / SPECIAL_FILE).is_file():
        for value in read_json(Path(directory) / SPECIAL_FILE).values():
            special |= {token_text(token) for token in (value if isinstance(value, list) else [value])}
    return (
        {token: i for token, i in added.items() if token in special},
        {token: i for token, i in added.items() if token not in special},
    )


def token_text(token):
    """A token in a configuration, its text or an object with it, as text; None for anything else."""
    text = token.get("content") if isinstance(token, dict) else token
    return text if isinstance(text, str) else None


def check_vocabulary(path, vocabulary):
    """ValueError unless the ids are whole numbers from 0 on, each of one token. Ids may be left out."""
    seen = {}
    for token, i in vocabulary.items():
        if type(i) is not int or not 0 <= i <= LARGEST_ID:
            raise ValueError(
                f"{path}: the token {token!r:.80} has the id {i!r:.80}, not a whole number from 0 to "
                f"{LARGEST_ID}"
            )
        if i in seen:
            raise ValueError(f"{path}: the tokens {seen[i]!r:.80} and {token!r:.80} have the same id {i}")
        seen[i] = token


def kind(part):
    """The "type" of a part of a pipeline, None if it has none."""
    return part.get("type") if isinstance(part, dict) else None


def _part(path, mapping, key, expected):
    if key not in mapping:
        raise ValueError(f"{path} is not a tokenizer.json: {key!r} is missing")
    if not isinstance(mapping[key], expected):
        raise ValueError(f"{path}: {key!r} is a {type(mapping[key]).__name__}, not a {expected.__name__}")
    return mapping[key]
