"""Bugs of the training loop's machinery."""

PLANTED = {
    "minigpt/training/runner.py": [
        (
            "gradients of other workers not added",
            "grads[name] += other_grads[name]",
            "pass",
        ),
        (
            "loss of other workers not added",
            "return sum(losses), self._added(shards)",
            "return losses[0], self._added(shards)",
        ),
        (
            "every part divides by its own count",
            "n_counted=n_counted, grads",
            "n_counted=None, grads",
        ),
        (
            "gradients of earlier parts forgotten",
            "grads=grads",
            "grads=None",
        ),
        (
            "masks by place in the part",
            "(*dropout_key, part.start,",
            "(*dropout_key, 0,",
        ),
        (
            "the last sequence is left out",
            "n_rows * i // self.workers",
            "(n_rows - 1) * i // self.workers",
        ),
        (
            "training without dropout",
            "if dropout_key else None",
            "if False else None",
        ),
        (
            "every part of the loss divided by its own count",
            "self.model.loss(*part, n_counted=n_counted)",
            "self.model.loss(*part)",
        ),
        (
            "some parameters are not updated",
            "            while waiting:\n",
            "            while len(waiting) > 1:\n",
        ),
        (
            "a shard's loss is that of its last part",
            "loss += float(to_host(part_loss))",
            "loss = float(to_host(part_loss))",
        ),
    ],
    "minigpt/training/processes.py": [
        (
            "the others compute with the parameters of the start",
            "        self._share(self.model.trained_params())  # as",
            "        # as",
        ),
        (
            "the others run the first shard again",
            "zip(asked, rest):",
            "zip(asked, [first, *rest]):",
        ),
        (
            "the shards of the others are not run",
            ", *(other.answer() for other in asked)]",
            "]",
        ),
        (
            "what is owed of the last batch is taken for the next one's",
            "        if self.owes:\n",
            "        if False:\n",
        ),
        (
            "an error is a value",
            "if isinstance(value, Exception):",
            "if False:",
        ),
        (
            "processes are started for one worker",
            "if workers > 1 and",
            "if",
        ),
        (
            "processes are started on a GPU",
            " and on_host()",
            "",
        ),
        (
            "processes are started for short runs",
            " and n_batches >= WORTH_STARTING",
            "",
        ),
        (
            "the others choose their own micro-batch",
            "model_without_params, micro_batch)",
            "model_without_params, None)",
        ),
        (
            "Ctrl-C ends the others at once",
            'APART = {"start_new_session": True}',
            "APART = {}",
        ),
        (
            "who was started before an error stays",
            "            self.__exit__()\n            raise\n",
            "            raise\n",
        ),
        (
            "who is not told what to do stays",
            "            self.end()\n            raise\n",
            "            raise\n",
        ),
        (
            "the file of the parameters stays open",
            "        finally:\n            self.shared.close_handle()\n",
            "        finally:\n            pass\n",
        ),
        (
            "an error that cannot be sent ends the process",
            "            except Exception:  # of an error",
            "            except EOFError:  # of an error",
        ),
        (
            "a process that ended by itself was killed",
            "status = self.process.wait(LAST_WORD_SECONDS)",
            "status = -9",
        ),
        (
            "who cannot open the model does not say why",
            "            tell(model, trace)\n            return\n",
            "            return\n",
        ),
        (
            "what is printed comes between the answers",
            "    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # should",
            "    # should",
        ),
        (
            "gradients are converted in silence",
            "            self.grads.put(name, grad)\n",
            "            self.grads[name][...] = grad\n",
        ),
        (
            "BLAS of the others has as many threads as it likes",
            "    with ServingRunner(model, micro_batch, grads) as runner:",
            "    for runner in [ServingRunner(model, micro_batch, grads)]:",
        ),
    ],
    "minigpt/training/shared_arrays.py": [
        (
            "arrays lie over one another",
            "end += -(-n_bytes // ALIGNED) * ALIGNED",
            "end += n_bytes // 2",
        ),
        (
            "arrays begin anywhere",
            "end += -(-n_bytes // ALIGNED) * ALIGNED",
            "end += n_bytes",
        ),
        (
            "every process has a block of its own",
            "block = mmap.mmap(handle, n_bytes)",
            "block = mmap.mmap(-1, n_bytes)",
        ),
        (
            "the block is no file's that others could open",
            "return mmap.mmap(handle, n_bytes), handle",
            "return mmap.mmap(-1, n_bytes), handle",
        ),
        (
            "any shape will do",
            "if (array.shape, array.dtype) != (place.shape, place.dtype):",
            "if array.dtype != place.dtype:",
        ),
        (
            "files stay open",
            "            os.close(self.handle)\n",
            "            pass\n",
        ),
    ],
    "minigpt/training/distributed.py": [
        (
            "every process runs the whole batch",
            "first, end = n_rows * group.rank // group.size, n_rows * (group.rank + 1) // group.size",
            "first, end = 0, n_rows",
        ),
        (
            "a sequence between two processes is left out",
            "n_rows * (group.rank + 1) // group.size",
            "n_rows * (group.rank + 1) // group.size - (group.rank == 0)",
        ),
        (
            "masks by place among the process's rows",
            "slice(first + rows.start, first + rows.stop)",
            "slice(rows.start, rows.stop)",
        ),
        (
            "what others have moved is not taken",
            "self.all.take_others(self.group.rank, self.sums.flat)",
            "pass",
        ),
        (
            "the loss is that of one process",
            "return self.total(loss), grads",
            "return loss, grads",
        ),
        (
            "each process validates on its own rows",
            "return self.total(super().loss(*batch))",
            "return super().loss(*batch)",
        ),
        (
            "the sum over the processes is that of one",
            "        self.group.sum(total)\n",
            "",
        ),
        (
            "all moments stay in every process",
            "optimizer.m = {name: self._dealt(name, moments) for name, moments in optimizer.m.items()}",
            "pass",
        ),
        (
            "moments begin anew with every start",
            "self.group.deal(to_host(moments) if self.group.rank == 0 else None, part, self._counts(name))",
            "part[...] = 0",
        ),
        (
            "the second moments that are saved are the first",
            "self._collected(optimizer.m), self._collected(optimizer.v)",
            "self._collected(optimizer.m), self._collected(optimizer.m)",
        ),
        (
            "an optimiser travels with its moments",
            'value.__dict__ | {"m": dict.fromkeys(value.m), "v": dict.fromkeys(value.v)}',
            "value.__dict__",
        ),
        (
            "of the weights only the last array is compared",
            "np.ascontiguousarray(to_host(param)), checksum)",
            "np.ascontiguousarray(to_host(param)), 0)",
        ),
        (
            "token ids travel",
            "return np.memmap, (value",
            "return np.asarray, (np.asarray(value),) or (value",
        ),
        (
            "all processes take the first GPU",
            "gpus[local_rank] if local_rank < len(gpus)",
            "gpus[0] if local_rank < len(gpus)",
        ),
        (
            "a run elsewhere forgets the log",
            "self.lines.append(line)",
            "pass",
        ),
    ],
    "minigpt/training/shares.py": [
        (
            "a row is in no share",
            "[len(param) * rank // size for rank in range(size + 1)]",
            "[len(param) // size * rank for rank in range(size + 1)]",
        ),
        (
            "matrices are dealt in turn, whatever their work",
            "rank = loads.index(min(loads))",
            "rank = len(loads) - 1",
        ),
        (
            "Muon's matrices are cut",
            "cuts[name] = [0] * (rank + 1) + [len(params[name])] * (size - rank)",
            "pass",
        ),
        (
            "the wide way is taken for as long as the other",
            "if 2 * short <= long:",
            "if False:",
        ),
        (
            "q, k and v are one matrix",
            "shape[1] // n_parts",
            "shape[1]",
        ),
        (
            "the first block is the first to be sent",
            "for number in sorted(blocks, reverse=True):",
            "for number in sorted(blocks):",
        ),
        (
            "every block is a message",
            "for name in together) >= MESSAGE_BYTES",
            "for name in together) >= 0",
        ),
        (
            "the first blocks are not sent",
            "rest = together + [",
            "rest = [",
        ),
        (
            "only the first shard counts",
            "for other in shards[1:]:",
            "for other in ():",
        ),
        (
            "a process without rows sends what lay there",
            ".reshape(-1) if shards else 0",
            ".reshape(-1) if shards else flat[place]",
        ),
        (
            "what a process has moved itself is what others have of it",
            "if other != rank else ():",
            "if other == rank else ():",
        ),
        (
            "all arrays of a share are the first numbers of it",
            "            end += part.size\n",
            "",
        ),
    ],
    "minigpt/training/sums.py": [
        (
            "sums begin when backward has ended",
            "if self.missing[number] == 0:",
            "if False:",
        ),
        (
            "a sum begins with the first part",
            "n_parts * len(message.names)",
            "len(message.names)",
        ),
        (
            "shards are added as they come",
            "for shard in sorted(arrived)]",
            "for shard in arrived]",
        ),
        (
            "the first shard that is done is sent alone",
            "== self.n_shards:",
            ">= 1:",
        ),
        (
            "a gradient may come too late",
            "if self.missing[number] < 0:",
            "if False:",
        ),
        (
            "an error waits for the others",
            "self.closed = True",
            "pass",
        ),
        (
            "nobody waits for the sum",
            "            sent.result()\n",
            "",
        ),
        (
            "a process without rows sends nothing",
            "self.send_rest([])  #",
            "pass  #",
        ),
    ],
    "minigpt/training/corpus.py": [
        (
            "targets not moved",
            "windows[:, :-1], windows[:, 1:]",
            "windows[:, :-1], windows[:, :-1]",
        ),
        (
            "the last window is never drawn",
            "rng.integers(len(x)",
            "rng.integers(len(x) - 1",
        ),
        (
            "the stride is not used",
            "block_size + 1)[::stride]",
            "block_size + 1)",
        ),
        (
            "a new tokenizer, the old ids",
            "digest.update(Path(tokenizer_json).read_bytes())",
            "pass",
        ),
        (
            "a new text, the old ids",
            "[file.sha256 for file in split.files]",
            "[file.n_chars for file in split.files]",
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
        (
            "documents not separated",
            "mark if piece is END else piece)",
            '"" if piece is END else piece)',
        ),
        (
            "pieces of a document are joined",
            "if goes_on or size >= GROUP:",
            "if size >= GROUP:",
        ),
        (
            "nothing stands before the first document",
            "[END] if split.begins_with_end else []",
            "[]",
        ),
        (
            "marks are letters",
            'tokenizer.encode(text, allowed_special="all")',
            "tokenizer.encode_ordinary(text)",
        ),
        (
            "the letters of a mark are bytes of text",
            "return n_bytes - sum(",
            "return n_bytes - 0 * sum(",
        ),
        (
            "characters counted as bytes",
            'n_bytes = len(text.encode("utf-8"))',
            "n_bytes = len(text)",
        ),
        (
            "the bytes of the training text",
            'n_bytes["validation"]',
            'n_bytes["train"]',
        ),
        (
            "ids are believed",
            "if manifest and any(",
            "if False and any(",
        ),
        (
            "a length is enough",
            "checksum = zlib.crc32(block, checksum)",
            "pass",
        ),
        (
            "tokens.json is believed",
            "manifest.pop(CHECKSUM, None) != checksum_of_manifest(manifest)",
            "False",
        ),
        (
            "missing ids end the run",
            "except (ValueError, FileNotFoundError):",
            "except ValueError:",
        ),
        (
            "deep nesting ends the run",
            "except RecursionError:",
            "except MemoryError:",
        ),
        (
            "wrong kinds are taken",
            'type(manifest.get("n_validation_bytes")) is not int',
            "False",
        ),
    ],
    "minigpt/training/evaluation.py": [
        (
            "windows overlap",
            "stride=block_size)",
            "stride=1)",
        ),
        (
            "bits per token called per byte",
            "* n_tokens / n_bytes",
            "",
        ),
        (
            "perplexity as 2 to the loss",
            "math.exp(loss) if",
            "2**loss if",
        ),
        (
            "the first windows in the place of all",
            "np.linspace(0, n_windows - 1, max_windows).astype(int)",
            "np.arange(max_windows)",
        ),
        (
            "the first window's beginning is not scored",
            "counted[1:, : T - stride] = False",
            "counted[:, : T - stride] = False",
        ),
        (
            "tokens are scored twice",
            "counted[1:, : T - stride] = False",
            "pass",
        ),
        (
            "the mean of batch means",
            "        total += n * runner.loss(x, y)\n        n_counted += n\n",
            "        total += runner.loss(x, y)\n        n_counted += 1\n",
        ),
        (
            "padding counts",
            "n = int((y != IGNORED).sum())\n        total",
            "n = y.size\n        total",
        ),
        (
            "all documents where some were asked for",
            "n_windows - 1, max_windows",
            "max_windows - 1, max_windows",
        ),
        (
            "documents scored without their last tokens",
            "max()) + 1",
            "max())",
        ),
        (
            "any stride is taken",
            "if not 1 <= stride <= T:",
            "if False:",
        ),
    ],
    "minigpt/training/state.py": [
        (
            "nothing is restored",
            "array[...] = to_device(saved)",
            "array = to_device(saved)",
        ),
        (
            "any progress is believed",
            "        check_fields(path, progress, PROGRESS)\n",
            "",
        ),
        (
            "m and v swapped",
            '("m", optimizer.m), ("v", optimizer.v)):\n        tensors',
            '("v", optimizer.m), ("m", optimizer.v)):\n        tensors',
        ),
        (
            "another dtype is taken up",
            " or saved.dtype != array.dtype",
            "",
        ),
        (
            "another shape is taken up",
            " or saved.shape != array.shape",
            "",
        ),
        (
            "moments of another optimiser are taken up",
            "for name in sorted(tensors.keys() - taken):",
            "for name in ():",
        ),
        (
            "a model is written over",
            "(STATE_FILE, CONFIG_FILE)",
            "(STATE_FILE,)",
        ),
        (
            "a run is written over",
            "(STATE_FILE, CONFIG_FILE)",
            "(CONFIG_FILE,)",
        ),
    ],
    "minigpt/training/run.py": [
        (
            "the best is one that was not saved",
            "            self.best, self.best_step = best, best_step",
            "            pass\n        self.best, self.best_step = best, best_step",
        ),
        (
            "the last model kept, not the best",
            "if is_best or self.best_step is None:",
            "if True:",
        ),
        (
            "a resumed run begins at step 0",
            'progress.get("step", 0)',
            "0",
        ),
        (
            "Adam's count of steps begins anew",
            "optimizer.n_steps = self.step",
            "pass",
        ),
        (
            "another text is taken up",
            "if data != self.data:",
            "if False:",
        ),
        (
            "the best of the run before is forgotten",
            'progress.get("best", math.inf)',
            "math.inf",
        ),
        (
            "as good is not better",
            "measured <= self.best",
            "measured < self.best",
        ),
        (
            "the text is not noted",
            "self.data = data\n",
            "pass\n",
        ),
        (
            "the log is not written",
            "self.log.flush()",
            "pass",
        ),
        (
            "a full disk ends the run",
            "except OSError as error:",
            "except KeyError as error:",
        ),
        (
            "a resumed run's log begins anew",
            "first_step=self.step",
            "first_step=0",
        ),
        (
            "the step saved is the one before",
            '{"step": step, "best"',
            '{"step": max(0, step - 1), "best"',
        ),
    ],
    "minigpt/training/log.py": [
        (
            "the line of a repeated step stays",
            'line["step"] < first_step',
            'line["step"] <= first_step',
        ),
        (
            "every flush writes all lines",
            "self.lines[self.n_written :]",
            "self.lines",
        ),
        (
            "what is written is forgotten",
            "            raise\n        self.n_written = len(self.lines)",
            "            raise",
        ),
        (
            "a series without its steps",
            '(line["step"], line[name])',
            "(len(line), line[name])",
        ),
        (
            "half a line stays",
            "os.truncate(self.path, self.n_bytes)",
            "pass",
        ),
        (
            "half a line is written on",
            "file.truncate(self.n_bytes)",
            "pass",
        ),
        (
            "a log that was cut ends the saving",
            "if not self.path.exists() or",
            "if",
        ),
        (
            "a log that was cut is filled up with noughts",
            " or self.path.stat().st_size < self.n_bytes",
            "",
        ),
    ],
    "minigpt/training/interrupt.py": [
        (
            "handlers stay",
            "signal.signal(number, handler)",
            "pass",
        ),
        (
            "the second Ctrl-C is not heard",
            "if self.requested:",
            "if False:",
        ),
        (
            "the first signal is forgotten",
            "self.requested = True",
            "pass",
        ),
        (
            "a closed terminal kills",
            'NAMES = ("SIGINT", "SIGTERM", "SIGHUP")',
            'NAMES = ("SIGINT", "SIGTERM")',
            (
                "tests/test_two_runs.py::test_a_signal_before_the_loop_ends_in_a_senten"
                "ce_and_leaves_nothing "
                "tests/test_two_runs.py::test_a_signal_that_is_to_be_ignored_is_ignored"
            ),
        ),
        (
            "what is to be ignored is heard",
            "if previous[number] != signal.SIG_IGN",
            "if True",
            (
                "tests/test_two_runs.py::test_a_signal_before_the_loop_ends_in_a_senten"
                "ce_and_leaves_nothing "
                "tests/test_two_runs.py::test_a_signal_that_is_to_be_ignored_is_ignored"
            ),
        ),
        (
            "any signal is Ctrl-C",
            'getattr(interruption, "number", signal.SIGINT)',
            "signal.SIGINT",
            (
                "tests/test_two_runs.py::test_a_signal_before_the_loop_ends_in_a_senten"
                "ce_and_leaves_nothing "
                "tests/test_two_runs.py::test_a_signal_that_is_to_be_ignored_is_ignored"
            ),
        ),
    ],
    "minigpt/training/diagnosis.py": [
        (
            "gradients are not looked at",
            "for name, grad in grads.items():",
            "for name, grad in ():",
        ),
        (
            "parameters are not looked at",
            "for name, param in model.params.items():",
            "for name, param in ():",
        ),
        (
            "the norms of the first steps",
            "lines[-5:]",
            "lines[:5]",
        ),
        (
            "blocks counted from 1",
            'f"block h.{i}"',
            'f"block h.{i + 1}"',
        ),
        (
            "norm and loss swapped",
            "if math.isfinite(loss) else",
            "if not math.isfinite(loss) else",
        ),
        (
            "a classifier's GPT is not found",
            'getattr(model, "gpt", model)',
            "model",
        ),
        (
            "the embeddings are not looked at",
            '    yield "the embeddings", x\n',
            "",
        ),
    ],
    "minigpt/training/plot.py": [
        (
            "the validation loss is not drawn",
            "if validation_losses:",
            "if False:",
        ),
        (
            "the training loss is drawn twice",
            "zip(*validation_losses)",
            "zip(*losses)",
        ),
        (
            "the beginning is cut off",
            "set_ylim(top=max(",
            "set_ylim(top=min(",
        ),
        (
            "no word says which curve is which",
            "    axes.legend()\n",
            "",
        ),
        (
            "the axes are named the wrong way round",
            "axes.set_xlabel(xlabel)\n    axes.set_ylabel(ylabel)",
            "axes.set_xlabel(ylabel)\n    axes.set_ylabel(xlabel)",
        ),
    ],
    "minigpt/training/text_files.py": [
        (
            "the byte order mark is a character",
            '"utf-8-sig"',
            '"utf-8"',
        ),
        (
            "line ends as they are",
            "translate=True",
            "translate=False",
        ),
        (
            "NULs are text",
            "        if nul >= 0:\n",
            "        if False:\n",
        ),
        (
            "a NUL hides the text before it",
            "block if nul < 0 else block[:nul], final",
            "block, final",
        ),
        (
            "the wrong byte is counted in its piece",
            "at = n_read + len(",
            "at = len(",
        ),
        (
            "one line is read whole",
            "seam_before(pending) or (",
            "0 and (",
        ),
        (
            "letters alone are read whole",
            "len(pending) if len(pending) >= CHUNK_BYTES else 0",
            "0",
        ),
        (
            "marks are cut",
            "cut = before_mark(pending, cut, marks)",
            "pass",
        ),
        (
            "half a mark at the end is cut",
            "mark.startswith(seen)",
            "mark == seen",
        ),
        (
            "upper-case suffixes are skipped",
            "file.suffix.lower() == SUFFIX",
            "file.suffix == SUFFIX",
        ),
        (
            "hidden copies are read",
            "if is_hidden(file.relative_to(path)):",
            "if False:",
        ),
        (
            "all is hidden in a hidden folder",
            "is_hidden(file.relative_to(path))",
            "is_hidden(file)",
        ),
        (
            "empty files are read",
            "if file.n_chars]",
            "if True]",
        ),
        (
            "every pipe is the same file",
            "{digest.hexdigest()[:16]}",
            "pipe",
        ),
    ],
    "minigpt/training/encodings.py": [
        (
            "big and little taken for each other",
            '"big" if even > odd else "little"',
            '"little" if even > odd else "big"',
        ),
        (
            "Big5 is called GBK",
            '"gb18030": ("GB18030 (or GBK)", SIMPLIFIED)',
            ('"gb18030": ("GB18030 (or GBK)", TRADITIONAL + "".join(map(chr, range(0x4E00, 0x9FFF))))'),
        ),
        (
            "the encoding is told by the beginning alone",
            "file.seek(at)",
            "file.seek(0)",
        ),
        (
            "pictures are called Latin-1",
            "if western and n_foreign < len(sample) / 3",
            "if True",
        ),
        (
            "UTF-16 without a mark is not told",
            "if even + odd > len(head) // 20:",
            "if False:",
        ),
        (
            "Chinese in UTF-16 is not told",
            'head if codec.startswith("utf-16") else sample',
            "sample",
        ),
    ],
    "minigpt/training/documents.py": [
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
        (
            "the cut goes through marks",
            "before_mark(around, cut - start, self.marks)",
            "cut - start",
        ),
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
        (
            "the seed decides nothing",
            "str(seed).encode",
            "str(0).encode",
        ),
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
        (
            "marks do not part documents",
            "*map(regex.escape, marks)]",
            "]",
        ),
        (
            "a mark is a regular expression",
            "or regex.escape(parting)",
            "or parting",
        ),
        (
            "documents end where pieces do",
            "*complete, pending = separator.split(pending + chunk)",
            "complete = separator.split(pending + chunk)",
        ),
        (
            "empty documents",
            "if document.strip():",
            "if True:",
        ),
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
        (
            "one side may be empty",
            "if next(pieces, None) is None:",
            "if False:",
        ),
    ],
    "minigpt/training/document_windows.py": [
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
        (
            "targets not moved",
            "tokens[positions + 1]",
            "tokens[positions]",
        ),
        (
            "batches as wide as the first",
            "(stops - starts).max()",
            "(stops - starts)[0]",
        ),
        (
            "the last window is never drawn",
            "rng.integers(len(edges) - 1",
            "rng.integers(len(edges) - 2",
        ),
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
        (
            "documents lost between parts of the ids",
            "last = int(bounds[-1])",
            "last = start",
        ),
        (
            "the last edge is missing",
            "file.write(np.asarray([last], dtype=np.int64).tobytes())",
            "pass",
        ),
    ],
    "minigpt/training/lock.py": [
        (
            "the lock is not taken",
            "fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)",
            "pass",
        ),
        (
            "a deleted file is a lock",
            "        if _is_at(path, descriptor):\n",
            "        if True:\n",
        ),
        (
            "another's file is deleted",
            'if os.name != "nt" and _is_at(path, descriptor):',
            "if True:",
        ),
        (
            "the file stays",
            "            path.unlink()\n        os.close",
            "            pass\n        os.close",
        ),
        (
            "the folder stays",
            "                folder.rmdir()",
            "                pass",
        ),
        (
            "who held it before is still named",
            "os.ftruncate(descriptor, 0)",
            "pass",
        ),
        (
            "no lock is no warning",
            "            warnings.warn(",
            "            str(",
        ),
        (
            "escapes are passed on",
            "if character.isprintable()",
            "if True",
        ),
    ],
}
