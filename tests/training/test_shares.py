"""Which process moves which parameters, and what goes together in a message."""

import dataclasses

import numpy as np
import pytest
from processes import CONFIG

from minigpt import GPT, AdamW, GPTConfig, Muon
from minigpt.muon import is_block_matrix, number_of_parts, orthogonalise
from minigpt.training import shares


def test_blocks_go_together_until_they_make_a_message(monkeypatch):
    model = GPT(dataclasses.replace(CONFIG, n_layer=5), seed=3)
    block = sum(param.nbytes for name, param in model.params.items() if name.startswith("h.1."))
    monkeypatch.setattr(shares, "MESSAGE_BYTES", block + 1)
    *blocks, rest = shares.messages(model.params)
    assert [sorted({name.split(".")[1] for name in names}) for names in blocks] == [["3", "4"], ["1", "2"]]
    assert {name.split(".")[0] for name in rest} == {"h", "wte", "wpe", "ln_f"}
    assert sorted(sum(blocks, rest)) == sorted(model.params)
    adapters = {name: param for name, param in model.params.items() if name.startswith(("h.1.", "h.2."))}
    assert [sorted(names) for names in shares.messages(adapters)] == [sorted(adapters)]  # and no empty one


@pytest.mark.parametrize("size", [1, 2, 3, 5, 64])
def test_muon_moves_whole_matrices_of_nearly_equal_work_and_the_rest_is_cut_evenly(size):
    model = GPT(GPTConfig(50, 16, 4, 2, 32), seed=3)
    cuts = shares.deal(Muon(model.params), model.params, size)
    work = [0] * size
    for name, param in model.params.items():
        assert cuts[name][0] == 0 and cuts[name][-1] == len(param) and sorted(cuts[name]) == cuts[name]
        rows = np.diff(cuts[name])
        if is_block_matrix(name):
            assert sorted(rows)[-1] == len(param), "one process has all rows"
            work[rows.argmax()] += shares.work_of_muon(param.shape, number_of_parts(name))
        else:
            assert rows.max() - rows.min() <= 1
    largest = max(
        shares.work_of_muon(p.shape, number_of_parts(n))
        for n, p in model.params.items()
        if is_block_matrix(n)
    )
    assert max(work) <= sum(work) / size + largest
    if size == 2:
        assert max(work) == sum(work) / 2
    for rows in shares.deal(AdamW(model.params), model.params, size).values():
        assert max(np.diff(rows)) - min(np.diff(rows)) <= 1


def test_the_work_of_muon_counts_the_products_that_are_made():
    made, matmul = [], np.ndarray.__matmul__

    class Noted(np.ndarray):
        def __matmul__(self, other):
            made.append(self.shape[0] * self.shape[1] * self.shape[2] * other.shape[2])
            return matmul(self, other)

    for n_in, n_out, n_parts in ((6, 6, 3), (6, 12, 1), (12, 6, 1), (6, 11, 1), (40, 10, 1)):
        made.clear()
        x = np.random.default_rng(0).standard_normal((n_parts, n_in, n_out)).view(Noted)
        orthogonalise(x)
        assert sum(made) == shares.work_of_muon((n_in, n_parts * n_out), n_parts)
