"""A handler's event is narrowed by what the decorator was given."""

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
    Event,
    Job,
    JobError,
    Result,
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


@hooks.on(DocumentCompleted)  # type: ignore[arg-type]
def without_a_transaction(event: DocumentCompleted, connection: sqlite3.Connection) -> None: ...


# The decorator gives the function back as it was.
assert_type(with_options(BatchCompleted.model_validate({})), int)


# Each ignore is an error that must be there: mypy warns about one that is not needed.
@hooks.on(DocumentCompleted)  # type: ignore[arg-type]
def another_class(event: DocumentFailed) -> None: ...


@hooks.on("document.failed")  # type: ignore[arg-type]
def another_name(event: DocumentCompleted) -> None: ...


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
