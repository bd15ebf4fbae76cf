import math

import numpy as np
import pytest
from check_layer import check_layer, random_arrays

from minigpt.layers import (
    IGNORED,
    cross_entropy_backward,
    cross_entropy_forward,
    token_losses_backward,
    token_losses_forward,
)

TARGETS = np.array([[2, 0, 6, 2], [1, 1, 5, 3], [0, 4, 4, 2]])
SOME_IGNORED = np.array([[2, IGNORED, 6, 2], [IGNORED, 1, IGNORED, 3], [0, 4, 4, IGNORED]])


def torch_cross_entropy(targets):
    def function(logits):
        import torch
        import torch.nn.functional as F

        return F.cross_entropy(logits.reshape(-1, 7), torch.tensor(targets.reshape(-1)))

    return function


@pytest.mark.parametrize("targets", [TARGETS, SOME_IGNORED], ids=["all counted", "some ignored"])
def test_cross_entropy_matches_torch_and_finite_differences(targets):
    check_layer(
        cross_entropy_forward,
        cross_entropy_backward,
        torch_cross_entropy(targets),
        [(3, 4, 7)],
        args=(targets,),
    )


def test_the_losses_of_single_tokens_match_torch_and_finite_differences():
    def torch_losses(logits):
        import torch
        import torch.nn.functional as F

        return F.cross_entropy(logits, torch.tensor(TARGETS.reshape(-1)), reduction="none")

    check_layer(
        token_losses_forward, token_losses_backward, torch_losses, [(12, 7)], args=(TARGETS.reshape(-1),)
    )


def test_equal_logits_cost_the_logarithm_of_the_vocabulary():
    loss, _ = cross_entropy_forward(np.zeros((2, 3, 50)), np.zeros((2, 3), dtype=int))
    assert loss == pytest.approx(math.log(50), rel=1e-12)


def test_huge_logits_neither_overflow_nor_lose_the_loss():
    logits = np.array([[1e4, 0.0, -1e4]], dtype=np.float32)
    loss, cache = cross_entropy_forward(logits, np.array([1]))
    assert loss == pytest.approx(1e4)
    np.testing.assert_allclose(cross_entropy_backward(1.0, cache), [[1, -1, 0]], atol=1e-6)


def test_with_nothing_to_count_loss_and_gradient_are_zero():
    (logits,) = random_arrays([(2, 3, 7)])
    loss, cache = cross_entropy_forward(logits, np.full((2, 3), IGNORED))
    assert loss == 0
    assert not cross_entropy_backward(1.0, cache).any()


def test_parts_with_the_count_of_the_whole_add_up_to_the_whole():
    (logits,) = random_arrays([(3, 4, 7)])
    loss, cache = cross_entropy_forward(logits, SOME_IGNORED)
    dlogits = cross_entropy_backward(1.0, cache)
    n_counted = int((SOME_IGNORED != IGNORED).sum())
    parts = [cross_entropy_forward(logits[i : i + 1], SOME_IGNORED[i : i + 1], n_counted) for i in range(3)]
    assert sum(part[0] for part in parts) == pytest.approx(loss, rel=1e-12)
    added = np.concatenate([cross_entropy_backward(1.0, part[1]) for part in parts])
    np.testing.assert_allclose(added, dlogits, rtol=1e-12)


def test_an_ignored_target_has_no_gradient():
    (logits,) = random_arrays([(3, 4, 7)])
    _, cache = cross_entropy_forward(logits, SOME_IGNORED)
    dlogits = cross_entropy_backward(1.0, cache)
    assert not dlogits[SOME_IGNORED == IGNORED].any()
    assert dlogits[SOME_IGNORED != IGNORED].all()
