"""Predict the next token of raw text: the task of a model that starts from nothing, and the simplest one.

An example is any window of the text; there is no prompt and no label, every token is a target.
"""

import math
from pathlib import Path

import numpy as np

from minigpt.generation.sampling import Sampling
from minigpt.generation.text_stream import continuations
from minigpt.tasks.start import starting_model, starting_tokenizer
from minigpt.training.corpus import (
    open_text_files,
    random_batch,
    read_chunks,
    sliding_windows,
    tokenize_files,
)
from minigpt.training.evaluation import describe_loss, evaluate

PROMPT_CHARS = 24  # of a text with spaces, cut at a word's end
PROMPT_CHARS_WITHOUT_SPACES = 6  # of Chinese
SAMPLING, SAMPLE_TOKENS = Sampling(temperature=0.6, top_k=50), 120


class PretrainTask:
    measure = "val_loss"

    def __init__(self, args):
        self.args = args
        out = Path(args.out)
        self.files = open_text_files(args.data)
        training_texts = (chunk for file in self.files for chunk in file.train_chunks())
        all_texts = (chunk for file in self.files for chunk in read_chunks(file.path))
        self.tokenizer = starting_tokenizer(args, training_texts, all_texts)
        if not args.eval_only:
            self.save(out)
        self.corpus = tokenize_files(self.files, self.tokenizer, out / "tokenizer.json", out / "tokens")
        self.fingerprint = self.corpus.fingerprint
        self.model = self.objective = starting_model(args, self.tokenizer.n_vocab)
        self.block_size = self.model.config.block_size
        for tokens in (self.corpus.train, self.corpus.validation):
            # text that is too short is an error now, not after an hour
            sliding_windows(tokens, self.block_size, stride=self.block_size)

    def describe(self):
        n_vocab = self.tokenizer.n_vocab
        return (
            f"{len(self.corpus.train):,} tokens to train on, {len(self.corpus.validation):,} to validate, "
            f"vocabulary {n_vocab:,} (to guess costs ln {n_vocab:,} = {math.log(n_vocab):.3f})"
        )

    def batch(self, step):
        """Windows from random places, and their targets; the batches of --grad-accum come in one."""
        sequences = self.args.batch_size * self.args.grad_accum
        rng = np.random.default_rng([self.args.seed, step])
        return random_batch(self.corpus.train, self.block_size, sequences, rng)

    def validate(self, runner):
        """The loss on --eval-iters batches of the validation text, the same ones each time."""
        max_windows = self.args.eval_iters * self.args.batch_size
        return {"val_loss": evaluate(runner, self.corpus.validation, max_windows)}

    def save(self, directory):
        self.tokenizer.save(directory)

    def report(self, runner, directory):
        """Print the loss on the whole validation text."""
        loss = evaluate(runner, self.corpus.validation)
        print(describe_loss(loss, self.corpus))

    def show(self, model):
        """Print what the model writes: beginnings out of the validation text, continued."""
        for seed, prompt in enumerate(sample_prompts(self.files)):
            ids = [self.tokenizer.encode_ordinary(prompt)]
            rows = continuations(model, self.tokenizer, ids, SAMPLING, SAMPLE_TOKENS, seed)
            text = "".join(piece for _, piece, _ in rows)
            print(f"\n--- a continuation of “{prompt}”\n{prompt}{text}")


def sample_prompts(files):
    """The beginning of one paragraph of every file's validation text, for at most three files."""
    return [prompt for prompt in map(_prompt_of, files[:3]) if prompt]


def _prompt_of(file):
    text = next(file.validation_chunks(), "")
    _, _, paragraph = text.partition("\n\n")  # the first one may have begun in the training text
    beginning = (paragraph or text).lstrip()[:PROMPT_CHARS]
    return beginning.rpartition(" ")[0] or beginning[:PROMPT_CHARS_WITHOUT_SPACES]
