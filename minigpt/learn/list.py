"""The exercises in the order of the course, done ones ticked."""

from minigpt.learn.exercise import Exercise
from minigpt.learn.exercises import ORDER
from minigpt.learn.language import add_language, choose
from minigpt.learn.progress import add_folder, read_progress
from minigpt.terminal import pad


def add_arguments(parser):
    add_folder(parser)
    add_language(parser)


def run(args):
    done = read_progress(args.folder)["done"]
    for number, name in enumerate(ORDER, 1):
        tick = "✓" if name in done else " "
        print(f"{tick} {number:>2}  {pad(name, 20)} {choose(Exercise(name).data.TITLE, args.lang)}")
    n = len([name for name in ORDER if name in done])
    print(choose((f"{n} of {len(ORDER)} done", f"已完成 {n} / {len(ORDER)}"), args.lang))
