"""Train a language model from raw text: the whole loop, in plain sight.

    python train.py                                    the bundled stories and dialogues, about two minutes
    python train.py --data my.txt --out my-model       anybody's UTF-8 text
    python train.py --model bigram                     the smallest language model, the first to try
    python train.py --resume                           take up what was interrupted

Each step: draw a batch of windows, compute the loss and its gradients, clip them, let AdamW move the
weights. Now and then: measure the loss on text never trained on, and save.
"""

import argparse
import json
import math
import sys
import time
from pathlib import Path

import numpy as np
from tqdm import tqdm

from minigpt import (
    GPT,
    AdamW,
    BigramConfig,
    BigramLM,
    GPTConfig,
    clip_grad_norm,
    cosine_schedule,
    use_backend,
)
from minigpt.checkpoint import (
    STATE_FILE,
    load_model,
    load_training_state,
    restore_training_state,
    save_training_state,
)
from minigpt.data import open_text_files, random_batch, read_chunks, sliding_windows, tokenize_files
from minigpt.evaluation import bits_per_byte, evaluate
from minigpt.files import write_atomically
from minigpt.interrupt import StopRequest
from minigpt.parallel import BatchRunner
from minigpt.plot import save_loss_curve
from minigpt.samples import continue_text, sample_prompts
from minigpt.training_log import TrainingLog
from tokenizer import BPETokenizer, CharTokenizer, load_tokenizer

BUNDLED = [str(Path(__file__).parent / "data" / name) for name in ("stories_en.txt", "dialogues_zh.txt")]
ARGUMENTS_FILE = "arguments.json"  # in the output folder: the flags of the run, which --resume starts from
FIXED = ("model", "tokenizer", "vocab_size", "n_layer", "n_head", "n_embd", "block_size")  # while it lasts


def parse_arguments(arguments=None):
    parser = argparse.ArgumentParser(
        description="Train a GPT (or a bigram model) on text, on NumPy alone. Without flags it trains on the "
        "bundled English stories and Chinese dialogues for about two minutes.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        allow_abbrev=False,
    )
    group = parser.add_argument_group("data and output")
    group.add_argument(
        "--data", nargs="+", default=BUNDLED, metavar="PATH", help="UTF-8 text files, or folders of .txt"
    )
    group.add_argument(
        "--out", default="out", metavar="DIR", help="folder for the model, its tokenizer and the log"
    )
    group.add_argument("--resume", action="store_true", help="continue the run in --out where it stopped")
    group.add_argument("--init-from", metavar="DIR", help="start from this model and its tokenizer")
    group.add_argument("--tokenizer", default="bpe", choices=["bpe", "char"], help="how text becomes ids")
    group.add_argument("--vocab-size", type=int, default=2048, metavar="N", help="tokens for bpe to learn")

    group = parser.add_argument_group("model")
    group.add_argument("--model", default="gpt", choices=["gpt", "bigram"], help="kind of model")
    group.add_argument("--n-layer", type=int, default=4, metavar="N", help="blocks")
    group.add_argument(
        "--n-head", type=int, default=4, metavar="N", help="attention heads; must divide --n-embd"
    )
    group.add_argument("--n-embd", type=int, default=160, metavar="N", help="features of a token")
    group.add_argument("--block-size", type=int, default=128, metavar="N", help="context length in tokens")
    group.add_argument(
        "--dropout", type=float, default=0.0, metavar="P", help="share of features switched off"
    )

    group = parser.add_argument_group("optimisation")
    group.add_argument("--batch-size", type=int, default=16, metavar="N", help="sequences in a batch")
    group.add_argument("--grad-accum", type=int, default=1, metavar="N", help="batches summed into one step")
    group.add_argument("--max-iters", type=int, default=1500, metavar="N", help="steps")
    group.add_argument(
        "--learning-rate", type=float, default=2e-3, metavar="LR", help="highest learning rate"
    )
    group.add_argument("--min-lr", type=float, default=1e-4, metavar="LR", help="learning rate at the end")
    group.add_argument("--warmup-iters", type=int, default=100, metavar="N", help="steps of linear warm-up")
    group.add_argument(
        "--weight-decay", type=float, default=0.1, metavar="L", help="AdamW's decay of matrices"
    )
    group.add_argument("--beta1", type=float, default=0.9, metavar="B", help="AdamW's memory of the gradient")
    group.add_argument("--beta2", type=float, default=0.99, metavar="B", help="AdamW's memory of its square")
    group.add_argument(
        "--grad-clip", type=float, default=1.0, metavar="N", help="largest gradient norm; 0: any"
    )

    group = parser.add_argument_group("evaluation and machine")
    group.add_argument(
        "--eval-interval", type=int, default=250, metavar="N", help="steps between evaluations and saves"
    )
    group.add_argument("--eval-iters", type=int, default=10, metavar="N", help="batches an evaluation takes")
    group.add_argument("--seed", type=int, default=1337, metavar="N", help="of weights, batches and dropout")
    group.add_argument("--workers", type=int, metavar="N", help="threads (default: one a processor)")
    group.add_argument("--backend", choices=["numpy", "cupy"], help="array library (default: numpy)")
    args = parser.parse_args(arguments)
    if args.resume:
        args = resumed_arguments(parser, arguments, Path(args.out) / ARGUMENTS_FILE)

    for name in (
        "vocab_size",
        "batch_size",
        "grad_accum",
        "max_iters",
        "eval_interval",
        "eval_iters",
        "workers",
    ):
        value = getattr(args, name)
        if value is not None and value < 1:
            parser.error(f"{flag(name)} is {value} but must be at least 1")
    for name in ("learning_rate", "min_lr", "weight_decay", "grad_clip", "warmup_iters", "seed"):
        if not 0 <= getattr(args, name) < math.inf:
            parser.error(f"{flag(name)} is {getattr(args, name)} but must be a number of at least 0")
    for name in ("beta1", "beta2", "dropout"):
        if not 0 <= getattr(args, name) < 1:
            parser.error(f"{flag(name)} is {getattr(args, name)} but must be at least 0 and below 1")
    if args.min_lr > args.learning_rate:
        parser.error(
            f"--min-lr is {args.min_lr}, above --learning-rate {args.learning_rate}: it is where the rate ends"
        )
    return args


