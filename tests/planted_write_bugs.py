"""The bugs that plant_bugs.py plants in how files are written, and by whom; see planted_bugs.py."""

PLANTED_IN_WRITES = [
    (
        "tokenizer/files.py",
        "tests/interchange/test_files.py",
        [
            ("the same name aside for everybody", '{path.name}.{os.getpid()}.tmp"', '{path.name}.tmp"'),
            (
                "only errors of the system are cleared away",
                "except BaseException as error:",
                "except OSError as error:",
            ),
            ("what is the same is written again", "    if _holds(path, parts):\n        return\n", ""),
            ("of the same length is the same", "if file.read(len(piece)) != piece:", "if False:"),
            ("the beginning is the whole", " or os.path.getsize(path) != sum(map(len, parts))", ""),
            (
                "what was streamed is renamed though it is the same",
                "if path.is_file() and filecmp.cmp(aside, path, shallow=False):",
                "if False:",
            ),
            ("an error names the file aside", "error.filename = str(path)", "pass"),
        ],
    ),
    (
        "tokenizer/files.py",
        "tests/training/test_state.py",
        [("the folder is not flushed", "    flush_folder(path.parent)\n", "")],
    ),
    (
        "tokenizer/tiktoken_ranks.py",
        "tests/interchange/test_files.py",
        [
            (
                "ranks are written in place",
                'write_atomically(path, b"".join(lines))',
                'open(path, "wb").writelines(lines)',
            )
        ],
    ),
    (
        "minigpt/interchange/files.py",
        "tests/interchange/test_files.py",
        [
            ("files of processes that run are deleted", " and not _is_running(int(aside[1]))", ""),
            (
                "nothing is deleted",
                "                path.unlink()\n\n\ndef _is",
                "                pass\n\n\ndef _is",
            ),
        ],
    ),
    (
        "minigpt/training/lock.py",
        "tests/training/test_lock.py",
        [
            ("the lock is not taken", "fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)", "pass"),
            ("a deleted file is a lock", "        if _is_at(path, descriptor):\n", "        if True:\n"),
            ("another's file is deleted", 'if os.name != "nt" and _is_at(path, descriptor):', "if True:"),
            (
                "the file stays",
                "            path.unlink()\n        os.close",
                "            pass\n        os.close",
            ),
            ("the folder stays", "                folder.rmdir()", "                pass"),
            ("who held it before is still named", "os.ftruncate(descriptor, 0)", "pass"),
            ("no lock is no warning", "            warnings.warn(", "            str("),
            ("escapes are passed on", "if character.isprintable()", "if True"),
        ],
    ),
    (
        "minigpt/training/corpus.py",
        "tests/training/test_corpus.py",
        [
            ("ids are believed", "if manifest and any(", "if False and any("),
            ("a length is enough", "checksum = zlib.crc32(block, checksum)", "pass"),
            (
                "tokens.json is believed",
                "manifest.pop(CHECKSUM, None) != checksum_of_manifest(manifest)",
                "False",
            ),
            ("missing ids end the run", "except (ValueError, FileNotFoundError):", "except ValueError:"),
            ("deep nesting ends the run", "except RecursionError:", "except MemoryError:"),
            ("wrong kinds are taken", 'type(manifest.get("n_validation_bytes")) is not int', "False"),
        ],
    ),
    (
        "minigpt/training/log.py",
        "tests/training/test_log.py",
        [
            ("half a line stays", "os.truncate(self.path, self.n_bytes)", "pass"),
            ("half a line is written on", "file.truncate(self.n_bytes)", "pass"),
            ("a log that was cut ends the saving", "if not self.path.exists() or", "if"),
            (
                "a log that was cut is filled up with noughts",
                " or self.path.stat().st_size < self.n_bytes",
                "",
            ),
        ],
    ),
    (
        "minigpt/training/interrupt.py",
        "tests/test_two_runs.py::test_a_signal_before_the_loop_ends_in_a_sentence_and_leaves_nothing "
        "tests/test_two_runs.py::test_a_signal_that_is_to_be_ignored_is_ignored",
        [
            (
                "a closed terminal kills",
                'NAMES = ("SIGINT", "SIGTERM", "SIGHUP")',
                'NAMES = ("SIGINT", "SIGTERM")',
            ),
            ("what is to be ignored is heard", "if previous[number] != signal.SIG_IGN", "if True"),
            ("any signal is Ctrl-C", 'getattr(interruption, "number", signal.SIGINT)', "signal.SIGINT"),
        ],
    ),
    (
        "minigpt/terminal.py",
        "tests/test_terminal.py",
        [
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
    ),
    (
        "minigpt/tasks/arguments.py",
        "tests/test_two_runs.py::test_fewer_steps_once_are_not_fewer_for_ever "
        "tests/test_two_runs.py::test_a_folder_of_others_cannot_say_where_to_write_nor_set_what_is_no_flag",
        [
            (
                "fewer steps for ever",
                "max(args.max_iters, saved.get(",
                "(lambda a, b: a)(args.max_iters, saved.get(",
            ),
            ("arguments.json says where to write", "        if name not in kept:", "        if False:"),
            ("out is a flag that is kept", ".keys() - set(NOT_SAVED)", ".keys()"),
        ],
    ),
    (
        "train.py",
        "tests/test_two_runs.py::test_fewer_steps_once_are_not_fewer_for_ever "
        "tests/test_two_runs.py::test_a_second_run_is_told_and_changes_nothing_and_one_that_was_killed_is_no_hindrance",
        [
            ("no lock", "with lock_folder(out):", "if True:"),
            ("fewer steps than were done", "if args.max_iters < run.step:", "if False:"),
        ],
    ),
]
