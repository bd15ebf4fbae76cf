"""Worker processes: the same bits as on threads, and nothing is left of them, however they and theirs end."""

import contextlib
import dataclasses
import gc
import os
import signal
import subprocess
import sys
import time
import types
from pathlib import Path

import numpy as np
import pytest
from models import order_one, order_one_gpt
from scripts import TINY, TRAIN, finish, run_script
from threadpoolctl import threadpool_info

from minigpt import RNN, AdamW, BigramConfig, BigramLM, GPTConfig, RNNConfig
from minigpt.filling.model import GapFiller
from minigpt.finetuning.answers import AnswerTuning
from minigpt.finetuning.classifier import BalancedLabels, GPTClassifier
from minigpt.finetuning.dpo import PreferenceTuning
from minigpt.finetuning.last_blocks import LastBlocksGPT
from minigpt.finetuning.lora import LoRAGPT
from minigpt.finetuning.objective import Objective
from minigpt.training import processes
from minigpt.training.processes import WORTH_STARTING, ProcessRunner, runner_for
from minigpt.training.runner import BatchRunner

B, T, V = 7, 5, 11
CONFIG = GPTConfig(vocab_size=V, block_size=6, n_layer=2, n_head=2, n_embd=8, dropout=0.3)


def tokens(*shape):
    return np.random.default_rng(len(shape)).integers(V, size=shape)


def next_tokens():
    """Ids and targets (B, T), counted in every number from all to none of a row's targets."""
    idx, targets = tokens(B, T), tokens(B, T + 1)[:, 1:].copy()
    for row in range(B):
        targets[row, : max(T - row, 0)] = -100
    return idx, targets


def labelled():
    return tokens(B, T), tokens(B) % 3


def classifier():
    return order_one(GPTClassifier(order_one_gpt(CONFIG), ["a", "b", "c"], pad_token_id=0))


def lora():
    return order_one(LoRAGPT(order_one_gpt(CONFIG), rank=2, alpha=3.0))


def pairs():
    return tokens(B, 2, T), tokens(B, 2, T), np.random.default_rng(4).standard_normal((B, 2))


def untied_gpt():
    return order_one_gpt(dataclasses.replace(CONFIG, tie_weights=False), dtype="float32")


OBJECTIVES = {
    "a GPT": (lambda: order_one_gpt(CONFIG), next_tokens),
    "a GPT in float32 with its own head": (untied_gpt, next_tokens),
    "a bigram model": (lambda: order_one(BigramLM(BigramConfig(V, 6))), next_tokens),
    "an RNN": (lambda: order_one(RNN(RNNConfig(V, 6, 4)), scale=0.3), next_tokens),
    "a gap filler": (lambda: order_one(GapFiller(CONFIG)), next_tokens),
    "a classifier": (classifier, labelled),
    "balanced labels": (lambda: BalancedLabels(classifier(), [1, 5, 9]), labelled),
    "LoRA": (lora, next_tokens),
    "the last block": (lambda: LastBlocksGPT(order_one_gpt(CONFIG), 1), next_tokens),
    "answers": (lambda: AnswerTuning(order_one_gpt(CONFIG)), next_tokens),
    "answers with LoRA": (lambda: AnswerTuning(lora()), next_tokens),
    "preferences": (lambda: PreferenceTuning(order_one_gpt(CONFIG), 0.5), pairs),
}


def trained(kind, objective, batch, workers):
    """All losses and bits of two steps, and of the loss that is measured in between and after."""
    optimizer, seen = AdamW(objective.trained_params(), lr=0.01), []
    with kind(objective, workers, micro_batch=2) as runner:
        for step in range(2):
            loss, grads = runner.loss_and_grads(*batch, dropout_key=(3, step))
            seen += [loss, *((name, grads[name].dtype, grads[name].tobytes()) for name in sorted(grads))]
            optimizer.step(grads, runner.for_each)
            seen.append(runner.loss(*batch))
    return seen, {name: param.tobytes() for name, param in objective.params.items()}


