"""One more hint for an exercise, each time it is asked for."""

from minigpt.learn.exercise import Exercise
from minigpt.learn.language import add_language, choose
from minigpt.learn.progress import add_folder, read_progress, write_progress


def add_arguments(parser):
    parser.add_argument("exercise", help="its name, as `list` shows it")
    add_folder(parser)
    add_language(parser)


def run(args):
    exercise = Exercise(args.exercise.replace("-", "_"))
    hints = exercise.data.HINTS
    progress = read_progress(args.folder)
    shown = min(progress["hints"].get(exercise.name, 0) + 1, len(hints))
    progress["hints"][exercise.name] = shown
    write_progress(args.folder, progress)
    for number, hint in enumerate(hints[:shown], 1):
        print(f"{number}/{len(hints)}  {choose(hint, args.lang)}")
    if shown == len(hints):
        then = f"python -m minigpt.learn solution {exercise.name}"
        print(
            choose(
                (f"That was the last one. After it: {then}", f"这是最后一条提示。再往后：{then}"), args.lang
            )
        )
