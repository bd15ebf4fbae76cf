"""gradcheck must not be fooled: wrong backwards of many kinds to convict, and right ones."""

import math

import numpy as np
import pytest
from check_layer import random_arrays

from minigpt.gradcheck import gradcheck
from minigpt.layers import (
    attention_backward,
    attention_forward,
    cross_entropy_backward,
    cross_entropy_forward,
    dropout_backward,
    dropout_forward,
    dropout_streams,
    gelu_backward,
    gelu_forward,
    layernorm_backward,
    layernorm_forward,
    linear_backward,
    linear_forward,
)


def product_forward(x, y):
    return x * y, (x, y)


def product_backward(dout, cache):
    x, y = cache
    return dout * y, dout * x


def matmul_forward(x, w):
    return x @ w, (x, w)


def matmul_backward(dout, cache):
    x, w = cache
    return dout @ w.T, x.T @ dout


def relu_forward(x):
    return np.maximum(x, 0), x


def relu_backward(dout, x):
    return dout * (x > 0)


def softmax(x):
    exps = np.exp(x - x.max(-1, keepdims=True))
    return exps / exps.sum(-1, keepdims=True)


X, Y = random_arrays([(2, 3), (2, 3)])
(SQUARE,) = random_arrays([(4, 4)])
(VECTOR,) = random_arrays([(3,)])
SYMMETRIC = SQUARE + SQUARE.T
EYE = np.eye(4)


def test_a_right_backward_is_reported_ok_for_every_input():
    reports = gradcheck(product_forward, product_backward, [X, Y])
    assert [report.name for report in reports] == ["x", "y"]
    for report in reports:
        assert report.ok and not report.notes and "\n" not in str(report)


def test_a_wrong_gradient_is_named_with_place_and_size():
    def one_entry_off(dout, cache):
        dx, dy = product_backward(dout, cache)
        dy[1, 2] += 0.25
        return dx, dy

    dx, dy = gradcheck(product_forward, one_entry_off, [X, Y])
    assert dx.ok
    assert not dy.ok
    assert dy.where == (1, 2)
    assert dy.backward - dy.differences == pytest.approx(0.25)
    assert "y" in str(dy) and "OFF" in str(dy) and "(1, 2)" in str(dy)


# Wrong backwards: each has right numbers somewhere, or for somebody who does not look twice.

BUFFER = np.zeros((2, 3))
STATE = {}


def writes_into_an_input(dout, cache):
    grads = product_backward(dout, cache)
    cache[1][...] += 1
    return grads


def writes_into_dout(dout, cache):
    grads = product_backward(dout, cache)
    dout *= 0
    return grads


def writes_into_out(dout, cache):
    x, y, out = cache
    grads = dout * y, dout * x
    out *= 0
    return grads


def returns_a_buffer(dout, cache):
    BUFFER[...] = dout * cache[1]
    return BUFFER, dout * cache[0]


def forward_into_a_buffer(x, y):
    np.multiply(x, y, out=BUFFER)
    return BUFFER, (x, y)


def keeps_the_last_input(x, y):
    STATE["last"] = x, y
    return x * y, ("a cache",)


def halves_its_cache(dout, cache):
    grads = product_backward(dout, cache)
    cache[0] = cache[0] / 2
    return grads


def adds_up(dout, cache):
    STATE["sum"] = STATE.get("sum", 0) + dout * cache[1]
    return STATE["sum"].copy(), dout * cache[0]


def noisy(dout, cache):
    dx, dy = product_backward(dout, cache)
    return dx * (1 + 1e-7 * np.random.default_rng().standard_normal()), dy


def chaotic(dout, cache):
    dx, dy = product_backward(dout, cache)
    return dx * np.sin(1e17 * cache[1]), dy


def changes_its_input(x, y):
    out = x * y, (x.copy(), y)
    x += 1
    return out


def small_entry_doubled(dout, cache):
    dx, dy = product_backward(dout, cache)
    dy[0, 0] *= 2
    return dx, dy


def sees_small_dout_as_zero(dout, cache):
    return product_backward(np.where(np.abs(dout) < 1e-3, 0, dout), cache)


