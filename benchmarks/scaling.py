"""How a training step scales over the cores of this machine: threads against processes that MPI joins.

    python benchmarks/scaling.py                      both, with 1, 2, 4, … workers up to the cores there are
    mpiexec -n 2 python benchmarks/scaling.py --mpi   the processes of this start alone, on any hosts

Each row is a process, or a group of them, of its own; a step is the whole one: loss and gradients, clipping
and AdamW. Figures are medians over the steps. "sum" is what the sum of the gradients takes with nothing
else to do, "sent" the bytes of the gradients. "CPU" is processor time, which a busy machine changes less
than the clock; a process that waits for others in MPI spends it too.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # this checkout, whatever is installed

from benchmarks.report import add_json_flag, describe_machine, write_json
from minigpt import GPT, AdamW, GPTConfig, clip_grad_norm
from minigpt.training.distributed import Group
from minigpt.training.runner import BatchRunner, default_workers

SETTINGS = [  # n_layer, n_head, n_embd, block_size, batch_size, vocab_size
    (4, 4, 128, 128, 4, 4096),  # the default run
    (4, 4, 128, 64, 12, 65),
    (4, 4, 256, 128, 16, 65),
]
MPIEXEC = Path(sys.executable).with_name("mpiexec")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--rows", type=int, nargs="+", default=[1, 2, 3], metavar="N", help="settings to measure"
    )
    parser.add_argument("--steps", type=int, default=30, metavar="N", help="steps of each row")
    parser.add_argument("--mpi", action="store_true", help="this is one of the processes of mpiexec")
    parser.add_argument("--threads", type=int, help=argparse.SUPPRESS)
    add_json_flag(parser)
    args = parser.parse_args()
    if args.mpi or args.threads:
        one_side(args)
        return
    print(f"{describe_machine()}\n")
    print(
        "| layers / heads / C / T / B / V | workers | threads | processes | sum | sent "
        "| CPU, threads | CPU, processes |"
    )
    print("|---|---|---|---|---|---|---|---|")
    rows, n_workers = [], 1
    while n_workers <= default_workers():
        threads = measured([sys.executable], args, "--threads", str(n_workers))
        several = n_workers > 1 and MPIEXEC.exists()
        processes = (
            measured([str(MPIEXEC), "-n", str(n_workers), sys.executable], args, "--mpi") if several else []
        )
        for i, row in enumerate(threads):
            print(table_row(row, processes[i] if processes else None), flush=True)
        rows += [row | {"side": "threads"} for row in threads] + [row | {"side": "MPI"} for row in processes]
        n_workers *= 2
    if args.json:
        write_json(args.json, "scaling", {"steps": args.steps}, rows)


def measured(command, args, *side):
    """What a side prints: a dict for each setting."""
    command = [*command, __file__, "--steps", str(args.steps), "--rows", *map(str, args.rows), *side]
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        check=True,
        encoding="utf-8",
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def table_row(threads, processes):
    cells = [" / ".join(map(str, threads["setting"])), str(threads["workers"]), f"{threads['ms']:.1f} ms"]
    if processes:
        cells += [f"{processes['ms']:.1f} ms", f"{processes['sum_ms']:.2f} ms", f"{processes['bytes']:,}"]
        cells += [f"{threads['cpu_ms']:.1f} ms", f"{processes['cpu_ms']:.1f} ms"]
    else:
        cells += ["", "", "", f"{threads['cpu_ms']:.1f} ms", ""]
    return "| " + " | ".join(cells) + " |"


def one_side(args):
    """Measure the settings with one start of threads or of processes, and print each as a line of JSON."""
    group = Group() if args.mpi else None
    for number in args.rows:
        print(json.dumps(measure(SETTINGS[number - 1], args, group)), flush=True)
    if group:
        group.wait()


def measure(setting, args, group):
    """What one setting takes in this start, a dict."""
    n_layer, n_head, n_embd, T, B, V = setting
    model = GPT(GPTConfig(V, T, n_layer, n_head, n_embd))
    optimizer = AdamW(model.params, 1e-3)
    idx, targets = np.random.default_rng(0).integers(V, size=(2, B, T))
    row = {"setting": setting, "workers": group.size if group else args.threads}
    with group.runner(model, 1) if group else BatchRunner(model, args.threads) as runner:

        def step():
            _, grads = runner.loss_and_grads(idx, targets)
            clip_grad_norm(grads, 1.0)
            optimizer.step(grads, runner.for_each)

        step()
        row["ms"], cpu = median_ms(step, args.steps)
        row["cpu_ms"] = sum(group.gather(cpu)) if group else cpu
        if group:
            row["bytes"] = runner.flat.nbytes
            row["sum_ms"], _ = median_ms(lambda: group.sum(runner.flat), args.steps)
    return row


def median_ms(function, times):
    """Milliseconds that a call takes by the clock, the median, and of processor time, the mean."""
    cpu, seconds = time.process_time(), []
    for _ in range(times):
        started = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - started)
    return 1e3 * statistics.median(seconds), 1e3 * (time.process_time() - cpu) / times


if __name__ == "__main__":
    main()
