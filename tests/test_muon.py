"""Muon: against torch's over 20 steps, against a singular value decomposition, and by its own claims."""

import math

import numpy as np
import pytest

from minigpt import GPT, AdamW, GPTConfig, Muon, muon
from minigpt.gradcheck import relative_error
from minigpt.muon import COEFFICIENTS, STEPS, newton_schulz, newton_schulz_wide, orthogonalise
from minigpt.training.runner import BatchRunner

SHAPES = {
    "wte.weight": (7, 5),
    "h.0.ln_1.weight": (5,),
    "h.0.attn.c_attn.weight": (5, 12),  # three of (5, 4)
    "h.0.attn.c_attn.bias": (12,),
    "h.0.attn.c_proj.weight": (6, 6),
    "h.0.mlp.c_fc.weight": (4, 11),
    "h.0.mlp.c_proj.weight": (11, 4),
    "h.1.mlp.c_fc.weight": (6, 8),
    "lm_head.weight": (7, 5),
}
MATRICES = [name for name in SHAPES if ".attn.c_" in name or ".mlp." in name if "bias" not in name]


def random_dict(rng, scale=1.0):
    return {name: scale * rng.standard_normal(shape) for name, shape in SHAPES.items()}


def parts_of(name, matrix):
    """The matrices that are orthogonalised apart: q, k and v, or the one."""
    return np.split(matrix, 3, axis=1) if "c_attn.weight" in name else [matrix]


def torch_twin(params, lr, betas, weight_decay, momentum):
    """torch's Muon over the matrices, q, k and v apart, its AdamW over the rest: tensors and optimisers."""
    import torch

    tensors = {
        name: [torch.tensor(part.copy(), requires_grad=True) for part in parts_of(name, param)]
        for name, param in params.items()
    }

    def of(names):
        return [tensor for name in names for tensor in tensors[name]]

    rest = [name for name in params if name not in MATRICES]
    groups = [
        {"params": of(name for name in rest if params[name].ndim == 2), "weight_decay": weight_decay},
        {"params": of(name for name in rest if params[name].ndim == 1), "weight_decay": 0.0},
    ]
    optimizers = [
        torch.optim.Muon(
            of(MATRICES), lr, weight_decay, momentum, nesterov=True, adjust_lr_fn="match_rms_adamw"
        ),
        torch.optim.AdamW(groups, lr, betas),
    ]
    return tensors, optimizers


# torch multiplies in bfloat16, of 8 bits, whatever it is given. Without that cut it is as exact as ours.
@pytest.mark.parametrize(("cut", "tolerance"), [(False, 1e-9), (True, 0.05)], ids=["float64", "bfloat16"])
def test_20_steps_equal_those_of_torchs_muon_and_adamw(cut, tolerance, monkeypatch):
    torch = pytest.importorskip("torch")
    if not cut:
        monkeypatch.setattr(torch.Tensor, "bfloat16", torch.Tensor.clone)
    rng = np.random.default_rng(0)
    params = random_dict(rng)
    betas, decay, momentum = (0.8, 0.95), 0.3, 0.9
    tensors, optimizers = torch_twin(params, 1.0, betas, decay, momentum)
    ours = Muon(params, betas=betas, weight_decay=decay, momentum=momentum)
    start = {name: param.copy() for name, param in params.items()}
    for step in range(20):
        grads = random_dict(rng, scale=rng.choice([1e-3, 1.0, 50.0]))
        ours.lr = 0.05 / (step + 1)
        for name, parts in tensors.items():
            for tensor, grad in zip(parts, parts_of(name, grads[name])):
                tensor.grad = torch.tensor(grad.copy())
        ours.step(grads)
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = ours.lr
            optimizer.step()
        for name, parts in tensors.items():
            expected = np.concatenate([part.detach().numpy() for part in parts], axis=-1)
            moved, theirs = params[name] - start[name], expected - start[name]
            assert relative_error(moved, theirs) <= tolerance, (step, name)


