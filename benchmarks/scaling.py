"""How a training step scales over the cores of this machine: threads, worker processes, processes of MPI.

    python benchmarks/scaling.py                      all, with 1, 2, 4, … workers up to the cores there are
    mpiexec -n 2 python benchmarks/scaling.py --mpi   the processes of this start alone, on any hosts

Each row is a process, or a group of them, of its own; a step is the whole one: loss and gradients, clipping
and the optimiser. Figures are medians over the steps. "after" is a step of which no sum begins before
backward has ended; it is measured in turn with the other. "sum" is what the sum of the gradients takes with
nothing else to do, "exchange" what it takes that each sends what it has moved, and "bytes" those of all
gradients; each of the two sends half of what a sum that all get would. "update" is the optimiser's part of a
step, of several processes with the exchange, and "state" the bytes of its moments in the process that has
most. "CPU" is processor time, which a busy machine changes less than the clock; that of worker processes is
not seen from here.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from itertools import zip_longest
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # this checkout, whatever is installed

from benchmarks.report import add_json_flag, describe_machine, write_json
from minigpt import GPT, AdamW, GPTConfig, Muon, clip_grad_norm
from minigpt.training.distributed import Group
from minigpt.training.processes import ProcessRunner
from minigpt.training.runner import BatchRunner, default_workers

SETTINGS = [  # n_layer, n_head, n_embd, block_size, batch_size, vocab_size
    (4, 4, 128, 128, 4, 8192),  # the default run, but for the vocabulary
    (4, 4, 128, 64, 12, 65),
    (4, 4, 256, 128, 16, 65),
]
MPIEXEC = Path(sys.executable).with_name("mpiexec")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--rows", type=int, nargs="+", default=[1, 2, 3], metavar="N", help="settings to measure"
    )
    parser.add_argument("--optimizer", default="muon", choices=["adamw", "muon"])
    parser.add_argument("--steps", type=int, default=30, metavar="N", help="steps of each row")
    parser.add_argument("--mpi", action="store_true", help="this is one of the processes of mpiexec")
    parser.add_argument("--threads", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--processes", type=int, help=argparse.SUPPRESS)
    add_json_flag(parser)
    args = parser.parse_args()
    if args.mpi or args.threads or args.processes:
        one_side(args)
        return
    print(f"{describe_machine()}\n")
    print(
        "| layers / heads / C / T / B / V | workers | threads: step | update | state | CPU "
        "| worker processes: step | MPI: step | after | sum | exchange | bytes | update | state | CPU |"
    )
    print("|" + 15 * "---|")
    rows, n_workers = [], 1
    while n_workers <= default_workers():
        threads = measured([sys.executable], args, "--threads", str(n_workers))
        processes = measured([sys.executable], args, "--processes", str(n_workers)) if n_workers > 1 else []
        several = n_workers > 1 and MPIEXEC.exists()
        of_mpi = (
            measured([str(MPIEXEC), "-n", str(n_workers), sys.executable], args, "--mpi") if several else []
        )
        for row in zip_longest(threads, processes, of_mpi):
            print(table_row(*row), flush=True)
        for side, measurements in (("threads", threads), ("processes", processes), ("MPI", of_mpi)):
            rows += [row | {"side": side} for row in measurements]
        n_workers *= 2
    if args.json:
        write_json(args.json, "scaling", {"steps": args.steps}, rows)


def measured(command, args, *side):
    """What a side prints: a dict for each setting."""
    command = [*command, __file__, "--steps", str(args.steps), "--optimizer", args.optimizer]
    command += ["--rows", *map(str, args.rows), *side]
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        check=True,
        encoding="utf-8",
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def table_row(threads, processes, of_mpi):
    cells = [" / ".join(map(str, threads["setting"])), str(threads["workers"]), f"{threads['ms']:.1f} ms"]
    cells += [f"{threads['update_ms']:.1f} ms", f"{threads['state']:,}", f"{threads['cpu_ms']:.1f} ms"]
    cells += [f"{processes['ms']:.1f} ms" if processes else ""]
    if of_mpi:
        cells += [f"{of_mpi[name]:.1f} ms" for name in ("ms", "after_ms", "sum_ms", "exchange_ms")]
        cells += [f"{of_mpi['bytes']:,}", f"{of_mpi['update_ms']:.1f} ms", f"{of_mpi['state']:,}"]
        cells += [f"{of_mpi['cpu_ms']:.1f} ms"]
    else:
        cells += 8 * [""]
    return "| " + " | ".join(cells) + " |"


def one_side(args):
    """Measure the settings with one kind of worker, and print each as a line of JSON."""
    group = Group() if args.mpi else None
    for number in args.rows:
        print(json.dumps(measure(SETTINGS[number - 1], args, group)), flush=True)
    if group:
        group.wait()


def measure(setting, args, group):
    """What one setting takes in this start, a dict."""
    n_layer, n_head, n_embd, T, B, V = setting
    model = GPT(GPTConfig(V, T, n_layer, n_head, n_embd))
    optimizer = {"adamw": AdamW, "muon": Muon}[args.optimizer](model.params, 1e-3)
    idx, targets = np.random.default_rng(0).integers(V, size=(2, B, T))
    row = {"setting": setting, "optimizer": args.optimizer}
    if group:
        new_runner = group.runner(optimizer, model, 1)
    elif args.processes:
        new_runner = ProcessRunner(model, args.processes)
    else:
        new_runner = BatchRunner(model, args.threads)
    with new_runner as runner:

        def update():
            optimizer.step(grads, runner.for_each)

        def step():
            _, grads = runner.loss_and_grads(idx, targets)
            clip_grad_norm(grads, 1.0, runner.total)
            optimizer.step(grads, runner.for_each)

        def step_that_sums_after():
            runner._empty_grads = lambda rows, n_parts: {}  # which tell nobody what is complete
            step()
            del runner._empty_grads

        _, grads = runner.loss_and_grads(idx, targets)
        (row["update_ms"],), _ = median_ms(args.steps, update)
        if group:
            (row["ms"], row["after_ms"]), (cpu, _) = median_ms(args.steps, step, step_that_sums_after)
            row["cpu_ms"] = sum(group.gather(cpu))
            row["bytes"] = runner.sums.flat.nbytes
            (row["sum_ms"], row["exchange_ms"]), _ = median_ms(
                args.steps, lambda: sum_alone(runner.sums), lambda: runner.for_each(None, [])
            )
        else:
            (row["ms"],), (row["cpu_ms"],) = median_ms(args.steps, step)
        row["workers"] = group.size if group else runner.workers
        moments = [*optimizer.m.values(), *optimizer.v.values()]
        state = sum(array.nbytes for array in moments)
        row["state"] = max(group.gather(state)) if group else state
    return row


def sum_alone(sums):
    """The sum of a step's gradients, of a process that has none."""
    sums.begin(0)
    sums.end()


def median_ms(times, *functions):
    """Milliseconds that a call of each takes by the clock, the median, and of processor time, the mean.

    The functions are called in turn, so that what else the machine does is the same for all.
    """
    seconds, cpu = [[] for _ in functions], [0.0 for _ in functions]
    for _ in range(times):
        for i, function in enumerate(functions):
            started, cpu_started = time.perf_counter(), time.process_time()
            function()
            seconds[i].append(time.perf_counter() - started)
            cpu[i] += time.process_time() - cpu_started
    return [1e3 * statistics.median(each) for each in seconds], [1e3 * total / times for total in cpu]


if __name__ == "__main__":
    main()
