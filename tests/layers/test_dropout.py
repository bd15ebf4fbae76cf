import numpy as np
from check_layer import check_layer

from minigpt.layers import dropout_backward, dropout_forward, dropout_streams
from minigpt.layers.dropout import keep_mask


def seeded_dropout(x, p):
    return dropout_forward(x, p, dropout_streams(seed=5, step=3, first=0, count=len(x)))


def test_dropout_matches_torch_and_finite_differences():
    import pytest

    torch = pytest.importorskip("torch")
    mask = torch.tensor(keep_mask((3, 4, 5), 0.3, dropout_streams(5, 3, 0, 3)))
    check_layer(seeded_dropout, dropout_backward, lambda x: x * mask / 0.7, [(3, 4, 5)], args=(0.3,))


def test_dropout_keeps_the_stated_share_and_the_mean():
    x = np.ones((8, 100, 100))
    out, _ = seeded_dropout(x, 0.2)
    assert abs((out == 0).mean() - 0.2) < 0.005
    assert abs(out.mean() - 1) < 0.01
    assert set(np.unique(out)) == {0.0, 1 / (1 - 0.2)}


def test_without_streams_or_with_p_zero_nothing_changes():
    x = np.ones((2, 3))
    for p, rngs in [(0.5, None), (0.0, dropout_streams(0, 0, 0, 2))]:
        out, cache = dropout_forward(x, p, rngs)
        assert out is x
        assert dropout_backward(x, cache) is x


def test_a_sequence_meets_the_same_mask_wherever_the_batch_is_cut():
    whole = keep_mask((6, 10, 4), 0.5, dropout_streams(seed=1, step=7, first=0, count=6))
    part = keep_mask((2, 10, 4), 0.5, dropout_streams(seed=1, step=7, first=3, count=2))
    assert np.array_equal(whole[3:5], part)


def test_steps_sequences_and_seeds_have_different_masks():
    masks = [
        keep_mask((1, 64), 0.5, dropout_streams(seed, step, sequence, 1))
        for seed, step, sequence in [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)]
    ]
    assert len({mask.tobytes() for mask in masks}) == 4
