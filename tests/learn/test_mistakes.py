"""The catalogue of mistakes: each can be named, is wrong, and lets the loss fall nevertheless."""

import numpy as np
import pytest

import minigpt.plain as plain
from minigpt.learn import tiny
from minigpt.learn.mistakes import MISTAKES, OF_BACKWARD, find_mistake, plain_source, plain_with

by_name = pytest.mark.parametrize("mistake", OF_BACKWARD, ids=lambda mistake: mistake.name)


def test_no_two_mistakes_share_a_name():
    for names in ([mistake.name for mistake in MISTAKES], [mistake.zh for mistake in MISTAKES]):
        assert len(set(names)) == len(names) and all(names)


def gradients(backward):
    """The gradients of two sequences in which a token comes twice and a target is not counted."""
    rng = np.random.default_rng(0)
    model, _ = tiny.tiny_model("ab")
    params = {name: rng.standard_normal(param.shape) for name, param in model.params.items()}
    idx, targets = np.array([[1, 2, 1], [3, 1, 4]]), np.array([[2, 1, -100], [1, 4, 0]])
    return backward(params, plain.forward(params, idx, targets, 2), idx, targets)


@by_name
def test_every_mistake_of_the_backward_makes_a_gradient_wrong_and_stands_in_the_backward(mistake):
    right, wrong = gradients(plain.backward), gradients(plain_with(mistake).backward)
    assert right.keys() == wrong.keys()
    assert any(not np.allclose(right[name], wrong[name], rtol=1e-6) for name in right)
    source = plain_source()
    place = source.index(mistake.original)
    function = source.rfind("\ndef ", 0, place)
    assert "backward" in source[function : source.index("(", function)]


@by_name
def test_the_loss_falls_with_every_mistake(mistake):
    model, tokenizer = tiny.tiny_model("the cat")
    losses = tiny.train("the cat", model, tokenizer, 50, plain_with(mistake).backward)[3]
    assert np.mean(losses[-5:]) < np.mean(losses[:5]) - 0.1


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("softmax gradient without delta", "softmax gradient without δ"),
        ("SOFTMAX gradient without δ", "softmax gradient without δ"),
        ("dq without 1/√D", "dq without 1/√D"),
        ("dk transposed", "dk transposed"),
        ("transposed dk", None),
        ("softmax 的梯度漏了 δ", "softmax gradient without δ"),
        ("equal ids", "equal ids: only the last counts"),
        (
            "LayerNorm's gradient without mean(dn)",
            "LayerNorm's gradient without mean(dn)",
        ),  # a part of another
        ("LayerNorm 的梯度漏了 mean(dn)", "LayerNorm's gradient without mean(dn)"),
        ("ｄｋ　transposed", "dk transposed"),
        ("dq without 1/sqrt(D)", "dq without 1/√D"),
        ("丢了词表", "tied wte: gradient of the table dropped"),
        ("mask lets the next token be seen", None),  # of the forward
        ("softmax gradient", None),  # two
        ("", None),
    ],
)
def test_a_mistake_is_found_by_its_name_and_not_guessed(asked, name):
    if name is None:
        with pytest.raises(ValueError, match="--bug"):
            find_mistake(asked)
    else:
        assert find_mistake(asked).name == name


def test_planting_a_mistake_leaves_the_real_plain_py_alone():
    before = gradients(plain.backward)
    plain_with(OF_BACKWARD[0])
    after = gradients(plain.backward)
    assert all(np.array_equal(before[name], after[name]) for name in before)


@pytest.mark.parametrize("asked", ["", "--", "⊙"])
def test_signs_alone_are_no_part_of_every_name(asked):
    with pytest.raises(ValueError, match="is no mistake that is known"):
        find_mistake(asked)
