"""What is left of the speed when somebody else computes too: alone, beside a loop, beside a NumPy program.

    python benchmarks/busy.py                          the tables, some minutes
    python benchmarks/busy.py --turns 3 --figures 1    only the first token after 512, three times
    python benchmarks/busy.py --json table.json        as a file too

The other program has the same priority: a loop that keeps one processor busy, or NumPy multiplying matrices
on two BLAS threads. Measured are generation with GPT-2 124M (random weights) and a training step: ours, ours
on a single thread, and the peer's (transformers, PyTorch eager) on two threads. Each side is a process of its
own, and they take turns. A figure is the median of the turns, with the shortest beside it.

The last column divides our median by that of a single thread in the same company: what a second thread costs
where it cannot help. Where the machine is busy before this program starts, "alone" is not alone; the load is
printed with the table.
"""

import argparse
import multiprocessing
import os
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # this checkout, whatever is installed

from benchmarks.generation import GPT2, PAUSE, minigpt_side, transformers_side
from benchmarks.report import add_json_flag, describe_machine, write_json

THREADS = 2
STEP = (4, 4, 128, 128, 4)  # layers, heads, C, T, B: train.py's without flags, but for the vocabulary
N_STEPS = 10
PROGRAMS = {
    "alone": None,
    "beside a loop": "while True: pass",
    "beside NumPy": "import numpy as np\na = np.ones((1500, 1500), 'f4')\nwhile True: a @ a",
}
# name, what is measured, and of generation the tokens of the prompt and new ones
FIGURES = [
    ("GPT-2 124M, first token after 512, s", "generate", (512, 1)),
    ("GPT-2 124M, 16 tokens after 1, s", "generate", (1, 16)),
    ("training step of --workers 1, s", "train", 1),
    ("training step of --workers 2, s", "train", 2),
]


@contextmanager
def company(program):
    """Another program of the same priority, for as long as the context lasts."""
    if program is None:
        yield
        return
    environment = os.environ | {"OPENBLAS_NUM_THREADS": str(THREADS)}
    process = subprocess.Popen([sys.executable, "-c", program], env=environment)
    time.sleep(1)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def our_steps(connection, threads, clock):
    """Waits for a number of workers, answers with the seconds of a step, until None comes."""
    from threadpoolctl import threadpool_limits

    from benchmarks.training import V, batch
    from minigpt import GPT, AdamW, GPTConfig, clip_grad_norm
    from minigpt.training.processes import WORTH_STARTING, runner_for

    threadpool_limits(threads)
    n_layer, n_head, n_embd, T, B = STEP
    model = GPT(GPTConfig(V, T, n_layer, n_head, n_embd))
    optimizer, (idx, targets) = AdamW(model.params, 1e-3), batch(T, B)
    while (workers := connection.recv()) is not None:
        with runner_for(WORTH_STARTING, model, min(workers, threads)) as runner:
            start = clock()
            for _ in range(N_STEPS):
                _, grads = runner.loss_and_grads(idx, targets)
                clip_grad_norm(grads, 1.0)
                optimizer.step(grads, runner.for_each)
            connection.send((clock() - start) / N_STEPS)


def torch_steps(connection, threads, clock):
    """The same with PyTorch, on as many threads as there are workers."""
    import torch

    from benchmarks.training import torch_gpt, torch_step

    n_layer, n_head, n_embd, T, B = STEP
    model = torch_gpt(n_layer, n_head, n_embd, T)
    step = torch_step(model, model, T, B)
    while (workers := connection.recv()) is not None:
        torch.set_num_threads(min(workers, threads))
        start = clock()
        for _ in range(N_STEPS):
            step()
        connection.send((clock() - start) / N_STEPS)


KINDS = {"generate": (minigpt_side, transformers_side), "train": (our_steps, torch_steps)}


def measure(kind, case, turns):
    """Seconds of each side in each company: a dict from company to a dict from side to a list of seconds."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = KINDS[kind]
    connections = {}
    sides = (("ours", ours, THREADS), ("one thread", ours, 1), ("peer", theirs, THREADS))
    for side, target, threads in sides:
        connections[side], end = context.Pipe()
        context.Process(target=target, args=(end, threads, time.perf_counter), daemon=True).start()

    def seconds(side):
        time.sleep(PAUSE)  # threads that spin give up
        connections[side].send((GPT2, 1, *case) if kind == "generate" else case)
        return connections[side].recv()

    for side in connections:
        seconds(side)  # the first one makes the model and warms up
    times = {name: {side: [] for side in connections} for name in PROGRAMS}
    for _ in range(turns):
        for name, program in PROGRAMS.items():
            with company(program):
                for side in connections:
                    times[name][side].append(seconds(side))
    for connection in connections.values():
        connection.send(None)
    return times


def main():
    sys.stdout.reconfigure(encoding="utf-8")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    numbers = range(1, len(FIGURES) + 1)
    parser.add_argument(
        "--figures",
        type=int,
        nargs="+",
        choices=numbers,
        default=numbers,
        metavar="N",
        help="which",
    )
    parser.add_argument("--turns", type=int, default=7, metavar="N", help="turns of each side")
    add_json_flag(parser)
    args = parser.parse_args()
    load = f"load {os.getloadavg()[0]:.1f} at the start" if hasattr(os, "getloadavg") else "load unknown"
    print(f"{describe_machine()}\n{THREADS} threads; {load}\n")
    print("median (shortest)\n\n| figure | company | minigpt | on one thread | peer | to one thread |")
    print("|---|---|---|---|---|---|")
    rows = []
    for number in args.figures:
        figure, kind, case = FIGURES[number - 1]
        for name, sides in measure(kind, case, args.turns).items():
            medians = {side: statistics.median(times) for side, times in sides.items()}
            cells = [f"{medians[side]:.3f} ({min(times):.3f})" for side, times in sides.items()]
            ratio = medians["ours"] / medians["one thread"]
            print(f"| {figure} | {name} | {' | '.join(cells)} | {ratio:.2f} × |", flush=True)
            rows.append({"figure": figure, "company": name, "seconds": sides})
    if args.json:
        write_json(args.json, "busy", {"threads": THREADS, "turns": args.turns, "load": load}, rows)


if __name__ == "__main__":
    main()
