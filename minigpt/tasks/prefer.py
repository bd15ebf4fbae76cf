"""Learn which of two answers is preferred: records of a prompt, a chosen and a rejected answer (dpo.py).

The base must already answer in some format; the prompts are put to it in that one.
"""

import zlib

import numpy as np

from minigpt.backend import to_host
from minigpt.finetuning.answers import greedy_answers
from minigpt.finetuning.dpo import PreferenceTuning, reference_log_probs
from minigpt.finetuning.padding import batches_in_order, pad_right
from minigpt.finetuning.preferences import read_preferences
from minigpt.finetuning.prompt_format import (
    ChatFormat,
    InstructFormat,
    answer_ids,
    load_format,
    masked_example,
    save_format,
)
from minigpt.finetuning.records import BadRecord, converted, usable_records
from minigpt.finetuning.splits import same_text_key, stratified_split
from minigpt.interchange.files import write_json
from minigpt.layers import IGNORED
from minigpt.loading import text_folder
from minigpt.tasks.common import FineTuning, drop_too_long, fingerprint, lengths
from minigpt.tasks.start import starting_gpt


class PreferTask(FineTuning):
    """Examples are (longer ids, (ids, targets) of both answers, reference log-probabilities, record)."""

    def __init__(self, args):
        super().__init__(args)
        self.format = (load_format(text_folder(args.init_from)) if args.init_from else None) or ChatFormat()
        records = usable_records(args.data, self._read, args.strict)
        splits = stratified_split(records, prompt_key, lambda record: "pairs", args.seed)
        self.choose_tokenizer(splits, text_of)
        self.model = starting_gpt(args, self.tokenizer.n_vocab)
        weights = [zlib.crc32(to_host(param)) for param in self.model.params.values()]  # of the reference
        self.fingerprint = fingerprint(args.data, self.tokenizer, self.format, weights)
        self.objective = PreferenceTuning(self.model, args.dpo_beta)
        examples = [[self._example(record) for record in split] for split in splits]
        examples = drop_too_long(examples, self.model.config.block_size)
        self.start([self._with_reference(split) for split in examples])

    def _read(self, path):
        """The pairs of a file. To a model of instructions no conversation can be put."""
        return converted(read_preferences(path), self._checked)

    def _checked(self, record):
        prompt = record.fields["prompt"]
        if isinstance(self.format, InstructFormat) and [role for role, _ in prompt] != ["user"]:
            raise BadRecord(
                f"{record.where}: the prompt is a conversation, but the model in {self.args.init_from} was "
                "tuned on instructions: start from one of --task chat"
            )
        return record

    def _example(self, record):
        """A record as (the longer one's ids, (ids, targets) of both answers, the record)."""
        answers = [masked_example(self._segments(record, name)) for name in ("chosen", "rejected")]
        return max((ids for ids, _ in answers), key=len), answers, record

    def _segments(self, record, name):
        prompt = self.format.prompt_ids(self.tokenizer, record.fields["prompt"])
        return [(prompt, False), (answer_ids(self.tokenizer, record.fields[name]), True)]

    def _with_reference(self, examples):
        """Add to each example what the model says of its answers now, before it is trained."""
        reference = np.zeros((len(examples), 2), self.model.params["wte.weight"].dtype)
        for rows in batches_in_order(lengths(examples), self.args.batch_size):
            idx, targets = self._arrays([examples[row] for row in rows])
            reference[rows] = reference_log_probs(self.model, idx, targets)
        return [(ids, answers, row, record) for (ids, answers, record), row in zip(examples, reference)]

    def _arrays(self, examples):
        """Ids and targets (B, 2, T) of the chosen and the rejected answers, padded on the right."""
        both = [answers for _, answers, *_ in examples]
        idx = pad_right([ids for answers in both for ids, _ in answers], self.tokenizer.eot_token)
        targets = pad_right([targets for answers in both for _, targets in answers], IGNORED)
        return idx.reshape(len(both), 2, -1), targets.reshape(len(both), 2, -1)

    def collate(self, examples):
        """Ids and targets (B, 2, T), and the reference's log-probabilities (B, 2)."""
        return *self._arrays(examples), np.stack([example[2] for example in examples])

    def save_into(self, folder):
        super().save_into(folder)
        save_format(folder, self.format)

    def validate(self, runner):
        margins = self.margins(self.model, self.some_of_validation())
        measured = {"val_margin": float(margins.mean()), "val_accuracy": float((margins > 0).mean())}
        return super().validate(runner) | measured

    def margins(self, model, examples):
        """By how many nats the chosen answer of each pair has gained on the rejected one, (N,)."""
        margins = np.zeros(len(examples))
        for rows in batches_in_order(lengths(examples), self.args.batch_size):
            idx, targets, reference = self.collate([examples[row] for row in rows])
            ratios = reference_log_probs(model, idx, targets) - reference
            margins[rows] = ratios[:, 0] - ratios[:, 1]
        return margins

    def report(self, runner, directory):
        """Print how far the preferred answers have moved ahead in the test split."""
        margins = self.margins(runner.model, self.test)
        metrics = {"accuracy": float((margins > 0).mean()), "margin": float(margins.mean())}
        print(
            f"test split of {len(self.test):,} pairs: the chosen answer gained on the rejected one in "
            f"{100 * metrics['accuracy']:.1f} % of them, by {metrics['margin']:.2f} nats on average"
        )
        write_json(directory / "test_metrics.json", metrics)

    def show(self, model):
        """Print what the model answers to some prompts of the test split."""
        records = [example[3] for example in self.test[:3]]
        prompts = [self.format.prompt_ids(self.tokenizer, record.fields["prompt"]) for record in records]
        for record, reply in zip(records, greedy_answers(model, self.tokenizer, prompts)):
            print(f"\n{prompt_text(record)}\n> {reply}")


def prompt_text(record):
    return "\n".join(text for _, text in record.fields["prompt"])


def prompt_key(record):
    return same_text_key(prompt_text(record))


def text_of(record):
    """All texts of a record as one, for a tokenizer to be trained on."""
    return " ".join((prompt_text(record), record.fields["chosen"], record.fields["rejected"]))
