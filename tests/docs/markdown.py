"""What stands in a page of the course: its blocks of code with what they print, its links, its headings.

A block of Python or of commands (```python, ```sh) is followed by what it prints in a ```text block, or
prints nothing. A comment `<!-- not run: the reason -->` on the line before a block keeps it from being run;
`<!-- scaled down: flags; the reason -->` adds flags to each of its commands of train.py, to make them short.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
CHAPTERS = sorted(DOCS.glob("en/[0-9]*.md")) + sorted(DOCS.glob("zh/[0-9]*.md"))
READMES = [ROOT / "README.md", ROOT / "README.zh.md"]
NOT_RUN = re.compile(r"<!--\s*not run:\s*(.*?)\s*-->", re.DOTALL)
SCALED_DOWN = re.compile(r"<!--\s*scaled down:\s*(.*?)\s*;\s*(.*?)\s*-->", re.DOTALL)


@dataclass
class Block:
    """A block that is run: its language and code, its lines in the page, and what it is said to print."""

    language: str  # python or sh
    code: str
    line: int  # of the page, from 1, on which the code begins
    end: int  # lines of the page up to the fence that closes the code
    expected: str = ""
    expected_lines: tuple[int, int] | None = None  # of the ```text block with its fences, from 0
    not_run: str | None = None
    scaled_down: str = ""  # flags for its commands of train.py


def parsed(page):
    return MarkdownIt("commonmark").enable("table").parse(Path(page).read_text(encoding="utf-8"))


def blocks(page):
    """The blocks of a page in their order."""
    found, before = [], None
    for token in parsed(page):
        if token.level:  # a fence inside a list or a quotation is an illustration
            continue
        if token.type == "fence" and token.info.strip() in ("python", "sh"):
            comment = before.content if before and before.type == "html_block" else ""
            skipped, scaled = NOT_RUN.search(comment), SCALED_DOWN.search(comment)
            start, end = token.map
            found.append(Block(token.info.strip(), token.content, start + 2, end))
            found[-1].not_run = skipped and skipped[1]
            found[-1].scaled_down = scaled[1] if scaled else ""
        elif token.type == "fence" and token.info.strip() == "text" and before and before.type == "fence":
            if found and before.map[1] == found[-1].end:
                found[-1].expected, found[-1].expected_lines = token.content, tuple(token.map)
        before = token
    return found


def agrees(expected, printed):
    """Whether what was printed is what the page says; … is anything in a line, alone any lines."""
    pattern = "".join(
        r"(?:.*\n)*?" if line == "…" else r".*?".join(map(re.escape, line.split("…"))) + r"\n"
        for line in map(str.rstrip, expected.splitlines())
    )
    lines = "".join(line.rstrip() + "\n" for line in printed.splitlines())
    return re.fullmatch(pattern, lines) is not None


def slug(heading):
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def anchors(page):
    tokens = parsed(page)
    return {
        slug(_text(inline)) for before, inline in zip(tokens, tokens[1:]) if before.type == "heading_open"
    }


def links(page):
    """Every target of a link or a picture."""
    for child in _inline(page):
        if child.type in ("link_open", "image"):
            yield child.attrs.get("href") or child.attrs.get("src")


def links_with_words(page):
    """(target, words) of every link that is not a picture."""
    target = words = None
    for child in _inline(page):
        if child.type == "link_open":
            target, words = child.attrs["href"], ""
        elif child.type == "link_close":
            yield target, words
            target = None
        elif target is not None:
            words += child.content


def skeleton(page):
    """What a page is built of, in order: headings with their level, tables as rows × columns, code, lists."""
    found = []
    for token in parsed(page):
        if token.type == "heading_open":
            found.append(token.tag)
        elif token.type in ("fence", "code_block"):
            found.append(f"{token.type} of {token.content.count(chr(10))} lines {token.info}".rstrip())
        elif token.type == "list_item_open":
            found.append("item")
        elif token.type in ("tr_open", "th_open", "td_open", "image"):
            found.append(token.type[:2])
    return found


def indented_blocks(page):
    """The blocks of code without a fence: formulas, and commands that are shown only."""
    return [token.content for token in parsed(page) if token.type == "code_block"]


def cells(page):
    """The text of every cell of every table, in order."""
    tokens = parsed(page)
    return [
        inline.content for before, inline in zip(tokens, tokens[1:]) if before.type in ("th_open", "td_open")
    ]


def prose_and_shown(page):
    """[(line, words) of paragraphs, points of lists and pictures, without code], and what is shown beside.

    What is shown is code, what it prints, formulas, comments and the cells of tables, as one text.
    """
    paragraphs, shown, before = [], [], None
    for token in parsed(page):
        if token.type in ("fence", "code_block", "html_block"):
            shown.append(token.content)
        elif token.type == "inline" and before in ("th_open", "td_open"):
            shown.append(token.content)
        elif token.type == "inline" and before != "heading_open":
            words = (child.content if child.type in ("text", "image") else " " for child in token.children)
            paragraphs.append((token.map[0] + 1, "".join(words)))
        before = token.type
    return paragraphs, "\n".join(shown)


def code_spans(page):
    return [child.content for child in _inline(page) if child.type == "code_inline"]


def _inline(page):
    return (child for token in parsed(page) if token.type == "inline" for child in token.children)


def _text(inline):
    return "".join(child.content for child in inline.children if child.type in ("text", "code_inline"))
