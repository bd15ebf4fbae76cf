"""Write the file of an exercise, with one function that is yours to write."""

from pathlib import Path

from minigpt.interchange.files import write_atomically
from minigpt.learn.exercise import Exercise
from minigpt.learn.language import add_language, choose
from minigpt.learn.progress import add_folder


def add_arguments(parser):
    parser.add_argument("exercise", help="its name, as `list` shows it")
    add_folder(parser)
    add_language(parser)


def run(args):
    exercise = Exercise(args.exercise.replace("-", "_"))
    path = Path(args.folder) / f"{exercise.name}.py"
    if path.exists():
        raise ValueError(f"{path} is there already, and not written over: move it away to begin anew")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, exercise.start(args.lang).encode("utf-8"))
    then = f"python -m minigpt.learn check {path}"
    print(
        choose(
            (
                f"{path}: write the function {exercise.function}, then: {then}",
                f"{path}：写出函数 {exercise.function}，然后运行 {then}",
            ),
            args.lang,
        )
    )
