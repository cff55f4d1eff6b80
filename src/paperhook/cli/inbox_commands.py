"""`paperhook inbox`: look at stored events, run dead ones again, and delete old ones."""

from __future__ import annotations

import getpass
import re
import shlex
import time
from contextlib import closing
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import ConfigurationError, PaperhookError
from ..hooks import DEFAULT_INBOX
from ..inbox import Inbox, open_inbox
from ..inbox.addresses import file_in
from ..inbox.base import Filter, Row, State
from ..inbox.operating import (
    audit_json,
    export,
    pages,
    purge_all,
    replay_all,
    row_json,
    survey_json,
    time_text,
    would_purge,
    would_replay,
)
from ..inbox.surveying import survey
from ..inbox.tables import OF_INBOX, has_tables
from ..tracker import open_tracker
from ..tracker.tallying import has_tracker, tally_json
from .journal import NO_TRACKER, shown
from .options import AsJson, Limit
from .output import out
from .stats_output import show_stats


class Settled(StrEnum):
    """The states in which an event may be purged."""

    DONE = "done"
    DEAD = "dead"


app: typer.Typer = typer.Typer(
    no_args_is_help=True,
    help="""Look at stored events, find the dead ones, run them again.

    A dead event is one whose handler gave up: nothing is lost, it waits here for you.

    1. `paperhook inbox list --state dead` shows which there are.

    2. `paperhook inbox show ID` says which handler failed, and where.

    3. `paperhook inbox replay ID` runs it again once the cause is mended; without ID, all dead ones.

    Name the inbox with --inbox or PAPERHOOK_INBOX, as your application does.
    """,
)

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])")
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}

Store = Annotated[
    str,
    typer.Option(
        "--inbox",
        envvar="PAPERHOOK_INBOX",
        help="Where the inbox is: sqlite:///file.db or postgresql://host/database.",
    ),
]
StateOption = Annotated[list[State] | None, typer.Option("--state", help="Only these; may be repeated.")]
ProviderOption = Annotated[str | None, typer.Option("--provider", help="Only this provider's.")]
TypeOption = Annotated[
    str | None, typer.Option("--type", help="Only this type, such as document.completed or document.*.")
]
JobOption = Annotated[str | None, typer.Option("--job", help="Only this job's.")]
HandlerOption = Annotated[str | None, typer.Option("--handler", help="Only where this handler is dead.")]
KeyOption = Annotated[str | None, typer.Option("--key", help="Only the event with this identity.")]
ByOption = Annotated[
    str | None,
    typer.Option(
        "--by", help="Who does it, for `inbox audit`; your login name by default.", show_default=False
    ),
]


