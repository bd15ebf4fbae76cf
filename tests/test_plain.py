"""plain.py: every array and every gradient, against the fast layers and GPT, and against a twin."""

import dataclasses
import re

import numpy as np
import pytest

from minigpt import GPT, AdamW, GPTConfig, clip_grad_norm, plain
from minigpt.gradcheck import numerical_gradient, relative_error
from minigpt.layers import (
    attention_backward,
    attention_forward,
    cross_entropy_backward,
    cross_entropy_forward,
    embedding_backward,
    embedding_forward,
    gelu_backward,
    gelu_forward,
    layernorm_backward,
    layernorm_forward,
    linear_backward,
    linear_forward,
    position_embedding_backward,
    position_embedding_forward,
)
from minigpt.layers.attention import QUERY_BLOCK

TOLERANCE = 1e-12  # the same formulas in float64: only the order of sums differs

# No two sizes are equal, so that no wrong axis fits by accident.
SHORT = GPTConfig(vocab_size=13, block_size=9, n_layer=3, n_head=2, n_embd=10, layer_norm_epsilon=0.01)
LONG = GPTConfig(vocab_size=7, block_size=150, n_layer=2, n_head=3, n_embd=12)
CASES = {
    "tied": (SHORT, 4, 7),
    "untied": (dataclasses.replace(SHORT, tie_weights=False), 4, 7),
    "one token": (SHORT, 4, 1),
    "one sequence in the full context": (SHORT, 1, 9),
    "several blocks of queries": (LONG, 2, 2 * QUERY_BLOCK + 7),
}


def model_of(config, scale=0.5, dtype="float64"):
    """A model whose weights are large: at GPT-2's 0.02 many a wrong formula looks right."""
    model = GPT(config, dtype=dtype)
    rng = np.random.default_rng(1)
    for param in model.params.values():
        param[...] = scale * rng.standard_normal(param.shape)
    return model


def batch(config, B, T):
    """Ids, of which some come more than once and others never, and targets, of which some are not counted."""
    rng = np.random.default_rng(2)
    idx = rng.integers(config.vocab_size - 1, size=(B, T))
    idx[:, -1] = idx[0, 0]
    targets = rng.integers(config.vocab_size, size=(B, T))
    targets[rng.random((B, T)) < 0.2] = -100
    targets[0, 0], targets[-1, 0] = config.vocab_size - 1, -100 if B > 1 else 0
    return idx, targets


def both(config, idx, targets, params):
    """plain's arrays and their gradients."""
    a = plain.forward(params, idx, targets, config.n_head, config.layer_norm_epsilon)
    return a, plain.backward(params, a, idx, targets)


@pytest.fixture(scope="module", params=CASES)
def case(request):
    """A model, its batch, and plain's arrays and gradients for them."""
    config, B, T = CASES[request.param]
    model, (idx, targets) = model_of(config), batch(config, B, T)
    return model, idx, targets, *both(config, idx, targets, model.params)


def assert_equal(actual, expected, what):
    assert relative_error(actual, expected) <= TOLERANCE, what


def test_logits_loss_and_every_parameters_gradient_equal_gpts(case):
    model, idx, targets, a, d = case
    loss, grads = model.loss_and_grads(idx, targets)
    assert_equal(a["logits"], model.forward(idx)[0], "logits")
    assert_equal(a["loss"], loss, "loss")
    assert grads.keys() == model.params.keys()
    for name, grad in grads.items():
        assert_equal(d[name], grad, name)


def test_each_layer_norm_equals_the_fast_one(case):
    model, _, _, a, d = case
    eps, stream = model.config.layer_norm_epsilon, "x"
    for i in range(model.config.n_layer):
        for name, after in [(f"h.{i}.ln_1", f"h.{i}.x_attn"), (f"h.{i}.ln_2", f"h.{i}.x_mlp")]:
            check_layer_norm(model.params, a, d, name, stream, d[after], eps)
            stream = after
    check_layer_norm(model.params, a, d, "ln_f", stream, 0, eps)


def check_layer_norm(params, a, d, name, stream, dresidual, eps):
    """One LayerNorm: it reads the array `stream`, whose gradient is its own and that of the residual."""
    weight, bias = params[name + ".weight"], params[name + ".bias"]
    out, cache = layernorm_forward(a[stream], weight, bias, eps)
    assert_equal(a[name], out, name)
    dx, dweight, dbias = layernorm_backward(d[name], cache)
    assert_equal(d[stream], dx + dresidual, stream)
    assert_equal(d[name + ".weight"], dweight, name)
    assert_equal(d[name + ".bias"], dbias, name)


