"""`paperhook show`: what was read, where on the page it stands, and which rule holds it back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..client import Client
from ..core.event import DocumentCompleted
from ..core.result import Result
from ..core.review import Reason
from ..errors import ConfigurationError, NotInReview
from ..evaluation.running import LOCAL, reads_locally
from ..hooks import Webhooks
from ..hooks.reviews import Held
from ..inbox.base import Filter, Row
from ..picture.overlay import Shown, overlay_page, shown
from ..picture.pages import page_pictures
from ..reading.reader import Reader
from ..rules import ask
from .output import out
from .worker_command import load


@dataclass(frozen=True)
class Subject:
    """A document that is shown."""

    title: str
    result: Result
    #: Its file, where there is one.
    document: Path | None
    #: Why rules hold it back.
    reasons: Sequence[Reason] = ()


def run(
    subject: str,
    *,
    provider: str | None,
    document: Path | None,
    app: str | None,
    html: Path | None,
    as_json: bool,
) -> None:
    """Read a file, or fetch a job's result, and show it.

    Args:
        subject: A file, else a job's id.
        provider: Who reads the file, or knows the job; by default this machine reads the file.
        document: The job's document, for the pictures of its pages.
        app: `module:name` of a `Webhooks` whose rules are asked, or whose inbox has the job.
        html: Where the page with the pictures goes; None prints only the list.
    """
    if app is None:
        found = _subject(subject, provider, document)
    else:
        with closing(load(app)) as hooks:
            found = _judged(hooks, subject, provider, document)
    print_list(found, as_json=as_json)
    if html is not None:
        write_page(found, html)


def print_list(found: Subject, *, as_json: bool) -> None:
    """Print each field with what speaks for and against it."""
    for field in shown(found.result, found.reasons):
        _print(field, as_json=as_json)
    if as_json:
        return
    for warning in found.result.warnings:
        out.line(f"warning: {warning}")
    for reason in found.reasons:
        out.line(f"held back by {reason}")


def write_page(found: Subject, html: Path) -> None:
    """Write the pages of a document with each field's box over them."""
    pictures = page_pictures(found.document.read_bytes()) if found.document is not None else []
    html.write_text(
        overlay_page(found.title, found.result, pictures, reasons=found.reasons), encoding="utf-8"
    )


def _subject(subject: str, provider: str | None, document: Path | None) -> Subject:
    path = Path(subject)
    if path.is_file():
        return Subject(path.name, _read(path, provider), path)
    return Subject(subject, _fetched(subject, provider), document)


def _judged(hooks: Webhooks, subject: str, provider: str | None, document: Path | None) -> Subject:
    """Ask the rules about a file; of a job the inbox knows what they said, and it has the result."""
    path = Path(subject)
    if path.is_file():
        result = _read(path, provider)
        asked = ask(hooks.rules, _as_event(result, provider or LOCAL), now=datetime.now(UTC))
        return Subject(path.name, result, path, asyncio.run(asked))
    row = _row_of(hooks, subject, provider)
    try:
        held = hooks.reviews.get(row.id)
    except NotInReview:
        event = hooks.event(row.entry)
        return Subject(subject, event.result if isinstance(event, DocumentCompleted) else Result(), document)
    return subject_of(held, document)


def subject_of(held: Held, document: Path | None) -> Subject:
    """Give a document that was held back, with the reasons while it waits."""
    reasons = held.review.reasons if held.review.decision is None else ()
    return Subject(held.entry.job_id or f"event {held.id}", held.result, document, reasons)


def _row_of(hooks: Webhooks, job_id: str, provider: str | None) -> Row:
    where = Filter(job_id=job_id, provider=provider, type=DocumentCompleted.canonical_type)
    for row in hooks.inbox.rows(where, limit=1).result():
        return row
    raise ConfigurationError(
        f"show: there is no file {job_id!r}, and the inbox has no completed document of such a job"
    )


def _as_event(result: Result, provider: str) -> DocumentCompleted:
    return DocumentCompleted(
        key="shown", provider=provider, type=DocumentCompleted.canonical_type, result=result
    )


def _read(path: Path, provider: str | None) -> Result:
    if provider is not None:
        with Client.from_env(provider) as client:
            return client.upload_and_wait(path)
    with Reader() as reader:
        return reads_locally(reader)(path)


def _fetched(job_id: str, provider: str | None) -> Result:
    if provider is None:
        raise ConfigurationError(
            f"show: there is no file {job_id!r}; for a job say whose it is, with --provider"
        )
    with Client.from_env(provider) as client:
        return client.result(job_id)


def _print(one: Shown, *, as_json: bool) -> None:
    field = one.field
    told: dict[str, Any] = {
        "field": one.path,
        "value": field.value,
        "confidence": field.confidence,
        "page": field.page_number,
        "box": field.box,
        "reasons": list(one.reasons),
        "held_back": list(one.held_back),
    }
    if as_json:
        out.json(told)
        return
    value = "" if field.value is None else field.value
    notes = [*(f"held back by {each}" for each in one.held_back), *one.reasons]
    out.line(f"{one.path}: {value}  ({'; '.join(notes)})")
