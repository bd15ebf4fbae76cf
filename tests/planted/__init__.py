"""The bugs that plant_bugs.py plants: one place each, by the rooms of the house.

Some were seen in published code: of the transformers written in NumPy that people learn from, the greater
part has one of these, and trains nevertheless. Others are slips of wiring that any hand makes: a wrong split,
two arguments swapped, a flag that nobody reads. A change of speed or memory alone is no bug and stands here
nowhere.

In the file of a room, PLANTED is a dict from a source file to its bugs, each of them

    (what is wrong, the right code, found exactly once in the file, the wrong code)

plant_bugs.py chooses the tests that must notice, those that import the file. Where the right one is far away,
its path may stand as a fourth entry, and then it alone is asked.
"""

from typing import NamedTuple

from planted import (
    finetuning,
    generation,
    gradcheck,
    interchange,
    layers,
    model,
    plain,
    scripts,
    tasks,
    tokenizer,
    training,
)


class Bug(NamedTuple):
    path: str
    what: str
    original: str  # must occur exactly once in the file
    planted: str
    tests: str = ""  # files, or path::name, with blanks between them; as a rule plant_bugs.py chooses


ROOMS = (
    layers,
    model,
    plain,
    training,
    generation,
    interchange,
    finetuning,
    tasks,
    gradcheck,
    tokenizer,
    scripts,
)
BUGS = [Bug(path, *bug) for room in ROOMS for path, bugs in room.PLANTED.items() for bug in bugs]

NOTHING_TO_PLANT = {  # source files without a bug, and why
    "minigpt/__init__.py": "imports",
    "minigpt/finetuning/__init__.py": "a docstring",
    "minigpt/finetuning/objective.py": "passes two attributes on",
    "minigpt/generation/__init__.py": "a docstring",
    "minigpt/gradcheck/__init__.py": "imports",
    "minigpt/interchange/__init__.py": "a docstring",
    "minigpt/layers/__init__.py": "imports",
    "minigpt/training/__init__.py": "a docstring",
    "tokenizer/__init__.py": "imports",
}
