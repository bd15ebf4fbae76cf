"""Who may import whom: every file stands on a floor, and imports point down only."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FLOORS = [  # from the ground up; a package's name stands for the files in it
    {"backend", "cores", "gradcheck", "terminal"},
    {"layers", "plain", "optim", "interchange"},
    {"language_model", "muon"},
    {"model", "bigram", "rnn"},
    {"training", "generation"},
    {"finetuning", "filling"},
    {"loading"},
    {"tasks", "learn", "__init__"},
]
SOURCES = sorted((ROOT / "minigpt").rglob("*.py"))
NAMES = {path: ".".join(path.relative_to(ROOT).with_suffix("").parts) for path in SOURCES}


def imported_modules(path):
    """The names of all modules that a file imports, wherever in it the import stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports here name the whole path"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def floor(module):
    """The number of the floor on which a module minigpt.… stands; the package itself is on the highest."""
    _, room, *_ = [*module.split("."), "__init__"]
    numbers = [number for number, rooms in enumerate(FLOORS) if room in rooms]
    assert len(numbers) == 1, f"{module} stands on {len(numbers)} floors: give its room one in FLOORS"
    return numbers[0]


@pytest.mark.parametrize("path", SOURCES, ids=NAMES.get)
def test_imports_point_down(path):
    for module in imported_modules(path):
        if module in NAMES.values() or module == "minigpt":
            same_room = module.split(".")[1:2] == NAMES[path].split(".")[1:2]
            assert same_room or floor(module) < floor(NAMES[path]), f"{NAMES[path]} imports {module}"


def test_no_two_files_import_each_other_in_a_circle():
    graph = {name: set(imported_modules(path)) & set(NAMES.values()) for path, name in NAMES.items()}
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


@pytest.mark.parametrize("path", sorted((ROOT / "tokenizer").glob("*.py")), ids=lambda path: path.name)
def test_the_tokenizer_stands_alone(path):
    assert not [module for module in imported_modules(path) if module.split(".")[0] == "minigpt"]


def test_every_room_says_what_lives_in_it():
    for path in SOURCES:
        if path.name == "__init__.py":
            assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), path
