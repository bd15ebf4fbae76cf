"""Bugs of what goes on from a trained model."""

PLANTED = {
    "minigpt/finetuning/lora_layers.py": [
        (
            "dA without the scale",
            "dlow = drows @ (scale * b).T\n        dcorrection",
            "dlow = drows @ b.T\n        dcorrection",
        ),
        (
            "dB without the scale",
            "scale * (low.T @ drows)",
            "low.T @ drows",
        ),
        (
            "dA of a table without the scale",
            "scale * b).T\n    da = ",
            "b).T\n    da = ",
        ),
        (
            "dB of a table without the scale",
            "return da, scale * (low",
            "return da, (low",
        ),
        (
            "the table's adapter counts α times, not α / r",
            "low @ (table.scale * table.b)",
            "low @ table.b",
        ),
        (
            "dx without the adapter's part",
            "dx += dlow @ a.T",
            "pass",
        ),
        (
            "dx without the frozen part",
            "dx = drows @ weight.T",
            "dx = drows @ weight.T * 0",
        ),
        (
            "the adapter counts α times, not α / r",
            "low @ (matrix.scale * matrix.b)",
            "low @ matrix.b",
        ),
        (
            "without bias",
            "if bias is not None:",
            "if False:",
        ),
    ],
    "minigpt/finetuning/lora.py": [
        (
            "merging without the scale",
            "(a @ (scale * b))",
            "(a @ b)",
        ),
        (
            "scale upside down",
            "return self.alpha / self.rank",
            "return self.rank / self.alpha",
        ),
        (
            "merging changes the base",
            'params[f"{name}.weight"] = weight + (',
            'weight += (a @ b)\n            params[f"{name}.weight"] = weight + (',
        ),
        (
            "B does not begin at zero",
            "np.zeros((n_in, rank)), np.zeros((rank, n_out))",
            "np.zeros((n_in, rank)), np.ones((rank, n_out))",
        ),
        (
            "the table's A does not begin at zero",
            "np.zeros((n_in, rank)), np.zeros((rank, n_out))",
            "np.ones((n_in, rank)), np.zeros((rank, n_out))",
        ),
        (
            "the tied head without the adapter of its table",
            "return TOKEN_TABLE in self.targets and self.config.tie_weights",
            "return False",
        ),
        (
            "a head of its own with the adapter of the table",
            "return TOKEN_TABLE in self.targets and self.config.tie_weights",
            "return TOKEN_TABLE in self.targets",
        ),
        (
            "the head's term of the table's gradient lost",
            "self.accumulate_adapter(grads, TOKEN_TABLE, da.T, db.T)",
            "pass",
        ),
        (
            "A of any size",
            "rng.standard_normal(a.shape) / math.sqrt(n_in)",
            "rng.standard_normal(a.shape)",
        ),
        (
            "the table's B of any size",
            "rng.standard_normal(b.shape) / math.sqrt(n_out)",
            "rng.standard_normal(b.shape)",
        ),
        (
            "A equal in all matrices",
            "a = rng.standard_normal(a.shape)",
            "a = np.random.default_rng(seed).standard_normal(a.shape)",
        ),
    ],
    "minigpt/finetuning/peft.py": [
        (
            "adapters saved as they are, not outputs first",
            "peft_name(name): to_host(param).T",
            "peft_name(name): to_host(param)",
        ),
        (
            "the base is not named",
            '"base_model_name_or_path": model.base_name',
            '"base_model_name_or_path": None',
        ),
        (
            "labels beside an adapter are not covered",
            "return settings | {LABELS_FILE: labels}",
            "return settings | {LABELS_FILE: None}",
        ),
        (
            "alpha is not covered",
            '"r", "lora_alpha", "use_rslora"',
            '"r", "use_rslora"',
        ),
    ],
    "minigpt/finetuning/last_blocks.py": [
        (
            "a block too few is trained",
            "if i >= self.first else dx",
            "if i > self.first else dx",
        ),
        (
            "the caches of frozen blocks are kept",
            "cache if i >= self.first else None",
            "cache",
        ),
        (
            "a tied head counts as trained",
            "for i in range(self.first, self.config.n_layer)), ",
            'for i in range(self.first, self.config.n_layer)), "wte.", ',
        ),
        (
            "the tables are trained",
            "    def backward_embed(self, dx, cache, grads):\n        pass\n",
            "",
        ),
        (
            "a first block beyond the last is let in",
            "0 <= first <= base.config.n_layer",
            "0 <= first",
        ),
        (
            "ln_f is not trained",
            '"ln_f.", "lm_head.")',
            '"lm_head.")',
        ),
    ],
    "minigpt/finetuning/answers.py": [
        (
            "the head sees the prompts too",
            "targets[counted], n_counted)\n\n",
            "targets[counted] * 0, n_counted)\n\n",
        ),
        (
            "without dropout",
            "forward_hidden(idx, rngs)",
            "forward_hidden(idx)",
        ),
        (
            "every part divides by its own count",
            "targets[counted], n_counted)\n\n",
            "targets[counted])\n\n",
        ),
        (
            "gradients of earlier parts forgotten",
            "grads = {} if grads is None else grads",
            "grads = {}",
        ),
        (
            "answers in the order of their prompts' lengths",
            "answers[rows[i]] += piece",
            "answers[i] += piece",
        ),
        (
            "the limit is that of the shortest prompt",
            "max(map(len, batch))",
            "min(map(len, batch))",
        ),
        (
            "answers are drawn",
            "Sampling(temperature=0)",
            "Sampling()",
        ),
        (
            "a part's loss divided by its own count",
            "targets[counted], n_counted)[0]",
            "targets[counted])[0]",
        ),
    ],
    "minigpt/finetuning/classifier.py": [
        (
            "the last column is read, padding or not",
            "xp.where(idx != self.pad_token_id, xp.arange(idx.shape[1]), 0).max(1)",
            "xp.full(len(idx), idx.shape[1] - 1)",
        ),
        (
            "the token before the last is read",
            ", 0).max(1)",
            ", 1).max(1) - 1",
        ),
        (
            "gradient given to the first token",
            "dhidden[rows, last] = dout",
            "dhidden[:, 0] = dout",
        ),
        (
            "class weights upside down",
            "sum(counts) / (len(counts) * max(count, 1))",
            "max(count, 1) * len(counts) / sum(counts)",
        ),
        (
            "class weights do not divide the loss",
            "return float(to_host(self.weights)[targets].sum())",
            "return len(targets)",
        ),
        (
            "head of zeros",
            "INIT_STD * np.random.default_rng(seed).standard_normal(",
            "0 * np.random.default_rng(seed).standard_normal(",
        ),
        (
            "one label is let in",
            "max(2, len(labels))",
            "max(1, len(labels))",
        ),
    ],
    "minigpt/finetuning/dpo.py": [
        (
            "chosen and rejected swapped",
            "ratios[:, 0] - ratios[:, 1]",
            "ratios[:, 1] - ratios[:, 0]",
        ),
        (
            "no reference",
            "ratios = log_probs - reference",
            "ratios = log_probs",
        ),
        (
            "gradient without beta",
            "falling * (-beta * dloss / n_pairs)",
            "falling * (-dloss / n_pairs)",
        ),
        (
            "gradient not divided by the pairs",
            "(-beta * dloss / n_pairs)",
            "(-beta * dloss)",
        ),
        (
            "gradient of the rejected answer missing",
            "[dchosen, -dchosen]",
            "[dchosen, 0 * dchosen]",
        ),
        (
            "σ(h) in the place of σ(−h)",
            "xp.exp(-xp.maximum(h, 0))",
            "xp.exp(xp.minimum(h, 0))",
        ),
        (
            "the loss overflows",
            "xp.log1p(xp.exp(-abs(h))) + xp.maximum(-h, 0)",
            "xp.log1p(xp.exp(-h))",
        ),
        (
            "mean over tokens, not their sum",
            "return summed.reshape(B, T).sum(1), (",
            "return summed.reshape(B, T).mean(1), (",
        ),
        (
            "the gradient has the sign of a loss",
            "token_losses_backward(-dout",
            "token_losses_backward(dout",
        ),
        (
            "a token's gradient goes to another sequence",
            "dout[rows // T]",
            "dout[rows % len(dout)]",
        ),
        (
            "a beta of 0 is let in",
            "if not 0 < beta:",
            "if not 0 <= beta:",
        ),
        (
            "answers are counted, not pairs",
            "return len(idx)",
            "return 2 * len(idx)",
        ),
        (
            "a part divided by its own pairs",
            "n_pairs = n_pairs or len(h)",
            "n_pairs = len(h)",
        ),
        (
            "a pair's answers in another order",
            "return log_probs.reshape(N, 2), (cache",
            "return log_probs.reshape(2, N).T, (cache",
        ),
    ],
    "minigpt/finetuning/prompt_format.py": [
        (
            "targets not shifted",
            "zip(ids[1:], learned[1:])",
            "zip(ids, learned)",
        ),
        (
            "the mask one token early",
            "zip(ids[1:], learned[1:])",
            "zip(ids[1:], learned)",
        ),
        (
            "the prompt is learned",
            "return [(prompt, False),",
            "return [(prompt, True),",
        ),
        (
            "the user's turns are learned",
            'role == "assistant")',
            'role == "user")',
        ),
        (
            "the last token is an input too",
            "return ids[:-1], targets",
            "return ids, targets",
        ),
        (
            "answers without an end",
            "return [*tokenizer.encode_ordinary(trimmed(text)), tokenizer.eot_token]",
            "return tokenizer.encode_ordinary(trimmed(text))",
        ),
        (
            "an instruction is cut at its first line end",
            "self.prompt(turns[-1][1], input)",
            'self.prompt(*turns[-1][1].split("\\n", 1)[:1], input)',
        ),
        (
            "the input is not asked",
            "self.prompt(turns[-1][1], input)",
            "self.prompt(turns[-1][1])",
        ),
        (
            "the first turn counts",
            "turns[-1][1]",
            "turns[0][1]",
        ),
        (
            "indentation is stripped",
            '.sub("\\n", text)).rstrip()',
            '.sub("\\n", text)).strip()',
        ),
        (
            "line ends stay as they are",
            'LINE_END.sub("\\n", text)',
            "text",
        ),
        (
            "a lone CR stays",
            '"\\r\\n?"',
            '"\\r\\n"',
        ),
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
        (
            "a prompt is not trimmed",
            "instruction, input = trimmed(instruction), trimmed(input)",
            "pass",
        ),
    ],
    "minigpt/finetuning/padding.py": [
        (
            "padding on the left",
            "row[: len(sequence)] = sequence",
            "row[-len(sequence) :] = sequence",
        ),
        (
            "epochs in the same order",
            "np.random.default_rng([self.seed, epoch])",
            "np.random.default_rng(self.seed)",
        ),
        (
            "the seed is not used",
            "np.random.default_rng([self.seed, epoch])",
            "np.random.default_rng(epoch)",
        ),
        (
            "the last batch of an epoch is left out",
            "-(-len(self.lengths) // batch_size)",
            "max(1, len(self.lengths) // batch_size)",
        ),
        (
            "the first epoch again and again",
            "if epoch != self._epoch:",
            "if self._epoch is None:",
        ),
        (
            "every epoch begins with the short ones",
            "for i in rng.permutation(len(batches))",
            "for i in range(len(batches))",
        ),
        (
            "the file's order",
            "order = rng.permutation(len(self.lengths))",
            "order = np.arange(len(self.lengths))",
        ),
        (
            "the last are not evaluated",
            "range(0, len(order), batch_size)",
            "range(0, len(order) - batch_size + 1, batch_size)",
        ),
        (
            "filled up with zeros",
            "max(map(len, sequences))), value,",
            "max(map(len, sequences))), 0,",
        ),
    ],
    "minigpt/finetuning/metrics.py": [
        (
            "the matrix transposed",
            "(np.asarray(truths), np.asarray(predictions))",
            "(np.asarray(predictions), np.asarray(truths))",
        ),
        (
            "equal pairs are counted once",
            "np.add.at(counts, (np.asarray(truths), np.asarray(predictions)), 1)",
            "counts[np.asarray(truths), np.asarray(predictions)] += 1",
        ),
        (
            "precision is recall",
            '"precision": quotient(right, given)',
            '"precision": quotient(right, there)',
        ),
        (
            "recall is precision",
            '"recall": quotient(right, there)',
            '"recall": quotient(right, given)',
        ),
        (
            "F1 is the half",
            "quotient(2 * right, given + there)",
            "quotient(right, given + there)",
        ),
        (
            "accuracy is the mean recall",
            "float(right.sum() / max(confusion.sum(), 1))",
            "float((right / np.maximum(confusion.sum(1), 1)).mean())",
        ),
        (
            "exact match is a number",
            "sum(matches) / len(matches)",
            "float(sum(matches))",
        ),
        (
            "Chinese is one long word to BLEU",
            'CHINESE.sub(r" \\1 ", text)',
            "text",
        ),
        (
            "Chinese is nothing to ROUGE",
            "[a-z0-9]+|[",
            "[a-z0-9]+|[0",
        ),
        (
            "an n-gram counts as often as it is said",
            "(found & ngrams(wanted, n + 1)).total()",
            "sum(found[gram] for gram in ngrams(wanted, n + 1))",
        ),
        (
            "no penalty for brevity",
            "100 * min(1.0, math.exp(1 - n_wanted / n_answered)) * math.exp",
            "100 * math.exp",
        ),
        (
            "a length of n-grams without a right one is not smoothed further",
            "part /= 2",
            "part = 0.5",
        ),
        (
            "a comma in a number parts it",
            'r"([^0-9])([.,])"',
            'r"(.)([.,])"',
        ),
        (
            "ROUGE-L takes the order for nothing",
            "longest = diagonal + 1 if word == other else",
            "longest = lengths[j - 1] + 1 if word == other else",
        ),
        (
            "ROUGE is the recall",
            "2 * n_right / (n_answered + n_wanted)",
            "n_right / n_wanted",
        ),
        (
            "columns of the table swapped",
            'for name in ("precision", "recall", "f1"))',
            'for name in ("recall", "precision", "f1"))',
        ),
        (
            "the count is the count given",
            '"count": there.tolist()',
            '"count": given.tolist()',
        ),
    ],
    "minigpt/finetuning/augmentation.py": [
        (
            "a text may vanish",
            "return pieces or [text]",
            "return pieces",
        ),
        (
            "no word is left out",
            "            continue\n",
            "            pass\n",
        ),
        (
            "a cut word loses its beginning",
            "pieces.append(piece + word[:at])",
            "pieces.append(piece)",
        ),
        (
            "a cut word loses its end",
            'piece, word = "", word[at:]',
            'piece, word = "", ""',
        ),
        (
            "the share is not used",
            "rng.random(2) < share",
            "rng.random(2) < 0.5",
        ),
        (
            "Chinese is one word",
            "(?:[\\u4e00-\\u9fff]|[^\\s\\u4e00-\\u9fff]+)",
            "(?:[^\\s]+)",
        ),
    ],
    "minigpt/finetuning/records.py": [
        (
            "bad records are dropped without a word",
            "    if bad:\n        say(",
            "    if False:\n        say(",
        ),
        (
            "--strict is ignored",
            "    if strict and bad:",
            "    if False and bad:",
        ),
        (
            "no records is no error",
            "    if len(bad) == len(found):",
            "    if bad and len(bad) == len(found):",
        ),
        (
            "an empty file beside others is not said",
            "            say(sentence)",
            "            pass",
        ),
        (
            "indentation is stripped",
            'text = trimmed(as_text(record, name, "" if value is None else value))',
            'text = as_text(record, name, "" if value is None else value).strip()',
        ),
        (
            "an empty field passes",
            "if not text.strip() and not optional:",
            "if False:",
        ),
        (
            "true is a number",
            "and not isinstance(value, bool)",
            "",
        ),
        (
            "infinity is a text",
            " and abs(value) < math.inf",
            "",
        ),
        (
            "null counts as a value",
            "(name for name in have if fields[name] is not None)",
            "iter(have)",
        ),
    ],
    "minigpt/finetuning/json_records.py": [
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
        (
            "a .csv may be JSON",
            'suffix not in (".csv", ".tsv") and',
            "",
        ),
    ],
    "minigpt/finetuning/columns.py": [
        (
            "commas only",
            "return max(DELIMITERS, key=agreement)",
            "return next(iter(DELIMITERS))",
        ),
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
        (
            "TSV is quoted",
            'content.split("\\t")',
            'next(csv.reader([content], delimiter="\\t"))',
        ),
        (
            "escaped quotes are an error",
            "if '\\\\\"' in text and (",
            "if False and (",
        ),
        (
            "escaped quotes where they are none",
            "(error or not same_length(rows))",
            "True",
        ),
        (
            "a line is counted too few",
            "line = reader.line_num + 1",
            "line = reader.line_num",
        ),
        (
            "blank rows are rows",
            "            if any(cells):\n",
            "            if True:\n",
        ),
        (
            "Excel's line is a row",
            'text = "\\n" + text[given.end() :] if given else text',
            "pass",
        ),
        (
            "Excel's line is not counted",
            'text = "\\n" + text[given.end() :]',
            "text = text[given.end() :]",
        ),
    ],
    "minigpt/finetuning/labelled.py": [
        (
            "label and text swapped",
            "return 0, 1, False\n    if",
            "return 1, 0, False\n    if",
        ),
        (
            "the line of names is a record",
            "for row in rows[has_names:]:",
            "for row in rows:",
        ),
        (
            "the first record is lost",
            "for row in rows[has_names:]:",
            "for row in rows[1:]:",
        ),
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
        (
            "flags ignored in JSON",
            "name = given or first_name",
            "name = first_name",
        ),
        (
            "columns numbered from 0",
            "return int(given) - 1, lower",
            "return int(given), lower",
        ),
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
        (
            "a label called like a column is one",
            "if no_flag and any(",
            "if False and any(",
        ),
        (
            "a line of unknown names is a record",
            "or stands_alone(rows, label)\n",
            "\n",
        ),
        (
            "unknown names are a record without a word",
            "        if stands_alone(rows, 0):",
            "        if False:",
        ),
        (
            "columns of one name: the first",
            "        if n > 1:",
            "        if False:",
        ),
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
        (
            "1.5 becomes 1",
            "-?[0-9]+(\\.0*)?",
            "-?[0-9]+(\\.[0-9]*)?",
        ),
        (
            "10 before 2",
            "float(label) if numbers else 0.0",
            "0.0",
        ),
        (
            "what was found is not said",
            "    if has_names or delimiter !=",
            "    if False and delimiter !=",
        ),
    ],
    "minigpt/finetuning/instructions.py": [
        (
            "the input is dropped",
            'texts[field] = text_field(record, name, optional=field == "input")',
            'texts[field] = text_field(record, name) if field != "input" else ""',
        ),
        (
            "an output may be missing",
            'optional=field == "input"',
            "optional=True",
        ),
        (
            "columns of one name: the last",
            "    if len(set(names)) < len(names):",
            "    if False:",
        ),
        (
            "rows of another length are cut",
            "if len(row.cells) == len(names):",
            "if True:",
        ),
        (
            "dialogues without a word",
            'if "messages" in fields or',
            "if False and",
        ),
    ],
    "minigpt/finetuning/conversations.py": [
        (
            "system prompts are the user's",
            '"system": "system"',
            '"system": "user"',
        ),
        (
            "a developer is a user",
            '"developer": "system"',
            '"developer": "user"',
        ),
        (
            "human and gpt swapped",
            '"gpt": "assistant"',
            '"gpt": "user"',
        ),
        (
            "parts are parted",
            'return "".join(texts)',
            'return "\\n".join(texts)',
        ),
        (
            "parts of another kind are skipped",
            "        if not isinstance(part, str):",
            "        if not isinstance(part, str):\n            continue\n        if False:",
        ),
        (
            "calls of tools are not counted",
            "            n_tools += 1\n",
            "            pass\n",
        ),
        (
            "an answer beside a call is lost",
            "(calls_tools and not content)",
            "calls_tools",
        ),
        (
            "answers of weight 0 are learned",
            'message.get("weight") == 0 and',
            "False and",
        ),
        (
            "dialogues without an answer pass",
            'if "assistant" not in (role',
            'if False and "assistant" not in (role',
        ),
        (
            "the field system is dropped",
            'if isinstance(fields.get("system"), str):',
            "if False:",
        ),
        (
            "the assistant begins",
            '"user" if len(turns) % 2 == 0 else "assistant"',
            '"assistant" if len(turns) % 2 == 0 else "user"',
        ),
        (
            "the line of a dialogue is its last",
            "number - len(turns)))",
            "number))",
        ),
        (
            "a transcript needs no question",
            'or "Human" not in marked[::2]',
            "or not marked",
        ),
    ],
    "minigpt/finetuning/preferences.py": [
        (
            "chosen and rejected swapped",
            'turns_of(record, name, "assistant") for name in ("chosen", "rejected")',
            'turns_of(record, name, "assistant") for name in ("rejected", "chosen")',
        ),
        (
            "equal answers pass",
            "    if chosen == rejected:",
            "    if False:",
        ),
        (
            "prompts that differ pass",
            "    if before != before_rejected:",
            "    if False:",
        ),
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
        (
            "empty answers pass",
            "    if not all(text for",
            "    if False and not all(text for",
        ),
        (
            "a user's turn is an answer",
            '        if role != "assistant":',
            "        if False:",
        ),
        (
            "the mark of the answer is a turn",
            '    if prompt[-1:] == [("assistant", "")]:',
            "    if False:",
        ),
    ],
    "minigpt/finetuning/peft_reading.py": [
        (
            "another kind of adapter is taken for LoRA",
            'if config.get("peft_type") != "LORA":',
            'if config.get("peft_type") is None:',
        ),
        (
            "what changed the base is let in",
            "if beginning not in BEGINNINGS:",
            "if False:",
        ),
        (
            "a key of tomorrow is passed over",
            'if name not in READ | WITHOUT_EFFECT and value not in (None, False, "", [], {}):',
            "if False:",
        ),
        (
            "the base is looked for from here alone",
            "for folder in (Path(directory) / name, Path(name)):",
            "for folder in (Path(name),):",
        ),
        (
            "a pickle is a missing file",
            "if (Path(directory) / PICKLE).is_file():",
            "if False:",
        ),
    ],
    "minigpt/finetuning/peft_merging.py": [
        (
            "an adapter without a task has no head",
            'config.get("task_type") in (None, "CAUSAL_LM")',
            'config.get("task_type") == "CAUSAL_LM"',
        ),
        (
            "a head that follows the table is untied",
            "if tied and merged[HEAD_WEIGHT] is merged[TABLE_WEIGHT]:",
            "if False:",
        ),
        (
            "exclude_modules is not read",
            'excluded = config.get("exclude_modules") or []',
            "excluded = []",
        ),
        (
            "no default targets",
            'targets = ["c_attn"] if targets is None else targets',
            "targets = [] if targets is None else targets",
        ),
        (
            "all-linear is one name",
            'if targets == "all-linear":',
            "if False:",
        ),
        (
            "a pattern matches beginnings",
            "return re.fullmatch(targets, name) is not None",
            "return re.match(targets, name) is not None",
        ),
        (
            "layers_to_transform is not read",
            "(_is_called(name, targets) and self.is_in_layers(name))",
            "_is_called(name, targets)",
        ),
        (
            "one layer is read as a list alone",
            "[layers] if isinstance(layers, int) else layers",
            "[0] if isinstance(layers, int) else layers",
        ),
        (
            "tensors left over pass",
            "        if self.tensors:\n",
            "        if False:\n",
        ),
        (
            "ensured tying passes",
            'if self.config.get("ensure_weight_tying") and concerned:',
            "if False:",
        ),
        (
            "a saved module may be missing",
            "in saved and name not in self.tensors:",
            "in saved and False:",
        ),
        (
            "a bias beside an adapter is not found",
            'stored.replace(".base_layer.", ".")',
            "stored",
        ),
        (
            "a replaced array of another shape passes",
            "if array.shape != params[name].shape and not resized:",
            "if False:",
        ),
        (
            "a saved table changes the tied head too",
            "if TOKEN_TABLE not in saved and HEAD not in saved:",
            "if True:",
        ),
        (
            "vectors are adapted",
            ".ndim != 2]",
            ".ndim > 2]",
        ),
        (
            "the bias of B is not scaled",
            "+ scale * bias",
            "+ bias",
        ),
        (
            "the head's A and B are not swapped",
            "return (b, a, scale) if module in OUT_IN",
            "return (b, a, scale) if module == SCORE",
        ),
        (
            "rslora is not read",
            'if self.config.get("use_rslora") else',
            "if False else",
        ),
        (
            "α of the pattern of ranks",
            '"lora_alpha", "alpha_pattern")',
            '"lora_alpha", "rank_pattern")',
        ),
        (
            "a pattern matches the middle of a name",
            'rf"(.*\\.)?({p})$"',
            'rf"(.*)({p})"',
        ),
        (
            "token ids beyond the table pass",
            "0 <= i < len(table) for i in indices",
            "0 <= i for i in indices",
        ),
        (
            "trained rows do not reach the tied head",
            "            if tied and module == TOKEN_TABLE:\n",
            "            if False:\n",
        ),
        (
            "the rows of positions go into the table",
            "_full_name(m).endswith(target)), None)",
            "True), None)",
        ),
        (
            "a name ends without a dot",
            'f".{name}".endswith(f".{end}")',
            "name.endswith(end)",
        ),
        (
            "a tensor of another shape passes",
            "        if array.shape != shape:\n",
            "        if False:\n",
        ),
    ],
    "minigpt/finetuning/splits.py": [
        (
            "case parts texts",
            "text.casefold().split()",
            "text.split()",
        ),
        (
            "spaces part texts",
            '" ".join(text.casefold().split())',
            "text.casefold()",
        ),
        (
            "duplicates are not kept together",
            "groups.setdefault(key(record), [])",
            "groups.setdefault(id(record), [])",
        ),
        (
            "two records are enough",
            "if len(label_groups) < 3:",
            "if len(label_groups) < 2:",
        ),
        (
            "the file's order decides the split",
            "        rng.shuffle(label_groups)\n",
            "",
        ),
        (
            "shares are of texts, not of records",
            "n_records = sum(map(len, label_groups))",
            "n_records = len(label_groups)",
        ),
        (
            "validation and test swapped",
            "((2, shares[2], 2), (1, shares[1], 1))",
            "((1, shares[2], 2), (2, shares[1], 1))",
        ),
        (
            "a small label has no validation",
            "max(1, round(share * n_records))",
            "round(share * n_records)",
        ),
        (
            "nothing is left for training",
            "len(label_groups) > left_over",
            "len(label_groups) > left_over - 1",
        ),
        (
            "splits in the order of the draw",
            "[sorted(split, key=lambda record: order[id(record)]) for split in splits]",
            "splits",
        ),
        (
            "balanced to the commonest",
            "keep = min(counts.values())",
            "keep = max(1, min(counts.values()) - 1)",
        ),
        (
            "the seed of balancing is not used",
            "    rng = random.Random(seed)\n    kept",
            "    rng = random.Random(0)\n    kept",
        ),
        (
            "the first are kept, not any",
            "rng.sample(of_label, keep)",
            "of_label[:keep]",
        ),
    ],
}
