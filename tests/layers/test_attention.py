import math

import numpy as np
import pytest
from check_layer import check_layer, random_arrays

from minigpt.layers import attention, attention_backward, attention_forward, dropout_streams
from minigpt.layers.dropout import keep_mask

B, T, H, D = 2, 5, 2, 3
C = H * D


@pytest.fixture(params=[64, 3, 1], ids=["one block", "blocks of 3", "blocks of 1"])
def query_block(request, monkeypatch):
    monkeypatch.setattr(attention, "QUERY_BLOCK", request.param)


def torch_heads(qkv, n_head, dropout_mask=None, p=0.0):
    """softmax(q kᵀ / √D + mask) v, written from the paper."""
    import torch

    B, T, width = qkv.shape
    q, k, v = (part.reshape(B, T, n_head, -1).transpose(1, 2) for part in qkv.chunk(3, dim=-1))
    scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
    future = torch.ones(T, T, dtype=torch.bool).triu(1)
    shares = scores.masked_fill(future, -math.inf).softmax(-1)
    if dropout_mask is not None:
        shares = shares * dropout_mask / (1 - p)
    return (shares @ v).transpose(1, 2).reshape(B, T, width // 3)


def test_attention_matches_torch_and_finite_differences(query_block):
    check_layer(
        attention_forward,
        attention_backward,
        lambda qkv: torch_heads(qkv, H),
        [(B, T, 3 * C)],
        args=(H,),
    )


def test_dropped_attention_shares_match_torch_and_finite_differences():
    torch = pytest.importorskip("torch")
    mask = torch.tensor(keep_mask((B, H, T, T), 0.4, dropout_streams(1, 2, 0, B)))

    def forward(qkv):
        return attention_forward(qkv, H, 0.4, dropout_streams(1, 2, 0, B))

    check_layer(forward, attention_backward, lambda qkv: torch_heads(qkv, H, mask, 0.4), [(B, T, 3 * C)])


@pytest.mark.parametrize("dropout", [0.0, 0.4])
def test_without_the_mask_it_is_torchs_attention_without_a_mask(query_block, dropout):
    torch = pytest.importorskip("torch")
    mask = torch.tensor(keep_mask((B, H, T, T), dropout, dropout_streams(1, 2, 0, B)))

    def forward(qkv):
        return attention_forward(qkv, H, dropout, dropout_streams(1, 2, 0, B), causal=False)

    def torch_function(qkv):
        q, k, v = (part.unflatten(-1, (H, D)).transpose(1, 2) for part in qkv.chunk(3, -1))
        if not dropout:
            y = torch.nn.functional.scaled_dot_product_attention(q, k, v)
        else:
            shares = (q @ k.transpose(-1, -2) / math.sqrt(D)).softmax(-1)
            y = shares * mask / (1 - dropout) @ v
        return y.transpose(1, 2).flatten(2)

    check_layer(forward, attention_backward, torch_function, [(B, T, 3 * C)])


def test_without_the_mask_every_token_sees_every_other(query_block):
    (qkv,) = random_arrays([(B, T, 3 * C)])
    before, _ = attention_forward(qkv, H, causal=False)
    for t in range(T):
        changed = qkv.copy()
        changed[:, t] += 1
        after, _ = attention_forward(changed, H, causal=False)
        assert (np.abs(after - before).max((0, 2)) > 1e-3).all()


def test_changing_a_future_token_leaves_past_outputs_alone(query_block):
    (qkv,) = random_arrays([(B, T, 3 * C)])
    before, _ = attention_forward(qkv, H)
    for t in range(T):
        changed = qkv.copy()
        changed[:, t] += 1
        after, _ = attention_forward(changed, H)
        assert np.array_equal(after[:, :t], before[:, :t])
        assert not np.isclose(after[:, t:], before[:, t:]).all(-1).any(), "a later token did not notice"


def test_long_sequences_take_several_blocks_and_equal_one_block(monkeypatch):
    (qkv,) = random_arrays([(1, 150, 3 * C)])
    (dy,) = random_arrays([(1, 150, C)], seed=1)
    results = []
    for size in (64, 150):
        monkeypatch.setattr(attention, "QUERY_BLOCK", size)
        y, cache = attention_forward(qkv, H)
        results.append((y, attention_backward(dy, cache)))
    np.testing.assert_allclose(results[0][0], results[1][0], rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(results[0][1], results[1][1], rtol=1e-10, atol=1e-12)


def test_large_scores_do_not_overflow():
    (qkv,) = random_arrays([(B, T, 3 * C)])
    y, cache = attention_forward((100 * qkv).astype(np.float32), H)
    assert np.isfinite(y).all()
    assert np.isfinite(attention_backward(np.ones_like(y), cache)).all()
