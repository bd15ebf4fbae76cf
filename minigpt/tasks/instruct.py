"""Follow instructions: records of an instruction, perhaps an input, and the output that is wanted.

Of prompt and response together, the loss counts the response alone (prompt_format.py).
"""

import json

from minigpt.finetuning.answers import AnswerTuning, greedy_answers
from minigpt.finetuning.instructions import read_instructions
from minigpt.finetuning.metrics import LONGEST_NGRAM, bleu_and_rouge, exact_match, words_of
from minigpt.finetuning.padding import pad_right
from minigpt.finetuning.prompt_format import InstructFormat, load_format, masked_example, save_format
from minigpt.finetuning.records import usable_records
from minigpt.finetuning.splits import same_text_key, stratified_split
from minigpt.interchange.files import write_atomically, write_json
from minigpt.layers import IGNORED
from minigpt.loading import text_folder
from minigpt.tasks.common import FineTuning, drop_too_long, fingerprint
from minigpt.tasks.start import starting_gpt
from minigpt.terminal import pad


class MaskedTask(FineTuning):
    """A language model trained on part of its tokens: examples are (ids, targets, record)."""

    def collate(self, examples):
        """Ids and targets (B, T), padded on the right; what stands in the padding is not counted."""
        ids, targets, _ = zip(*examples)
        return pad_right(ids, self.tokenizer.eot_token), pad_right(targets, IGNORED)

    def examples(self, splits):
        """The three splits of records as examples, without those that the context does not hold."""
        examples = [
            [(*masked_example(self.segments(record)), record) for record in split] for split in splits
        ]
        return drop_too_long(examples, self.model.config.block_size)

    def save_into(self, folder):
        super().save_into(folder)
        save_format(folder, self.format)


class InstructTask(MaskedTask):
    def __init__(self, args):
        super().__init__(args)
        records = usable_records(args.data, read_instructions, args.strict)
        splits = stratified_split(records, prompt_key, lambda record: "instructions", args.seed)
        self.format = load_format(text_folder(args.init_from)) if args.init_from else None
        if not isinstance(self.format, InstructFormat):
            self.format = InstructFormat()
        self.choose_tokenizer(splits, self.text)
        self.model = starting_gpt(args, self.tokenizer.n_vocab)
        self.objective = AnswerTuning(self.model)
        self.start(self.examples(splits))
        self.fingerprint = fingerprint(args.data, self.tokenizer, self.format)

    def text(self, record):
        """Prompt and response as one text, for a tokenizer to be trained on."""
        instruction, input, output = fields_of(record)
        return self.format.prompt(instruction, input) + output

    def segments(self, record):
        return self.format.segments(self.tokenizer, *fields_of(record))

    def report(self, runner, directory):
        """Answer the test split's instructions; write the answers, print how good they are."""
        records = [example[2] for example in self.test]
        prompts = [self.segments(record)[0][0] for record in records]
        responses = greedy_answers(runner.model, self.tokenizer, prompts)
        outputs = [fields_of(record)[2] for record in records]
        lines = [
            json.dumps({"where": record.where, **record.fields, "response": response}, ensure_ascii=False)
            for record, response in zip(records, responses)
        ]
        path = directory / "test_responses.jsonl"
        write_atomically(path, ("\n".join(lines) + "\n").encode("utf-8"))

        metrics = measures(responses, outputs)
        print(f"test split of {len(self.test):,}: {described(metrics)}")
        kinds = sorted({record.fields["kind"] for record in records if "kind" in record.fields})
        for kind in kinds:
            rows = [i for i, record in enumerate(records) if record.fields.get("kind") == kind]
            of_kind = measures([responses[i] for i in rows], [outputs[i] for i in rows])
            metrics.setdefault("kinds", {})[kind] = {"count": len(rows)} | of_kind
            print(f"    {pad(kind, 24)}{len(rows):>6,}: {described(of_kind)}")
        write_json(directory / "test_metrics.json", metrics)
        print(f"responses: {path}")

    def show(self, model):
        """Print some answers to instructions of the test split."""
        records = [example[2] for example in self.test[:3]]
        prompts = [self.segments(record)[0][0] for record in records]
        for record, response in zip(records, greedy_answers(model, self.tokenizer, prompts)):
            instruction, input, output = fields_of(record)
            print(f"\n{self.format.prompt(instruction, input)}{response}\n(wanted: {output})")


def measures(responses, outputs):
    """Exact match, BLEU and ROUGE of responses, by name.

    BLEU counts pieces of up to four words: where no output has so many, it would be 0 whatever is answered,
    and is left out.
    """
    metrics = {"exact_match": exact_match(responses, outputs)} | bleu_and_rouge(responses, outputs)
    if max(len(words_of(output)) for output in outputs) < LONGEST_NGRAM:
        del metrics["bleu"]
    return metrics


def described(metrics):
    bleu = f"BLEU {metrics['bleu']:.1f}, " if "bleu" in metrics else ""
    rouge = f"ROUGE-1 {metrics['rouge1']:.3f}, ROUGE-L {metrics['rougeL']:.3f}"
    return f"{100 * metrics['exact_match']:.2f} % exact match, {bleu}{rouge}"


def fields_of(record):
    """The instruction, the input ("" where there is none) and the output of a record."""
    return tuple(record.fields[name] for name in ("instruction", "input", "output"))


def prompt_key(record):
    instruction, input, _ = fields_of(record)
    return same_text_key(f"{instruction}\n{input}")