def softmax_backward(dout, p):
    return p * (dout - (p * dout).sum(-1, keepdims=True))


def layernorm_without_mean(dout, cache):
    normed, rstd, weight = cache
    dnormed = dout * weight
    dx = rstd * (dnormed - normed * (dnormed * normed).mean(-1, keepdims=True))
    return dx, (dout * normed).sum(0), dout.sum(0)


TINY = np.array([[1e-9, 1.0, 1.0], [1.0, 1.0, 1.0]])
PAIR = (product_forward, [X, Y])
MATMUL = (matmul_forward, [SQUARE, SQUARE[::-1].copy()])
ROWS = (lambda x, b: (x + b, x.shape), [SQUARE, SQUARE[0]])
WRONG = {
    # the same numbers in another order: square and symmetric inputs hide it
    "dW transposed": (*MATMUL, lambda d, c: (d @ c[1].T, (c[0].T @ d).T)),
    "dx with w for wᵀ, w = I": (matmul_forward, [SQUARE, EYE], lambda d, c: (d @ c[1], c[0].T @ d)),
    "dx with w for wᵀ, w symmetric": (
        matmul_forward,
        [SQUARE, SYMMETRIC],
        lambda d, c: (d @ c[1], c[0].T @ d),
    ),
    "dW with x for xᵀ, x symmetric": (
        matmul_forward,
        [SYMMETRIC, SQUARE],
        lambda d, c: (d @ c[1].T, c[0] @ d),
    ),
    "x and y taken for each other, equal": (
        product_forward,
        [X, X.copy()],
        lambda d, c: (d * c[0], d * c[1]),
    ),
    "db over the wrong axis of a square": (*ROWS, lambda d, c: (d, d.sum(1))),
    "db keeps its axis": (*ROWS, lambda d, c: (d, d.sum(0, keepdims=True))),
    "db is not summed": (*ROWS, lambda d, c: (d, d)),
    "db is a mean": (*ROWS, lambda d, c: (d, d.mean(0))),
    "db of one row": (*ROWS, lambda d, c: (d, d[0] * len(d))),
    # inputs at which a term is zero or one
    "x² with dx = d·x at x = 0": (lambda x: (x * x, x), [np.zeros(3)], lambda d, x: d * x),
    "x³ with dx = 3d·x at x = 1": (lambda x: (x**3, x), [np.ones(3)], lambda d, x: 3 * d * x),
    "x·y without dy at x = 0": (product_forward, [np.zeros((2, 3)), Y], lambda d, c: (d * c[1], d * 0)),
    "softmax at equal logits": (
        lambda x: (softmax(x),) * 2,
        [np.zeros((2, 4))],
        lambda d, p: (d - d.mean(-1, keepdims=True)) / d.shape[-1],
    ),
    "layernorm at equal weights": (
        lambda x, w: ((out := layernorm_forward(x, w, np.zeros(4)))[0], out[1]),
        [SQUARE, np.ones(4)],
        lambda d, c: (layernorm_backward(d * c[2][:1], (c[0], c[1], np.ones(4)))[0], (d * c[0]).sum(0)),
    ),
    "layernorm without mean(dn)": (
        layernorm_forward,
        [SQUARE, np.ones(4), np.zeros(4)],
        layernorm_without_mean,
    ),
    "the sign of x for x at whole numbers ±1": (
        lambda x: (x**2, x),
        [np.array([1.0, -1.0, 1.0])],
        lambda d, x: 2 * d * np.sign(x),
    ),
    # wrong at one place, or by little
    "a small entry doubled": (product_forward, [TINY, Y], small_entry_doubled),
    "an entry small everywhere doubled": (
        lambda x: (x * TINY, None),
        [X],
        lambda d, c: d * np.where(TINY < 1, 2 * TINY, TINY),
    ),
    "one entry off by 1e-6 of itself": (
        *PAIR,
        lambda d, c: (d * c[1] * np.array([1, 1, 1 + 1e-6]), d * c[0]),
    ),
    "nan at one place": (*PAIR, lambda d, c: (d * c[1], d * c[0] * np.array([1, 1, np.nan]))),
    "inf at one place": (*PAIR, lambda d, c: (d * c[1], d * c[0] + np.array([0, np.inf, 0]))),
    "the gradient at a corner is nan": (
        lambda x: (np.abs(x), x),
        [np.zeros(3)],
        lambda d, x: d * x / np.abs(x),
    ),
    "an input that nobody uses has a gradient": (
        lambda x, y: (2 * x, None),
        [X, Y],
        lambda d, c: (2 * d, d * 1e-3),
    ),
    "an output that reaches the loss is left out": (
        lambda x: (np.concatenate([x, 1e-6 * x]), None),
        [VECTOR],
        lambda d, c: d[:3],
    ),
    # not linear in dout
    "dout clipped": (*PAIR, lambda d, c: product_backward(np.clip(d, -10, 10), c)),
    "a small dout taken for zero": (*PAIR, sees_small_dout_as_zero),
    "divides by dout": (*PAIR, lambda d, c: (d * d * c[1] / d, d * c[0])),
    "dout taken for positive": (*PAIR, lambda d, c: product_backward(np.abs(d), c)),
    "a gradient without dout": (lambda x: (x.sum(), x), [X], lambda d, x: np.ones_like(x)),
    # right numbers, wrong conduct
    "forward changes its input": (changes_its_input, [X, Y], product_backward),
    "backward changes an input": (*PAIR, writes_into_an_input),
    "backward changes dout": (*PAIR, writes_into_dout),
    "backward changes out": (
        lambda x, y: ((out := x * y), (x, y, out)),
        [X, Y],
        writes_into_out,
    ),
    "the gradient is a buffer used again": (*PAIR, returns_a_buffer),
    "out is a buffer used again": (forward_into_a_buffer, [X, Y], product_backward),
    "a cache outside of the cache": (
        keeps_the_last_input,
        [X, Y],
        lambda d, c: product_backward(d, STATE["last"]),
    ),
    "a cache that serves once": (
        lambda x, y: (x * y, [x, y]),
        [X, Y],
        halves_its_cache,
    ),
    "a cache that is emptied": (
        lambda x, y: (x * y, [x, y]),
        [X, Y],
        lambda d, c: (d * c.pop(), d * c.pop()),
    ),
    "the gradient of the last call is added": (*PAIR, adds_up),
    "backward is not deterministic": (*PAIR, noisy),
    "another gradient for every last bit": (*PAIR, chaotic),
    "forward is not deterministic": (
        lambda x: (x * np.random.default_rng().uniform(0.5, 1), None),
        [X],
        lambda d, c: d,
    ),
    # dtypes and shapes
    "a gradient in float32": (*PAIR, lambda d, c: (d * c[1], (d * c[0]).astype("float32"))),
    "whole numbers": (lambda x: (0 * x, None), [X], lambda d, c: np.zeros(d.shape, dtype=int)),
    "out rounded to float32": (
        lambda x: (x.astype("float32").astype("float64"), None),
        [X],
        lambda d, c: d,
    ),
    "() for (1,)": (lambda x: (x.sum(), None), [np.ones(1)], lambda d, c: d),
    "(1, 3) for (3,)": (lambda x: (x, None), [VECTOR], lambda d, c: d[None]),
    "inputs that have no names": (
        lambda *xs: (xs[0] * xs[1], xs),
        [X, Y],
        lambda d, c: (d * c[1], d * c[1]),
    ),
}


