"""What operators do with many rows: in portions, so that no single call holds the store for long."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

from ..observe.details import InboxMeasured
from .base import EVERYTHING, Audit, Entry, Filter, Inbox, Row, State, Stats
from .surveying import Survey, TypeCount, Waiting

#: Rows in one call.
PORTION = 500
#: Seconds since the epoch; a handler may ask to run again after any number of seconds.
_LAST_MOMENT = datetime.max.replace(microsecond=0, tzinfo=UTC).timestamp()


def pages(inbox: Inbox, where: Filter = EVERYTHING, *, portion: int = PORTION) -> Iterator[Row]:
    """Give every row that fits, newest first; what arrives meanwhile moves no page.

    Raises:
        InboxError: If the store is away.
    """
    while rows := inbox.rows(where, limit=portion).result():
        yield from rows
        where = replace(where, before_id=rows[-1].id)


def replay_all(
    inbox: Inbox, where: Filter, *, now: float, by: str, portion: int = PORTION
) -> Iterator[tuple[int, ...]]:
    """Make every settled row that fits pending again; give the ids of each portion.

    Raises:
        InboxError: If the store is away; the portions before stay replayed.
    """
    while ids := inbox.replay(where, now=now, by=by, limit=portion).result():
        yield ids
        where = replace(where, after_id=ids[-1])


def purge_all(
    inbox: Inbox, where: Filter, *, now: float, by: str, redact: bool = False, portion: int = PORTION
) -> Iterator[tuple[int, ...]]:
    """Delete or redact every settled row that fits; give the ids of each portion.

    Raises:
        InboxError: If the store is away; the portions before stay purged.
    """
    while ids := inbox.purge(where, now=now, by=by, redact=redact, limit=portion).result():
        yield ids
        where = replace(where, after_id=ids[-1])


def would_replay(row: Row) -> bool:
    """Tell whether a replay runs this row again."""
    return row.state.is_settled and row.entry.form != "redacted"


def would_purge(row: Row, *, redact: bool) -> bool:
    """Tell whether a purge touches this row."""
    is_decided = row.state.is_settled and row.state is not State.REVIEW
    return is_decided and not (redact and row.entry.form == "redacted")


def export(inbox: Inbox, where: Filter = EVERYTHING, *, body: bool = False) -> Iterator[str]:
    """Give rows as JSON Lines, newest first, each without its line end.

    Args:
        inbox: Read in portions, so an inbox of any size is exported in little memory.
        where: Which rows.
        body: Give the deliveries too; they hold document content.

    Raises:
        InboxError: If the store is away.
    """
    for row in pages(inbox, where):
        yield json.dumps(row_json(row, body=body))


def row_json(row: Row, *, body: bool = False) -> dict[str, Any]:
    """Describe a row in words that JSON knows, without its content unless `body` asks for it."""
    entry = row.entry
    described = {
        "id": row.id,
        "state": row.state,
        "provider": entry.provider,
        "type": entry.type,
        "key": entry.key,
        "job_id": entry.job_id,
        "document_id": entry.document_id,
        "batch_id": entry.batch_id,
        "origin": entry.origin,
        "form": entry.form,
        "occurred_at": time_text(entry.occurred_at),
        "received_at": time_text(entry.received_at),
        "due_at": time_text(row.due_at) if row.state is State.PENDING else None,
        "settled_at": time_text(row.settled_at),
        "claims": row.claims,
        "duplicates": row.duplicates,
        "replays": row.replays,
        "handlers": [
            {"handler": each.handler, "state": each.state, "attempts": each.attempts, "error": each.error}
            for each in row.outcomes.values()
        ],
    }
    return {**described, **_content(entry)} if body else described


def audit_json(audit: Audit) -> dict[str, Any]:
    """Describe what an operator did in words that JSON knows."""
    return {
        "id": audit.id,
        "time": time_text(audit.moment),
        "by": audit.by,
        "action": audit.action,
        "events": list(audit.event_ids),
    }


def measured(stats: Stats, now: float) -> InboxMeasured:
    """Say how full an inbox is in the words of an observer."""
    return InboxMeasured(
        pending=stats.pending,
        running=stats.running,
        done=stats.done,
        dead=stats.dead,
        duplicates=stats.duplicates,
        lag=stats.lag(now),
        review=stats.review,
    )


def survey_json(found: Survey, now: float) -> dict[str, Any]:
    """Describe an inbox at a glance in words that JSON knows."""
    stats, oldest = found.stats, found.oldest
    return {
        "pending": stats.pending,
        "running": stats.running,
        "done": stats.done,
        "dead": stats.dead,
        "review": stats.review,
        "duplicates": stats.duplicates,
        "lag_seconds": round(stats.lag(now), 3),
        "oldest_pending": None if oldest is None else _waiting_json(oldest, now),
        "oldest_review_seconds": _age(found.oldest_review, now),
        "types": [_type_json(each, now) for each in found.types],
        "handlers": [asdict(each) for each in found.handlers],
    }


def _waiting_json(oldest: Waiting, now: float) -> dict[str, Any]:
    return {
        "id": oldest.id,
        "provider": oldest.provider,
        "type": oldest.type,
        "received_at": time_text(oldest.received_at),
        "age_seconds": _age(oldest.received_at, now),
        "due_at": time_text(oldest.due_at),
        "claims": oldest.claims,
    }


def _type_json(count: TypeCount, now: float) -> dict[str, Any]:
    described = asdict(count)
    described["oldest_pending_seconds"] = _age(described.pop("oldest_pending"), now)
    return described


def _age(moment: float | None, now: float) -> float | None:
    return None if moment is None else round(max(0.0, now - moment), 3)


def time_text(moment: float | None) -> str | None:
    """Give a moment as ISO 8601 in UTC, to the millisecond; what lies beyond the year 9999 as its end."""
    if moment is None:
        return None
    return datetime.fromtimestamp(min(moment, _LAST_MOMENT), UTC).isoformat(timespec="milliseconds")


def _content(entry: Entry) -> dict[str, Any]:
    try:
        return {"headers": dict(entry.headers), "body": entry.body.decode()}
    except UnicodeDecodeError:
        return {"headers": dict(entry.headers), "body_base64": base64.b64encode(entry.body).decode()}
