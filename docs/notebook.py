"""Write a chapter of the course as a Jupyter notebook; the page stays the only source.

    python docs/notebook.py docs/en/04-the-bigram-model.md       writes docs/en/04-the-bigram-model.ipynb

A ```python block becomes a cell, and a ```sh block a cell of `!` lines. What the page says that they print
stands below the cell as its output until you run it. A block that is not run (`<!-- not run: … -->`) is text.
The first cell goes to the project's folder, where the blocks find data/, train.py and the rest.

Needs `pip install "minigpt[notebook]"`; any program that opens .ipynb opens the result.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FENCES = re.compile(
    r"(?P<not_run><!-- *not run:.*?-->\s*)?^```(?P<language>python|sh)\n(?P<code>.*?)^```\n"
    r"(?:\n*^```text\n(?P<printed>.*?)^```\n)?",
    re.MULTILINE | re.DOTALL,
)
FIRST_CELL = """import os
import sys

os.chdir({folder!r})  # the blocks of the course are run from here
# so that !python is the Python of this notebook
os.environ["PATH"] = os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"]"""


def notebook(page, folder=ROOT):
    """The notebook of a page (nbformat's NotebookNode), whose cells are run in `folder`."""
    import jupytext
    from nbformat.v4 import new_code_cell, new_output

    printed = []

    def cell(fence):
        """A block as jupytext's Markdown has it: .noeval keeps it from being a cell."""
        if fence["not_run"]:
            return f"```{fence['language']} .noeval\n{fence['code']}```\n"
        printed.append(fence["printed"])
        code = commands(fence["code"]) if fence["language"] == "sh" else fence["code"]
        return f"```python\n{code}```\n"

    text = FENCES.sub(cell, Path(page).read_text(encoding="utf-8"))
    made = jupytext.reads(text, fmt="md")
    cells = [one for one in made.cells if one.cell_type == "code"]
    if len(cells) != len(printed):
        raise ValueError(
            f"{page} has {len(printed)} blocks that are run, but jupytext makes {len(cells)} cells of it"
        )
    for one, expected in zip(cells, printed):
        if expected:
            one.outputs = [new_output("stream", name="stdout", text=expected)]
    made.cells.insert(0, new_code_cell(FIRST_CELL.format(folder=str(folder))))
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return made


def commands(code):
    """The lines of a block of commands as IPython runs them: each with ! before it, comments as they are."""
    lines = code.replace("\\\n", " ").splitlines()
    return "".join(line + "\n" if not line or line.startswith("#") else f"!{line}\n" for line in lines)


def main():
    import nbformat

    if not sys.argv[1:]:
        print("docs/notebook.py: error: name a page, such as docs/en/04-the-bigram-model.md", file=sys.stderr)
        sys.exit(2)
    for page in map(Path, sys.argv[1:]):
        out = page.with_suffix(".ipynb")
        nbformat.write(notebook(page), out)
        print(out)


if __name__ == "__main__":
    main()
