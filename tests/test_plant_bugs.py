"""plant_bugs.py takes minutes and runs once a week; that its lines are still there is checked every time."""

import pytest
from import_graph import ROOT, nearest_tests, source_files
from plant_bugs import attempts
from planted import ASKED_FIRST, BUGS, NOTHING_TO_PLANT

# An exercise is a catalogue of mistakes itself, every one of which tests/learn/test_exercises.py makes.
ELSEWHERE = ("tests/", "minigpt/learn/exercises/")
SOURCES = [path for path in source_files() if not path.startswith(ELSEWHERE)]


@pytest.mark.parametrize("path", SOURCES)
def test_the_line_of_every_planted_bug_is_there_exactly_once(path):
    source = (ROOT / path).read_text(encoding="utf-8")
    bugs = [bug for bug in BUGS if bug.path == path]
    for bug in bugs:
        assert source.count(bug.original) == 1, f"{bug.what}: {bug.original}"
        assert bug.planted != bug.original, bug.what
        compile(source.replace(bug.original, bug.planted), path, "exec")
        for tests in bug.tests.split():
            file, _, test = tests.partition("::")
            assert f"def {test}" in (ROOT / file).read_text(encoding="utf-8")
    whats = [bug.what for bug in bugs]
    assert sorted(whats) == sorted(set(whats)), "two bugs of a file have two names"
    assert bool(bugs) != (path in NOTHING_TO_PLANT), "a file has bugs, or a reason"


def test_every_bug_is_of_a_file_that_is_there():
    assert {bug.path for bug in BUGS} | NOTHING_TO_PLANT.keys() == set(SOURCES)


def test_a_test_imports_what_it_names_directly_through_others_and_as_a_program():
    assert nearest_tests("minigpt/layers/gelu.py")["tests/layers/test_gelu.py"] == 0, "the test of that name"
    assert nearest_tests("minigpt/model.py")["tests/generation/test_loop.py"] >= 1
    assert nearest_tests("train.py")["tests/training/test_resume.py"] == 1, "which runs it as a process"
    assert "tests/training/test_resume.py" in nearest_tests("minigpt/tasks/pretrain.py")
    assert "tests/layers/test_gelu.py" not in nearest_tests("minigpt/model.py")
    assert "tests/test_house.py" not in nearest_tests("minigpt/model.py")


@pytest.mark.parametrize("path", ASKED_FIRST)
def test_what_is_asked_first_imports_the_file(path):
    assert set(ASKED_FIRST[path]) <= nearest_tests(path).keys()


def test_the_nearest_tests_are_asked_first_and_without_pytorch_before_with_it():
    bug = next(bug for bug in BUGS if bug.path == "minigpt/layers/linear.py")
    asked = list(attempts(bug))
    assert [with_torch for _, with_torch in asked] == [False, True] * 3
    named, named_with_torch, near, _, far, _ = (tests for tests, _ in asked)
    assert named == named_with_torch == {"tests/layers/test_linear.py": 0}
    assert set(near.values()) == {1} and min(far.values()) == 2
    assert named | near | far == nearest_tests(bug.path)
