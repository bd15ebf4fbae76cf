"""The device: everything that trains runs under a stand-in for CuPy that refuses any mixing with NumPy.

Where CuPy and a GPU are at hand, the same tests run on them too.
"""

import dataclasses
import functools
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from models import order_one, order_one_gpt
from scripts import ROOT, TINY, TRAIN, run_script

from minigpt import (
    GPT,
    RNN,
    AdamW,
    BigramConfig,
    BigramLM,
    GPTConfig,
    Muon,
    RNNConfig,
    clip_grad_norm,
    generate,
    generate_text_simple,
    load_model,
    use_backend,
)
from minigpt.backend import on_host, scatter_add_rows, to_device, to_host, xp
from minigpt.gradcheck import relative_error
from minigpt.layers import attention, dropout_streams
from minigpt.training.diagnosis import first_overflow
from minigpt.training.evaluation import evaluate
from minigpt.training.log import read_lines
from minigpt.training.runner import BatchRunner, default_workers
from minigpt.training.state import load_training_state, restore_training_state, save_training_state

STAND_IN = Path(__file__).parent / "strict_cupy"
CONFIG = GPTConfig(vocab_size=11, block_size=9, n_layer=2, n_head=2, n_embd=8)
BIGRAM = BigramConfig(vocab_size=11, block_size=9)


@functools.cache
def a_gpu_is_at_hand():
    """Asked in a process of its own, so that CuPy is not loaded into this one."""
    probe = "import cupy; assert cupy.cuda.runtime.getDeviceCount()"
    return subprocess.run([sys.executable, "-c", probe], capture_output=True, check=False).returncode == 0


@pytest.fixture
def stand_in(monkeypatch):
    """Computing on the stand-in, within the test."""
    monkeypatch.syspath_prepend(STAND_IN)
    for name in [name for name in sys.modules if name.partition(".")[0] == "cupy"]:
        monkeypatch.delitem(sys.modules, name)
    use_backend("cupy")
    assert Path(xp.module.__file__).is_relative_to(STAND_IN)
    yield xp.module
    use_backend("numpy")
    for name in [name for name in sys.modules if name.partition(".")[0] == "cupy"]:
        monkeypatch.delitem(sys.modules, name)


@pytest.fixture(params=["stand-in", "GPU"])
def device(request):
    """Computing on the stand-in, and on a GPU if there is one."""
    if request.param == "stand-in":
        yield request.getfixturevalue("stand_in")
        return
    if not a_gpu_is_at_hand():
        pytest.skip("no CuPy with a GPU here")
    use_backend("cupy")
    yield xp.module
    use_backend("numpy")


def batch():
    rng = np.random.default_rng(2)
    idx, targets = rng.integers(11, size=(2, 5, 8))
    targets[0, 1:6] = -100
    return idx, targets


def gpt(**changes):
    return order_one_gpt(dataclasses.replace(CONFIG, **changes))


def bigram():
    return order_one(BigramLM(BIGRAM, dtype="float64"))


def rnn():
    return order_one(RNN(RNNConfig(11, 9, 6), dtype="float64"))


def equal(actual, expected, tolerance=1e-9):
    """Assert that arrays of the device, by name, equal those of NumPy."""
    assert actual.keys() == expected.keys()
    for name, array in expected.items():
        assert isinstance(actual[name], xp.module.ndarray), name
        assert relative_error(xp.asnumpy(actual[name]), array) <= tolerance, name


def on_numpy(function):
    """What a function returns when arrays are NumPy's, whatever the backend just now."""
    module = xp.module
    use_backend("numpy")
    try:
        return function()
    finally:
        xp.__dict__.clear()
        xp.module = module


# The stand-in itself


def test_the_stand_in_refuses_what_cupy_refuses_and_more(stand_in):
    host = np.ones(3)
    array = stand_in.asarray(host)
    mixing = [
        lambda: np.exp(array),
        lambda: np.sum(array),
        lambda: np.concatenate([array, array]),
        lambda: np.asarray(array),
        lambda: np.array([array]),
        lambda: np.matmul(host, array),
        lambda: host + array,
        lambda: array * host,
        lambda: array @ host,
        lambda: host @ array,
        lambda: array.__iadd__(host),
        lambda: array > host,
        lambda: array[np.array([0])],
        lambda: array.__setitem__(slice(None), host),
        lambda: host.__setitem__(slice(None), array),
        lambda: stand_in.exp(host),
        lambda: stand_in.where(array > 0, host, 0.0),
        lambda: stand_in.stack([array, host]),
        lambda: stand_in.exp(array, out=host),
        lambda: stand_in.add.at(array, np.array([0]), 1.0),
    ]
    for mix in mixing:
        with pytest.raises(TypeError):
            mix()
    assert not hasattr(stand_in, "partition"), "only functions that were looked up in CuPy's documentation"


