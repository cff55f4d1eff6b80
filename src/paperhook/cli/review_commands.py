"""`paperhook review`: documents that a rule holds back, and what a person decides about them."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from ..errors import ConfigurationError, NotInReview
from ..hooks import DEFAULT_INBOX
from ..hooks.reviews import Held, Reviews, held_json
from ..inbox.base import Entry
from ..inbox.operating import time_text
from ..observe.details import UNOBSERVED
from .inbox_commands import ByOption, Store, existing, login_name
from .options import AsJson, Limit
from .output import out
from .show_command import subject_of, write_page
from .worker_command import load

app: typer.Typer = typer.Typer(
    no_args_is_help=True,
    help="""Look at documents that a rule holds back, and decide about them.

    1. `paperhook review list` shows which wait, and why.

    2. `paperhook review show ID --app app:hooks` shows what was read.

    3. `accept`, `correct` or `reject` decides; the first decision counts, and a worker acts on it.

    Name the inbox with --inbox or PAPERHOOK_INBOX, or your application with --app.
    """,
)

App = Annotated[
    str | None,
    typer.Option(
        "--app", help="module:name of your Webhooks object; its inbox is taken, and values can be shown."
    ),
]
Id = Annotated[int, typer.Argument(help="The event's id, as `review list` shows it.")]
Ids = Annotated[list[int], typer.Argument(help="Ids, as `review list` shows them.")]
Note = Annotated[str, typer.Option(help="Why; kept with the review.")]


@app.command("list")
def list_command(
    inbox: Store = DEFAULT_INBOX,
    app: App = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List documents that wait for a decision, with the reasons."""
    with _reviews(inbox, app) as reviews:
        waiting = reviews.waiting(limit=limit)
    if as_json:
        for held in waiting:
            out.json(held_json(held))
        return
    columns = ("id", "provider", "job", "since", "reasons")
    out.table(columns, [_cells(held) for held in waiting])


@app.command("show")
def show_command(
    id: Id,
    inbox: Store = DEFAULT_INBOX,
    app: App = None,
    html: Annotated[
        Path | None,
        typer.Option(help="Write a page with each field's box, and what holds it back; needs --app."),
    ] = None,
    document: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="The document, to draw on.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show one document: each reason with its field and place; with --app what was read, too."""
    with _reviews(inbox, app) as reviews:
        held = reviews.get(id)
        described = held_json(held, values=app is not None)
        if html is not None:
            write_page(subject_of(held, document), html)
    if as_json:
        out.json(described)
        return
    for name in ("id", "state", "provider", "key", "job_id", "since", "decision", "by", "note", "corrected"):
        out.line(f"{name:<12} {described[name]}")
    out.line()
    values = described.get("values", {})
    rows = [
        (
            each["rule"],
            each["message"],
            each["field"],
            each["page_number"],
            each["box"],
            values.get(each["field"]),
        )
        for each in described["reasons"]
    ]
    out.table(("rule", "message", "field", "page", "box", "value"), rows)
    width = max(map(len, values), default=0)
    for name, value in values.items():
        out.line(f"{name:<{width}}  {value}")


@app.command("accept")
def accept_command(
    ids: Ids,
    inbox: Store = DEFAULT_INBOX,
    app: App = None,
    note: Note = "",
    by: ByOption = None,
    as_json: AsJson = False,
) -> None:
    """Say that documents are right: their handlers run, whatever the rules say."""
    with _reviews(inbox, app) as reviews:
        _decide_each(ids, reviews.accept, "accepted: its handlers run now", by, note, as_json=as_json)


@app.command("reject")
def reject_command(
    ids: Ids,
    inbox: Store = DEFAULT_INBOX,
    app: App = None,
    note: Note = "",
    by: ByOption = None,
    as_json: AsJson = False,
) -> None:
    """Say that nothing is to be done with documents: no handler runs."""
    with _reviews(inbox, app) as reviews:
        _decide_each(ids, reviews.reject, "rejected: no handler runs", by, note, as_json=as_json)


@app.command("correct")
def correct_command(
    id: Id,
    values: Annotated[
        list[str],
        typer.Argument(
            metavar="FIELD=VALUE...",
            help="Such as total=45.50, invoice_date=2026-05-01 or line_items[0].quantity=2; nothing after = takes it away.",
        ),
    ],
    inbox: Store = DEFAULT_INBOX,
    app: App = None,
    accept: Annotated[
        bool, typer.Option("--accept", help="It is right so: do not ask the rules again.")
    ] = False,
    new_fields: Annotated[
        bool,
        typer.Option("--new-fields", help="A name that nobody knows is a new field, not a typo."),
    ] = False,
    note: Note = "",
    by: ByOption = None,
    as_json: AsJson = False,
) -> None:
    """Set values that were misread; the rules are asked about the corrected document, unless --accept."""
    corrections = dict(_correction(each) for each in values)
    with _reviews(inbox, app) as reviews:
        correct = partial(reviews.correct, corrections=corrections, accept=accept, new_fields=new_fields)
        told = "accepted: its handlers run now" if accept else "corrected: the rules are asked again"
        _decide_each([id], correct, told, by, note, as_json=as_json)


@contextmanager
def _reviews(inbox: str, app: str | None) -> Generator[Reviews]:
    if app is not None:
        with closing(load(app)) as hooks:
            yield hooks.reviews
        return
    with closing(existing(inbox)) as store:
        yield Reviews(store, read=_unread, clock=time.time, observers=UNOBSERVED, resume=_nobody)


def _unread(entry: Entry) -> NoReturn:
    raise ConfigurationError(f"what {entry.provider} sent is read by your application: name it with --app")


def _nobody(entry: Entry) -> None:
    """Leave it to the workers, which look by themselves."""


def _correction(text: str) -> tuple[str, str | None]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ConfigurationError(f"{name!r} is no correction: write field=value")
    return name.strip(), value.strip() or None


def _decide_each(
    ids: list[int], decide: Callable[..., None], told: str, by: str | None, note: str, *, as_json: bool
) -> None:
    """Decide about each document and tell it at once; one that does not wait does not keep the others waiting.

    Raises:
        NotInReview: In the end, if any did not wait.
    """
    who = login_name() if by is None else by
    refused: list[str] = []
    for each in ids:
        try:
            decide(each, by=who, note=note)
        except NotInReview as error:
            refused.append(str(error))
            continue
        if as_json:
            out.json({"id": each, "decision": told.partition(":")[0]})
        else:
            out.line(f"event {each} is {told}")
    if refused:
        raise NotInReview("; ".join(refused))


def _cells(held: Held) -> tuple[Any, ...]:
    reasons = "\n".join(str(reason) for reason in held.review.reasons)
    since = time_text(held.review.opened_at.timestamp())
    return held.id, held.entry.provider, held.entry.job_id, since, reasons
