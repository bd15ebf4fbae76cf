"""Train a language model from raw text, or fine-tune one for a task: the whole loop, in plain sight.

    python train.py                                    the bundled tales and dialogues, about three minutes
    python train.py --data my.txt --out my-model       anybody's UTF-8 text
    python train.py --data names.txt --documents lines --tokenizer char     every line a document of its own
    python train.py --model bigram                     the smallest language model, the first to try
    python train.py --task classify --init-from out    what was just trained learns to tell spam
    python train.py --resume                           take up what was interrupted
    mpiexec -n 4 python train.py --distributed         several processes, on one machine or on many

Each step: draw a batch, compute the loss and its gradients, clip them, let the optimiser move the weights.
Now and then: measure the loss on what is never trained on, and save. What a batch is and what loss belongs
to it, the task knows (minigpt/tasks); the loop is the same for all.
"""

import math
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
from tqdm import tqdm

from minigpt import AdamW, Muon, clip_grad_norm, cosine_schedule, load_model, use_backend
from minigpt.cores import one_blas_thread
from minigpt.finetuning.peft import ADAPTER_FOLDER
from minigpt.interchange.files import folder_or_nothing, remove_leftovers
from minigpt.muon import is_block_matrix
from minigpt.tasks import TASKS
from minigpt.tasks.arguments import save_arguments, train_arguments
from minigpt.terminal import outlast_the_terminal, prepare_terminal, sentence
from minigpt.training.diagnosis import overflow_report
from minigpt.training.distributed import Group, RunElsewhere
from minigpt.training.interrupt import StopRequest, exit_status, handled, interrupt
from minigpt.training.lock import lock_folder
from minigpt.training.plot import save_loss_curve
from minigpt.training.processes import runner_for
from minigpt.training.run import Run
from minigpt.training.runner import BatchRunner
from minigpt.training.state import refuse_to_overwrite


def main():
    prepare_terminal("train.py")
    outlast_the_terminal()
    group = None  # of processes, with --distributed
    try:
        with handled(interrupt), one_blas_thread:
            if "--distributed" not in sys.argv[1:]:
                train(train_arguments())
                return
            group = Group()
            train_together(group)
    except (ValueError, OSError, MemoryError) as error:
        end(f"train.py: error: {sentence(error)}", 2, group)
    except KeyboardInterrupt as signal:
        end(f"train.py: {str(signal) or 'interrupted'}; what was saved stands", exit_status(signal), group)
    except SystemExit as refusal:  # argparse has said why
        if group:
            group.end("", refusal.code)
        raise


def end(said, status, group):
    """Say why, and end the program; in a group of processes, all of them."""
    if group:
        group.end(said, status)
    print(said, file=sys.stderr)
    sys.exit(status)


def train_together(group):
    """The part of one process in a run of several: the first one's run, which the others help to compute."""
    args = group.share(train_arguments() if group.rank == 0 else None)
    group.check_batch(args.batch_size * args.grad_accum)
    if group.rank == 0:
        train(args, group)
    else:
        use_backend(args.backend)
        task, optimizer, step, lines = group.share()
        train_steps(args, task, optimizer, RunElsewhere(step, lines), group)
    group.wait()


def train(args, group=None):
    """The whole run, from text files to samples."""
    use_backend(args.backend)
    out = Path(args.out)
    if args.eval_only:
        task = TASKS[args.task](args)
        report(args, task)
        return
    with lock_folder(out):
        train_alone(args, out, group)


def train_alone(args, out, group):
    """A run in a folder that nobody else trains in."""
    if not args.resume:
        refuse_to_overwrite(out)
    run = Run(out, args.resume)
    if args.max_iters < run.step:
        raise ValueError(
            f"--max-iters is {args.max_iters} but the run in {out} has done {run.step} steps: give that many "
            "or more, or leave it out"
        )
    for folder in (out, out / ADAPTER_FOLDER, out / "tokens", out / "data"):
        remove_leftovers(folder)

    with folder_or_nothing(out):  # whatever is refused, is refused in here
        # 1. Data, tokenizer and model
        task = TASKS[args.task](args)
        model = task.model

        # 2. Optimiser
        trained = model.trained_params()
        betas = (args.beta1, args.beta2)
        has_blocks = any(map(is_block_matrix, trained))  # a base may be no GPT
        muon = partial(Muon, momentum=args.momentum)
        kind = muon if args.optimizer == "muon" and has_blocks else AdamW
        optimizer = kind(trained, args.learning_rate, betas, weight_decay=args.weight_decay)
        run.begin(model, optimizer, task.fingerprint)
        if not args.resume:
            task.save(out)
        save_arguments(args)
    shared = f", {group}" if group else ""
    print(f"{task.describe()}; {describe_model(model, trained)}{shared}, output in {out}")
    if group:
        group.share((task, optimizer, run.step, run.log.lines))

    # 3. The loop, and what came of it
    started, first_step = time.perf_counter(), run.step
    if not train_steps(args, task, optimizer, run, group):
        return
    if run.best_step is None:
        raise OSError(f"nothing could be saved in {out}, so there is no model: see that it can be written to")
    minutes, seconds = divmod(round(time.perf_counter() - started), 60)
    n_steps = args.max_iters - first_step
    print(f"\n{n_steps:,} steps in {minutes} min {seconds} s; the best model is of step {run.best_step}")
    best = report(args, task)
    draw_loss_curve(out / "loss.png", run.log)
    task.show(best)


