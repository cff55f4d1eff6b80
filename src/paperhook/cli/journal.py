"""The journal that the client commands share: which file or database, and how its rows are shown."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from typing import Annotated, Any

import typer

from ..core.job import Job
from ..errors import ConfigurationError
from ..inbox.addresses import is_database
from ..inbox.tables import OF_TRACKER, has_tables
from ..tracker import Planned, Submission, Tracker, Which, open_tracker

#: The inbox's own default, which may be the same file.
DEFAULT_TRACKER = "sqlite:///paperhook.db"
#: Instead of an address.
NO_TRACKER = "none"

TrackerAddress = Annotated[
    str,
    typer.Option(
        "--tracker",
        envvar="PAPERHOOK_TRACKER",
        help="The journal: sqlite:///file.db, postgresql://host/database, or none.",
    ),
]


def tracker_for_sending(address: str) -> str | None:
    """Give what a client that sends is made with: the file is made where there is none."""
    return None if address == NO_TRACKER else address


def tracker_for_asking(address: str) -> str | None:
    """Give what a client that only asks is made with: neither a file nor tables are made for it.

    Raises:
        InboxError: If a server is away.
    """
    return address if address != NO_TRACKER and has_tables(address, OF_TRACKER) is not False else None


def shown(address: str) -> str:
    """Give an address for a message: of a server without what may hold a password."""
    return f"that {address.partition(':')[0]} database" if is_database(address) else address


@contextmanager
def existing(address: str) -> Generator[Tracker, None, None]:
    """Open a journal that is there; a mistyped path must not make a new, empty one."""
    if address == NO_TRACKER or has_tables(address, OF_TRACKER) is False:
        raise ConfigurationError(
            f"there is no journal at {shown(address)}: name it with --tracker or PAPERHOOK_TRACKER; `paperhook upload` makes it"
        )
    with closing(open_tracker(address)) as tracker:
        yield tracker


def known_job(tracker: Tracker | None, job_id: str, provider: str) -> Job:
    """Give the handle that the journal has of a job, or one of the id alone."""
    which = Which(provider=provider, job_id=job_id)
    rows = () if tracker is None else tracker.rows(which, limit=1).result()
    whole = next((row.job for row in rows if row.job.id == job_id), None)
    return Job.known(job_id, provider=provider) if whole is None else whole


def row_json(row: Submission, *, now: float) -> dict[str, Any]:
    """Give a submission as JSON values; `age` is seconds since it was begun."""
    return {
        "job_id": row.job.id or None,
        "file": row.filename,
        "provider": row.provider,
        "state": str(row.state),
        "age": round(now - row.created_at, 1),
        "attempts": row.attempts,
        "error": row.error_code or None,
        "document_id": row.document_id,
        "attempt_id": row.attempt_id,
        "is_settled": row.settled_at is not None,
    }


def planned_json(plan: Planned, *, now: float) -> dict[str, Any]:
    """Give a file that is not sent yet as the same values."""
    return {
        "job_id": None,
        "file": plan.path,
        "provider": plan.provider,
        "state": "planned",
        "age": round(now - plan.planned_at, 1),
        "attempts": 0,
        "error": None,
    }


def age_text(seconds: float) -> str:
    """Write an age with its largest unit, such as `5 min`."""
    for size, unit in ((86400.0, "d"), (3600.0, "h"), (60.0, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"


def wall() -> float:
    """Give the time, in seconds since the epoch."""
    return time.time()