@pytest.mark.parametrize("name", OBJECTIVES)
def test_every_objective_is_trained_to_the_bit_as_on_threads(name):
    new_objective, batch = OBJECTIVES[name]
    workers = 3 if name == "a GPT" else 2
    on_threads = trained(BatchRunner, new_objective(), batch(), workers)
    assert trained(ProcessRunner, new_objective(), batch(), workers) == on_threads


def test_more_workers_than_rows_and_arrays_in_the_place_of_others_change_nothing():
    model, (idx, targets) = order_one_gpt(CONFIG), next_tokens()
    with ProcessRunner(model, 3) as processes_, BatchRunner(model, 3) as threads:
        for n_rows in (1, 2, B):
            model.params["wte.weight"] = 1.5 * model.params["wte.weight"]
            batch = idx[:n_rows], targets[:n_rows]
            assert processes_.loss(*batch) == threads.loss(*batch)
            (loss, grads), (expected_loss, expected) = (
                r.loss_and_grads(*batch) for r in (processes_, threads)
            )
            assert loss == expected_loss
            for name, grad in expected.items():
                np.testing.assert_array_equal(grads[name], grad)


def test_gradients_are_the_callers_own_and_the_next_call_leaves_them_alone():
    model, batch = order_one_gpt(CONFIG), next_tokens()
    with ProcessRunner(model, 2) as runner:
        _, grads = runner.loss_and_grads(*batch)
        before = {name: grad.copy() for name, grad in grads.items()}
        runner.loss_and_grads(batch[0][::-1], batch[1])
    for name, grad in before.items():
        np.testing.assert_array_equal(grads[name], grad)


@pytest.mark.parametrize("row", [0, B - 1])  # of the shard here, and of another process's
def test_what_a_shard_raises_comes_out_and_the_next_batch_is_computed_rightly(row):
    model, (idx, targets) = order_one_gpt(CONFIG), next_tokens()
    wrong = idx.copy()
    wrong[row] = V
    with BatchRunner(model, 2) as threads:
        expected = threads.loss(idx, targets)
    with ProcessRunner(model, 2) as runner:
        for _ in range(2):
            with pytest.raises(ValueError, match=f"token ids run from . to {V}"):
                runner.loss_and_grads(wrong, targets)
        assert runner.loss(idx, targets) == expected
        assert runner.loss_and_grads(idx, targets)[0] == expected


class Misbehaving(Objective):
    """Its loss is a number, or something else happens, as the first target says."""

    here = None  # the process that is not to be harmed

    def n_counted(self, idx, targets):
        return 1

    def loss(self, idx, targets, n_counted=None):
        what = int(targets[0, 0])
        if what == 0 or os.getpid() == self.here:
            return np.float64(0.0)
        if what == 1:  # how many threads BLAS has
            pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
            return np.float64(max((pool["num_threads"] for pool in pools), default=1))
        if what == 2:
            print("a line that is not for the one who waits for a number")
            return np.float64(2.0)
        if what == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        if what == 5:
            os._exit(3)
        if what == 6:

            class OnlyThere(Exception):
                pass

            raise OnlyThere("that cannot be sent")
        return np.float64(os.getpid())


def misbehaving(what):
    objective = Misbehaving(order_one_gpt(CONFIG))
    objective.here = os.getpid()
    return objective, (tokens(2, T), np.full((2, T), what))


def test_in_another_process_blas_has_one_thread(monkeypatch):
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        monkeypatch.setenv(name, "2")
    objective, batch = misbehaving(1)
    with ProcessRunner(objective, 2) as runner:
        assert runner.loss(*batch) == 1


def test_what_is_printed_there_is_an_error_output_and_no_answer(capfd):
    objective, batch = misbehaving(2)
    with ProcessRunner(objective, 2) as runner:
        assert runner.loss(*batch) == 2
    out, error = capfd.readouterr()
    assert out == "" and "a line that is not for the one who waits" in error


needs_signals = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")


@needs_signals
def test_a_worker_that_dies_at_work_or_idle_is_said_to_be_gone():
    objective, batch = misbehaving(3)
    with ProcessRunner(objective, 2) as runner:
        with pytest.raises(ChildProcessError, match=r"ended before its time, by signal 9, .*--resume"):
            runner.loss(*batch)
        with pytest.raises(ChildProcessError, match="by signal 9"):
            runner.loss(*batch)


