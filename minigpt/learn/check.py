"""Run a file of yours, and say which mistake it is."""

import sys
from pathlib import Path

from minigpt.learn.exercise import Exercise
from minigpt.learn.exercises import ORDER
from minigpt.learn.language import add_language, choose, system_language
from minigpt.learn.process import SECONDS, examine_apart
from minigpt.learn.progress import FOLDER, read_progress, write_progress


def add_arguments(parser):
    parser.add_argument("file", type=Path, help="such as my/layernorm.py; its name says which exercise it is")
    parser.add_argument("--exercise", default=None, metavar="NAME", help="where the file has another name")
    parser.add_argument(
        "--seconds", type=float, default=SECONDS, metavar="S", help="time after which it is stopped"
    )
    add_language(parser)


def run(args):
    lang = args.lang or system_language()
    exercise = Exercise(args.exercise or args.file.stem)
    if not args.file.is_file():
        raise ValueError(
            f"there is no file {args.file}: give the path of yours, as {Path(FOLDER) / exercise.name}.py, "
            f"which `start {exercise.name}` writes"
        )
    right, text = examine_apart(exercise.name, args.file, lang, args.seconds)
    print(text)
    if not right:
        sys.exit(1)
    progress = read_progress(args.file.parent)
    if exercise.name not in progress["done"]:
        progress["done"].append(exercise.name)
        write_progress(args.file.parent, progress)
    left = [name for name in ORDER[ORDER.index(exercise.name) + 1 :] if name not in progress["done"]]
    if left:
        then = f"python -m minigpt.learn start {left[0]}"
        print(choose((f"Next: {then}", f"下一题：{then}"), lang))
