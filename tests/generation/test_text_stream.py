"""Several texts that grow at once, on a model whose every next token is known."""

import numpy as np
import pytest

from minigpt import BigramConfig, BigramLM
from minigpt.generation.sampling import Sampling
from minigpt.generation.text_stream import TextStream, continuations, overlap, without_outer_line_ends
from tokenizer import CharTokenizer, WordTokenizer

GREEDY = Sampling(temperature=0)


@pytest.fixture(scope="module")
def cycle():
    """After a comes b, after b c, after c a; after x the end of the text."""
    tokenizer = CharTokenizer.train("abcx")
    model = BigramLM(BigramConfig(tokenizer.n_vocab, 8))
    model.params["table.weight"][:] = 0
    for before, after in ("ab", "bc", "ca"):
        model.params["table.weight"][tokenizer.encode(before)[0], tokenizer.encode(after)[0]] = 9
    model.params["table.weight"][tokenizer.encode("x")[0], tokenizer.eot_token] = 9
    return model, tokenizer


def continued(cycle, prompts, n, stops=()):
    model, tokenizer = cycle
    ids = [tokenizer.encode(prompt) for prompt in prompts]
    return list(continuations(model, tokenizer, ids, GREEDY, n, stops=stops))


def test_every_row_has_its_text_its_tokens_and_its_logits(cycle):
    model, tokenizer = cycle
    rows = continued(cycle, ["a", "cb"], 3)
    assert [(i, piece) for i, piece, picked in rows if picked] == [
        *[(0, "b"), (1, "c")],
        *[(0, "c"), (1, "a")],
        *[(0, "a"), (1, "b")],
    ]
    before = {"b": "a", "c": "b", "a": "c"}
    for _, piece, picked in rows:
        if picked:
            token, logits = picked
            assert tokenizer.decode([token]) == piece
            assert np.array_equal(logits, model.params["table.weight"][tokenizer.encode(before[piece])[0]])
    assert rows[-2:] == [(0, "", None), (1, "", None)], "what was still waiting"


def test_no_more_tokens_come_than_were_asked_for(cycle):
    for n in (0, 1, 5):
        assert sum(picked is not None for *_, picked in continued(cycle, ["a"], n)) == n


def test_a_row_that_has_ended_is_left_alone_and_the_others_go_on(cycle):
    rows = continued(cycle, ["x", "a"], 4)
    assert [i for i, *_ in rows if i == 0] in ([0], [0, 0])
    assert "".join(piece for i, piece, _ in rows if i == 0) == ""
    assert "".join(piece for i, piece, _ in rows if i == 1) == "bcab"
    assert sum(picked is not None for i, _, picked in rows if i == 0) == 1


def test_when_all_have_ended_nothing_comes_any_more(cycle):
    assert len(continued(cycle, ["x", "x"], 9)) == 2
    rows = continued(cycle, ["a", "b"], 9, stops=["ca"])
    assert "".join(piece for i, piece, _ in rows if i == 0) == "b"
    assert "".join(piece for i, piece, _ in rows if i == 1) == ""


def test_what_waited_for_a_stop_that_did_not_come_is_said_at_the_end(cycle):
    rows = continued(cycle, ["a"], 2, stops=["bcx"])
    assert rows[-1] == (0, "bc", None) and [piece for _, piece, _ in rows[:-1]] == ["", ""]


def test_of_two_stops_in_one_piece_the_first_in_the_text_counts():
    tokenizer = WordTokenizer.train("one two,three")
    stream = TextStream(tokenizer, stops=["three", "two"])
    assert stream.feed(tokenizer.encode("one")[0]) == "one"
    tokenizer.token_bytes = tokenizer.token_bytes | {0: b"two three"}
    stream = TextStream(tokenizer, stops=["three", "two"])
    assert stream.feed(0) == "" and stream.finished


def test_the_prompt_decides_whether_a_blank_comes_first():
    tokenizer = WordTokenizer.train("one two")
    (one,), (two,) = tokenizer.encode("one"), tokenizer.encode("two")
    assert TextStream(tokenizer).feed(two) == "two"
    assert TextStream(tokenizer, [one]).feed(two) == " two"


def test_an_overlap_is_the_longest_beginning_of_the_stop():
    assert overlap("ab\nUs", "\nUser:") == 3
    assert overlap("abab", "ababc") == 4 and overlap("abac", "ababc") == 0
    assert overlap("abc", "abc") == 0, "the whole stop does not wait"
    assert overlap("a", "ab") == 1


def test_blanks_at_the_ends_stay_when_line_ends_go():
    assert "".join(without_outer_line_ends(["\n", "\n  a\n", "\n", "b \n", "\n"])) == "  a\n\nb "
