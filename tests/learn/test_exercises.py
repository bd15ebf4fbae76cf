"""Every exercise: empty it fails, solved it passes, and each mistake of its catalogue is named."""

import ast
import copy
import re
from pathlib import Path

import numpy as np
import pytest
from planted import BUGS

from minigpt.learn.diagnose import Outcomes, describe_wrong, fits, named_mistakes
from minigpt.learn.examine import compare_with_differences, examine
from minigpt.learn.exercise import Exercise, chosen, load, named_results
from minigpt.learn.exercises import ORDER
from minigpt.learn.language import LANGUAGES
from minigpt.learn.numbers import TOLERANCE, all_equal

ROOT = Path(__file__).parents[2]
EXERCISES = [Exercise(name) for name in ORDER]
every_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=ORDER)
CHINESE = re.compile("[\u4e00-\u9fff]")


def run(exercise, function, draws):
    """What a function returns on all draws, by name; the solution's parameters say what it gets."""
    solution, results = exercise.variant(), []
    for values, _ in draws:
        with np.errstate(all="ignore"):
            returned = function(**chosen(solution, copy.deepcopy(values)))
        results.append(named_results(exercise.outputs, returned))
    return results


def examine_source(exercise, source, folder, lang="en"):
    path = folder / f"{exercise.name}.py"
    path.write_text(source, encoding="utf-8", newline="\n")
    with np.errstate(all="ignore"):
        return examine(exercise, path, lang)


@every_exercise
def test_empty_it_fails_solved_it_passes_and_solved_in_another_way_too(exercise, tmp_path):
    right, text = examine_source(exercise, exercise.start("en"), tmp_path)
    assert not right and "returns nothing yet" in text
    for source in (exercise.solution, exercise.solution + "\n\n" + exercise.another):
        right, text = examine_source(exercise, source, tmp_path)
        assert right and text.startswith(f"{exercise.name}: right"), text


@every_exercise
def test_a_backward_is_the_derivative_of_its_forward(exercise):
    if hasattr(exercise.data, "GRADIENTS"):
        assert len(exercise.data.GRADIENTS.split()) == len(exercise.outputs)
        draws = exercise.draws()[3:4]
        for (values, _), results in zip(draws, run(exercise, exercise.variant(), draws)):
            for name, error in compare_with_differences(exercise, values, results):
                assert error <= TOLERANCE, name


@every_exercise
def test_its_texts_are_complete_in_both_languages(exercise):
    data = exercise.data
    texts = [data.TITLE, data.TEXT, *data.HINTS, *((m.english, m.chinese) for m in exercise.mistakes)]
    for english, chinese in texts:
        assert english and not CHINESE.search(english.replace("你", "").replace("好", ""))
        assert chinese and (CHINESE.search(chinese) or chinese in ("softmax", "top-k", "top-p"))
    assert len({m.english for m in exercise.mistakes}) == len(exercise.mistakes)
    for mistake in exercise.mistakes:
        assert exercise.solution.count(mistake.right) == 1, mistake.english
        assert 1 <= mistake.hint <= len(data.HINTS), mistake.english


@every_exercise
@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_learners_file_is_short_and_python(exercise, lang):
    source = exercise.start(lang)
    tree = ast.parse(source)
    assert 15 <= len(source.splitlines()) <= 60
    assert bool(CHINESE.search(ast.get_docstring(tree).replace("你", "").replace("好", ""))) == (lang == "zh")
    assert max(map(len, source.splitlines())) <= 110
    if lang == "zh":
        docstrings = [ast.get_docstring(node) for node in tree.body if isinstance(node, ast.FunctionDef)]
        assert not any(
            re.search(r"\b(the|of|each|what|Given|an|array|number|list)\b", re.sub(r"[(].*?[)]", "", d))
            for d in docstrings
        )


@every_exercise
def test_the_confusion_matrix_is_diagonal(exercise):
    """Each mistake's results, held against every mistake's: its own alone fits, and that one is named."""
    draws = exercise.draws()
    expected = run(exercise, exercise.variant(), draws)
    outcomes = Outcomes(exercise, draws)
    matrix = np.zeros((len(exercise.mistakes),) * 2, dtype=bool)
    for i, mistake in enumerate(exercise.mistakes):
        results = run(exercise, exercise.variant(mistake), draws)
        assert not all(map(all_equal, results, expected)), f"no mistake: {mistake.english}"
        matrix[i] = [fits(outcomes, [other], results) for other in exercise.mistakes]
        english = "\n".join(line[0] for line in describe_wrong(outcomes, results, expected))
        assert f"exactly what comes out when {mistake.english}." in english
        assert f"hint {mistake.hint}: {exercise.data.HINTS[mistake.hint - 1][0]}" in english
    assert np.array_equal(matrix, np.eye(len(matrix), dtype=bool)), [
        (exercise.mistakes[i].english, exercise.mistakes[j].english)
        for i, j in np.argwhere(matrix != np.eye(len(matrix), dtype=bool))
    ]


