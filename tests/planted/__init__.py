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
    filling,
    finetuning,
    generation,
    gradcheck,
    interchange,
    layers,
    learn,
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
    filling,
    finetuning,
    tasks,
    gradcheck,
    learn,
    tokenizer,
    scripts,
)
BUGS = [Bug(path, *bug) for room in ROOMS for path, bugs in room.PLANTED.items() for bug in bugs]

ASKED_FIRST = {  # beside the test of a file's name: the tests that are about it, though others are nearer
    "train.py": ("tests/test_train_flags.py", "tests/test_train_best.py", "tests/test_train_cli.py"),
    "generate.py": ("tests/test_generate_flags.py", "tests/test_generate_cli.py"),
    "minigpt/tasks/generate_flags.py": ("tests/test_generate_flags.py", "tests/test_generate_cli.py"),
    "minigpt/tasks/start.py": ("tests/test_train_flags.py", "tests/tasks/test_wiring.py"),
    "minigpt/tasks/pretrain.py": ("tests/test_train_flags.py", "tests/test_train_cli.py"),
    "minigpt/tasks/classify.py": ("tests/tasks/test_wiring.py", "tests/test_train_flags.py"),
    "minigpt/tasks/instruct.py": ("tests/tasks/test_wiring.py",),
    "minigpt/tasks/chat.py": ("tests/tasks/test_wiring.py",),
    "minigpt/tasks/prefer.py": ("tests/tasks/test_wiring.py",),
    "minigpt/tasks/flag_types.py": ("tests/test_train_values.py", "tests/tasks/test_arguments.py"),
    "minigpt/tasks/saved_flags.py": ("tests/test_train_values.py",),
    **{
        f"minigpt/learn/{name}.py": ("tests/learn/test_command_line.py",)
        for name in ("__main__", "check", "hint", "language", "list", "progress", "solution", "start")
    },
    "minigpt/learn/source.py": ("tests/learn/test_record.py",),
    "minigpt/finetuning/lora_layers.py": ("tests/finetuning/test_lora.py",),
    "minigpt/generation/step.py": ("tests/generation/test_reading.py", "tests/generation/test_loop.py"),
    "minigpt/generation/windows.py": ("tests/generation/test_loop.py",),
    "minigpt/layers/attention.py": ("tests/test_model.py",),
    "tokenizer/base.py": ("tests/tokenizer/test_tokenizer_interface.py",),
    "tokenizer/huggingface.py": (
        "tests/tokenizer/test_tokenizer_files.py",
        "tests/tokenizer/test_tokenizers_of_others.py",
    ),
    "tokenizer/neighbours.py": ("tests/tokenizer/test_tokenizers_of_others.py",),
    "tokenizer/bpe_long_words.py": ("tests/tokenizer/test_bpe_trainer.py",),
    "tokenizer/__main__.py": (
        "tests/tokenizer/test_tokenizer_command_line.py",
        "tests/tokenizer/test_command_line_flags.py",
    ),
}

NOTHING_TO_PLANT = {  # source files without a bug, and why
    "minigpt/__init__.py": "imports",
    "minigpt/filling/__init__.py": "a docstring",
    "minigpt/finetuning/__init__.py": "a docstring",
    "minigpt/finetuning/objective.py": "passes two attributes on",
    "minigpt/generation/__init__.py": "a docstring",
    "minigpt/gradcheck/__init__.py": "imports",
    "minigpt/interchange/__init__.py": "a docstring",
    "minigpt/layers/__init__.py": "imports",
    "minigpt/learn/__init__.py": "a docstring",
    "minigpt/training/__init__.py": "a docstring",
    "tokenizer/__init__.py": "imports",
}
