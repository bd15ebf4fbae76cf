"""What a wrong gradient is to the right one is said where it is so, and nothing is said where it is not."""

import re

import numpy as np
import pytest
from check_layer import random_arrays

from minigpt.gradcheck import gradcheck
from minigpt.gradcheck.diagnosis import diagnose_gradient, find_relation

SHAPES = {"x": (2, 6, 3), "weight": (3, 4), "out": (2, 6, 4)}
RIGHT = random_arrays([(4, 4), (4, 4)])
NARROW = random_arrays([(3, 4), (3, 4)], seed=1)
DEEP = random_arrays([(2, 3, 3), (2, 3, 3)], seed=2)
VECTORS = random_arrays([(4,), (4,)], seed=3)


def changed(at, factor=2):
    def change(gradient):
        gradient = gradient.copy()
        gradient[at] *= factor
        return gradient

    return change


RELATIONS = [
    (RIGHT, lambda g: g.T, "it equals the transpose of the right gradient"),
    (RIGHT, lambda g: -g.T, "it equals minus the transpose of the right gradient"),
    (NARROW, lambda g: g.T, "it equals the transpose of the right gradient"),
    (DEEP, lambda g: g.swapaxes(1, 2), "it equals the right gradient transposed to (0, 2, 1)"),
    (RIGHT, lambda g: -g, "it equals minus the right gradient"),
    (RIGHT, lambda g: 0 * g, "it is zero"),
    (
        RIGHT,
        lambda g: 12 * g,
        "it equals 12 times the right gradient; 12 is also the size of x without its last axis, of weight, "
        "of out without its last axis",
    ),
    (
        RIGHT,
        lambda g: g / 6,
        "it equals 1/6 times the right gradient; 6 is also the size of axis 1 of x, of axis 1 of out",
    ),
    (
        RIGHT,
        lambda g: g * 3**0.5,
        "it equals √3 times the right gradient; 3 is also the size of axis 2 of x, of axis 0 of weight",
    ),
    (RIGHT, lambda g: -g / 7, "it equals −1/7 times the right gradient"),
    (RIGHT, lambda g: 0.9 * g, "it equals 0.9 times the right gradient"),
    (VECTORS, lambda g: g[None], "it equals the right gradient in shape (1, 4)"),
    (NARROW, lambda g: g.sum(0), "it equals the sum of the right gradient over axis 0"),
    (
        RIGHT,
        lambda g: np.broadcast_to(g.mean(1, keepdims=True), g.shape),
        "it equals 1/4 times the sum of the right gradient over axis 1, at all its places; "
        "4 is also the size of axis 1 of weight, of axis 2 of out",
    ),
    (RIGHT, changed((1, 2)), "it is right except at (1, 2)"),
    (RIGHT, changed((1, 2), 0), "it is right except at (1, 2), where it is zero"),
    (RIGHT, changed(3), "it is right except at index 3, the last, of axis 0"),
    (RIGHT, changed(np.s_[:, 0], 0), "it is right except at index 0 of axis 1, where it is zero"),
    (RIGHT, changed(([0, 1], [0, 1])), "it is wrong at 2 of 16 places, right at the others"),
    (RIGHT, changed((0, 0), np.nan), "it is nan or inf at 1 of 16 places"),
    (
        RIGHT,
        lambda g: np.roll(g, 1, 0),
        "it is the right gradient moved by one place further on along axis 0",
    ),
    (
        DEEP,
        lambda g: np.pad(g, [(0, 0), (0, 0), (0, 1)])[:, :, 1:],
        "it is the right gradient moved by one place further to the front along axis 2",
    ),
    (
        RIGHT,
        lambda g: g - np.sin(g[:1]),
        "what it differs from the right gradient by is the same all along axis 0: is a term missing, or one "
        "too many, that is broadcast along it, as a mean or a bias is?",
    ),
]


@pytest.mark.parametrize("rights, mistake, sentence", RELATIONS, ids=[sentence for *_, sentence in RELATIONS])
def test_a_relation_that_holds_is_said(rights, mistake, sentence):
    assert diagnose_gradient([(mistake(right), right) for right in rights], SHAPES) == sentence


def test_a_sum_that_was_forgotten_is_said():
    pairs = [(gradient, gradient.sum(0)) for gradient in NARROW]
    assert diagnose_gradient(pairs, SHAPES) == "summed over axis 0 it would be the right gradient"


@pytest.mark.parametrize(
    "mistake",
    [
        lambda g: g + 1,
        np.sin,
        np.abs,
        lambda g: g**2,
        lambda g: g * (1 + 1e-7),
        np.sort,
        lambda g: g * g.shape[0],
    ],
)
def test_no_relation_is_said_that_holds_for_one_upstream_gradient_only(mistake):
    first, second = RIGHT
    assert diagnose_gradient([(mistake(first), first), (np.cos(second), second)], SHAPES) is None


@pytest.mark.parametrize("mistake", [np.sin, lambda g: g * (1 + 1e-7)])
def test_nothing_is_said_of_numbers_that_are_merely_wrong(mistake):
    assert diagnose_gradient([(mistake(right), right) for right in RIGHT], SHAPES) is None


def test_nothing_is_said_where_the_right_gradient_is_zero():
    assert diagnose_gradient([(right, 0 * right) for right in RIGHT], SHAPES) is None


def test_a_term_that_is_an_array_which_went_in_is_named():
    known = [{"x": np.ones((4, 4)), "dout": np.cos(right)} for right in RIGHT]
    pairs = [(right - np.cos(right), right) for right in RIGHT]
    assert diagnose_gradient(pairs, {}, known) == "it is the right gradient minus dout"
    pairs = [(right + 2 * np.cos(right), right) for right in RIGHT]
    assert diagnose_gradient(pairs, {}, known) == "it is the right gradient plus 2 · dout"


def test_gradcheck_sees_that_rows_of_repeated_ids_are_lost():
    (table,), idx = random_arrays([(6, 3)]), np.array([[0, 3, 3], [5, 1, 5]])

    def backward(dout, idx):
        dtable = np.zeros((6, 3))
        dtable[idx] += dout
        return dtable

    (report,) = gradcheck(lambda table, idx: (table[idx], idx), backward, [table], idx)
    assert str(report).endswith(
        "it is wrong in the rows of the 2 ids that argument 1 has more than once, right in all others: "
        "are repeats lost?"
    )


@pytest.mark.parametrize("rights, mistake, sentence", RELATIONS, ids=[sentence for *_, sentence in RELATIONS])
def test_every_relation_has_a_chinese_text(rights, mistake, sentence):
    relation = find_relation([(mistake(right), right) for right in rights])
    english, chinese = relation.text
    assert re.search("[\u4e00-\u9fff]", chinese) and not re.search("[\u4e00-\u9fff]", english)


def test_gradcheck_says_it_below_the_numbers():
    x, w = random_arrays([(12, 3), (3, 3)])

    def backward(dout, cache):
        x, w = cache
        return dout @ w.T / 12, (x.T @ dout).T

    dx, dw = gradcheck(lambda x, w: (x @ w, (x, w)), backward, [x, w])
    assert str(dx).endswith(
        "\n                 it equals 1/12 times the right gradient; 12 is also the size of "
        "axis 0 of x, of axis 0 of out"
    )
    assert str(dw).endswith("\n                 it equals the transpose of the right gradient")
