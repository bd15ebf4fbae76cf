"""Windows that begin at documents: which inputs and targets a model of documents sees."""

import numpy as np
import pytest

from minigpt.training import document_windows
from minigpt.training.document_windows import document_batch, find_windows, random_documents

END = 9
#         emma             a long one                                  b
TOKENS = [END, 1, 2, 2, 3, END, 4, 5, 6, 7, 8, 4, 5, END, 0, END]
IGNORED = -100


@pytest.fixture
def tokens():
    return np.array(TOKENS, dtype=np.uint16)


@pytest.mark.parametrize("at_once", [1, 2, 3, 5, 100])
def test_a_window_is_a_document_and_a_longer_one_goes_on_in_the_next(tokens, tmp_path, monkeypatch, at_once):
    monkeypatch.setattr(document_windows, "TOKENS_AT_ONCE", at_once)
    edges = {T: find_windows(tokens, END, T, tmp_path / "edges").tolist() for T in (1, 3, 5, 8, 100)}
    assert edges[100] == edges[8] == [0, 5, 13, 15]
    assert edges[5] == [0, 5, 10, 13, 15]
    assert edges[3] == [0, 3, 5, 8, 11, 13, 15]
    assert edges[1] == list(range(16))


def test_a_batch_of_documents_has_these_inputs_and_these_targets(tokens, tmp_path):
    edges = find_windows(tokens, END, 5, tmp_path / "edges")
    x, y = document_batch(tokens, edges, np.array([0, 3, 1, 2]))
    assert x.tolist() == [[END, 1, 2, 2, 3], [END, 0, END, END, END], [END, 4, 5, 6, 7], [8, 4, 5, END, END]]
    assert y.tolist() == [
        [1, 2, 2, 3, END],
        [0, END, IGNORED, IGNORED, IGNORED],
        [4, 5, 6, 7, 8],
        [4, 5, END, IGNORED, IGNORED],
    ]
    assert x.dtype == y.dtype == np.int64


def test_a_batch_is_as_wide_as_its_longest_window(tokens, tmp_path):
    edges = find_windows(tokens, END, 100, tmp_path / "edges")
    assert [document_batch(tokens, edges, np.array([i]))[0].shape[1] for i in range(3)] == [5, 8, 2]


@pytest.mark.parametrize("T", [1, 2, 3, 7, 50])
def test_every_target_is_in_exactly_one_window_behind_the_tokens_of_its_document_alone(tmp_path, T):
    rng = np.random.default_rng(0)
    documents = [rng.integers(0, END, size=rng.integers(1, 12)).tolist() for _ in range(40)]
    tokens = np.array([END, *(token for document in documents for token in (*document, END))])
    edges = find_windows(tokens, END, T, tmp_path / "edges")
    x, y = document_batch(tokens, edges, np.arange(len(edges) - 1))
    assert x.shape[1] <= T
    assert y[y != IGNORED].tolist() == tokens[1:].tolist()
    for inputs, targets in zip(x, y):
        n = (targets != IGNORED).sum()
        assert END not in inputs[1:n], "a window reaches into the next document"
        assert inputs[1:n].tolist() == targets[: n - 1].tolist()


def test_random_documents_are_all_windows_equally_often_whatever_their_length(tokens, tmp_path):
    edges = find_windows(tokens, END, 5, tmp_path / "edges")
    counts = dict.fromkeys([1, 4, 8, 0], 0)  # what the four windows begin with, the end aside
    for step in range(200):
        x, _ = random_documents(tokens, edges, 4, np.random.default_rng([0, step]))
        for row in x:
            counts[int(row[0] if row[0] != END else row[1])] += 1
    assert all(150 < n < 250 for n in counts.values()), counts
    again = [random_documents(tokens, edges, 4, np.random.default_rng([0, 7])) for _ in range(2)]
    assert np.array_equal(again[0], again[1])


def test_edges_are_memory_mapped(tokens, tmp_path):
    edges = find_windows(tokens, END, 5, tmp_path / "edges")
    assert isinstance(edges, np.memmap) and edges.dtype == np.int64
    assert [path.name for path in tmp_path.iterdir()] == ["edges"]