def is_convicted(check, forward, arrays, backward):
    STATE.clear()
    try:
        return not all(report.ok for report in check(forward, backward, arrays))
    except ValueError:
        return True


@pytest.mark.parametrize("name", WRONG)
def test_no_wrong_backward_passes(name):
    forward, arrays, backward = WRONG[name]
    assert is_convicted(gradcheck, forward, arrays, backward)


def test_what_is_wrong_with_the_conduct_of_a_layer_is_said():
    sentences = {
        "forward changes its input": "forward changes it in place",
        "backward changes an input": "backward changes it in place",
        "backward changes dout": "backward changes dout in place",
        "backward changes out": "backward changes out in place",
        "the gradient is a buffer used again": "the next backward writes over its gradient",
        "out is a buffer used again": "the next forward writes over out",
        "a cache outside of the cache": "a forward in between changes its gradient",
        "a cache that serves once": "a second backward from the same cache returns another gradient",
        "a cache that is emptied": "a second backward from the same cache raises IndexError",
        "the gradient of the last call is added": "calls with equal arguments return different gradients",
        "backward is not deterministic": "calls with equal arguments return different gradients",
        "a gradient in float32": "its gradient is float32 where it is float64",
        "whole numbers": "its gradient is int64 where it is float64",
        "out rounded to float32": "forward jumps, or rounds its numbers",
    }
    for name, sentence in sentences.items():
        STATE.clear()
        forward, arrays, backward = WRONG[name]
        reports = gradcheck(forward, backward, arrays)
        assert any(sentence in fault for report in reports for fault in report.faults), name
        assert any("OFF" in str(report) and sentence in str(report) for report in reports), name


