"""Bugs on the way from scores to text."""

PLANTED = {
    "minigpt/generation/loop.py": [
        (
            "simple: the first position's scores",
            "logits[:, -1]",
            "logits[:, 0]",
        ),
        (
            "simple: the context cut at the wrong end",
            "idx[:, -context_size:]",
            "idx[:, :context_size]",
        ),
        (
            "a token too many",
            "use_cache), max_new_tokens)",
            "use_cache), max_new_tokens + 1)",
        ),
        (
            "a finished row goes on",
            "tokens = np.where(done, stop_token, tokens)",
            "pass",
        ),
        (
            "the first finished row ends all",
            "if done.all():",
            "if done.any():",
        ),
        (
            "all rows draw alike",
            "np.random.default_rng(child)",
            "np.random.default_rng(seed)",
        ),
        (
            "the seed is not used",
            "np.random.SeedSequence(seed)",
            "np.random.SeedSequence()",
        ),
        (
            "the penalty forgets the prompt",
            "seen[row, prompt] = True",
            "pass",
        ),
        (
            "the penalty forgets what was generated",
            "seen[rows, tokens] = True",
            "pass",
        ),
        (
            "top-p and min-p swapped",
            "Sampling(temperature, top_k, top_p, min_p, repetition_penalty)",
            "Sampling(temperature, top_k, min_p, top_p, repetition_penalty)",
        ),
        (
            "a negative number of tokens is let in",
            "if max_new_tokens < 0:",
            "if False:",
        ),
        (
            "logits before the penalty are given",
            "yield tokens, logits\n",
            "yield tokens, np.where(seen, logits, logits * 1.1)\n",
        ),
        (
            "uint64 becomes a float",
            "return idx.astype(np.int64, copy=False)",
            "return idx",
        ),
    ],
    "minigpt/generation/windows.py": [
        (
            "long prompts cut at the wrong end",
            "prompt[-block_size:]",
            "prompt[:block_size]",
        ),
        (
            "the window keeps its oldest tokens",
            "self.ids[full, : -self.hop] = self.ids[full, self.hop :]",
            "pass",
        ),
        (
            "the window hops by a half",
            "block_size // 4",
            "block_size // 2",
        ),
        (
            "rows that are not full hop too",
            "np.flatnonzero(self.lengths == self.block_size)",
            "self.rows",
        ),
        (
            "an empty prompt is let in",
            "if any(len(prompt) == 0 for prompt in prompts):",
            "if False:",
        ),
    ],
    "minigpt/generation/decoder.py": [
        (
            "recomputing: scores of the longest row's end",
            "logits[rows, to_device(self.windows.lengths - 1)]",
            "logits[rows, -1]",
        ),
        (
            "caching: scores of the longest row's end",
            "x[rows, to_device(self.windows.lengths - 1)]",
            "x[:, -1]",
        ),
        (
            "keys stay when the window hops",
            "self._read(rows, windows.ids[slid, :kept])",
            "pass",
        ),
        (
            "adapters are passed over",
            "decoders.get(type(model),",
            "decoders.get(GPT if isinstance(model, GPT) else type(model),",
        ),
        (
            "a cache that grows forgets",
            "cache[:, :, :n] = kept[:, :, :n_places]",
            "pass",
        ),
        (
            "masked places hold anything",
            "cache = xp.zeros((B, H, n_places, D), kept.dtype)",
            "cache = xp.full((B, H, n_places, D), xp.nan, kept.dtype)",
        ),
        (
            "places for a whole window from the beginning",
            "n + max(FEWEST_PLACES, n // 8)",
            "self.windows.block_size",
        ),
        (
            "a cache is copied at every step",
            "n + max(FEWEST_PLACES, n // 8)",
            "n + 1",
        ),
        (
            "a window that slid keeps the places of a full one",
            "if not n < n_places <= wanted:",
            "if not n < n_places:",
        ),
        (
            "an RNN reads its whole window at every step",
            "{GPT: CachingDecoder, RNN: RecurrentDecoder}",
            "{GPT: CachingDecoder}",
        ),
        (
            "the state after the first token is kept",
            "self.state[rows] = h[:, -1]",
            "self.state[rows] = h[:, 0]",
        ),
        (
            "the state begins anew with every step",
            "self.state[rows])  # (R, n, C)",
            "0 * self.state[rows])  # (R, n, C)",
        ),
        (
            "of a long prompt the beginning alone is read",
            "range(0, len(prompt), block_size)",
            "range(0, 1, block_size)",
        ),
        (
            "what fills gaps continues texts",
            'if not getattr(model, "continues", True):',
            "if False:",
        ),
        (
            "an RNN's ids are not checked",
            "self.model.check_ids(ids)",
            "pass",
        ),
        (
            "ids are not checked",
            "model.check_ids(self.windows.padded())",
            "pass",
        ),
        (
            "BLAS on all cores while prompts are read",
            "with one_blas_thread:\n            x =",
            "if True:\n            x =",
        ),
        (
            "BLAS on all cores in a step",
            "with one_blas_thread:\n            slid",
            "if True:\n            slid",
        ),
        (
            "BLAS on all cores without a cache",
            "with one_blas_thread:\n            logits, _ = self.model",
            "if True:\n            logits, _ = self.model",
        ),
    ],
    "minigpt/generation/step.py": [
        (
            "the last tokens read are put behind themselves",
            "self._where(self.windows.longest - 1, self.windows.lengths - 1)",
            "self._where(self.windows.longest, self.windows.lengths)",
        ),
        (
            "the last tokens are asked of the first block",
            "self._block(-1, x, place, mask)",
            "self._block(0, x, place, mask)",
        ),
        (
            "scores without 1/√D",
            "scores *= 1 / math.sqrt(q.shape[-1])",
            "pass",
        ),
        (
            "a shorter row does not see itself",
            "> position[:, None]",
            ">= position[:, None]",
        ),
        (
            "a place is seen that nothing was written to",
            "self.masks[self.config.block_size - 1 - longest :]",
            "self.masks[self.config.block_size - 2 - longest :]",
        ),
        (
            "the last token does not see itself",
            "self.masks[self.config.block_size - 1 - longest :]",
            "self.masks[self.config.block_size - longest :]",
        ),
        (
            "a shorter row sees what is not there",
            "scores += mask",
            "pass",
        ),
        (
            "no final LayerNorm",
            "self.products.with_table(self._normalize(x, *self.top), self.head)",
            "self.products.with_table(x, self.head)",
        ),
        (
            "keys and values swapped",
            "keys[place] = k\n        values[place] = v",
            "keys[place] = v\n        values[place] = k",
        ),
        (
            "eps of the config not used",
            "(1, 1), config.layer_norm_epsilon, dtype",
            "(1, 1), 1e-5, dtype",
        ),
        (
            "small models on all cores",
            "return max(1, min(most, one_blas_thread.threads_allowed()))",
            "return one_blas_thread.threads_allowed()",
        ),
        (
            "a large step on one core",
            "max(FEW_TOKENS, n_tokens)",
            "n_tokens",
        ),
        (
            "the position before",
            "self.wpe[position]",
            "self.wpe[position - 1]",
        ),
        (
            "all pieces look back with the first heads",
            "look_back(q[:, heads], keys[:, heads], values[:, heads], mask)",
            "look_back(q[:, : heads.stop - heads.start], keys[:, heads], values[:, heads], mask)",
        ),
        (
            "a short look back is shared",
            "if self.team.size == 1 or keys.nbytes < LONG_CACHE:",
            "if self.team.size == 1:",
        ),
        (
            "a long look back by one thread",
            "if self.team.size == 1 or keys.nbytes < LONG_CACHE:",
            "if True:",
        ),
    ],
    "minigpt/generation/products.py": [
        (
            "a GPU's matrix by NumPy",
            "if not on_host() or (",
            "if (",
        ),
        (
            "a GPU's table by NumPy",
            "if table.nbytes < LARGE or not on_host():",
            "if table.nbytes < LARGE:",
        ),
        (
            "small matrices without BLAS",
            "        large = weight.nbytes >= LARGE\n",
            "        large = True\n",
        ),
        (
            "many rows read a large matrix as often",
            "if large and len(x) <= FEW_FOR_MATRIX:",
            "if large:",
        ),
        (
            "many rows read a large table as often",
            "len(x) <= FEW_FOR_TABLE and ",
            "",
        ),
        (
            "a call for every short row",
            " and table.shape[1] >= LONG",
            "",
        ),
        (
            "the first piece's part alone",
            "return parts.sum(0)",
            "return parts[0]",
        ),
        (
            "all pieces in one place",
            "weight[rows], out=parts[i])",
            "weight[rows], out=parts[0])",
        ),
        (
            "the wrong features of the text",
            "x[:, rows], weight[rows]",
            "x[:, : rows.stop - rows.start], weight[rows]",
        ),
        (
            "scores in the wrong places",
            "out=scores[tokens, None, None]",
            "out=scores[: tokens.stop - tokens.start, None, None]",
        ),
        (
            "many scores in the wrong places",
            "out=out[:, tokens]",
            "out=out[:, : tokens.stop - tokens.start]",
        ),
        (
            "columns in the wrong places",
            "out=out[:, columns]",
            "out=out[:, : columns.stop - columns.start]",
        ),
        (
            "narrow pieces",
            " and width >= NARROW",
            "",
        ),
        (
            "many rows in many pieces",
            "len(x) <= FEW_FOR_COPY and ",
            "",
        ),
        (
            "OpenBLAS copies",
            "math.ceil(n_columns / width)",
            "1",
        ),
        (
            "one thread takes a table in pieces",
            "1 if self.shared == len(x) == 1 else math.ceil(",
            "math.ceil(",
        ),
        (
            "a table is not shared",
            "1 if self.shared == len(x) == 1 else",
            "1 if len(x) == 1 else",
        ),
        (
            "products are not shared",
            "1 if team.size == 1 else PIECES * team.size",
            "1",
        ),
    ],
    "minigpt/generation/reading.py": [
        (
            "the last block keeps queries",
            "columns = slice(config.n_embd, None)",
            "columns = slice(0, 2 * config.n_embd)",
        ),
        (
            "the last block's keys without LayerNorm",
            "kv, _ = linear_forward(h,",
            "kv, _ = linear_forward(x,",
        ),
        (
            "keys and values swapped",
            "values[block][mine, :, start:stop] = kv",
            "values[block][mine, :, start:stop] = reversed(kv)",
        ),
        (
            "a member does not wait for what came before",
            "if not apart:",
            "if False:",
        ),
        (
            "members with rows of their own meet",
            "if not apart:",
            "if True:",
        ),
        (
            "every member reads from position 0",
            'w["wpe.weight"][start:stop]',
            'w["wpe.weight"][: stop - start]',
        ),
        (
            "a token sees those after it",
            "scores[..., before + start :] += future_mask(stop - start, scores.dtype)",
            "pass",
        ),
        (
            "what came before is masked",
            "scores[..., before + start :] +=",
            "scores[..., : stop - start] +=",
        ),
        (
            "only the own tokens are seen",
            "seen = before + stop",
            "seen = stop",
        ),
        (
            "scores without 1/√D",
            "q = q * (1 / math.sqrt(D))",
            "pass",
        ),
        (
            "the rows of a slid window go where the first ones are",
            "else rows[part]",
            "else part",
        ),
        (
            "cuts as if all tokens were alike",
            "whole = n + n * n / (2 * a)",
            "return [n * part // n_parts for part in range(n_parts + 1)]",
        ),
    ],
    "minigpt/generation/sampling.py": [
        (
            "temperature multiplies",
            "keepdims=True)) / temperature",
            "keepdims=True)) * temperature",
        ),
        (
            "temperature is not used",
            "if sampling.temperature > 0:",
            "if False:",
        ),
        (
            "top-k counts from the lowest",
            "np.partition(logits, -k, axis=-1)[:, -k, None]",
            "np.partition(logits, k, axis=-1)[:, k, None]",
        ),
        (
            "top-k keeps one too few",
            "logits < kth_highest",
            "logits <= kth_highest",
        ),
        (
            "top-p stops before it reaches p",
            "candidates[likelier < p]",
            "candidates[np.cumsum(probabilities[candidates]) < p]",
        ),
        (
            "min-p relative to 1, not to the likeliest",
            "logits < logits.max(-1, keepdims=True) + math.log(p)",
            "softmax(logits) < p",
        ),
        (
            "the penalty rewards negative scores",
            "np.where(logits > 0, logits / penalty, logits * penalty)",
            "logits / penalty",
        ),
        (
            "the penalty is for what was not seen",
            "np.where(seen, np.where",
            "np.where(~seen, np.where",
        ),
        (
            "a token of probability 0 is drawn",
            "(cumulative <= thresholds[:, None])",
            "(cumulative < thresholds[:, None])",
        ),
        (
            "rounding draws a token that is not there",
            "uniforms * cumulative[:, -1]",
            "uniforms",
        ),
        (
            "a diverged model is not noticed",
            "if not math.isfinite(logits.max()):",
            "if False:",
        ),
        (
            "temperature 0 draws",
            "if sampling.temperature == 0:",
            "if False:",
        ),
        (
            "a top_p above 1 is let in",
            "0 < self.top_p <= 1",
            "0 < self.top_p",
        ),
        (
            "a top_k of 0 is let in",
            "self.top_k < 1",
            "self.top_k < 0",
        ),
        (
            "a min_p above 1 is let in",
            "0 <= self.min_p <= 1",
            "0 <= self.min_p",
        ),
        (
            "a penalty of 0 is let in",
            "0 < self.repetition_penalty < math.inf",
            "0 <= self.repetition_penalty < math.inf",
        ),
        (
            "top_p computed as min_p",
            "keep_top_p(logits, sampling.top_p)",
            "keep_min_p(logits, sampling.top_p)",
        ),
        (
            "every row draws by the first generator",
            "[rng.random() for rng in rngs]",
            "[rngs[0].random() for rng in rngs]",
        ),
    ],
    "minigpt/generation/text_stream.py": [
        (
            "the prompt is not fed",
            "for token in prompt_ids:",
            "for token in ():",
        ),
        (
            "a stop token does not stop",
            "if token in self.stop_ids:",
            "if False:",
        ),
        (
            "what stands before the last stop is printed",
            "return text[: min(found)]",
            "return text[: max(found)]",
        ),
        (
            "a stop string that comes in parts is missed",
            "min(len(text), len(stop) - 1)",
            "min(len(text), len(stop) - 2)",
        ),
        (
            "what waited is lost",
            "text = self.waiting + self.decoder.feed(token)",
            "text = self.decoder.feed(token)",
        ),
        (
            "the first finished row ends all",
            "if all(row.finished for row in rows):",
            "if any(row.finished for row in rows):",
        ),
        (
            "what waits at the end is never said",
            "yield i, row.end(), None",
            "yield i, '', None",
        ),
        (
            "leading blanks are dropped too",
            'text.lstrip("\\n")',
            "text.lstrip()",
        ),
        (
            "a finished row goes on",
            "if not row.finished:",
            "if True:",
        ),
        (
            "the logits of the first row",
            "(int(tokens[i]), logits[i])",
            "(int(tokens[i]), logits[0])",
        ),
        (
            "the number of tokens is not held",
            "seed), max_new_tokens)",
            "seed), max_new_tokens + 1)",
        ),
    ],
    "minigpt/generation/probability_line.py": [
        (
            "the token is among its runners-up",
            "other != token and ",
            "",
        ),
        (
            "the probability of the likeliest",
            "probabilities[token]:7.1%",
            "probabilities.max():7.1%",
        ),
        (
            "what was cut off is a runner-up",
            " and probabilities[other] > 0",
            "",
        ),
        (
            "a runner-up too few",
            "[: runners_up + 1]",
            "[:runners_up]",
        ),
        (
            "control characters reach the terminal",
            "if text.isprintable() else",
            "if True else",
        ),
    ],
    "minigpt/generation/chat.py": [
        (
            "an answer goes on over lines",
            'stops = ("\\n",)',
            "stops = ()",
        ),
        (
            "a mark that is said ends a document",
            "return self.beginning.ids(tokenizer) + tokenizer.encode_ordinary(said)",
            "return self.beginning.ids(tokenizer, said)",
        ),
        (
            "a conversation without a beginning",
            "self.beginning.text + said",
            "said",
        ),
        (
            "line ends where a document is a line",
            'and self.beginning.documents != "lines"',
            "",
        ),
    ],
    "minigpt/generation/beginning.py": [
        (
            "documents without their mark",
            "if self.documents != WHOLE_FILES and ids",
            "if False and ids",
        ),
        (
            "the mark twice",
            "ids[:1] != [tokenizer.eot_token]",
            "True",
        ),
        (
            "a mark in a prompt is letters",
            'tokenizer.encode(self.text if prompt is None else prompt, allowed_special="all")',
            "tokenizer.encode_ordinary(self.text if prompt is None else prompt)",
        ),
        (
            "begun by what was never seen",
            "if candidate and known.issuperset(candidate):",
            "if candidate:",
        ),
        (
            "begun by nothing",
            "if candidate and known",
            "if known",
        ),
        (
            "a blank where there are lines",
            "(BLANK_LINE, LINE_END, BLANK):\n        candidate",
            "(BLANK, LINE_END):\n        candidate",
        ),
        (
            "unknown tokens are known",
            "and tokenizer.special_tokens.get(UNKNOWN) not in ids",
            "",
        ),
    ],
    "minigpt/generation/attention_table.py": [
        (
            "the sum of the heads",
            "of_block.mean(0)",
            "of_block.sum(0)",
        ),
        (
            "always the first head",
            "shares[block][i]",
            "shares[block][0]",
        ),
        (
            "the mask hides nothing",
            "row[: i + 1 if masked else None]",
            "row[:]",
        ),
        (
            "columns as wide as letters",
            "max(NARROWEST, *map(display_width, labels))",
            "max(NARROWEST, *map(len, labels))",
        ),
        (
            "shares where percents belong",
            "{100 * share:.0f}",
            "{share:.0f}",
        ),
        (
            "a block behind the last",
            "number >= count:",
            "number > count:",
        ),
        (
            "a token too many",
            "if len(ids) > MOST_TOKENS",
            "if len(ids) > MOST_TOKENS + 2",
        ),
        (
            "labels are never cut",
            "label = label[:-1]",
            "break",
        ),
    ],
}
