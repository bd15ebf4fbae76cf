"""The exact arrays of one batch of every kind of record, and which records reach which split.

The tokenizer is one of characters, and the texts are short: what stands here can be checked by eye. In a
text $ is the end of the text and _ padding; in targets . is a token that is not learned.
"""

import json

import numpy as np
import pytest

from minigpt.layers import IGNORED
from minigpt.tasks import TASKS
from minigpt.tasks.arguments import train_arguments

SIZES = "--tokenizer char --block-size 32 --n-layer 1 --n-head 1 --n-embd 4 --batch-size 99 --seed 3".split()


def task_on(name, path, *flags):
    data = ["--task", name, "--data", path, "--out", path.parent / "out"]
    return TASKS[name](train_arguments(list(map(str, [*data, *SIZES, *flags]))))


def written(tmp_path, records):
    path = tmp_path / "x.jsonl"
    lines = (json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    path.write_text("".join(lines), encoding="utf-8", newline="\n")
    return path


def letters(task, ids, end="$"):
    """Ids as text, of which every token is one letter."""
    signs = {IGNORED: ".", task.tokenizer.eot_token: end}
    return "".join(signs.get(int(i)) or task.tokenizer.decode([int(i)]) for i in ids)


def in_file_order(task):
    """The examples of all three splits."""
    examples = [*task.train, *task.validation, *task.test]
    return sorted(examples, key=lambda example: example[-1].line)


def alone(task, example):
    """The ids and the targets of one example, unpadded, as letters."""
    return tuple(letters(task, row[0]) for row in task.collate([example])[:2])


def asked(text):
    return {"role": "user", "content": text}


def answered(text):
    return {"role": "assistant", "content": text}


def test_a_batch_of_instructions(tmp_path):
    records = [
        {"instruction": "a\r\nb", "input": "  c", "output": "  d\n e\n"},
        {"instruction": "f", "input": None, "output": 7},
        *({"instruction": f"q{i}", "output": "x"} for i in range(8)),
    ]
    task = task_on("instruct", written(tmp_path, records))
    assert [alone(task, example) for example in in_file_order(task)] == [
        ("a\nb\n\n  c\n\n  d\n e", ".........  d\n e$"),
        ("f\n\n7", "..7$"),
        *((f"q{i}\n\nx", "...x$") for i in range(8)),
    ]
    assert [len(task.train), len(task.validation), len(task.test)] == [7, 1, 2]

    idx, targets = task.collate(in_file_order(task)[:2])
    assert letters(task, idx[1], "_") == "f\n\n7" + "_" * 12  # padded to the longest of the batch
    assert letters(task, targets[1]) == "..7$" + "." * 12  # and none of it is learned
    assert idx.shape == targets.shape == (2, 16)
    drawn, _ = task.batch(0)
    assert sorted(map(tuple, drawn)) == sorted(map(tuple, task.collate(task.train)[0]))


def test_a_batch_of_dialogues(tmp_path, capsys):
    messages = [
        {"role": "developer", "content": "s"},
        asked([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]),
        {"role": "assistant", "content": None, "tool_calls": [{"id": "x"}]},
        {"role": "tool", "content": "zzz"},
        answered("  c\r\nd"),
        asked("e"),
    ]
    records = [
        {"messages": messages},
        {"conversations": [{"from": "human", "value": "f"}, {"from": "gpt", "value": "g"}]},
        *({"messages": [asked(f"q{i}"), answered("x")]} for i in range(8)),
    ]
    task = task_on("chat", written(tmp_path, records))
    assert [alone(task, example) for example in in_file_order(task)] == [
        ("s$ab$  c\nd$e", "....  c\nd$.."),
        ("f$g", ".g$"),
        *((f"q{i}$x", "..x$") for i in range(8)),
    ]
    assert capsys.readouterr().out == (
        f"1 of 10 dialogues call tools, the first is {tmp_path}/x.jsonl:1: the calls and what the tools said "
        "are left out of them\n"
    )


def test_a_dialogue_without_an_answer_in_it_is_none_though_tools_are_called(tmp_path, capsys):
    call = {"role": "assistant", "content": None, "tool_calls": [{"id": "x"}]}
    records = [
        {"messages": [asked("a"), call]},
        *({"messages": [asked(f"{i}"), answered("x")]} for i in range(9)),
    ]
    task = task_on("chat", written(tmp_path, records))
    assert len(in_file_order(task)) == 9
    assert "x.jsonl:1: nobody answers in this dialogue" in capsys.readouterr().out


FORMS = {
    "texts": lambda prompt, good, bad: {"prompt": prompt, "chosen": good, "rejected": bad},
    "messages": lambda prompt, good, bad: {
        "chosen": [asked(prompt), answered(good)],
        "rejected": [asked(prompt), answered(bad)],
    },
    "transcripts": lambda prompt, good, bad: {
        "chosen": f"\n\nHuman: {prompt}\n\nAssistant: {good}",
        "rejected": f"\n\nHuman: {prompt}\n\nAssistant: {bad}",
    },
}


@pytest.mark.parametrize("form", FORMS)
def test_a_batch_of_preferences_is_the_same_in_every_form(tmp_path, form):
    pairs = [("a\nb", "good", "no"), *((f"q{i}", "yes", "nono") for i in range(9))]
    task = task_on("prefer", written(tmp_path, [FORMS[form](*pair) for pair in pairs]))
    idx, targets, reference = task.collate(in_file_order(task)[:2])
    assert [[letters(task, row) for row in pair] for pair in idx] == [
        ["a\nb$good", "a\nb$no$$"],
        ["q0$yes$$", "q0$nono$"],
    ]
    assert [[letters(task, row) for row in pair] for pair in targets] == [
        ["...good$", "...no$.."],
        ["..yes$..", "..nono$."],
    ]
    logits = task.model.forward(idx.reshape(4, -1))[0].astype(np.float64)
    logs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    expected = [
        sum(logs[row, t, target] for t, target in enumerate(row_targets) if target >= 0)
        for row, row_targets in enumerate(targets.reshape(4, -1))
    ]
    assert reference.reshape(4) == pytest.approx(expected, rel=1e-5)


def test_of_a_preference_the_last_answers_alone_count(tmp_path):
    """What the assistant said earlier in the prompt is no part of either answer."""
    prompts = [[asked("a"), answered("b"), asked(f"c{i}")] for i in range(9)]
    records = [{"prompt": prompt, "chosen": "d", "rejected": "e"} for prompt in prompts]
    task = task_on("prefer", written(tmp_path, records))
    idx, targets, _ = task.collate(in_file_order(task)[:1])
    assert [letters(task, row) for row in idx[0]] == ["a$b$c0$d", "a$b$c0$e"]
    assert [letters(task, row) for row in targets[0]] == ["......d$", "......e$"]


def test_a_batch_of_labelled_texts(tmp_path):
    path = tmp_path / "x.csv"
    texts = ["ab", "c", *(f"q{i}" for i in range(10))]
    lines = [f'{i};" {text} ";{10 if i % 2 else 2.0}' for i, text in enumerate(texts)]
    path.write_text("\n".join(["id;text;label", *lines]), encoding="utf-8", newline="\n")
    task = task_on("classify", path, "--augment", 0)
    assert task.model.labels == ["2", "10"]  # by their value
    idx, labels = task.collate(in_file_order(task)[:2])
    assert [letters(task, row, "_") for row in idx] == ["ab\n", "c\n_"]
    assert labels.tolist() == [0, 1]
    drawn, expected = task.batch(0), task.collate(task.train)
    assert sorted(zip(map(tuple, drawn[0]), drawn[1])) == sorted(zip(map(tuple, expected[0]), expected[1]))