def test_an_argument_that_is_changed_in_place_is_named():
    def forward(x, count):
        count += 1
        return 2 * x, None

    (report,) = gradcheck(forward, lambda dout, cache: 2 * dout, [X], np.zeros(1))
    assert report.faults == ["argument 1 after the arrays is changed in place"]


def test_where_the_wrong_numbers_show_is_said():
    _, transposed = gradcheck(matmul_forward, WRONG["dW transposed"][2], [SQUARE, SYMMETRIC])
    assert "inputs as given hide it" not in str(transposed)
    hidden, _ = gradcheck(matmul_forward, lambda d, c: (d @ c[1], c[0].T @ d), [SQUARE, SYMMETRIC])
    assert "the inputs as given hide it: it shows at inputs moved by a tenth" in hidden.notes
    clipped, _ = gradcheck(product_forward, WRONG["dout clipped"][2], [X, Y])
    assert "only a large dout shows it: is backward linear in dout?" in clipped.notes
    coarse, _ = gradcheck(product_forward, sees_small_dout_as_zero, [X, Y])
    assert "only a small dout shows it: is backward linear in dout?" in coarse.notes


def test_what_differences_cannot_see_is_said():
    used, unused = gradcheck(lambda x, y: (2 * x, None), lambda d, c: (2 * d, 0 * d), [X, Y])
    assert used.ok and not used.notes
    assert unused.ok
    assert unused.notes == ["its gradient is zero here: a wrong formula that is zero here too would pass"]

    (corner,) = gradcheck(relu_forward, relu_backward, [np.array([0.0, 1.0, -2.0, 0.0])])
    assert corner.ok
    assert corner.notes == [
        "not compared at 2 places, the first (0,), of the inputs given: forward has a corner or jump there"
    ]

    (narrow,) = gradcheck(
        lambda x: (np.log(1e-3 - np.abs(x - x.round())), x),
        lambda d, x: d * -np.sign(x - x.round()) / (1e-3 - np.abs(x - x.round())),
        [np.array([1.0005, 2.0003])],
    )
    assert narrow.ok
    assert narrow.notes == ["compared at these inputs alone: moved by a tenth they give no finite out"]


def test_a_right_backward_may_round_as_much_as_its_own_inputs_ask_for():
    """Twenty pairs of huge numbers sum to 20, give or take what rounding leaves of it in their order."""
    for seed in range(4):
        rng = np.random.default_rng(seed)
        huge = 1e10 * rng.standard_normal(20)
        of_x, of_a = gradcheck(
            lambda x, a: (x * math.fsum(a), (x, a)),
            lambda dout, cache: (dout * np.cumsum(cache[1])[-1], np.full(len(cache[1]), dout @ cache[0])),
            [rng.standard_normal(3), np.concatenate([huge, 1 - huge])],
        )
        assert of_x.ok and of_a.ok, of_x


def test_a_layer_that_keeps_its_values_to_itself_may_be_checked_and_is_told_so():
    class Double:
        def forward(self, x):
            self.x = x
            return x * x

        def backward(self, dout):
            return 2 * dout * self.x

    layer = Double()
    (report,) = gradcheck(lambda x: (layer.forward(x), None), lambda dout, _: layer.backward(dout), [X])
    assert report.ok
    assert report.notes == ["right only straight after its own forward: there is no cache"]


