"""Bugs of what there is to learn: which record goes where, which flag does what."""

PLANTED = {
    "minigpt/tasks/start.py": [
        ("adapters not asked for", 'if not args.lora_rank and args.trainable == "all":', "if True:"),
        ("the adapter does not name its base", "args.seed, args.init_from)", "args.seed)"),
        (
            "--dropout not used with --init-from",
            "dataclasses.replace(model.config, dropout=args.dropout)",
            "model.config",
        ),
        ("--dropout not used without --init-from", "*sizes, dropout=args.dropout)", "*sizes)"),
        ("--lora-alpha not used", "args.lora_alpha or 8 * args.lora_rank", "8 * args.lora_rank"),
        ("α of 8, not 8 R", "args.lora_alpha or 8 * args.lora_rank", "args.lora_alpha or 8"),
        (
            "--lora-targets not used",
            "alpha, args.lora_targets, args.seed",
            'alpha, ("attn.c_attn",), args.seed',
        ),
        (
            "the seed does not decide adapters",
            "args.lora_targets, args.seed, args",
            "args.lora_targets, 0, args",
        ),
        ("the last two blocks are trained", "model.config.n_layer - 1)", "model.config.n_layer - 2)"),
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
        ("the seed does not decide a bigram model", "args.block_size), args.seed)", "args.block_size), 0)"),
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
    ],
    "minigpt/tasks/pretrain.py": [
        ("the same batch at every step", "[self.args.seed, step]", "self.args.seed"),
        (
            "validating on training tokens",
            "evaluate(runner, self.corpus.validation, max",
            "evaluate(runner, self.corpus.train, max",
        ),
        (
            "tokenizer trained on the validation text",
            "for chunk in file.train_chunks())",
            "for chunk in read_chunks(file.path))",
        ),
        ("--grad-accum not used", "self.args.batch_size * self.args.grad_accum", "self.args.batch_size"),
        (
            "the report is of the training text",
            "loss = evaluate(runner, self.corpus.validation)",
            "loss = evaluate(runner, self.corpus.train)",
        ),
        ("--eval-iters not used", "self.args.eval_iters * self.args.batch_size", "self.args.batch_size"),
    ],
    "minigpt/tasks/__init__.py": [
        ("a task is another", '"chat": ChatTask,', '"chat": InstructTask,'),
    ],
    "minigpt/tasks/common.py": [
        (
            "batches repeated under --grad-accum",
            "self.batches.of_step(step * n + i)",
            "self.batches.of_step(step + i)",
        ),
        ("--grad-accum not used", "n = self.args.grad_accum", "n = 1"),
        ("mean of batch means", "n = self.objective.n_counted(*batch)", "n = 1"),
        ("validation on training examples", "self.validation[i] for i in", "self.train[i] for i in"),
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
        ("--eval-iters not used", "self.args.eval_iters * self.args.batch_size", "len(self.validation)"),
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
        ("other settings are not noticed", 'digest.update(repr(item).encode("utf-8"))', "pass"),
        ("a base without an end is let in", "if self.tokenizer.eot_token is None:", "if False:"),
        (
            "the first too long record is any",
            "first = min(dropped, key=lambda example: (str(example[-1].path), example[-1].line))",
            "first = dropped[-1]",
        ),
    ],
    "minigpt/tasks/arguments.py": [
        ("a preset is passed over", "parser.set_defaults(**PRESETS[args.preset])", "pass"),
        ("a task's defaults are passed over", "parser.set_defaults(**TASK_DEFAULTS[args.task])", "pass"),
        ("a bigram model's defaults are passed over", "parser.set_defaults(**BIGRAM_DEFAULTS)", "pass"),
        ("adapters' defaults are passed over", "parser.set_defaults(**LORA_DEFAULTS)", "pass"),
        ("a resumed run takes today's defaults", "parser.set_defaults(**saved)", "pass"),
        ("another model is resumed", "if saved and getattr(args, name) != saved[name]:", "if False:"),
        (
            "a flag that contradicts the base is passed over",
            "if args.init_from and name not in TASK_FLAGS",
            "if False and name not in TASK_FLAGS",
        ),
        ("a rate that rises is let in", "if args.min_lr > args.learning_rate:", "if False:"),
        ("a share of 1 is let in", "if not 0 <= value < 1:", "if not 0 <= value <= 1:"),
        ("a number too small is let in", "if value < least:", "if False:"),
        ("an infinite amount is let in", "if not 0 <= value < math.inf:", "if not 0 <= value:"),
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
        ("--resume is remembered", 'not in ("resume", "eval_only", "out")', 'not in ("eval_only", "out")'),
        (
            "a task of fine-tuning takes a bigram model",
            'if args.task != "pretrain" and args.model != "gpt":',
            "if False:",
        ),
        ("abbreviated flags are let in", "allow_abbrev=False", "allow_abbrev=True"),
    ],
    "minigpt/tasks/presets.py": [
        ("another batch", '"batch_size": 12', '"batch_size": 64'),
        ("another rate", '"learning_rate": 1e-3', '"learning_rate": 1e-2'),
        ("the fast one is the slow one", ' | {"n_layer": 2, "n_embd": 184, "learning_rate": 5e-3}', ""),
    ],
    "minigpt/tasks/classify.py": [
        ("a tuned head is not taken over", 'score = trained.params["score.weight"].copy()', "score = None"),
        (
            "the report is of the validation split",
            "self.confusion(runner.model, self.test)",
            "self.confusion(runner.model, self.validation)",
        ),
        ("--augment not used", "self.args.augment, rng)", "0.0, rng)"),
        ("the measure is the loss", 'measure = "val_error"', 'measure = "val_loss"'),
        (
            "every step varies texts alike",
            "np.random.default_rng([self.args.seed, step])",
            "np.random.default_rng(self.args.seed)",
        ),
    ],
    "minigpt/tasks/instruct.py": [
        ("padding is counted", "pad_right(targets, IGNORED)", "pad_right(targets, self.tokenizer.eot_token)"),
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
        ("padding is counted", "for _, targets in answers], IGNORED)", "for _, targets in answers], 0)"),
        (
            "the report is of the validation split",
            "self.margins(runner.model, self.test)",
            "self.margins(runner.model, self.validation)",
        ),
    ],
}
