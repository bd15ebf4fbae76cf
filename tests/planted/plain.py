"""Bugs of the model in its plainest form: the mistakes that `python -m minigpt.learn step --bug` shows."""

from minigpt.learn.mistakes import MISTAKES

PLANTED = {
    "minigpt/plain.py": [(mistake.name, mistake.original, mistake.planted) for mistake in MISTAKES],
}
