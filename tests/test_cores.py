"""BLAS has one thread where minigpt computes, and the caller finds it as it was; a team works and meets."""

import threading
import time
import weakref

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

import generate as generate_script
import train as train_script
from minigpt.cores import Team, cores, one_blas_thread
from minigpt.learn import __main__ as learn_script


def blas_threads():
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


@pytest.mark.parametrize("number", [1, 2, 3])
def test_blas_has_one_thread_inside_and_the_callers_number_after(number):
    with threadpool_limits(number, user_api="blas"):
        with one_blas_thread:
            assert blas_threads() == {1}
            with one_blas_thread:
                assert blas_threads() == {1}
            assert blas_threads() == {1}
        assert blas_threads() == {number}


def test_the_callers_number_comes_back_after_an_error():
    with threadpool_limits(2, user_api="blas"):
        with pytest.raises(ZeroDivisionError), one_blas_thread:
            1 / 0  # noqa: B018
        assert blas_threads() == {2}


def test_of_two_threads_the_last_to_leave_gives_the_number_back():
    entered, may_leave = threading.Event(), threading.Event()

    def other():
        with one_blas_thread:
            entered.set()
            may_leave.wait()

    with threadpool_limits(2, user_api="blas"):
        thread = threading.Thread(target=other)
        with one_blas_thread:
            thread.start()
            entered.wait()
        assert blas_threads() == {1}
        may_leave.set()
        thread.join()
        assert blas_threads() == {2}


def test_a_thread_may_compute_while_another_holds_blas_at_a_number_of_its_own():
    found = []

    def other():
        with one_blas_thread:
            found.append(blas_threads())
        found.append(blas_threads())

    with threadpool_limits(2, user_api="blas"):  # from then on this thread decides, says threadpoolctl
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        assert found == [{1}, {2}]


@pytest.mark.parametrize("n_cores", [1, 2, 16])
def test_as_many_threads_are_allowed_as_blas_had_outside_at_most_one_a_core(n_cores, monkeypatch):
    monkeypatch.setattr("minigpt.cores.cores", lambda: n_cores)
    for number in (1, 2, 3):
        with threadpool_limits(number, user_api="blas"):
            assert one_blas_thread.threads_allowed() == min(number, n_cores)
            with one_blas_thread, one_blas_thread:
                assert one_blas_thread.threads_allowed() == min(number, n_cores)
    assert cores() >= 1


def test_the_scripts_compute_with_one_blas_thread(monkeypatch):
    found = []
    monkeypatch.setattr(generate_script, "run", lambda args: found.append(blas_threads()))
    monkeypatch.setattr(train_script, "train", lambda args: found.append(blas_threads()))
    monkeypatch.setattr(train_script, "train_arguments", lambda: None)
    monkeypatch.setattr(learn_script.list, "run", lambda args: found.append(blas_threads()))
    monkeypatch.setattr("sys.argv", ["generate.py"])
    with threadpool_limits(2, user_api="blas"):
        generate_script.main()
        train_script.main()
        learn_script.main(["list"])
        assert found == [{1}] * 3 and blas_threads() == {2}


@pytest.mark.parametrize("size", [1, 2, 3])
def test_every_member_works_once_and_sees_after_a_meeting_what_all_did_before(size):
    team, done, seen = Team(size), [0] * size, [None] * size

    def work(member):
        for turn in range(20):
            done[member] += 1
            team.meet()
            seen[member] = list(done)
            team.meet()
            assert seen[member] == [turn + 1] * size

    team.run(work)
    assert done == [20] * size


@pytest.mark.parametrize("guilty", [0, 1, 2])
def test_an_error_of_any_member_comes_out_frees_those_who_wait_and_leaves_the_team_whole(guilty):
    team = Team(3)
    team.barrier = threading.Barrier(3, timeout=10)
    started = time.monotonic()

    def work(member):
        if member == guilty:
            raise KeyError(f"member {member}")
        team.meet()

    for _ in range(2):
        with pytest.raises(KeyError, match=f"member {guilty}"):
            team.run(work)
    assert time.monotonic() - started < 10
    met = []
    team.run(lambda member: (team.meet(), met.append(member)))
    assert sorted(met) == [0, 1, 2]


def test_where_no_thread_can_be_started_a_sentence_says_what_to_do(monkeypatch):
    def refuse(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(MemoryError, match="set OMP_NUM_THREADS=1"):
        Team(2).run(lambda member: None)


@pytest.mark.parametrize(("size", "n"), [(1, 5), (2, 5), (3, 100), (5, 3), (4, 0)])
def test_every_piece_is_done_once_by_whoever_is_free(size, n):
    team, done = Team(size), []
    for _ in range(20):
        team.each(n, done.append)
        assert sorted(done) == list(range(n))
        done.clear()


def test_pieces_are_done_at_the_same_time():
    barrier = threading.Barrier(3, timeout=10)
    Team(3).each(3, lambda piece: barrier.wait())


def test_a_member_without_a_processor_keeps_nobody_waiting_and_finds_no_piece_when_it_comes():
    team, may_go_on, done, in_time = Team(2), threading.Event(), [], []
    team.calls[0].put(lambda: in_time.append(may_go_on.wait(10)))
    team.each(5, lambda piece: done.append((piece, threading.current_thread())))
    assert done == [(piece, threading.current_thread()) for piece in range(5)]
    may_go_on.set()
    team.run(lambda member: done.append(member))  # after what was left for it
    assert sorted(done[5:]) == [0, 1] and in_time == [True]


def test_an_error_in_a_piece_comes_out_when_the_other_pieces_are_done():
    team, done = Team(2), []

    def work(piece):
        if piece == 1:
            raise KeyError("piece 1")
        done.append(piece)

    for _ in range(2):
        with pytest.raises(KeyError, match="piece 1"):
            team.each(5, work)
        assert sorted(done) == [0, 2, 3, 4]
        done.clear()


def team_threads():
    return sum(thread.name == "team" for thread in threading.enumerate())


def test_the_threads_of_a_team_end_with_it_and_hold_nothing_of_its_work():
    def run_one():
        held = np.zeros(1)
        team = Team(3)
        team.run(lambda member: held.sum())
        team.each(7, lambda piece: held.sum())
        assert team_threads() == found + 2
        return weakref.ref(held), team

    found = team_threads()
    held, team = run_one()
    assert wait_until(lambda: held() is None)
    del team
    assert wait_until(lambda: team_threads() == found)


def wait_until(condition):
    """Whether it comes true within ten seconds."""
    end = time.monotonic() + 10
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


@pytest.mark.parametrize(("size", "n"), [(1, 5), (2, 5), (3, 5), (5, 3), (4, 0)])
def test_shares_are_nearly_equal_and_make_up_the_whole(size, n):
    parts = [range(n)[Team(size).share(member, n)] for member in range(size)]
    assert np.concatenate(parts).tolist() == list(range(n))
    lengths = [len(part) for part in parts]
    assert max(lengths) - min(lengths) <= 1
