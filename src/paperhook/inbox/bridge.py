"""Between an event loop and an inbox's threads: one hand-over for all that is asked at once, one for all its answers."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

T = TypeVar("T")

#: A future of the loop, its answer or its error, and what is called before it.
_Arrival: TypeAlias = "tuple[asyncio.Future[Any], Any, BaseException | None, Callable[[], Any] | None]"

_of_thread = threading.local()


@contextmanager
def together() -> Generator[None]:
    """Give the answers that this thread gives inside to each event loop with one wake-up at the end."""
    bridges: set[Bridge] = set()
    _of_thread.bridges = bridges
    try:
        yield
    finally:
        _of_thread.bridges = None
        for bridge in bridges:
            bridge.wake()


class LoopAnswer(Generic[T]):
    """What a store answers to one caller on an event loop: a future of the loop, for a tenth of what two cost.

    The store uses it as it uses a `concurrent.futures.Future`.
    """

    __slots__ = ("_bridge", "waiting")

    def __init__(self, bridge: Bridge, waiting: asyncio.Future[T]) -> None:
        self._bridge = bridge
        #: Await this.
        self.waiting: asyncio.Future[T] = waiting

    def set_running_or_notify_cancel(self) -> bool:
        """Tell that it is wanted: what was asked is done even when nobody waits any more."""
        return True

    def set_result(self, result: T) -> None:
        """Answer, from any thread."""
        self._bridge.arrive(self.waiting, result, None)

    def set_exception(self, error: BaseException) -> None:
        """Say what went wrong, from any thread."""
        self._bridge.arrive(self.waiting, None, error)


class LeasedAnswer(LoopAnswer[T]):
    """The same where a store answers with leases too: those are handed over whoever still waits.

    Args:
        then: Called with the leases on the loop.
    """

    __slots__ = ("_then",)

    def __init__(
        self, bridge: Bridge, waiting: asyncio.Future[T], then: Callable[[tuple[Any, ...]], Any]
    ) -> None:
        super().__init__(bridge, waiting)
        self._then = then

    def set_result(self, result: Any) -> None:
        """Answer with a pair: what is waited for, and the leases."""
        answer, leases = result
        self._bridge.arrive(self.waiting, answer, None, partial(self._then, leases))

    def set_exception(self, error: BaseException) -> None:
        """Say what went wrong; nothing is leased."""
        self._bridge.arrive(self.waiting, None, error, partial(self._then, ()))


class Taker(Protocol):
    """Who takes what is asked on a loop."""

    @property
    def enough(self) -> int:
        """As many asks as it takes at once, before the loop has gone round."""
        ...

    def take(self, asks: Sequence[Any]) -> None:
        """Take what was asked while the loop went round once, or so far; on the loop."""
        ...


class Bridge:
    """Awaits futures of an inbox on one event loop; `bridge_here` gives the one of the running loop.

    `asyncio.wrap_future` wakes the loop for each future, by writing to a socket; a store that answers a hundred
    callers `together` wakes it once. What was asked is done even when nobody waits any more.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._arrived: deque[_Arrival] = deque()
        self._is_scheduled = False
        self._asked: dict[Taker, list[Any]] = {}

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop."""
        return self._loop

    def ask(self, taker: Taker, ask: Any) -> None:
        """Pass an ask on, with others of this turn of the loop; call it on the loop.

        A thread that hears of each by itself begins with the first, and commits it alone while the loop still reads
        those that came with it.
        """
        if not self._asked:
            self._loop.call_soon(self._pass_on)
        asked = self._asked.setdefault(taker, [])
        asked.append(ask)
        if len(asked) >= taker.enough:
            taker.take(self._asked.pop(taker))

    def _pass_on(self) -> None:
        asked, self._asked = self._asked, {}
        for taker, asks in asked.items():
            taker.take(asks)

    def wait(self, future: Future[T]) -> asyncio.Future[T]:
        """Give a future of the loop with the same answer; call it on the loop."""
        waiting: asyncio.Future[T] = self._loop.create_future()
        if future.done():
            error = future.exception()
            _settle(waiting, None if error else future.result(), error)
        else:
            future.add_done_callback(partial(self._copy, waiting))
        return waiting

    def answer(self, then: Callable[[tuple[Any, ...]], Any] | None = None) -> LoopAnswer[Any]:
        """Give what a store can answer directly; call it on the loop. With `then` it answers with leases too."""
        waiting = self._loop.create_future()
        return LoopAnswer(self, waiting) if then is None else LeasedAnswer(self, waiting, then)

    def _copy(self, waiting: asyncio.Future[Any], future: Future[Any]) -> None:
        error = future.exception()
        self.arrive(waiting, None if error else future.result(), error)

    def arrive(
        self,
        waiting: asyncio.Future[Any],
        result: Any,
        error: BaseException | None,
        before: Callable[[], Any] | None = None,
    ) -> None:
        """Have the loop settle one of its futures, and call a function before that; from any thread."""
        self._arrived.append((waiting, result, error, before))
        bridges: set[Bridge] | None = getattr(_of_thread, "bridges", None)
        if bridges is None:
            self.wake()
        else:
            bridges.add(self)

    def wake(self) -> None:
        """Have the loop hand over what has arrived; from any thread."""
        if self._is_scheduled:
            return
        self._is_scheduled = True
        try:
            self._loop.call_soon_threadsafe(self._hand_over)
        except RuntimeError:
            # The loop is closed, so nobody waits.
            self._arrived.clear()

    def _hand_over(self) -> None:
        # First, so that an answer which arrives from here on schedules anew rather than being left behind.
        self._is_scheduled = False
        try:
            while self._arrived:
                waiting, result, error, before = self._arrived.popleft()
                if before is not None:
                    before()
                _settle(waiting, result, error)
        finally:
            # Where one broke off, the others get theirs all the same.
            if self._arrived:
                self.wake()


def _settle(waiting: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    if waiting.done():
        return
    if error is None:
        waiting.set_result(result)
    else:
        waiting.set_exception(error)


def bridge_here() -> Bridge:
    """Give the bridge of the running loop: the same to all who ask there, so that they share hand-overs and wake-ups."""
    loop = asyncio.get_running_loop()
    bridge: Bridge | None = getattr(_of_thread, "bridge", None)
    if bridge is None or bridge.loop is not loop:
        bridge = _of_thread.bridge = Bridge(loop)
    return bridge


def running_loop() -> asyncio.AbstractEventLoop | None:
    """Give the event loop that runs on this thread; None where none does."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
