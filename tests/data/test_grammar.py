"""The text grammar keeps what it has drawn, chooses evenly, and writes correct English around it."""

import random
from collections import Counter
from pathlib import Path

import pytest

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture
def grammar(monkeypatch):
    monkeypatch.syspath_prepend(str(DATA))
    import grammar

    return grammar


@pytest.fixture
def writer(grammar, tmp_path):
    """A function: the text of a grammar file -> a Writer for it."""

    def make(text, seed=0, evenly=True):
        path = tmp_path / "some.grammar"
        path.write_text("A comment.\n\n" + text, encoding="utf-8", newline="\n")
        return grammar.Writer(grammar.read_grammar(path), random.Random(seed), evenly)

    return make


TOYS = "# table toy: name; does\nball; bounces\nkite; flies\norange boat; swims\n\n"


def test_a_record_stays_the_same_through_a_story(writer):
    tell = writer(TOYS + "# story s\n{Toy} {toy.does}.\n\n/\n\nThe {toy} {toy.does}.")
    for _ in range(9):
        first, second = tell.story("s").split("\n")
        assert second == "The " + first[0].lower() + first[1:]


def test_the_next_story_draws_anew_until_every_record_was_used(writer):
    tell = writer(TOYS + "# story s\n{toy}")
    assert {tell.story("s") for _ in range(3)} == {"ball", "kite", "orange boat"}


def test_a_numbered_record_differs_from_the_first(writer):
    tell = writer(TOYS + "# story s\n{toy}, {toy2}, {toy3}")
    for _ in range(9):
        assert len(set(tell.story("s").split(", "))) == 3


def test_two_animals_of_a_story_are_of_different_kinds(writer):
    animals = "# table animal: kind; names\nfox; Amber she, Copper he\nbear; Bruno he\n\n"
    tell = writer(animals + "# story s\ncast: hero = animal; friend = animal\n\n{hero.kind} {friend.kind}")
    assert {tell.story("s") for _ in range(9)} == {"fox bear", "bear fox"}


def test_pronouns_follow_the_hero_and_other_characters(writer):
    table = "# table child: name; he\nAnna; she\n\n# table boy: name; he\nBen; he\n\n"
    tell = writer(
        table + "# story s\ncast: hero = child; friend = boy\n\n{He} sees {friend.him} and {himself}."
    )
    assert tell.story("s") == "She sees him and herself."


def test_choices_nest_and_are_taken_evenly(writer):
    tell = writer("# story s\n[a|[b|c]]")
    assert Counter(tell.story("s") for _ in range(40)) == {"a": 20, "b": 10, "c": 10}


def test_alternatives_of_a_slot_are_taken_evenly_and_a_dash_says_nothing(writer):
    tell = writer("# story s\nOne.\n-\n\nTwo.")
    assert Counter(tell.story("s") for _ in range(10)) == {"One. Two.": 5, "Two.": 5}
    assert sorted(tell.parts("s") for _ in range(2)) == [["", "Two."], ["One.", "Two."]]


def test_a_snippet_is_filled_in_and_capitalised_when_its_mark_is(writer):
    tell = writer("# snippet one day\none [fine] day,\n\n# story s\n<One day> and then <one day> again.")
    assert tell.story("s") == "One fine day, and then one fine day, again."


def test_a_turn_begins_at_a_slash_inside_an_alternative_and_a_slot_may_be_skipped(writer):
    tell = writer("# story s\nOne.\n  / Two.\n\n/ Three.\n  / Four.\n-")
    assert {tell.story("s") for _ in range(2)} == {"One.\nTwo.\nThree.\nFour.", "One.\nTwo."}


FRUIT = "# table fruit: name; price\n苹果; 六块\n梨; 四块\n\n"


@pytest.mark.parametrize(
    ("template", "texts"),
    [
        ("[a|b[c|]|]", {"a", "bc", "b", ""}),
        ("{fruit}{fruit.price}，[|]{fruit}", {"苹果六块，苹果", "梨四块，梨"}),
        ("{fruit}{fruit2}", {"苹果梨", "梨苹果"}),
        ("[{fruit}|{fruit2}]，{fruit}", {"苹果，苹果", "梨，梨", "苹果，梨", "梨，苹果"}),
    ],
)
def test_rolled_dice_reach_every_text_and_no_other(writer, template, texts):
    told = [writer(FRUIT + "# story s\n" + template, seed, evenly=False).story("s") for seed in range(200)]
    assert set(told) == texts
    assert max(Counter(told).values()) > min(Counter(told).values())


def test_second_records_of_one_name_are_not_taken_for_different(writer):
    table = "# table fruit: name; price\n苹果; 六块\n苹果; 七块\n梨; 四块\n\n# story s\n{fruit}{fruit2}"
    told = {writer(table, seed, evenly=False).story("s") for seed in range(200)}
    assert told == {"苹果梨", "梨苹果"}


def test_an_indented_line_continues_the_line_above(writer):
    assert writer("# story s\nOne\n  sentence.").story("s") == "One sentence."


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("A {toy} and a unicorn.", "An {} and a unicorn."),
        ("a apple, a hour, a one, a use, a pear", "an apple, an hour, a one, a use, a pear"),
        ("a [|] tree [|], [|] really [|].", "a tree, really."),
    ],
)
def test_articles_and_gaps_are_mended(writer, template, text):
    tell = writer("# table toy: name\norange boat\n\n# story s\n" + template)
    assert tell.story("s") == text.format("orange boat")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("# table toy: name; does\nball", "'ball' should have the fields"),
        ("# poem p\nOh", "'poem p' is no table, snippet or story"),
        ("# story s\nOne\n\n# story s\nTwo", "two sections of the name 's'"),
    ],
)
def test_a_wrong_section_is_named(writer, text, error):
    with pytest.raises(ValueError, match=error):
        writer(text)


def test_an_open_bracket_is_an_error(writer):
    with pytest.raises(ValueError, match="is not closed"):
        writer("# story s\n[one|two").story("s")
