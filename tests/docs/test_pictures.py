"""Every picture of the course has its function, is shown in a page, and is drawn again as it is."""

import importlib.util
import os
import re
import sys

import numpy as np
import pytest

from docs.markdown import DOCS, links

matplotlib = pytest.importorskip("matplotlib")
sys.path.insert(0, str(DOCS / "pictures"))  # data/make.py is a `make` already
spec = importlib.util.spec_from_file_location("make_pictures", DOCS / "pictures" / "make.py")
make = importlib.util.module_from_spec(spec)
spec.loader.exec_module(make)

DRAWINGS = {name: draw for module in make.modules() for name, draw in make.drawings(module)}
FILES = sorted(path.name for path in (DOCS / "pictures").glob("*.svg"))


def test_every_picture_has_its_function_and_every_function_its_picture():
    assert sorted(DRAWINGS) == FILES


def test_every_picture_is_shown():
    shown = {link.rpartition("/")[2] for page in DOCS.rglob("*.md") for link in links(page)}
    assert set(FILES) <= shown


@pytest.mark.parametrize("name", FILES)
def test_a_picture_is_small(name):
    assert (DOCS / "pictures" / name).stat().st_size <= make.LIMIT


def places(svg):
    """All numbers that say where something is drawn."""
    attributes = re.findall(r'\b(?:d|x|y|width|height|transform)="([^"]*)"', svg)
    return np.array([float(number) for text in attributes for number in re.findall(r"-?\d+\.?\d*", text)])


def redrawn():
    """One picture of each chapter; with MINIGPT_TEST_PICTURES set, all but the Chinese twins."""
    if os.environ.get("MINIGPT_TEST_PICTURES"):
        return [name for name in FILES if not name.endswith(".zh.svg")]
    return [next(name for name, _ in make.drawings(module)) for module in make.modules()]


@pytest.mark.parametrize("name", redrawn())
def test_a_picture_is_drawn_again_from_the_code_as_it_is(name):
    there = (DOCS / "pictures" / name).read_text(encoding="utf-8")
    if f"Matplotlib v{matplotlib.__version__}," not in there or not make.CHINESE.exists():
        pytest.skip("another Matplotlib, or other fonts, draw letters and margins otherwise")
    again = places(make.svg(DRAWINGS[name]).decode("utf-8"))
    assert places(there).shape == again.shape
    np.testing.assert_allclose(places(there), again, atol=0.5)  # of a point: another processor's rounding
