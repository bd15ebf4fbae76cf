"""Bigram, RNN and GPT: the same number of parameters, the same processor time, the same text.

    python benchmarks/three_models.py                     the bundled texts, 240 s of processor time each
    python benchmarks/three_models.py --seconds 60        a minute, in which a GPT only begins to learn
    python benchmarks/three_models.py --out three.png     and the loss curves as a picture ([plot] extra)

All three read characters in windows of equal length. A bigram model is a table of V rows and V columns: that
is the number of parameters, and the others are as wide as they can be without having more. Each is trained as
train.py trains it, but until its time is over, and the learning rate falls with the time that is left. What
counts is the processor time of one thread, without that of validation: a busy machine moves it far less than
the clock.
"""

import argparse
import math
import sys
import tempfile
import time
from itertools import count
from pathlib import Path

import numpy as np
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # this checkout, whatever is installed

from benchmarks.report import add_json_flag, describe_machine, file_to_write, write_json
from minigpt import (
    GPT,
    RNN,
    AdamW,
    BigramConfig,
    BigramLM,
    GPTConfig,
    RNNConfig,
    clip_grad_norm,
    cosine_schedule,
)
from minigpt.generation.sampling import Sampling
from minigpt.generation.text_stream import continuations
from minigpt.tasks.defaults import BUNDLED
from minigpt.training.corpus import random_batch, tokenize_texts
from minigpt.training.documents import END, FileSplit
from minigpt.training.evaluation import bits_per_byte, evaluate
from minigpt.training.plot import picture
from minigpt.training.runner import BatchRunner
from minigpt.training.text_files import open_text_files
from tokenizer import CharTokenizer

BLOCK_SIZE = 64
SETTINGS = {  # sequences in a batch, learning rate, its end, weight decay
    "bigram": (32, 0.1, 0.01, 0.0),
    "rnn": (16, 6e-3, 1e-4, 0.1),
    "gpt": (8, 3e-3, 1e-4, 0.1),
}
GPT_LAYERS, GPT_HEADS = 4, 4
WARMUP_SHARE = 0.05  # of the time: with less a GPT stays with what a bigram model knows for long
POINTS, WINDOWS = 24, 60  # of a loss curve, and of the validation text for each of them
PROMPTS = ("One day", "请问，")
SAMPLING, SAMPLE_TOKENS = Sampling(temperature=0.6, top_k=50), {"One day": 160, "请问，": 60}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", nargs="+", default=BUNDLED, metavar="FILE", help="UTF-8 texts")
    parser.add_argument("--seconds", type=float, default=240, metavar="S", help="processor time of each")
    parser.add_argument("--seed", type=int, default=1337, metavar="N", help="decides weights and batches")
    parser.add_argument(
        "--out", type=file_to_write, metavar="FILE", help="draw the loss curves into this PNG"
    )
    add_json_flag(parser)
    args = parser.parse_args()
    if not args.seconds > 0:
        parser.error(f"--seconds is {args.seconds} but must be more than 0")
    tokenizer, corpus = read(args.data)
    print(
        f"{describe_machine()}\n{args.seconds:g} s of processor time each, {tokenizer.n_vocab} characters\n"
    )
    rows = [
        {"model": name} | measure(model, SETTINGS[name], tokenizer, corpus, args)
        for name, model in models(tokenizer.n_vocab, args.seed).items()
    ]
    print_table(rows)
    print_samples(rows)
    if args.out:
        draw(args.out, rows, math.log(tokenizer.n_vocab))
    if args.json:
        settings = {"seconds": args.seconds, "seed": args.seed, "block_size": BLOCK_SIZE}
        write_json(args.json, "three_models", settings, rows)


def read(paths):
    """The tokenizer of the texts' characters, and their ids, the end of each text held back."""
    split = FileSplit(open_text_files(paths), 0.1)
    pieces = (piece for side in (split.train(), split.validation()) for piece in side if piece is not END)
    tokenizer = CharTokenizer.train(pieces)
    with tempfile.TemporaryDirectory() as directory:
        tokenizer.save(directory)
        corpus = tokenize_texts(
            split, tokenizer, Path(directory, "tokenizer.json"), Path(directory, "tokens")
        )
        corpus.train, corpus.validation = np.array(corpus.train), np.array(corpus.validation)
    return tokenizer, corpus