@pytest.mark.parametrize("shape", [(1, 6, 6), (3, 6, 8), (2, 4, 11), (2, 11, 4), (1, 8, 6), (1, 1, 5)])
def test_directions_are_kept_and_singular_values_go_through_the_polynomial(shape):
    """U S Vᵀ becomes U p(p(p(p(p(S))))) Vᵀ, where S is within 1 after division by the norm."""
    x = np.random.default_rng(0).standard_normal(shape)
    a, b, c = COEFFICIENTS
    for matrix, out in zip(x, orthogonalise(x)):
        u, s, vt = np.linalg.svd(matrix / np.linalg.norm(matrix), full_matrices=False)
        for _ in range(STEPS):
            s = a * s + b * s**3 + c * s**5
        assert relative_error(out, u @ np.diag(s) @ vt) <= 1e-9
        assert 0.68 < s.min() and s.max() < 1.21, "orthogonal but for as much"


def test_four_steps_follow_jordans_formulas_as_they_stand():
    """B ← μ B + g and O = orthogonal(g + μ B): sums in place of means, whose direction is the same."""
    lr, momentum, decay = 0.1, 0.6, 0.25
    rng = np.random.default_rng(0)
    name = "h.0.mlp.c_proj.weight"
    expected = rng.standard_normal((6, 4))
    params, buffer = {name: expected.copy()}, np.zeros((6, 4))
    optimizer = Muon(params, lr, weight_decay=decay, momentum=momentum)
    for _ in range(4):
        g = rng.standard_normal((6, 4))
        optimizer.step({name: g})
        buffer = momentum * buffer + g
        u, s, vt = np.linalg.svd(g + momentum * buffer, full_matrices=False)
        s /= np.linalg.norm(s)
        for _ in range(5):
            s = 3.4445 * s - 4.775 * s**3 + 2.0315 * s**5
        expected -= lr * decay * expected + lr * 0.2 * math.sqrt(6) * (u @ np.diag(s) @ vt)
        assert relative_error(params[name], expected) <= 1e-9


def test_five_steps_take_singular_values_from_0_002_to_1_near_to_1_and_smaller_ones_485_times_up():
    values = np.concatenate([np.linspace(0.002, 1, 5000), [1e-6]])
    a, b, c = COEFFICIENTS
    for _ in range(5):
        values = a * values + b * values**3 + c * values**5
    assert 0.68 < values[:-1].min() and values[:-1].max() < 1.21
    assert values[-1] == pytest.approx(485e-6, rel=1e-3)


@pytest.mark.parametrize("rank", [1, 3, 16])
def test_the_short_way_of_wide_matrices_is_the_long_way_in_float32_too(rank):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2, 16, rank)) @ rng.standard_normal((2, rank, 64))
    x /= np.linalg.norm(x, axis=(1, 2), keepdims=True)
    long_way = newton_schulz(x)
    assert relative_error(newton_schulz_wide(x), long_way) <= 1e-9
    single = newton_schulz_wide(x.astype("float32"))
    assert single.dtype == np.float32 and relative_error(single, long_way) <= 1e-3


def test_numbers_of_an_update_have_the_root_mean_square_of_adamws_at_any_shape_of_matrix():
    rng = np.random.default_rng(0)
    for shape in [(32, 32), (32, 128), (128, 32)]:
        params = {"h.0.mlp.c_fc.weight": np.zeros(shape)}
        Muon(params, lr=0.5).step({name: rng.standard_normal(shape) for name in params})
        (param,) = params.values()
        assert math.sqrt((param**2).mean()) == pytest.approx(0.5 * 0.2, rel=0.25)


def test_a_gradient_of_any_length_gives_the_same_first_step_and_none_gives_none():
    steps = []
    for scale in (1e-3, 1.0, 1e4, 0.0):
        params = {"h.0.attn.c_proj.weight": np.zeros((4, 4))}
        grad = scale * np.random.default_rng(0).standard_normal((4, 4))
        Muon(params).step({name: grad for name in params})
        steps.append(params["h.0.attn.c_proj.weight"])
    assert relative_error(steps[0], steps[1]) <= 1e-9 and relative_error(steps[2], steps[1]) <= 1e-9
    assert not steps[3].any()


