"""Whatever the pages point at is there: files, headings, pictures, exercises."""

import re
from urllib.parse import unquote

import pytest

from docs.markdown import CHAPTERS, DOCS, ROOT, anchors, code_spans, links, slug
from minigpt.learn.exercise import Exercise
from minigpt.learn.exercises import ORDER

PAGES = [*sorted(DOCS.rglob("*.md")), *sorted(ROOT.glob("README*.md"))]
FILE = re.compile(
    r"(minigpt|tokenizer|tests|docs|benchmarks|data)/[\w./-]+\.(py|md|txt|tsv|jsonl|svg|png|html|grammar)"
)
EXERCISES = {
    2: ("characters", "bpe_merge", "bpe_train", "bpe_encode"),
    3: ("windows",),
    4: ("bigram", "softmax", "cross_entropy"),
    5: ("cross_entropy_backward", "linear"),
    6: ("rnn",),
    7: ("embedding", "position_embedding"),
    8: ("causal_mask", "attention_forward", "split_heads"),
    9: ("layernorm_forward", "gelu_forward"),
    10: ("layernorm_parts", "layernorm", "gelu", "attention", "block", "tied_head"),
    11: ("clip", "adamw", "schedule", "perplexity"),
    12: ("temperature", "top_k", "top_p", "kv_cache"),
    16: ("dpo",),
    17: ("lora",),
}


def name(page):
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_somewhere(page):
    for target in links(page):
        if re.match(r"[a-z]+:", target):
            continue  # the web
        path, _, anchor = unquote(target).partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), f"{name(page)} links to {target}"
        if anchor and there.suffix == ".md":
            assert anchor in anchors(there), f"{name(page)} links to {target}; headings: {anchors(there)}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_file_that_is_named_is_there(page):
    for span in code_spans(page):
        if FILE.fullmatch(span):
            assert (ROOT / span).exists(), f"{name(page)} names {span}"


def test_every_exercise_has_its_chapter_and_they_come_in_the_order_of_the_chapters():
    assert sum(EXERCISES.values(), ()) == ORDER


@pytest.mark.parametrize("page", CHAPTERS, ids=name)
def test_a_chapter_names_the_exercises_that_belong_to_it(page):
    text = page.read_text(encoding="utf-8")
    for exercise in EXERCISES.get(int(page.name[:2]), ()):
        assert re.search(rf"minigpt\.learn start {exercise}\b|`{exercise}`", text), f"{exercise} is not named"


@pytest.mark.parametrize("exercise", ORDER)
def test_the_pages_that_an_exercise_names_are_there_in_its_language(exercise):
    for language, text in zip(("en", "zh"), Exercise(exercise).data.TEXT):
        for page, words in re.findall(r"(docs/[\w/-]+\.md)([^;；]*)", text):
            assert (ROOT / page).exists() and (language == "zh") == ("/zh/" in page), (
                f"{exercise} names {page}"
            )
            for section in re.findall(r'"([^"]+)"|“([^”]+)”', words):
                heading = slug("".join(section))
                assert any(there.startswith(heading) for there in anchors(ROOT / page)), (
                    f"{exercise}: {heading}"
                )


def glossary():
    """The rows of the glossary: term, 术语, one sentence, 一句话, file."""
    rows = [line.strip("| ").split(" | ") for line in (DOCS / "glossary.md").read_text("utf-8").splitlines()]
    return [row for row in rows if len(row) == 5][1:]  # without the heading


def test_the_glossary_is_sorted_and_each_term_stands_there_once_in_both_languages():
    names = [row[0].lower() for row in glossary()]
    assert names == sorted(set(names)) and len(names) > 10
    assert all(cell.strip() for row in glossary() for cell in row)


LATIN = re.compile("[A-Za-z][A-Za-z0-9 /-]*")


def introduced(page):
    """The terms that a page introduces in bold: English names, of which one has a row, and 中文 or None.

    They are a "**token** (词元)" of an English page and a "**词元**（token）" of a Chinese one, where a bold
    "**softmax**" is a term too. Other bold words are only stressed.
    """
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for bold, beside in re.findall(r"\*\*([^*]+)\*\*(?:\s*[(（]([^)）]*)[)）])?", text):
        bold, *parts = (" ".join(part.split()) for part in (bold, *re.split("[,，、;；]", beside)))
        chinese = [part for part in parts if re.search("[\u4e00-\u9fff]", part)]
        if page.parent.name == "en":
            if chinese:
                yield [bold.lower(), bold.lower().removesuffix("s")], chinese[0]
        elif LATIN.fullmatch(bold):
            yield [bold.lower()], None
        elif LATIN.fullmatch(parts[0]):
            yield [part.lower() for part in parts], bold


@pytest.mark.parametrize("page", CHAPTERS, ids=name)
def test_every_term_that_a_chapter_introduces_has_its_row_in_the_glossary(page):
    rows = {english.lower(): chinese for english, chinese, *_ in glossary()}
    rows["probabilities"] = rows["probability"]
    for names, chinese in introduced(page):
        row = next((rows[term] for term in names if term in rows), None)
        assert row, f"{names[0]} ({chinese}) is not in docs/glossary.md"
        assert chinese is None or row in (chinese, f"{names[0]}（{chinese}）"), (
            f"{names[0]}: {chinese}, {row}"
        )
