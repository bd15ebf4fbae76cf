"""Preferences in the forms that are written today become a prompt of turns and two answers."""

import json

import pytest

from minigpt.finetuning.preferences import read_preferences
from minigpt.finetuning.records import BadRecord


def read(tmp_path, *values):
    path = tmp_path / "p.jsonl"
    path.write_text("".join(json.dumps(value) + "\n" for value in values), encoding="utf-8", newline="\n")
    return read_preferences(path)


USER, GOOD, BAD = (
    {"role": role, "content": text}
    for role, text in (("user", "Hi?"), ("assistant", "Hello!"), ("assistant", "No."))
)
SYSTEM, EARLIER, THEN = (
    {"role": "system", "content": "Be kind."},
    {"role": "assistant", "content": "Yes?"},
    {"role": "user", "content": "Well?"},
)
PAIR = {"prompt": [("user", "Hi?")], "chosen": "Hello!", "rejected": "No."}
LONG = [("user", "Hi?"), ("assistant", "Yes?"), ("user", "Well?")]


@pytest.mark.parametrize(
    ("record", "pair"),
    [
        ({"prompt": "Hi?", "chosen": "Hello!", "rejected": "No."}, PAIR),
        ({"question": "Hi?\n", "chosen": "Hello!", "rejected": " \nNo."}, PAIR),
        ({"chosen": [USER, GOOD], "rejected": [USER, BAD]}, PAIR),
        ({"prompt": "Hi?", "chosen": [USER, GOOD], "rejected": [USER, BAD]}, PAIR),
        ({"prompt": "Hi?", "chosen": [GOOD], "rejected": [BAD]}, PAIR),
        ({"prompt": [USER], "chosen": [GOOD], "rejected": [BAD]}, PAIR),
        ({"prompt": [USER], "chosen": "Hello!", "rejected": "No."}, PAIR),
        ({"prompt": [USER], "chosen": [USER, GOOD], "rejected": [USER, BAD]}, PAIR),
        ({"prompt": None, "chosen": [USER, GOOD], "rejected": [USER, BAD]}, PAIR),
        (
            {"prompt": "Hi?", "chosen": [SYSTEM, USER, GOOD], "rejected": [SYSTEM, USER, BAD]},
            PAIR | {"prompt": [("system", "Be kind."), ("user", "Hi?")]},
        ),
        (
            {"prompt": [USER], "chosen": [EARLIER, THEN, GOOD], "rejected": [EARLIER, THEN, BAD]},
            PAIR | {"prompt": LONG},
        ),
        (
            {"chosen": [USER, EARLIER, THEN, GOOD], "rejected": [USER, EARLIER, THEN, BAD]},
            PAIR | {"prompt": LONG},
        ),
        (
            {
                "conversations": [{"from": "human", "value": "Hi?"}],
                "chosen": {"from": "gpt", "value": "Hello!"},
                "rejected": {"from": "gpt", "value": "No."},
            },
            PAIR,
        ),
        (
            {"instruction": "Greet.", "input": "Ann", "chosen": "Hello!", "rejected": "No."},
            PAIR | {"prompt": [("user", "Greet.\n\nAnn")]},
        ),
        (
            {"chosen": "\n\nHuman: Hi?\n\nAssistant: Hello!", "rejected": "\n\nHuman: Hi?\n\nAssistant: No."},
            PAIR,
        ),
        ({"prompt": "\n\nHuman: Hi?\n\nAssistant:", "chosen": " Hello!".strip(), "rejected": "No."}, PAIR),
        (
            {"prompt": "Code?", "chosen": "    return 1", "rejected": "return 1"},
            {"prompt": [("user", "Code?")], "chosen": "    return 1", "rejected": "return 1"},
        ),
    ],
)
def test_a_pair_is_read_in_every_form(tmp_path, record, pair):
    assert [found.fields for found in read(tmp_path, record)] == [pair]


@pytest.mark.parametrize(
    ("record", "sentence"),
    [
        ({"prompt": "a", "chosen": "b", "rejected": "b"}, "the chosen and the rejected answer are the same"),
        (
            {"prompt": "a", "chosen": "b", "rejected": "b\n"},
            "the chosen and the rejected answer are the same",
        ),
        ({"prompt": "a", "chosen": "b"}, "the field 'rejected' is missing (there are: prompt, chosen)"),
        ({"prompt": "a", "chosen": "b", "rejected": " "}, "the field 'rejected' is empty"),
        ({"chosen": "b", "rejected": "c"}, "the field 'prompt' is missing (there are: chosen, rejected)"),
        ({"prompt": "", "chosen": "b", "rejected": "c"}, "the field 'prompt' is missing"),
        (
            {"prompt": "Ho?", "chosen": [USER, GOOD], "rejected": [USER, BAD]},
            "the prompt is not what stands before the answers",
        ),
        ({"chosen": [USER, GOOD], "rejected": [THEN, BAD]}, "the two answers differ before their last turn"),
        (
            {"chosen": [USER, GOOD], "rejected": [USER, BAD, THEN, BAD]},
            "the two answers differ before their last turn",
        ),
        (
            {"prompt": "a", "chosen": [USER], "rejected": [USER]},
            "'chosen' ends with a turn of the user, not with an answer",
        ),
        ({"prompt": "a", "chosen": [], "rejected": [BAD]}, "the field 'chosen' is [] but must be a text"),
        (
            {"chosen": "\n\nHuman: Hi?\n\nAssistant:", "rejected": "\n\nHuman: Hi?\n\nAssistant: No."},
            "a turn of the prompt, or an answer, is empty",
        ),
        (
            {"prompt": "a", "chosen": [{"role": "tool", "content": "4"}], "rejected": "b"},
            "'chosen' calls tools, which a model of text cannot do",
        ),
    ],
)
def test_one_pair_that_cannot_be_used_is_named_and_the_others_stay(tmp_path, record, sentence):
    good, bad = read(tmp_path, {"prompt": "Hi?", "chosen": "Hello!", "rejected": "No."}, record)
    assert good.fields == PAIR
    assert isinstance(bad, BadRecord)
    assert str(bad).startswith(f"{tmp_path}/p.jsonl:2: {sentence}")