def test_the_stand_in_takes_scalars_of_python_and_numpy(stand_in):
    array = stand_in.asarray(np.array([1.0, 2.0], dtype=np.float32))
    for scaled in (array * 2, 2 * array, array * 2.0, np.float32(2) * array, array * np.float32(2)):
        assert isinstance(scaled, stand_in.ndarray) and scaled.dtype == np.float32
        assert scaled.get().tolist() == [2.0, 4.0]
    assert float(array.sum()) == 3.0 and int(array.max()) == 2
    assert isinstance(array.sum(), stand_in.ndarray) and isinstance(array[0], stand_in.ndarray)


# What runs on the device


@pytest.mark.parametrize("tie_weights", [True, False])
@pytest.mark.parametrize("query_block", [64, 3])
def test_forward_and_backward_of_a_gpt(device, monkeypatch, tie_weights, query_block):
    monkeypatch.setattr(attention, "QUERY_BLOCK", query_block)
    idx, targets = batch()
    expected_loss, expected = on_numpy(lambda: gpt(tie_weights=tie_weights).loss_and_grads(idx, targets))
    model = gpt(tie_weights=tie_weights)
    loss, grads = model.loss_and_grads(to_device(idx), to_device(targets))
    assert isinstance(loss, device.ndarray)
    assert relative_error(to_host(loss), expected_loss) <= 1e-9
    equal(grads, expected)


def test_forward_and_backward_with_dropout(stand_in):
    """Only on the stand-in: the same stream gives other numbers on a GPU."""
    idx, targets = batch()
    expected_loss, expected = on_numpy(
        lambda: gpt(dropout=0.3).loss_and_grads(idx, targets, dropout_streams(1, 2, 0, 5))
    )
    loss, grads = gpt(dropout=0.3).loss_and_grads(
        to_device(idx), to_device(targets), dropout_streams(1, 2, 0, 5)
    )
    assert relative_error(to_host(loss), expected_loss) <= 1e-9
    equal(grads, expected)


def test_forward_and_backward_of_a_bigram_model(device):
    idx, targets = batch()
    expected_loss, expected = on_numpy(lambda: bigram().loss_and_grads(idx, targets))
    loss, grads = bigram().loss_and_grads(to_device(idx), to_device(targets))
    assert relative_error(to_host(loss), expected_loss) <= 1e-9
    equal(grads, expected)


def test_a_recurrent_model_is_computed_and_generates(device):
    idx, targets = batch()
    expected_loss, expected = on_numpy(lambda: rnn().loss_and_grads(idx, targets))
    loss, grads = rnn().loss_and_grads(to_device(idx), to_device(targets))
    assert relative_error(to_host(loss), expected_loss) <= 1e-9
    equal(grads, expected)
    text = generate(rnn(), idx[:, :4], 12, temperature=0)
    assert np.array_equal(text, on_numpy(lambda: generate(rnn(), idx[:, :4], 12, temperature=0)))


def test_initial_weights_are_the_same_on_every_backend(device):
    expected = on_numpy(lambda: GPT(CONFIG, seed=4)).params
    equal(GPT(CONFIG, seed=4).params, expected, tolerance=0)


def trained(make_model, dropout_key=None, kind=AdamW):
    """A few steps as train.py takes them: the runner, clipping, the optimiser."""
    model = make_model()
    optimizer = kind(model.params, lr=0.05, weight_decay=0.1)
    losses, norms = [], []
    with BatchRunner(model, workers=1) as runner:
        for step in range(4):
            loss, grads = runner.loss_and_grads(*batch(), dropout_key=dropout_key and (dropout_key, step))
            norms.append(clip_grad_norm(grads, 0.5))
            optimizer.step(grads, runner.for_each)
            losses.append(loss)
    return model, optimizer, losses, norms


