"""A chapter opens as a notebook, and prints there what its page says (with `minigpt[notebook]`)."""

import importlib.util
import os
import re
import shutil

import pytest

from docs.markdown import CHAPTERS, DOCS, ROOT, agrees, blocks

jupytext = pytest.importorskip("jupytext", reason="pip install 'minigpt[notebook]' brings it")
nbclient = pytest.importorskip("nbclient", reason="pip install 'minigpt[notebook]' brings it")
nbformat = pytest.importorskip("nbformat", reason="pip install 'minigpt[notebook]' brings it")
pytest.importorskip("ipykernel", reason="pip install 'minigpt[notebook]' brings it")
spec = importlib.util.spec_from_file_location("notebook_of_docs", DOCS / "notebook.py")
script = importlib.util.module_from_spec(spec)
spec.loader.exec_module(script)

EXECUTED = ("en/04-the-bigram-model.md", "zh/13-gpt-and-bert.md")


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda page: page.relative_to(DOCS).as_posix())
def test_the_cells_of_a_chapter_are_its_blocks_and_the_rest_is_text(page):
    notebook = script.notebook(page)
    nbformat.validate(notebook)
    first, *cells = code_cells(notebook)
    run = [block for block in blocks(page) if block.not_run is None]
    assert str(ROOT) in first.source and len(cells) == len(run)
    for cell, block in zip(cells, run):
        expected = block.code if block.language == "python" else script.commands(block.code)
        assert cell.source.rstrip() == expected.rstrip()
        assert "".join(output.text for output in cell.outputs) == block.expected
    texts = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert "```text" not in texts and len(re.findall("^#+ ", texts, re.MULTILINE)) > 5


@pytest.mark.parametrize("name", EXECUTED)
def test_a_chapter_runs_as_a_notebook_and_prints_what_its_page_says(name, tmp_path, monkeypatch):
    folder = tmp_path / "project"
    folder.mkdir()
    shutil.copytree(ROOT / "data", folder / "data", ignore=shutil.ignore_patterns("downloads", "__pycache__"))
    for file in ("train.py", "generate.py"):
        shutil.copy(ROOT / file, folder)
    monkeypatch.setenv("PYTHONPATH", str(ROOT) + os.pathsep + os.environ.get("PYTHONPATH", ""))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # as the pages are run
    monkeypatch.setenv("PYTHONUTF8", "1")
    for place in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
        monkeypatch.setenv(place, str(tmp_path / place))  # not the settings and the history of whoever tests
    notebook = script.notebook(DOCS / name, folder)
    first, *cells = code_cells(notebook)
    for cell in cells:
        cell.outputs = []  # what is there afterwards was printed
    elsewhere = {"metadata": {"path": str(tmp_path)}}  # the first cell goes to the folder
    nbclient.NotebookClient(notebook, timeout=300, resources=elsewhere).execute()
    run = [block for block in blocks(DOCS / name) if block.not_run is None]
    assert len(cells) == len(run) and first.execution_count == 1
    for cell, block in zip(cells, run):
        printed = "".join(output.text for output in cell.outputs if output.output_type == "stream")
        if block.language == "sh":  # to a terminal, in which a bar is drawn again and again
            printed = re.split(r"[\r\n]+", re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", printed))
            for line in filter(str.strip, block.expected.splitlines()):
                assert line == "…" or any(agrees(line, one) for one in printed), line
        else:
            assert agrees(block.expected, printed), f"{cell.source}\nprints\n{printed}"
