"""Bugs of the files that others can read."""

PLANTED = {
    "minigpt/interchange/safetensors_file.py": [
        (
            "a flipped bit goes unnoticed",
            "if self.checksum not in (None, zlib.crc32(self.content)):",
            "if False:",
        ),
        ("no checksums are saved", "{name: checksum(array) for name, array in arrays.items()}", "{}"),
        ("metadata in an order of chance", "sort_keys=True, ensure_ascii", "ensure_ascii"),
        (
            "a flipped bit of the metadata goes unnoticed",
            "if checksums.get(METADATA) not in (None, metadata_checksum(metadata)):",
            "if False:",
        ),
        ("bfloat16 is not the upper half", "<< 16)", "<< 8)"),
        ("float16 read as whole numbers", 'self.content.view("<f2")', 'self.content.view("<u2")'),
        ("gaps and overlaps are let in", "if begin != position:", "if False:"),
        ("numbers that nothing describes are let in", "if position != len(data):", "if False:"),
        ("a name twice is let in", "if name in names:", "if False:"),
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
        ("negative sizes are let in", "0 <= item < 2**63", "item < 2**63"),
        ("true is a size", "type(item) is int", "isinstance(item, int)"),
        ("the format is given back as metadata", 'not in ("format", CHECKSUMS)', "not in (CHECKSUMS,)"),
        ("metadata is not saved", " | (metadata or {})", ""),
    ],
    "minigpt/interchange/files.py": [
        ("not flushed before it is renamed", "os.fsync(file.fileno())", "pass"),
        ("half a file stays beside it", "aside.unlink(missing_ok=True)", "pass"),
        ("Chinese as numbers", "ensure_ascii=False", "ensure_ascii=True"),
        ("the first part alone is written", "for part in parts:", "for part in parts[:1]:"),
        ("the error is swallowed", "missing_ok=True)\n        raise", "missing_ok=True)"),
    ],
    "minigpt/interchange/huggingface.py": [
        (
            "another activation is computed",
            '("gelu_new", "gelu_pytorch_tanh", "gelu_python_tanh")',
            '("gelu_new", "gelu_pytorch_tanh", "gelu_python_tanh", "gelu")',
        ),
        ("sizes given as text are let in", "if type(config[name]) not in kinds:", "if False:"),
        (
            "context and width swapped in writing",
            '"n_embd": config.n_embd,\n        "n_inner"',
            '"n_embd": config.block_size,\n        "n_inner"',
        ),
    ],
}