def test_attention_equals_the_fast_one(case):
    model, _, _, a, d = case
    for i in range(model.config.n_layer):
        h = f"h.{i}.attn."
        y, cache = attention_forward(a[h + "qkv"], model.config.n_head)
        assert_equal(a[h + "y_joined"], y, h)
        assert_equal(d[h + "qkv"], attention_backward(d[h + "y_joined"], cache), h)


def test_linear_layers_and_gelu_equal_the_fast_ones(case):
    model, _, _, a, d = case
    for i in range(model.config.n_layer):
        h = f"h.{i}."
        for x, name, y in [
            ("ln_1", "attn.c_attn", "attn.qkv"),
            ("attn.y_joined", "attn.c_proj", "attn.c_proj"),
            ("ln_2", "mlp.c_fc", "mlp.c_fc"),
            ("mlp.gelu", "mlp.c_proj", "mlp.c_proj"),
        ]:
            weight, bias = model.params[h + name + ".weight"], model.params[h + name + ".bias"]
            out, cache = linear_forward(a[h + x], weight, bias)
            assert_equal(a[h + y], out, h + y)
            dx, dweight, dbias = linear_backward(d[h + y], cache)
            assert_equal(d[h + x], dx, h + x)
            assert_equal(d[h + name + ".weight"], dweight, h + name)
            assert_equal(d[h + name + ".bias"], dbias, h + name)
        out, cache = gelu_forward(a[h + "mlp.c_fc"])
        assert_equal(a[h + "mlp.gelu"], out, h)
        assert_equal(d[h + "mlp.c_fc"], gelu_backward(d[h + "mlp.gelu"], cache), h)


def test_embeddings_and_cross_entropy_equal_the_fast_ones(case):
    model, idx, targets, a, d = case
    tokens, cache = embedding_forward(model.params["wte.weight"], idx)
    assert_equal(a["wte"], tokens, "wte")
    table = d["wte.weight.as_table"] if model.config.tie_weights else d["wte.weight"]
    assert_equal(table, embedding_backward(d["wte"], cache), "wte.weight")
    x, cache = position_embedding_forward(tokens, model.params["wpe.weight"])
    assert_equal(a["x"], x, "x")
    dx, dweight = position_embedding_backward(d["x"], cache)
    assert_equal(d["wte"], dx, "wte")
    assert_equal(d["wpe.weight"], dweight, "wpe.weight")

    loss, cache = cross_entropy_forward(a["logits"], targets)
    assert_equal(a["loss"], loss, "loss")
    assert_equal(d["logits"], cross_entropy_backward(1.0, cache), "logits")