def children(pid):
    """The processes that a process has started, as /proc has them."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parent = stat.read_text(encoding="utf-8").rpartition(")")[2].split()[1]
            found += [int(stat.parent.name)] * (int(parent) == pid)
    return found


def has_ended(pid):
    """Whether a process is gone, within half a minute."""
    for _ in range(300):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        state = Path(f"/proc/{pid}/stat")
        if state.exists() and state.read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z":
            return True  # it has ended, and waits for somebody to look
        time.sleep(0.1)
    return False


def test_a_worker_that_ends_by_itself_is_not_said_to_have_been_killed():
    objective, batch = misbehaving(5)
    with ProcessRunner(objective, 2) as runner:
        with pytest.raises(ChildProcessError, match="ended before its time, with status 3: go on"):
            runner.loss(*batch)


def test_an_error_that_cannot_be_sent_is_told():
    objective, batch = misbehaving(6)
    with ProcessRunner(objective, 2) as runner:
        with pytest.raises(RuntimeError, match=r"OnlyThere.*that cannot be sent"):
            runner.loss(*batch)


@needs_signals
def test_afterwards_no_process_is_left_after_an_error_either():
    with pytest.raises(RuntimeError), ProcessRunner(misbehaving(4)[0], 3) as runner:
        raise RuntimeError
    assert len(runner.others) == 2
    assert all(other.process.returncode is not None for other in runner.others)


def test_where_a_worker_cannot_be_started_there_is_a_sentence_and_nothing_is_left(monkeypatch):
    started = []

    class Noted(subprocess.Popen):
        def __init__(self, *args, **settings):
            if started:
                raise BlockingIOError(11, "Resource temporarily unavailable")
            super().__init__(*args, **settings)
            started.append(self)

    monkeypatch.setattr(processes.subprocess, "Popen", Noted)
    with pytest.raises(OSError, match=r"no process .* \(Resource temporarily unavailable\): give fewer --w"):
        ProcessRunner(order_one_gpt(CONFIG), 3).__enter__()
    assert [process.returncode is not None for process in started] == [True]


class Narrowing(Objective):
    """Its gradients are of another type than its parameters."""

    def n_counted(self, idx, targets):
        return self.model.n_counted(idx, targets)

    def loss_and_grads(self, *batch, **settings):
        loss, grads = self.model.loss_and_grads(*batch, **settings)
        return loss, {name: grad.astype(np.float32) for name, grad in grads.items()}


def test_gradients_of_another_type_are_refused_and_not_converted():
    with ProcessRunner(Narrowing(order_one_gpt(CONFIG)), 2) as runner:
        with pytest.raises(TypeError, match="float32"):
            runner.loss_and_grads(*next_tokens())


def test_parameters_of_another_type_or_shape_than_at_the_start_are_refused():
    model, batch = order_one_gpt(CONFIG), next_tokens()
    right = model.params["ln_f.bias"]
    with ProcessRunner(model, 2) as runner:
        for wrong in (right.astype(np.float32), right[:1]):
            model.params["ln_f.bias"] = wrong
            with pytest.raises(TypeError, match=r"ln_f.bias is float.* not float64 of shape"):
                runner.loss(*batch)


def test_an_objective_that_another_program_cannot_open_says_so_at_the_start(monkeypatch):
    module = types.ModuleType("only_here")
    monkeypatch.setitem(sys.modules, "only_here", module)
    exec("from minigpt.finetuning.objective import Objective\nclass Mine(Objective): pass", module.__dict__)
    with pytest.raises(ModuleNotFoundError, match="only_here"):
        ProcessRunner(module.Mine(order_one_gpt(CONFIG)), 2).__enter__()


def open_files():
    gc.collect()  # what is garbage may hold files
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.exists() else 0


def test_an_objective_that_cannot_be_sent_is_refused_and_nothing_is_left():
    class OnlyHere(Objective):
        pass

    before = children(os.getpid()), open_files()
    with pytest.raises((AttributeError, TypeError), match="OnlyHere"):
        ProcessRunner(OnlyHere(order_one_gpt(CONFIG)), 2).__enter__()
    assert (children(os.getpid()), open_files()) == before


def test_ctrl_c_while_a_process_is_told_what_to_do_leaves_nothing_either(monkeypatch):
    def interrupted(worker, *message):
        raise KeyboardInterrupt

    before = children(os.getpid()), open_files()
    monkeypatch.setattr(processes.Worker, "ask", interrupted)
    with pytest.raises(KeyboardInterrupt):
        ProcessRunner(order_one_gpt(CONFIG), 2).__enter__()
    assert (children(os.getpid()), open_files()) == before


def test_a_runner_that_has_ended_leaves_no_file_open():
    before = open_files()
    with ProcessRunner(order_one_gpt(CONFIG), 3):
        pass
    assert open_files() == before


PARENT = """
import sys
from test_processes import CONFIG, next_tokens, order_one_gpt
from minigpt.training.processes import ProcessRunner

