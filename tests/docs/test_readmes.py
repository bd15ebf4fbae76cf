"""The two READMEs: their blocks run, their commands are ones that there are, and both say the same."""

import argparse
import re
import shlex

import pytest

from docs.markdown import READMES, ROOT, agrees, blocks, code_spans, links, parsed
from docs.reader import laboratory
from docs.running import commands_in
from docs.test_two_languages import bones
from minigpt.learn.__main__ import command_parser
from minigpt.learn.exercise import Exercise
from minigpt.learn.exercises import ORDER
from minigpt.tasks import TASKS
from minigpt.tasks.arguments import train_arguments, train_parser
from minigpt.tasks.generate_flags import generate_parser
from minigpt.training.runner import BatchRunner
from tokenizer.__main__ import _parser as tokenizer_parser
from train import describe_model

ENGLISH, CHINESE = READMES
PARSERS = {
    "train.py": train_parser(),
    "generate.py": generate_parser(),
    "-m tokenizer": tokenizer_parser(),
    "-m minigpt.learn": command_parser(),
}
UP_TO_ROUNDING = re.compile(r"\d\.\de-1\d at \([^)]*\)")  # an error that is none has another place everywhere


def name(page):
    return page.name


both = pytest.mark.parametrize("page", READMES, ids=name)


@both
def test_every_block_runs_and_prints_what_stands_below_it(page, tmp_path, made):
    folder = laboratory(page, tmp_path / "page", made)
    for block in blocks(page):
        if block.not_run is None:
            printed = folder.run(block)
            assert block.expected_lines is None or agrees(rounded(block.expected), rounded(printed)), (
                f"{page.name}, line {block.line}, prints\n{printed}\nand the page says\n{block.expected}"
            )


def rounded(text):
    return UP_TO_ROUNDING.sub("nearly 0", text)


@both
def test_what_is_not_run_or_printed_says_why(page):
    tokens = parsed(page)
    printed = {block.expected_lines for block in blocks(page) if not block.not_run}
    for before, token in zip(tokens, tokens[1:]):
        assert token.type != "code_block", f"line {token.map[0] + 1}: a block has fences and a language"
        if token.type == "fence" and token.info == "text" and tuple(token.map) not in printed:
            assert re.match(r"<!-- not run: .{10,} -->", before.content), f"line {token.map[0] + 1}"
        elif token.type == "fence":
            assert token.info in ("python", "sh", "text"), f"line {token.map[0] + 1}"
    for block in blocks(page):
        assert block.not_run is None or len(block.not_run) >= 10


def commands(page):
    """Every command of Python of the page, in its blocks and in its sentences, as lists of words."""
    code = [block.code for block in blocks(page) if block.language == "sh"]
    for text in [*code, *code_spans(page)]:
        if text.startswith(("python ", "python3 ", "mpiexec ")):
            for command in commands_in(text):
                words = shlex.split(command)
                if "python" in words:
                    yield words[words.index("python") + 1 :]


@both
def test_every_command_is_one_that_there_is(page):
    found = []
    for program, *flags in commands(page):
        if program == "-m":
            program, *flags = f"-m {flags[0]}", *flags[1:]
        if program == "-m pytest":
            continue
        if program not in PARSERS:
            assert (ROOT / program).is_file(), program
            assert not [flag for flag in flags if flag.startswith("-")], f"no test parses {program} {flags}"
            continue
        flags = ["1" if flag == "N" else flag for flag in flags if flag != "--help"]
        PARSERS[program].parse_args(flags)
        found.append(program)
    assert set(found) == PARSERS.keys() and len(found) > 30


@both
def test_every_flag_that_is_named_is_one_that_there_is(page):
    options = {option for parser in PARSERS.values() for option in all_options(parser)}
    flags = [span for span in code_spans(page) if span.startswith("--")]
    assert len(flags) > 15
    for span in flags:
        assert span.split()[0] in options, span


def all_options(parser):
    for action in parser._actions:
        yield from action.option_strings
        if isinstance(action, argparse._SubParsersAction):
            for of_command in action.choices.values():
                yield from all_options(of_command)