# A twin written apart from plain.py: sums as einsum, softmax without the maximum, the gate as a logistic
# function. keep(name, array) is called with every array and gives back what the twin goes on with.
def twin(m, w, idx, targets, n_head, eps, keep):
    """The loss by the definitions; m is numpy or torch, whose functions have the same names."""
    (B, T), C = idx.shape, w["wte.weight"].shape[1]

    def layernorm(x, name):
        mean = keep(name + ".mean", m.einsum("btc->bt", x)[..., None] / C)
        var = keep(name + ".var", m.einsum("btc,btc->bt", x - mean, x - mean)[..., None] / C)
        sigma = keep(name + ".sigma", m.sqrt(var + eps))
        n = keep(name + ".n", (x - mean) / sigma)
        return keep(name, m.einsum("btc,c->btc", n, w[name + ".weight"]) + w[name + ".bias"])

    def linear(x, name):
        return m.einsum("bti,io->bto", x, w[name + ".weight"]) + w[name + ".bias"]

    def softmax(z):
        return m.exp(z) / m.einsum("...v->...", m.exp(z))[..., None]

    wte = keep("wte", m.stack([w["wte.weight"][int(i)] for i in idx.reshape(-1)]).reshape(B, T, C))
    wpe = keep("wpe", w["wpe.weight"][:T])
    x = keep("x", wte + wpe)
    for i in range(sum(name.endswith("mlp.c_fc.bias") for name in w)):
        h = f"h.{i}."
        qkv = keep(h + "attn.qkv", linear(layernorm(x, h + "ln_1"), h + "attn.c_attn"))
        heads = m.einsum("btphd->pbhtd", qkv.reshape(B, T, 3, n_head, C // n_head))
        q, k, v = (keep(h + "attn." + name, part) for name, part in zip("qkv", heads))
        S = keep(h + "attn.S", m.einsum("bhid,bhjd->bhij", q, k) / (C // n_head) ** 0.5)
        future = m.asarray(np.triu(np.full((T, T), -np.inf), k=1))
        P = keep(h + "attn.P", softmax(keep(h + "attn.S_masked", S + future)))
        y = keep(h + "attn.y", m.einsum("bhij,bhjd->bhid", P, v))
        y = keep(h + "attn.y_joined", m.einsum("bhtd->bthd", y).reshape(B, T, C))
        x = keep(h + "x_attn", x + keep(h + "attn.c_proj", linear(y, h + "attn.c_proj")))
        z = keep(h + "mlp.c_fc", linear(layernorm(x, h + "ln_2"), h + "mlp.c_fc"))
        u = keep(h + "mlp.gelu.u", (2 / np.pi) ** 0.5 * z * (1 + 0.044715 * z * z))
        z = keep(h + "mlp.gelu", z * keep(h + "mlp.gelu.gate", 1 / (1 + m.exp(-2 * u))))
        x = keep(h + "x_mlp", x + keep(h + "mlp.c_proj", linear(z, h + "mlp.c_proj")))
    head = w["lm_head.weight"] if "lm_head.weight" in w else w["wte.weight"]
    logits = keep("logits", m.einsum("btc,vc->btv", layernorm(x, "ln_f"), head))
    probs = keep("probs", softmax(logits))
    rows, columns = np.nonzero(targets != -100)
    p = 1 + 0 * probs[:, :, 0]
    p[rows, columns] = probs[rows, columns, targets[rows, columns]]
    losses = keep("losses", -m.log(p))
    return keep("loss", losses[rows, columns].sum() / len(rows))


TINY = GPTConfig(vocab_size=5, block_size=4, n_layer=2, n_head=2, n_embd=6, layer_norm_epsilon=0.02)
either_head = pytest.mark.parametrize("tied", [True, False], ids=["tied", "untied"])


def tiny(tied):
    config = dataclasses.replace(TINY, tie_weights=tied)
    params, (idx, targets) = model_of(config, scale=0.3).params, batch(config, 2, 3)
    return config, params, idx, targets, *both(config, idx, targets, params)


@either_head
def test_every_named_arrays_gradient_equals_finite_differences(tied):
    config, params, idx, targets, a, d = tiny(tied)
    nudges, kept = {name: np.zeros(np.shape(array)) for name, array in a.items()}, {}

    def keep(name, array):
        kept[name] = array
        return array + nudges[name]

    def loss():
        return float(twin(np, params, idx, targets, config.n_head, config.layer_norm_epsilon, keep))

    loss()
    assert kept.keys() == a.keys(), "every array that plain keeps is checked, and none is made up"
    seen_gradient = 0
    for name, array in list(kept.items()):
        infinite = np.isinf(array)
        assert np.array_equal(np.isinf(a[name]), infinite), name
        assert_equal(np.where(infinite, 0, a[name]), np.where(infinite, 0, array), name)
        expected = numerical_gradient(loss, nudges[name])
        assert np.shape(d[name]) == np.shape(a[name]), name
        assert relative_error(d[name], expected) <= 1e-7, name
        seen_gradient += np.abs(expected).max() > 1e-5
    assert seen_gradient == len(a), "a gradient of zero compares nothing"


@either_head
def test_every_gradient_equals_torchs(tied):
    torch = pytest.importorskip("torch")
    config, params, idx, targets, a, d = tiny(tied)
    tensors = {name: torch.tensor(param, requires_grad=True) for name, param in params.items()}
    kept = {}

    def keep(name, tensor):
        tensor.retain_grad()
        kept[name] = tensor
        return tensor

    twin(torch, tensors, idx, targets, config.n_head, config.layer_norm_epsilon, keep).backward()
    terms = {"wte.weight.as_table", "wte.weight.as_head"} if tied else set()
    assert kept.keys() == a.keys()
    assert d.keys() == a.keys() | params.keys() | terms
    for name, tensor in [*kept.items(), *tensors.items()]:
        assert_equal(d[name], tensor.grad.numpy(), name)


def test_a_tied_tables_two_terms_are_the_gradients_of_two_untied_tables():
    config, params, idx, targets, _, d = tiny(tied=True)
    apart = params | {"lm_head.weight": params["wte.weight"].copy()}
    _, expected = both(config, idx, targets, apart)
    assert np.array_equal(d["wte.weight.as_table"], expected["wte.weight"])
    assert np.array_equal(d["wte.weight.as_head"], expected["lm_head.weight"])
    assert np.array_equal(d["wte.weight"], expected["wte.weight"] + expected["lm_head.weight"])


@either_head
@pytest.mark.parametrize("max_norm", [0.1, 0, 1e9], ids=["clipped", "off", "short enough"])
def test_six_steps_of_clipping_and_adamw_equal_those_of_the_optimiser(tied, max_norm):
    config = dataclasses.replace(SHORT, tie_weights=tied)
    model = model_of(config)
    optimizer = AdamW(model.params, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.3)
    params, m, v = {name: param.copy() for name, param in model.params.items()}, {}, {}
    for t in range(1, 7):
        idx, targets = batch(config, 4, 7)
        idx = (idx + t) % config.vocab_size
        optimizer.lr = lr = 0.1 / t
        _, grads = model.loss_and_grads(idx, targets)
        expected_norm = clip_grad_norm(grads, max_norm)
        optimizer.step(grads)

        _, d = both(config, idx, targets, params)
        clipped, norm = plain.clip(params, d, max_norm)
        assert norm == pytest.approx(expected_norm, rel=1e-10)
        assert (max_norm == 0.1) == (norm > max_norm > 0), "each case must be what it is called"
        before = params
        given = [(array, array.copy()) for arrays in (params, m, v) for array in arrays.values()]
        params, m, v, m_hat, v_hat, moves = plain.adamw(
            params, clipped, m, v, t, lr, (0.8, 0.95), eps=1e-3, weight_decay=0.3
        )
        assert params.keys() == m.keys() == v.keys() == m_hat.keys() == moves.keys() == model.params.keys()
        for name, param in model.params.items():
            assert relative_error(clipped[name], grads[name]) <= 1e-9, name
            assert relative_error(params[name], param) <= 1e-9, name
            assert relative_error(m[name], optimizer.m[name]) <= 1e-9, name
            assert relative_error(v[name], optimizer.v[name]) <= 1e-9, name
            assert_equal(m_hat[name] * (1 - 0.8**t), m[name], name)
            assert_equal(v_hat[name] * (1 - 0.95**t), v[name], name)
            assert_equal(moves[name], params[name] - before[name], name)
        assert all(np.array_equal(array, copy) for array, copy in given), "the step before was written over"


def test_nothing_that_is_given_is_changed():
    config, params, idx, targets, *_ = tiny(tied=True)
    given = {name: param.copy() for name, param in params.items()}
    ids, ids_of_targets, m, v = idx.copy(), targets.copy(), {}, {}
    a = plain.forward(params, idx, targets, config.n_head)
    arrays = {name: np.copy(array) for name, array in a.items()}
    d = plain.backward(params, a, idx, targets)
    grads, _ = plain.clip(params, d, 0.1)
    plain.adamw(params, grads, m, v, 1)
    assert m == v == {}
    assert np.array_equal(ids, idx) and np.array_equal(ids_of_targets, targets)
    for name in params:
        assert np.array_equal(given[name], params[name]), name
    for name in a:
        assert np.array_equal(arrays[name], a[name]), name


def test_large_scores_do_not_overflow():
    z = np.array([[0.0, 1e4, -1e4], [-1e4, -1e4, -np.inf]])
    assert np.array_equal(plain.softmax(z), [[0, 1, 0], [0.5, 0.5, 0]])


def test_with_nothing_to_count_the_loss_and_all_gradients_are_zero():
    config, params, idx, targets, *_ = tiny(tied=True)
    a, d = both(config, idx, np.full_like(targets, -100), params)
    assert a["loss"] == 0 and not a["losses"].any()
    assert not any(d[name].any() for name in params)


def test_in_float32_every_array_is_float32():
    params, (idx, targets) = model_of(SHORT, dtype="float32").params, batch(SHORT, 4, 7)
    a, d = both(SHORT, idx, targets, params)
    assert {array.dtype.name for array in [*a.values(), *d.values()]} == {"float32"}


def test_the_legend_names_every_array():
    _, _, _, _, a, d = tiny(tied=True)
    words = {word.rstrip(".") for word in re.findall(r"[\w.]+", plain.__doc__)}
    for name in a.keys() | d.keys():
        name = re.sub(r"^h\.\d+\.", "h.0.", name)
        spellings = {name} | {name[match.start() :] for match in re.finditer(r"\.", name)}  # h.0.ln_1.n or .n
        assert spellings & words or name.endswith((".weight", ".bias")), name


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"idx": [[0, 5]]}, "ids run from 0 to 5 but wte.weight has rows 0 to 4"),
        ({"idx": [[-1, 0]]}, "ids run from -1 to 0"),
        ({"targets": [[0, 5]]}, "ids run from 0 to 5"),
        ({"targets": [[-1, -100]]}, "ids run from -1 to -1"),
        ({"idx": [[0] * 5], "targets": [[0] * 5]}, "5 tokens, 2 heads: wpe.weight has 4 rows"),
        ({"n_head": 4}, "2 tokens, 4 heads: .* C is 6"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence(change, sentence):
    arguments = {"idx": [[0, 1]], "targets": [[1, 2]], "n_head": 2} | change
    idx, targets = np.array(arguments["idx"]), np.array(arguments["targets"])
    with pytest.raises(ValueError, match=sentence):
        plain.forward(model_of(TINY).params, idx, targets, arguments["n_head"])
