"""BERT's exercise: the rule exactly, against transformers', and its shares."""

import numpy as np
import pytest

from minigpt.filling.masking import mask_tokens
from minigpt.layers import IGNORED

V, MASK, SPECIAL = 50, 49, (47, 48, 49)


class Given:
    """A generator that hands out what it was given, in order."""

    def __init__(self, *uniforms, others=None):
        self.uniforms, self.others = list(uniforms), others

    def random(self, shape):
        return self.uniforms.pop(0)

    def integers(self, n, size):
        assert n == V and size == self.others.shape
        return self.others


def test_the_arrays_of_one_batch():
    ids = np.array([[1, 2, 3, 4, 5, 48, 7]])
    chosen = np.array([[0.0, 0.149, 0.14, 0.01, 0.15, 0.0, 0.9]])
    fate = np.array([[0.0, 0.799, 0.8, 0.9, 0.0, 0.0, 0.85]])
    seen, targets = mask_tokens(ids, SPECIAL, MASK, V, Given(chosen, fate, others=ids + 20))
    assert seen.tolist() == [[MASK, MASK, 23, 4, 5, 48, 7]]
    assert targets.tolist() == [[1, 2, 3, 4, IGNORED, IGNORED, IGNORED]]
    assert ids.tolist() == [[1, 2, 3, 4, 5, 48, 7]], "the caller's array stays"


def test_every_array_is_that_of_transformers_collator(monkeypatch):
    """DataCollatorForLanguageModeling, whose coins are thrown with our numbers."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel

    words = {f"w{i}": i for i in range(47)} | {"[PAD]": 47, "[CLS]": 48, "[MASK]": 49}
    peer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer(WordLevel(words, unk_token="w0")),
        **{"pad_token": "[PAD]", "cls_token": "[CLS]", "mask_token": "[MASK]"},
    )
    collator = transformers.DataCollatorForLanguageModeling(peer, mlm=True, mlm_probability=0.15)
    rng = np.random.default_rng(3)
    ids = rng.integers(V, size=(30, 40))
    chosen, fate, others = rng.random(ids.shape), rng.random(ids.shape), rng.integers(V, size=ids.shape)
    coins = [chosen, fate, (fate - 0.8) / 0.2]  # of what is not masked, half is replaced

    def bernoulli(p, **_):
        return torch.tensor(coins.pop(0)) < p

    monkeypatch.setattr(torch, "bernoulli", bernoulli)
    monkeypatch.setattr(torch, "randint", lambda high, size, **_: torch.tensor(others))
    inputs, labels = collator.torch_mask_tokens(torch.tensor(ids))
    assert not coins
    seen, targets = mask_tokens(ids, SPECIAL, MASK, V, Given(chosen, fate, others=others))
    assert np.array_equal(seen, inputs.numpy()) and np.array_equal(targets, labels.numpy())


def test_fifteen_of_a_hundred_are_chosen_and_of_these_eighty_masked_ten_replaced_ten_kept():
    ids = np.random.default_rng(0).integers(47, size=(400, 500))
    seen, targets = mask_tokens(ids, SPECIAL, MASK, V, np.random.default_rng(1))
    chosen = targets != IGNORED
    assert np.array_equal(targets[chosen], ids[chosen]) and np.array_equal(seen[~chosen], ids[~chosen])
    assert chosen.mean() == pytest.approx(0.15, abs=0.003)
    masked, kept = (seen == MASK)[chosen], (seen == ids)[chosen]
    assert masked.mean() == pytest.approx(0.8 + 0.1 / V, abs=0.007)
    assert kept.mean() == pytest.approx(0.1 + 0.1 / V, abs=0.007)
    replaced = seen[chosen][~masked & ~kept]
    shares = np.bincount(replaced, minlength=V)[:49] / len(replaced)
    assert np.abs(shares - 1 / 49).max() < 0.007, "any token of the vocabulary"


def test_special_tokens_are_never_chosen_and_one_seed_gives_one_batch():
    ids = np.random.default_rng(0).integers(V, size=(100, 100))
    one, again, other = (mask_tokens(ids, SPECIAL, MASK, V, np.random.default_rng(s)) for s in (1, 1, 2))
    assert not np.isin(one[1], SPECIAL).any()
    assert all(np.array_equal(a, b) for a, b in zip(one, again))
    assert not np.array_equal(one[1], other[1])