@pytest.mark.parametrize(("make_model", "kind"), [(gpt, AdamW), (gpt, Muon), (bigram, AdamW), (rnn, AdamW)])
def test_training_steps_with_clipping_and_either_optimiser(device, make_model, kind):
    expected, _, expected_losses, expected_norms = on_numpy(lambda: trained(make_model, kind=kind))
    model, _, losses, norms = trained(make_model, kind=kind)
    assert {type(number) for number in losses + norms} == {float}
    assert relative_error(losses, expected_losses) <= 1e-9
    assert relative_error(norms, expected_norms) <= 1e-9
    equal(model.params, expected.params)


@pytest.mark.parametrize("kind", [AdamW, Muon])
def test_float32_stays_float32_on_the_device(device, kind):
    model, optimizer, _, _ = trained(lambda: GPT(CONFIG, seed=4), kind=kind)
    for arrays in (model.params, optimizer.m, optimizer.v):
        assert {array.dtype.name for array in arrays.values()} == {"float32"}


def test_evaluation(device):
    tokens = np.random.default_rng(0).integers(11, size=100)

    def loss():
        with BatchRunner(gpt(), workers=1) as runner:
            return evaluate(runner, tokens)

    assert loss() == pytest.approx(on_numpy(loss), rel=1e-9)


def test_a_model_saved_on_one_backend_opens_on_the_other(device, tmp_path):
    for make_model in (gpt, bigram, rnn):
        model = make_model()
        model.save_pretrained(tmp_path)
        expected = {name: xp.asnumpy(param) for name, param in model.params.items()}
        equal(load_model(tmp_path).params, expected, tolerance=0)
        opened = on_numpy(lambda: load_model(tmp_path)).params
        assert all(np.array_equal(opened[name], expected[name]) for name in expected)


def test_a_training_state_saved_on_one_backend_resumes_on_the_other(device, tmp_path):
    model, optimizer, _, _ = trained(gpt)
    save_training_state(tmp_path, model.params, optimizer, {"step": 4})

    def resumed():
        model = gpt()
        optimizer = AdamW(model.params)
        tensors, _ = load_training_state(tmp_path)
        restore_training_state(tensors, model.params, optimizer)
        return model, optimizer

    for again, its_optimizer in (resumed(), on_numpy(resumed)):
        pairs = [(again.params, model.params), (its_optimizer.m, optimizer.m), (its_optimizer.v, optimizer.v)]
        for arrays, saved in pairs:
            for name in saved:
                assert np.array_equal(xp.asnumpy(arrays[name]), xp.asnumpy(saved[name])), name


def test_generation(device):
    def texts():
        model = gpt()
        greedy = generate_text_simple(model, np.array([[1, 2, 3]]), 12, CONFIG.block_size)
        sampled = generate(model, [[1, 2, 3], [4, 5, 6]], 12, temperature=0.8, top_k=4, top_p=0.9, seed=1)
        return greedy, sampled

    for ours, expected in zip(texts(), on_numpy(texts)):
        assert isinstance(ours, np.ndarray)
        assert np.array_equal(ours, expected)


@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid value")
def test_the_first_overflow_is_found_where_the_model_is(device):
    idx, _ = batch()
    model = gpt()
    model.params["h.1.mlp.c_proj.bias"][...] = 1e308
    assert first_overflow(model, idx, {}, math.inf) == "the output of the final LayerNorm"
    model.params["h.0.ln_1.bias"][...] = float("inf")
    assert first_overflow(model, idx, {}, math.inf) == "the parameter h.0.ln_1.bias"
    table = bigram()
    _, grads = table.loss_and_grads(*map(to_device, batch()))
    grads["table.weight"][0] = float("nan")
    assert first_overflow(table, idx, grads, 1.0) == "the gradient of table.weight"


def test_rows_of_equal_index_are_summed_on_the_device_and_on_the_host(device):
    idx, rows = np.array([4, 1, 4, 4, 0]), np.random.default_rng(0).standard_normal((5, 3))
    expected = np.zeros((6, 3))
    np.add.at(expected, idx, rows)
    np.testing.assert_allclose(on_numpy(lambda: scatter_add_rows(6, idx, rows)), expected, rtol=1e-12)
    summed = scatter_add_rows(6, to_device(idx), to_device(rows))
    np.testing.assert_allclose(xp.asnumpy(summed), expected, rtol=1e-12)


