"""Has a result fetched that a delivery only refers to, before anybody looks at the document.

Rules judge what the document says, and handlers act on it, so neither begins before the result is there. A fetch that
fails is tried again like a handler, under the name `(result)`; what was fetched is kept in the inbox, once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import Any, Protocol

from ..core.event import DocumentCompleted, Event
from ..inbox.reviewing import ReviewInbox
from .held import Held
from .judging import Asking
from .transactions import LeaseLost

#: Stands for the handler where the result is fetched.
RESULT = "(result)"


class Fetch(Protocol):
    """Whoever can ask providers."""

    def knows(self, provider: str) -> bool:
        """Tell whether there is a client of the provider."""
        ...

    async def __call__(self, event: DocumentCompleted) -> bytes:
        """Give what the inbox keeps of the event with its result: an entry's body of the form `envelope`."""
        ...


class Fetching:
    """Knows whom to ask, and where it is kept."""

    def __init__(self, fetch: Fetch, inbox: ReviewInbox) -> None:
        self._fetch, self._inbox = fetch, inbox

    def may_be_missing(self, held: Held) -> bool:
        """Tell whether an event is one whose result could be fetched."""
        entry = held.claim.entry
        return entry.type == DocumentCompleted.canonical_type and self._fetch.knows(entry.provider)

    def asking(self, held: Held, wait: Callable[[Future[Any]], Awaitable[Any]]) -> Asking:
        """Give what fetches the result of an event and puts it in the delivery's place."""

        async def fetch(event: DocumentCompleted) -> None:
            body = await self._fetch(event)
            if not await wait(self._inbox.keep(held.claim, body)):
                raise LeaseLost
            entry = replace(held.claim.entry, body=body, form="envelope", index=0, headers={})
            held.claim, held.envelope = replace(held.claim, entry=entry), None

        return Asking(fetch, name=RESULT)


def lacks_result(event: Event | None) -> bool:
    """Tell whether a delivery only refers to its result."""
    return isinstance(event, DocumentCompleted) and not event.has_result
