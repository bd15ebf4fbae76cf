"""Bugs of what there is to learn: which record goes where, which flag does what."""

PLANTED = {
    "minigpt/tasks/fill.py": [
        (
            "all windows are of full length",
            "length = int(rng.integers(min(SHORTEST, self.block_size), self.block_size + 1))",
            "length = self.block_size",
        ),
        (
            "the context is never reached",
            "self.block_size + 1))",
            "self.block_size))",
        ),
        (
            "every step is the same",
            "np.random.default_rng([self.args.seed, step])",
            "np.random.default_rng([self.args.seed, 0])",
        ),
        (
            "the batches of --grad-accum do not come",
            "self.args.batch_size * self.args.grad_accum, rng)",
            "self.args.batch_size, rng)",
        ),
        (
            "validated on the training text",
            "sliding_windows(self.corpus.validation,",
            "sliding_windows(self.corpus.train,",
        ),
        (
            "other gaps at every validation",
            "np.random.default_rng([0, int(rows[0])])",
            "np.random.default_rng()",
        ),
        (
            "batches weigh the same, whatever they hide",
            "total += n * runner.loss(seen, targets)\n            n_hidden += n",
            "total += runner.loss(seen, targets)\n            n_hidden += 1",
        ),
        (
            "tokens that were not hidden are guessed right",
            "targets[hidden]).sum()",
            "seen[hidden]).sum()",
        ),
        (
            "beginnings longer than the context",
            '"all")[: self.block_size]',
            '"all")',
        ),
        (
            "ends of texts are hidden",
            "special = tokenizer.special_tokens.values()",
            "special = [tokenizer.special_tokens[MASK]]",
        ),
        (
            "no token for the gap",
            "special_tokens = (MASK,)",
            "special_tokens = ()",
        ),
    ],
    "minigpt/tasks/start.py": [
        (
            "an adapter without its tokenizer",
            "if adapted else [Path(directory)]",
            "if not adapted else [Path(directory)]",
        ),
        (
            "--unk not used",
            "    if args.unk:\n        return",
            "    if False:\n        return",
        ),
        (
            "--unk without --vocab-size",
            "args.vocab_size, unk=True",
            "unk=True",
        ),
        (
            "adapters not asked for",
            'if not args.lora_rank and args.trainable == "all":',
            "if True:",
        ),
        (
            "--dropout not used with --init-from",
            "dataclasses.replace(model.config, dropout=args.dropout)",
            "model.config",
        ),
        (
            "--dropout not used without --init-from",
            "*sizes, dropout=args.dropout)",
            "*sizes)",
        ),
        (
            "--lora-targets not used",
            "alpha, args.lora_targets, args.seed",
            'alpha, ("attn.c_attn",), args.seed',
        ),
        (
            "the last two blocks are trained",
            "model.config.n_layer - 1)",
            "model.config.n_layer - 2)",
        ),
        (
            "the seed does not decide weights",
            "dropout=args.dropout), args.seed)",
            "dropout=args.dropout), 0)",
        ),
        (
            "layers and heads swapped",
            "args.n_layer, args.n_head, args.n_embd)",
            "args.n_head, args.n_layer, args.n_embd)",
        ),
        (
            "the seed does not decide a bigram model",
            "args.block_size), args.seed)",
            "args.block_size), 0)",
        ),
        (
            "a GPT in place of a model that fills gaps",
            'GapFiller if args.task == "fill" else GPT',
            "GPT",
        ),
        (
            "a base of the other kind is taken",
            'if model.continues == (args.task == "fill"):',
            "if False:",
        ),
        (
            "the seed does not decide an RNN",
            "args.n_embd), args.seed)",
            "args.n_embd), 0)",
        ),
        (
            "a bigram base is fine-tuned",
            '    if not isinstance(model, GPT):\n        raise ValueError(f"{args.init_from}',
            '    if False:\n        raise ValueError(f"{args.init_from}',
        ),
        (
            "words in the place of pieces",
            '{"bpe": BPETokenizer, "word": WordTokenizer}[args.tokenizer]',
            "BPETokenizer",
        ),
        (
            "--vocab-size not used",
            "tokenizer_class.train(training_texts, args.vocab_size)",
            "tokenizer_class.train(training_texts, 300)",
        ),
        (
            "the adapter does not name its base",
            "args.seed, base_name)",
            "args.seed)",
            (
                "tests/test_train_tasks.py::test_raw_text_can_train_the_last_block_or_a"
                "dapters_too "
                "tests/test_train_tasks.py::test_every_task_runs_from_random_weights_fr"
                "om_a_base_and_with_lora"
            ),
        ),
        (
            "--block-size of a base is not used",
            "    shorten_context(model, args)\n",
            "",
        ),
        (
            "the last positions are kept",
            '["wpe.weight"][:block_size]',
            '["wpe.weight"][-block_size:]',
        ),
        (
            "--tokenizer DIR is not used",
            "args.init_from or folder",
            "args.init_from",
        ),
        (
            "a longer context is made up",
            "if block_size > model.config.block_size:",
            "if False:",
        ),
    ],
    "minigpt/tasks/pretrain.py": [
        (
            "the same batch at every step",
            "[self.args.seed, step]",
            "self.args.seed",
        ),
        (
            "validating on training tokens",
            "evaluate(runner, self.corpus.validation, max",
            "evaluate(runner, self.corpus.train, max",
        ),
        (
            "--grad-accum not used",
            "self.args.batch_size * self.args.grad_accum",
            "self.args.batch_size",
        ),
        (
            "--eval-iters not used",
            "self.args.eval_iters * self.args.batch_size",
            "self.args.batch_size",
        ),
        (
            "validating on training tokens, 2",
            "return evaluate(runner, self.corpus.validation, max",
            "return evaluate(runner, self.corpus.train, max",
        ),
        (
            "tokenizer trained on the validation text",
            "self.split.train() if piece is not END),\n",
            "chain(self.split.train(), self.split.validation()) if piece is not END),\n",
        ),
        (
            "documents in windows from anywhere",
            "return random_documents(self.corpus.train, self.train_windows, sequences, rng)",
            "pass",
        ),
        (
            "bits per byte of a token that is given",
            "len(self.corpus.validation) - self.of_documents",
            "len(self.corpus.validation)",
        ),
        (
            "how a text begins is not saved",
            "self.beginning.save(folder)",
            "pass",
        ),
        (
            "pipes are not copied",
            'args.data = copy_pipes(args.data, out / "data")',
            "pass",
        ),
        (
            "held-back files are not used",
            "if args.val_data else []",
            "if False else []",
        ),
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
    "minigpt/tasks/__init__.py": [
        (
            "a task is another",
            '"chat": ChatTask,',
            '"chat": InstructTask,',
        ),
    ],
    "minigpt/tasks/common.py": [
        (
            "batches repeated under --grad-accum",
            "self.batches.of_step(step * n + i)",
            "self.batches.of_step(step + i)",
        ),
        (
            "--grad-accum not used",
            "n = self.args.grad_accum",
            "n = 1",
        ),
        (
            "mean of batch means",
            "n = self.objective.n_counted(*batch)",
            "n = 1",
        ),
        (
            "validation on training examples",
            "self.validation[i] for i in",
            "self.train[i] for i in",
        ),
        (
            "validation on the first examples",
            "np.linspace(0, len(self.validation) - 1, n).astype(int)",
            "range(n)",
        ),
        (
            "the tokenizer learns from all splits",
            "training_texts = (text_of(record) for record in splits[0])",
            "training_texts = (text_of(record) for split in splits for record in split)",
        ),
        (
            "validation and test swapped",
            "self.train, self.validation, self.test = examples",
            "self.train, self.test, self.validation = examples",
        ),
        (
            "the seed does not decide batches",
            "self.args.batch_size, self.args.seed)",
            "self.args.batch_size, 0)",
        ),
        (
            "--eval-iters not used",
            "self.args.eval_iters * self.args.batch_size",
            "len(self.validation)",
        ),
        (
            "what just fits is left out",
            "if len(example[0]) <= block_size]",
            "if len(example[0]) < block_size]",
        ),
        (
            "another tokenizer is not noticed",
            'digest.update(repr(sorted(tokenizer.token_bytes.items())).encode("utf-8"))',
            "pass",
        ),
        (
            "other data are not noticed",
            "digest.update(hashlib.sha256(Path(path).read_bytes()).digest())",
            "pass",
        ),
        (
            "other settings are not noticed",
            'digest.update(repr(item).encode("utf-8"))',
            "pass",
        ),
        (
            "the first too long record is any",
            "first = min(dropped, key=lambda example: (str(example[-1].path), example[-1].line))",
            "first = dropped[-1]",
        ),
    ],
    "minigpt/tasks/arguments.py": [
        (
            "a preset is passed over",
            "parser.set_defaults(**PRESETS[args.preset])",
            "pass",
        ),
        (
            "a task's defaults are passed over",
            "parser.set_defaults(**TASK_DEFAULTS[args.task])",
            "pass",
        ),
        (
            "a small model's defaults are passed over",
            "parser.set_defaults(**MODEL_DEFAULTS[args.model])",
            "pass",
        ),
        (
            "adapters' defaults are passed over",
            "parser.set_defaults(**LORA_DEFAULTS)",
            "pass",
        ),
        (
            "a resumed run takes today's defaults",
            "parser.set_defaults(**saved)",
            "pass",
        ),
        (
            "abbreviated flags are let in",
            "allow_abbrev=False",
            "allow_abbrev=True",
        ),
        (
            "fewer steps for ever",
            "max(args.max_iters, saved.get(",
            "(lambda a, b: a)(args.max_iters, saved.get(",
            (
                "tests/test_two_runs.py::test_fewer_steps_once_are_not_fewer_for_ever "
                "tests/test_two_runs.py::test_a_folder_of_others_cannot_say_where_to_wr"
                "ite_nor_set_what_is_no_flag"
            ),
        ),
    ],
    "minigpt/tasks/contradictions.py": [
        (
            "a run is resumed by another optimiser",
            '("init_from", "optimizer", *SPLIT_FLAGS',
            '("init_from", *SPLIT_FLAGS',
        ),
        (
            "Muon is let at a bigram model and at adapters",
            'if args.optimizer == "muon" and (',
            "if False and (",
        ),
        (
            "AdamW is given a momentum and ignores it",
            'args.optimizer == "muon", "for --optimizer muon',
            'True, "for --optimizer muon',
        ),
        (
            "layers of an RNN are let in and ignored",
            'args.model != "rnn", "for a gpt: an rnn',
            'True, "for a gpt: an rnn',
        ),
        (
            "a rate that rises is let in",
            "if args.min_lr > args.learning_rate:",
            "if False:",
        ),
        (
            "a warm-up beyond the end is let in",
            "args.warmup_iters > args.max_iters:",
            "args.warmup_iters > math.inf:",
        ),
        (
            "adapters of the last block are let in",
            'if args.lora_rank and args.trainable == "last":',
            "if False:",
        ),
        (
            "a task of fine-tuning takes a bigram model",
            'if args.task != "pretrain" and args.model != "gpt":',
            "if False:",
        ),
    ],
    "minigpt/tasks/defaults.py": [
        (
            "the bundled files are looked for where the program is called",
            'str(DATA / name) for name in _defaults["data"]',
            'name for name in _defaults["data"]',
        ),
        (
            "every task writes into one folder",
            '"out": f"out-{_task}"}',
            '"out": "out"}',
        ),
        (
            "an RNN learns at a bigram model's rate",
            '"rnn": RNN_DEFAULTS',
            '"rnn": BIGRAM_DEFAULTS',
        ),
    ],
    "minigpt/tasks/generate_flags.py": [
        (
            "\\n is two letters",
            'text.replace("\\\\n", "\\n")',
            "text",
        ),
        (
            "flags without effect beside another are taken",
            "        if unused:",
            "        if False:",
        ),
        (
            "sampling is not refused where nothing is continued",
            "    *SAMPLING,\n)",
            ")",
        ),
        (
            "two ways to run at once",
            "if len(modes) > 1:",
            "if len(modes) > 2:",
        ),
        (
            "a classifier takes any flag",
            "(*UNUSED, *CONTINUING)",
            "()",
        ),
    ],
    "minigpt/tasks/presets.py": [
        (
            "another batch",
            '"batch_size": 12',
            '"batch_size": 64',
        ),
        (
            "another rate",
            '"learning_rate": 1e-3',
            '"learning_rate": 1e-2',
        ),
        (
            "the fast one has the slow one's sizes",
            ' | {"n_embd": 96, "block_size": 80, "batch_size": 10, "max_iters": 2400, "warmup_iters": 30}',
            "",
        ),
        (
            "the fast one is moved as the slow one",
            ' | {"optimizer": "muon", "momentum": 0.85, "learning_rate": 2e-2, "min_lr": 0.0, "beta2": 0.95}',
            "",
        ),
    ],
    "minigpt/tasks/classify.py": [
        (
            "a tuned head is not taken over",
            'score = trained.params["score.weight"].copy()',
            "score = None",
        ),
        (
            "the report is of the validation split",
            "self.confusion(runner.model, self.test)",
            "self.confusion(runner.model, self.validation)",
        ),
        (
            "--augment not used",
            "self.args.augment, rng)",
            "0.0, rng)",
        ),
        (
            "the measure is the loss",
            'measure = "val_error"',
            'measure = "val_loss"',
        ),
        (
            "every step varies texts alike",
            "np.random.default_rng([self.args.seed, step])",
            "np.random.default_rng(self.args.seed)",
        ),
    ],
    "minigpt/tasks/instruct.py": [
        (
            "padding is counted",
            "pad_right(targets, IGNORED)",
            "pad_right(targets, self.tokenizer.eot_token)",
        ),
        (
            "of single words BLEU is 0",
            "if max(len(words_of(output)) for output in outputs) < LONGEST_NGRAM:",
            "if False:",
        ),
        (
            "a short output is enough to leave BLEU out",
            "if max(len(words_of(output)) for output in outputs) < LONGEST_NGRAM:",
            "if min(len(words_of(output)) for output in outputs) < LONGEST_NGRAM:",
        ),
        (
            "three words are enough for BLEU",
            "for output in outputs) < LONGEST_NGRAM:",
            "for output in outputs) < LONGEST_NGRAM - 1:",
        ),
        (
            "a kind is measured by all answers",
            "measures([responses[i] for i in rows], [outputs[i] for i in rows])",
            "measures(responses, outputs)",
        ),
    ],
    "minigpt/tasks/chat.py": [
        (
            "the report is of the validation split",
            "self.mean_loss(runner, self.test)",
            "self.mean_loss(runner, self.validation)",
        ),
    ],
    "minigpt/tasks/prefer.py": [
        (
            "chosen and rejected swapped",
            'for name in ("chosen", "rejected")]',
            'for name in ("rejected", "chosen")]',
        ),
        (
            "--dpo-beta not used",
            "PreferenceTuning(self.model, args.dpo_beta)",
            "PreferenceTuning(self.model, 0.1)",
        ),
        (
            "padding is counted",
            "for _, targets in answers], IGNORED)",
            "for _, targets in answers], 0)",
        ),
        (
            "the report is of the validation split",
            "self.margins(runner.model, self.test)",
            "self.margins(runner.model, self.validation)",
        ),
    ],
    "minigpt/tasks/samples.py": [
        (
            "words are cut",
            "return WORDS.match(line)[0].rstrip() if",
            "return line[:PROMPT_CHARS] if",
        ),
        (
            "prompts begin inside a word",
            'for separator in () if whole else (*marks, "\\n\\n", "\\n", " "):',
            "for separator in ():",
        ),
        (
            "a whole text loses its beginning",
            "() if whole else ",
            "() if False else ",
        ),
        (
            "marks stand in prompts",
            "text = text.partition(mark)[0]",
            "pass",
        ),
        (
            "one file prompts for all",
            "text = None\n",
            "pass\n",
        ),
    ],
    "minigpt/tasks/memory.py": [
        (
            "nothing is too large",
            "if there is not None and least > there:",
            "if False:",
        ),
        (
            "moments take no room",
            "n_params * (3 + workers if trains_all else 1)",
            "n_params",
        ),
        (
            "a matrix that Muon moves has two moments",
            'if args.optimizer == "muon" and trains_all:',
            "if False:",
        ),
    ],
    "minigpt/tasks/flag_types.py": [
        (
            "the first head is none",
            "int(block), int(head) if head else None",
            "int(block), int(head) if head and int(head) else None",
        ),
        (
            "no folder is a tokenizer",
            "not in TOKENIZERS and not os.path.isdir(text)",
            "not in TOKENIZERS",
        ),
        (
            "any name is a tokenizer",
            "if text not in TOKENIZERS and not os.path.isdir(text):",
            "if False:",
        ),
        (
            "an empty mark parts documents",
            '    if text == "":\n        raise argparse.ArgumentTypeError("it is empty: give file',
            '    if False:\n        raise argparse.ArgumentTypeError("it is empty: give file',
        ),
        (
            "\\n is two characters of a mark",
            'return text.replace("\\\\n", "\\n")',
            "return text",
        ),
        (
            "a proper share may be 0",
            "if not 0 < value < 1:",
            "if not 0 <= value < 1:",
        ),
        (
            "a proper share may be 1",
            "if not 0 < value < 1:",
            "if not 0 < value <= 1:",
        ),
        (
            "the least is too small",
            "value is not None and value < least",
            "value is not None and value <= least",
        ),
        (
            "the most is too large",
            "value is None or value > most",
            "value is None or value >= most",
        ),
        (
            "nothing is too large",
            "if value is None or value > most:",
            "if value is None:",
        ),
        (
            "thousands of digits are read",
            "int(text) if len(text) <= LONGEST_NUMBER else None",
            "int(text)",
        ),
        (
            "no place is a place",
            '    if text == "":\n        raise argparse.ArgumentTypeError("it is empty: name',
            '    if False:\n        raise argparse.ArgumentTypeError("it is empty: name',
        ),
        (
            "a NUL in a name passes",
            'if "\\0" in text or len(text)',
            "if len(text)",
        ),
        (
            "a name of any length passes",
            '"\\0" in text or len(text) >= LONGEST_PLACE',
            '"\\0" in text',
        ),
        (
            "an amount may be infinite",
            "if not 0 <= value < math.inf:",
            "if not 0 <= value:",
        ),
        (
            "an amount is above 0",
            "if not 0 <= value < math.inf:",
            "if not 0 < value < math.inf:",
        ),
        (
            "a share may be 1",
            "if not 0 <= value < 1:",
            "if not 0 <= value <= 1:",
        ),
        (
            "a share is above 0",
            "if not 0 <= value < 1:",
            "if not 0 < value < 1:",
        ),
    ],
    "minigpt/tasks/saved_flags.py": [
        (
            "what no file may set is set",
            "if name not in actions or name in not_saved:",
            "if name not in actions:",
        ),
        (
            "what is no flag is set",
            "if name not in actions or name in not_saved:",
            "if name in not_saved:",
        ),
        (
            "any value is a flag's",
            "if not fits(actions[name], value):",
            "if False:",
        ),
        (
            "a flag in the message with _",
            'name.replace("_", "-")',
            "name",
        ),
        (
            "no value is every flag's",
            'return action.default is None or action.dest == "block_size"',
            "return True",
        ),
        (
            "a base's block size is damage",
            ' or action.dest == "block_size"',
            "",
        ),
        (
            "1 is true",
            "return isinstance(value, bool)",
            "return isinstance(value, int)",
        ),
        (
            "an empty list passes",
            "isinstance(value, list) and bool(value) and",
            "isinstance(value, list) and",
        ),
        (
            "the first item alone is looked at",
            "for item in value)",
            "for item in value[:1])",
        ),
        (
            "any text is a choice",
            "isinstance(value, str) and value in action.choices",
            "isinstance(value, str)",
        ),
        (
            "a number is a text",
            "        return isinstance(value, str)\n    if not",
            "        return True\n    if not",
        ),
        (
            "a value that the flag would change passes",
            "else repr(value)) == value",
            "else repr(value)) is not None",
        ),
        (
            "what a flag refuses is a traceback",
            "OSError, argparse.ArgumentTypeError):",
            "OSError):",
        ),
    ],
}
