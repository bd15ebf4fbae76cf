"""Which tests import a file, and over how many others: read from the source, nothing is run.

A test that names a program of scripts.py imports it too. What a package passes on (from minigpt import GPT)
leads to the file that it comes from, not to all that the package imports.
"""

import ast
from collections import deque
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROGRAMS = {
    "scripts.TRAIN": "train",
    "scripts.GENERATE": "generate",
    "scripts.TOKENIZER": "tokenizer.__main__",
}


def source_files():
    """All files that can be imported here, relative to the root: the project's and the tests'."""
    folders = [path for name in ("minigpt", "tokenizer", "tests") for path in (ROOT / name).rglob("*.py")]
    return sorted(path.relative_to(ROOT).as_posix() for path in [*folders, *ROOT.glob("*.py")])


@cache
def modules():
    """From the names under which files are imported to the files."""
    names = {}
    for path in source_files():
        parts = Path(path).with_suffix("").parts
        if parts[0] == "tests":  # pytest puts every folder of tests on the path
            names[parts[-1]] = path
        else:
            names[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return names


@cache
def imported_names(path):
    """The pairs (module, name or None) that a file imports, wherever in it the import stands."""
    pairs = []
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            pairs += [(alias.name, None) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            pairs += [(node.module, alias.name) for alias in node.names]
    return pairs


@cache
def imports(path):
    """The files that a file imports directly."""
    found = set()
    for module, name in imported_names(path):
        whole = f"{module}.{name}"
        whole = PROGRAMS.get(whole, whole)
        if whole in modules():
            found.add(modules()[whole])
        file = modules().get(module)
        if file and file.endswith("__init__.py"):
            sources = [source for source, passed_on in imported_names(file) if passed_on == name]
            found.update(modules()[source] for source in sources if source in modules())
            if sources or whole in modules():
                continue
        if file:
            found.add(file)
    if path.startswith("tests/"):
        conftests = (f"{folder.as_posix()}/conftest.py" for folder in Path(path).parents)
        found.update(conftest for conftest in conftests if (ROOT / conftest).is_file())
    return found - {path}


@cache
def distances(path):
    """From every file that a file imports, directly or through others, to the number of steps there."""
    steps, waiting = {path: 0}, deque([path])
    while waiting:
        here = waiting.popleft()
        for there in imports(here):
            if there not in steps:
                steps[there] = steps[here] + 1
                waiting.append(there)
    return steps


def nearest_tests(path):
    """The tests that import a file: a dict to their distance, 0 for tests of that name."""
    found = {}
    for test in source_files():
        if Path(test).name.startswith("test_") and path in distances(test):
            named_after = f"{Path(test).stem}_".startswith(f"test_{Path(path).stem}_")
            found[test] = 0 if named_after else distances(test)[path]
    return found


def mentions(test, words):
    """Whether one of the words stands in a test, or in what it imports of the tests."""
    files = [path for path in distances(test) if path.startswith("tests/")]
    return any(word in (ROOT / path).read_text(encoding="utf-8") for path in files for word in words)