@both
def test_the_values_that_stand_with_a_flag_are_ones_it_takes(page):
    for span in code_spans(page):
        if span.startswith("--") and " " in span:
            words = [
                "1" if word in ("N", "FILE") else str(ROOT) if word == "DIR" else word
                for word in shlex.split(span)
            ]
            for parser in (PARSERS["train.py"], PARSERS["generate.py"]):
                if words[0] in all_options(parser):
                    parser.parse_args(words)


@both
def test_every_file_of_the_layout_is_there(page):
    (tree,) = (token.content for token in parsed(page) if token.content.startswith("train.py  "))
    folder = ""
    for line in tree.splitlines():
        names = re.match(r" *(?:[\w.]+(?:/|\.py) +)+|minigpt/", line)[0].split()
        folder = folder if line.startswith(" ") else ""
        for file in names:
            assert (ROOT / folder / file).exists(), line
        if line == "minigpt/":
            folder = line


@both
def test_the_default_run_begins_as_the_page_shows(page):
    (shown,) = (token.content for token in parsed(page) if token.content.startswith("351,390 tokens"))
    first, second, *_ = shown.splitlines()
    args = train_arguments(["--workers", "1"])
    task = TASKS[args.task](args)
    model = task.model
    assert first == f"{task.describe()}; {describe_model(model, model.params)}, output in out"
    with BatchRunner(task.objective, 1, None) as runner:
        loss = task.validate(runner)["val_loss"]
    step, _, printed = second.rpartition(" ")
    assert step == "step     0: validation loss"
    assert abs(loss - float(printed)) < 2e-4  # processors add in another order


@both
def test_the_exercises_and_their_mistakes_are_as_many_as_the_page_says(page):
    text = page.read_text(encoding="utf-8")
    n_mistakes = sum(len(Exercise(name).mistakes) for name in ORDER)
    said = (
        (r"(\d+) exercises, from", r"make, (\d+) of them")
        if page == ENGLISH
        else (r"(\d+) 道练习", r"(\d+) 种错误")
    )
    assert [int(number) for words in said for number in re.findall(words, text)] == [len(ORDER), n_mistakes]


def test_both_have_the_same_headings():
    def levels(page):
        return [token.tag for token in parsed(page) if token.type == "heading_open"]

    assert levels(ENGLISH) == levels(CHINESE)


def test_both_have_the_same_blocks():
    def fences(page):
        return [token.info for token in parsed(page) if token.type == "fence"]

    assert fences(ENGLISH) == fences(CHINESE)
    english, chinese = blocks(ENGLISH), blocks(CHINESE)
    for one, other in zip(english, chinese):
        assert in_any_language(one) == in_any_language(other), f"line {one.line} and {other.line}"
        assert one.scaled_down == other.scaled_down
        assert (one.not_run is None) == (other.not_run is None)
        assert (one.expected_lines is None) == (other.expected_lines is None)


def in_any_language(block):
    block.code = re.sub(r"--lang (en|zh)", "--lang", block.code)
    return bones(block)


def test_both_tables_have_the_same_figures():
    english, chinese = tables(ENGLISH), tables(CHINESE)
    assert len(english) > 20
    for one, other in zip(english, chinese):
        assert one == other
    assert len(english) == len(chinese)


def tables(page):
    """Every row of the tables: its cells, each as the numbers and the code in it."""
    found, inside = [], False
    for token in parsed(page):
        if token.type in ("table_open", "table_close"):
            inside = token.type == "table_open"
        elif token.type == "tr_open":
            found.append([])
        elif inside and token.type == "inline":
            code = [child.content for child in token.children if child.type == "code_inline"]
            words = "".join(child.content for child in token.children if child.type == "text")
            found[-1].append((sorted(re.findall(r"\d[\d,.]*\d|\d", words)), sorted(code)))
    return found


def test_both_lead_to_the_same_places():
    twins = {
        f"docs/{page.name}": f"docs/zh/{page.name}" for page in (ROOT / "docs" / "zh").glob("[!0-9R]*.md")
    }
    english = [twins.get(link, link) for link in links(ENGLISH)]
    assert in_its_language(english) == in_its_language(links(CHINESE))


def in_its_language(targets):
    """Links in any order, those of the two languages as one."""
    return sorted(
        target.replace("docs/zh/", "docs/en/").replace("README.zh.md", "README.md") for target in targets
    )
