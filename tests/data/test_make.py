"""data/make.py makes every tracked corpus to the byte, and says in a sentence what it cannot do."""

import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "data"))
import make

DATA = Path(make.__file__).parent


@pytest.mark.parametrize("name", make.FILES)
def test_a_corpus_is_made_as_it_is_tracked_byte_for_byte(name):
    assert make.content(name) == (DATA / make.FILES[name]).read_bytes()


def test_every_corpus_that_lies_in_the_folder_has_a_name():
    lying = {path.name for end in ("txt", "tsv", "jsonl") for path in DATA.glob(f"*.{end}")}
    assert lying == set(make.FILES.values())


def test_only_the_corpora_named_are_written(tmp_path, capsys):
    assert make.main(["messages_en", "preferences_zh"], tmp_path) == 0
    for name in ("messages_en.tsv", "preferences_zh.jsonl"):
        assert (tmp_path / name).read_bytes() == (DATA / name).read_bytes()
    assert len(list(tmp_path.iterdir())) == 2
    assert capsys.readouterr().out.startswith("messages_en.tsv: 253,865 bytes\n")


def test_all_is_every_corpus(tmp_path, monkeypatch):
    monkeypatch.setattr(make, "content", str.encode)
    assert make.main(["all"], tmp_path) == 0
    assert {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()} == {
        file: name for name, file in make.FILES.items()
    }


def test_without_a_name_the_corpora_are_listed_and_none_is_written(tmp_path):
    command = [sys.executable, str(DATA / "make.py")]
    listing = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", check=True).stdout
    assert [line.split()[0] for line in listing.splitlines()] == list(make.FILES)


@pytest.mark.parametrize("names", [["storys_en"], ["messages_en", "故事"], ["stories_en.txt"]])
def test_an_unknown_name_is_a_sentence_with_the_known_ones_before_anything_is_written(
    names, tmp_path, capsys
):
    assert make.main(names, tmp_path) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"make.py: error: there is no corpus {names[-1]!r}: choose from tales_en, ")
    assert error.count("\n") == 1 and not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path, capsys):
    assert make.main(["messages_en"], tmp_path / "missing") == 2
    error = capsys.readouterr().err
    assert "messages_en.tsv cannot be written: No such file" in error and error.count("\n") == 1
