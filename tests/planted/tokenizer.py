"""Bugs of the tokenizers."""

PLANTED = {
    "tokenizer/bpe.py": [
        (
            "a pre-token is looked up, not merged",
            "return merge(self.byte_ids(pretoken), self.pair_ids)",
            (
                "whole = self.mergeable_ranks.get(pretoken.encode('utf-8'))\n"
                "        return merge(self.byte_ids(pretoken), self.pair_ids) if whole "
                "is None else [whole]"
            ),
        ),
        (
            "ids that do not rise are let in",
            "if this <= last:",
            "if False:",
        ),
        (
            "tokens that no merge makes are let in",
            "if len(mergeable_ranks) > 256 + len(merges):",
            "if False:",
        ),
        (
            "a byte without a token is let in",
            "if bytes([byte]) not in mergeable_ranks:",
            "if False:",
        ),
        (
            "counts are not used",
            "counts.append(count)",
            "counts.append(1)",
        ),
        (
            "the cache grows without end or sense",
            "self[piece] = ids",
            "self[piece[:8]] = ids",
        ),
        (
            "half a surrogate pair is an error",
            "except UnicodeEncodeError:",
            "except KeyError:",
        ),
        (
            "a short vocabulary is not told",
            "if len(pairs) < n_merges:",
            "if False:",
        ),
        (
            "special tokens of the text are merged",
            "[END_OF_TEXT], workers",
            "[], workers",
        ),
    ],
    "tokenizer/base.py": [
        (
            "ids with gaps: a row too few",
            "max(token_bytes) + 1",
            "len(token_bytes)",
        ),
        (
            "a forged special token is let in",
            "if special in text:",
            "if False:",
        ),
        (
            "offsets in bytes",
            "characters += len(piece) - continuations",
            "characters += len(piece)",
        ),
        (
            "a token inside a character begins behind it",
            "max(0, characters - inside)",
            "characters",
        ),
        (
            "a batch encodes special tokens as text",
            "self.tokenizer.encode(text, *self.special)",
            "self.tokenizer.encode_ordinary(text)",
        ),
        (
            "half characters vanish",
            'decode("utf-8", errors="replace")',
            'decode("utf-8", errors="ignore")',
        ),
        (
            "a special token in neither set is an error",
            'if disallowed_special == "all" else disallowed_special',
            "if True else disallowed_special",
        ),
    ],
    "tokenizer/lookup.py": [
        (
            "the rarest are kept",
            "(-counts[piece], piece)",
            "(counts[piece], piece)",
        ),
        (
            "ties in the order of chance",
            "(-counts[piece], piece)",
            "-counts[piece]",
        ),
        (
            "one too many is kept",
            "[:limit]",
            "[: limit + 1]",
        ),
        (
            "another unknown token is let in",
            'if model.get("unk_token") != UNKNOWN:',
            "if False:",
        ),
    ],
    "tokenizer/byte_alphabet.py": [
        (
            "bytes in the order of their numbers",
            "BYTE_ORDER = _VISIBLE + _OTHERS",
            "BYTE_ORDER = list(range(256))",
        ),
        (
            "the soft hyphen is visible",
            '*range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]',
            '*range(ord("¡"), ord("ÿ") + 1)]',
        ),
        (
            "others from U+0101 on",
            "chr(256 + n)",
            "chr(257 + n)",
        ),
        (
            "~ is not visible",
            'ord("~") + 1',
            'ord("~")',
        ),
    ],
    "tokenizer/patterns.py": [
        (
            "the rest of the text is lost",
            "pretokens.append(text[end:])",
            "pass",
        ),
        (
            "GPT-2: contractions in any case",
            'r"""\'s|\'t',
            'r"""(?i:\'s)|\'t',
        ),
        (
            "GPT-2: no contraction with ll",
            "|'ll|'d| ?\\p{L}+| ?\\p{N}+|",
            "|'d| ?\\p{L}+| ?\\p{N}+|",
        ),
        (
            "a cut between two blanks",
            "(?<=\\S)(?= \\S)",
            "(?= \\S)",
        ),
        (
            "a cut behind every line end",
            "(?<=\\S\\n)(?=\\S)",
            "(?<=\\n)",
        ),
        (
            "chunks of another pattern",
            "if pattern == GPT2_PATTERN else None",
            "if pattern in NAMED_PATTERNS.values() else None",
        ),
        (
            "a pattern has all the time",
            "finditer(text, timeout=seconds)",
            "finditer(text, timeout=25)",
        ),
        (
            "a text is read backwards",
            "                if start < end:",
            "                if False:",
        ),
    ],
    "tokenizer/streaming.py": [
        (
            "the half character at the end is swallowed",
            'self._utf8.decode(b"", final=True)',
            '""',
        ),
        (
            "bytes that are no UTF-8 vanish",
            'errors="replace"',
            'errors="ignore"',
        ),
    ],
    "tokenizer/show.py": [
        (
            "tokens a character",
            "len(text) / max(1, len(ids))",
            "len(ids) / max(1, len(text))",
        ),
        (
            "the pair beside the merged one",
            "[i : i + 2]",
            "[i + 1 : i + 3]",
        ),
        (
            "colours though none are asked for",
            "if color:",
            "if True:",
        ),
        (
            "the colour does not end",
            "{token}\\x1b[0m",
            "{token}",
        ),
        (
            "the word of the fewest merges",
            "return max(\n        words",
            "return min(\n        words",
        ),
        (
            "a word too long for a line",
            "<= LONGEST_WORD]",
            "]",
        ),
        (
            "special tokens shown as text",
            'tokenizer.encode(text, allowed_special="all")',
            "tokenizer.encode_ordinary(text)",
        ),
        (
            "special tokens stand there like others",
            'f"[{token}]" if token_id in special else token',
            "token",
        ),
        (
            "the place in the character is always the first",
            "_SUBSCRIPTS[place : place + stop - at]",
            "_SUBSCRIPTS[: stop - at]",
        ),
        (
            "a part takes more bytes of the character than the token has",
            "stop = min(end, at + n_bytes - place)",
            "stop = at + n_bytes - place",
        ),
        (
            "line ends are not shown",
            '"\\n": "↵", ',
            "",
        ),
    ],
    "tokenizer/parallel.py": [
        (
            "the last group is lost",
            "    if group:\n        yield group",
            "    pass",
        ),
        (
            "results out of order",
            "if len(running) > 2 * workers:\n                yield running.popleft()",
            "if len(running) > 2 * workers:\n                yield running.pop()",
        ),
        (
            "the last results are lost",
            "        while running:\n            yield running.popleft().result()",
            "        pass",
        ),
        (
            "no workers are let in",
            "if workers < 1:",
            "if False:",
        ),
        (
            "groups grow together",
            "            group, size = [], 0\n",
            "            group, size = group, 0\n",
        ),
    ],
    "tokenizer/bpe_merge.py": [
        (
            "the last of equal pairs first",
            "i = ranks.index(rank)",
            "i = len(ranks) - 1 - ranks[::-1].index(rank)",
        ),
        (
            "the pair on the left is out of date",
            "ranks[i - 1] = merges.get((ids[i - 1], rank), _NO_RANK)",
            "pass",
        ),
        (
            "the pair on the right is out of date",
            "ranks[i] = merges.get((rank, ids[i + 1]), _NO_RANK)",
            "pass",
        ),
        (
            "long: the links back are out of date",
            "previous[after] = left",
            "pass",
        ),
        (
            "long: new pairs on the right are not noted",
            "note(left, after)",
            "pass",
        ),
        (
            "long: new pairs on the left are not noted",
            "note(previous[left], left)",
            "pass",
        ),
        (
            "long: no look at what has changed",
            "or merges.get((ids[left], ids[right])) != rank",
            "",
        ),
        (
            "the merge learned last first",
            "rank, i = min(ranked)",
            "rank, i = max(ranked)",
        ),
    ],
    "tokenizer/bpe_trainer.py": [
        (
            "the left neighbour's count stays",
            "pair_counts[head[-1] + left] -= count",
            "pass",
        ),
        (
            "the right neighbour's count stays",
            "pair_counts[right + tail[0]] -= count",
            "pass",
        ),
        (
            "counts are of words, not of occurrences",
            "sum(map(counts.__getitem__, indices))",
            "len(indices)",
        ),
        (
            "an entry out of date is believed",
            "if -count != true_count:",
            "if False:",
        ),
    ],
    "tokenizer/pretokens.py": [
        (
            "counts of chunks are lost",
            "pretokens[pretoken] += count",
            "pretokens[pretoken] += 1",
        ),
    ],
    "tokenizer/text_source.py": [
        (
            "the rest of a block is lost",
            "rest = rest[seam:] + following",
            "rest = following",
        ),
    ],
    "tokenizer/char.py": [
        (
            "characters in the order of frequency",
            "kept = sorted(most_frequent(counts, limit - len(specials)))",
            "kept = most_frequent(counts, limit - len(specials))",
        ),
    ],
    "tokenizer/loading.py": [
        (
            "OpenAI's names are not known",
            "in (GPT2_NAMES, OPENAI_NAMES)",
            "in (GPT2_NAMES,)",
        ),
        (
            "words are read as characters",
            'if pipeline.get("pre_tokenizer") == tokenizer_class.PRE_TOKENIZER:',
            "if True:",
        ),
    ],
    "tokenizer/word.py": [
        (
            "<|unk|> before <|endoftext|>",
            "{END_OF_TEXT: len(words), UNKNOWN: len(words) + 1}",
            "{END_OF_TEXT: len(words) + 1, UNKNOWN: len(words)}",
        ),
        (
            "a token too many",
            "else vocab_size - 2)",
            "else vocab_size - 1)",
        ),
        (
            "a blank at the beginning",
            "self.after_is_tight = True",
            "self.after_is_tight = False",
        ),
        (
            "quotation marks stay open",
            "self.open_quotes.clear()",
            "pass",
        ),
        (
            "a blank before every mark",
            "_CLOSING.fullmatch(token) is not None",
            "False",
        ),
        (
            "a blank behind an opening bracket",
            "next_is_tight = tight or token in _OPENING",
            "next_is_tight = tight",
        ),
        (
            "a stream forgets what stood before",
            "blank_before = _Spacing().blank_before",
            "blank_before = lambda token: _Spacing().blank_before(token)",
        ),
    ],
    "tokenizer/bpe_files.py": [
        (
            "the blank's bytes not written in the alphabet",
            '"merges": [list(map(bytes_to_visible, pair))',
            '"merges": [list(part.decode("latin-1") for part in pair)',
        ),
        (
            "merges.txt: the first merge is taken for the version",
            '(number == 1 and line.startswith("#version"))',
            "number == 1",
        ),
        (
            "merges.txt: a merge that begins with # is a comment",
            '(number == 1 and line.startswith("#version"))',
            'line.startswith("#")',
        ),
        (
            "a pattern of one's own is forgotten",
            "if tokenizer.pattern == GPT2_PATTERN:",
            "if True:",
        ),
        (
            "a blank before the text is passed over",
            'if steps[-1].get("add_prefix_space"):',
            "if False:",
        ),
        (
            "options that change ids are passed over",
            "if model.get(option):",
            "if False:",
        ),
    ],
    "tokenizer/__main__.py": [
        (
            "--type not used",
            'elif options.type == "word":',
            "elif False:",
        ),
        (
            "--unk not used",
            "unk=options.unk)",
            "unk=False)",
        ),
        (
            "--pattern not used",
            "pattern=options.pattern,",
            "pattern=GPT2_PATTERN,",
        ),
        (
            "--allow-special not used",
            '"all" if options.allow_special else ()',
            "()",
        ),
        (
            "--color not used",
            'options.color == "always" or',
            "False or",
        ),
        (
            "commas part no ids",
            'text.replace(",", " ").split()',
            "text.split()",
        ),
        (
            "an error ends with status 0",
            "        return 2\n",
            "        return 0\n",
        ),
    ],
    "tokenizer/files.py": [
        (
            "not flushed before it is renamed",
            "os.fsync(file.fileno())",
            "pass",
        ),
        (
            "half a file stays beside it",
            "aside.unlink(missing_ok=True)",
            "pass",
        ),
        (
            "the same name aside for everybody",
            '{path.name}.{os.getpid()}.tmp"',
            '{path.name}.tmp"',
        ),
        (
            "only errors of the system are cleared away",
            "except BaseException as error:",
            "except OSError as error:",
        ),
        (
            "what is the same is written again",
            "    if _holds(path, parts):\n        return\n",
            "",
        ),
        (
            "of the same length is the same",
            "if file.read(len(piece)) != piece:",
            "if False:",
        ),
        (
            "the beginning is the whole",
            " or os.path.getsize(path) != sum(map(len, parts))",
            "",
        ),
        (
            "what was streamed is renamed though it is the same",
            "if path.is_file() and filecmp.cmp(aside, path, shallow=False):",
            "if False:",
        ),
        (
            "an error names the file aside",
            "error.filename = str(path)",
            "pass",
        ),
        (
            "the folder is not flushed",
            "    flush_folder(path.parent)\n",
            "",
        ),
    ],
    "tokenizer/tiktoken_ranks.py": [
        (
            "ranks are written in place",
            'write_atomically(path, b"".join(lines))',
            'open(path, "wb").writelines(lines)',
        ),
    ],
    "tokenizer/bpe_long_words.py": [
        (
            "words run into one another",
            '[*word, ""]',
            "[*word]",
        ),
        (
            "a word counts once",
            "[count] * (len(word) + 1)",
            "[1] * (len(word) + 1)",
        ),
        (
            "the first pair is not counted",
            "if len(pair) == 2:",
            "if len(pair) == 2 and place > 1:",
        ),
        (
            "each pair counts once",
            "pair_counts[pair] += self._counts[place]",
            "pair_counts[pair] += 1",
        ),
        (
            "overlapping pairs are merged twice",
            "tokens[place] != left or tokens[second] != right",
            "tokens[place] != left",
        ),
        (
            "what is out of date is merged",
            "tokens[place] != left or tokens[second] != right",
            "tokens[second] != right",
        ),
        (
            "a lost pair is lowered twice",
            "if before and before != new:",
            "if before:",
        ),
        (
            "the pair before keeps its count",
            "pair_counts[before + left] -= counts[place]",
            "pass",
        ),
        (
            "the pair behind keeps its count",
            "pair_counts[right + after] -= counts[place]",
            "pass",
        ),
        (
            "the way back is not mended",
            "            previous[following[second]] = place\n",
            "",
        ),
        (
            "the way on is not mended",
            "            following[place] = following[second]\n",
            "",
        ),
        (
            "new new is counted twice",
            "if after and after != new:",
            "if after:",
        ),
        (
            "the pair before is noted at the wrong place",
            "self._positions[before + new].append(previous[place])",
            "self._positions[before + new].append(place)",
        ),
        (
            "new pairs count once",
            "new_counts[new + after] += counts[place]",
            "new_counts[new + after] += 1",
        ),
    ],
    "tokenizer/huggingface.py": [
        (
            "added words are special",
            '"special": content in special_tokens',
            '"special": True',
        ),
        (
            "added words are not written",
            "sorted((special_tokens | tokenizer.added_words).items()",
            "sorted(special_tokens.items()",
        ),
        (
            "special tokens are normalized",
            '"normalized": content not in special_tokens',
            '"normalized": True',
        ),
        (
            "the rest is dropped",
            '"Isolated" if keep_rest else "Removed"',
            '"Removed"',
        ),
        (
            "what lies between is kept",
            '"invert": not keep_rest',
            '"invert": keep_rest',
        ),
        (
            "the end of texts is not written",
            'config |= {"bos_token": end, "eos_token": end}',
            "pass",
        ),
        (
            "Chinese as escapes",
            "json.dumps(value, ensure_ascii=False, indent=2)",
            "json.dumps(value, indent=2)",
        ),
        (
            "half a surrogate pair is read",
            "if _HALF_CHARACTER.search(text):",
            "if False:",
        ),
        (
            "any JSON is an object",
            "if not isinstance(value, dict):",
            "if False:",
        ),
        (
            "a file of any size is read",
            "if len(content) > LARGEST_FILE:",
            "if False:",
        ),
        (
            "of two equal names the last counts",
            "object_pairs_hook=_unique_names",
            "object_pairs_hook=dict",
        ),
        (
            "deep nesting is a traceback",
            "except RecursionError:",
            "except StopIteration:",
        ),
        (
            "an id that tokenizers would not give",
            "if content not in vocabulary and i != next_id:",
            "if False:",
        ),
        (
            "a token of two ids",
            "if vocabulary.setdefault(content, i) != i:",
            "if vocabulary.setdefault(content, i) is None:",
        ),
        (
            "flags of added tokens pass",
            "            if token.get(flag):",
            "            if False:",
        ),
        (
            "a normalizer passes",
            'if pipeline.get("normalizer") not in',
            "if None not in",
        ),
        (
            "a post_processor passes",
            'if not _adds_nothing(pipeline.get("post_processor")):',
            "if False:",
        ),
        (
            "any template adds nothing",
            "return len(parts) == 1 and isinstance(parts[0], dict)",
            "return isinstance(parts[-1], dict)",
        ),
        (
            "words are special tokens",
            'bool(token.get("special")) == special}',
            "special}",
        ),
        (
            "added_tokens.json is not read",
            "    if not path.is_file():\n        return {}, {}",
            "    if True:\n        return {}, {}",
        ),
        (
            "special_tokens_map.json is not read",
            "if (Path(directory) / SPECIAL_FILE).is_file():",
            "if False:",
        ),
        (
            "negative ids pass",
            "not 0 <= i <= LARGEST_ID",
            "not i <= LARGEST_ID",
        ),
        (
            "true is an id",
            "if type(i) is not int or",
            "if not isinstance(i, int) or",
        ),
        (
            "two tokens of one id",
            "        if i in seen:",
            "        if False:",
        ),
    ],
    "tokenizer/neighbours.py": [
        (
            "a blank before texts passes",
            'if config.get("add_prefix_space") and',
            "if False and",
        ),
        (
            "a blank is refused of every class",
            ' and str(config.get("tokenizer_class")).startswith("GPT2")',
            "",
        ),
        (
            "rows of the tokenizer's tokens",
            "max(rows, tokenizer.n_vocab)",
            "tokenizer.n_vocab",
        ),
        (
            "fewer rows than tokens",
            "tokenizer.n_rows = max(rows, tokenizer.n_vocab)",
            "tokenizer.n_rows = rows",
        ),
        (
            "the last row has no token",
            "if i >= rows]",
            "if i > rows]",
        ),
        (
            "the last token without a row is named",
            "tokenizer.token_bytes[min(without)]",
            "tokenizer.token_bytes[max(without)]",
        ),
        (
            "config.json before generation_config.json",
            "(GENERATION_FILE, MODEL_CONFIG_FILE)",
            "(MODEL_CONFIG_FILE, GENERATION_FILE)",
        ),
        (
            "generation ends at the first of several",
            "found = found if isinstance(found, list) else [found]",
            "found = found[:1] if isinstance(found, list) else [found]",
        ),
        (
            "an end that is no token counts",
            "if type(i) is int and i in tokenizer.token_bytes]",
            "if type(i) is int]",
        ),
        (
            "special_tokens_map.json is not read",
            ' or _read(directory / SPECIAL_FILE).get("eos_token"))',
            ")",
        ),
        (
            "the end of tokenizer_config.json is not read",
            "elif text in tokenizer.special_tokens:",
            "elif False:",
        ),
        (
            "generation does not end at the end of texts",
            "if not ids and tokenizer.eot_token is not None:",
            "if False:",
        ),
        (
            "a document may end at a line end",
            "if i in texts]",
            "if i in texts] or [tokenizer.decode(ids[:1])] * bool(ids)",
        ),
    ],
    "tokenizer/progress.py": [
        (
            "a bar in a pipe",
            "sys.stderr is not None and sys.stderr.isatty()",
            "True",
        ),
        (
            "no standard error is an error",
            "sys.stderr is not None and sys.stderr.isatty()",
            "sys.stderr.isatty()",
        ),
        (
            "a bar that was declined",
            "    if not progress:\n",
            "    if False:\n",
        ),
        (
            "a bar that was asked for is not shown",
            "    if progress is None:\n",
            "    if True:\n",
        ),
        (
            "bytes are not scaled",
            'scaled = unit == "B"',
            "scaled = False",
        ),
        (
            "a short training shows a bar",
            "DELAY = 1.0",
            "DELAY = 0.0",
        ),
        (
            "the number is not known",
            "total=total(),",
            "total=None,",
        ),
    ],
}
