import numpy as np

from minigpt.generation.probability_line import probability_line
from minigpt.generation.sampling import Sampling
from tokenizer import CharTokenizer

LOGITS = np.log([0.1, 0.4, 0.2, 0.25, 0.05])  # of a, b, c, d and the end of the text


def line(token, runners_up, **settings):
    tokenizer = CharTokenizer.train("abcd")
    return probability_line(tokenizer, token, LOGITS, Sampling(**settings), runners_up).split()


def test_the_runners_up_are_the_likeliest_others_and_as_many_as_asked_for():
    assert line(2, 2) == ["20.0%", "c", "b", "40.0%", "d", "25.0%"]
    assert line(1, 2) == ["40.0%", "b", "d", "25.0%", "c", "20.0%"], "the likeliest itself was picked"
    assert line(0, 0) == ["10.0%", "a"]
    assert len(line(4, 9)) == 2 + 2 * 4, "no more than there are"


def test_what_was_cut_off_is_no_runner_up():
    assert line(3, 4, top_k=2) == ["38.5%", "d", "b", "61.5%"]