def flag(name):
    return "--" + name.replace("_", "-")


def resumed_arguments(parser, arguments, path):
    """The run's own flags, overridden by those given now; the model's must be as they were."""
    if not path.exists():
        parser.error(f"there is nothing to resume: {path} does not exist")
    saved = json.loads(path.read_text(encoding="utf-8")) | {"resume": True}
    parser.set_defaults(**saved)
    args = parser.parse_args(arguments)
    for name in FIXED:
        if getattr(args, name) != saved[name]:
            parser.error(f"{flag(name)} is {getattr(args, name)} but the run was started with {saved[name]}")
    return args


def main():
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")  # Windows' code page cannot say everything
    try:
        train(parse_arguments())
    except (ValueError, OSError) as error:
        print(f"train.py: error: {error}", file=sys.stderr)
        sys.exit(2)


def train(args):
    """The whole run, from text files to samples."""
    if args.backend:
        use_backend(args.backend)
    out = Path(args.out)
    if not args.resume and (out / STATE_FILE).exists():
        raise ValueError(
            f"{out} holds a training run: continue it with --resume, give another --out, or delete it"
        )
    tensors, progress = (
        load_training_state(out) if args.resume else (None, {"step": 0, "best_loss": math.inf})
    )

    # 1. Text -> ids -> windows
    files = open_text_files(args.data)
    tokenizer = (
        load_tokenizer(out if args.resume else args.init_from) if args.resume or args.init_from else None
    )
    tokenizer = tokenizer or train_tokenizer(args, files)
    out.mkdir(parents=True, exist_ok=True)
    tokenizer.save(out)
    corpus = tokenize_files(files, tokenizer, out / "tokenizer.json", out / "tokens")
    if args.resume and corpus.fingerprint != progress["corpus"]:
        raise ValueError(
            f"--data is not the text that the run in {out} was trained on: resume it with the same files"
        )

    # 2. Model and optimiser
    model = build_model(args, tokenizer.n_vocab)
    T = model.config.block_size
    for tokens in (corpus.train, corpus.validation):
        sliding_windows(tokens, T, stride=T)  # a text too short is an error here, before anything is trained
    optimizer = AdamW(
        model.params, args.learning_rate, (args.beta1, args.beta2), weight_decay=args.weight_decay
    )
    if args.resume:
        restore_training_state(tensors, model.params, optimizer)
        optimizer.n_steps = progress["step"]
    else:
        write_atomically(out / ARGUMENTS_FILE, json.dumps(vars(args), indent=2).encode("utf-8"))
    print(
        f"{len(corpus.train):,} training and {len(corpus.validation):,} validation tokens, "
        f"vocabulary {tokenizer.n_vocab:,}; {model.n_params():,} parameters; output in {out}"
    )

    # 3. The loop
    sequences = args.batch_size * args.grad_accum  # the runner sums gradients over parts of any batch anyway
    with (
        BatchRunner(model, args.workers) as runner,
        TrainingLog(out / "metrics.jsonl", first_step=progress["step"]) as log,
        StopRequest() as stop,
        tqdm(total=args.max_iters, initial=progress["step"], unit="step", dynamic_ncols=True) as bar,
    ):
        for step in range(progress["step"], args.max_iters + 1):
            line = {"step": step}
            if step % args.eval_interval == 0 or step == args.max_iters:
                line["val_loss"] = evaluate(runner, corpus.validation, args.batch_size, args.eval_iters)
                tqdm.write(describe(line, log.losses[-args.eval_interval :]))
                if line["val_loss"] < progress["best_loss"]:
                    progress["best_loss"], progress["best_step"] = line["val_loss"], step
                    model.save_pretrained(out)
            if step % args.eval_interval == 0 or step == args.max_iters or stop.requested:
                log.flush()
                progress |= {"step": step, "corpus": corpus.fingerprint}
                save_training_state(out, model.params, optimizer, progress)
            if step == args.max_iters or stop.requested:
                log.add(line)
                break

            started = time.perf_counter()
            x, y = random_batch(corpus.train, T, sequences, np.random.default_rng([args.seed, step]))
            loss, grads = runner.loss_and_grads(x, y, dropout_key=(args.seed, step))
            grad_norm = clip_grad_norm(grads, args.grad_clip)
            if not math.isfinite(loss + grad_norm):
                raise ValueError(
                    f"step {step}: the loss is {loss} and the gradient norm {grad_norm}: try a lower --learning-rate; "
                    f"the last good state is in {out}"
                )
            optimizer.lr = cosine_schedule(
                step, args.max_iters, args.learning_rate, args.min_lr, args.warmup_iters
            )
            optimizer.step(grads, runner.for_each)

            tokens_per_s = x.size / (time.perf_counter() - started)
            log.add(
                line
                | {"loss": loss, "lr": optimizer.lr, "grad_norm": grad_norm, "tokens_per_s": tokens_per_s}
            )
            bar.set_postfix(loss=f"{loss:.3f}", tokens_per_s=f"{tokens_per_s:,.0f}", refresh=False)
            bar.update()

        if stop.requested:
            if progress["best_step"] == 0:
                model.save_pretrained(out)  # better than the untrained weights that were saved before step 0
            tqdm.write(f"stopped after step {step}; continue with: python train.py --resume --out {out}")
            return

        # 4. What came of it
        model = load_model(out)
        runner.model = model
        loss = evaluate(runner, corpus.validation, args.batch_size)
        bits = bits_per_byte(loss, len(corpus.validation), corpus.n_validation_bytes)
        print(
            f"best model, of step {progress['best_step']}, on the whole validation text: loss {loss:.4f}, "
            f"perplexity {math.exp(loss):.2f}, {bits:.3f} bits per byte"
        )
        try:
            save_loss_curve(out / "loss.png", log.losses, log.validation_losses)
            print(f"loss curve: {out / 'loss.png'}")
        except ImportError:
            print("no loss curve was drawn: pip install 'minigpt[plot]' brings matplotlib")
    for seed, prompt in enumerate(sample_prompts(files)):
        text = continue_text(model, tokenizer, prompt, 150, temperature=0.8, top_k=50, seed=seed)
        print(f"\n--- {prompt} …\n{prompt}{text}")


def train_tokenizer(args, files):
    """A tokenizer of the kind asked for, from the training text; a character one must know every character."""
    if args.tokenizer == "char":
        return CharTokenizer.train(chunk for file in files for chunk in read_chunks(file.path))
    return BPETokenizer.train((chunk for file in files for chunk in file.train_chunks()), args.vocab_size)


def build_model(args, n_vocab):
    """The model that training begins with: random, or the one of --init-from."""
    if args.init_from:
        return load_model(args.init_from)
    if args.model == "bigram":
        return BigramLM(BigramConfig(n_vocab, args.block_size), args.seed)
    sizes = (args.block_size, args.n_layer, args.n_head, args.n_embd)
    return GPT(GPTConfig(n_vocab, *sizes, dropout=args.dropout), args.seed)


def describe(line, losses):
    """One line for the terminal: the step, the mean training loss since the last line, the validation loss."""
    training = f"training loss {np.mean([loss for _, loss in losses]):.4f}, " if losses else ""
    return f"step {line['step']:5d}: {training}validation loss {line['val_loss']:.4f}"


if __name__ == "__main__":
    main()
