import numpy as np
import pytest

from minigpt import GPT, GPTConfig
from minigpt.finetuning.classifier import GPTClassifier


def test_a_new_head_is_of_the_size_of_every_other_matrix_and_of_its_seed():
    """Not zero: with W = 0 no gradient reaches what lies below it in the first step."""
    gpt = GPT(GPTConfig(20, 8, 1, 2, 400))
    heads = [
        GPTClassifier(gpt, list("abcde"), pad_token_id=0, seed=seed).params["score.weight"]
        for seed in (1, 1, 2)
    ]
    assert heads[0].shape == (5, 400) and heads[0].dtype == np.float32
    assert heads[0].std() == pytest.approx(0.02, rel=0.06) and abs(heads[0].mean()) < 0.002
    assert np.array_equal(heads[0], heads[1]) and not np.array_equal(heads[0], heads[2])