def models(V, seed):
    """The three of them, the widest that have no more parameters than the table of pairs."""
    table = BigramLM(BigramConfig(V, BLOCK_SIZE), seed)
    rnn = widest(RNN, lambda C: RNNConfig(V, BLOCK_SIZE, C), table.n_params())
    gpt = widest(
        GPT, lambda C: GPTConfig(V, BLOCK_SIZE, GPT_LAYERS, GPT_HEADS, GPT_HEADS * C), table.n_params()
    )
    return {"bigram": table, "rnn": RNN(rnn, seed), "gpt": GPT(gpt, seed)}


def widest(model_class, config_of, most):
    """The config of the largest C with at most so many parameters, and at least that of C = 1."""

    def n_params(C):
        return sum(math.prod(shape) for shape in model_class.parameter_shapes(config_of(C)).values())

    return config_of(max(1, next(C for C in count(1) if n_params(C) > most) - 1))


def measure(model, settings, tokenizer, corpus, args):
    """Train a model for args.seconds of processor time: its losses, speed and samples, a dict."""
    batch_size, lr, min_lr, weight_decay = settings
    optimizer = AdamW(model.params, lr, (0.9, 0.99), weight_decay=weight_decay)
    rng = np.random.default_rng(args.seed)
    spent, curve, steps = 0.0, [], 0
    with (
        BatchRunner(model, workers=1) as runner,
        tqdm(total=POINTS, desc=type(model).__name__, leave=False) as bar,
    ):
        while spent < args.seconds:
            if spent >= args.seconds * len(curve) / POINTS:
                curve.append((spent, evaluate(runner, corpus.validation, WINDOWS)))
                bar.update()
            started = time.process_time()
            batch = random_batch(corpus.train, BLOCK_SIZE, batch_size, rng)
            _, grads = runner.loss_and_grads(*batch)
            clip_grad_norm(grads, 1.0)
            optimizer.lr = cosine_schedule(spent, args.seconds, lr, min_lr, WARMUP_SHARE * args.seconds)
            optimizer.step(grads, runner.for_each)
            spent += time.process_time() - started
            steps += 1
        curve.append((spent, evaluate(runner, corpus.validation, WINDOWS)))
        loss = evaluate(runner, corpus.validation)
    return {
        "parameters": model.n_params(),
        "steps": steps,
        "characters": steps * batch_size * BLOCK_SIZE,
        "loss": loss,
        "bits_per_byte": bits_per_byte(loss, len(corpus.validation), corpus.n_validation_bytes),
        "curve": curve,
        "samples": [sample(model, tokenizer, prompt) for prompt in PROMPTS],
    }


def sample(model, tokenizer, prompt):
    """A prompt and how the model continues it; the prompt alone where its characters are not known."""
    if not set(prompt) <= tokenizer.vocabulary.keys():
        return prompt
    ids = [tokenizer.encode(prompt)]
    rows = continuations(model, tokenizer, ids, SAMPLING, SAMPLE_TOKENS[prompt], seed=0)
    return prompt + "".join(piece for _, piece, _ in rows)


def print_table(rows):
    print("| model | parameters | steps | characters read | validation loss | bits per byte |")
    print("|---|---:|---:|---:|---:|---:|")
    for row in rows:
        print(
            f"| {row['model']} | {row['parameters']:,} | {row['steps']:,} | {row['characters']:,} | "
            f"{row['loss']:.3f} | {row['bits_per_byte']:.3f} |"
        )


def print_samples(rows):
    for row in rows:
        print(f"\n--- {row['model']}", *row["samples"], sep="\n")


def draw(path, rows, loss_of_guessing):
    """The validation losses over the processor time, as a PNG file. Raises ImportError without matplotlib."""
    with picture(path, "processor time (s)", "validation loss (nats per character)") as axes:
        axes.axhline(loss_of_guessing, color="gray", linestyle=":", label="guessing, ln V")
        for row in rows:
            seconds, losses = zip(*row["curve"])
            axes.plot(seconds, losses, marker="o", markersize=3, label=f"{row['model']}: {row['loss']:.2f}")
        axes.set_ylim(bottom=0)


if __name__ == "__main__":
    main()
