import numpy as np
import pytest

from minigpt.generation.sampling import (
    Sampling,
    apply_temperature,
    draw,
    keep_min_p,
    keep_top_k,
    keep_top_p,
    penalize_repetition,
    pick,
    softmax,
    token_probabilities,
)


def random_logits(rows=5, vocabulary=97, spread=3.0, seed=0):
    return spread * np.random.default_rng(seed).standard_normal((rows, vocabulary))


def oracle(processor_name, logits, *args, input_ids=None, **kwargs):
    """What the logits processor of transformers makes of the same logits."""
    torch = pytest.importorskip("torch")
    processors = pytest.importorskip("transformers.generation.logits_process")
    processor = getattr(processors, processor_name)(*args, **kwargs)
    return processor(input_ids, torch.tensor(logits)).numpy()


@pytest.mark.parametrize("spread", [0.1, 1.0, 8.0])
@pytest.mark.parametrize("temperature", [0.2, 0.8, 1.7])
def test_temperature_is_that_of_transformers(temperature, spread):
    logits = random_logits(spread=spread)
    expected = oracle("TemperatureLogitsWarper", logits, temperature)
    np.testing.assert_allclose(softmax(apply_temperature(logits, temperature)), softmax(expected), rtol=1e-12)


@pytest.mark.parametrize("k", [1, 2, 40, 97, 1000])
def test_top_k_is_that_of_transformers(k):
    logits = random_logits()
    np.testing.assert_array_equal(keep_top_k(logits, k), oracle("TopKLogitsWarper", logits, k))


@pytest.mark.parametrize("spread", [0.0, 0.1, 1.0, 8.0])
@pytest.mark.parametrize("p", [0.05, 0.5, 0.9, 0.999])
def test_top_p_is_that_of_transformers(p, spread):
    logits = random_logits(spread=spread) + 1e-9 * random_logits(seed=1)  # equal scores could go either way
    np.testing.assert_array_equal(keep_top_p(logits, p), oracle("TopPLogitsWarper", logits, p))


@pytest.mark.parametrize("spread", [0.1, 1.0, 8.0])
@pytest.mark.parametrize("p", [0.0, 0.02, 0.3, 1.0])
def test_min_p_is_that_of_transformers(p, spread):
    logits = random_logits(spread=spread)
    np.testing.assert_array_equal(keep_min_p(logits, p), oracle("MinPLogitsWarper", logits, p))


@pytest.mark.parametrize("penalty", [0.7, 1.0, 1.3])
def test_the_repetition_penalty_is_that_of_transformers(penalty):
    torch = pytest.importorskip("torch")
    logits = random_logits()
    ids = np.random.default_rng(2).integers(0, 97, (5, 30))
    seen = np.zeros(logits.shape, dtype=bool)
    np.put_along_axis(seen, ids, True, axis=1)
    expected = oracle(
        "RepetitionPenaltyLogitsProcessor", logits, penalty=penalty, input_ids=torch.tensor(ids)
    )
    np.testing.assert_allclose(penalize_repetition(logits, seen, penalty), expected, rtol=1e-15)


def test_all_settings_together_give_the_distribution_of_transformers():
    """Each alone could be right and the order wrong: top-p of a tempered distribution is another set."""
    logits = random_logits(rows=50, spread=2.0)
    expected = oracle("TemperatureLogitsWarper", logits, 0.7)
    expected = oracle("TopKLogitsWarper", expected, 20)
    expected = oracle("TopPLogitsWarper", expected, 0.8)
    expected = oracle("MinPLogitsWarper", expected, 0.1)
    ours = token_probabilities(logits, Sampling(temperature=0.7, top_k=20, top_p=0.8, min_p=0.1))
    np.testing.assert_allclose(ours, softmax(expected), rtol=1e-12)


def test_top_p_keeps_the_fewest_tokens_that_reach_p():
    logits = np.log([[0.05, 0.5, 0.15, 0.3]])
    assert np.isfinite(keep_top_p(logits, 0.5)).tolist() == [[False, True, False, False]]
    assert np.isfinite(keep_top_p(logits, 0.51)).tolist() == [[False, True, False, True]]
    assert np.isfinite(keep_top_p(logits, 0.81)).tolist() == [[False, True, True, True]]
    assert np.isfinite(keep_top_p(logits, 1.0)).all()


def test_top_p_keeps_at_least_one_token_however_flat_the_scores():
    flat = np.zeros((2, 1000))
    assert (np.isfinite(keep_top_p(flat, 1e-9)).sum(-1) == 1).all()


