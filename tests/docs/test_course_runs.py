"""Every block of the course runs and prints what stands below it."""

import pytest

from docs.markdown import CHAPTERS, DOCS, agrees, blocks
from docs.running import Laboratory

NOT_RUN_AT_MOST = 3  # blocks of a page that say why they are not run


def name(page):
    return page.relative_to(DOCS).as_posix()


@pytest.mark.parametrize("page", CHAPTERS, ids=name)
def test_every_block_prints_what_stands_below_it(page, tmp_path, made):
    laboratory = Laboratory(tmp_path / "page", made)
    for block in blocks(page):
        if block.not_run is None:
            printed = laboratory.run(block)
            assert agrees(block.expected, printed), (
                f"{name(page)}, line {block.line}, prints\n{printed}\nand the page says\n{block.expected}\n"
                f"python tests/docs/rewrite.py docs/{name(page)} writes it"
            )


@pytest.mark.parametrize("page", CHAPTERS, ids=name)
def test_a_block_that_is_not_run_says_why(page):
    reasons = [block.not_run for block in blocks(page) if block.not_run is not None]
    assert len(reasons) <= NOT_RUN_AT_MOST, f"{len(reasons)} blocks are not run, {NOT_RUN_AT_MOST} may be"
    assert all(len(reason) >= 10 for reason in reasons), "a reason is a sentence"


def test_the_ellipsis_stands_for_a_part_of_a_line_or_for_lines_and_nothing_else_is_forgiven():
    assert agrees("a … c\n", "a b c\n") and not agrees("a … c\n", "a b\nc\n")
    assert agrees("first\n…\nlast\n", "first\n1\n2\nlast\n") and not agrees(
        "first\n…\nlast\n", "first\nlost\n"
    )
    assert agrees("2.50\n", "2.50\n") and not agrees("2.50\n", "2.51\n") and not agrees("", "printed\n")
