"""How `paperhook inbox stats` shows an inbox at a glance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .journal import age_text
from .output import out

_COUNTS = ("pending", "running", "done", "dead", "review", "duplicates", "lag_seconds")
_TYPES = ("provider", "type", "pending", "running", "dead", "review", "done")
_HANDLERS = ("handler", "retrying", "dead", "attempts", "newest_dead")


def show_stats(found: Mapping[str, Any], jobs: Mapping[str, Any] | None, *, as_json: bool) -> None:
    """Print a survey as JSON gives it, and what is owed by providers."""
    if as_json:
        out.json({**found, "jobs": jobs})
        return
    for name in _COUNTS:
        out.line(f"{name:<12} {found[name]}")
    _show_oldest(found)
    if found["types"]:
        out.line()
        rows = [
            [*(each[name] for name in _TYPES), _age(each["oldest_pending_seconds"])]
            for each in found["types"]
        ]
        out.table([*_TYPES, "oldest"], rows)
    if found["handlers"]:
        out.line()
        out.table(
            [*_HANDLERS, "error"],
            [[*(each[name] for name in _HANDLERS), each["error"]] for each in found["handlers"]],
        )
    if found["dead"]:
        out.line("look at the dead ones with: paperhook inbox list --state dead")
    if jobs is not None:
        out.line()
        _show_jobs(jobs)


def _show_oldest(found: Mapping[str, Any]) -> None:
    oldest = found["oldest_pending"]
    if oldest is not None:
        out.line(
            f"oldest       event {oldest['id']}, {oldest['provider']} {oldest['type']}, received "
            f"{_age(oldest['age_seconds'])} ago, claims: {oldest['claims']}"
        )
    if found["oldest_review_seconds"] is not None:
        out.line(
            f"a person is waited for since {_age(found['oldest_review_seconds'])}: paperhook review list"
        )


def _show_jobs(jobs: Mapping[str, Any]) -> None:
    out.line(
        f"submitted    {jobs['open']} open, the oldest for {_age(jobs['oldest_open_seconds'])}; {jobs['unknown']} without an "
        f"answer; {jobs['settled']} ended"
    )
    if jobs["open"]:
        out.line("look at the open ones with: paperhook jobs list --open")


def _age(seconds: float | None) -> str:
    return "" if seconds is None else age_text(seconds)
