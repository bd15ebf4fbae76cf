"""A chapter opens as a notebook, and prints there what its page says (with `minigpt[notebook]` alone)."""

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
    shutil.copytree(
        ROOT / "data", tmp_path / "data", ignore=shutil.ignore_patterns("downloads", "__pycache__")
    )
    for file in ("train.py", "generate.py"):
        shutil.copy(ROOT / file, tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT) + os.pathsep + os.environ.get("PYTHONPATH", ""))
    notebook = script.notebook(DOCS / name, tmp_path)
    expected = ["".join(output.text for output in cell.outputs) for cell in code_cells(notebook)]
    nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    for cell, text in zip(code_cells(notebook), expected):
        printed = "".join(output.text for output in cell.outputs if output.output_type == "stream")
        if cell.source.startswith("!"):  # to a terminal, in which a bar is drawn again and again
            printed = re.split(r"[\r\n]+", re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", printed))
            for line in filter(str.strip, text.splitlines()):
                assert line == "…" or any(agrees(line, one) for one in printed), line
        else:
            assert agrees(text, printed), f"{cell.source}\nprints\n{printed}"