def test_q_k_and_v_are_orthogonal_each_by_itself():
    """Though the gradient of v is a thousand times as large as those of q and k."""
    rng = np.random.default_rng(0)
    params = {"h.0.attn.c_attn.weight": np.zeros((8, 24))}
    grad = rng.standard_normal((8, 24)) * np.repeat([1.0, 1.0, 1e3], 8)
    Muon(params, lr=1.0).step({name: grad for name in params})
    for part in np.split(params["h.0.attn.c_attn.weight"], 3, axis=1):
        values = np.linalg.svd(part, compute_uv=False) / (0.2 * math.sqrt(8))
        assert 0.68 < values.min() and values.max() < 1.21


def test_what_is_no_matrix_of_a_block_moves_by_adamw_to_the_bit():
    rng = np.random.default_rng(0)
    params = random_dict(rng)
    copies = {name: param.copy() for name, param in params.items()}
    ours, adamw = Muon(params, 0.1, (0.8, 0.9), 1e-3, 0.2), AdamW(copies, 0.1, (0.8, 0.9), 1e-3, 0.2)
    for _ in range(3):
        grads = random_dict(rng)
        ours.step(grads)
        adamw.step(grads)
    same = {name for name in params if np.array_equal(params[name], copies[name])}
    assert same == params.keys() - set(MATRICES)
    assert ours.v.keys() == same and ours.m.keys() == params.keys()


def test_matrices_are_decayed_by_lr_times_lambda():
    params = {"h.0.mlp.c_fc.weight": np.full((2, 3), 8.0)}
    Muon(params, lr=0.5, weight_decay=0.25).step({name: np.zeros((2, 3)) for name in params})
    assert (params["h.0.mlp.c_fc.weight"] == 7.0).all()  # 8 · (1 − 0.5 · 0.25)


def test_a_step_works_in_place_leaves_gradients_alone_and_moves_only_what_has_one():
    rng = np.random.default_rng(0)
    params, grads = random_dict(rng), random_dict(rng)
    arrays, before = dict(params), {name: param.copy() for name, param in params.items()}
    kept = {name: grad.copy() for name, grad in grads.items()}
    del grads["h.0.mlp.c_fc.weight"]
    Muon(params).step(grads)
    for name, param in params.items():
        assert param is arrays[name]
        assert np.array_equal(param, before[name]) == (name not in grads)
    assert all(np.array_equal(grad, kept[name]) for name, grad in grads.items())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_number_of_threads_changes_no_bit_of_an_update(dtype):
    results = []
    for workers in (1, 3):
        model = GPT(GPTConfig(13, 6, 2, 2, 8), seed=1, dtype=dtype)
        optimizer = Muon(model.params, lr=0.02)
        with BatchRunner(model, workers) as runner:
            for step in range(3):
                rng = np.random.default_rng(step)
                grads = {n: rng.standard_normal(p.shape).astype(dtype) for n, p in model.params.items()}
                optimizer.step(grads, runner.for_each)
        results.append(model.params)
    for name, param in results[0].items():
        assert param.dtype == dtype and np.array_equal(param, results[1][name]), name


def test_the_matrices_of_a_gpts_blocks_are_those_that_are_made_orthogonal():
    model = GPT(GPTConfig(13, 6, 2, 2, 8, tie_weights=False))
    names = ("attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj")
    assert Muon(model.params).orthogonal == {f"h.{i}.{name}.weight" for i in (0, 1) for name in names}


def test_parameters_without_a_matrix_of_a_block_are_refused():
    with pytest.raises(ValueError, match="there are none: take AdamW"):
        Muon({"table.weight": np.zeros((3, 3))})
    with pytest.raises(ValueError, match="there are none"):
        Muon({"h.0.attn.c_attn.lora_A": np.zeros((3, 2))})


def test_torch_has_the_same_constants():
    pytest.importorskip("torch")
    from torch.optim import _muon as theirs

    assert (theirs.DEFAULT_A, theirs.DEFAULT_B, theirs.DEFAULT_C) == COEFFICIENTS
    assert (theirs.DEFAULT_NS_STEPS, theirs.EPS) == (STEPS, muon.SMALLEST_NORM)
