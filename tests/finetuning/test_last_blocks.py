"""Training the upper part of a GPT: the same numbers as training all of it, for fewer parameters."""

import dataclasses

import numpy as np
import pytest
from models import SMALL as CONFIG
from models import order_one_gpt

from minigpt.finetuning.last_blocks import LastBlocksGPT
from minigpt.gradcheck import relative_error

UNTIED = dataclasses.replace(CONFIG, tie_weights=False)


def batch():
    return np.random.default_rng(2).integers(CONFIG.vocab_size, size=(2, 4, 7))


@pytest.mark.parametrize("first", range(CONFIG.n_layer + 1))
@pytest.mark.parametrize("config", [CONFIG, UNTIED], ids=["tied", "untied"])
def test_what_is_frozen_has_no_gradient_and_the_rest_has_its_own(config, first):
    base, (idx, targets) = order_one_gpt(config), batch()
    expected_loss, expected = base.loss_and_grads(idx, targets)
    model = LastBlocksGPT(base, first)
    loss, grads = model.loss_and_grads(idx, targets)
    assert relative_error(loss, expected_loss) <= 1e-12
    assert grads.keys() == model.trained_params().keys()
    trained_blocks = {name.split(".")[1] for name in grads if name.startswith("h.")}
    assert trained_blocks == {str(i) for i in range(first, config.n_layer)}
    others = {name for name in grads if not name.startswith("h.")}
    assert others == {"ln_f.weight", "ln_f.bias"} | ({"lm_head.weight"} if config is UNTIED else set())
    for name, grad in grads.items():
        assert relative_error(grad, expected[name]) <= 1e-12, name


def test_no_cache_of_a_frozen_block_is_kept():
    _, ((_, blocks, _), _) = LastBlocksGPT(order_one_gpt(CONFIG), 2).forward(batch()[0])
    assert [block is None for block in blocks] == [True, True, False]


@pytest.mark.parametrize("first", [-1, CONFIG.n_layer + 1])
def test_a_block_that_is_not_there_is_refused(first):
    with pytest.raises(ValueError, match=rf"is {first} but must be 0 … {CONFIG.n_layer}"):
        LastBlocksGPT(order_one_gpt(CONFIG), first)
