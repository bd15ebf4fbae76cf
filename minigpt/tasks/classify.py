"""Sort texts by label: spam or not, glad or sad, one of many.

The records are rows of a label and a text. A text that the context does not hold is cut at its end: what
a message is about mostly shows at its beginning.
"""

from collections import Counter

import numpy as np

from minigpt.backend import to_device
from minigpt.finetuning.augmentation import varied_pieces
from minigpt.finetuning.classifier import (
    END,
    BalancedLabels,
    GPTClassifier,
    describe_probabilities,
    text_ids,
)
from minigpt.finetuning.labelled import ordered_labels, read_labelled
from minigpt.finetuning.metrics import confusion_matrix, describe_labels, label_scores
from minigpt.finetuning.padding import batches_in_order, pad_right
from minigpt.finetuning.records import usable_records
from minigpt.finetuning.splits import drop_to_equal_counts, same_text_key, stratified_split
from minigpt.interchange.files import write_json
from minigpt.loading import load_model
from minigpt.tasks.common import FineTuning, fingerprint, lengths
from minigpt.tasks.start import starting_gpt


def label_of(record):
    return record.fields["label"]


class ClassifyTask(FineTuning):
    # The loss rises with every text that is wrong and sure of it, when the labels still become better.
    measure = "val_error"

    def __init__(self, args):
        super().__init__(args)

        def read(path):
            return read_labelled(path, args.label_column, args.text_column)

        records = usable_records(args.data, read, args.strict)
        counts = Counter(map(label_of, records))
        if len(counts) < 2:
            only = ", ".join(counts) or "none"
            raise ValueError(f"{args.data[0]} has one label only ({only}): there is nothing to tell apart")
        if len(counts) > len(records) / 2:
            raise ValueError(
                f"{args.data[0]} has {len(counts):,} different labels for {len(records):,} texts, the first "
                f"is {label_of(records[0])!r:.60}: are these labels? If not, say with --label-column and "
                "--text-column which columns are meant"
            )
        if args.balance == "drop":
            kept = drop_to_equal_counts(records, label_of, args.seed)
            print(f"--balance drop: {len(records) - len(kept):,} of {len(records):,} rows are left out")
            records = kept

        splits = stratified_split(
            records, lambda record: same_text_key(record.fields["text"]), label_of, args.seed
        )
        self.choose_tokenizer(splits, lambda record: record.fields["text"] + END)
        self.model = self.objective = self._classifier(records)
        if self.model.multi_label:
            raise ValueError(
                f"{args.init_from} gives a text several labels at once (multi_label_classification): such a "
                "model can be asked but not trained here"
            )
        self.start([list(map(self._example, split)) for split in splits])
        cut = sum(example[2] for split in (self.train, self.validation, self.test) for example in split)
        if cut:
            block_size = self.model.config.block_size
            print(f"{cut:,} of {len(records):,} texts are cut to the context of {block_size} tokens")
        if args.balance == "weights":
            self.objective = BalancedLabels(self.model, [counts[label] for label in self.model.labels])
        self.fingerprint = fingerprint(args.data, self.tokenizer, args.balance)

    def _classifier(self, records):
        """A new head on the base; or that of --init-from, or of the model to measure, if there is one."""
        args = self.args
        gpt = starting_gpt(args, self.tokenizer.n_vocab)
        source = args.out if args.eval_only else args.init_from
        trained = load_model(source) if source else None
        if not isinstance(trained, GPTClassifier):
            labels = ordered_labels(map(label_of, records))
            return GPTClassifier(gpt, labels, self.tokenizer.eot_token, args.seed)
        for record in records:
            if label_of(record) not in trained.labels:
                raise ValueError(
                    f"{record.where}: the label {label_of(record)!r} is none that the model in "
                    f"{source} knows ({', '.join(trained.labels)})"
                )
        score = trained.params["score.weight"].copy()
        pad = self.tokenizer.eot_token if trained.pad_token_id is None else trained.pad_token_id
        return GPTClassifier(
            gpt,
            trained.labels,
            pad,
            score=score,
            text_end=trained.text_end,
            multi_label=trained.multi_label,
        )

    def _example(self, record):
        """A record as (ids, label, whether it was cut, the record)."""
        ids, is_cut = self._ids([record.fields["text"]])
        return ids, self.model.labels.index(label_of(record)), is_cut, record

    def _ids(self, pieces):
        return text_ids(self.tokenizer, pieces, self.model.config.block_size, self.model.text_end)

    def batch(self, step):
        """The arrays of a training step, each text varied anew (augmentation.py)."""
        rng = np.random.default_rng([self.args.seed, step])
        return self.collate([self._varied(example, rng) for example in self.examples_of_step(step)])

    def _varied(self, example, rng):
        _, label, _, record = example
        pieces = varied_pieces(record.fields["text"], self.args.augment, rng)
        ids, is_cut = self._ids(pieces)
        return ids, label, is_cut, record

    def collate(self, examples):
        """Ids (B, T), padded on the right, and labels (B,)."""
        ids, labels, *_ = zip(*examples)
        return pad_right(ids, self.model.pad_token_id), np.array(labels)

    def describe(self):
        return f"{super().describe()}; labels: {', '.join(self.model.labels)}"

    def validate(self, runner):
        confusion = self.confusion(self.model, self.some_of_validation())
        accuracy = label_scores(confusion)["accuracy"]
        return super().validate(runner) | {"val_accuracy": accuracy, "val_error": 1 - accuracy}

    def confusion(self, model, examples):
        """The confusion matrix of a model over examples."""
        truths, predictions = [], []
        for rows in batches_in_order(lengths(examples), self.args.batch_size):
            idx, labels = self.collate([examples[row] for row in rows])
            scores, _ = model.forward(to_device(idx))
            truths += labels.tolist()
            predictions += scores.argmax(1).tolist()
        return confusion_matrix(truths, predictions, len(model.labels))

    def report(self, runner, directory):
        """Print the scores over the test split and write them to test_metrics.json."""
        confusion = self.confusion(runner.model, self.test)
        print(f"test split of {len(self.test):,} texts: {describe_labels(runner.model.labels, confusion)}")
        metrics = {"labels": runner.model.labels, "confusion": confusion.tolist()} | label_scores(confusion)
        write_json(directory / "test_metrics.json", metrics)

    def show(self, model):
        """Print the probabilities of the labels for some texts of the test split."""
        for ids, _, _, record in self.test[:3]:
            print(f"\n{record.fields['text']}\n{label_of(record)}; {describe_probabilities(model, ids)}")