def test_a_gpu_is_not_divided_among_threads(device):
    assert not on_host()
    assert default_workers() == 1


# train.py


# CuPy wraps what went wrong in a banner of many lines.
BROKEN_CUPY = """
try:
    raise ImportError("libcudart.so.12: cannot open shared object file")
except ImportError as error:
    raise ImportError("\\n=====\\nFailed to import CuPy.\\n=====\\n") from error
"""


def run_train(tmp_path, *flags, status=0, cupy=None, **environment):
    text = tmp_path / "text.txt"
    text.write_text(
        "the cat sat on the mat and the dog sat on the log\n" * 40, encoding="utf-8", newline="\n"
    )
    tiny = [*TINY, *"--tokenizer char --max-iters 6 --eval-interval 3 --dropout 0.1 --warmup-iters 2".split()]
    search_path = STAND_IN
    if cupy is not None:
        search_path = tmp_path / "other cupy"
        search_path.mkdir()
        (search_path / "cupy.py").write_text(cupy, encoding="utf-8", newline="\n")
    environment |= {"PYTHONPATH": str(search_path)}
    flags = ["--data", text, *tiny, *flags]
    return run_script(TRAIN, *flags, status=status, environment=environment, cwd=tmp_path)


def test_a_whole_run_of_train_py_on_the_stand_in_equals_the_run_on_numpy(tmp_path):
    metrics = {}
    for backend in ("numpy", "cupy"):
        run_train(tmp_path, "--out", backend, "--backend", backend, "--workers", 1)
        metrics[backend] = read_lines(tmp_path / backend / "metrics.jsonl")
    for ours, expected in zip(metrics["cupy"], metrics["numpy"]):
        for key in expected.keys() & {"step", "loss", "val_loss", "lr", "grad_norm"}:
            assert ours[key] == pytest.approx(expected[key], rel=1e-4), (expected["step"], key)
    assert len(metrics["cupy"]) == len(metrics["numpy"]) == 7


def refused(tmp_path, *flags, **settings):
    """The sentence with which train.py refuses."""
    _, error = run_train(tmp_path, *flags, status=2, **settings)
    last = error.splitlines()[-1]
    assert last.startswith("train.py: error: ") and "Traceback" not in error, error
    return last


def test_a_missing_cupy_is_a_sentence(tmp_path):
    sentence = refused(tmp_path, "--backend", "cupy", cupy="raise ImportError('No module named cupy')")
    assert "backend cupy was asked for but CuPy cannot be imported (No module named cupy)" in sentence


def test_a_cupy_that_does_not_find_cuda_is_one_sentence_too(tmp_path):
    sentence = refused(tmp_path, "--backend", "cupy", cupy=BROKEN_CUPY)
    assert "CuPy cannot be imported (libcudart.so.12: cannot open shared object file)" in sentence


def test_cupy_without_a_gpu_is_a_sentence(tmp_path):
    sentence = refused(tmp_path, "--backend", "cupy", STRICT_CUPY_DEVICES="0")
    assert "this machine shows no GPU: use --backend numpy" in sentence


def test_a_driver_that_does_not_answer_is_a_sentence(tmp_path):
    sentence = refused(tmp_path, MINIGPT_BACKEND="cupy", STRICT_CUPY_DEVICES="no driver")
    assert "no GPU answers (cudaErrorNoDevice: no CUDA-capable device is detected)" in sentence


def test_an_unknown_backend_is_a_sentence(tmp_path):
    sentence = refused(tmp_path, MINIGPT_BACKEND="tpu")
    assert "backend 'tpu' is not known: set --backend or MINIGPT_BACKEND to numpy or cupy" in sentence
    with pytest.raises(ValueError, match="backend 'tpu' is not known"):
        use_backend("tpu")
    assert on_host(), "the backend stays what it was"


def test_the_backend_may_be_named_by_the_environment():
    probe = "from minigpt.backend import on_host; print(on_host())"
    for backend, answer in [("numpy", "True"), ("cupy", "False")]:
        environment = os.environ | {"MINIGPT_BACKEND": backend, "PYTHONPATH": f"{STAND_IN}{os.pathsep}{ROOT}"}
        run = subprocess.run([sys.executable, "-c", probe], env=environment, capture_output=True, check=False)

        assert run.stdout.strip() == answer.encode(), run.stderr
