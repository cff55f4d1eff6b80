"""`paperhook inbox`: look at stored events, and run dead ones again."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import ConfigurationError
from ..hooks import DEFAULT_INBOX
from ..inbox import Inbox, open_inbox
from ..inbox.base import Filter, Row, State
from .output import out

app = typer.Typer(no_args_is_help=True, help="Look at stored events, find the dead ones, run them again.")

Store = Annotated[str, typer.Option("--inbox", envvar="PAPERHOOK_INBOX", help="Where the inbox is.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]
StateOption = Annotated[list[State] | None, typer.Option("--state", help="Only these; may be repeated.")]
ProviderOption = Annotated[str | None, typer.Option("--provider", help="Only this provider's.")]
TypeOption = Annotated[
    str | None, typer.Option("--type", help="Only this type, such as document.completed or document.*.")
]
JobOption = Annotated[str | None, typer.Option("--job", help="Only this job's.")]
HandlerOption = Annotated[str | None, typer.Option("--handler", help="Only where this handler is dead.")]


@app.command("list")
def list_command(
    inbox: Store = DEFAULT_INBOX,
    state: StateOption = None,
    provider: ProviderOption = None,
    type: TypeOption = None,
    job: JobOption = None,
    handler: HandlerOption = None,
    limit: Annotated[int, typer.Option(help="At most this many, newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List events, newest first."""
    where = Filter(states=tuple(state or ()), provider=provider, type=type, job_id=job, handler=handler)
    with closing(_existing(inbox)) as store:
        rows = store.rows(where, limit=limit).result()
    if as_json:
        for row in rows:
            out.json(_summary(row))
        return
    columns = ("id", "state", "provider", "type", "job", "received", "handlers")
    out.table(columns, [_cells(row) for row in rows])


@app.command("show")
def show_command(
    id: Annotated[int, typer.Argument(help="The event's id, as `inbox list` shows it.")],
    inbox: Store = DEFAULT_INBOX,
    body: Annotated[
        bool, typer.Option("--body", help="Print the delivery too; it holds document content.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show one event: its handlers, their attempts, and where they failed."""
    with closing(_existing(inbox)) as store:
        rows = store.rows(Filter(ids=(id,)), limit=1).result()
    if not rows:
        raise ConfigurationError(f"there is no event {id} in {inbox}: see `paperhook inbox list`")
    row = rows[0]
    summary = _summary(row)
    if body:
        summary["body"] = row.entry.body.decode("utf-8", "replace")
    if as_json:
        out.json(summary)
        return
    for name, value in summary.items():
        if name != "handlers":
            out.line(f"{name:<12} {value}")
    for outcome in row.outcomes.values():
        out.line()
        out.heading(f"{outcome.handler}: {outcome.state}, {outcome.attempts} attempts")
        if outcome.error:
            out.line(outcome.error)
    if row.state is State.DEAD:
        out.line()
        out.line(f"run it again with: paperhook inbox replay {row.id} --inbox {inbox}")


@app.command("replay")
def replay_command(
    ids: Annotated[
        list[int] | None, typer.Argument(help="Events to run again; without ids, all dead ones that match.")
    ] = None,
    inbox: Store = DEFAULT_INBOX,
    provider: ProviderOption = None,
    type: TypeOption = None,
    job: JobOption = None,
    handler: HandlerOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say which.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run dead events again: a worker takes them at once."""
    states = () if ids else (State.DEAD,)
    where = Filter(tuple(ids or ()), states, provider, type, job, handler)
    with closing(_existing(inbox)) as store:
        if dry_run:
            found = tuple(
                row.id
                for row in store.rows(where, limit=1000).result()
                if row.state in (State.DEAD, State.DONE)
            )
        else:
            found = store.replay(where, now=time.time()).result()
    if as_json:
        out.json({"replayed": found, "dry_run": dry_run})
        return
    verb = "would run again" if dry_run else "will run again"
    out.line(f"{len(found)} events {verb}{': ' if found else ''}{', '.join(str(each) for each in found)}")


@app.command("stats")
def stats_command(inbox: Store = DEFAULT_INBOX, as_json: AsJson = False) -> None:
    """Count events by state, and say how long the oldest has waited."""
    with closing(_existing(inbox)) as store:
        stats = store.stats().result()
    lag = 0.0 if stats.oldest_pending is None else max(0.0, time.time() - stats.oldest_pending)
    counts: Mapping[str, Any] = {
        "pending": stats.pending,
        "running": stats.running,
        "done": stats.done,
        "dead": stats.dead,
        "duplicates": stats.duplicates,
        "lag_seconds": round(lag, 3),
    }
    if as_json:
        out.json(counts)
        return
    for name, value in counts.items():
        out.line(f"{name:<12} {value}")


def _existing(url: str) -> Inbox:
    """Open an inbox that is there; a mistyped path must not make a new, empty one."""
    prefix = "sqlite:///"
    if url.startswith(prefix) and not Path(url.removeprefix(prefix)).exists():
        raise ConfigurationError(f"there is no inbox at {url}: name it with --inbox or PAPERHOOK_INBOX")
    return open_inbox(url)


def _time(moment: float | None) -> str | None:
    return None if moment is None else datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")


def _cells(row: Row) -> tuple[object, ...]:
    handlers = ", ".join(f"{each.handler}: {each.state}" for each in row.outcomes.values())
    entry = row.entry
    return (row.id, row.state, entry.provider, entry.type, entry.job_id, _time(entry.received_at), handlers)


def _summary(row: Row) -> dict[str, Any]:
    entry = row.entry
    return {
        "id": row.id,
        "state": row.state,
        "provider": entry.provider,
        "type": entry.type,
        "key": entry.key,
        "job_id": entry.job_id,
        "document_id": entry.document_id,
        "batch_id": entry.batch_id,
        "origin": entry.origin,
        "received_at": _time(entry.received_at),
        "due_at": _time(row.due_at) if row.state is State.PENDING else None,
        "settled_at": _time(row.settled_at),
        "duplicates": row.duplicates,
        "replays": row.replays,
        "handlers": [
            {"handler": each.handler, "state": each.state, "attempts": each.attempts, "error": each.error}
            for each in row.outcomes.values()
        ],
    }