with ProcessRunner(order_one_gpt(CONFIG), 3) as runner:
    runner.loss(*next_tokens())
    print(*(other.process.pid for other in runner.others), flush=True)
    sys.stdin.read()
"""


@needs_signals
def test_of_a_parent_that_is_killed_no_process_is_left():
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        env=environment,
    )
    pids = [int(pid) for pid in parent.stdout.readline().split()]
    assert len(pids) == 2
    parent.kill()
    parent.communicate()
    assert all(map(has_ended, pids))


@pytest.fixture
def long_run(tmp_path):
    """A run of train.py with a worker process that has saved, in a group of its own, as of a terminal."""
    if not Path("/proc/self/stat").exists():
        pytest.skip("which processes there are is read from /proc, which this system has not")
    text, out = tmp_path / "text.txt", tmp_path / "out"
    text.write_text("".join(f"{'abcdefghij'[i % 10]}{i * i:x} " for i in range(900)), "utf-8", newline="\n")
    flags = ["--data", text, "--out", out, "--tokenizer", "char", *TINY, "--max-iters", 30_000]
    process = subprocess.Popen(
        [sys.executable, *TRAIN, *map(str, flags), "--eval-interval", "20"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    for _ in range(1200):
        if (out / "model.safetensors").exists():
            break
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    (worker,) = children(process.pid)
    yield process, worker, out
    process.kill()
    process.wait()


def test_ctrl_c_saves_once_and_leaves_nobody_behind(long_run):
    process, worker, out = long_run
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all in the group
    printed, error = finish(process)
    assert printed.count("stopped before step") == 1 and "Traceback" not in error
    assert has_ended(worker)
    step = int(printed.split("stopped before step ")[1].split(";")[0])
    run_script(TRAIN, "--resume", "--out", out, "--max-iters", step + 2)


def test_a_killed_worker_ends_the_run_in_a_sentence_and_the_last_state_stands(long_run):
    process, worker, out = long_run
    os.kill(worker, signal.SIGKILL)
    _, error = finish(process, status=2)
    assert error.splitlines()[-1].startswith(
        "train.py: error: a worker process has ended before its time, by"
    )
    assert "Traceback" not in error
    run_script(TRAIN, "--resume", "--out", out, "--eval-only")


def test_processes_are_for_long_runs_of_several_workers_on_the_host(monkeypatch):
    model = order_one_gpt(CONFIG)
    kinds = [
        (type(runner_for(n, model, workers)), n, workers)
        for n in (WORTH_STARTING - 1, WORTH_STARTING)
        for workers in (1, 2)
    ]
    assert [kind is ProcessRunner for kind, *_ in kinds] == [False, False, False, True]
    monkeypatch.setattr(processes, "on_host", lambda: False)
    assert type(runner_for(WORTH_STARTING, model, 2)) is BatchRunner
    runner = runner_for(WORTH_STARTING, model, 2, 3)
    assert (runner.model, runner.workers, runner.micro_batch) == (model, 2, 3)
