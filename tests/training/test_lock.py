"""A folder is had by one run at a time, and by the next as soon as that one is gone, however it went."""

import errno
import os
import re
import subprocess
import sys
import warnings

import pytest
from scripts import ROOT

from minigpt.training.lock import LOCK_FILE, lock_folder

HOLD = """
import sys
from minigpt.training.lock import lock_folder
with lock_folder(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the lock of tmp_path / "out"."""
    command = [sys.executable, "-c", HOLD, str(tmp_path / "out")]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT)
    assert process.stdout.readline().strip() == b"held"
    yield process
    process.kill()
    process.communicate()


def test_the_second_is_told_who_is_in_the_folder_and_since_when(holder, tmp_path):
    with pytest.raises(BlockingIOError) as caught, lock_folder(tmp_path / "out"):
        pass
    said = rf"out is in use by process {holder.pid} on \S+ since \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d: wait until"
    assert re.search(said, str(caught.value))
    assert holder.poll() is None and os.listdir(tmp_path / "out") == [LOCK_FILE]


def test_the_lock_of_a_process_that_ended_or_was_killed_is_taken_over(holder, tmp_path):
    holder.kill()
    holder.wait()
    assert f"process {holder.pid} " in (tmp_path / "out" / LOCK_FILE).read_text(encoding="utf-8")
    with open(tmp_path / "out" / LOCK_FILE, "a", encoding="utf-8") as file:
        file.write("whose name was longer\n" * 20)
    with lock_folder(tmp_path / "out"):
        held = (tmp_path / "out" / LOCK_FILE).read_text(encoding="utf-8")
        assert held.startswith(f"process {os.getpid()} on ") and held.count("\n") == 1
    assert os.listdir(tmp_path / "out") == []


def test_a_folder_made_for_the_lock_alone_goes_with_it_and_one_that_is_used_stays(tmp_path):
    with lock_folder(tmp_path / "a" / "b"):
        assert os.listdir(tmp_path / "a" / "b") == [LOCK_FILE]
    assert os.listdir(tmp_path) == []
    with lock_folder(tmp_path / "a" / "b"):
        (tmp_path / "a" / "b" / "model").touch()
    assert os.listdir(tmp_path / "a" / "b") == ["model"]


def test_a_lock_that_is_not_our_own_file_any_more_is_left_to_whom_it_belongs(tmp_path):
    """As when somebody deletes the folder under a run, and another run begins there."""
    (tmp_path / "out").mkdir()
    with lock_folder(tmp_path / "out"):
        if sys.platform == "win32":
            pytest.skip("Windows deletes no open file")
        (tmp_path / "out" / LOCK_FILE).unlink()
        (tmp_path / "out" / LOCK_FILE).write_text("another's", encoding="utf-8")
    assert (tmp_path / "out" / LOCK_FILE).read_text(encoding="utf-8") == "another's"


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fcntl")
def test_a_file_deleted_between_opening_and_locking_is_no_lock(tmp_path, monkeypatch):
    import fcntl

    attempts = []
    flock = fcntl.flock

    def deleted_meanwhile(descriptor, operation):
        attempts.append(descriptor)
        if len(attempts) == 1:
            (tmp_path / LOCK_FILE).unlink()
        flock(descriptor, operation)

    monkeypatch.setattr("fcntl.flock", deleted_meanwhile)
    with lock_folder(tmp_path):
        assert len(attempts) == 2
        assert (tmp_path / LOCK_FILE).exists()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fcntl")
def test_on_a_file_system_without_locks_there_is_a_warning(tmp_path, monkeypatch):
    def no_locks(descriptor, operation):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", no_locks)
    with (
        pytest.warns(UserWarning, match="cannot be locked .No locks available.: start no second run in it"),
        lock_folder(tmp_path),
    ):
        assert (tmp_path / LOCK_FILE).exists()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fcntl")
def test_a_holder_on_a_full_disk_has_no_name_but_the_lock(tmp_path, monkeypatch):
    def full(descriptor, content):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("error")
        patch.setattr(os, "write", full)
        with (
            lock_folder(tmp_path),
            pytest.raises(BlockingIOError, match="is in use by another process: wait until"),
            lock_folder(tmp_path),
        ):
            pass


def test_what_a_stranger_wrote_into_the_file_reaches_the_terminal_without_escapes(holder, tmp_path):
    if sys.platform != "win32":
        (tmp_path / "out" / LOCK_FILE).write_text("\x1b[31mme\n" + "x" * 1000, encoding="utf-8")
        with pytest.raises(BlockingIOError) as caught, lock_folder(tmp_path / "out"):
            pass
        assert "\x1b" not in str(caught.value) and len(str(caught.value)) < 500
