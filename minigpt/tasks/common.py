"""What the fine-tuning tasks share: a base to start from, records of unequal length, batches of them."""

import hashlib
from pathlib import Path

import numpy as np

from minigpt.finetuning.padding import BucketedBatches, batches_in_order
from minigpt.tasks.start import model_folders, starting_tokenizer
from minigpt.training.text_files import copy_pipes


class FineTuning:
    """Three lists of examples, `train`, `validation` and `test`, and how the loop gets batches of them.

    A task sets them, as well as tokenizer, model and objective, and says with collate(examples) what
    arrays a batch of its examples is; the first entry of an example is its ids.
    """

    measure = "val_loss"

    def __init__(self, args):
        args.data = copy_pipes(args.data, Path(args.out) / "data")  # it is read again for the fingerprint
        self.args = args

    def choose_tokenizer(self, splits, text_of):
        """Set the tokenizer; where it is a new one, it learns from text_of(record) of the first split."""
        training_texts = (text_of(record) for record in splits[0])
        all_texts = (text_of(record) for split in splits for record in split)
        self.tokenizer = starting_tokenizer(self.args, training_texts, all_texts)

    def start(self, examples):
        """Take up the three lists of examples, and order them into batches."""
        self.train, self.validation, self.test = examples
        self.batches = BucketedBatches(lengths(self.train), self.args.batch_size, self.args.seed)

    def batch(self, step):
        """The arrays of a training step."""
        return self.collate(self.examples_of_step(step))

    def examples_of_step(self, step):
        """Those of --grad-accum batches come in one, which the runner cuts up."""
        n = self.args.grad_accum
        rows = np.concatenate([self.batches.of_step(step * n + i) for i in range(n)])
        return [self.train[row] for row in rows]

    def mean_loss(self, runner, examples):
        """The loss over a list of examples, a float: the mean over whatever the objective counts."""
        total = n_counted = 0
        for rows in batches_in_order(lengths(examples), self.args.batch_size):
            batch = self.collate([examples[row] for row in rows])
            n = self.objective.n_counted(*batch)
            total += n * runner.loss(*batch)
            n_counted += n
        return total / n_counted

    def some_of_validation(self):
        """The --eval-iters batches of the validation split that stand for it, spread evenly over it."""
        n = min(len(self.validation), self.args.eval_iters * self.args.batch_size)
        return [self.validation[i] for i in np.linspace(0, len(self.validation) - 1, n).astype(int)]

    def validate(self, runner):
        """The loss over some of the validation split, the same examples each time."""
        return {"val_loss": self.mean_loss(runner, self.some_of_validation())}

    def save(self, directory):
        """Write what belongs to the model beside its weights, into the folder and that of its adapter."""
        for folder in model_folders(self.model, directory):
            self.save_into(folder)

    def save_into(self, folder):
        """Write the tokenizer; what else a task's model needs, the task adds."""
        self.tokenizer.save(folder)

    def describe(self):
        train, validation, test = (f"{len(split):,}" for split in (self.train, self.validation, self.test))
        return f"{self.args.task}: {train} to train on, {validation} to validate, {test} to test"


def lengths(examples):
    """How many tokens each example has, the longer of two sequences counting."""
    return [len(example[0]) for example in examples]


def fingerprint(paths, tokenizer, *more):
    """A checksum of the data and of how it becomes tokens."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(hashlib.sha256(Path(path).read_bytes()).digest())
    digest.update(repr(sorted(tokenizer.token_bytes.items())).encode("utf-8"))
    for item in more:
        digest.update(repr(item).encode("utf-8"))
    return digest.hexdigest()


def drop_too_long(splits, block_size):
    """Leave out the examples (ids, …, record) that the context does not hold, from each list of them.

    Says how many were dropped and where the first stands. Raises ValueError if a list becomes empty.
    """
    kept = [[example for example in split if len(example[0]) <= block_size] for split in splits]
    dropped = [example for split in splits for example in split if len(example[0]) > block_size]
    if dropped:
        first = min(dropped, key=lambda example: (str(example[-1].path), example[-1].line))
        what = (
            f"{len(dropped):,} of {sum(map(len, splits)):,} records are longer than the context of "
            f"{block_size} tokens, the first is {first[-1].where} with {len(first[0])}"
        )
        if not all(kept):
            raise ValueError(f"{what}: take shorter records, or a base of a larger --block-size")
        print(f"{what}: they are left out")
    return kept
