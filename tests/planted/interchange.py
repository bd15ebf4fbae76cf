"""Bugs of the files that others can read."""

PLANTED = {
    "minigpt/interchange/safetensors_file.py": [
        (
            "a flipped bit goes unnoticed",
            "if self.checksum not in (None, zlib.crc32(self.content)):",
            "if False:",
        ),
        (
            "no checksums are saved",
            "{name: checksum(array) for name, array in arrays.items()}",
            "{}",
        ),
        (
            "metadata in an order of chance",
            "sort_keys=True, ensure_ascii",
            "ensure_ascii",
        ),
        (
            "bfloat16 is not the upper half",
            "<< 16)",
            "<< 8)",
        ),
        (
            "float16 read as whole numbers",
            'self.content.view("<f2")',
            'self.content.view("<u2")',
        ),
        (
            "gaps and overlaps are let in",
            "if begin != position:",
            "if False:",
        ),
        (
            "numbers that nothing describes are let in",
            "if position != len(data):",
            "if False:",
        ),
        (
            "a shape that does not fit is let in",
            "if end - begin != math.prod(shape) * ITEM_SIZES[dtype]:",
            "if False:",
        ),
        (
            "a header of any length is let in",
            "header_length > min(LONGEST_HEADER, len(content) - 8)",
            "header_length > len(content) - 8",
        ),
        (
            "negative sizes are let in",
            "0 <= item < 2**63",
            "item < 2**63",
        ),
        (
            "true is a size",
            "type(item) is int",
            "isinstance(item, int)",
        ),
        (
            "the format is given back as metadata",
            'not in ("format", CHECKSUMS)',
            "not in (CHECKSUMS,)",
        ),
        (
            "metadata is not saved",
            " | (metadata or {})",
            "",
        ),
        (
            "a flipped bit of the metadata goes unnoticed",
            "as_saved = checksums.get(METADATA) in (None, metadata_checksum(metadata))",
            "as_saved = True",
        ),
        (
            "an array without a checksum passes",
            "if checksums is not None and checksums.keys()",
            "if False and checksums.keys()",
        ),
        (
            "no checksums, no checks",
            "        if any(name in metadata for name in OURS):",
            "        if False:",
        ),
        (
            "a checksum may be null",
            "all(type(value) is int for value in checksums.values())",
            "True",
        ),
    ],
    "minigpt/interchange/files.py": [
        (
            "Chinese as numbers",
            "ensure_ascii=False",
            "ensure_ascii=True",
        ),
        (
            "the error is swallowed",
            "missing_ok=True)\n        raise",
            "missing_ok=True)",
        ),
        (
            "a refused run leaves its files",
            "for path in set(directory.iterdir()) - before:",
            "for path in ():",
        ),
        (
            "what was there goes too",
            "set(directory.iterdir()) - before",
            "set(directory.iterdir())",
        ),
        (
            "files of processes that run are deleted",
            " and not _is_running(int(aside[1]))",
            "",
        ),
        (
            "nothing is deleted",
            "                path.unlink()\n\n\ndef _is",
            "                pass\n\n\ndef _is",
        ),
    ],
    "minigpt/interchange/config_file.py": [
        (
            "another activation is computed",
            '("gelu_new", "gelu_pytorch_tanh", "gelu_python_tanh")',
            '("gelu_new", "gelu_pytorch_tanh", "gelu_python_tanh", "gelu")',
        ),
        (
            "context and width swapped in writing",
            '"n_embd": config.n_embd,\n        "n_inner"',
            '"n_embd": config.block_size,\n        "n_inner"',
        ),
        (
            "labels are no settings",
            '"id2label", "num_labels"',
            '"num_labels"',
        ),
        (
            "the end of a text is none",
            '*("pad_token_id", "text_end"),',
            '"pad_token_id",',
        ),
        (
            "a size under its other name is not read",
            "json_config.get(ALIASES.get(name), default)",
            "default",
        ),
        (
            "two names of a size may differ",
            "if both and json_config[name] != json_config[alias]:",
            "if False:",
        ),
        (
            "true is a size",
            "type(config[name]) is type(default)",
            "isinstance(config[name], type(default))",
        ),
        (
            "any number of layers is named",
            'if config["n_layer"] > MOST_LAYERS:',
            "if False:",
        ),
        (
            "another inner width is computed",
            'not in (None, 4 * config["n_embd"])',
            "is False",
        ),
        (
            "the attention's dropout counts for all",
            'float(config["resid_pdrop"])',
            'float(config["attn_pdrop"])',
        ),
        (
            "a head is tied whatever the file says",
            '"tie_weights": config["tie_word_embeddings"]',
            '"tie_weights": True',
        ),
    ],
    "minigpt/interchange/huggingface.py": [
        (
            "settings are not saved",
            ", as_metadata(settings_of(json_config)))",
            ")",
        ),
        (
            "the last shard is passed over",
            "sorted(set(files.values()))]",
            "sorted(set(files.values()))[:-1]]",
        ),
        (
            "a file elsewhere is a shard",
            "if Path(file).name != file or",
            "if",
        ),
        (
            "a head of its own is taken for the table",
            "    if head is None or table is None:\n        return False",
            "    if True:\n        return False",
        ),
        (
            "missing biases are missing arrays",
            "missing_is_zero = biases if without_biases else []",
            "missing_is_zero = []",
        ),
        (
            "names keep what torch.compile puts before them",
            "if part not in WRAPPERS)",
            "if part)",
        ),
        (
            "mask buffers have no place",
            "if not known and not MASK_BUFFERS.fullmatch(name):",
            "if not known:",
        ),
        (
            "arrays without a place pass",
            "known = name in shapes or",
            "known = True or",
        ),
        (
            "the end of text is always GPT-2's",
            'read_json(config_path).get("eos_token", END_OF_TEXT) if config_path.is_file() else END_OF_TEXT',
            "END_OF_TEXT",
        ),
    ],
    "minigpt/interchange/json_file.py": [
        (
            "any depth is read",
            "too_deep = depth_exceeds(value, DEEPEST)",
            "too_deep = False",
        ),
        (
            "one level too few",
            "for _ in range(most + 1):",
            "for _ in range(most):",
        ),
        (
            "of a name that comes twice the last counts",
            "if len(fields) < len(pairs):",
            "if False:",
        ),
        (
            "true is a whole number",
            "type(value) is int and least <= value",
            "least <= value",
        ),
        (
            "1e400 is a number",
            "type(value) is float and math.isfinite(value)",
            "type(value) is float",
        ),
        (
            "400 digits are a number",
            "return abs(value) <= LARGEST_NUMBER",
            "return True",
        ),
        (
            "half a character is text",
            "    except UnicodeEncodeError:\n        return True\n",
            "    except UnicodeEncodeError:\n        return False\n",
        ),
        (
            "a missing key is passed over",
            "        if name not in content:\n",
            "        if False:\n",
        ),
        (
            "a file of any length is read",
            "    if len(content) > largest:",
            "    if False:",
        ),
    ],
    "minigpt/interchange/settings.py": [
        (
            "a changed setting passes",
            "if settings.get(name) != saved:",
            "if False:",
        ),
        (
            "what was changed cannot be taken over",
            "metadata | as_metadata(settings)",
            "metadata",
        ),
    ],
}
