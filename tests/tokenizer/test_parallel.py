import time

import pytest

from tokenizer import parallel
from tokenizer.parallel import grouped, map_in_processes


def squared_late(number):
    time.sleep(0.02 if number == 0 else 0)  # the first is done last
    return number * number


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("count", [0, 1, 4, 5, 11])
def test_results_come_in_order_and_none_is_lost(workers, count):
    assert list(map_in_processes(squared_late, range(count), workers)) == [n * n for n in range(count)]


def test_no_workers_are_refused():
    with pytest.raises(ValueError, match="workers is 0"):
        list(map_in_processes(squared_late, [1], 0))


def test_texts_are_grouped_by_their_size_and_none_is_lost_or_sent_twice(monkeypatch):
    monkeypatch.setattr(parallel, "GROUP", 4)
    groups = list(grouped(["a", "bb", "c", "dd", "eeeee", "f"]))
    assert groups == [["a", "bb", "c"], ["dd", "eeeee"], ["f"]]
    assert list(grouped([])) == []
