"""Generation side by side with transformers.generate and its key/value cache: one run, one table, ratios.

    python benchmarks/generation.py                both sides on two threads, wall-clock time
    python benchmarks/generation.py --cpu-time     both on one thread, processor time: for a busy machine
    python benchmarks/generation.py --cases 1 --repetitions 1        only the first line, and only once
    python benchmarks/generation.py --json table.json                as a file too

Every model has random weights, decodes greedily and never stops early. Each side is a process of its own,
so that the threads of one do not spin while the other is measured, and the two take turns: what disturbs
the machine disturbs both. A figure is the median of the repetitions.

The last lines stand alone: how much of a step is spent on the one thing it cannot do without, to read
every weight once, and how long generate.py as a program takes to its first token, with its memory.
"""

import argparse
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # this checkout, whatever is installed

from benchmarks.report import ROOT, add_json_flag, describe_machine, write_json

TINY = {"vocab_size": 65, "block_size": 64, "n_layer": 4, "n_head": 4, "n_embd": 128}
GPT2 = {"vocab_size": 50257, "block_size": 1024, "n_layer": 12, "n_head": 12, "n_embd": 768}

# name, sizes, batch, tokens of the prompt, new tokens, repetitions, unit
CASES = [
    ("4 layers, 4 heads, C 128, T 64, batch 1", TINY, 1, 1, 63, 15, "token/s"),
    ("the same, batch 32", TINY, 32, 1, 63, 9, "token/s"),
    ("GPT-2 124M, batch 1, 64 after 64", GPT2, 1, 64, 64, 3, "token/s"),
    ("GPT-2 124M, first token after 512", GPT2, 1, 512, 1, 5, "s"),
]
PAUSE = 0.3  # seconds between two measurements, in which threads that spin give up


def minigpt_side(connection, threads, clock):
    """Waits for (sizes, batch, prompt, new tokens), answers with seconds, until None comes."""
    import numpy as np
    from threadpoolctl import threadpool_limits

    from minigpt import GPT, GPTConfig, generate
    from minigpt.training.runner import keep_freed_memory

    threadpool_limits(threads)
    keep_freed_memory()
    models = {}
    while (case := connection.recv()) is not None:
        sizes, batch, prompt, new = case
        if str(sizes) not in models:
            models[str(sizes)] = GPT(GPTConfig(**sizes))
        model = models[str(sizes)]
        idx = np.random.default_rng(0).integers(0, sizes["vocab_size"], (batch, prompt))
        start = clock()
        out = generate(model, idx, new, temperature=0)
        connection.send(clock() - start)
        assert out.shape == (batch, prompt + new)


def transformers_side(connection, threads, clock):
    """The same with transformers."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.set_num_threads(threads)
    models = {}
    while (case := connection.recv()) is not None:
        sizes, batch, prompt, new = case
        if str(sizes) not in models:
            names = {"block_size": "n_positions"}
            config = {names.get(name, name): value for name, value in sizes.items()}
            models[str(sizes)] = GPT2LMHeadModel(
                GPT2Config(**config, bos_token_id=None, eos_token_id=None)
            ).eval()
        model = models[str(sizes)]
        model.generation_config.pad_token_id = 0
        ids = torch.randint(0, sizes["vocab_size"], (batch, prompt))
        start = clock()
        with torch.inference_mode():
            out = model.generate(
                ids, attention_mask=torch.ones_like(ids), max_new_tokens=new, do_sample=False
            )
        connection.send(clock() - start)
        assert out.shape == (batch, prompt + new)


class Side:
    """A process that measures what it is asked to."""

    def __init__(self, target, threads, clock):
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        context.Process(target=target, args=(theirs, threads, clock), daemon=True).start()

    def seconds(self, *case):
        time.sleep(PAUSE)
        self.connection.send(case)
        return self.connection.recv()


def compare(name, sizes, batch, prompt, new, repetitions, unit, ours, theirs):
    """Measure one line of the table and print it; return it as a dict, with seconds for the whole batch."""
    case = (sizes, batch, prompt, new)
    for side in (ours, theirs):
        side.seconds(*case)  # the first one makes the model and warms up
    pairs = [(ours.seconds(*case), theirs.seconds(*case)) for _ in range(repetitions)]
    our_time, their_time = (statistics.median(times) for times in zip(*pairs))
    show = (lambda t: f"{batch * new / t:,.0f} token/s") if unit == "token/s" else (lambda t: f"{t:.3f} s")
    print(f"| {name} | {show(our_time)} | {show(their_time)} | {their_time / our_time:.2f} × |", flush=True)
    return {
        "name": name,
        **sizes,
        "batch_size": batch,
        "prompt_tokens": prompt,
        "new_tokens": new,
        "repetitions": repetitions,
        "minigpt_seconds": our_time,
        "transformers_seconds": their_time,
    }


def reading_time(threads, clock):
    """Seconds to read the weights of GPT-2 124M once, by finding the largest: a pass over memory, no more."""
    import numpy as np

    n_floats = 124_439_808 - 1024 * 768  # without the positions, of which a step needs one row
    parts = np.array_split(np.ones(n_floats, dtype=np.float32), threads)
    with ThreadPoolExecutor(threads) as pool:
        times = []
        for _ in range(9):
            time.sleep(PAUSE / 3)
            start = clock()
            list(pool.map(np.max, parts))
            times.append(clock() - start)
    return statistics.median(times)


def save_large_model(directory):
    """A model of GPT-2's sizes with a tokenizer of as many tokens, here single characters."""
    from minigpt import GPT, GPTConfig
    from tokenizer import CharTokenizer

    codes = (code for code in range(0x3400, 0x20000) if not 0xD800 <= code < 0xE000)
    CharTokenizer.train("".join(map(chr, islice(codes, GPT2["vocab_size"] - 1)))).save(directory)
    GPT(GPTConfig(**GPT2)).save_pretrained(directory)


