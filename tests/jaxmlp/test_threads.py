"""Calls side by side: each made once, whoever has time."""

import os
import threading

import pytest

from jaxmlp.threads import side_by_side

MANY = 100  # more than there are threads


def test_results_are_in_order():
    assert side_by_side(lambda i: i**2, range(MANY)) == [i**2 for i in range(MANY)]
    assert side_by_side(str, []) == []


def test_calls_in_calls_wait_for_none_that_is_busy():
    def sum_below(n):
        return sum(side_by_side(lambda i: i, range(n)))

    found = side_by_side(sum_below, range(MANY))
    assert found == [n * (n - 1) // 2 for n in range(MANY)]


def test_an_error_is_raised_and_nothing_more_begun():
    begun = []

    def fail(i):
        begun.append(i)
        raise KeyboardInterrupt(i)

    with pytest.raises(KeyboardInterrupt):
        side_by_side(fail, range(10**4))
    assert len(begun) < 10**4 / 2
    assert side_by_side(str, range(3)) == ["0", "1", "2"]


def test_threads_stay():
    names = set()  # which tell threads apart also when they have ended
    for _ in range(MANY):
        side_by_side(lambda _: names.add(threading.current_thread().name), range(MANY))
    assert len(names) <= 1 + 2 * os.cpu_count()


def test_where_no_thread_can_begin_this_one_does_all(monkeypatch):
    def refuse(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert side_by_side(str, range(MANY)) == list(map(str, range(MANY)))
