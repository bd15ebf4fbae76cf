"""Bugs of the two scripts, and of what they ask of the terminal."""

PLANTED = {
    "train.py": [
        (
            "schedule one step ahead",
            "step, args.max_iters, args.learning_rate",
            "step + 1, args.max_iters, args.learning_rate",
        ),
        (
            "gradients not clipped",
            "clip_grad_norm(grads, args.grad_clip, runner.total)",
            "clip_grad_norm(grads, 0, runner.total)",
        ),
        (
            "weight decay not passed on",
            "weight_decay=args.weight_decay",
            "weight_decay=0",
        ),
        (
            "dropout's key without its step",
            "dropout_key=(args.seed, step)",
            "dropout_key=(args.seed, 0)",
        ),
        (
            "dropout's key without the seed",
            "dropout_key=(args.seed, step)",
            "dropout_key=(0, step)",
        ),
        (
            "training without dropout",
            ", dropout_key=(args.seed, step)",
            "",
        ),
        (
            "an untrained model may be the best",
            "from_random_weights = step == 0 and not args.init_from",
            "from_random_weights = False",
        ),
        (
            "an untrained base may not be the best",
            "step == 0 and not args.init_from",
            "step == 0",
        ),
        (
            "the report is of the last model",
            "model = load_model(args.out)",
            "model = task.model",
        ),
        (
            "the rate ends at zero",
            "args.learning_rate, args.min_lr, args.warmup_iters",
            "args.learning_rate, 0.0, args.warmup_iters",
        ),
        (
            "Muon is never taken",
            'muon if args.optimizer == "muon" and has_blocks else AdamW',
            "AdamW",
        ),
        (
            "Muon's momentum is passed over",
            "momentum=args.momentum",
            "momentum=0.95",
        ),
        (
            "no warm-up",
            "args.min_lr, args.warmup_iters",
            "args.min_lr, 0",
        ),
        (
            "the rate stays as it began",
            "optimizer.lr = cosine_schedule(",
            'line["lr"] = cosine_schedule(',
        ),
        (
            "the best by its loss, whatever the task's measure",
            "line[task.measure])",
            'line["val_loss"])',
        ),
        (
            "the mean loss is that of the whole run",
            '        if "val_loss" in earlier:\n            break\n',
            "",
        ),
        (
            "frozen parameters count as trained",
            "for param in trained.values())",
            "for param in model.params.values())",
        ),
        (
            "the backend is not chosen",
            "use_backend(args.backend)\n    out",
            "out",
        ),
        (
            "a stop saves nothing",
            "                    run.keep(step, runner.whole_optimizer(optimizer))\n",
            "                    pass\n",
        ),
        (
            "betas not passed on",
            "betas, weight_decay",
            "weight_decay",
        ),
        (
            "no lock",
            "with lock_folder(out):",
            "if True:",
            (
                "tests/test_two_runs.py::test_fewer_steps_once_are_not_fewer_for_ever "
                "tests/test_two_runs.py::test_a_second_run_is_told_and_changes_nothing_"
                "and_one_that_was_killed_is_no_hindrance"
            ),
        ),
        (
            "fewer steps than were done",
            "if args.max_iters < run.step:",
            "if False:",
            (
                "tests/test_two_runs.py::test_fewer_steps_once_are_not_fewer_for_ever "
                "tests/test_two_runs.py::test_a_second_run_is_told_and_changes_nothing_"
                "and_one_that_was_killed_is_no_hindrance"
            ),
        ),
    ],
    "minigpt/terminal.py": [
        (
            "a character that the terminal lacks is an error",
            'errors="replace"',
            'errors="strict"',
        ),
        (
            "the terminal's own code page",
            'encoding="utf-8", ',
            "",
        ),
        (
            "warnings go to standard output",
            "file=sys.stderr",
            "file=sys.stdout",
        ),
        (
            "warnings do not say whose they are",
            'f"{program}: warning',
            'f"warning',
        ),
        (
            "an error without its file",
            'f"{error.filename} cannot',
            'f"it cannot',
        ),
        (
            "help says default: None",
            "action.default is None or ",
            "",
        ),
        (
            "help says default: False",
            "action.default is False or ",
            "",
        ),
        (
            "fullwidth letters take one column",
            'in ("W", "F")',
            'in ("W",)',
        ),
        (
            "combining marks take a column",
            '("Mn", "Me", "Cf")',
            '("Me", "Cf")',
        ),
        (
            "signs that join take a column",
            '("Mn", "Me", "Cf")',
            '("Mn", "Me")',
        ),
        (
            "padded by characters, not columns",
            "width - display_width(text)",
            "width - len(text)",
        ),
        (
            "closed streams stay closed",
            "if stream is None:",
            "if False:",
        ),
        (
            "a notebook's stream is set",
            'elif hasattr(stream, "reconfigure"):',
            "else:",
        ),
        (
            "input that was read is set",
            "contextlib.suppress(io.UnsupportedOperation)",
            "contextlib.nullcontext()",
        ),
        (
            "colours reach the terminal",
            "return self._stream.write(visible(text))",
            "return self._stream.write(text)",
        ),
        (
            "pipes get another text",
            "    if sys.stdout.isatty():",
            "    if True:",
        ),
        (
            "C1 is no order",
            "\\x7f-\\x9f",
            "\\x7f",
        ),
        (
            "directions of writing are none",
            "\\u202a-\\u202e\\u2066-\\u2069",
            "",
        ),
        (
            "a full log ends the run",
            "with contextlib.suppress(OSError):\n            self.stream.write(text)",
            "if True:\n            self.stream.write(text)",
        ),
        (
            "what waits to be written ends the run",
            "with contextlib.suppress(OSError):\n            self.stream.flush()",
            "if True:\n            self.stream.flush()",
        ),
    ],
    "generate.py": [
        (
            "attention of a text without its format",
            "ids = prompts_ids(tokenizer, prompts, args)\n    for",
            "ids = [tokenizer.encode(prompt) for prompt in prompts]\n    for",
        ),
        (
            "attention of every prompt is that of the first",
            "attention_tables(model, tokenizer, of_prompt,",
            "attention_tables(model, tokenizer, ids[0],",
        ),
        (
            "what fills gaps continues a text",
            "if isinstance(model, GapFiller) and not args.fill and not args.show_attention:",
            "if False:",
        ),
        (
            "what continues texts fills gaps",
            "if args.fill and not isinstance(model, GapFiller):",
            "if False:",
        ),
        (
            "--num-samples not used",
            "for prompt in prompts for _ in range(args.num_samples)",
            "for prompt in prompts",
        ),
        (
            "--seed not used",
            "args.sampling, args.max_new_tokens, args.seed, args.stop)",
            "args.sampling, args.max_new_tokens, None, args.stop)",
        ),
        (
            "--stop not used",
            "args.max_new_tokens, args.seed, args.stop)",
            "args.max_new_tokens, args.seed)",
        ),
        (
            "--max-new-tokens not used",
            "ids, args.sampling, args.max_new_tokens, args.seed",
            "ids, args.sampling, 200, args.seed",
        ),
        (
            "--stride not used",
            "score(runner, ids, args.stride)",
            "score(runner, ids)",
        ),
        (
            "a conversation remembers nothing",
            'turns.append(("assistant", said))',
            "turns = []",
        ),
        (
            "a new conversation remembers the old one",
            "            turns = []\n            print(",
            "            print(",
        ),
        (
            "--hide-prompt is not used",
            "if args.hide_prompt or tuned_format(args):",
            "if tuned_format(args):",
        ),
        (
            "the mark is printed",
            "return prompt.removeprefix(mark)",
            "return prompt",
        ),
        (
            "documents are scored as one text",
            "if beginning.documents == WHOLE_FILES:",
            "if True:",
        ),
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
}
