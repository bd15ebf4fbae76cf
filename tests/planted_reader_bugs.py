"""The bugs that plant_bugs.py plants in how files are read and values are checked; see planted_bugs.py."""

PLANTED_IN_READERS = [
    (
        "minigpt/interchange/json_file.py",
        "tests/interchange/test_json_file.py tests/finetuning/test_json_records.py",
        [
            ("any depth is read", "too_deep = depth_exceeds(value, DEEPEST)", "too_deep = False"),
            ("one level too few", "for _ in range(most + 1):", "for _ in range(most):"),
            ("of a name that comes twice the last counts", "if len(fields) < len(pairs):", "if False:"),
            ("true is a whole number", "type(value) is int and least <= value", "least <= value"),
            ("1e400 is a number", "type(value) is float and math.isfinite(value)", "type(value) is float"),
            ("400 digits are a number", "return abs(value) <= LARGEST_NUMBER", "return True"),
            (
                "half a character is text",
                "    except UnicodeEncodeError:\n        return True\n",
                "    except UnicodeEncodeError:\n        return False\n",
            ),
            ("a missing key is passed over", "        if name not in content:\n", "        if False:\n"),
            ("a file of any length is read", "    if len(content) > largest:", "    if False:"),
        ],
    ),
    (
        "minigpt/interchange/settings.py",
        "tests/interchange/test_settings.py",
        [
            ("a changed setting passes", "if settings.get(name) != saved:", "if False:"),
            ("what was changed cannot be taken over", "metadata | as_metadata(settings)", "metadata"),
        ],
    ),
    (
        "minigpt/interchange/huggingface.py",
        "tests/interchange/test_settings.py",
        [
            ("settings are not saved", ", as_metadata(settings_of(json_config)))", ")"),
            ("labels are no settings", '"id2label", "num_labels"', '"num_labels"'),
            ("the end of a text is none", '*("pad_token_id", "text_end"),', '"pad_token_id",'),
        ],
    ),
    (
        "minigpt/interchange/safetensors_file.py",
        "tests/interchange/test_settings.py",
        [
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
            ("a checksum may be null", "all(type(value) is int for value in checksums.values())", "True"),
        ],
    ),
    (
        "minigpt/finetuning/peft.py",
        "tests/interchange/test_settings.py",
        [
            (
                "labels beside an adapter are not covered",
                "return settings | {LABELS_FILE: labels}",
                "return settings | {LABELS_FILE: None}",
            ),
            ("alpha is not covered", '"r", "lora_alpha", "use_rslora"', '"r", "use_rslora"'),
        ],
    ),
    (
        "tokenizer/patterns.py",
        "tests/tokenizer/test_hostile_patterns.py",
        [
            ("a pattern has all the time", "finditer(text, timeout=seconds)", "finditer(text, timeout=25)"),
            ("a text is read backwards", "                if start < end:", "                if False:"),
        ],
    ),
    (
        "minigpt/language_model.py",
        "tests/test_values_in_code.py",
        [
            (
                "a target of -1 is the last class",
                "    if lowest < 0 or highest >= V:",
                "    if highest >= V:",
            ),
            (
                "a target of V passes",
                "    if lowest < 0 or highest >= V:",
                "    if lowest < 0 or highest > V:",
            ),
            (
                "what is not counted is out of range",
                "counted = targets[targets != IGNORED]",
                "counted = targets",
            ),
            ("True is a size", "if isinstance(value, bool) or not", "if not"),
        ],
    ),
    (
        "minigpt/generation/loop.py",
        "tests/test_values_in_code.py",
        [("uint64 becomes a float", "return idx.astype(np.int64, copy=False)", "return idx")],
    ),
    (
        "minigpt/terminal.py",
        "tests/test_terminal.py",
        [
            (
                "colours reach the terminal",
                "return self._stream.write(visible(text))",
                "return self._stream.write(text)",
            ),
            ("pipes get another text", "    if sys.stdout.isatty():", "    if True:"),
            ("C1 is no order", "\\x7f-\\x9f", "\\x7f"),
            ("directions of writing are none", "\\u202a-\\u202e\\u2066-\\u2069", ""),
        ],
    ),
    (
        "minigpt/tasks/memory.py",
        "tests/test_train_values.py",
        [
            ("nothing is too large", "if there is not None and least > there:", "if False:"),
            ("moments take no room", "n_params * (3 + workers if trains_all else 1)", "n_params"),
        ],
    ),
]
