"""To a given quality: validation loss against time, for nanoGPT's shakespeare-char setting for a CPU.

    python benchmarks/quality.py                           the table below and quality.png, some minutes
    python benchmarks/quality.py --data tinyshakespeare.txt --seeds 1337 1 2      the mean of three seeds
    python benchmarks/quality.py --sides muon fast --torch                        and PyTorch's AdamW

What a user waits for is not a step but a model. All sides see windows of the same text, with the same letters
held back, and are measured on the whole of it:

    adamw     nanoGPT's setting, step for step (the preset shakespeare-char-cpu)
    muon      the same model and batches, its matrices moved by Muon, with the rate and momentum of fast
    fast      the preset shakespeare-char-cpu-fast
    quarter   the same with a quarter of its steps, over which the rate falls to its end
    torch     nanoGPT's setting with torch.optim.AdamW, from the weights with which ours begin

nanoGPT's README gives 1.88 for its last evaluation on some batches; the whole validation text gives 1.905 to
1.917. "to 1.905" is the first evaluation at or below that. Time is what the process spends on processors,
user and system, in training alone: on a busy machine the clock says more about the others. With --workers 1
that is the time of a quiet machine with one core, and runs can be compared.
"""

import argparse
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # this checkout, whatever is installed

from benchmarks.report import add_json_flag, describe_machine, file_to_write, write_json
from benchmarks.training import torch_gpt
from minigpt import AdamW, Muon, clip_grad_norm, cosine_schedule
from minigpt.tasks.arguments import train_arguments
from minigpt.tasks.presets import PRESETS
from minigpt.tasks.pretrain import PretrainTask
from minigpt.training.plot import picture
from minigpt.training.runner import BatchRunner

