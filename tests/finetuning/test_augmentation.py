import numpy as np
import pytest

from minigpt.finetuning.augmentation import WORD, varied_pieces

TEXT = "Free entry in 2 a weekly comp! 恭喜您中奖了，请速回电。 " * 40


def test_without_a_share_the_text_stays_whole():
    assert "".join(varied_pieces(TEXT, 0.0, np.random.default_rng(0))) == TEXT.rstrip()


def test_chinese_characters_are_words_and_blanks_belong_to_the_word_behind_them():
    assert WORD.findall("Free  entry 中奖了 8折!") == ["Free", "  entry", " 中", "奖", "了", " 8", "折", "!"]


@pytest.mark.parametrize("share", [0.1, 0.4])
def test_the_share_of_words_is_left_out_and_cut(share):
    words = WORD.findall(TEXT)
    pieces = varied_pieces(TEXT, share, np.random.default_rng(1))
    assert len(WORD.findall("".join(pieces))) == pytest.approx((1 - share) * len(words), rel=0.08)
    assert len(pieces) == pytest.approx((1 - share) * share * len(words), rel=0.25)
    assert all(pieces)


def test_what_is_left_stands_in_its_order():
    rest = iter(TEXT)
    assert all(character in rest for character in "".join(varied_pieces(TEXT, 0.5, np.random.default_rng(2))))


def test_a_text_never_vanishes():
    for seed in range(20):
        assert "".join(varied_pieces("Hi", 0.9, np.random.default_rng(seed))) == "Hi"


def test_one_seed_varies_alike_and_two_do_not():
    def varied(seed):
        return varied_pieces(TEXT, 0.3, np.random.default_rng(seed))

    assert varied(1) == varied(1) != varied(2)