def test_float32_that_is_widened_to_float64_is_noted():
    (report,) = gradcheck(lambda x: (x * np.ones(3), None), lambda d, c: d, [X])
    assert report.ok
    assert report.notes == ["float32 inputs give a float64 out: something in forward is float64"]
    (report,) = gradcheck(lambda x: (1 * x, None), lambda d, c: d * np.ones(3), [X])
    assert report.notes == ["in float32 its gradient is float64: something in backward is float64"]


def test_dout_shares_no_stream_with_the_reader():
    """The README's own x and many another draw of default_rng(0): no dout may be near a multiple of it."""
    seen = []

    def backward(dout, cache):
        seen.append(dout.copy())
        assert dout.shape == X.shape
        return product_backward(dout, cache)

    gradcheck(product_forward, backward, [X, Y])
    gradcheck(product_forward, backward, [X, 2 * Y])
    gradcheck(product_forward, backward, [X, Y], seed=1)
    draws = {dout.tobytes(): dout for dout in seen if len(np.unique(dout)) == 6 and np.abs(dout).max() < 10}
    assert len(draws) == 6, "two points, three calls"
    for dout in draws.values():
        for other in [X, Y, *(other for other in draws.values() if other is not dout)]:
            cosine = (dout * other).sum() / np.sqrt(np.square(dout).sum() * np.square(other).sum())
            assert abs(cosine) < 0.97


def test_equal_inputs_and_seed_give_the_same_report():
    first, again = (gradcheck(matmul_forward, matmul_backward, [SQUARE, EYE]) for _ in range(2))
    assert first == again


def test_an_upstream_gradient_of_ones_would_not_have_been_enough():
    """A softmax whose backward returns zeros passes with ones; gradcheck's random dout convicts it."""
    (report,) = gradcheck(
        lambda x: (softmax(x), x), lambda dout, x: np.zeros_like(x), random_arrays([(2, 4)])
    )
    assert not report.ok


TARGETS = np.array([[2, 0, 3], [1, -100, 3]])
(TOKENS,) = random_arrays([(2, 3, 4)])
QKV, PROJ, ALL_PROJ = random_arrays([(2, 3, 12), (4, 4), (4,)], seed=5)
RIGHT = {
    "linear": (linear_forward, linear_backward, [TOKENS, PROJ, ALL_PROJ], ()),
    "layernorm": (layernorm_forward, layernorm_backward, [TOKENS, ALL_PROJ, ALL_PROJ], ()),
    "gelu": (gelu_forward, gelu_backward, [TOKENS], ()),
    "attention": (attention_forward, attention_backward, [QKV], (2,)),
    "cross entropy": (cross_entropy_forward, cross_entropy_backward, [TOKENS], (TARGETS,)),
    "dropout": (
        lambda x: dropout_forward(x, 0.4, dropout_streams(1, 2, 0, len(x))),
        dropout_backward,
        [TOKENS],
        (),
    ),
    "relu": (relu_forward, relu_backward, [TOKENS], ()),
    "softmax": (lambda x: (softmax(x),) * 2, softmax_backward, [TOKENS], ()),
}
LOOKS = {
    "as they are": lambda x: x,
    "large": lambda x: x * 30,
    "small": lambda x: x * 1e-4,
    "far from zero": lambda x: x + 10,
    "zeros": lambda x: x * 0,
    "ones": lambda x: x * 0 + 1,
    "whole numbers": lambda x: np.round(x * 2),
    "equal rows": lambda x: np.broadcast_to(x[:1], x.shape).copy(),
    "one of them large": lambda x: np.where(np.arange(x.size).reshape(x.shape) == 1, 1e3, x),
    "column by column in memory": np.asfortranarray,
}


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", RIGHT)
def test_right_backwards_pass_whatever_the_inputs_look_like(name, look):
    forward, backward, arrays, args = RIGHT[name]
    for report in gradcheck(forward, backward, [LOOKS[look](array) for array in arrays], *args):
        assert report.ok, report


def test_a_domain_with_an_edge_is_respected():
    for x in ([1e-6, 1.0, 3.0, 1e-3], [1e3, 1e-3, 1.0, 5.0]):
        (report,) = gradcheck(lambda x: (np.log(x), x), lambda dout, x: dout / x, [np.array(x)])
        assert report.ok and not report.notes, report