@app.command("list")
def list_command(
    inbox: Store = DEFAULT_INBOX,
    state: StateOption = None,
    provider: ProviderOption = None,
    type: TypeOption = None,
    job: JobOption = None,
    handler: HandlerOption = None,
    key: KeyOption = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List events, newest first; the dead ones with --state dead."""
    where = Filter(
        states=tuple(state or ()), provider=provider, type=type, job_id=job, handler=handler, key=key
    )
    with closing(existing(inbox)) as store:
        rows = store.rows(where, limit=limit).result()
    if as_json:
        for row in rows:
            out.json(row_json(row))
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
    with closing(existing(inbox)) as store:
        rows = store.rows(Filter(ids=(id,)), limit=1).result()
    if not rows:
        raise PaperhookError(f"there is no event {id} in this inbox: see `paperhook inbox list`")
    row = rows[0]
    summary = row_json(row, body=body)
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
    if row.state is State.DEAD and would_replay(row):
        out.line()
        # The address of a server may hold a password.
        where = "" if file_in(inbox) is None else f" --inbox {shlex.quote(inbox)}"
        out.line(f"run it again with: paperhook inbox replay {row.id}{where}")


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
    key: KeyOption = None,
    by: ByOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say which.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run dead events again, those with the given ids or all that match; a worker takes them at once.

    Only the handlers that are dead run again. With an id, an event that is done can be replayed too, with all handlers.
    """
    states = () if ids else (State.DEAD,)
    where = Filter(
        ids=tuple(ids or ()),
        states=states,
        provider=provider,
        type=type,
        job_id=job,
        handler=handler,
        key=key,
    )
    with closing(existing(inbox)) as store:
        if dry_run:
            found = sorted(row.id for row in pages(store, where) if would_replay(row))
        else:
            who = login_name() if by is None else by
            found = [each for ids in replay_all(store, where, now=time.time(), by=who) for each in ids]
    if as_json:
        out.json({"replayed": found, "dry_run": dry_run})
    else:
        verb = "would run again" if dry_run else "will run again"
        what = "event" if len(found) == 1 else "events"
        out.line(f"{len(found)} {what} {verb}{': ' if found else ''}{', '.join(str(each) for each in found)}")
    if left := sorted(set(ids or ()) - set(found)):
        raise PaperhookError(
            f"not replayed: {', '.join(map(str, left))}: not there, not done or dead, or redacted; "
            "see `paperhook inbox show`"
        )


@app.command("purge")
def purge_command(
    older_than: Annotated[
        str,
        typer.Option("--older-than", help="Only what was done or dead for so long: 30d, 12h, 90m, 45s, 2w."),
    ],
    inbox: Store = DEFAULT_INBOX,
    state: Annotated[
        list[Settled] | None,
        typer.Option("--state", help="Only these; may be repeated; done by default.", show_default=False),
    ] = None,
    provider: ProviderOption = None,
    type: TypeOption = None,
    job: JobOption = None,
    handler: HandlerOption = None,
    key: KeyOption = None,
    redact: Annotated[
        bool, typer.Option("--redact", help="Keep the rows and empty what the provider sent.")
    ] = False,
    by: ByOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete old events, or with --redact only their content; what waits or runs is never touched.

    An event that was deleted is new when the provider sends it again; one that was redacted is still a duplicate.
    """
    now = time.time()
    where = Filter(
        states=tuple(State(each) for each in state or ("done",)),
        provider=provider,
        type=type,
        job_id=job,
        handler=handler,
        key=key,
        settled_until=now - _seconds(older_than),
    )
    with closing(existing(inbox)) as store:
        if dry_run:
            count = sum(would_purge(row, redact=redact) for row in pages(store, where))
        else:
            who = login_name() if by is None else by
            count = sum(len(ids) for ids in purge_all(store, where, now=now, by=who, redact=redact))
    if as_json:
        out.json({"redacted" if redact else "deleted": count, "dry_run": dry_run})
        return
    out.line(f"{count} events {'would be' if dry_run else 'were'} {'redacted' if redact else 'deleted'}")


@app.command("export")
def export_command(
    inbox: Store = DEFAULT_INBOX,
    to: Annotated[
        Path | None,
        typer.Option("--out", dir_okay=False, help="The file to write; standard output by default."),
    ] = None,
    state: StateOption = None,
    provider: ProviderOption = None,
    type: TypeOption = None,
    job: JobOption = None,
    handler: HandlerOption = None,
    key: KeyOption = None,
    body: Annotated[
        bool, typer.Option("--body", help="Write the deliveries too; they hold document content.")
    ] = False,
) -> None:
    """Write events as JSON Lines, newest first."""
    where = Filter(
        states=tuple(state or ()), provider=provider, type=type, job_id=job, handler=handler, key=key
    )
    with closing(existing(inbox)) as store:
        lines = export(store, where, body=body)
        if to is None:
            for line in lines:
                out.text(line)
            return
        with to.open("w", encoding="utf-8") as file:
            count = sum(1 for line in lines if file.write(line + "\n"))
    out.line(f"{count} events were written to {to}")


@app.command("audit")
def audit_command(
    inbox: Store = DEFAULT_INBOX,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """Say who replayed, redacted or deleted which events, and when."""
    with closing(existing(inbox)) as store:
        found = [audit_json(each) for each in store.audit(limit=limit).result()]
    if as_json:
        for each in found:
            out.json(each)
        return
    rows = [
        (each["time"], each["by"], each["action"], len(each["events"]), _some(each["events"]))
        for each in found
    ]
    out.table(("time", "by", "action", "events", "ids"), rows)


@app.command("stats")
def stats_command(
    inbox: Store = DEFAULT_INBOX,
    tracker: Annotated[
        str | None,
        typer.Option(
            envvar="PAPERHOOK_TRACKER",
            help="Where submissions are remembered, or none; the inbox's own file or database by default.",
            show_default=False,
        ),
    ] = None,
    is_done_counted: Annotated[
        bool, typer.Option("--done", help="Count by type what is done, too: that looks at every event.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show what waits and since when, which handlers fail, and what providers owe."""
    with closing(existing(inbox)) as store:
        found = survey(store, done=is_done_counted).result()
    show_stats(survey_json(found, time.time()), _jobs(inbox if tracker is None else tracker), as_json=as_json)


def _jobs(address: str) -> dict[str, Any] | None:
    """Describe what was submitted; None where nobody remembers it there."""
    if address == NO_TRACKER or not has_tracker(address):
        return None
    with closing(open_tracker(address)) as tracker:
        return tally_json(tracker.tally().result(), time.time())


def existing(url: str) -> Inbox:
    """Open an inbox that is there; a mistyped address must not make a new, empty one."""
    if has_tables(url, OF_INBOX) is False:
        raise ConfigurationError(
            f"there is no inbox at {shown(url)}: name it with --inbox or PAPERHOOK_INBOX"
        )
    return open_inbox(url)


def _some(ids: list[int]) -> str:
    return ", ".join(map(str, ids[:20])) + (", …" if len(ids) > 20 else "")


def login_name() -> str:
    """Give who runs the command, for the audit."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container may run under a number that has no name.
        return ""


def _seconds(duration: str) -> float:
    """Read `30d`, `12h`, `90m`, `45s` or `2w`."""
    match = _DURATION.fullmatch(duration.strip())
    if match is None:
        raise typer.BadParameter(f"{duration!r} is no duration: write 30d, 12h, 90m, 45s or 2w")
    return float(match[1]) * _UNITS[match[2]]


def _cells(row: Row) -> tuple[object, ...]:
    handlers = ", ".join(f"{each.handler}: {each.state}" for each in row.outcomes.values())
    entry = row.entry
    return (
        row.id,
        row.state,
        entry.provider,
        entry.type,
        entry.job_id,
        time_text(entry.received_at),
        handlers,
    )
