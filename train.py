"""Train a language model from raw text, or fine-tune one for a task: the whole loop, in plain sight.

    python train.py                                    the bundled stories and dialogues, two to three minutes
    python train.py --data my.txt --out my-model       anybody's UTF-8 text
    python train.py --model bigram                     the smallest language model, the first to try
    python train.py --task classify --init-from out    what was just trained learns to tell spam
    python train.py --resume                           take up what was interrupted

Each step: draw a batch, compute the loss and its gradients, clip them, let AdamW move the weights. Now
and then: measure the loss on what is never trained on, and save. What a batch is and what loss belongs to
it, the task knows (minigpt/tasks); the loop is the same for all.
"""

import json
import math
import sys
import time
from pathlib import Path

import numpy as np
from tqdm import tqdm

from minigpt import AdamW, clip_grad_norm, cosine_schedule, use_backend
from minigpt.interchange.files import write_atomically
from minigpt.loading import load_model
from minigpt.tasks import TASKS
from minigpt.tasks.arguments import ARGUMENTS_FILE, train_arguments
from minigpt.terminal import prepare_terminal, sentence
from minigpt.training.diagnosis import overflow_report
from minigpt.training.interrupt import StopRequest
from minigpt.training.log import TrainingLog
from minigpt.training.plot import save_loss_curve
from minigpt.training.runner import BatchRunner
from minigpt.training.state import (
    load_training_state,
    refuse_to_overwrite,
    restore_training_state,
    save_training_state,
)


def main():
    prepare_terminal("train.py")
    try:
        train(train_arguments())
    except (ValueError, OSError) as error:
        print(f"train.py: error: {sentence(error)}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("train.py: interrupted; what was saved stands", file=sys.stderr)
        sys.exit(130)


def train(args):
    """The whole run, from text files to samples."""
    use_backend(args.backend)
    out = Path(args.out)
    if not args.resume and not args.eval_only:
        refuse_to_overwrite(out)
    tensors, progress = load_training_state(out) if args.resume else (None, {"step": 0, "best": math.inf})

    # 1. Data, tokenizer and model
    out.mkdir(parents=True, exist_ok=True)
    task = TASKS[args.task](args)
    model = task.model
    if args.eval_only:
        with BatchRunner(load_model(out), args.workers, args.micro_batch) as runner:
            task.report(runner, out)
        return
    if args.resume and task.fingerprint != progress["data"]:
        raise ValueError(f"--data is not what the run in {out} is about: resume it with the same files")
    task.save(out)

    # 2. Optimiser
    trained = model.trained_params()
    optimizer = AdamW(trained, args.learning_rate, (args.beta1, args.beta2), weight_decay=args.weight_decay)
    if args.resume:
        restore_training_state(tensors, model.params, optimizer)
        optimizer.n_steps = progress["step"]
    settings = {
        name: value for name, value in vars(args).items() if name not in ("resume", "eval_only", "out")
    }
    write_atomically(out / ARGUMENTS_FILE, json.dumps(settings, indent=2, ensure_ascii=False).encode("utf-8"))
    n_trained = sum(param.size for param in trained.values())
    share = "" if n_trained == model.n_params() else f" of which {n_trained:,} are trained,"
    print(f"{task.describe()}; {args.model} with {model.n_params():,} parameters,{share} output in {out}")

    # 3. The loop
    def save(best=None):
        """The log, the state, and the model if it is the best so far. A full disk does not end the run."""
        now = progress | (best or {})
        try:
            log.flush()
            save_training_state(out, model.params, optimizer, now | {"data": task.fingerprint})
            if best or "best_step" not in progress:
                model.save_pretrained(out)
        except OSError as error:
            tqdm.write(
                f"step {step} could not be saved, training goes on: {sentence(error)}", file=sys.stderr
            )
        else:
            progress.update(now)  # what is not on disk is no best

    started = time.perf_counter()
    with (
        BatchRunner(task.objective, args.workers, args.micro_batch) as runner,
        StopRequest() as stop,
        tqdm(total=args.max_iters, initial=progress["step"], unit="step", dynamic_ncols=True) as bar,
    ):
        log = TrainingLog(out / "metrics.jsonl", first_step=progress["step"])
        for step in range(progress["step"], args.max_iters + 1):
            line = {"step": step}
            at_end = step == args.max_iters
            progress["step"] = step
            if at_end or (args.eval_interval and step % args.eval_interval == 0):
                line |= task.validate(runner)
                tqdm.write(describe_progress(line, log.lines))
                # Random weights are no best. "<=", because a resumed run repeats its last evaluation.
                is_best = (step > 0 or args.init_from) and line[task.measure] <= progress["best"]
                save({"best": line[task.measure], "best_step": step} if is_best else None)
            elif stop.requested:
                save()
            if at_end or stop.requested:
                log.add(line)
                break

            step_started = time.perf_counter()
            batch = task.batch(step)
            loss, grads = runner.loss_and_grads(*batch, dropout_key=(args.seed, step))
            grad_norm = clip_grad_norm(grads, args.grad_clip)
            if not math.isfinite(loss + grad_norm):
                raise ValueError(overflow_report(model, batch[0], grads, loss, log.lines, step, out))
            optimizer.lr = cosine_schedule(
                step, args.max_iters, args.learning_rate, args.min_lr, args.warmup_iters
            )
            optimizer.step(grads, runner.for_each)

            seconds = time.perf_counter() - step_started
            n_tokens = batch[0].size
            line |= {
                "loss": loss,
                "lr": optimizer.lr,
                "grad_norm": grad_norm,
                "tokens_per_s": n_tokens / seconds,
            }
            log.add(line)
            bar.set_postfix_str(f"loss {loss:.3f}, {line['tokens_per_s']:,.0f} tokens/s", refresh=False)
            bar.update()

        if stop.requested and not at_end:
            tqdm.write(f"stopped before step {step}; go on with: python train.py --resume --out {out}")
            return
        log.flush()

    # 4. What came of it
    if "best_step" not in progress:
        raise OSError(f"nothing could be saved in {out}, so there is no model: see that it can be written to")
    minutes, seconds = divmod(round(time.perf_counter() - started), 60)
    print(
        f"\n{bar.n - bar.initial:,} steps in {minutes} min {seconds} s; "
        f"the best model is of step {progress['best_step']}"
    )
    with BatchRunner(load_model(out), args.workers, args.micro_batch) as runner:
        task.report(runner, out)
    try:
        save_loss_curve(out / "loss.png", log.series("loss"), log.series("val_loss"))
        print(f"loss curve: {out / 'loss.png'}")
    except ImportError:
        print("no loss curve was drawn: pip install 'minigpt[plot]' brings matplotlib")
    except OSError as error:
        print(f"no loss curve was drawn: {sentence(error)}")
    task.show(runner.model)


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
