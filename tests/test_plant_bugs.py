"""plant_bugs.py takes minutes and is run by hand; that its lines are still there is checked every time."""

import pytest
from plant_bugs import BUGS, ROOT


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: f"{bug.path}: {bug.what}")
def test_the_line_of_every_planted_bug_is_there_exactly_once(bug):
    assert (ROOT / bug.path).read_text(encoding="utf-8").count(bug.original) == 1
    assert bug.planted != bug.original
    for tests in bug.tests.split():
        path, _, test = tests.partition("::")
        assert f"def {test}" in (ROOT / path).read_text(encoding="utf-8")
