"""A flag in arguments.json is one that the command line could have given."""

import argparse
import json

import pytest

from minigpt.tasks.flag_types import share, whole_number
from minigpt.tasks.saved_flags import read_saved_flags


@pytest.fixture
def read(tmp_path):
    """A function from flags to what is read of an arguments.json that holds them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--n-layer", type=whole_number(1), default=4)
    parser.add_argument("--block-size", type=whole_number(1), default=128)
    parser.add_argument("--lora-rank", type=whole_number(1))
    parser.add_argument("--val-share", type=share, default=0.1)
    parser.add_argument("--data", nargs="+", default=[])
    parser.add_argument("--out", default="out")
    parser.add_argument("--task", choices=["pretrain", "chat"], default="pretrain")
    parser.add_argument("--no-ties", action="store_true")
    parser.add_argument("--resume", action="store_true")

    def flags(**saved):
        path = tmp_path / "arguments.json"
        path.write_text(json.dumps(saved), encoding="utf-8")
        return read_saved_flags(parser, path, {"resume"})

    return flags


@pytest.mark.parametrize(
    "saved",
    [
        {"n_layer": 2, "val_share": 0.25, "data": ["a.txt", "b.txt"], "task": "chat", "no_ties": True},
        {"val_share": 0, "no_ties": False, "out": "地方"},
        {"lora_rank": None, "block_size": None},
        {"lora_rank": 8},
        {},
    ],
)
def test_what_the_flags_take_is_read_as_it_stands(read, saved):
    assert read(**saved) == saved


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_layer", None),
        ("n_layer", 0),
        ("n_layer", 2.5),
        ("n_layer", "2"),
        ("n_layer", True),
        ("val_share", 1),
        ("val_share", True),
        ("data", []),
        ("data", ["a.txt", 3]),
        ("data", "a.txt"),
        ("out", 3),
        ("task", "sing"),
        ("no_ties", 1),
        ("no_ties", None),
    ],
)
def test_what_a_flag_does_not_take_is_refused_with_the_flag_and_the_value(read, name, value):
    with pytest.raises(ValueError, match=r"arguments\.json is damaged") as refused:
        read(**{"lora_rank": 3, name: value})
    flag = "--" + name.replace("_", "-")
    assert f"{name} is {value!r}, which {flag} does not take" in str(refused.value)


@pytest.mark.parametrize("name", ["resume", "a_flag_of_tomorrow"])
def test_what_no_file_may_set_and_what_is_no_flag_are_refused_by_name(read, name):
    with pytest.raises(ValueError, match=f"sets '{name}', which is not taken from there"):
        read(**{name: True})
