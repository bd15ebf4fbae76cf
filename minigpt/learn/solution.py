"""A solution of an exercise, and another way to write it."""

from minigpt.learn.exercise import Exercise
from minigpt.learn.language import add_language, choose


def add_arguments(parser):
    parser.add_argument("exercise", help="its name, as `list` shows it")
    add_language(parser)


def run(args):
    exercise = Exercise(args.exercise.replace("-", "_"))
    print(exercise.solution.rstrip("\n"))
    print("\n\n# " + choose(("another way", "另一种写法"), args.lang) + "\n")
    print(exercise.another.rstrip("\n"))
