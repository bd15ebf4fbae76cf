"""The file that a benchmark writes: its rows, and what a reader needs to know of the machine."""

import argparse
import json
import subprocess
from datetime import datetime, timezone

import numpy as np
import pytest

from benchmarks import report

ROWS = [{"name": "encode 中文", "ours": 0.25, "peer": None}, {"name": "train", "ours": 1.5, "peer": 3.0}]


@pytest.fixture
def written(tmp_path):
    path = tmp_path / "table.json"
    report.write_json(path, "tokenizers", {"vocab_size": 300}, ROWS)
    return json.loads(path.read_text(encoding="utf-8"))


def test_rows_and_settings_come_back_as_they_were(written):
    assert written["benchmark"] == "tokenizers"
    assert written["settings"] == {"vocab_size": 300}
    assert written["rows"] == ROWS


def test_the_file_says_on_which_machine_and_with_which_libraries(written):
    assert written["processor"].strip() and written["cores"] >= 1
    assert written["libraries"]["numpy"] == np.__version__
    for blas in written["blas"]:
        assert blas.keys() == {"name", "version", "kernels"}
    age = datetime.now(timezone.utc) - datetime.fromisoformat(written["date"])
    assert 0 <= age.total_seconds() < 60


def test_a_file_that_cannot_be_written_is_refused_before_anything_is_measured(tmp_path, capsys):
    parser = argparse.ArgumentParser()
    report.add_json_flag(parser)
    assert parser.parse_args(["--json", str(tmp_path / "t.json")]).json == tmp_path / "t.json"
    for path in (tmp_path, tmp_path / "no folder" / "t.json"):
        with pytest.raises(SystemExit):
            parser.parse_args(["--json", str(path)])
        assert f"{path} cannot be written" in capsys.readouterr().err


def test_libraries_that_are_missing_are_left_out(monkeypatch):
    monkeypatch.setattr(report, "LIBRARIES", ("numpy", "no-such-package"))
    assert report.machine()["libraries"].keys() == {"numpy"}


def test_the_lines_above_a_table_name_processor_cores_blas_and_versions():
    here, lines = report.machine(), report.describe_machine()
    for part in (here["processor"], f"{here['cores']} cores", np.__version__):
        assert part in lines
    assert all(blas["name"] in lines for blas in here["blas"])


def test_the_commit_is_the_one_that_is_checked_out_and_changes_are_owned_up_to(tmp_path, monkeypatch):
    def git(*arguments):
        identity = ["-c", "user.name=n", "-c", "user.email=e", "-c", "commit.gpgsign=false"]
        answer = subprocess.run(["git", *identity, *arguments], cwd=tmp_path, capture_output=True, check=True)
        return answer.stdout.decode("utf-8").strip()

    try:
        git("init")
    except OSError:
        pytest.skip("there is no git here")
    (tmp_path / "file").write_text("one", encoding="utf-8", newline="\n")
    git("add", "file")
    git("commit", "-m", "one")
    monkeypatch.setattr(report, "ROOT", tmp_path)
    assert report.commit() == {"commit": git("rev-parse", "HEAD"), "changed": False}
    (tmp_path / "new").write_text("untracked", encoding="utf-8", newline="\n")
    assert not report.commit()["changed"]
    (tmp_path / "file").write_text("two", encoding="utf-8", newline="\n")
    assert report.commit()["changed"]


def test_outside_of_a_checkout_there_is_no_commit(tmp_path, monkeypatch):
    monkeypatch.setattr(report, "ROOT", tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert report.commit() == {"commit": None, "changed": None}
    monkeypatch.setenv("PATH", "")
    assert report.commit() == {"commit": None, "changed": None}
