"""The conversations of --task chat have its shape, and never the openings that a chat is tried with."""

import re
import sys
from collections import Counter
from pathlib import Path

import pytest

from minigpt.finetuning.conversations import read_dialogues

sys.path.insert(0, str(Path(__file__).parents[2] / "data"))
import chats
from grammar import read_grammar

ROOT = Path(__file__).parents[2]
DATA = ROOT / "data"
both = pytest.mark.parametrize("language", ["en", "zh"])


def read(language):
    return (DATA / f"chat_{language}.txt").read_bytes().decode("utf-8")


def blocks(language):
    return [block.split("\n") for block in read(language).removesuffix("\n").split("\n\n")]


def openings(language):
    lines = (ROOT / "benchmarks" / f"openings_{language}.txt").read_text(encoding="utf-8").split("\n")
    return [line for line in lines if line]


@both
def test_there_are_sixty_different_openings_each_a_conversation_of_its_own(language):
    text = (ROOT / "benchmarks" / f"openings_{language}.txt").read_text(encoding="utf-8")
    assert text.removesuffix("\n").split("\n\n") == openings(language)
    assert len({re.sub(r"\W", "", line.casefold()) for line in openings(language)}) == 60


SHORT = {"what's": "what is", "how's": "how is", "it's": "it is", "that's": "that is", "i'm": "i am"}
SHORT |= {"don't": "do not", "can't": "cannot"}


def words(line):
    """The words of a line in their long forms, without capitals and marks."""
    return re.sub(r"[^\w]", "", " ".join(SHORT.get(word, word) for word in line.casefold().split()))


@both
def test_no_opening_is_a_line_of_any_training_text_whatever_its_capitals_marks_and_short_forms(language):
    texts = [path.read_text(encoding="utf-8") for path in DATA.glob("*.txt")]
    lines = {words(line) for text in texts for line in text.split("\n")}
    assert not [line for line in openings(language) if words(line) in lines]


@both
def test_every_conversation_is_turns_of_two_and_none_occurs_twice(language):
    found = blocks(language)
    assert len({tuple(block) for block in found}) == len(found) >= 2000
    assert all(len(block) % 2 == 0 and 2 <= len(block) <= 16 for block in found)
    dialogues = read_dialogues(DATA / f"chat_{language}.txt")
    assert [[line for _, line in dialogue.fields["turns"]] for dialogue in dialogues] == found


@both
def test_no_mark_of_the_grammar_is_left_over(language):
    text = read(language)
    assert not set("[]{}<>|_/\r\t") & set(text)
    for pair in (
        "  ",
        " .",
        " ?",
        " !",
        "..",
        "?.",
        "!.",
        "，，",
        "。。",
        "，。",
        "？。",
        "！。",
        "。！",
        " \n",
        "\n ",
    ):
        assert pair not in text


@both
def test_every_answer_is_a_whole_sentence(language):
    for block in blocks(language):
        for answer in block[1::2]:
            assert answer[-1] in ".!?。！？" and (language == "zh" or answer[0].isupper()), answer


@both
def test_what_people_say_has_many_forms_and_what_is_answered_has_few(language):
    said = Counter(line for block in blocks(language) for line in block[::2])
    answered = Counter(line for block in blocks(language) for line in block[1::2])
    assert len(said) >= 2.5 * len(read_grammar(DATA / f"chat_{language}.grammar").stories)
    assert max(said.values()) <= 30
    assert answered.total() / len(answered) >= 2


@both
def test_every_topic_begins_conversations_and_none_follows_a_goodbye(language):
    stories = read_grammar(DATA / f"chat_{language}.grammar").stories
    assert sum(title.startswith("last: ") for title in stories) == 5
    byes = {
        "en": ("Goodbye! Take care!", "Bye! Take care!"),
        "zh": ("再见！下次再聊。", "再见！照顾好自己。"),
    }[language]
    ends = [
        block.index(line) == len(block) - 1 for block in blocks(language) for line in byes if line in block
    ]
    assert len(ends) >= 10 and all(ends)


@both
def test_no_answer_calls_anybody_by_a_name_which_so_small_a_model_would_guess(language):
    for _, slots in read_grammar(DATA / f"chat_{language}.grammar").stories.values():
        for slot in slots[2::4]:
            assert not [line for line in slot if re.search(r"\{([nN]ame|surname|given)\}", line)]


def test_an_opening_that_the_grammar_makes_is_left_out():
    story = {"hello": ({}, [["Hi."], ["/"], ["Hello."]]), "again": ({}, [["Hey!"], ["/"], ["Hello."]])}
    grammar = type("Grammar", (), {"stories": story, "snippets": {}, "tables": {}})
    made = list(chats.conversations(grammar, chats.random.Random(0), lambda line, rng: line, {"hey"}))
    assert made and not [text for text in made if "Hey" in text]
