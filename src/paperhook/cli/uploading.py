"""What `paperhook upload` does: many files at once, shown as they go, and Ctrl-C that loses none.

The first Ctrl-C lets nothing new begin and waits for what is in flight; the second, or ten seconds, ends the process.
Either way the journal knows what is left.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from types import FrameType
from typing import overload

from typing_extensions import override

from ..client import Client, UploadOutcome
from ..core.job import Job
from ..errors import PaperhookError
from ..worker.threads import Threads
from .progress import Show

#: Seconds for uploads in flight after Ctrl-C.
GRACE = 10.0
#: Seconds for what pauses to be written down, when the process ends all the same.
FAREWELL = 0.5
INTERRUPTED = 130


@dataclass
class Stop:
    """Says whether something new may begin."""

    is_asked: bool = False

    def ask(self) -> None:
        """Let nothing new begin."""
        self.is_asked = True


class Files(Sequence[Path]):
    """Paths that are planned as a whole, and then handed out until somebody says stop."""

    def __init__(self, paths: Iterable[Path], stop: Stop) -> None:
        self._paths, self._stop = tuple(paths), stop

    def __len__(self) -> int:
        return len(self._paths)

    @overload
    def __getitem__(self, index: int) -> Path: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Path]: ...
    @override
    def __getitem__(self, index: int | slice) -> Path | Sequence[Path]:
        return self._paths[index]

    @override
    def __iter__(self) -> Iterator[Path]:
        for path in self._paths:
            if self._stop.is_asked:
                return
            yield path


@dataclass
class Order:
    """What one call of the command is to do."""

    #: What earlier calls left.
    left: list[Path]
    new: list[Path]
    concurrency: int
    in_batches: bool
    #: How to go on after Ctrl-C: a command.
    how_to_go_on: str
    stop: Stop = field(default_factory=Stop)

    @property
    def paths(self) -> list[Path]:
        """All of them."""
        return [*self.left, *self.new]


def order_of(
    client: Client,
    files: Sequence[Path],
    *,
    is_resumed: bool,
    concurrency: int,
    in_batches: bool,
    how_to_go_on: str,
) -> Order:
    """Put together what earlier calls left and what is given now; each file once."""
    plans = client.unfinished(limit=sys.maxsize >> 1) if is_resumed else ()
    known = {Path(plan.path) for plan in plans if not plan.metadata}
    new = [path for path in dict.fromkeys(path.absolute() for path in files) if path not in known]
    left = [Path(plan.path) for plan in plans]
    return Order(left, new, concurrency, in_batches, how_to_go_on)


def upload_all(client: Client, order: Order, show: Show) -> Iterator[UploadOutcome[Path]]:
    """Upload everything; a generator that ends early where it is stopped."""
    stop = order.stop
    if order.left:
        again = client.resume(
            concurrency=order.concurrency,
            on_progress=lambda path, sent, total: show.sent(Path(path), sent, total),
            # Without a wish, what was planned in batches goes in the same ones.
            in_batches=order.in_batches or None,
            only=lambda _: not stop.is_asked,
        )
        for resumed in again:
            show.ended(path := Path(resumed.source))
            yield UploadOutcome(path, resumed.job, resumed.error)
    many = client.upload_many(
        Files(order.new, stop),
        concurrency=order.concurrency,
        on_progress=show.sent,
        in_batches=order.in_batches,
    )
    for outcome in many if order.new else ():
        show.ended(outcome.source)
        yield outcome


def wait_all(
    client: Client, jobs: Sequence[Job], deadline: float, concurrency: int
) -> Generator[Job | PaperhookError, None, None]:
    """Wait for each job, in their order; who is not final in time is an error.

    The deadline is each job's own, from when its turn has come; that of `client.as_completed` is one for all of them, which
    would end the last of many that are read one after the other. Nobody waits for the threads: Ctrl-C must not last until the deadline.
    """
    ends: list[Future[Job | PaperhookError]] = [Future() for _ in jobs]
    waiting: SimpleQueue[tuple[Job, Future[Job | PaperhookError]]] = SimpleQueue()
    for each in zip(jobs, ends, strict=True):
        waiting.put(each)

    def wait() -> None:
        with suppress(Empty):
            while True:
                job, end = waiting.get_nowait()
                try:
                    end.set_result(client.wait(job, deadline=deadline))
                except PaperhookError as error:
                    end.set_result(error)
                except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
                    end.set_exception(error)

    threads = Threads("paperhook-wait")
    for _ in range(min(concurrency, len(jobs))):
        threads.submit(wait)
    for end in ends:
        yield end.result()


@contextmanager
def interruptible(
    stop: Stop, tell: Callable[[], None], hush: Callable[[], None]
) -> Generator[None, None, None]:
    """Take the first Ctrl-C as a wish, and the second, or the end of patience, as an order.

    Args:
        stop: Asked at the first.
        tell: Says how to go on, before the process ends at once.
        hush: Takes progress bars off the terminal.
    """

    def on_signal(_: int, __: FrameType | None) -> None:
        if stop.is_asked:
            raise KeyboardInterrupt
        stop.ask()
        print("paperhook: waiting for what is in flight; again to end at once", file=sys.stderr, flush=True)
        patience.start()

    patience = threading.Timer(GRACE, os.kill, (os.getpid(), signal.SIGINT))
    patience.daemon = True
    before = signal.signal(signal.SIGINT, on_signal)
    try:
        yield
    except KeyboardInterrupt:
        hush()
        # Who only waits for the provider's rate ends now, and writes down that nothing was sent.
        time.sleep(FAREWELL)
        tell()
        # Threads that wait for an answer would hold the process up; the journal knows where they are.
        os._exit(INTERRUPTED)
    finally:
        patience.cancel()
        signal.signal(signal.SIGINT, before)
