"""Run a page's blocks and write what they print below them, so that nobody types output by hand.

    python tests/docs/rewrite.py docs/en/04-the-bigram-model.md [more pages]

A line with … that still agrees with what is printed stays as it is.
"""

import sys
import tempfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[1])]

from docs.markdown import READMES, agrees, blocks  # noqa: E402
from docs.reader import laboratory  # noqa: E402
from minigpt.interchange.files import write_atomically  # noqa: E402


def rewritten(page, made):
    lines = Path(page).read_text(encoding="utf-8").splitlines()
    changes = []
    with tempfile.TemporaryDirectory() as folder:
        reader = laboratory(Path(page).resolve(), Path(folder) / "page", made)
        for block in blocks(page):
            if block.not_run:
                continue
            printed = reader.run(block)
            unshown = Path(page).resolve() in READMES and block.expected_lines is None
            if not unshown and not agrees(block.expected, printed):
                start, end = block.expected_lines or (block.end, block.end)
                kept = [line for line in block.expected.splitlines() if "…" in line and line.strip() != "…"]
                changes.append((start, end, block.expected_lines is None, printed, kept))
    for start, end, new, printed, kept in reversed(changes):
        body = [
            next((old for old in kept if agrees(old, line)), line.rstrip()) for line in printed.splitlines()
        ]
        lines[start:end] = ["", "```text", *body, "```"][0 if new else 1 :] if printed else []
    return "\n".join(lines) + "\n", len(changes)


def main():
    with tempfile.TemporaryDirectory() as made:
        for page in sys.argv[1:]:
            text, changed = rewritten(page, made)
            write_atomically(Path(page), text.encode("utf-8"))
            print(f"{page}: {changed} outputs changed")


if __name__ == "__main__":
    main()
