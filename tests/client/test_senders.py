"""Threads that go on with the next document by themselves lose none, whenever it is handed."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future, wait
from typing import Any

import pytest

from paperhook.client.senders import Senders


def _doubled(number: int) -> int:
    return number * 2


def test_each_is_taken_back_with_what_was_made_of_it():
    senders = Senders(_doubled, most=3, under_way=set())

    for number in range(100):
        senders.hand(number)

    assert sorted(senders.take() for _ in range(100)) == [(number, number * 2) for number in range(100)]
    assert senders.count == 0
    senders.close()


def test_one_that_is_handed_while_a_thread_ends_is_sent():
    # With one thread, each comes when the last was sent: at the very moment when the thread finds nothing and ends.
    senders = Senders(_doubled, most=1, under_way=set())

    for number in range(2000):
        senders.hand(number)
        assert senders.take() == (number, number * 2)

    senders.close()


def test_one_that_is_handed_after_a_thread_ended_is_sent_while_nobody_takes():
    under_way, sent = set[Future[Any]](), threading.Semaphore(0)

    def send(_: int) -> None:
        sent.release()

    senders = Senders(send, most=1, under_way=under_way)
    for number in range(3):
        senders.hand(number)
        assert sent.acquire(timeout=5)
        wait(under_way.copy(), 5)

    senders.close()


def test_no_more_are_sent_at_once_than_there_are_threads():
    lock, now, most = threading.Lock(), 0, 0

    def send(_: int) -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.002)
        with lock:
            now -= 1

    senders = Senders(send, most=3, under_way=set())
    for number in range(20):
        senders.hand(number)
    for _ in range(20):
        senders.take()
    senders.close()

    assert most == 3


def test_what_is_raised_in_a_thread_is_raised_where_it_is_taken():
    def send(_: int) -> None:
        raise KeyError("theirs")

    senders = Senders(send, most=2, under_way=set())
    senders.hand(1)

    with pytest.raises(KeyError, match="theirs"):
        senders.take()
    senders.close()


def test_what_waits_is_not_sent_when_it_is_closed_and_what_is_under_way_is_known():
    begun, go_on, sent, under_way = threading.Event(), threading.Event(), list[int](), set[Future[Any]]()

    def send(number: int) -> None:
        begun.set()
        go_on.wait(5)
        sent.append(number)

    senders = Senders(send, most=1, under_way=under_way)
    senders.hand(1)
    senders.hand(2)
    assert begun.wait(5)
    (running,) = under_way

    senders.close()
    go_on.set()
    running.result(5)

    assert sent == [1]