def start_of_the_program(threads, cpu_time):
    """generate.py on GPT-2 124M, one token, warm: seconds for the whole program; memory as a multiple."""
    with tempfile.TemporaryDirectory() as directory:
        # In a process of its own: a child's peak memory counts that of the process it was started from.
        maker = multiprocessing.get_context("spawn").Process(target=save_large_model, args=(directory,))
        maker.start()
        maker.join()
        line = [
            sys.executable,
            str(ROOT / "generate.py"),
            "--checkpoint",
            directory,
            "--prompt",
            "一二三四五",
        ]
        environment = os.environ | {"OPENBLAS_NUM_THREADS": str(threads)}
        times = []
        for _ in range(4):  # the first one warms up
            start = time.perf_counter()
            program = subprocess.Popen(
                [*line, "--max-new-tokens", "1"], stdout=subprocess.DEVNULL, env=environment
            )
            _, status, usage = os.wait4(program.pid, 0)
            if status != 0:
                raise RuntimeError(f"generate.py ended with status {status}")
            elapsed = time.perf_counter() - start
            times.append(usage.ru_utime + usage.ru_stime if cpu_time else elapsed)
        size = os.path.getsize(os.path.join(directory, "model.safetensors"))
    return statistics.median(times[1:]), usage.ru_maxrss * 1024 / size


def main():
    sys.stdout.reconfigure(encoding="utf-8")
    parser = argparse.ArgumentParser(description="Generation beside transformers, in one table.")
    parser.add_argument(
        "--cpu-time", action="store_true", help="one thread each and processor time, for a busy machine"
    )
    parser.add_argument(
        "--cases",
        type=int,
        nargs="+",
        choices=range(1, len(CASES) + 1),
        default=range(1, len(CASES) + 1),
        metavar="N",
        help="lines of the table (default: all)",
    )
    parser.add_argument("--repetitions", type=int, metavar="N", help="of each line (default: by its length)")
    add_json_flag(parser)
    args = parser.parse_args()
    threads, clock = (1, time.process_time) if args.cpu_time else (2, time.perf_counter)
    start, memory = start_of_the_program(threads, args.cpu_time)

    ours, theirs = (Side(target, threads, clock) for target in (minigpt_side, transformers_side))
    time_measured = "processor time" if args.cpu_time else "wall-clock time"
    print(f"{describe_machine()}\n{threads} thread(s), {time_measured}\n")
    print("| model | minigpt | transformers | ratio |\n|---|---|---|---|")
    rows = []
    for number in args.cases:
        *case, repetitions, unit = CASES[number - 1]
        rows.append(compare(*case, args.repetitions or repetitions, unit, ours, theirs))

    whole, first = (statistics.median(ours.seconds(GPT2, 1, 64, new) for _ in range(3)) for new in (64, 1))
    for side in (ours, theirs):
        side.connection.send(None)
    step, reading = (whole - first) / 63, reading_time(threads, clock)
    print(f"\nGPT-2 124M, one step: {step * 1e3:.1f} ms, of which reading every weight once takes", end=" ")
    print(f"{reading * 1e3:.1f} ms ({reading / step:.0%})")
    print(f"generate.py with GPT-2 124M, one token: {start:.2f} s, {memory:.2f} × the weights in memory")
    if args.json:
        alone = {
            "name": "GPT-2 124M, minigpt alone",
            "step_seconds": step,
            "reading_weights_seconds": reading,
            "program_seconds": start,
            "memory_over_weights": memory,
        }
        settings = {"threads": threads, "time": time_measured}
        write_json(args.json, "generation", settings, [*rows, alone])


if __name__ == "__main__":
    main()
