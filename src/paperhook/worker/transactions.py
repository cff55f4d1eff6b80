"""A handler whose writes are committed together with its completion."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable
from typing import Any

from ..core.event import Event
from ..errors import InboxError
from ..inbox.base import Settlement, TransactionalInbox


class LeaseLost(Exception):
    """Another worker has the event; what the handler wrote was rolled back."""


class StoreFailed(Exception):
    """The store failed, not the handler; what it wrote was rolled back, or is completed."""


class Transaction:
    """One run of a handler in a transaction; `run` is called on a thread, the rest on the loop.

    Args:
        inbox: Gives the connection and commits.
        function: The handler.
        event: Its first argument.
        settle: Called on the thread once the handler has returned: what to record.
    """

    def __init__(
        self,
        inbox: TransactionalInbox,
        function: Callable[..., Any],
        event: Event | None,
        settle: Callable[[], Settlement],
    ) -> None:
        self._inbox, self._function, self._event, self._settle = inbox, function, event, settle
        self._lock = threading.Lock()
        self._is_left = self._is_committing = False
        self._failure: BaseException | None = None

    def run(self) -> None:
        """Run the handler and commit.

        Raises:
            LeaseLost: If another worker has the event.
            StoreFailed: If there was no connection, or it was lost.
            Exception: Whatever the handler raised.
        """
        try:
            is_recorded = self._inbox.transact(self._work)
        except InboxError as error:
            if error is self._failure:
                raise
            raise StoreFailed from error
        if not is_recorded:
            raise LeaseLost

    def leave(self) -> bool:
        """Have it rolled back because nobody waits for it any more; False where it is too late for that."""
        with self._lock:
            self._is_left = not self._is_committing
            return self._is_left

    def _work(self, connection: Any) -> Settlement:
        try:
            answer = self._function(self._event, connection)
            if inspect.isawaitable(answer):
                discard(answer)
                raise TypeError("a handler in a transaction cannot be awaited")  # noqa: TRY301 - the handler's failure
            self._begin_commit()
        except BaseException as error:
            self._failure = error
            raise
        return self._settle()

    def _begin_commit(self) -> None:
        with self._lock:
            if self._is_left:
                raise TimeoutError("the handler ended after its time")
            self._is_committing = True


def discard(answer: Any) -> None:
    """Close what a handler gave where it is a coroutine: Python warns of one that was never awaited."""
    if inspect.iscoroutine(answer):
        answer.close()