def test_all_files_of_the_room_are_installed_with_it():
    setuptools = pytest.importorskip("tomllib").loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    setuptools = setuptools["tool"]["setuptools"]
    installed = set()
    for package in setuptools["packages"]:
        folder = ROOT / package.replace(".", "/")
        for pattern in ["*.py", *setuptools["package-data"].get(package, [])]:
            installed |= set(folder.glob(pattern))
    files = {path for path in (ROOT / "minigpt" / "learn").rglob("*") if path.is_file()}
    assert {path for path in files if path.suffix != ".pyc"} <= installed


def test_there_are_at_least_24_exercises_and_150_mistakes():
    assert len(ORDER) >= 24 and sum(len(exercise.mistakes) for exercise in EXERCISES) >= 150


def shaken(value, rng):
    """Another result of the same kind: every number moved, or the entries of a list shuffled."""
    if isinstance(value, (np.ndarray, float, np.floating)) and np.asarray(value).dtype.kind == "f":
        return value + rng.normal(size=np.shape(value))
    if isinstance(value, np.ndarray):
        return value + rng.integers(1, 4, size=value.shape)
    return [value[i] for i in rng.permutation(len(value))]


def test_two_hundred_wrong_answers_that_are_none_of_them_are_never_named():
    rng, count = np.random.default_rng(0), 0
    for exercise in EXERCISES:
        draws = exercise.draws()
        expected = run(exercise, exercise.variant(), draws)
        outcomes = Outcomes(exercise, draws)
        for _ in range(6):
            results = [{name: shaken(value, rng) for name, value in of_draw.items()} for of_draw in expected]
            assert named_mistakes(outcomes, results) == []
            lines = [line[0] for line in describe_wrong(outcomes, results, expected)]
            assert not any("exactly what comes out" in line for line in lines)
            assert not any("right result" in line for line in lines), lines
            count += 1
    assert count >= 200


PAIRS = [("layernorm", 1, 13), ("attention", 0, 4), ("linear", 0, 7), ("adamw", 0, 6), ("rnn", 4, 12)]


@pytest.mark.parametrize("name, i, j", PAIRS, ids=[name for name, *_ in PAIRS])
def test_two_mistakes_at_once_are_both_named(name, i, j):
    exercise = Exercise(name)
    pair = [exercise.mistakes[i], exercise.mistakes[j]]
    draws = exercise.draws()
    outcomes = Outcomes(exercise, draws)
    results = run(exercise, exercise.variant(*pair), draws)
    assert named_mistakes(outcomes, results) == pair
    lines = describe_wrong(outcomes, results, run(exercise, exercise.variant(), draws))
    assert any(f"{pair[0].english}, and {pair[1].english}" in english for english, _ in lines)
    assert any("同时犯这两个错误" in chinese for _, chinese in lines)


def planted_in(exercise):
    """(what, wrong source) for the planted bugs that can stand in the function to be written."""
    tree = ast.parse(exercise.solution)
    function = next(n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == exercise.function)
    begin = exercise.solution.index(f"def {exercise.function}(")
    body = ast.get_source_segment(exercise.solution, function)
    end, source = begin + len(body), exercise.solution
    for bug in BUGS:
        fits = bug.path.startswith("minigpt/") and len(bug.original) > 8 and body.count(bug.original) == 1
        if fits:
            wrong = body.replace(bug.original, bug.planted)
            yield bug.what, source[:begin] + wrong + source[end:]


def test_planted_bugs_that_fit_into_an_exercise_are_each_named_as_one_mistake():
    named = set()
    for exercise in EXERCISES:
        draws = exercise.draws()
        expected = run(exercise, exercise.variant(), draws)
        outcomes = Outcomes(exercise, draws)
        for what, source in planted_in(exercise):
            try:
                results = run(exercise, load(source, "<planted>", exercise.function), draws)
            except Exception:  # a name that the exercise does not have
                continue
            if not all(map(all_equal, results, expected)):
                mistakes = named_mistakes(outcomes, results)
                assert len(mistakes) == 1, (exercise.name, what)
                named.add((exercise.name, what))
    assert len(named) >= 30, sorted(named)
