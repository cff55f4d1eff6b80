"""Looks events up in the journal, so that a handler's `event.job` knows what the upload knew, whoever uploaded."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from ..core.job import Job
from ..errors import InboxError
from ..inbox.base import Entry

if TYPE_CHECKING:
    from ..tracker import Tracker

logger: logging.Logger = logging.getLogger("paperhook")


class Journal:
    """Knows the trackers by the names of their providers."""

    def __init__(self, trackers: Mapping[str, Tracker]) -> None:
        self._trackers = trackers

    async def find(self, entry: Entry) -> Callable[[Job], Job] | None:
        """Give what adds to the handle of an event what is known of its submission."""
        tracker, name = self._trackers.get(entry.provider), entry.job_id or entry.document_id
        if tracker is None or not name:
            return None
        # Loaded by whoever made the tracker.
        from ..tracker import Which
        from ..tracker.journal import known_to

        try:
            asked = tracker.rows(Which(provider=entry.provider, job_id=name), limit=1)
            rows = await asyncio.wrap_future(asked)
        except InboxError as error:
            # The event is worth more than what the upload knew.
            logger.warning("%s: job %s cannot be looked up: %s", entry.provider, name, error)
            return None
        return partial(known_to, rows[0]) if rows else None
