"""Training speed and memory: ours against PyTorch, on this CPU, side by side.

    python benchmarks/training.py                         the table below, some minutes
    python benchmarks/training.py --rows 1 --turns 1      only the first setting, and only once
    python benchmarks/training.py --json table.json       and as a file, with all that a figure depends on

Each side is a process of its own that trains the same GPT on the same batches when it is told to; the
three take turns, so that a change of the machine's speed meets all of them alike, and while one works
the others wait without spinning. The model in PyTorch is written as one would write it for speed: fused
attention, tanh GELU, a tied head, fused AdamW, gradients set to None. Figures are medians over the turns.
"bound" is the time that the step's matrix products alone would take at the speed measured on the spot.
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

SETTINGS = [  # n_layer, n_head, n_embd, block_size, batch_size, target ratio
    (4, 4, 128, 64, 12, 1.15),
    (4, 4, 256, 128, 16, 1.1),
    (6, 6, 384, 256, 64, 1.2),
]
V = 65  # tinyshakespeare's characters
THREADS = 2


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--rows", type=int, nargs="+", default=[1, 2, 3], metavar="N", help="settings to measure"
    )
    parser.add_argument("--turns", type=int, default=7, metavar="N", help="turns of each side")
    add_json_flag(parser)
    parser.add_argument("--side", help=argparse.SUPPRESS)
    parser.add_argument("--setting", type=int, nargs=5, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.side:
        serve(SIDES[args.side](*args.setting))
        return
    print(f"{describe_machine()}\n{THREADS} threads of PyTorch, {THREADS} processes of ours\n")
    print("| layers / heads / C / T / B | eager | compiled | ours | ratio | target | of bound | memory |")
    print("|---|---|---|---|---|---|---|---|")
    rows = []
    for row in args.rows:
        *setting, target = SETTINGS[row - 1]
        sides = measure(setting, args.turns)
        print(table_row(setting, target, sides), flush=True)
        names = ("n_layer", "n_head", "n_embd", "block_size", "batch_size")
        rows.append(dict(zip(names, setting)) | {"target": target} | sides)
    if args.json:
        write_json(args.json, "training", {"threads": THREADS, "turns": args.turns, "vocab_size": V}, rows)


def measure(setting, turns):
    """Let the sides take turns: a dict from side to its median seconds a step, peak memory and extras."""
    command = [sys.executable, __file__, "--setting", *map(str, setting), "--side"]
    processes = {
        side: subprocess.Popen(
            [*command, side], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
        )
        for side in SIDES
    }

    def ask(side, steps):
        processes[side].stdin.write(f"{steps}\n")
        processes[side].stdin.flush()
        return json.loads(processes[side].stdout.readline())

    steps = {
        side: max(1, round(1.0 / max(ask(side, 2)["seconds"], 1e-3))) for side in SIDES
    }  # a turn: about 1 s
    answers = {side: [] for side in SIDES}
    for _ in range(turns):
        for side in SIDES:
            answers[side].append(ask(side, steps[side]))
    for process in processes.values():
        process.stdin.close()
        process.wait()
    return {
        side: all_turns[-1] | {"seconds": statistics.median(answer["seconds"] for answer in all_turns)}
        for side, all_turns in answers.items()
    }


def table_row(setting, target, sides):
    ours, eager, compiled = sides["ours"], sides["eager"], sides["compiled"]
    best = min(eager["seconds"], compiled["seconds"])
    cells = [
        " / ".join(map(str, setting)),
        f"{1e3 * eager['seconds']:.1f} ms",
        f"{1e3 * compiled['seconds']:.1f} ms",
        f"{1e3 * ours['seconds']:.1f} ms",
        f"{best / ours['seconds']:.2f}",
        f"{target}",
        f"{ours['bound'] / ours['seconds']:.0%}",
        f"{ours['memory'] / (eager['memory'] or 1):.2f} "
        f"({ours['memory'] >> 20} of {eager['memory'] >> 20} MB)",
    ]
    return "| " + " | ".join(cells) + " |"


def serve(side):
    """Run as many steps as each line of standard input says; answer the mean seconds of one."""
    step, extras = side
    step()
    for line in sys.stdin:
        n_steps = int(line)
        started = time.perf_counter()
        for _ in range(n_steps):
            step()
        seconds = (time.perf_counter() - started) / n_steps
        memory = peak_memory([os.getpid()])
        print(json.dumps({"seconds": seconds, "memory": memory} | extras()), flush=True)


def peak_memory(pids):
    """The bytes that processes had in memory at most, together; what they share is counted for each.

    0 where the system has no /proc to read it from.
    """
    if not Path("/proc/self/status").exists():
        return 0
    lines = [line for pid in pids for line in Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()]
    return sum(1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def batch(T, B):
    rng = np.random.default_rng(0)
    return rng.integers(V, size=(B, T)), rng.integers(V, size=(B, T))


def ours(n_layer, n_head, n_embd, T, B):
    from benchmarks.flops import matmul_flops_per_second, training_matmul_flops
    from minigpt import GPT, AdamW, GPTConfig, clip_grad_norm
    from minigpt.training.processes import ProcessRunner

    model = GPT(GPTConfig(V, T, n_layer, n_head, n_embd))
    optimizer = AdamW(model.params, 1e-3)
    idx, targets = batch(T, B)
    runner = ProcessRunner(model, THREADS).__enter__()

    def step():
        _, grads = runner.loss_and_grads(idx, targets)
        clip_grad_norm(grads, 1.0)
        optimizer.step(grads, runner.for_each)

    def extras():
        bound = training_matmul_flops(model.config, B, T) / matmul_flops_per_second(runner)
        return {
            "bound": bound,
            "memory": peak_memory([os.getpid(), *(other.process.pid for other in runner.others)]),
        }

    return step, extras


def eager(n_layer, n_head, n_embd, T, B):
    import torch

    torch.set_num_threads(THREADS)
    model = torch_gpt(n_layer, n_head, n_embd, T)
    return torch_step(model, model, T, B), dict


def compiled(n_layer, n_head, n_embd, T, B):
    import torch

    torch.set_num_threads(THREADS)
    model = torch_gpt(n_layer, n_head, n_embd, T)
    return torch_step(model, torch.compile(model), T, B), dict


def torch_step(model, forward, T, B):
    import torch

    optimizer = torch.optim.AdamW(model.parameters(), 1e-3, fused=True)
    idx, targets = map(torch.tensor, batch(T, B))

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = forward(idx, targets)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        loss.item()

    return step


def torch_gpt(n_layer, n_head, n_embd, block_size, vocab_size=V):
    """The same architecture in torch.nn."""
    import torch
    import torch.nn.functional as F
    from torch import nn

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.ln_1, self.ln_2 = nn.LayerNorm(n_embd), nn.LayerNorm(n_embd)
            self.c_attn, self.c_proj = nn.Linear(n_embd, 3 * n_embd), nn.Linear(n_embd, n_embd)
            self.c_fc, self.mlp_proj = nn.Linear(n_embd, 4 * n_embd), nn.Linear(4 * n_embd, n_embd)

        def forward(self, x):
            B, T, C = x.shape
            qkv = self.c_attn(self.ln_1(x)).view(B, T, 3, n_head, C // n_head).permute(2, 0, 3, 1, 4)
            y = F.scaled_dot_product_attention(*qkv, is_causal=True)
            x = x + self.c_proj(y.transpose(1, 2).reshape(B, T, C))
            return x + self.mlp_proj(F.gelu(self.c_fc(self.ln_2(x)), approximate="tanh"))

    class TorchGPT(nn.Module):
        def __init__(self):
            super().__init__()
            self.wte, self.wpe = nn.Embedding(vocab_size, n_embd), nn.Embedding(block_size, n_embd)
            self.blocks = nn.Sequential(*(Block() for _ in range(n_layer)))
            self.ln_f = nn.LayerNorm(n_embd)

        def forward(self, idx, targets):
            x = self.wte(idx) + self.wpe.weight[: idx.shape[1]]
            logits = self.ln_f(self.blocks(x)) @ self.wte.weight.T
            return F.cross_entropy(logits.view(-1, vocab_size), targets.view(-1))

    torch.manual_seed(0)
    return TorchGPT()


SIDES = {"eager": eager, "compiled": compiled, "ours": ours}

if __name__ == "__main__":
    main()
