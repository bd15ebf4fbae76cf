"""Dialogues in the forms that are written today become turns of user, assistant and system."""

import json

import pytest

from minigpt.finetuning.conversations import read_dialogues, turns_of_transcript
from minigpt.finetuning.records import BadRecord


def read(tmp_path, *values, name="d.jsonl"):
    path = tmp_path / name
    path.write_text("".join(json.dumps(value) + "\n" for value in values), encoding="utf-8", newline="\n")
    return read_dialogues(path)


def said(role, content, **more):
    return {"role": role, "content": content, **more}


ASKED, ANSWERED = said("user", "Hi?"), said("assistant", "Hello!")
TURNS = [("user", "Hi?"), ("assistant", "Hello!")]
CALL = {"tool_calls": [{"id": "x", "type": "function", "function": {"name": "f", "arguments": "{}"}}]}


@pytest.mark.parametrize(
    ("record", "turns"),
    [
        ({"messages": [ASKED, ANSWERED]}, TURNS),
        ([[ASKED, ANSWERED]], TURNS),
        ({"conversations": [{"from": "human", "value": "Hi?"}, {"from": "gpt", "value": "Hello!"}]}, TURNS),
        (
            {"conversations": [{"from": "User", "value": "Hi?"}, {"from": "ChatGPT", "value": "Hello!"}]},
            TURNS,
        ),
        ({"conversation": [ASKED, ANSWERED], "id": 7}, TURNS),
        ({"messages": [said("system", "Be kind."), ASKED, ANSWERED]}, [("system", "Be kind."), *TURNS]),
        ({"messages": [said("developer", "Be kind."), ASKED, ANSWERED]}, [("system", "Be kind."), *TURNS]),
        ({"system": "Be kind.", "conversations": [ASKED, ANSWERED]}, [("system", "Be kind."), *TURNS]),
        ({"system": "", "messages": [said("system", ""), ASKED, ANSWERED]}, TURNS),
        ({"messages": [said("user", [{"type": "text", "text": "Hi?"}]), ANSWERED]}, TURNS),
        ({"messages": [said("user", [{"type": "input_text", "text": "H"}, "i?"]), ANSWERED]}, TURNS),
        (
            {"messages": [said("user", "\nHi?\r\n"), said("assistant", " - a\r\n - b ")]},
            [TURNS[0], ("assistant", " - a\n - b")],
        ),
        ({"messages": [said("user", 7), said("assistant", "7.")]}, [("user", "7"), ("assistant", "7.")]),
    ],
)
def test_a_dialogue_is_read_in_every_form(tmp_path, record, turns):
    (dialogue,) = read(tmp_path, record)
    assert dialogue.fields == {"turns": turns, "n_tools": 0}
    assert dialogue.where == f"{tmp_path}/d.jsonl:1"


@pytest.mark.parametrize(
    ("middle", "n_tools", "between"),
    [
        ([said("assistant", None, **CALL), said("tool", "4", tool_call_id="x")], 2, []),
        ([said("assistant", "", **CALL), said("tool", "4"), said("tool", "5")], 3, []),
        ([said("assistant", "Let me see.", **CALL), said("tool", "4")], 1, [("assistant", "Let me see.")]),
        ([said("assistant", None, function_call={"name": "f"}), said("function", "4")], 2, []),
        ([{"from": "function_call", "value": "f()"}, {"from": "observation", "value": "4"}], 2, []),
    ],
)
def test_calls_of_tools_are_left_out_and_counted_and_the_dialogue_stays(tmp_path, middle, n_tools, between):
    (dialogue,) = read(tmp_path, {"messages": [ASKED, *middle, ANSWERED]})
    assert dialogue.fields == {"turns": [TURNS[0], *between, TURNS[1]], "n_tools": n_tools}


@pytest.mark.parametrize(
    ("record", "sentence"),
    [
        ({}, "the field 'messages' is missing (there are: none)"),
        (
            {"instruction": "a", "output": "b"},
            "the field 'messages' is missing (there are: instruction, output); --task instruct learns",
        ),
        ({"messages": "Hi"}, "the messages are 'Hi' but must be a list"),
        ({"messages": ["Hi"]}, "a message is 'Hi' but must be an object"),
        (
            {"messages": [said("bot", "Hi")]},
            "a message has the role 'bot' but must have user, assistant or system",
        ),
        ({"messages": [{"content": "Hi"}]}, "a message has the role None but must have"),
        ({"messages": [{"role": "user"}]}, "the field 'content' is missing"),
        ({"messages": [ASKED, said("assistant", None)]}, "the field 'content' is missing"),
        ({"messages": [ASKED, said("assistant", " \n")]}, "the field 'content' is empty"),
        ({"conversations": [{"from": "human", "value": ""}]}, "the field 'value' is empty"),
        ({"messages": [ASKED]}, "nobody answers in this dialogue"),
        ({"messages": []}, "nobody answers in this dialogue"),
        ({"messages": [ASKED, said("assistant", None, **CALL)]}, "nobody answers in this dialogue"),
        (
            {"messages": [said("user", [{"type": "image_url", "image_url": "x"}]), ANSWERED]},
            "a message holds a part 'image_url', but only text can be read",
        ),
        ({"messages": [said("user", [7]), ANSWERED]}, "a message holds a part 7, but only"),
        (
            {"messages": [ASKED, said("assistant", "No.", weight=0)]},
            "an answer has the weight 0, but every answer would be learned",
        ),
        (7, "the messages are 7 but must be a list"),
    ],
)
def test_one_dialogue_that_cannot_be_used_is_named_and_the_others_stay(tmp_path, record, sentence):
    good, bad, another = read(
        tmp_path, {"messages": [ASKED, ANSWERED]}, record, {"messages": [ASKED, ANSWERED]}
    )
    assert isinstance(bad, BadRecord)
    assert str(bad).startswith(f"{tmp_path}/d.jsonl:2: {sentence}")
    assert good.fields["turns"] == another.fields["turns"] == TURNS


def test_dialogues_of_a_text_file_alternate_and_are_parted_by_blank_lines(tmp_path):
    path = tmp_path / "d.txt"
    path.write_text("\n你好。\n你好！ \n \n\nHi.\r\n  Hello.\nBye.\n\nalone\n", encoding="utf-8", newline="")
    first, second, third = read_dialogues(path)
    assert first.fields["turns"] == [("user", "你好。"), ("assistant", "你好！")]
    assert second.fields["turns"] == [("user", "Hi."), ("assistant", "  Hello."), ("user", "Bye.")]
    assert (first.line, second.line) == (2, 6)
    assert str(third) == f"{path}:10: nobody answers in this dialogue"


def test_columns_hold_no_dialogues(tmp_path):
    (tmp_path / "d.csv").write_text("Hi,Hello\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"d\.csv must be a \.txt, \.jsonl or \.json file of dialogues"):
        read_dialogues(tmp_path / "d.csv")


def test_a_transcript_is_parted_at_its_marks():
    text = "\n\nHuman: Hi?\n\nTell me.\n\nAssistant: Hello!\n\nHuman: And?\n\nAssistant:"
    assert turns_of_transcript(text) == [
        ("user", "Hi?\n\nTell me."),
        ("assistant", "Hello!"),
        ("user", "And?"),
        ("assistant", ""),
    ]
    assert turns_of_transcript("He said: Human: no") is None
    assert turns_of_transcript("Assistant: yes") is None
