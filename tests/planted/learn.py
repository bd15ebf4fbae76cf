"""Bugs of the exercises and of what compares a GPT of one's own."""

PLANTED = {
    "minigpt/learn/sentence.py": [
        (
            "half a surrogate pair stays",
            '.decode("utf-16", "replace")',
            '.decode("utf-16", "surrogatepass")',
        ),
        (
            "parts of a character not numbered",
            "if len(parts) > 1",
            "if len(parts) > 9",
        ),
        (
            "the context is not the limit",
            "min(MOST_TOKENS, block_size)",
            "MOST_TOKENS",
        ),
        (
            "targets not moved",
            "[*ids[1:], IGNORED if end is None else end]",
            "ids",
        ),
    ],
    "minigpt/learn/record.py": [
        (
            "floats rounded",
            "if exact else array",
            "if True else array",
        ),
        (
            "the optimiser forgets its steps",
            "self.of(m, name), self.of(v, name)",
            "{}, {}",
        ),
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
        (
            "past and through swapped",
            '"past": lengths(middle)',
            '"past": lengths(below)',
        ),
    ],
    "minigpt/learn/page.py": [
        (
            "a text may end the script",
            'for character in "<>&',
            'for character in "&',
        ),
    ],
    "minigpt/learn/diagnose.py": [
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
        (
            "relations that differ between sizes are said",
            "if len(keys) != 1 or",
            "if",
        ),
    ],
    "minigpt/learn/numbers.py": [
        (
            "nearly right is right",
            "TOLERANCE = 1e-9",
            "TOLERANCE = 1e-6",
        ),
    ],
    "minigpt/learn/examine.py": [
        (
            "a view is not noticed",
            "if any(np.may_share_memory",
            "if False and any(np.may_share_memory",
        ),
        (
            "a change in place is not noticed",
            "if not unchanged(given[name], before):",
            "if False:",
        ),
        (
            "float32 passes",
            "if dtype != np.float64 and not",
            "if False and not",
        ),
        (
            "the first draw is all that is tried",
            "for values, sizes in self.draws:",
            "for values, sizes in self.draws[:1]:",
        ),
    ],
    "minigpt/learn/process.py": [
        (
            "the loop's line is not asked for",
            "exit=True, file=file)",
            "exit=True)",
        ),
    ],
    "minigpt/learn/names.py": [
        (
            "matrices (out, in) are not turned round",
            "if stores_out_in(found, reference):",
            "if False:",
        ),
        (
            "1/sigma is taken for sigma",
            '"sigma", 1 / array',
            '"sigma", array',
        ),
        (
            "a gradient is taken for its array",
            'before, name = "d.", match[1] or match[2]',
            "name = match[1] or match[2]",
        ),
    ],
    "minigpt/learn/compare.py": [
        (
            "the table is in the order of the alphabet",
            "order = [name for name in reference if",
            "order = [name for name in sorted(reference) if",
        ),
    ],
    "minigpt/learn/reference.py": [
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
        (
            "the weights are not exact in float32",
            'dtype="float32")',
            'dtype="float64")',
        ),
    ],
    "minigpt/learn/__main__.py": [
        (
            "flags may be shortened",
            "formatter_class=Help, allow_abbrev=False\n",
            "formatter_class=Help\n",
        ),
        (
            "flags of a command may be shortened",
            "            allow_abbrev=False,\n",
            "",
        ),
        (
            "a command without a name",
            'dest="command", required=True',
            'dest="command", required=False',
        ),
        (
            "compare is no command",
            "solution, reference, compare)",
            "solution, reference)",
        ),
        (
            "an error ends with 1",
            "        sys.exit(2)",
            "        sys.exit(1)",
        ),
        (
            "a missing file is a traceback",
            "except (ValueError, OSError) as error:",
            "except ValueError as error:",
        ),
        (
            "an error goes to standard output",
            '{sentence(error)}", file=sys.stderr)',
            '{sentence(error)}")',
        ),
        (
            "Ctrl-C is a traceback",
            "except KeyboardInterrupt:",
            "except StopIteration:",
        ),
        (
            "a closed pipe is a traceback",
            "except BrokenPipeError:",
            "except StopIteration:",
        ),
    ],
    "minigpt/learn/check.py": [
        (
            "--exercise is not read",
            "Exercise(args.exercise or args.file.stem)",
            "Exercise(args.file.stem)",
        ),
        (
            "--lang is not read",
            "lang = args.lang or system_language()",
            "lang = system_language()",
        ),
        (
            "--seconds is not read",
            "args.file, lang, args.seconds)",
            "args.file, lang, SECONDS)",
        ),
        (
            "a missing file is examined",
            "if not args.file.is_file():",
            "if False:",
        ),
        (
            "a wrong file ends with 0",
            "        sys.exit(1)",
            "        return",
        ),
        (
            "a wrong file is ticked too",
            "    if not right:",
            "    if False:",
        ),
        (
            "ticked twice",
            'if exercise.name not in progress["done"]:',
            "if True:",
        ),
        (
            "the tick is not written",
            "        write_progress(args.file.parent, progress)\n",
            "",
        ),
        (
            "ticked in the folder above",
            "        write_progress(args.file.parent, progress)",
            "        write_progress(args.file.parent.parent, progress)",
        ),
        (
            "next is the one just done",
            "ORDER[ORDER.index(exercise.name) + 1 :] if",
            "[exercise.name, *ORDER] if True or",
        ),
        (
            "next may be one that is done",
            '+ 1 :] if name not in progress["done"]]',
            "+ 1 :]]",
        ),
    ],
    "minigpt/learn/exercise.py": [
        (
            "two sizes may be equal",
            "if n not in self.named.values()]",
            "]",
        ),
        (
            "square sizes are not equal",
            "max(low, 4) if self.square else",
            "max(low, 4) if False else",
        ),
        (
            "the highest size is never drawn",
            "range(low, high + 1) if",
            "range(low, high) if",
        ),
        (
            "a near name is not asked after",
            "(name in other or other in name)",
            "False",
        ),
        (
            "the body is not left out",
            "lines[function.body[0].end_lineno : function.end_lineno] = [choose(EMPTY, lang)]",
            "lines[function.end_lineno : function.end_lineno] = [choose(EMPTY, lang)]",
        ),
        (
            "English docstrings in the Chinese file",
            "given = given.replace(text[0], choose(text, lang))",
            "given = given.replace(text[0], text[0])",
        ),
        (
            "the Chinese file says Given",
            "given = given.replace(GIVEN[0], choose(GIVEN, lang))",
            "given = given.replace(GIVEN[0], GIVEN[0])",
        ),
        (
            "NumPy is not imported",
            'given = f"{imports}import numpy as np\\n\\n\\n{others}"',
            "pass",
        ),
        (
            "a mistake is planted in each place",
            "if source.count(mistake.right) != 1:",
            "if source.count(mistake.right) < 1:",
        ),
        (
            "the same numbers in every draw",
            "np.random.default_rng([11, shape, numbers])",
            "np.random.default_rng([11, shape])",
        ),
        (
            "draws do not begin where asked",
            "self.draw(first + s, n, square)",
            "self.draw(s, n, square)",
        ),
        (
            "values in the order they were drawn",
            "for name in inspect.signature(function).parameters if name in values",
            "for name in values if name in inspect.signature(function).parameters",
        ),
        (
            "a dict is one result",
            "if isinstance(value, dict):",
            "if False:",
        ),
        (
            "too many results pass",
            "or len(returned) != len(outputs)",
            "or len(returned) < len(outputs)",
        ),
    ],
    "minigpt/learn/hint.py": [
        (
            "a hyphen in the name is unknown",
            '.replace("-", "_")',
            "",
        ),
        (
            "the same hint again",
            "get(exercise.name, 0) + 1, len(hints))",
            "get(exercise.name, 1), len(hints))",
        ),
        (
            "a hint more than there is",
            'min(progress["hints"].get(exercise.name, 0) + 1, len(hints))',
            'progress["hints"].get(exercise.name, 0) + 1',
        ),
        (
            "how many were shown is forgotten",
            "    write_progress(args.folder, progress)\n",
            "",
        ),
        (
            "only the newest is shown",
            "enumerate(hints[:shown], 1)",
            "enumerate(hints[shown - 1 : shown], 1)",
        ),
        (
            "numbered from 0",
            "enumerate(hints[:shown], 1)",
            "enumerate(hints[:shown])",
        ),
        (
            "the last is said at the first",
            "if shown == len(hints):",
            "if shown:",
        ),
        (
            "hints in the system's language",
            "choose(hint, args.lang)",
            "choose(hint)",
        ),
    ],
    "minigpt/learn/language.py": [
        (
            "LANG before LC_ALL",
            '("LC_ALL", "LC_MESSAGES", "LANG")',
            '("LANG", "LC_MESSAGES", "LC_ALL")',
        ),
        (
            "LC_MESSAGES is not asked",
            '("LC_ALL", "LC_MESSAGES", "LANG")',
            '("LC_ALL", "LANG")',
        ),
        (
            "an empty variable is English",
            "if os.environ.get(variable):",
            "if variable in os.environ:",
        ),
        (
            "Taiwan reads English",
            'startswith("zh") else',
            'startswith("zh_cn") else',
        ),
        (
            "Windows speaks no Chinese",
            'name.startswith(("zh", "chinese"))',
            'name.startswith("zh")',
        ),
        (
            "no locale is an error",
            '(locale.getlocale()[0] or "")',
            "locale.getlocale()[0]",
        ),
        (
            "the language asked for is not read",
            "lang or system_language()",
            "system_language()",
        ),
        (
            "Chinese is no choice",
            "choices=LANGUAGES",
            "choices=LANGUAGES[:1]",
        ),
    ],
    "minigpt/learn/list.py": [
        (
            "numbered from 0",
            "enumerate(ORDER, 1)",
            "enumerate(ORDER)",
        ),
        (
            "all are ticked",
            '"✓" if name in done else " "',
            '"✓" if done else " "',
        ),
        (
            "what is no exercise counts as done",
            "n = len([name for name in ORDER if name in done])",
            "n = len(done)",
        ),
        (
            "titles in the system's language",
            "TITLE, args.lang)}",
            "TITLE)}",
        ),
        (
            "another folder is read",
            "read_progress(args.folder)",
            'read_progress("my")',
        ),
        (
            "in the order of the alphabet",
            "enumerate(ORDER, 1)",
            "enumerate(sorted(ORDER), 1)",
        ),
    ],
    "minigpt/learn/mistakes.py": [
        (
            "mistakes of the forward are known to --bug",
            "if mistake.part == BACKWARD]",
            "if mistake.part != UPDATE]",
        ),
        (
            "a mistake is not planted",
            ".replace(mistake.original, mistake.planted)",
            ".replace(mistake.original, mistake.original)",
        ),
        (
            "the real plain.py is changed",
            'module = types.ModuleType("plain_with_a_mistake")',
            "module = plain",
        ),
        (
            "a part is taken before the whole name",
            "found = exact or [",
            "found = [",
        ),
        (
            "the Chinese name is unknown",
            "_spelled_out(text) for text in (mistake.name, mistake.zh)",
            "_spelled_out(text) for text in (mistake.name,)",
        ),
        (
            "the whole Chinese name is no exact one",
            "map(_spelled_out, (mistake.name, mistake.zh))]",
            "map(_spelled_out, (mistake.name,))]",
        ),
        (
            "of two the first is taken",
            "if len(found) == 1:",
            "if found:",
        ),
        (
            "capitals count",
            'unicodedata.normalize("NFKC", text).casefold()',
            'unicodedata.normalize("NFKC", text)',
        ),
        (
            "nothing is everything",
            "if wanted and any(wanted in",
            "if any(wanted in",
        ),
        (
            "Greek letters are not spelled out",
            "greek[1].lower() if greek else character",
            "character",
        ),
        (
            "full-width letters are others",
            'unicodedata.normalize("NFKC", text)',
            "text",
        ),
        (
            "sqrt is not √",
            '.replace("√", "sqrt")',
            "",
        ),
    ],
    "minigpt/learn/progress.py": [
        (
            "a fixed folder",
            "path = Path(folder) / FILE",
            "path = Path(FOLDER) / FILE",
        ),
        (
            "damaged ticks pass",
            "if not isinstance(done, list) or",
            "if",
        ),
        (
            "damaged hints pass",
            " or not isinstance(hints, dict):",
            ":",
        ),
        (
            "hints are forgotten",
            '{"done": done, "hints": hints}',
            '{"done": done, "hints": {}}',
        ),
        (
            "a folder that is missing is an error",
            "    Path(folder).mkdir(parents=True, exist_ok=True)\n",
            "",
        ),
        (
            "a folder in a missing folder is an error",
            "mkdir(parents=True, exist_ok=True)",
            "mkdir(exist_ok=True)",
        ),
        (
            "--folder has another default",
            "default=FOLDER",
            'default="."',
        ),
        (
            "no file is an error",
            "if path.is_file() else {}",
            "if True else {}",
        ),
    ],
    "minigpt/learn/sites.py": [
        (
            "the gradient after clipping is given to clip",
            '{key[8:]: r["d." + key[8:]]',
            "{key[8:]: r[key]",
        ),
        (
            "AdamW has the gradient before clipping",
            '"g": r["clipped." + param]',
            '"g": r["d." + param]',
        ),
        (
            "AdamW's second step",
            '"t": 1}',
            '"t": 2}',
        ),
        (
            "β₁ and β₂ swapped",
            '{"beta1": beta1, "beta2": beta2}',
            '{"beta1": beta2, "beta2": beta1}',
        ),
        (
            "a mask of the forward is not named",
            '        if name == "attn.S_masked":',
            '        if name == "attn.S_mask":',
        ),
        (
            "dweight and dbias swapped",
            '{"weight": "dweight", "bias": "dbias"}',
            '{"weight": "dbias", "bias": "dweight"}',
        ),
        (
            "the first weight has the wrong input",
            '"attn.c_attn": "ln_1"',
            '"attn.c_attn": "ln_2"',
        ),
        (
            "q's gradient with the P of before the softmax",
            '"P": joined(r[f"{h}attn.P"])',
            '"P": joined(r[f"{h}attn.S"])',
        ),
        (
            "GELU of its output",
            '{"dy": r[f"d.{h}mlp.gelu"], "x": r[f"{h}mlp.c_fc"]}',
            '{"dy": r[f"d.{h}mlp.gelu"], "x": r[f"{h}mlp.gelu"]}',
        ),
        (
            "the table without the last row",
            '"V": len(r["wte.weight"])',
            '"V": len(r["wte.weight"]) - 1',
        ),
        (
            "positions of the token's gradient",
            '{"dout": r["d.x"]',
            '{"dout": r["d.ln_f"]',
        ),
        (
            "another size is compared all the same",
            "if np.size(actual) != np.size(right):",
            "if False:",
        ),
        (
            "LayerNorm's parts are not known",
            "(\\.weight|\\.bias|\\.mean|\\.var|\\.sigma)",
            "(\\.weight|\\.bias)",
        ),
        (
            "LayerNorm's dγ of dn",
            '{"dy": r[f"d.{layer}"], "n": n',
            '{"dy": r[f"d.{layer}.n"], "n": n',
        ),
    ],
    "minigpt/learn/solution.py": [
        (
            "a hyphen in the name is unknown",
            '.replace("-", "_")',
            "",
        ),
        (
            "the solution twice",
            "print(exercise.another.rstrip",
            "print(exercise.solution.rstrip",
        ),
        (
            "--lang is not read",
            '("another way", "另一种写法"), args.lang)',
            '("another way", "另一种写法"))',
        ),
        (
            "no heading between the two",
            'print("\\n\\n# " + ',
            'print("\\n\\n" + ',
        ),
    ],
    "minigpt/learn/source.py": [
        (
            "lines count from 0",
            "found = [n for n in range(span[0], span[1] + 1) if lines[n - 1]",
            "found = [n - 1 for n in range(span[0], span[1] + 1) if lines[n - 1]",
        ),
        (
            "the last line of a function is not looked at",
            "for n in range(span[0], span[1] + 1) if",
            "for n in range(span[0], span[1]) if",
        ),
        (
            "of two lines the first is taken",
            "if len(found) != 1:",
            "if not found:",
        ),
        (
            "a piece is its first line",
            "find(lines, functions[function], last)]",
            "find(lines, functions[function], first)]",
        ),
        (
            "what is added to is not made",
            'r" \\+?= "',
            'r" = "',
        ),
        (
            "a comment makes arrays",
            '.split("  #")[0])',
            ")",
        ),
        (
            "arrays that are read are made",
            "*assigned, _ = re.split",
            "assigned = re.split",
        ),
        (
            "one line alone makes an array",
            'made.setdefault("" if name == "a" else name, []).append(n)',
            'made["" if name == "a" else name] = [n]',
        ),
        (
            "m and v are made nowhere",
            "|\\b(\\w+)\\[name\\]')",
            "|\\b(\\w+)\\[nam\\]')",
        ),
    ],
    "minigpt/learn/start.py": [
        (
            "a hyphen in the name is unknown",
            '.replace("-", "_")',
            "",
        ),
        (
            "the learner's work is written over",
            "if path.exists():",
            "if False:",
        ),
        (
            "--folder is not read",
            "Path(args.folder) /",
            'Path("my") /',
        ),
        (
            "--lang is not read",
            "exercise.start(args.lang)",
            "exercise.start(None)",
        ),
        (
            "a missing folder is an error",
            "    path.parent.mkdir(parents=True, exist_ok=True)\n",
            "",
        ),
        (
            "what is said is in the system's language",
            "            args.lang,\n",
            "",
        ),
        (
            "another file is named",
            "minigpt.learn check {path}",
            "minigpt.learn check {path.name}",
        ),
    ],
    "minigpt/learn/step.py": [
        (
            "--out is not read",
            "write_atomically(args.out, html",
            'write_atomically("one-step.html", html',
        ),
        (
            "--lang is not read",
            "args.layers, mistake, args.lang)",
            "args.layers, mistake)",
        ),
        (
            "--layers is not read",
            "args.sentence, args.checkpoint, args.layers, mistake",
            "args.sentence, args.checkpoint, None, mistake",
        ),
        (
            "--bug is not read",
            "find_mistake(args.bug) if args.bug else None",
            "None",
        ),
        (
            "--open is not read",
            "if args.open and not",
            "if False and not",
        ),
        (
            "opened though nobody asked",
            "if args.open and not webbrowser",
            "if not webbrowser",
        ),
        (
            "no browser is no word",
            "and not webbrowser.open(Path(args.out).resolve().as_uri())",
            "and webbrowser.open(Path(args.out).resolve().as_uri()) is None",
        ),
        (
            "an empty sentence passes",
            'if text == "":',
            "if False:",
        ),
        (
            "the model in out is passed over",
            'if checkpoint is None and (Path(DEFAULT_CHECKPOINT) / "config.json").is_file():',
            "if False:",
        ),
        (
            "the checkpoint named is not read",
            "model = load_model(checkpoint)",
            "model = load_model(DEFAULT_CHECKPOINT)",
        ),
        (
            "any model passes",
            "if not isinstance(model, GPT):",
            "if False:",
        ),
        (
            "a checkpoint's step at the tiny model's rate",
            "moments = (model.params, {}, {}, 1, LEARNING_RATE)",
            "moments = (model.params, {}, {}, 1, tiny.LEARNING_RATE)",
        ),
        (
            "the tiny model's step is one of before",
            "tiny.STEPS + 1, tiny.LEARNING_RATE",
            "tiny.STEPS, tiny.LEARNING_RATE",
        ),
        (
            "a trained tiny model is called the model",
            "language, trained=True)",
            "language)",
        ),
        (
            "what is left out is not said",
            'if not content["whole"]:',
            "if False:",
        ),
        (
            "notes on the sentence are not said",
            '    lines += [note for note, _ in content["sentence"]["notes"]]\n',
            "",
        ),
        (
            "1 tokens",
            '("s" if config["T"] > 1 else "")',
            '"s"',
        ),
        (
            "megabytes of characters",
            "len(html.encode('utf-8')) / 1e6",
            "len(html) / 1e9",
        ),
        (
            "the page opens in English",
            'language or ("zh" if tiny.is_chinese(text) else "en")',
            'language or "en"',
        ),
        (
            "layers are separated by blanks",
            'text.split(",")',
            "text.split()",
        ),
    ],
    "minigpt/learn/tiny.py": [
        (
            "the last Chinese characters are none",
            '("\\u3400", "\\u9fff")',
            '("\\u3400", "\\u4dff")',
        ),
        (
            "rare Chinese characters are none",
            '("\\u3400", "\\u9fff")',
            '("\\u4e00", "\\u9fff")',
        ),
        (
            "one Chinese character is too few",
            "return any(CHINESE[0]",
            "return all(CHINESE[0]",
        ),
        (
            "English lines for a Chinese sentence",
            '"tiny_zh.txt" if is_chinese(sentence)',
            '"tiny_zh.txt" if False',
        ),
        (
            "the sentence is not learned",
            ".splitlines(), sentence]",
            ".splitlines()]",
        ),
        (
            "other weights each time",
            "GPT(config, seed=1,",
            "GPT(config, seed=None,",
        ),
        (
            "lines run into one another",
            "*tokenizer.encode_ordinary(line), tokenizer.eot_token]",
            "*tokenizer.encode_ordinary(line)]",
        ),
        (
            "every step has the same batch",
            "default_rng([0, step])",
            "default_rng([0, 0])",
        ),
        (
            "targets are the tokens themselves",
            "yield windows[:, :-1], windows[:, 1:]",
            "yield windows[:, :-1], windows[:, :-1]",
        ),
        (
            "gradients are not clipped",
            "grads, _ = plain.clip(params, d, MAX_NORM)",
            "grads = d",
        ),
        (
            "steps count from 0",
            "start=1\n    ):",
            "start=0\n    ):",
        ),
        (
            "m and v begin anew at each step",
            "plain.adamw(params, grads, m, v, t,",
            "plain.adamw(params, grads, {}, {}, t,",
        ),
        (
            "another backward is not used",
            "d = backward(params, a,",
            "d = plain.backward(params, a,",
        ),
        (
            "no steps are all steps",
            "STEPS if steps is None else steps",
            "steps or STEPS",
        ),
    ],
}
