"""A handler's event is narrowed by what the decorator was given.

Each ignore is an error that must be there: mypy and pyright both tell of one that is not needed.
"""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

import sqlite3
from decimal import Decimal
from typing import assert_type

import psycopg

from paperhook import (
    AsyncClient,
    BatchCompleted,
    Client,
    DocumentCompleted,
    DocumentFailed,
    DocumentNeedsReview,
    DocumentReceived,
    EndpointTest,
    Event,
    Job,
    JobError,
    Result,
    UnknownEvent,
    UploadOutcome,
    Webhooks,
)
from paperhook.providers import DocuParse, Ocriva
from paperhook.schemas import Invoice

provider = DocuParse("key", webhook_secret="a-secret-for-tests")
hooks = Webhooks(provider, inbox="memory:")


@hooks.on(DocumentCompleted)
def by_class(event: DocumentCompleted) -> None:
    assert_type(event.result, Result)
    assert_type(event.result.parse(Invoice), Invoice)
    assert_type(event.result.parse(Invoice).total, Decimal | None)


@hooks.on("document.failed")
async def by_name(event: DocumentFailed) -> None:
    assert_type(event.error, JobError)


@hooks.on("batch.completed", timeout=5)
def with_options(event: BatchCompleted) -> int:
    return event.summary.total


@hooks.on("document.*")
def by_prefix(event: Event) -> None: ...


@hooks.on(DocumentCompleted)
def takes_less(event: Event) -> None: ...


@hooks.on(DocumentCompleted, transaction=True)
def in_sqlite(event: DocumentCompleted, connection: sqlite3.Connection) -> None:
    assert_type(event.result, Result)


@hooks.on("document.failed", transaction=True, timeout=5)
def in_postgresql(event: DocumentFailed, connection: psycopg.Connection[tuple[object, ...]]) -> None: ...


@hooks.on(DocumentCompleted, transaction=True)  # type: ignore[arg-type]
def without_a_connection(event: DocumentCompleted) -> None: ...


@hooks.on(DocumentCompleted)  # type: ignore[type-var]
def without_a_transaction(event: DocumentCompleted, connection: sqlite3.Connection) -> None: ...


@hooks.on("document.received")
def received(event: DocumentReceived) -> None: ...


@hooks.on("document.completed")
def completed(event: DocumentCompleted) -> None:
    assert_type(event.result, Result)


@hooks.on("document.needs_review")
def review(event: DocumentNeedsReview) -> None:
    assert_type(event.result, Result)


@hooks.on("endpoint.test")
def tested(event: EndpointTest) -> None: ...


# Whatever a pattern may bring is an event, and no more is known of it.
@hooks.on("*")
def everything(event: Event) -> None:
    if isinstance(event, DocumentCompleted):
        assert_type(event.result, Result)
    else:
        assert_type(event, Event)


# A provider's own word is what the handler says it is: the decorator cannot know.
@hooks.on("invoice.approved")
def own_word(event: UnknownEvent) -> None: ...


# One function for several events takes their union and narrows it; it keeps its type under each decorator.
@hooks.on(DocumentCompleted)
@hooks.on("document.failed")
def ended(event: DocumentCompleted | DocumentFailed) -> str:
    if isinstance(event, DocumentFailed):
        assert_type(event.error, JobError)
        return event.error.code
    assert_type(event, DocumentCompleted)
    return event.key


@hooks.on("batch.completed")  # type: ignore[type-var]
@hooks.on(DocumentCompleted)
def of_too_few(event: DocumentCompleted | DocumentFailed) -> None: ...


@hooks.on("document.*")  # type: ignore[type-var]
def of_a_pattern(event: DocumentCompleted) -> None: ...


# The decorator gives the function back as it was.
assert_type(ended(DocumentCompleted.model_validate({})), str)
assert_type(with_options(BatchCompleted.model_validate({})), int)


@hooks.on(DocumentCompleted)  # type: ignore[type-var]
def another_class(event: DocumentFailed) -> None: ...


@hooks.on("document.failed")  # type: ignore[type-var]
def another_name(event: DocumentCompleted) -> None: ...


@hooks.on(DocumentCompleted)  # type: ignore[type-var]
def two_arguments(event: DocumentCompleted, other: int) -> None: ...


@hooks.on(int)  # type: ignore[type-var, arg-type]
def no_event(event: int) -> None: ...


def calls(event: DocumentCompleted) -> None:
    with_options(1)  # type: ignore[arg-type]
    with_options(event)  # type: ignore[arg-type]
    text: str = with_options  # type: ignore[assignment]
    assert text


def clients() -> None:
    with Client(provider) as client:
        assert_type(client, Client)
        assert_type(client.upload("a.pdf"), Job)
        assert_type(client.upload_and_wait("a.pdf"), Result)
        assert_type([*client.upload_many(["a.pdf"])], list[UploadOutcome[str]])
        names = [template.name for template in client.run(Ocriva("key").templates())]
        assert_type(names, list[str])


async def asynchronous_clients() -> None:
    async with AsyncClient(provider) as client:
        assert_type(client, AsyncClient)
        assert_type(await client.upload("a.pdf"), Job)
        async for outcome in client.upload_many(["a.pdf"]):
            assert_type(outcome.job, Job | None)
