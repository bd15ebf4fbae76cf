"""Predict the next token of raw text: the task of a model that starts from nothing, and the simplest one.

An example is any window of the text; there is no prompt and no label, every token is a target. Where the text
consists of documents (--documents), an example is a document, or as much of it as the context holds.
"""

import math
from itertools import chain
from pathlib import Path

import numpy as np

from minigpt.generation.beginning import Beginning, beginning_of_texts
from minigpt.generation.sampling import Sampling
from minigpt.generation.text_stream import continuations
from minigpt.tasks.samples import sample_prompts
from minigpt.tasks.start import given_tokenizer, model_folders, new_tokenizer, starting_model
from minigpt.training.corpus import mark_of, random_batch, sliding_windows, tokenize_texts
from minigpt.training.document_windows import find_windows, random_documents
from minigpt.training.documents import END, FILE, DocumentSplit, FileSplit
from minigpt.training.evaluation import describe_loss, evaluate, evaluate_documents
from minigpt.training.text_files import copy_pipes, open_text_files
from tokenizer.base import END_OF_TEXT

SAMPLING, SAMPLE_TOKENS = Sampling(temperature=0.6, top_k=50), 120
SAMPLED_DOCUMENTS = 8
READ_FOR_BEGINNING = 100_000  # characters of the training text, in which to look for how a text begins


class PretrainTask:
    measure = "val_loss"
    special_tokens = ()  # that the tokenizer needs beside the end of a text

    def __init__(self, args):
        self.args = args
        out = Path(args.out)
        args.data = copy_pipes(args.data, out / "data")
        args.val_data = args.val_data and copy_pipes(args.val_data, out / "data")
        self.tokenizer = given_tokenizer(args)
        self.split = self.split_texts()
        if self.tokenizer is None:
            self.tokenizer = new_tokenizer(
                args,
                (piece for piece in self.split.train() if piece is not END),
                (piece for piece in chain(self.split.train(), self.split.validation()) if piece is not END),
            )
        for special in self.special_tokens:
            self.tokenizer = self.tokenizer.with_special_token(special)
        self.beginning = self.choose_beginning()
        self.model = self.objective = starting_model(args, self.tokenizer.n_vocab)
        self.block_size = self.model.config.block_size
        if not (args.resume or args.eval_only):  # then it lies there, and was read from there
            self.tokenizer.save(out)
        self.corpus = tokenize_texts(
            self.split, self.tokenizer, out / "tokenizer.json", out / "tokens", args.resume
        )
        self.fingerprint = self.corpus.fingerprint
        if self.of_documents:
            self.train_windows, self.validation_windows = (
                find_windows(
                    tokens, self.tokenizer.eot_token, self.block_size, out / "tokens" / f"{side}.windows"
                )
                for side, tokens in (("train", self.corpus.train), ("validation", self.corpus.validation))
            )
        else:
            for tokens in (self.corpus.train, self.corpus.validation):
                # text that is too short is an error now, not after an hour
                sliding_windows(tokens, self.block_size, stride=self.block_size)

    @property
    def of_documents(self):
        """Whether the text consists of documents, which windows begin at."""
        return self.args.documents != FILE

    def split_texts(self):
        """What is trained on and what is held back: a FileSplit or a DocumentSplit."""
        args = self.args
        files = open_text_files(args.data)
        held_back = open_text_files(args.val_data) if args.val_data else []
        marks = tuple(self.tokenizer.special_tokens) if self.tokenizer else (END_OF_TEXT,)
        if self.of_documents:
            return DocumentSplit(files, args.documents, args.val_share, args.seed, held_back, marks)
        return FileSplit(files, args.val_share, held_back, marks)

    def choose_beginning(self):
        """How a new text is begun: a document by the mark, and else by something that the texts hold."""
        if self.of_documents:
            return Beginning(self.args.documents, mark_of(self.tokenizer))
        sample = next((piece for piece in self.split.train() if piece is not END), "")
        return beginning_of_texts(self.tokenizer, sample[:READ_FOR_BEGINNING])

    def describe(self):
        n_vocab = self.tokenizer.n_vocab
        text = (
            f"{len(self.corpus.train):,} tokens to train on, {len(self.corpus.validation):,} to validate, "
            f"vocabulary {n_vocab:,} (to guess costs ln {n_vocab:,} = {math.log(n_vocab):.3f})"
        )
        if not self.of_documents:
            return text
        sides = (self.corpus.train, self.corpus.validation)
        n_train, n_held_back = (count_documents(tokens, self.tokenizer) for tokens in sides)
        return f"{n_train:,} documents to train on, {n_held_back:,} to validate: {text}"

    def batch(self, step):
        """Windows from random places, and their targets; the batches of --grad-accum come in one."""
        sequences = self.args.batch_size * self.args.grad_accum
        rng = np.random.default_rng([self.args.seed, step])
        if self.of_documents:
            return random_documents(self.corpus.train, self.train_windows, sequences, rng)
        return random_batch(self.corpus.train, self.block_size, sequences, rng)

    def validate(self, runner):
        """The loss on --eval-iters batches of the validation text, the same ones each time."""
        return {"val_loss": self.validation_loss(runner, self.args.eval_iters * self.args.batch_size)}

    def validation_loss(self, runner, max_windows=None):
        """The loss on so many windows of the validation text, or on all of them."""
        if self.of_documents:
            return evaluate_documents(runner, self.corpus.validation, self.validation_windows, max_windows)
        return evaluate(runner, self.corpus.validation, max_windows)

    def save(self, directory):
        for folder in model_folders(self.model, directory):
            self.tokenizer.save(folder)
            self.beginning.save(folder)

    def report(self, runner, directory):
        """Print the loss on the whole validation text."""
        n_tokens = len(self.corpus.validation) - self.of_documents  # the token before the first is given
        print(describe_loss(self.validation_loss(runner), n_tokens, self.corpus.n_validation_bytes))

    def show(self, model):
        """Print what the model writes: new documents, or beginnings out of the validation text, continued."""
        if self.of_documents:
            ids = [self.beginning.ids(self.tokenizer)] * SAMPLED_DOCUMENTS
            texts = [""] * SAMPLED_DOCUMENTS
            for i, piece, _ in continuations(model, self.tokenizer, ids, SAMPLING, SAMPLE_TOKENS, seed=0):
                texts[i] += piece
            print("\n--- new documents", *texts, sep="\n\n" if "\n" in "".join(texts) else "\n")
            return
        for seed, prompt in enumerate(sample_prompts(self.split)):
            ids = [self.beginning.ids(self.tokenizer, prompt)]
            rows = continuations(model, self.tokenizer, ids, SAMPLING, SAMPLE_TOKENS, seed)
            text = "".join(piece for _, piece, _ in rows)
            print(f"\n--- a continuation of “{prompt}”\n{prompt}{text}")


def count_documents(tokens, tokenizer):
    """How many documents an array of ids holds, in which the mark stands before, between and behind them."""
    return int(np.count_nonzero(tokens == tokenizer.eot_token)) - 1
