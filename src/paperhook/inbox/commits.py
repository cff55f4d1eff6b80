"""Group commit: one thread owns the store, and all that queued while the last commit ran goes into the next.

Nobody waits on purpose: a single caller gets a commit of its own at once, and under load a commit serves many.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from operator import attrgetter
from queue import Empty, SimpleQueue
from typing import Any, Generic, Protocol, TypeVar

from ..errors import InboxUnavailable
from ..forking import start_anew_after_fork
from .bridge import Bridge, LoopAnswer, together

#: What work is done with: the connection.
C = TypeVar("C")
A = TypeVar("A")
T = TypeVar("T")

#: So that one transaction stays short and its memory bounded, and below the gigabyte that PostgreSQL takes at once.
MAX_GROUP = 512
#: A group takes nobody in any more once it carries as much.
MAX_GROUP_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Work(Generic[C, A, T]):
    """One kind of operation, which serves all that asked for it in one go.

    A statement for each of a hundred callers costs more than the commit: each one gives the interpreter's lock away
    and waits to get it back.
    """

    #: Takes the connection and what each caller asked; gives each its answer, in order.
    run: Callable[[C, Sequence[A]], Sequence[T]] = field(repr=False)
    #: The works of a group run in this order.
    turn: int
    #: Tells of what one caller asked how much it carries.
    size_bytes: Callable[[A], int] = field(default=lambda _: 0, repr=False, compare=False)


class Transactions(Protocol[C]):
    """A store as the thread sees it; only that thread calls `run` and `close`."""

    def run(self, asks: Sequence[Ask[C]]) -> Sequence[Any]:
        """Do what was asked in one transaction and commit.

        Returns:
            For each its answer, or the exception that was its own fault and cost the others nothing.

        Raises:
            InboxError: If the store failed; then nothing was stored.
        """
        ...

    def close(self) -> None:
        """Let go of the store; `run` would open it again."""
        ...

    def forget(self) -> None:
        """Let go without touching the store: it belongs to the process that forked this one."""
        ...


@dataclass(slots=True)
class Ask(Generic[C]):
    """What one caller wants done."""

    work: Work[C, Any, Any]
    argument: Any = field(repr=False)
    future: Future[Any] | LoopAnswer[Any]


class GroupCommit(Generic[C]):
    """Does what is asked on a thread that starts with the first ask.

    Args:
        transactions: The store.
        name: Of the thread.
        told: Called on the thread with what a transaction did, once its answers are given.
        enough: Of what is asked on a loop, as much as the thread is given before the loop has gone round. Worth it where
            the store works by itself meanwhile, such as a server; else the thread would wait for the loop anyway.
    """

    def __init__(
        self,
        transactions: Transactions[C],
        *,
        name: str,
        told: Callable[[Sequence[Ask[C]]], None] = lambda _: None,
        enough: int = MAX_GROUP,
    ) -> None:
        self._transactions = transactions
        self._told = told
        self._name = name
        self.enough: int = enough
        self._begin()
        start_anew_after_fork(self)

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._asks: SimpleQueue[Ask[C] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._is_closed = False

    def ask(self, work: Work[C, A, T], argument: A) -> Future[T]:
        """Queue some work; its future has a result once the transaction is committed."""
        future: Future[T] = Future()
        self.take([Ask(work, argument, future)])
        return future

    def ask_on(
        self,
        bridge: Bridge,
        work: Work[C, A, T],
        argument: A,
        then: Callable[[tuple[Any, ...]], Any] | None = None,
    ) -> asyncio.Future[T]:
        """Do the same for a caller on the loop of a bridge; `then` as for `Bridge.answer`."""
        answer: LoopAnswer[T] = bridge.answer(then)
        bridge.ask(self, Ask(work, argument, answer))
        return answer.waiting

    def take(self, asks: Sequence[Ask[C]]) -> None:
        """Queue what was asked; where that cannot be, it is answered so."""
        with self._lock:
            refusal = self._start()
            if refusal is None:
                for ask in asks:
                    self._asks.put(ask)
                return
        for ask in asks:
            ask.future.set_exception(refusal)

    def _start(self) -> InboxUnavailable | None:
        """Have the thread run; else say why it cannot."""
        if self._is_closed:
            return InboxUnavailable("the inbox is closed")
        if self._thread is None:
            thread = threading.Thread(target=self._serve, name=self._name, daemon=True)
            try:
                thread.start()
            except RuntimeError:
                # The system has no more of them now; what was queued nobody would answer.
                return InboxUnavailable("no thread could be started for the store")
            self._thread = thread
        return None

    def close(self) -> None:
        """Finish what was asked and end the thread; calling twice is fine."""
        with self._lock:
            if self._thread is not None and not self._is_closed:
                self._asks.put(None)
            self._is_closed = True
        # The last reference may go away on the thread itself, in a callback of a future.
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def start_anew(self) -> None:
        """Begin again in a forked process, where the thread does not exist and locks may be held for ever."""
        was_closed = self._is_closed
        self._transactions.forget()
        self._begin()
        self._is_closed = was_closed

    def _serve(self) -> None:
        is_open = True
        while is_open:
            group, is_open = self._next_group()
            if group and _settle(self._transactions, group):
                self._told(group)
            # An idle thread must not keep the last answers alive.
            del group
        self._transactions.close()

    def _next_group(self) -> tuple[list[Ask[C]], bool]:
        group: list[Ask[C]] = []
        size_bytes = 0
        ask = self._asks.get()
        while ask is not None:
            # A caller that went away before its turn wants nothing stored.
            if ask.future.set_running_or_notify_cancel():
                group.append(ask)
                size_bytes += _size_bytes(ask)
            if len(group) == MAX_GROUP or size_bytes >= MAX_GROUP_BYTES:
                return group, True
            try:
                ask = self._asks.get_nowait()
            except Empty:
                return group, True
        return group, False


def _size_bytes(ask: Ask[Any]) -> int:
    try:
        return ask.work.size_bytes(ask.argument)
    except Exception:  # noqa: BLE001 - what is wrong with it comes out when it is done, and is its own fault
        return 0


def _settle(transactions: Transactions[C], group: Sequence[Ask[C]]) -> bool:
    """Do what a group asks and answer it; tell whether the store did it."""
    is_done = True
    try:
        answers = transactions.run(group)
    except Exception as error:  # noqa: BLE001 - whoever asked must hear of it, and the thread must live
        answers = [error] * len(group)
        is_done = False
    with together():
        for ask, answer in zip(group, answers, strict=True):
            if isinstance(answer, Exception):
                ask.future.set_exception(answer)
            else:
                ask.future.set_result(answer)
    return is_done


def by_work(connection: C, asks: Sequence[Ask[C]]) -> list[Any]:
    """Do the same work for all that asked for it, the works in their turn."""
    places: dict[Any, list[int]] = {}
    for place, ask in enumerate(asks):
        places.setdefault(ask.work, []).append(place)
    answers: list[Any] = [None] * len(asks)
    for work in sorted(places, key=attrgetter("turn")):
        served = work.run(connection, [asks[place].argument for place in places[work]])
        for place, answer in zip(places[work], served, strict=True):
            answers[place] = answer
    return answers