def test_inputs_without_names_are_numbered():
    reports = gradcheck(lambda *xs: product_forward(*xs), product_backward, [X, Y])
    assert [report.name for report in reports] == ["input 1", "input 2"]
    assert all(report.ok for report in reports)


def test_one_number_in_and_one_number_out():
    (report,) = gradcheck(lambda x: (x * x, x), lambda dout, x: 2 * dout * x, [np.array(3.0)])
    assert report.ok and report.where == ()
    (report,) = gradcheck(lambda x: ((x * x).sum(), x), lambda dout, x: 2 * dout * x, [X])
    assert report.ok


@pytest.mark.parametrize(
    "arrays, forward, backward, sentence",
    [
        ([X.astype("float32"), Y], product_forward, product_backward, "x is float32"),
        (
            [X.round().astype(int), Y],
            product_forward,
            product_backward,
            r"x is int64.*comes after the arrays",
        ),
        ([X.tolist(), Y], product_forward, product_backward, "x is a value of type list"),
        (
            X,
            product_forward,
            product_backward,
            r"must be a list of at least one array, but it is an array of",
        ),
        ([], product_forward, product_backward, "must be a list of at least one array"),
        ([X[:0], Y[:0]], product_forward, product_backward, r"x is empty, its shape is \(0, 3\)"),
        ([X, Y * np.nan], product_forward, product_backward, "y holds nan or inf"),
        (
            [X, Y],
            lambda x, y: x * y,
            product_backward,
            r"forward returned an array of shape \(2, 3\), but it",
        ),
        ([X, Y], lambda x, y: (x, y, None), product_backward, "forward returned 3 things, but"),
        ([X, Y], lambda x, y: ((x, y), None), product_backward, "check several outputs one at a time"),
        ([X, Y], lambda x, y: (x[:, :0], None), product_backward, r"out is empty, its shape is \(2, 0\)"),
        ([X, Y], lambda x, y: (np.log(x), None), product_backward, "out holds nan or inf"),
        ([X, Y], lambda x, y: (x > y, None), product_backward, "out is bool though the inputs are float64"),
        ([X, Y], lambda x, y: (np.float32(x), None), product_backward, "out is float32 though the inputs"),
        ([X, Y], product_forward, lambda d, c: d, r"returned 1 gradients for 2 arrays \(x, y\)"),
        ([X, Y], product_forward, lambda d, c: [d, d], "returned 1 gradients for 2 arrays"),
        (
            [X, Y],
            product_forward,
            lambda d, c: (d, None),
            "the gradient of y is None, but it must be an array",
        ),
        ([X, Y], product_forward, lambda d, c: (d.tolist(), d), "the gradient of x is a value of type list"),
        ([X, Y], product_forward, lambda d, c: (d + 1j, d), "the gradient of x is complex128"),
        (
            [X, Y],
            product_forward,
            lambda d, c: (product_backward(d, c)[0].T, d),
            r"gradient has shape \(3, 2\) but its array has shape \(2, 3\): x; "
            "it equals the transpose of the right gradient",
        ),
        (*ROWS[1:], ROWS[0], lambda d, c: (d, d), "summed over axis 0 it would be the right gradient"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_a_sentence(arrays, forward, backward, sentence):
    with pytest.raises(ValueError, match=sentence):
        gradcheck(forward, backward, arrays)


def test_a_forward_that_draws_anew_at_every_call_is_refused_with_a_way_out():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match=r"forward is not deterministic.*switch dropout off"):
        gradcheck(lambda x: dropout_forward(x, 0.5, [rng] * 2), dropout_backward, [TOKENS])


def test_the_callers_arrays_are_left_as_they_were():
    x, y = X.copy(), Y.copy()
    gradcheck(changes_its_input, product_backward, [x, y])
    assert np.array_equal(x, X) and np.array_equal(y, Y)


def test_nothing_is_warned_of_that_is_reported(recwarn):
    gradcheck(lambda x: (np.log(x), x), lambda dout, x: dout / x, [np.array([1e-6, 1.0])])
    gradcheck(*(WRONG["nan at one place"][i] for i in (0, 2, 1)))
    assert not recwarn
