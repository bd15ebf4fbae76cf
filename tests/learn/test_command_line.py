"""The commands of python -m minigpt.learn beside `step` and `check`: their flags, and what they write."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from scripts import ROOT, run_main

from minigpt.learn import __main__, progress
from minigpt.learn.exercise import Exercise
from minigpt.learn.exercises import ORDER
from minigpt.learn.language import choose, system_language


@pytest.fixture(autouse=True)
def english(monkeypatch):
    """A system that speaks English, in which only --lang can ask for Chinese."""
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")


def said(*arguments, status=0):
    return run_main(__main__.main, *arguments, status=status)


def done_in(folder):
    return json.loads((folder / ".progress.json").read_text(encoding="utf-8"))


def test_a_command_has_to_be_given_and_every_one_has_its_help():
    assert "required: COMMAND" in said(status=2)[1]
    for command in "step list start check hint solution reference compare".split():
        assert f"python -m minigpt.learn {command}" in said(command, "--help")[0]


def test_a_flag_cannot_be_shortened():
    for arguments in (["list", "--fold", "x"], ["--hel"]):
        assert "Traceback" not in said(*arguments, status=2)[1]


@pytest.mark.parametrize("error", [FileNotFoundError("no such file: a"), ValueError("b is no number")])
def test_an_error_is_a_sentence_on_standard_error_and_the_status_is_2(error, monkeypatch):
    def fail(args):
        raise error

    monkeypatch.setattr("minigpt.learn.list.run", fail)
    assert said("list", status=2) == ("", f"python -m minigpt.learn: error: {error}\n")


@pytest.mark.skipif(sys.platform == "win32", reason="a pipe breaks otherwise there")
@pytest.mark.parametrize(
    ("error", "ends"), [("KeyboardInterrupt", (130, "\n", "")), ("BrokenPipeError", (1, "", ""))]
)
def test_ctrl_c_and_a_reader_who_has_enough_end_it_without_a_traceback(error, ends):
    code = (
        "from minigpt.learn import __main__, list\n"
        f"def run(args):\n    raise {error}\n"
        "list.run = run\n__main__.main(['list'])"
    )
    process = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (process.returncode, process.stdout, process.stderr) == ends


def test_a_name_may_be_written_with_hyphens(tmp_path):
    folder = ["--folder", tmp_path]
    assert "def linear_backward" not in said("start", "causal-mask", *folder)[0]
    assert (tmp_path / "causal_mask.py").is_file()
    assert said("hint", "causal-mask", *folder)[0].startswith("1/")
    assert "def " in said("solution", "causal-mask")[0]


def test_the_list_is_in_the_order_of_the_course_numbered_from_1_in_the_language_asked_for(tmp_path):
    progress.write_progress(tmp_path, {"done": ["windows", "no_more"], "hints": {}})
    lines = said("list", "--folder", tmp_path, "--lang", "zh")[0].splitlines()
    assert len(lines) == len(ORDER) + 1 and lines[-1] == f"已完成 1 / {len(ORDER)}"
    for number, (name, line) in enumerate(zip(ORDER, lines), 1):
        tick = "✓" if name == "windows" else " "
        assert line.startswith(f"{tick} {number:>2}  {name} ") and Exercise(name).data.TITLE[1] in line


def test_each_hint_is_shown_with_those_before_it_and_the_last_again_and_again(tmp_path):
    hints, folder = Exercise("softmax").data.HINTS, ["--folder", tmp_path / "a" / "b", "--lang", "zh"]
    for shown in (*range(1, len(hints) + 1), len(hints)):
        lines = said("hint", "softmax", *folder)[0].splitlines()
        expected = [f"{n}/{len(hints)}  {hint[1]}" for n, hint in enumerate(hints[:shown], 1)]
        assert lines[:shown] == expected
        assert len(lines) == shown + (shown == len(hints))
        assert done_in(tmp_path / "a" / "b")["hints"] == {"softmax": shown}
    assert "minigpt.learn solution softmax" in lines[-1] and "最后" in lines[-1]


def test_a_solution_is_shown_with_another_way_under_a_heading():
    exercise = Exercise("softmax")
    expected = f"{exercise.solution.rstrip()}\n\n\n# 另一种写法\n\n{exercise.another.rstrip()}\n"
    assert said("solution", "softmax", "--lang", "zh")[0] == expected


def test_start_writes_into_the_folder_in_the_language_and_says_what_to_do(tmp_path):
    path = tmp_path / "a" / "b" / "softmax.py"
    out, _ = said("start", "softmax", "--folder", path.parent, "--lang", "zh")
    assert (
        path.read_text(encoding="utf-8") == Exercise("softmax").start("zh") != Exercise("softmax").start("en")
    )
    assert out == f"{path}：写出函数 softmax，然后运行 python -m minigpt.learn check {path}\n"
    path.write_text("mine", encoding="utf-8")
    assert "not written over" in said("start", "softmax", "--folder", path.parent, status=2)[1]
    assert path.read_text(encoding="utf-8") == "mine"


def test_files_lie_in_my_where_no_folder_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said("start", "softmax")
    said("hint", "softmax")
    assert {path.name for path in (tmp_path / "my").iterdir()} == {"softmax.py", ".progress.json"}


@pytest.mark.parametrize("content", ['{"done": {}}', '{"hints": []}', '{"done": [], "hints": 3}', "[]", "{"])
def test_a_damaged_record_of_progress_is_refused_and_named(tmp_path, content):
    (tmp_path / ".progress.json").write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=r"\.progress\.json"):
        progress.read_progress(tmp_path)


def test_nothing_is_done_in_a_folder_that_is_not_there(tmp_path):
    assert progress.read_progress(tmp_path / "no such folder") == {"done": [], "hints": {}}


def test_progress_comes_back_as_it_was_written(tmp_path):
    written = {"done": ["softmax"], "hints": {"linear": 2}}
    progress.write_progress(tmp_path / "new" / "folder", written)
    assert progress.read_progress(tmp_path / "new" / "folder") == written


# --- the language


@pytest.mark.parametrize(
    ("variables", "language"),
    [
        ({"LC_MESSAGES": "zh_CN.UTF-8", "LANG": "en_GB.UTF-8"}, "zh"),
        ({"LC_ALL": "", "LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LC_ALL": "en_GB", "LC_MESSAGES": "zh_CN", "LANG": "zh_CN"}, "en"),
        ({"LANG": "zh_TW.Big5"}, "zh"),
    ],
)
def test_the_first_variable_that_says_something_decides(variables, language, monkeypatch):
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert system_language() == language
    assert choose(("English", "中文")) == ("中文" if language == "zh" else "English")
    assert [choose(("English", "中文"), lang) for lang in ("en", "zh")] == ["English", "中文"]


# --- check


def right_file(folder, exercise="softmax", name=None):
    path = folder / f"{name or exercise}.py"
    path.write_text(Exercise(exercise).solution, encoding="utf-8", newline="\n")
    return path


@pytest.fixture
def examined(monkeypatch):
    """What `check` asks the examination for; every file is right, none is run."""
    calls = []

    def examine_apart(name, path, lang, seconds):
        calls.append((name, path, lang, seconds))
        return "wrong" not in path.read_text(encoding="utf-8"), "said of it"

    monkeypatch.setattr("minigpt.learn.check.examine_apart", examine_apart)
    return calls


def test_check_takes_exercise_language_and_seconds_from_its_flags(tmp_path, examined):
    path = right_file(tmp_path, name="mine")
    out, _ = said("check", path, "--exercise", "softmax", "--lang", "zh", "--seconds", 3.5)
    assert examined == [("softmax", path, "zh", 3.5)]
    assert out == "said of it\n下一题：python -m minigpt.learn start cross_entropy\n"


def test_what_is_right_is_ticked_once_beside_the_file_and_what_is_wrong_is_not(tmp_path, examined):
    path = right_file(tmp_path)
    for _ in range(2):
        said("check", path)
        assert done_in(tmp_path) == {"done": ["softmax"], "hints": {}}
    other = right_file(tmp_path, "linear")
    other.write_text("wrong", encoding="utf-8")
    assert said("check", other, status=1)[0] == "said of it\n"
    assert done_in(tmp_path)["done"] == ["softmax"]
    assert not (tmp_path.parent / ".progress.json").exists()


def test_next_is_the_first_exercise_behind_that_is_not_done(tmp_path, examined):
    progress.write_progress(tmp_path, {"done": ["cross_entropy", "linear"], "hints": {}})
    assert "start cross_entropy_backward\n" in said("check", right_file(tmp_path))[0]
    assert "Next" not in said("check", right_file(tmp_path, "lora"))[0]


def test_a_file_that_is_not_there_is_not_examined(tmp_path, examined):
    assert "there is no file" in said("check", tmp_path / "softmax.py", status=2)[1]
    assert f"as {Path('my') / 'softmax.py'}, which `start softmax`" in said("check", "softmax", status=2)[1]
    assert examined == []