def test_ties_at_the_k_th_place_are_all_kept():
    assert np.isfinite(keep_top_k(np.array([[1.0, 3.0, 3.0, 0.0]]), 1)).sum() == 2


def test_the_smallest_temperature_is_greedy_and_does_not_overflow():
    logits = random_logits()
    probabilities = token_probabilities(logits, Sampling(temperature=1e-300))
    assert (probabilities.argmax(-1) == logits.argmax(-1)).all()
    np.testing.assert_array_equal(probabilities.max(-1), 1)


def test_extreme_float32_logits_neither_overflow_nor_vanish():
    probabilities = token_probabilities(np.array([[1e30, -1e30, 1e30]], dtype=np.float32), Sampling())
    np.testing.assert_array_equal(probabilities, [[0.5, 0, 0.5]])


def test_draws_follow_the_probabilities():
    probabilities = np.array([0.1, 0.0, 0.6, 0.3, 0.0])
    uniforms = (np.arange(10_000) + 0.5) / 10_000
    tokens = draw(np.tile(probabilities, (10_000, 1)), uniforms)
    np.testing.assert_allclose(np.bincount(tokens, minlength=5) / 10_000, probabilities, atol=1e-3)


def test_a_token_of_probability_zero_is_never_drawn():
    probabilities = np.array([[0.0, 0.3, 0.7, 0.0]])
    assert draw(probabilities, np.array([0.0])) == [1]
    assert draw(probabilities, np.array([np.nextafter(1, 0)])) == [2]


def test_pick_at_temperature_zero_takes_the_highest_score_without_a_generator():
    logits = random_logits()
    assert (pick(logits, Sampling(temperature=0), rngs=None) == logits.argmax(-1)).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("temperature", [0, 1])
def test_scores_that_are_no_numbers_are_an_error_and_not_token_0(bad, temperature):
    logits = random_logits()
    logits[3, 7] = bad
    with pytest.raises(ValueError, match="not finite"):
        pick(logits, Sampling(temperature), [np.random.default_rng(0)] * 5)


@pytest.mark.parametrize(
    "setting",
    [
        {"temperature": -0.1},
        {"temperature": float("nan")},
        {"temperature": float("inf")},
        {"top_k": 0},
        {"top_p": 0.0},
        {"top_p": 1.1},
        {"min_p": -0.1},
        {"min_p": 1.5},
        {"repetition_penalty": 0.0},
        {"repetition_penalty": float("inf")},
    ],
)
def test_a_setting_out_of_range_is_refused_by_name_and_value(setting):
    ((name, value),) = setting.items()
    with pytest.raises(ValueError, match=f"{name} is {value} "):
        Sampling(**setting)


def test_the_callers_logits_are_left_as_they_were():
    logits = random_logits()
    before = logits.copy()
    token_probabilities(logits, Sampling(0.5, top_k=9, top_p=0.8, min_p=0.1))
    np.testing.assert_array_equal(logits, before)


def test_probabilities_that_rounding_left_below_one_still_give_a_token():
    probabilities = np.array([[0.3, 0.7 - 1e-9]])
    assert draw(probabilities, np.array([np.nextafter(1, 0)])) == [1]


def test_each_row_draws_with_its_own_generator():
    class Fixed:
        def __init__(self, number):
            self.number = number

        def random(self):
            return self.number

    logits = np.log([[0.5, 0.5]] * 3)
    assert pick(logits, Sampling(), [Fixed(0.2), Fixed(0.7), Fixed(0.4)]).tolist() == [0, 1, 0]


def test_every_setting_does_what_it_is_named_after():
    """Shares 4 : 3 : 2 : 1, of which each setting keeps others."""
    logits = np.log([[0.4, 0.3, 0.2, 0.1]])

    def kept(**settings):
        (row,) = token_probabilities(logits, Sampling(**settings))
        return np.flatnonzero(row).tolist(), row.max()

    assert kept(top_k=2) == ([0, 1], pytest.approx(4 / 7))
    assert kept(top_p=0.75) == ([0, 1, 2], pytest.approx(4 / 9))
    assert kept(min_p=0.75 - 1e-9) == ([0, 1], pytest.approx(4 / 7))
    assert kept(temperature=0.5)[1] == pytest.approx(16 / 30)
    assert kept(temperature=0)[1] == pytest.approx(0.4), "the model's own"
