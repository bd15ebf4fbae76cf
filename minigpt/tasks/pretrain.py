"""Predict the next token of raw text: the task of a model that starts from nothing, and the simplest one.

An example is any window of the text; there is no prompt and no label, every token is a target.
"""

import dataclasses
from pathlib import Path

import numpy as np

from minigpt.bigram import BigramConfig, BigramLM
from minigpt.checkpoint import load_model
from minigpt.data import open_text_files, random_batch, read_chunks, sliding_windows, tokenize_files
from minigpt.evaluation import describe_loss, evaluate
from minigpt.model import GPT, GPTConfig
from minigpt.samples import continue_text, sample_prompts
from tokenizer import BPETokenizer, CharTokenizer, WordTokenizer, load_tokenizer


class PretrainTask:
    measure = "val_loss"

    def __init__(self, args):
        self.args = args
        out = Path(args.out)
        self.files = open_text_files(args.data)
        source = out if args.resume or args.eval_only else args.init_from
        self.tokenizer = load_tokenizer(source) if source else self._train_tokenizer()
        if not args.eval_only:
            self.save(out)
        self.corpus = tokenize_files(self.files, self.tokenizer, out / "tokenizer.json", out / "tokens")
        self.fingerprint = self.corpus.fingerprint
        self.model = self.objective = self._build_model()
        self.block_size = self.model.config.block_size
        for tokens in (self.corpus.train, self.corpus.validation):
            # text that is too short is an error now, not after an hour
            sliding_windows(tokens, self.block_size, stride=self.block_size)

    def _train_tokenizer(self):
        """From the training text; a tokenizer of characters must know those of the validation text too."""
        if self.args.tokenizer == "char":
            return CharTokenizer.train(chunk for file in self.files for chunk in read_chunks(file.path))
        tokenizer_class = {"bpe": BPETokenizer, "word": WordTokenizer}[self.args.tokenizer]
        chunks = (chunk for file in self.files for chunk in file.train_chunks())
        return tokenizer_class.train(chunks, self.args.vocab_size)

    def _build_model(self):
        """The model that training begins with: random weights, or a copy of those of --init-from."""
        args = self.args
        if args.init_from:
            model = load_model(args.init_from)
            model.params = {name: param.copy() for name, param in model.params.items()}
            if isinstance(model, GPT):
                model.config = dataclasses.replace(model.config, dropout=args.dropout)
            return model
        if args.model == "bigram":
            return BigramLM(BigramConfig(self.tokenizer.n_vocab, args.block_size), args.seed)
        sizes = (args.block_size, args.n_layer, args.n_head, args.n_embd)
        return GPT(GPTConfig(self.tokenizer.n_vocab, *sizes, dropout=args.dropout), args.seed)

    def describe(self):
        return (
            f"{len(self.corpus.train):,} tokens to train on, {len(self.corpus.validation):,} to validate, "
            f"vocabulary {self.tokenizer.n_vocab:,}"
        )

    def batch(self, step):
        """Windows from random places, and their targets; the batches of --grad-accum come in one."""
        sequences = self.args.batch_size * self.args.grad_accum
        rng = np.random.default_rng([self.args.seed, step])
        return random_batch(self.corpus.train, self.block_size, sequences, rng)

    def validate(self, runner):
        """The loss on --eval-iters batches of the validation text, the same ones each time."""
        args = self.args
        return {"val_loss": evaluate(runner, self.corpus.validation, args.batch_size, args.eval_iters)}

    def save(self, directory):
        self.tokenizer.save(directory)

    def report(self, runner, directory):
        """Print the loss on the whole validation text."""
        loss = evaluate(runner, self.corpus.validation, self.args.batch_size)
        print(describe_loss(loss, self.corpus))

    def show(self, model):
        """Print what the model writes: beginnings out of the validation text, continued."""
        for seed, prompt in enumerate(sample_prompts(self.files)):
            text = continue_text(model, self.tokenizer, prompt, 120, seed, temperature=0.7, top_k=50)
            print(f"\n--- a continuation of “{prompt}”\n{prompt}{text}")