NANOGPT = 1.905  # what its setting reaches in all of its 2,000 steps, at best
FAST = PRESETS["shakespeare-char-cpu-fast"]
SIDES = {
    "adamw": ["--preset", "shakespeare-char-cpu"],
    "muon": [
        *("--preset", "shakespeare-char-cpu", "--optimizer", "muon"),
        *("--learning-rate", str(FAST["learning_rate"]), "--momentum", str(FAST["momentum"])),
    ],
    "fast": ["--preset", "shakespeare-char-cpu-fast"],
    "quarter": ["--preset", "shakespeare-char-cpu-fast", "--max-iters", str(FAST["max_iters"] // 4)],
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", metavar="FILE", help="tinyshakespeare (default: where download.py puts it)")
    parser.add_argument("--sides", nargs="+", choices=SIDES, default=list(SIDES), help="what to train")
    parser.add_argument("--torch", action="store_true", help="PyTorch's AdamW too")
    parser.add_argument("--seeds", nargs="+", type=int, default=[1337], metavar="N", help="one run each")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="threads")
    parser.add_argument("--evals", type=int, default=8, metavar="N", help="evaluations in a run")
    parser.add_argument("--plot", type=file_to_write, default="quality.png", metavar="FILE", help="a picture")
    add_json_flag(parser)
    args = parser.parse_args()
    print(f"{describe_machine()}\n{args.workers} threads; seconds of processor time\n")
    print("| side | seeds | seconds | a quarter | a half | all of it | to 1.905 |")
    print("|---|---|---|---|---|---|---|")
    rows = []
    for side in args.sides + ["torch"] * args.torch:
        curves = [train(side, seed, args) for seed in args.seeds]
        rows += [{"side": side, "seed": seed, "curve": curve} for seed, curve in zip(args.seeds, curves)]
        print(table_row(side, curves), flush=True)
    draw(args.plot, rows)
    print(f"\n{args.plot}")
    if args.json:
        write_json(args.json, "quality", {"workers": args.workers, "evals": args.evals}, rows)


def train(side, seed, args):
    """One run: a list of (step, seconds, validation loss)."""
    flags = ["--seed", str(seed), "--workers", str(args.workers)]
    if args.data:
        flags += ["--data", args.data]
    with tempfile.TemporaryDirectory() as out:
        settings = train_arguments([*SIDES.get(side, SIDES["adamw"]), *flags, "--out", out])
        task = PretrainTask(settings)
        with threadpool_limits(1, user_api="blas"), BatchRunner(task.model, args.workers) as runner:
            step = (torch_step if side == "torch" else our_step)(task, settings, runner)
            every = max(1, settings.max_iters // args.evals)
            seconds, curve = 0.0, []
            for i in range(settings.max_iters):
                started = time.process_time()
                step(i, cosine_schedule(i, *rates(settings)))
                seconds += time.process_time() - started
                if (i + 1) % every == 0 or i + 1 == settings.max_iters:
                    curve.append((i + 1, seconds, step.validation_loss()))
        del task  # whose files lie in the folder
    return curve


def rates(settings):
    return settings.max_iters, settings.learning_rate, settings.min_lr, settings.warmup_iters


def our_step(task, settings, runner):
    """A function of a step's number and learning rate, as train.py takes it."""
    kind = partial(Muon, momentum=settings.momentum) if settings.optimizer == "muon" else AdamW
    betas = (settings.beta1, settings.beta2)
    optimizer = kind(task.model.params, betas=betas, weight_decay=settings.weight_decay)

    def step(i, lr):
        _, grads = runner.loss_and_grads(*task.batch(i))
        clip_grad_norm(grads, settings.grad_clip)
        optimizer.lr = lr
        optimizer.step(grads, runner.for_each)

    step.validation_loss = lambda: task.validation_loss(runner)
    return step


def torch_step(task, settings, runner):
    """The same with PyTorch: the model of benchmarks/training.py, with GPT-2's initialisation."""
    import torch

    torch.set_num_threads(settings.workers)
    config = task.model.config
    model = torch_gpt(config.n_layer, config.n_head, config.n_embd, config.block_size, config.vocab_size)
    torch.manual_seed(settings.seed)
    with torch.no_grad():
        for name, param in model.named_parameters():
            if param.ndim == 2:
                ends_branch = "c_proj" in name or "mlp_proj" in name
                param.normal_(std=0.02 / (2 * config.n_layer) ** 0.5 if ends_branch else 0.02)
            elif "bias" in name:
                param.zero_()
    groups = [
        {"params": [p for p in model.parameters() if p.ndim == 2], "weight_decay": settings.weight_decay},
        {"params": [p for p in model.parameters() if p.ndim < 2], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, betas=(settings.beta1, settings.beta2), fused=True)

    def step(i, lr):
        for group in optimizer.param_groups:
            group["lr"] = lr
        optimizer.zero_grad(set_to_none=True)
        model(*map(torch.tensor, task.batch(i))).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), settings.grad_clip)
        optimizer.step()

    def validation_loss():
        windows = np.asarray(task.corpus.validation, dtype=np.int64)
        T = config.block_size
        n = (len(windows) - 1) // T
        x, y = windows[: n * T].reshape(n, T), windows[1 : n * T + 1].reshape(n, T)
        with torch.no_grad():
            losses = [
                len(x[at : at + 64])
                * model(torch.tensor(x[at : at + 64]), torch.tensor(y[at : at + 64])).item()
                for at in range(0, n, 64)
            ]
        return sum(losses) / n

    step.validation_loss = validation_loss
    return step


def table_row(side, curves):
    """Means over the seeds; evaluations are at the same steps in all of them."""
    mean = np.mean(curves, axis=0)  # (evaluations, 3): step, seconds, loss
    last = mean[-1, 0]
    at = [mean[np.searchsorted(mean[:, 0], share * last)] for share in (0.25, 0.5, 1.0)]
    reached = next((f"{seconds:.0f} s" for _, seconds, loss in mean if loss <= NANOGPT), "not")
    losses = [f"{loss:.3f} ({seconds:.0f} s)" for _, seconds, loss in at]
    return f"| {side} | {len(curves)} | {mean[-1, 1]:.0f} | " + " | ".join([*losses, reached]) + " |"


def draw(path, rows):
    """All curves in one picture, a colour a side. Raises ImportError without matplotlib."""
    colours = {side: f"C{number}" for number, side in enumerate(dict.fromkeys(row["side"] for row in rows))}
    named = set()
    with picture(
        path, "seconds of processor time in training", "validation loss (nats per character)"
    ) as axes:
        for row in rows:
            _, seconds, losses = zip(*row["curve"])
            label = None if row["side"] in named else row["side"]
            named.add(row["side"])
            axes.plot(seconds, losses, color=colours[row["side"]], marker="o", markersize=3, label=label)
        axes.axhline(NANOGPT, color="gray", linestyle="--", label=f"nanoGPT after 2,000 steps: {NANOGPT}")
        axes.set_ylim(top=2.6)


if __name__ == "__main__":
    main()
