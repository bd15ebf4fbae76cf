"""The bugs that plant_bugs.py plants: one place each, and the tests that must notice.

Most were seen in published code: of the transformers written in NumPy that people learn from, the greater
part has one of these, and trains nevertheless.
"""

from minigpt.learn.mistakes import MISTAKES

# (file, tests that must notice, [(what is wrong, the right code, found exactly once, the wrong code), …])
PLANTED = [
    (
        "minigpt/layers/linear.py",
        "tests/layers/test_linear.py",
        [
            ("dW is a mean over tokens", "rows.T @ drows", "rows.T @ drows / len(rows)"),
            ("db is a mean over tokens", "column_sum(drows)", "drows.mean(0)"),
        ],
    ),
    (
        "minigpt/backend.py",
        "tests/layers/test_embedding.py tests/test_backend.py",
        [
            (
                "equal ids: only the last counts",
                "out[sorted_idx[starts]] = np.add.reduceat(rows[order], starts, axis=0)",
                "out[idx] += rows",
            ),
            ("rows not sorted with their ids", "np.add.reduceat(rows[order]", "np.add.reduceat(rows"),
            ("equal ids lost on the GPU", "xp.add.at(out, idx, rows)", "out[idx] += rows"),
            ("a batch left on the host", "return xp.asarray(array)", "return np.asarray(array)"),
            (
                "without CuPy silently back to NumPy",
                "except ImportError as error:",
                "except ImportError as error:\n        return np",
            ),
        ],
    ),
    (
        "minigpt/layers/embedding.py",
        "tests/layers/test_embedding.py",
        [
            ("positions off by one", "return x + weight[:T]", "return x + weight[1 : T + 1]"),
            ("positions counted from the end", "return x + weight[:T]", "return x + weight[-T:]"),
            ("dwpe is a mean over the batch", "dweight[:T] = dout.sum(0)", "dweight[:T] = dout.mean(0)"),
        ],
    ),
    (
        "minigpt/layers/layernorm.py",
        "tests/layers/test_layernorm.py",
        [
            (
                "eps outside of the root",
                "1 / xp.sqrt(row_mean(normed * normed) + eps)",
                "1 / (xp.sqrt(row_mean(normed * normed)) + eps)",
            ),
            ("gradient without mean(dn)", "dx = dnormed - row_mean(dnormed)", "dx = dnormed.copy()"),
            ("gradient without mean(dn ⊙ n)", "dx -= normed * row_mean(dnormed * normed)", "pass"),
            ("gradient without 1/σ", "dx *= rstd", "pass"),
            ("dn without γ", "dnormed = dout * weight", "dnormed = dout"),
            ("dγ without n", "dweight = column_sum(dout * normed)", "dweight = column_sum(dout)"),
            (
                "σ² of n − 1",
                "row_mean(normed * normed) +",
                "row_mean(normed * normed) * x.shape[-1] / (x.shape[-1] - 1) +",
            ),
        ],
    ),
    (
        "minigpt/layers/gelu.py",
        "tests/layers/test_gelu.py",
        [
            ("another constant", "CUBIC = 0.044715", "CUBIC = 0.0447"),
            ("slope without the gate itself", "slope += gate  #", "pass  #"),
            ("tanh′ = 1 − tanh", "slope *= gate\n    slope *= 1 - gate", "slope *= 1 - gate"),
            ("u′ without the 3", "slope *= 2 * 3 * CUBIC", "slope *= 2 * CUBIC"),
            ("u without the cubic term", "gate *= CUBIC * SQRT_2_OVER_PI", "gate *= 0"),
        ],
    ),
    (
        "minigpt/layers/attention.py",
        "tests/layers/test_attention.py tests/test_model.py",
        [
            ("scores without 1/√D", "q = q * (1 / math.sqrt(q.shape[-1]))", "q = q * 1"),
            ("dq without 1/√D", "dq *= 1 / math.sqrt(D)", "pass"),
            ("mask lets the next token be seen", "k=1)", "k=2)"),
            ("mask hides the token itself", "k=1)", "k=0)"),
            ("mask too weak", "-math.inf, dtype", "-9.0, dtype"),
            ("mask of one block covers its past", "scores[..., start:] +=", "scores[..., : stop - start] +="),
            (
                "dk transposed",
                "dscores.swapaxes(-1, -2) @ q[:, :, start:stop]",
                "dscores @ q[:, :, start:stop]",
            ),
            ("dk and dv swapped", "dk[:], dv[:] = dk_block", "dv[:], dk[:] = dk_block"),
            ("dq and dk swapped", "dq, dk, dv = split_heads", "dk, dq, dv = split_heads"),
            ("q and k swapped in forward", "q, k, v = split_heads", "k, q, v = split_heads"),
            ("dk overwritten by the next block", "dk[:, :, :stop] += dk_block", "dk[:, :, :stop] = dk_block"),
            ("dv overwritten by the next block", "dv[:, :, :stop] += dv_block", "dv[:, :, :stop] = dv_block"),
            ("softmax gradient without δ", "dshares -= delta[:, :, start:stop]", "pass"),
            ("softmax gradient without P", "dshares *= shares", "pass"),
            ("softmax without the maximum", "scores -= row_max(scores)", "pass"),
            ("shares do not sum to 1", "shares *= 1 / row_sum(shares)", "pass"),
            (
                "q, k, v within each head, not around",
                "reshape(B, T, n_parts, n_head, D).transpose(2, 0, 3, 1, 4)",
                "reshape(B, T, n_head, n_parts, D).transpose(3, 0, 2, 1, 4)",
            ),
            ("dropout: shares not scaled up", "kept *= 1 / (1 - p)", "pass"),
            ("dropout: no mask in dP", "dshares *= mask", "pass"),
            ("dropout: no mask in dv", "kept.swapaxes(-1, -2) @", "shares.swapaxes(-1, -2) @"),
            ("dropout: gradient not scaled up", "dshares *= 1 / (1 - p)", "pass"),
            ("float32 lost to a NumPy scalar", "(1 / math.sqrt(q.shape[-1]))", "(1 / xp.sqrt(q.shape[-1]))"),
        ],
    ),
    (
        "minigpt/layers/dropout.py",
        "tests/layers/test_dropout.py tests/test_model.py",
        [
            ("not scaled up", "out *= 1 / (1 - p)", "pass"),
            ("gradient not scaled up", "dx *= 1 / (1 - p)", "pass"),
            ("no mask in backward", "dx = dout * mask", "dx = dout.copy()"),
            ("drops what it should keep", "for rng in rngs]) >= p", "for rng in rngs]) < p"),
            ("the same mask at every step", "[seed, step, sequence]", "[seed, sequence]"),
            ("the same mask for all sequences", "[seed, step, sequence]", "[seed, step]"),
        ],
    ),
    (
        "minigpt/layers/cross_entropy.py",
        "tests/layers/test_cross_entropy.py",
        [
            ("mean over all targets", "n_counted = int(counted.sum())", "n_counted = int(counted.size)"),
            ("ignored targets in the loss", "loss = (losses * counted).sum()", "loss = losses.sum()"),
            (
                "ignored targets have a gradient",
                "dlosses = (counted * (dloss",
                "dlosses = ((counted >= 0) * (dloss",
            ),
            ("overflow without the maximum", "peak = row_max(logits)", "peak = 0 * row_max(logits)"),
            ("softmax not normalized", "exps * (dlosses[:, None] / sums)", "exps * dlosses[:, None]"),
            ("onehot not divided by N", "dlogits[rows, targets] -= dlosses", "dlogits[rows, targets] -= 1"),
            ("dloss not used", "(dloss / (n_counted or 1))", "(1.0 / (n_counted or 1))"),
        ],
    ),
    (
        "minigpt/language_model.py",
        "tests/test_model.py",
        [
            ("parts overwrite each other's gradient", "grads[name] += grad", "grads[name] = grad"),
            (
                "one id too many is let in",
                "highest >= self.config.vocab_size",
                "highest > self.config.vocab_size",
            ),
            ("one token too many is let in", "T > self.config.block_size", "T > self.config.block_size + 1"),
            (
                "negative ids count from the end",
                "lowest < 0 or highest >= self.config.vocab_size",
                "highest >= self.config.vocab_size",
            ),
        ],
    ),
    (
        "minigpt/model.py",
        "tests/test_model.py",
        [
            (
                "tied wte: gradient of the head dropped",
                "accumulate(grads, self.head_name(), dhead)",
                "self.config.tie_weights or accumulate(grads, self.head_name(), dhead)",
            ),
            (
                "tied wte: gradient of the table dropped",
                "for name, grad in embed_backward(dx, cache).items():\n            accumulate",
                "for name, grad in embed_backward(dx, cache).items():\n"
                "            (name[1] == 't' and self.config.tie_weights) or accumulate",
            ),
            ("gelu left out of backward", 'dh = gelu_backward(dh, cache["mlp.gelu"])', "pass"),
            ("residual around attention lost", "x = x + h\n\n", "x = h\n\n"),
            ("residual around feed-forward lost", "x = x + h\n    return", "x = h\n    return"),
            (
                "residual gradient around feed-forward lost",
                'layernorm_backward(dh, cache["ln_2"])\n    dx = dx + dh',
                'layernorm_backward(dh, cache["ln_2"])\n    dx = dh',
            ),
            (
                "residual gradient around attention lost",
                'layernorm_backward(dh, cache["ln_1"])\n    dx = dx + dh',
                'layernorm_backward(dh, cache["ln_1"])\n    dx = dh',
            ),
            (
                "dropout of feed-forward not in backward",
                'dh = dropout_backward(dx, cache["mlp.drop"])',
                "dh = dx",
            ),
            (
                "dropout of attention not in backward",
                'dh = dropout_backward(dx, cache["attn.drop"])',
                "dh = dx",
            ),
            ("dropout of embeddings not in backward", "dx = dropout_backward(dx, drop)\n", "pass\n"),
            ("ln_1 used twice", 'x, w["ln_2.weight"], w["ln_2.bias"]', 'x, w["ln_1.weight"], w["ln_1.bias"]'),
            (
                "eps of the config not used",
                "p, eps = config.dropout, config.layer_norm_epsilon",
                "p, eps = config.dropout, 1e-5",
            ),
            (
                "residual projections start as large as all",
                'if name.endswith("c_proj.weight") else',
                "if False else",
            ),
            ("weights start ten times as large", "INIT_STD = 0.02", "INIT_STD = 0.2"),
            ("weights always float64", "to_device(value.astype(dtype))", "to_device(value)"),
        ],
    ),
    (
        "minigpt/plain.py",
        "tests/test_plain.py",
        [(mistake.name, mistake.original, mistake.planted) for mistake in MISTAKES],
    ),
    (
        "minigpt/bigram.py",
        "tests/test_bigram.py",
        [("parts overwrite each other's gradient", "grads = {} if grads is None else grads", "grads = {}")],
    ),
    (
        "minigpt/learn/sentence.py",
        "tests/learn/test_sentence.py",
        [
            (
                "half a surrogate pair stays",
                '.decode("utf-16", "replace")',
                '.decode("utf-16", "surrogatepass")',
            ),
            ("parts of a character not numbered", "if len(parts) > 1", "if len(parts) > 9"),
            ("the context is not the limit", "min(MOST_TOKENS, block_size)", "MOST_TOKENS"),
            ("targets not moved", "[*ids[1:], IGNORED if end is None else end]", "ids"),
        ],
    ),
    (
        "minigpt/learn/record.py",
        "tests/learn/test_record.py",
        [
            ("floats rounded", "if exact else array", "if True else array"),
            ("the optimiser forgets its steps", "self.of(m, name), self.of(v, name)", "{}, {}"),
            (
                "the promise of the weights, not of the gradient",
                "(d[name] * step.moves",
                "(param * step.moves",
            ),
            (
                "the lens without the last LayerNorm",
                'plain.layernorm(a[name], w, {}, "ln_f", step.eps)',
                "a[name]",
            ),
            ("past and through swapped", '"past": lengths(middle)', '"past": lengths(below)'),
        ],
    ),
    (
        "minigpt/learn/page.py",
        "tests/learn/test_record.py",
        [("a text may end the script", 'for character in "<>&', 'for character in "&')],
    ),
    (
        "minigpt/optim.py",
        "tests/test_optim.py",
        [
            ("m not corrected", "m_hat_scale = 1 / (1 - beta1**self.n_steps)", "m_hat_scale = 1.0"),
            ("v not corrected", "v_hat_scale = 1 / (1 - beta2**self.n_steps)", "v_hat_scale = 1.0"),
            ("v corrected with β₁", "1 - beta2**self.n_steps", "1 - beta1**self.n_steps"),
            ("correction one step late", "self.n_steps += 1", "self.n_steps += 1 if self.n_steps else 2"),
            ("v of |g| instead of g²", "update = grad * grad", "update = abs(grad)"),
            ("m keeps the sum, not the mean", "m += (1 - beta1) * grad", "m += grad"),
            ("eps inside of the root", "xp.sqrt(v, out=update)\n", "xp.sqrt(v + self.eps**2, out=update)\n"),
            (
                "eps before the correction of v",
                "update *= math.sqrt(v_hat_scale)\n        update += self.eps",
                "update += self.eps\n        update *= math.sqrt(v_hat_scale)",
            ),
            ("biases decayed too", "if grad.ndim >= 2 else 0.0", "if grad.ndim >= 1 else 0.0"),
            ("decay without the learning rate", "self.lr * self.weight_decay", "self.weight_decay"),
            ("decay coupled: through the moments", "param *= 1 - decay", "m += (1 - beta1) * decay * param"),
            (
                "the last numbers are not updated",
                "range(0, grad.size, chunk)",
                "range(0, grad.size - chunk + 1, chunk)",
            ),
            ("clipping not applied", "grad *= max_norm / norm", "pass"),
            ("norm without the root", "norm = math.sqrt(sum(", "norm = (sum("),
            (
                "each gradient clipped by itself",
                "for grad in grads.values():\n            grad *= max_norm / norm",
                "for grad in grads.values():\n            grad *= max_norm / math.sqrt(xp.vdot(grad, grad))",
            ),
            ("warm-up begins at zero", "(step + 1) / (warmup_iters + 1)", "step / (warmup_iters + 1)"),
            ("cosine one step early", "(step - warmup_iters) /", "(step - warmup_iters + 1) /"),
            (
                "cosine over all steps, not those left",
                "max(1, max_iters - warmup_iters)",
                "max(1, max_iters)",
            ),
            ("rate ends at zero", "min_lr + 0.5", "0.5"),
        ],
    ),
    (
        "minigpt/training/runner.py",
        "tests/training/test_runner.py",
        [
            ("gradients of other workers not added", "grads[name] += other_grads[name]", "pass"),
            ("loss of other workers not added", "loss += other_loss", "pass"),
            ("every part divides by its own count", "n_counted=n_counted, grads", "n_counted=None, grads"),
            ("gradients of earlier parts forgotten", "grads=grads", "grads=None"),
            ("masks by place in the part", "(*dropout_key, part.start,", "(*dropout_key, 0,"),
            (
                "the last sequence is left out",
                "n_rows * i // self.workers",
                "(n_rows - 1) * i // self.workers",
            ),
        ],
    ),
    (
        "minigpt/training/corpus.py",
        "tests/training/test_corpus.py",
        [
            ("targets not moved", "windows[:, :-1], windows[:, 1:]", "windows[:, :-1], windows[:, :-1]"),
            ("the last window is never drawn", "rng.integers(len(x)", "rng.integers(len(x) - 1"),
            ("the stride is not used", "block_size + 1)[::stride]", "block_size + 1)"),
            ("a new tokenizer, the old ids", "digest.update(Path(tokenizer_json).read_bytes())", "pass"),
            (
                "a new text, the old ids",
                "[file.sha256 for file in split.files]",
                "[file.n_bytes for file in split.files]",
            ),
            (
                "another text held back, the old ids",
                "json.dumps([held_back, split.settings])",
                "json.dumps([split.settings])",
            ),
            (
                "another split, the old ids",
                "json.dumps([held_back, split.settings])",
                "json.dumps([held_back])",
            ),
            ("documents not separated", "mark if piece is END else piece)", '"" if piece is END else piece)'),
            ("pieces of a document are joined", "if goes_on or size >= GROUP:", "if size >= GROUP:"),
            (
                "the last documents are lost",
                '    yield "".join(group)\n\n\ndef count',
                "\n\ndef read_manifest",
            ),
            ("nothing stands before the first document", "[END] if split.begins_with_end else []", "[]"),
            (
                "marks are letters",
                'tokenizer.encode(text, allowed_special="all")',
                "tokenizer.encode_ordinary(text)",
            ),
            ("the letters of a mark are bytes of text", "return n_bytes - sum(", "return n_bytes - 0 * sum("),
            ("characters counted as bytes", 'n_bytes = len(text.encode("utf-8"))', "n_bytes = len(text)"),
            ("the bytes of the training text", 'n_bytes["validation"]', 'n_bytes["train"]'),
        ],
    ),
    (
        "minigpt/training/text_files.py",
        "tests/training/test_text_files.py",
        [
            ("the byte order mark is a character", '"utf-8-sig"', '"utf-8"'),
            ("line ends as they are", "translate=True", "translate=False"),
            ("NULs are text", "        if nul >= 0:\n", "        if False:\n"),
            ("a NUL hides the text before it", "block if nul < 0 else block[:nul], final", "block, final"),
            ("the wrong byte is counted in its piece", "at = n_read + len(", "at = len("),
            ("one line is read whole", "seam_before(pending) or (", "0 and ("),
            ("letters alone are read whole", "len(pending) if len(pending) >= CHUNK_BYTES else 0", "0"),
            ("marks are cut", "cut = before_mark(pending, cut, marks)", "pass"),
            ("half a mark at the end is cut", "mark.startswith(seen)", "mark == seen"),
            ("upper-case suffixes are skipped", "file.suffix.lower() == SUFFIX", "file.suffix == SUFFIX"),
            ("hidden copies are read", "if is_hidden(file.relative_to(path)):", "if False:"),
            ("all is hidden in a hidden folder", "is_hidden(file.relative_to(path))", "is_hidden(file)"),
            ("empty files are read", "if file.n_chars]", "if True]"),
            ("every pipe is the same file", "{digest.hexdigest()[:16]}", "pipe"),
        ],
    ),
    (
        "minigpt/training/encodings.py",
        "tests/training/test_text_files.py",
        [
            (
                "big and little taken for each other",
                '"big" if even > odd else "little"',
                '"little" if even > odd else "big"',
            ),
            (
                "Big5 is called GBK",
                '"gb18030": ("GB18030 (or GBK)", SIMPLIFIED)',
                '"gb18030": ("GB18030 (or GBK)", TRADITIONAL + "".join(map(chr, range(0x4E00, 0x9FFF))))',
            ),
            ("the encoding is told by the beginning alone", "file.seek(at)", "file.seek(0)"),
            ("pictures are called Latin-1", "if western and n_foreign < len(sample) / 3", "if True"),
            ("UTF-16 without a mark is not told", "if even + odd > len(head) // 20:", "if False:"),
            ("Chinese in UTF-16 is not told", 'head if codec.startswith("utf-16") else sample', "sample"),
        ],
    ),
    (
        "minigpt/training/documents.py",
        "tests/training/test_documents.py",
        [
            (
                "training on the validation text",
                "slice_chunks(self._chunks(file), 0, cut)",
                "self._chunks(file)",
            ),
            (
                "validating on the training text",
                "slice_chunks(self._chunks(file), cut, file.n_chars)",
                "self._chunks(file)",
            ),
            (
                "the share is not used",
                "int(file.n_chars * (1 - validation_share))",
                "int(file.n_chars * 0.9)",
            ),
            ("the cut goes through marks", "before_mark(around, cut - start, self.marks)", "cut - start"),
            (
                "training on the held-back end too little",
                "            return file.n_chars\n",
                "            return file.n_chars - 1\n",
            ),
            (
                "training on held-back documents",
                "if self._bin(document) >= self.first_training_bin:",
                "if True:",
            ),
            (
                "validating on all documents",
                "if self.validation_files or self._bin(document) < self.first_training_bin:",
                "if True:",
            ),
            ("the seed decides nothing", "str(seed).encode", "str(0).encode"),
            (
                "held back by place, not by chance",
                'return int.from_bytes(digest, "big") * BINS >> 64',
                "return min(document.encode()[-1] * 1000 + document.encode()[-2], BINS - 1)",
            ),
            (
                "one document too few",
                "np.searchsorted(counts.cumsum(), n_held_back)) + 1",
                "np.searchsorted(counts.cumsum(), n_held_back))",
            ),
            ("marks do not part documents", "*map(regex.escape, marks)]", "]"),
            ("a mark is a regular expression", "or regex.escape(parting)", "or parting"),
            (
                "documents end where pieces do",
                "*complete, pending = separator.split(pending + chunk)",
                "complete = separator.split(pending + chunk)",
            ),
            ("empty documents", "if document.strip():", "if True:"),
            (
                "line ends around documents stay",
                'OUTER_LINE_ENDS.sub("", document) if "\\n" in document else document',
                "document",
            ),
            (
                "indentation is lost",
                'OUTER_LINE_ENDS.sub("", document) if "\\n" in document else document',
                "document.strip()",
            ),
            ("one side may be empty", "if next(pieces, None) is None:", "if False:"),
        ],
    ),
    (
        "minigpt/training/document_windows.py",
        "tests/training/test_document_windows.py",
        [
            (
                "windows go on into the next document",
                "y = np.where(inside, tokens[positions + 1].astype(np.int64), IGNORED)",
                "y = tokens[positions + 1].astype(np.int64)",
            ),
            (
                "inputs of the next document",
                "x = np.where(inside, tokens[positions], tokens[0])",
                "x = tokens[positions]",
            ),
            ("targets not moved", "tokens[positions + 1]", "tokens[positions]"),
            ("batches as wide as the first", "(stops - starts).max()", "(stops - starts)[0]"),
            ("the last window is never drawn", "rng.integers(len(edges) - 1", "rng.integers(len(edges) - 2"),
            (
                "long documents are cut off",
                "-(-np.diff(bounds) // block_size)",
                "np.minimum(-(-np.diff(bounds) // block_size), 1)",
            ),
            (
                "a window too many where one is full",
                "-(-np.diff(bounds) // block_size)",
                "np.diff(bounds) // block_size + 1",
            ),
            ("documents lost between parts of the ids", "last = int(bounds[-1])", "last = start"),
            ("the last edge is missing", "file.write(np.asarray([last], dtype=np.int64).tobytes())", "pass"),
        ],
    ),
    (
        "minigpt/training/evaluation.py",
        "tests/training/test_evaluation.py",
        [
            ("a small last batch weighs as much", "total += len(rows) *", "total += WINDOWS *"),
            ("windows overlap", "stride=block_size)", "stride=1)"),
            ("bits per token called per byte", "* n_tokens / n_bytes", ""),
            (
                "the mean of batch means",
                "        total += n * runner.loss(x, y)\n        n_counted += n\n",
                "        total += runner.loss(x, y)\n        n_counted += 1\n",
            ),
            ("padding counts", "n = int((y != IGNORED).sum())\n        total", "n = y.size\n        total"),
            (
                "all documents where some were asked for",
                "len(chosen) - 1, max_windows",
                "max_windows - 1, max_windows",
            ),
            ("documents scored without their last tokens", "max()) + 1", "max())"),
            ("any stride is taken", "if not 1 <= stride <= T:", "if False:"),
        ],
    ),
    (
        "minigpt/training/state.py",
        "tests/training/test_state.py",
        [
            ("nothing is restored", "array[...] = to_device(saved)", "array = to_device(saved)"),
            ("arrays without checksums are believed", "if array.checksum is None:", "if False:"),
        ],
    ),
    (
        "minigpt/interchange/safetensors_file.py",
        "tests/interchange/test_safetensors_file.py",
        [
            (
                "a flipped bit goes unnoticed",
                "if self.checksum not in (None, zlib.crc32(self.content)):",
                "if False:",
            ),
            ("no checksums are saved", "{name: checksum(array) for name, array in arrays.items()}", "{}"),
            ("metadata in an order of chance", "sort_keys=True, ensure_ascii", "ensure_ascii"),
            (
                "a flipped bit of the metadata goes unnoticed",
                "as_saved = checksums.get(METADATA) in (None, metadata_checksum(metadata))",
                "as_saved = True",
            ),
        ],
    ),
    (
        "tokenizer/files.py",
        "tests/training/test_state.py",
        [
            ("not flushed before it is renamed", "os.fsync(file.fileno())", "pass"),
            ("half a file stays beside it", "aside.unlink(missing_ok=True)", "pass"),
        ],
    ),
    (
        "minigpt/interchange/files.py",
        "tests/test_train_texts.py",
        [
            (
                "a refused run leaves its files",
                "for path in set(directory.iterdir()) - before:",
                "for path in ():",
            ),
            ("what was there goes too", "set(directory.iterdir()) - before", "set(directory.iterdir())"),
        ],
    ),
    (
        "minigpt/tasks/start.py",
        "tests/test_train_tasks.py::test_raw_text_can_train_the_last_block_or_adapters_too "
        "tests/test_train_tasks.py::test_every_task_runs_from_random_weights_from_a_base_and_with_lora",
        [
            ("adapters not asked for", 'if not args.lora_rank and args.trainable == "all":', "if True:"),
            ("the adapter does not name its base", "args.seed, base_name)", "args.seed)"),
        ],
    ),
    (
        "minigpt/tasks/start.py",
        "tests/test_train_texts.py",
        [
            ("--block-size of a base is not used", "    shorten_context(model, args)\n", ""),
            ("the last positions are kept", '["wpe.weight"][:block_size]', '["wpe.weight"][-block_size:]'),
            ("--tokenizer DIR is not used", "args.init_from or folder", "args.init_from"),
            ("a longer context is made up", "if block_size > model.config.block_size:", "if False:"),
        ],
    ),
    (
        "minigpt/terminal.py",
        "tests/test_terminal.py",
        [
            ("closed streams stay closed", "if stream is None:", "if False:"),
            ("a notebook's stream is set", 'elif hasattr(stream, "reconfigure"):', "else:"),
            (
                "input that was read is set",
                "contextlib.suppress(io.UnsupportedOperation)",
                "contextlib.nullcontext()",
            ),
        ],
    ),
    (
        "generate.py",
        "tests/test_train_texts.py tests/test_generate_cli.py",
        [
            (
                "--hide-prompt is not used",
                "if args.hide_prompt or tuned_format(args):",
                "if tuned_format(args):",
            ),
            ("the mark is printed", "return prompt.removeprefix(mark)", "return prompt"),
            ("documents are scored as one text", "if beginning.documents == WHOLE_FILES:", "if True:"),
            (
                "documents are scored without their ends",
                "[*beginning.ids(tokenizer, text), tokenizer.eot_token]",
                "beginning.ids(tokenizer, text)",
            ),
            (
                "standard input is read otherwise",
                '"".join(decoded_chunks(bytes_in, "standard input"))',
                "bytes_in.read().decode()",
            ),
            (
                "letters of marks are bytes",
                "count_bytes(tokenizer, text), beginning",
                'len(text.encode("utf-8")), beginning',
            ),
        ],
    ),
    (
        "minigpt/tasks/pretrain.py",
        "tests/test_train_cli.py tests/test_train_texts.py",
        [
            ("the same batch at every step", "[self.args.seed, step]", "self.args.seed"),
            (
                "validating on training tokens",
                "return evaluate(runner, self.corpus.validation, max",
                "return evaluate(runner, self.corpus.train, max",
            ),
            (
                "tokenizer trained on the validation text",
                "self.split.train() if piece is not END),\n",
                "chain(self.split.train(), self.split.validation()) if piece is not END),\n",
            ),
            ("--grad-accum not used", "self.args.batch_size * self.args.grad_accum", "self.args.batch_size"),
            (
                "documents in windows from anywhere",
                "return random_documents(self.corpus.train, self.train_windows, sequences, rng)",
                "pass",
            ),
            ("how a text begins is not saved", "self.beginning.save(directory)", "pass"),
            ("pipes are not copied", 'args.data = copy_pipes(args.data, out / "data")', "pass"),
            ("held-back files are not used", "if args.val_data else []", "if False else []"),
            (
                "--val-share not used",
                "FileSplit(files, args.val_share, held_back, marks)",
                "FileSplit(files, 0.1, held_back, marks)",
            ),
            (
                "the marks of the tokenizer are forgotten",
                "tuple(self.tokenizer.special_tokens) if self.tokenizer else (END_OF_TEXT,)",
                "()",
            ),
        ],
    ),
    (
        "minigpt/tasks/samples.py",
        "tests/test_train_texts.py",
        [
            ("words are cut", "return WORDS.match(line)[0].rstrip() if", "return line[:PROMPT_CHARS] if"),
            (
                "prompts begin inside a word",
                'for separator in () if whole else (*marks, "\\n\\n", "\\n", " "):',
                "for separator in ():",
            ),
            ("a whole text loses its beginning", "() if whole else ", "() if False else "),
            ("marks stand in prompts", "text = text.partition(mark)[0]", "pass"),
            ("one file prompts for all", "text = None\n", "pass\n"),
        ],
    ),
    (
        "minigpt/generation/beginning.py",
        "tests/generation/test_beginning.py",
        [
            ("documents without their mark", "if self.documents != WHOLE_FILES and ids", "if False and ids"),
            ("the mark twice", "ids[:1] != [tokenizer.eot_token]", "True"),
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
            ("begun by nothing", "if candidate and known", "if known"),
            (
                "a blank where there are lines",
                "(BLANK_LINE, LINE_END, BLANK):\n        candidate",
                "(BLANK, LINE_END):\n        candidate",
            ),
            ("unknown tokens are known", "and tokenizer.special_tokens.get(UNKNOWN) not in ids", ""),
        ],
    ),
    (
        "minigpt/generation/chat.py",
        "tests/generation/test_beginning.py",
        [
            (
                "a mark that is said ends a document",
                "return self.beginning.ids(tokenizer) + tokenizer.encode_ordinary(said)",
                "return self.beginning.ids(tokenizer, said)",
            ),
            ("a conversation without a beginning", "self.beginning.text + said", "said"),
            ("line ends where a document is a line", 'and self.beginning.documents != "lines"', ""),
        ],
    ),
    (
        "minigpt/training/run.py",
        "tests/test_train_robustness.py",
        [
            (
                "the best is one that was not saved",
                "            self.best, self.best_step = best, best_step",
                "            pass\n        self.best, self.best_step = best, best_step",
            )
        ],
    ),
    (
        "minigpt/training/run.py",
        "tests/test_train_cli.py",
        [
            ("the last model kept, not the best", "if is_best or self.best_step is None:", "if True:"),
        ],
    ),
    (
        "train.py",
        "tests/test_train_cli.py",
        [
            (
                "schedule one step ahead",
                "step, args.max_iters, args.learning_rate",
                "step + 1, args.max_iters, args.learning_rate",
            ),
            (
                "gradients not clipped",
                "grad_norm = clip_grad_norm(grads, args.grad_clip)",
                "grad_norm = clip_grad_norm(grads, 0)",
            ),
            ("weight decay not passed on", "weight_decay=args.weight_decay", "weight_decay=0"),
            ("betas not passed on", "betas, weight_decay", "weight_decay"),
        ],
    ),
    (
        "minigpt/finetuning/lora_layers.py",
        "tests/finetuning/test_lora_layers.py tests/finetuning/test_lora.py",
        [
            (
                "dA without the scale",
                "dlow = drows @ (scale * b).T\n        dcorrection",
                "dlow = drows @ b.T\n        dcorrection",
            ),
            ("dB without the scale", "scale * (low.T @ drows)", "low.T @ drows"),
            ("dA of a table without the scale", "scale * b).T\n    da = ", "b).T\n    da = "),
            ("dB of a table without the scale", "return da, scale * (low", "return da, (low"),
            (
                "the table's adapter counts α times, not α / r",
                "low @ (table.scale * table.b)",
                "low @ table.b",
            ),
            ("dx without the adapter's part", "dx += dlow @ a.T", "pass"),
            ("dx without the frozen part", "dx = drows @ weight.T", "dx = drows @ weight.T * 0"),
            ("the adapter counts α times, not α / r", "low @ (matrix.scale * matrix.b)", "low @ matrix.b"),
        ],
    ),
    (
        "minigpt/finetuning/lora.py",
        "tests/finetuning/test_lora.py",
        [
            ("merging without the scale", "(a @ (scale * b))", "(a @ b)"),
            ("scale upside down", "return self.alpha / self.rank", "return self.rank / self.alpha"),
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
        ],
    ),
    (
        "minigpt/finetuning/peft.py",
        "tests/finetuning/test_lora.py",
        [
            (
                "adapters saved as they are, not outputs first",
                "peft_name(name): to_host(param).T",
                "peft_name(name): to_host(param)",
            ),
        ],
    ),
    (
        "minigpt/finetuning/last_blocks.py",
        "tests/finetuning/test_last_blocks.py",
        [
            ("a block too few is trained", "if i >= self.first else dx", "if i > self.first else dx"),
            ("the caches of frozen blocks are kept", "cache if i >= self.first else None", "cache"),
            (
                "a tied head counts as trained",
                "for i in range(self.first, self.config.n_layer)), ",
                'for i in range(self.first, self.config.n_layer)), "wte.", ',
            ),
            ("the tables are trained", "    def backward_embed(self, dx, cache, grads):\n        pass\n", ""),
        ],
    ),
    (
        "minigpt/finetuning/answers.py",
        "tests/finetuning/test_answers.py",
        [
            (
                "the head sees the prompts too",
                "targets[counted], n_counted)\n\n",
                "targets[counted] * 0, n_counted)\n\n",
            ),
            ("without dropout", "forward_hidden(idx, rngs)", "forward_hidden(idx)"),
            (
                "every part divides by its own count",
                "targets[counted], n_counted)\n\n",
                "targets[counted])\n\n",
            ),
            ("gradients of earlier parts forgotten", "grads = {} if grads is None else grads", "grads = {}"),
        ],
    ),
    (
        "minigpt/layers/unembedding.py",
        "tests/layers/test_unembedding.py",
        [
            (
                "dW is a mean over rows",
                "dweight = drows.T @ x.reshape(-1, x.shape[-1])",
                "dweight = drows.T @ x.reshape(-1, x.shape[-1]) / len(drows)",
            ),
            ("dx without the signs of W", "dx = drows @ weight", "dx = drows @ abs(weight)"),
        ],
    ),
    (
        "minigpt/finetuning/classifier.py",
        "tests/finetuning/test_classifier.py",
        [
            (
                "the last column is read, padding or not",
                "xp.where(idx != self.pad_token_id, xp.arange(idx.shape[1]), 0).max(1)",
                "xp.full(len(idx), idx.shape[1] - 1)",
            ),
            ("the token before the last is read", ", 0).max(1)", ", 1).max(1) - 1"),
            ("gradient given to the first token", "dhidden[rows, last] = dout", "dhidden[:, 0] = dout"),
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
        ],
    ),
    (
        "minigpt/finetuning/dpo.py",
        "tests/finetuning/test_dpo.py",
        [
            ("chosen and rejected swapped", "ratios[:, 0] - ratios[:, 1]", "ratios[:, 1] - ratios[:, 0]"),
            ("no reference", "ratios = log_probs - reference", "ratios = log_probs"),
            ("gradient without beta", "falling * (-beta * dloss / n_pairs)", "falling * (-dloss / n_pairs)"),
            ("gradient not divided by the pairs", "(-beta * dloss / n_pairs)", "(-beta * dloss)"),
            ("gradient of the rejected answer missing", "[dchosen, -dchosen]", "[dchosen, 0 * dchosen]"),
            ("σ(h) in the place of σ(−h)", "xp.exp(-xp.maximum(h, 0))", "xp.exp(xp.minimum(h, 0))"),
            ("the loss overflows", "xp.log1p(xp.exp(-abs(h))) + xp.maximum(-h, 0)", "xp.log1p(xp.exp(-h))"),
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
            ("a token's gradient goes to another sequence", "dout[rows // T]", "dout[rows % len(dout)]"),
        ],
    ),
    (
        "minigpt/finetuning/prompt_format.py",
        "tests/finetuning/test_prompt_format.py",
        [
            ("targets not shifted", "zip(ids[1:], learned[1:])", "zip(ids, learned)"),
            ("the mask one token early", "zip(ids[1:], learned[1:])", "zip(ids[1:], learned)"),
            ("the prompt is learned", "return [(prompt, False),", "return [(prompt, True),"),
            ("the user's turns are learned", 'role == "assistant")', 'role == "user")'),
            (
                "answers without an end",
                "return [*tokenizer.encode_ordinary(trimmed(text)), tokenizer.eot_token]",
                "return tokenizer.encode_ordinary(trimmed(text))",
            ),
        ],
    ),
    (
        "tokenizer/bpe.py",
        "tests/tokenizer/test_bpe_encode.py",
        [
            (
                "a pre-token is looked up, not merged",
                "return merge(self.byte_ids(pretoken), self.pair_ids)",
                "whole = self.mergeable_ranks.get(pretoken.encode('utf-8'))\n"
                "        return merge(self.byte_ids(pretoken), self.pair_ids) if whole is None else [whole]",
            ),
        ],
    ),
    (
        "minigpt/gradcheck/check.py",
        "tests/test_gradcheck.py",
        [
            (
                "dout from the stream of the reader",
                'private_stream("dout", arrays, seed)',
                "np.random.default_rng(seed)",
            ),
            (
                "dout the same for all inputs",
                "for array in arrays:\n        key",
                "for array in []:\n        key",
            ),
            ("dout the same for all seeds", "{purpose} {seed}", "{purpose}"),
            ("the inputs as given alone", "if moved is None else [arrays, moved]", "if True else []"),
            ("the inputs are scaled, not moved", "for shift in (MOVED, 0.0):", "for shift in (0.0,):"),
            ("no fallback for a domain", "for shift in (MOVED, 0.0):", "for shift in (MOVED,):"),
            ("no large dout", "douts[1] *= LARGE", "pass"),
            ("no small dout", "douts[2] *= SMALL", "pass"),
            ("no zeros in dout", "douts[2].reshape(-1)[1::2] = 0", "pass"),
            (
                "an error relative to the largest",
                "np.abs(self.right) + self.doubt / tolerance",
                "np.abs(self.right).max() + self.doubt / tolerance",
            ),
            ("the differences are never doubted", " + self.doubt / tolerance", ""),
            ("a corner is compared", "seen = doubt <=", "seen = doubt <= np.inf *"),
            ("nan beside a corner is not seen", "self.seen | ~np.isfinite(gap)", "self.seen"),
            ("nan passes", "np.argwhere(~(worst <= tolerance))", "np.argwhere(worst > tolerance)"),
            ("faults do not count", "<= self.tolerance and not self.faults", "<= self.tolerance"),
            ("what was never compared passes", "if never.any():", "if False:"),
            ("the backward's own rounding is an error", "doubt += CAUTION * np.max", "doubt += 0 * np.max"),
            ("nobody watches the arrays", "watch(layer, arrays, moved, up", "(layer, arrays, moved, up"),
        ],
    ),
    (
        "minigpt/gradcheck/conduct.py",
        "tests/test_gradcheck.py",
        [
            ("an output that changes is not noticed", "if not same(again, out):", "if False:"),
            (
                "a forward gets the caller's arrays",
                "copies = [array.copy() for array",
                "copies = [array for array",
            ),
            ("a change of dout is not noticed", "if not np.array_equal(given, dout):", "if False:"),
            ("inputs without a name are not compared", "range(len(names), len(arrays))", "range(0)"),
            ("a change of an argument is not noticed", "if before is not None and not", "if False and not"),
            ("a gradient of float32 is not noticed", "if grad.dtype != np.float64:", "if False:"),
            ("no forward between forward and backward", "layer.run_forward(moved)", "pass"),
            ("a buffer as a gradient is not noticed", "        if lost:", "        if False:"),
        ],
    ),
    (
        "minigpt/gradcheck/differences.py",
        "tests/test_finite_differences.py",
        [
            ("a corner at the place itself is not seen", " + np.abs(corner) + rounding", " + rounding"),
            (
                "a weight of the seven points is wrong",
                "9 * deltas[1] + deltas[2]",
                "9 * deltas[1] - deltas[2]",
            ),
            ("the step never shrinks", "step /= SHRINK", "pass"),
            ("the step does not suit the numbers", "STEP * max(abs(original), typical_size(array))", "STEP"),
            ("rounding is not doubted", "return best, CAUTION * least", "return best, 0 * least"),
        ],
    ),
    (
        "minigpt/gradcheck/diagnosis.py",
        "tests/test_diagnose_gradient.py",
        [
            (
                "a relation of one pair is said",
                "for gradient, right in pairs\n    )\n    return factor",
                "for gradient, right in pairs[:1]\n    )\n    return factor",
            ),
            (
                "every gradient has a factor",
                "return factor if holds and factor != 0",
                "return factor if factor != 0",
            ),
            ("c for 1/c", '(sign, 1 / c, "1/{}")', '(sign, 1 / c, "{}")'),
            ("the first is called the last", "if indices[0] == n - 1", "if indices[0] == 0"),
            ("transposed the other way", "tuple(right_shape[i] for i in order) == shape", "False"),
            ("a shift in one place only is said", "for step, at, of in [", "for step, at, of in [] and ["),
            ("any term will do", "if factor is not None and pairs[0][1].ndim:", "if False:"),
            ("lost repeats by one id", "np.flatnonzero(counts > 1)", "np.flatnonzero(counts > 0)"),
            ("what is broadcast is not noticed", "if n > 1 and same:", "if False:"),
            ("a rounding is called a relation", "if factor == 1 and key == (RIGHT,):", "if False:"),
        ],
    ),
    (
        "minigpt/learn/diagnose.py",
        "tests/learn/test_exercises.py tests/learn/test_check.py",
        [
            (
                "of several mistakes that fit the first is named",
                "if len(fitting) == 1 else []",
                "if True else []",
            ),
            (
                "a mistake that fits one draw is named",
                "for k, of_learner in enumerate(results):",
                "for k, of_learner in enumerate(results[:1]):",
            ),
            (
                "one mistake at once is looked for",
                "catalogue, most = outcomes.exercise.mistakes, 2",
                "catalogue, most = outcomes.exercise.mistakes, 1",
            ),
            (
                "a factor of one choice of sizes is named",
                "== found\n        ]",
                "[:1] == found[:1]\n        ]",
            ),
            ("relations that differ between sizes are said", "if len(keys) != 1 or", "if"),
        ],
    ),
    (
        "minigpt/learn/numbers.py",
        "tests/learn/test_check.py",
        [("nearly right is right", "TOLERANCE = 1e-9", "TOLERANCE = 1e-6")],
    ),
    (
        "minigpt/learn/examine.py",
        "tests/learn/test_check.py",
        [
            ("a view is not noticed", "if any(np.may_share_memory", "if False and any(np.may_share_memory"),
            ("a change in place is not noticed", "if not unchanged(given[name], before):", "if False:"),
            ("float32 passes", "if dtype != np.float64 and not", "if False and not"),
            (
                "the first draw is all that is tried",
                "for values, sizes in self.draws:",
                "for values, sizes in self.draws[:1]:",
            ),
        ],
    ),
    (
        "minigpt/learn/process.py",
        "tests/learn/test_check.py",
        [("the loop's line is not asked for", "exit=True, file=file)", "exit=True)")],
    ),
    (
        "minigpt/learn/names.py",
        "tests/learn/test_reference.py",
        [
            ("matrices (out, in) are not turned round", "if stores_out_in(found, reference):", "if False:"),
            ("1/sigma is taken for sigma", '"sigma", 1 / array', '"sigma", array'),
            (
                "a gradient is taken for its array",
                'before, name = "d.", match[1] or match[2]',
                "name = match[1] or match[2]",
            ),
        ],
    ),
    (
        "minigpt/learn/compare.py",
        "tests/learn/test_reference.py",
        [
            (
                "the table is in the order of the alphabet",
                "order = [name for name in reference if",
                "order = [name for name in sorted(reference) if",
            ),
        ],
    ),
    (
        "minigpt/learn/reference.py",
        "tests/learn/test_reference.py",
        [
            (
                "m and v begin anew at each step",
                "params, clipped, m, v, step, **ADAMW",
                "params, clipped, {}, {}, step, **ADAMW",
            ),
            (
                "gradients are not clipped before the step",
                "plain.adamw(params, clipped,",
                "plain.adamw(params, {n: d[n] for n in params},",
            ),
            ("the weights are not exact in float32", 'dtype="float32")', 'dtype="float64")'),
        ],
    ),
]
