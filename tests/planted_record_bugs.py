"""The bugs that plant_bugs.py plants in how records are read; see planted_bugs.py."""

PLANTED_IN_RECORDS = [
    (
        "minigpt/finetuning/records.py",
        "tests/finetuning/test_records.py tests/finetuning/test_instructions.py",
        [
            (
                "bad records are dropped without a word",
                "    if bad:\n        say(",
                "    if False:\n        say(",
            ),
            ("--strict is ignored", "    if strict and bad:", "    if False and bad:"),
            (
                "no records is no error",
                "    if len(bad) == len(found):",
                "    if bad and len(bad) == len(found):",
            ),
            ("an empty file beside others is not said", "            say(sentence)", "            pass"),
            (
                "indentation is stripped",
                'text = trimmed(as_text(record, name, "" if value is None else value))',
                'text = as_text(record, name, "" if value is None else value).strip()',
            ),
            ("an empty field passes", "if not text.strip() and not optional:", "if False:"),
            ("true is a number", "and not isinstance(value, bool)", ""),
            ("infinity is a text", " and abs(value) < math.inf", ""),
            ("null counts as a value", "(name for name in have if fields[name] is not None)", "iter(have)"),
        ],
    ),
    (
        "minigpt/finetuning/json_records.py",
        "tests/finetuning/test_json_records.py",
        [
            (
                "what follows a list is dropped",
                "    if at < len(text):\n        raise",
                "    if False:\n        raise",
            ),
            (
                "lines of a list are not counted",
                '        line += text.count("\\n", at, end)\n        at, line',
                "        at, line",
            ),
            (
                "lines of blanks are not counted",
                'return end, line + text.count("\\n", at, end)',
                "return end, line",
            ),
            (
                "objects over many lines are broken",
                "                if end is None:",
                "                if True:",
            ),
            (
                "suffixes in small letters only",
                "suffix = Path(path).suffix.lower()",
                "suffix = Path(path).suffix",
            ),
            ("a .csv may be JSON", 'suffix not in (".csv", ".tsv") and', ""),
        ],
    ),
    (
        "minigpt/finetuning/columns.py",
        "tests/finetuning/test_labelled.py",
        [
            ("commas only", "return max(DELIMITERS, key=agreement)", "return next(iter(DELIMITERS))"),
            (
                "a delimiter that parts nothing wins",
                "if lengths and lengths[0] > 1 else 0",
                "if lengths else 0",
            ),
            (
                "blanks behind a comma keep quotes from quoting",
                "skipinitialspace=True, strict=True",
                "strict=True",
            ),
            (
                "a quote in the middle is let pass",
                "skipinitialspace=True, strict=True",
                "skipinitialspace=True",
            ),
            (
                "fields of 131,072 characters at most",
                "    csv.field_size_limit(max(csv.field_size_limit(), len(text)))  # of",
                "    # of",
            ),
            ("TSV is quoted", 'content.split("\\t")', 'next(csv.reader([content], delimiter="\\t"))'),
            ("escaped quotes are an error", "if '\\\\\"' in text and (", "if False and ("),
            ("escaped quotes where they are none", "(error or not same_length(rows))", "True"),
            ("a line is counted too few", "line = reader.line_num + 1", "line = reader.line_num"),
            ("blank rows are rows", "            if any(cells):\n", "            if True:\n"),
            ("Excel's line is a row", 'text = "\\n" + text[given.end() :] if given else text', "pass"),
            (
                "Excel's line is not counted",
                'text = "\\n" + text[given.end() :]',
                "text = text[given.end() :]",
            ),
        ],
    ),
    (
        "minigpt/finetuning/labelled.py",
        "tests/finetuning/test_labelled.py",
        [
            ("label and text swapped", "return 0, 1, False\n    if", "return 1, 0, False\n    if"),
            ("the line of names is a record", "for row in rows[has_names:]:", "for row in rows:"),
            ("the first record is lost", "for row in rows[has_names:]:", "for row in rows[1:]:"),
            (
                "--label-column ignored in columns",
                "place(path, names, label_column, LABEL_NAMES",
                "place(path, names, None, LABEL_NAMES",
            ),
            (
                "--text-column ignored in columns",
                "place(path, names, text_column, TEXT_NAMES",
                "place(path, names, None, TEXT_NAMES",
            ),
            ("flags ignored in JSON", "name = given or first_name", "name = first_name"),
            ("columns numbered from 0", "return int(given) - 1, lower", "return int(given), lower"),
            (
                "a number is a name first",
                "if given and given.isdecimal():",
                "if given and given.isdecimal() and given not in lower:",
            ),
            (
                "names in small letters only",
                "lower = [name.lower() for name in names]",
                "lower = list(names)",
            ),
            ("a label called like a column is one", "if no_flag and any(", "if False and any("),
            ("a line of unknown names is a record", "or stands_alone(rows, label)\n", "\n"),
            (
                "unknown names are a record without a word",
                "        if stands_alone(rows, 0):",
                "        if False:",
            ),
            ("columns of one name: the first", "        if n > 1:", "        if False:"),
            (
                "rows of another length are let pass",
                "if len(cells) > width or any(names[len(cells) :]):",
                "if False:",
            ),
            (
                "columns without a name must be there",
                "or any(names[len(cells) :]):",
                "or len(cells) < width:",
            ),
            (
                "1.0 is another label than 1",
                "    if not all(WHOLE_NUMBER",
                "    if True or not all(WHOLE_NUMBER",
            ),
            ("1.5 becomes 1", r"-?[0-9]+(\.0*)?", r"-?[0-9]+(\.[0-9]*)?"),
            ("10 before 2", "float(label) if numbers else 0.0", "0.0"),
            (
                "what was found is not said",
                "    if has_names or delimiter !=",
                "    if False and delimiter !=",
            ),
        ],
    ),
    (
        "minigpt/finetuning/instructions.py",
        "tests/finetuning/test_instructions.py",
        [
            (
                "the input is dropped",
                'texts[field] = text_field(record, name, optional=field == "input")',
                'texts[field] = text_field(record, name) if field != "input" else ""',
            ),
            ("an output may be missing", 'optional=field == "input"', "optional=True"),
            ("columns of one name: the last", "    if len(set(names)) < len(names):", "    if False:"),
            ("rows of another length are cut", "if len(row.cells) == len(names):", "if True:"),
            ("dialogues without a word", 'if "messages" in fields or', "if False and"),
        ],
    ),
    (
        "minigpt/finetuning/conversations.py",
        "tests/finetuning/test_conversations.py tests/finetuning/test_preferences.py",
        [
            ("system prompts are the user's", '"system": "system"', '"system": "user"'),
            ("a developer is a user", '"developer": "system"', '"developer": "user"'),
            ("human and gpt swapped", '"gpt": "assistant"', '"gpt": "user"'),
            ("parts are parted", 'return "".join(texts)', 'return "\\n".join(texts)'),
            (
                "parts of another kind are skipped",
                "        if not isinstance(part, str):",
                "        if not isinstance(part, str):\n            continue\n        if False:",
            ),
            ("calls of tools are not counted", "            n_tools += 1\n", "            pass\n"),
            ("an answer beside a call is lost", "(calls_tools and not content)", "calls_tools"),
            ("answers of weight 0 are learned", 'message.get("weight") == 0 and', "False and"),
            (
                "dialogues without an answer pass",
                'if "assistant" not in (role',
                'if False and "assistant" not in (role',
            ),
            ("the field system is dropped", 'if isinstance(fields.get("system"), str):', "if False:"),
            (
                "the assistant begins",
                '"user" if len(turns) % 2 == 0 else "assistant"',
                '"assistant" if len(turns) % 2 == 0 else "user"',
            ),
            ("the line of a dialogue is its last", "number - len(turns)))", "number))"),
            ("a transcript needs no question", 'or "Human" not in marked[::2]', "or not marked"),
        ],
    ),
    (
        "minigpt/finetuning/preferences.py",
        "tests/finetuning/test_preferences.py",
        [
            (
                "chosen and rejected swapped",
                'turns_of(record, name, "assistant") for name in ("chosen", "rejected")',
                'turns_of(record, name, "assistant") for name in ("rejected", "chosen")',
            ),
            ("equal answers pass", "    if chosen == rejected:", "    if False:"),
            ("prompts that differ pass", "    if before != before_rejected:", "    if False:"),
            (
                "the prompt stands twice",
                "or not prompt:\n        prompt = before\n",
                "or not prompt:\n        prompt = prompt + before\n",
            ),
            (
                "the system prompt is lost",
                "        prompt = before\n    else",
                "        prompt = prompt or before\n    else",
            ),
            (
                "another prompt passes",
                '    else:\n        raise BadRecord(f"{record.where}: the prompt is not',
                '    elif False:\n        raise BadRecord(f"{record.where}: the prompt is not',
            ),
            ("the input is dropped", "if input else prompt", "if False else prompt"),
            ("empty answers pass", "    if not all(text for", "    if False and not all(text for"),
            ("a user's turn is an answer", '        if role != "assistant":', "        if False:"),
            (
                "the mark of the answer is a turn",
                '    if prompt[-1:] == [("assistant", "")]:',
                "    if False:",
            ),
        ],
    ),
    (
        "minigpt/finetuning/prompt_format.py",
        "tests/finetuning/test_prompt_format.py tests/test_record_batches.py",
        [
            (
                "an instruction is cut at its first line end",
                "self.prompt(turns[-1][1], input)",
                'self.prompt(*turns[-1][1].split("\\n", 1)[:1], input)',
            ),
            ("the input is not asked", "self.prompt(turns[-1][1], input)", "self.prompt(turns[-1][1])"),
            ("the first turn counts", "turns[-1][1]", "turns[0][1]"),
            ("indentation is stripped", '.sub("\\n", text)).rstrip()', '.sub("\\n", text)).strip()'),
            ("line ends stay as they are", 'LINE_END.sub("\\n", text)', "text"),
            ("a lone CR stays", '"\\r\\n?"', '"\\r\\n"'),
            (
                "empty lines before a text stay",
                'EMPTY_LINES_BEFORE.sub("", LINE_END.sub("\\n", text))',
                'LINE_END.sub("\\n", text)',
            ),
            (
                "turns are not trimmed",
                "tokenizer.encode_ordinary(trimmed(text))",
                "tokenizer.encode_ordinary(text)",
            ),
            ("a prompt is not trimmed", "instruction, input = trimmed(instruction), trimmed(input)", "pass"),
        ],
    ),
]
