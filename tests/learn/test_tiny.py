"""The tiny model: what it learns from, and that plain.py trains it as any training does."""

import numpy as np
import pytest

import minigpt.plain as plain
from minigpt.learn import tiny


@pytest.mark.parametrize(
    ("text", "chinese"),
    [
        ("the cat", False),
        ("a 猫 b", True),
        ("㐀", True),
        ("龥", True),
        ("鿿", True),
        ("ねこ", False),
        ("", False),
    ],
)
def test_one_chinese_character_makes_a_sentence_chinese(text, chinese):
    assert tiny.is_chinese(text) == chinese


def test_it_learns_from_lines_in_the_sentences_script_and_from_the_sentence():
    assert tiny.tiny_text("the zebra")[-1] == "the zebra"
    assert tiny.is_chinese(tiny.tiny_text("猫")[0]) and not tiny.is_chinese(tiny.tiny_text("cat")[0])
    assert set("QÅ!") <= set(tiny.tiny_model("QÅ!")[1].decode(range(tiny.tiny_model("QÅ!")[1].n_vocab)))


def test_it_begins_with_the_same_weights_each_time():
    first, second = (tiny.tiny_model("the cat")[0].params for _ in range(2))
    assert all(np.array_equal(first[name], second[name]) for name in first)


def test_targets_are_the_next_tokens_steps_differ_and_lines_end():
    _, tokenizer = tiny.tiny_model("the cat")
    steps = list(tiny.batches("the cat", tokenizer, 3))
    for idx, targets in steps:
        assert idx.shape == targets.shape == (tiny.BATCH, tiny.CONTEXT)
        assert np.array_equal(idx[:, 1:], targets[:, :-1]) and not np.array_equal(idx, targets)
    assert not np.array_equal(steps[0][0], steps[1][0])
    assert any((idx == tokenizer.eot_token).any() for idx, _ in steps)
    again = list(tiny.batches("the cat", tokenizer, 3))
    assert all(np.array_equal(one[0], other[0]) for one, other in zip(steps, again))


def test_a_step_is_forward_backward_clipping_and_adamw_with_the_moments_of_the_steps_before():
    model, tokenizer = tiny.tiny_model("the cat")
    got = tiny.train("the cat", model, tokenizer, 3)
    params, m, v, losses = model.params, {}, {}, []
    for t, (idx, targets) in zip((1, 2, 3), tiny.batches("the cat", tokenizer, 3)):
        a = plain.forward(params, idx, targets, 2)
        grads, _ = plain.clip(params, plain.backward(params, a, idx, targets), 1.0)
        losses.append(float(a["loss"]))
        params, m, v, *_ = plain.adamw(params, grads, m, v, t, 1e-2)
    assert got[3] == losses
    for mine, theirs in zip(got, (params, m, v)):
        assert all(np.array_equal(mine[name], theirs[name]) for name in params)


def test_gradients_longer_than_the_limit_are_clipped():
    model, tokenizer = tiny.tiny_model("the cat")

    def ten_times(params, a, idx, targets):
        return {name: 1e4 * grad for name, grad in plain.backward(params, a, idx, targets).items()}

    m = tiny.train("the cat", model, tokenizer, 1, ten_times)[1]
    assert sum((moment**2).sum() for moment in m.values()) == pytest.approx(0.1**2, rel=1e-6)


def test_no_steps_leave_the_model_untrained():
    model, tokenizer = tiny.tiny_model("the cat")
    params, m, _, losses = tiny.train("the cat", model, tokenizer, 0)
    assert losses == [] and m == {} and params is model.params