def train_steps(args, task, optimizer, run, group=None):
    """The loop. Returns whether it came to its end; False if it was asked to stop before."""
    n_steps = args.max_iters - run.step
    new_runner = partial(group.runner, optimizer) if group else partial(runner_for, n_steps)
    with (
        StopRequest() as stop,
        new_runner(task.objective, args.workers, args.micro_batch) as runner,
        tqdm(total=args.max_iters, initial=run.step, unit="step", dynamic_ncols=True) as bar,
    ):
        for step in range(run.step, args.max_iters):
            line = {"step": step}
            to_measure = args.eval_interval and step % args.eval_interval == 0
            if to_measure:
                line |= measure(args, task, optimizer, runner, run, step)
            if runner.any(stop.requested):
                if not to_measure:
                    run.keep(step, runner.whole_optimizer(optimizer))
                tqdm.write(
                    f"stopped before step {step}; go on with: python train.py --resume --out {args.out}"
                )
                return False

            started = time.perf_counter()
            batch = task.batch(step)
            loss, grads = runner.loss_and_grads(*batch, dropout_key=(args.seed, step))
            grad_norm = clip_grad_norm(grads, args.grad_clip, runner.total)
            if not math.isfinite(loss + grad_norm):
                grads = runner.whole_grads(grads)
                raise ValueError(
                    overflow_report(task.model, batch[0], grads, loss, run.log.lines, step, args.out)
                )
            optimizer.lr = cosine_schedule(
                step, args.max_iters, args.learning_rate, args.min_lr, args.warmup_iters
            )
            optimizer.step(grads, runner.for_each)

            speed = batch[0].size / (time.perf_counter() - started)
            run.log.add(
                line | {"loss": loss, "lr": optimizer.lr, "grad_norm": grad_norm, "tokens_per_s": speed}
            )
            bar.set_postfix_str(f"loss {loss:.3f}, {speed:,.0f} tokens/s", refresh=False)
            bar.update()

        run.log.add({"step": args.max_iters} | measure(args, task, optimizer, runner, run, args.max_iters))
        run.log.flush()
        return True


def measure(args, task, optimizer, runner, run, step):
    """Print and return what the task validates by, a dict; save, the model too if it is the best."""
    runner.check_same_weights()
    line = {"step": step} | task.validate(runner)
    tqdm.write(describe_progress(line, run.log.lines))
    from_random_weights = step == 0 and not args.init_from  # no best, whatever they measure
    run.keep(step, runner.whole_optimizer(optimizer), None if from_random_weights else line[task.measure])
    return line


def report(args, task):
    """Open the best model, print how good it is on what was held back, and return it."""
    model = load_model(args.out)
    with BatchRunner(model, args.workers, args.micro_batch) as runner:
        task.report(runner, Path(args.out))
    return model


def draw_loss_curve(path, log):
    """A picture of the losses; a run is none the worse without it."""
    try:
        save_loss_curve(path, log.series("loss"), log.series("val_loss"))
        print(f"loss curve: {path}")
    except ImportError:
        print("no loss curve was drawn: pip install 'minigpt[plot]' brings matplotlib")
    except OSError as error:
        print(f"no loss curve was drawn: {sentence(error)}")


def describe_model(model, trained):
    """What is trained: its kind, how many parameters it has, and how many of them are trained."""
    n_trained = sum(param.size for param in trained.values())
    share = "" if n_trained == model.n_params() else f", of which {n_trained:,} are trained"
    return f"{model.name} with {model.n_params():,} parameters{share}"


def describe_progress(line, lines):
    """For the terminal: the step, the mean training loss since the last such line, the validation loss."""
    recent = []
    for earlier in reversed(lines):
        recent.append(earlier["loss"])
        if "val_loss" in earlier:
            break
    training = f"training loss {np.mean(recent):.4f}, " if recent else ""
    accuracy = f", accuracy {100 * line['val_accuracy']:.1f} %" if "val_accuracy" in line else ""
    return f"step {line['step']:5d}: {training}validation loss {line['val_loss']:.4f}{accuracy}"


if __name__ == "__main__":
    main()
