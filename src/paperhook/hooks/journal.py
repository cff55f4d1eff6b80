"""Looks events up in the journal, so that a handler's `event.job` knows what the upload knew, whoever uploaded."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from ..core.job import Job
from ..errors import InboxError
from ..inbox.base import Entry
from ..worker.failures import describe

if TYPE_CHECKING:
    from ..tracker import Tracker

logger: logging.Logger = logging.getLogger("paperhook")


#: Seconds that one look may take, and in which a tracker is left alone that did not answer.
PATIENCE = 2.0
REST = 5.0


class Journal:
    """Knows the trackers by the names of their providers.

    Args:
        patience: Seconds for one look; the event waits for it.
        rest: Seconds in which a tracker is not asked that did not answer.
    """

    def __init__(
        self, trackers: Mapping[str, Tracker], *, patience: float = PATIENCE, rest: float = REST
    ) -> None:
        self._trackers = trackers
        self._patience, self._rest = patience, rest
        #: By provider, on the monotonic clock: not asked before.
        self._away_until: dict[str, float] = {}

    async def find(self, entry: Entry) -> Callable[[Job], Job] | None:
        """Give what adds to the handle of an event what is known of its submission."""
        tracker, name = self._trackers.get(entry.provider), entry.job_id or entry.document_id
        if tracker is None or not name or time.monotonic() < self._away_until.get(entry.provider, 0.0):
            return None
        # Loaded by whoever made the tracker.
        from ..tracker import Which
        from ..tracker.journal import known_to

        try:
            async with asyncio.timeout(self._patience):
                asked = tracker.rows(Which(provider=entry.provider, job_id=name), limit=1)
                rows = await asyncio.wrap_future(asked)
        except Exception as error:  # noqa: BLE001 - the event is worth more than what the upload knew
            self._away_until[entry.provider] = time.monotonic() + self._rest
            logger.warning(
                "%s: job %s cannot be looked up, nor others for %g s: %s",
                entry.provider,
                name,
                self._rest,
                error if isinstance(error, InboxError) else describe(error),
            )
            return None
        return partial(known_to, rows[0]) if rows else None
