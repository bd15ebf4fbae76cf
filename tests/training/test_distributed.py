"""Several processes train what one would: in threads that stand for them, and as mpiexec starts them."""

import dataclasses
import os
import pickle
import shutil
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from models import order_one_gpt
from processes import CONFIG, B, T, alone, batch, together
from scripts import TRAIN, finish, run_script, start_script

from minigpt import GPT, RNN, AdamW, BigramConfig, BigramLM, Muon, RNNConfig, clip_grad_norm
from minigpt.finetuning.last_blocks import LastBlocksGPT
from minigpt.finetuning.lora import LoRAGPT
from minigpt.gradcheck import relative_error
from minigpt.training import shares
from minigpt.training.distributed import DistributedRunner, RunElsewhere, choose_gpu, packed
from minigpt.training.log import read_lines
from minigpt.training.runner import BatchRunner

TINY = "--n-layer 1 --n-head 2 --n-embd 8 --block-size 8 --batch-size 5 --eval-iters 2 --workers 1".split()
TINY += "--tokenizer char --dropout 0.2 --max-iters 6 --eval-interval 3".split()
MPIEXEC = shutil.which("mpiexec", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")


@pytest.mark.parametrize(("size", "workers"), [(2, 1), (3, 2), (4, 1)])
@pytest.mark.parametrize("n_rows", [1, B])  # with one, all but one process have nothing to do
@pytest.mark.parametrize("kind", [AdamW, Muon])
def test_loss_and_gradients_of_several_processes_are_those_of_one(size, workers, n_rows, kind):
    model, arrays = order_one_gpt(CONFIG), batch(n_rows)
    with BatchRunner(model, 1) as runner:
        expected_loss, expected = runner.loss_and_grads(*arrays, dropout_key=(5, 3))
        expected_alone = runner.loss(*arrays)

    def run(group):
        runner, _ = alone(model, group, workers, 1, kind)
        with runner:
            for _ in range(2):  # the second is not the sum of both
                runner.sums.flat[:] = 7.0  # as what the processes exchange may lie there
                loss, grads = runner.loss_and_grads(*arrays, dropout_key=(5, 3))
            return loss, runner.loss(*arrays), runner.whole_grads(grads), grads

    (_, _, whole, _), *_ = results = together(size, run)
    assert whole.keys() == expected.keys()
    for name, grad in expected.items():
        assert whole[name].shape == grad.shape and relative_error(whole[name], grad) <= 1e-11, name
    for loss, loss_alone, _, _ in results:
        assert loss == pytest.approx(expected_loss, rel=1e-12)
        assert loss_alone == pytest.approx(expected_alone, rel=1e-12)
    n_shared = sum(grad.size for _, _, _, grads in results for grad in grads.values())
    assert n_shared == model.n_params()  # each number is in one share


MODELS = {
    "gpt": (lambda: GPT(CONFIG, seed=3), AdamW),
    "muon": (lambda: GPT(CONFIG, seed=3), Muon),
    "its own head": (lambda: GPT(dataclasses.replace(CONFIG, tie_weights=False), seed=3), Muon),
    "adapters": (lambda: LoRAGPT(GPT(CONFIG, seed=3), 2, 16, ("wte", "attn.c_attn"), 1), AdamW),
    "last block": (lambda: LastBlocksGPT(GPT(CONFIG, seed=3), 1), Muon),
    "bigram": (lambda: BigramLM(BigramConfig(11, T), seed=3), AdamW),
    "rnn": (lambda: RNN(RNNConfig(11, T, 6), seed=3), AdamW),
}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("size", [2, 3])
def test_shares_are_moved_to_the_bit_as_one_process_would_move_all(name, size, monkeypatch):
    monkeypatch.setattr(shares, "MESSAGE_BYTES", 1)
    make, kind = MODELS[name]
    n_steps = 3

    def step(model, optimizer, runner, grads):
        optimizer.step(grads, runner.for_each)
        return {name: param.copy() for name, param in model.params.items()}

    def train(group):
        model, stepped, given = make(), [], []
        runner, optimizer = alone(model, group, 2, 1, kind)
        with runner:
            for number in range(n_steps):
                _, grads = runner.loss_and_grads(*batch(), dropout_key=(3, number))
                given.append(
                    {
                        name: grad.copy()
                        for name, grad in runner.whole_grads(grads).items()
                        if grad is not None
                    }
                )
                stepped.append(step(model, optimizer, runner, grads))
            runner.check_same_weights()
            return given, stepped, runner.whole_optimizer(optimizer)

    (given, stepped, whole), *others = together(size, train)
    model = make()
    optimizer = kind(model.trained_params(), lr=0.02, weight_decay=0.1)
    with BatchRunner(model, 1) as runner:
        for number in range(n_steps):
            params = step(model, optimizer, runner, given[number])
            for _, others_stepped, _ in [(given, stepped, whole), *others]:
                assert {name: p.tobytes() for name, p in others_stepped[number].items()} == {
                    name: p.tobytes() for name, p in params.items()
                }
    for moments, expected in ((whole.m, optimizer.m), (whole.v, optimizer.v)):
        assert {name: m.tobytes() for name, m in moments.items()} == {
            name: m.tobytes() for name, m in expected.items()
        }


def test_all_processes_take_the_same_steps_and_one_number_of_them_the_same_bits():
    def train(group):
        model = GPT(dataclasses.replace(CONFIG), seed=3)
        runner, optimizer = alone(model, group)
        norms = []
        with runner:
            for step in range(3):
                _, grads = runner.loss_and_grads(*batch(), dropout_key=(3, step))
                norms.append(clip_grad_norm(grads, 0.5, runner.total))
                optimizer.step(grads, runner.for_each)
            runner.check_same_weights()
        return norms, [param.tobytes() for param in model.params.values()]

    first, second, third = together(3, train)
    assert first == second == third
    assert together(3, train)[0] == first
    model = GPT(CONFIG, seed=3)
    optimizer = AdamW(model.params, lr=0.02, weight_decay=0.1)
    with BatchRunner(model, 1) as runner:
        for step in range(3):
            _, grads = runner.loss_and_grads(*batch(), dropout_key=(3, step))
            assert first[0][step] == pytest.approx(clip_grad_norm(grads, 0.5), rel=1e-5)
            optimizer.step(grads, runner.for_each)
    for param, bits in zip(model.params.values(), first[1]):
        # float32: where a gradient is nearly nothing, AdamW's step has the sign of its rounding
        assert np.abs(np.frombuffer(bits, param.dtype) - param.reshape(-1)).mean() < 1e-4


def test_an_optimiser_travels_without_its_moments():
    optimizer = Muon(GPT(CONFIG, seed=3).params, lr=0.5)
    optimizer.n_steps = 7
    sent = pickle.loads(packed((optimizer, optimizer.params["wte.weight"])))
    assert sent[0].m == dict.fromkeys(optimizer.m) and sent[0].v == dict.fromkeys(optimizer.v)
    assert (sent[0].lr, sent[0].n_steps, sent[0].orthogonal) == (0.5, 7, optimizer.orthogonal)
    assert sent[0].params["wte.weight"] is sent[1]
    assert optimizer.m["wte.weight"] is not None


def test_each_process_gets_its_share_of_the_moments_of_process_0():
    rng = np.random.default_rng(4)
    first = Muon(order_one_gpt(CONFIG).params)
    for moments in (first.m, first.v):
        for name, array in moments.items():
            moments[name] = rng.standard_normal(array.shape)

    def run(group):
        model = order_one_gpt(CONFIG)
        optimizer = Muon(model.params)
        optimizer.m, optimizer.v = (
            (dict(first.m), dict(first.v))
            if group.rank == 0
            else (dict.fromkeys(first.m), dict.fromkeys(first.v))
        )
        with DistributedRunner(group, optimizer, model, 1, None) as runner:
            return optimizer, runner.whole_optimizer(optimizer)

    (_, whole), *_ = results = together(3, run)
    for name in ("m", "v"):
        for key, expected in getattr(first, name).items():
            assert np.array_equal(getattr(whole, name)[key], expected)
            assert sum(getattr(optimizer, name)[key].size for optimizer, _ in results) == expected.size
            assert all(getattr(optimizer, name)[key].base is None for optimizer, _ in results), "copies"


def test_weights_that_have_gone_apart_are_told():
    def check(group):
        model = GPT(CONFIG, seed=3)
        if group.rank == 1:
            model.params["h.1.ln_2.bias"][3] = 1e-9
        with alone(model, group)[0] as runner:
            with pytest.raises(ValueError, match="process 1 no longer has the weights of process 0"):
                runner.check_same_weights()

    together(2, check)


def test_what_happened_in_any_process_happened_in_all():
    def ask(group):
        with alone(order_one_gpt(CONFIG), group)[0] as runner:
            return runner.any(False), runner.any(group.rank == 2), runner.any(True)

    assert together(3, ask) == [(False, True, True)] * 3


def test_a_memory_mapped_array_travels_as_the_place_of_its_file(tmp_path):
    np.arange(9, dtype=np.uint16).tofile(tmp_path / "ids.bin")
    ids = np.memmap(tmp_path / "ids.bin", dtype=np.uint16, mode="r", offset=2)
    weight = np.ones(3)
    content = packed({"ids": ids, "weight": weight, "tied": weight})
    (np.arange(9, dtype=np.uint16) + 1).tofile(tmp_path / "ids.bin")
    shared = pickle.loads(content)
    assert shared["ids"].tolist() == [2, 3, 4, 5, 6, 7, 8, 9] and isinstance(shared["ids"], np.memmap)
    assert shared["weight"] is shared["tied"] and shared["tied"].flags.writeable


@pytest.mark.parametrize(
    ("shown", "chosen"), [(None, "1"), ("4,6", "6"), ("5", "5"), ("4,6,7", "6"), ("", "")]
)
def test_each_process_of_a_machine_takes_a_gpu_of_its_own(monkeypatch, shown, chosen):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if shown is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", shown)
    choose_gpu(1)
    assert os.environ["CUDA_VISIBLE_DEVICES"] == chosen


def test_more_processes_than_gpus_are_not_given_one_twice(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,6")
    choose_gpu(2)
    assert os.environ["CUDA_VISIBLE_DEVICES"] == ""  # so that the backend says that there is none


def test_a_run_elsewhere_knows_the_log_and_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = RunElsewhere(2, [{"step": 0}, {"step": 1}])
    run.log.add({"step": 2})
    run.keep(3, None, 1.5)
    run.log.flush()
    assert [line["step"] for line in run.log.lines] == [0, 1, 2] and not list(tmp_path.iterdir())


# --- as a user starts them


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    path = tmp_path_factory.mktemp("corpus") / "text.txt"
    path.write_text(
        "the cat sat on the mat and the dog sat on the log\n" * 60, encoding="utf-8", newline="\n"
    )
    return path


@pytest.fixture(autouse=True)
def one_thread(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def mpi(n):
    """The script train.py as a command for n processes. Skips where there is no MPI."""
    pytest.importorskip("mpi4py", reason="mpi4py is missing: pip install 'minigpt[mpi]'")
    if MPIEXEC is None:
        pytest.skip("mpiexec is missing: pip install 'minigpt[mpi]'")
    return [
        "-c",
        "import os, sys; os.execv(sys.argv[1], sys.argv[1:])",
        MPIEXEC,
        "-n",
        str(n),
        sys.executable,
        *TRAIN,
    ]


def losses(out):
    return [line.get("loss", line.get("val_loss")) for line in read_lines(out / "metrics.jsonl")]


def weights(out):
    return (out / "model.safetensors").read_bytes()


def test_one_two_and_three_processes_train_the_same_model(corpus, tmp_path):
    flags = ["--data", corpus, *TINY]
    run_script(TRAIN, *flags, "--out", tmp_path / "1")
    for n in (2, 3):
        out, error = run_script(mpi(n), *flags, "--distributed", "--out", tmp_path / str(n))
        assert out.count("tokens to train on") == 1 and f"{n} processes" in out
        assert error.count("step/s") and "Traceback" not in error
        assert losses(tmp_path / str(n)) == pytest.approx(losses(tmp_path / "1"), rel=1e-5)
    run_script(mpi(3), *flags, "--distributed", "--out", tmp_path / "again")
    assert weights(tmp_path / "again") == weights(tmp_path / "3")


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_a_run_of_two_processes_that_was_stopped_ends_to_the_bit_as_if_it_was_not(
    corpus, tmp_path, optimizer
):
    flags = ["--data", corpus, *TINY, "--optimizer", optimizer, "--distributed"]
    run_script(mpi(2), *flags, "--out", tmp_path / "whole")
    run_script(mpi(2), *flags, "--out", tmp_path / "out", "--max-iters", 3)
    run_script(mpi(2), "--resume", "--out", tmp_path / "out", "--max-iters", 6, "--distributed")
    for name in ("model.safetensors", "training_state.safetensors"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name


def test_gradients_that_overflow_are_named_whoever_has_their_share(corpus, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(
        "import numpy as np\nfrom minigpt.model import GPT\nbackward = GPT.backward_embed\n"
        "def backward_embed(self, dx, cache, grads):\n    backward(self, dx, cache, grads)\n"
        "    grads['wte.weight'][-1] = np.inf\n"  # a row of the last process
        "GPT.backward_embed = backward_embed\n",
        encoding="utf-8",
        newline="\n",
    )
    place = {"PYTHONPATH": f"{tmp_path}{os.pathsep}{Path(TRAIN[0]).parent}"}
    flags = ["--data", corpus, "--out", tmp_path / "out", *TINY, "--distributed"]
    _, error = run_script(mpi(2), *flags, status=2, environment=place)
    assert error.count("the first thing to overflow is the gradient of wte.weight") == 1, error


def test_another_number_of_processes_takes_up_a_run(corpus, tmp_path):
    flags = ["--data", corpus, *TINY]
    run_script(TRAIN, *flags, "--out", tmp_path / "whole")
    run_script(mpi(3), *flags, "--distributed", "--out", tmp_path / "out", "--max-iters", 3)
    resumed = ["--resume", "--out", tmp_path / "out", "--max-iters"]
    run_script(mpi(2), *resumed, 5, "--distributed", "--learning-rate", 3e-3)
    run_script(TRAIN, *resumed, 6)
    assert len(losses(tmp_path / "out")) == len(losses(tmp_path / "whole"))
    assert losses(tmp_path / "out")[-1] == pytest.approx(losses(tmp_path / "whole")[-1], rel=1e-2)


@pytest.mark.parametrize("task", ["classify", "instruct", "chat", "prefer"])
def test_tasks_of_fine_tuning_are_trained_by_several_processes(task, tmp_path):
    sizes = "--n-layer 1 --n-head 2 --n-embd 8 --block-size 128 --vocab-size 300 --batch-size 3".split()
    flags = ["--task", task, *sizes, "--eval-iters", 1, "--max-iters", 2, "--warmup-iters", 0, "--workers", 1]
    flags += ["--lora-rank", 2, "--data", records(task, tmp_path)]
    run_script(TRAIN, *flags, "--out", tmp_path / "one")
    run_script(mpi(2), *flags, "--distributed", "--out", tmp_path / "two")
    assert losses(tmp_path / "two") == pytest.approx(losses(tmp_path / "one"), rel=1e-4)


def test_arrays_of_the_device_are_summed_through_the_host(corpus, tmp_path):
    flags = ["--data", corpus, *TINY]
    strict = {"PYTHONPATH": str(Path(TRAIN[0]).parent / "tests" / "strict_cupy")}
    run_script(TRAIN, *flags, "--out", tmp_path / "host")
    device = [*flags, "--backend", "cupy", "--distributed", "--out", tmp_path / "device"]
    run_script(mpi(2), *device, environment=strict)
    assert losses(tmp_path / "device") == pytest.approx(losses(tmp_path / "host"), rel=1e-5)


def records(task, folder):
    """A file of thirty records for a task of fine-tuning."""
    line, name, between = {
        "classify": ("{label}\t{label} {i} calls you now", "data.tsv", "\n"),
        "instruct": ('{{"instruction": "Greet {i}", "output": "Hello {i}"}}', "data.jsonl", "\n"),
        "chat": ("Hi {i}\nHello {i}!", "data.txt", "\n\n"),
        "prefer": ('{{"prompt": "Hi {i}", "chosen": "Hello {i}", "rejected": "no"}}', "data.jsonl", "\n"),
    }[task]
    texts = [line.format(i=i, label=("ham", "spam")[i % 2]) for i in range(30)]
    (folder / name).write_text(between.join(texts) + "\n", encoding="utf-8", newline="\n")
    return folder / name


def test_what_is_refused_is_said_once(corpus, tmp_path):
    for flags, said in (
        (["--n-embd", 7], "n_embd is 7"),
        (["--batch-size", 1], "a batch of 1 sequences"),
        (["--learning-rate", "none"], "--learning-rate"),
        (["--eval-only"], "there is no run in"),
    ):
        out = ["--data", corpus, "--out", tmp_path / "out", *TINY, *flags, "--distributed"]
        _, error = run_script(mpi(2), *out, status=2)
        assert error.count("train.py: error: ") == 1 and said in error, error
        assert "Traceback" not in error
    assert not (tmp_path / "out").exists()


def started(corpus, out, n=2):
    """A long run of n processes, when it has saved for the first time."""
    flags = [
        "--data",
        corpus,
        "--out",
        out,
        *TINY,
        "--distributed",
        "--max-iters",
        10**6,
        "--eval-interval",
        50,
    ]
    process = start_script(mpi(n), *flags)
    for _ in range(1200):
        if (out / "training_state.safetensors").exists() and len(losses(out)) > 50:
            return process
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    raise AssertionError("it never saved")


def test_ctrl_c_saves_once_and_the_run_goes_on_from_there(corpus, tmp_path):
    process = started(corpus, tmp_path / "out")
    process.send_signal(signal.SIGINT)
    out, error = finish(process)
    assert out.count("stopped before step") == 1 and "Traceback" not in error
    step = int(out.split("stopped before step ")[1].split(";")[0])
    run_script(TRAIN, "--resume", "--out", tmp_path / "out", "--max-iters", step + 2)
    assert read_lines(tmp_path / "out" / "metrics.jsonl")[step]["step"] == step


def test_a_process_that_is_killed_ends_the_others_and_the_last_state_stands(corpus, tmp_path):
    if not Path("/proc/self/cmdline").exists():
        pytest.skip("which processes there are is read from /proc, which this system has not")
    process = started(corpus, tmp_path / "out")
    ranks = [int(pid) for pid in os.listdir("/proc") if pid.isdigit() and is_of(pid, tmp_path / "out")]
    assert len(ranks) == 2
    os.kill(max(ranks), signal.SIGKILL)
    killed = time.monotonic()
    process.communicate(timeout=60)
    assert process.returncode != 0 and time.monotonic() - killed < 20
    assert not [pid for pid in ranks if Path(f"/proc/{pid}").exists()]
    done = len(losses(tmp_path / "out"))
    run_script(TRAIN, "--resume", "--out", tmp_path / "out", "--max-iters", done + 1)


def is_of(pid, out):
    """Whether a process is a rank of the run in a folder."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8").split("\0")
    except OSError:
        return False
    return str(out) in command and command[1] == TRAIN[0]


def test_without_mpiexec_and_without_mpi4py_it_says_what_to_do(corpus, tmp_path):
    flags = ["--data", corpus, "--out", tmp_path / "out", *TINY, "--distributed"]
    (tmp_path / "mpi4py.py").write_text(
        "raise ImportError('no such thing')\n", encoding="utf-8", newline="\n"
    )
    hidden = {"PYTHONPATH": str(tmp_path)}
    _, error = run_script(TRAIN, *flags, status=2, environment=hidden)
    assert error.splitlines()[-1].endswith("pip install 'minigpt[mpi]', or leave --distributed out")
    pytest.importorskip("mpi4py", reason="mpi4py is missing: pip install 'minigpt[mpi]'")
    _, error = run_script(TRAIN, *flags, status=2)
    assert "one process alone: start several with mpiexec -n 4" in error
    (tmp_path / "mpi4py.py").unlink()
    (tmp_path / "sitecustomize.py").write_text(
        "import mpi4py\nmpi4py.rc.thread_level = 'funneled'\n", encoding="utf-8", newline="\n"
    )
    _, error = run_script(TRAIN, *flags, status=2, environment=hidden)
    assert "this MPI is for programs of one thread" in error


def test_an_error_of_one_process_ends_all_of_them_and_names_it(corpus, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(
        "import os\nif os.environ.get('PMI_RANK') == '1':\n"
        "    from minigpt.training.distributed import RunElsewhere\n"
        "    def keep(run, step, *rest):\n        raise FLAW('it is broken here')\n"
        "    RunElsewhere.keep = keep\n".replace("FLAW", "ValueError"),
        encoding="utf-8",
        newline="\n",
    )
    place = {"PYTHONPATH": f"{tmp_path}{os.pathsep}{Path(TRAIN[0]).parent}"}
    flags = ["--data", corpus, "--out", tmp_path / "out", *TINY, "--distributed"]
    _, error = run_script(mpi(2), *flags, status=2, environment=place)
    assert "process 1 on " in error and "train.py: error: it is broken here" in error
    run_script(TRAIN, "--resume", "--out", tmp_path / "out", "--max-iters", 1)
