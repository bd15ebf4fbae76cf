"""The extra [test] brings every package without which a test skips: what is never run proves nothing."""

import re
import sys

import pytest
from scripts import ROOT

WRITTEN_OTHERWISE = {"markdown_it": "markdown-it-py", "rouge_score": "rouge-score"}  # than it is imported
WITHOUT_GPU = ("plot", "mpi", "eval", "download", "notebook")


@pytest.fixture(scope="module")
def extras():
    """From the names of the extras to what they bring: {package: the versions that will do}."""
    project = pytest.importorskip("tomllib").loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    found = {}
    for name, requirements in project["project"]["optional-dependencies"].items():
        parted = (re.match(r"([\w-]+)([^;]*)", requirement) for requirement in requirements)
        found[name] = {one[1]: one[2] for one in parted}
    return found


def test_no_test_skips_for_want_of_a_package_where_the_extra_test_is_installed(extras):
    asked_for = set()
    for path in (ROOT / "tests").rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        asked_for |= set(re.findall(r"(?:importorskip|find_spec)\(\s*\"(\w+)", source))
    asked_for -= set(sys.stdlib_module_names)
    assert {"torch", "jupytext", "ipykernel", "markdown_it"} <= asked_for
    assert {WRITTEN_OTHERWISE.get(name, name) for name in asked_for} <= extras["test"].keys()


@pytest.mark.parametrize("name", WITHOUT_GPU)
def test_the_extra_test_brings_what_the_others_bring_in_the_same_versions(extras, name):
    assert extras[name].items() <= extras["test"].items()


def test_no_extra_is_forgotten(extras):
    assert extras.keys() == {*WITHOUT_GPU, "gpu", "test"}
