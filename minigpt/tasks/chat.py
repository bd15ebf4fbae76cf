"""Hold a conversation: dialogues of alternating turns, of which the answers are learned (prompt_format.py).

A dialogue longer than the context is cut at the end of an answer, so that what is left is whole.
"""

from minigpt.finetuning.answers import AnswerTuning, greedy_answers
from minigpt.finetuning.conversations import read_dialogues
from minigpt.finetuning.prompt_format import ChatFormat
from minigpt.finetuning.records import Record, usable_records
from minigpt.finetuning.splits import same_text_key, stratified_split
from minigpt.tasks.common import fingerprint
from minigpt.tasks.instruct import MaskedTask
from minigpt.tasks.start import starting_gpt
from minigpt.training.evaluation import perplexity


class ChatTask(MaskedTask):
    def __init__(self, args):
        super().__init__(args)
        records = usable_records(args.data, read_dialogues, args.strict)
        with_tools = [record for record in records if record.fields["n_tools"]]
        if with_tools:
            print(
                f"{len(with_tools):,} of {len(records):,} dialogues call tools, the first is "
                f"{with_tools[0].where}: the calls and what the tools said are left out of them"
            )
        self.format = ChatFormat()
        splits = stratified_split(records, dialogue_key, lambda record: "dialogues", args.seed)
        self.choose_tokenizer(splits, lambda record: "\n".join(text for _, text in turns_of(record)))
        self.model = starting_gpt(args, self.tokenizer.n_vocab)
        self.objective = AnswerTuning(self.model)

        shortened = [[self.shortened(record) for record in split] for split in splits]
        cut = sum(a is not b for split, whole in zip(shortened, splits) for a, b in zip(split, whole))
        if cut:
            block_size = self.model.config.block_size
            print(f"{cut:,} of {len(records):,} dialogues are cut to the context of {block_size} tokens")
        self.start(self.examples(shortened))
        self.fingerprint = fingerprint(args.data, self.tokenizer)

    def segments(self, record):
        return self.format.segments(self.tokenizer, turns_of(record))

    def shortened(self, record):
        """The record itself where it fits; else its beginning, with all answers that the context holds."""
        n_tokens, kept, fits = 0, 0, self.model.config.block_size + 1  # the last token is a target only
        for i, (ids, is_answer) in enumerate(self.segments(record), 1):
            n_tokens += len(ids)
            if n_tokens > fits:
                break
            kept = i if is_answer else kept
        turns = turns_of(record)
        if n_tokens <= fits or kept == 0:
            return record
        return Record({"turns": turns[:kept]}, record.path, record.line)

    def report(self, runner, directory):
        """Print how well the answers of the test split are predicted."""
        loss = self.mean_loss(runner, self.test)
        print(
            f"test split of {len(self.test):,} dialogues: loss {loss:.4f}, perplexity {perplexity(loss):.2f}"
        )

    def show(self, model):
        """Print answers to the beginnings of some dialogues of the test split."""
        records = [example[2] for example in self.test[:4]]
        beginnings = [turns_of(record)[: roles(record).index("assistant")] for record in records]
        beginnings = [turns for turns in beginnings if turns]
        prompts = [self.format.prompt_ids(self.tokenizer, turns) for turns in beginnings]
        for turns, reply in zip(beginnings, greedy_answers(model, self.tokenizer, prompts)):
            print("\n" + "\n".join(text for _, text in turns) + f"\n> {reply}")


def turns_of(record):
    return record.fields["turns"]


def roles(record):
    return [role for role, _ in turns_of(record)]


def dialogue_key(record):
    return same_text_key("\n".join(text for _, text in turns_of(record)))
