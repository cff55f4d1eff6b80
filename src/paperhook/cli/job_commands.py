"""`paperhook jobs`: what was submitted, from the journal alone; only `settle` asks a provider."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from ..core.job import JobStatus
from ..tracker import Which
from .journal import DEFAULT_TRACKER, TrackerAddress, age_text, existing, planned_json, row_json, wall
from .options import AsJson, Limit
from .output import out
from .settling import settle

app: typer.Typer = typer.Typer(
    no_args_is_help=True, help="Look at what was submitted, as the journal has it."
)
app.command()(settle)


class State(StrEnum):
    """Every state of a job, and the file that is planned and not sent."""

    PLANNED = "planned"
    RECEIVED = "received"
    VALIDATED = "validated"
    SUBMITTED = "submitted"
    SUBMISSION_UNKNOWN = "submission_unknown"
    PROCESSING = "processing"
    COMPLETED = "completed"
    COMPLETED_WITH_WARNINGS = "completed_with_warnings"
    NEEDS_REVIEW = "needs_review"
    FAILED_RETRYABLE = "failed_retryable"
    FAILED_TERMINAL = "failed_terminal"
    EXPIRED = "expired"


_COLUMNS = ("job_id", "file", "provider", "state", "age", "attempts", "error")


@app.command("list")
def list_command(
    tracker: TrackerAddress = DEFAULT_TRACKER,
    provider: Annotated[str | None, typer.Option(help="Only this provider's.")] = None,
    state: Annotated[list[State] | None, typer.Option(help="Only these; may be repeated.")] = None,
    is_open: Annotated[
        bool, typer.Option("--open", help="Only those whose end no inbox knows, and files that are not sent.")
    ] = False,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List submissions, newest first, after the files that are planned and not sent."""
    wanted, now = {str(each) for each in state or ()}, wall()
    states = tuple(each for each in JobStatus if str(each) in wanted)
    which = Which(provider=provider, states=states, is_settled=False if is_open else None)
    with existing(tracker) as store:
        rows = []
        if not wanted or "planned" in wanted:
            rows += [planned_json(each, now=now) for each in store.planned(provider, limit=limit).result()]
        if not wanted or states:
            rows += [row_json(each, now=now) for each in store.rows(which, limit=limit).result()]
    rows = rows[:limit]
    if as_json:
        for row in rows:
            out.json(row)
        return
    out.table(
        _COLUMNS,
        [
            [*(row[name] for name in _COLUMNS[:4]), age_text(row["age"]), row["attempts"], row["error"]]
            for row in rows
        ],
    )
