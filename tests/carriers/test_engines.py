"""What each carrier gives to its engine, without its workers."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from paperhook import Webhooks
from paperhook.carriers import (
    CeleryCarrier,
    PgQueuerCarrier,
    ProcrastinateCarrier,
    TransactionalCarrier,
)
from paperhook.errors import ConfigurationError
from paperhook.inbox import Entry, PostgresInbox, State
from paperhook.providers import DocuParse
from paperhook.testing import LOCAL_SECRET

from .. import postgres
from ..engines import Setting, deliver, install, procrastinate_of

KEYS = [("docuparse", "e1"), ("docuparse", "é\x00\n")]


class Runs:
    """Notes what it is asked to run."""

    def __init__(self) -> None:
        self.ran: list[tuple[str, str]] = []

    def run(self, provider: str, key: str) -> State | None:
        self.ran.append((provider, key))
        return State.DONE

    async def arun(self, provider: str, key: str) -> State | None:
        return self.run(provider, key)


# Celery


def celery_app() -> Any:
    from celery import Celery

    return Celery("carried", broker=f"memory://{time.monotonic()}", set_as_current=False)


def test_celery_gets_one_message_for_each_key() -> None:
    app = celery_app()
    carrier = CeleryCarrier(app, queue="ocr", priority=3)
    carrier.attach(Runs())

    carrier.carry(KEYS)

    with app.connection() as connection, connection.SimpleQueue("ocr") as queue:
        messages = [queue.get(timeout=1) for _ in KEYS]
    assert [tuple(message.payload[0]) for message in messages] == KEYS
    assert {message.headers["task"] for message in messages} == {"paperhook.run"}
    carrier.close()


def test_a_celery_task_runs_the_event_and_is_acknowledged_late() -> None:
    app, runs = celery_app(), Runs()
    CeleryCarrier(app, name="ours").attach(runs)
    task = app.tasks["ours"]

    task.apply(KEYS[0])

    assert runs.ran == [KEYS[0]]
    assert (task.acks_late, task.reject_on_worker_lost, task.ignore_result) == (True, True, True)


# procrastinate and pgqueuer


@pytest.fixture(params=["procrastinate", "pgqueuer"])
def setting(request: pytest.FixtureRequest) -> Setting:
    schema = postgres.address()
    return Setting(request.param, schema, schema, "carried", "")


def carrier_of(setting: Setting, **options: Any) -> ProcrastinateCarrier | PgQueuerCarrier:
    if setting.engine == "procrastinate":
        return ProcrastinateCarrier(procrastinate_of(setting), setting.broker, queue="carried", **options)
    return PgQueuerCarrier(setting.broker, entrypoint="carried", **options)


def jobs(setting: Setting) -> list[tuple[str, str]]:
    with postgres.administrator(setting.broker) as connection:
        if setting.engine == "procrastinate":
            rows = connection.execute("SELECT args FROM procrastinate_jobs ORDER BY id").fetchall()
            return [tuple(json.loads(args["event"])) for (args,) in rows]
        rows = connection.execute("SELECT payload FROM pgqueuer ORDER BY id").fetchall()
        return [tuple(json.loads(payload)) for (payload,) in rows]


@pytest.fixture
def receiver(setting: Setting) -> Iterator[Webhooks]:
    hooks = Webhooks(
        DocuParse("key", webhook_secret=LOCAL_SECRET),
        inbox=PostgresInbox(setting.inbox),
        worker="external",
        carrier=carrier_of(setting),
    )
    hooks.on("*", name="book")(print)
    yield hooks
    hooks.close()


def test_a_job_is_there_as_soon_as_its_event_is(setting: Setting, receiver: Webhooks) -> None:
    install(setting)

    deliver(receiver, "e1")
    # A duplicate makes no second job.
    deliver(receiver, "e1")
    deliver(receiver, "e2")

    assert jobs(setting) == [
        ("docuparse", "document.completed:doc_e1"),
        ("docuparse", "document.completed:doc_e2"),
    ]


def test_an_event_is_stored_also_where_its_job_cannot_be(
    setting: Setting, receiver: Webhooks, caplog: pytest.LogCaptureFixture
) -> None:
    # The engine's tables are not there.
    deliver(receiver, "e1")

    assert receiver.inbox.stats().result().pending == 1
    assert "handed over later: Undefined" in caplog.text
    assert "doc_e1" not in caplog.text


def test_event_and_job_are_rolled_back_together(setting: Setting) -> None:
    install(setting)
    inbox = PostgresInbox(setting.inbox)
    inbox.stats().result()
    carrier = carrier_of(setting)
    carrier.attach(Runs())

    def carry_and_cut(connection: psycopg.Connection[Any], keys: Any) -> None:
        carrier.carry_within(connection, keys)
        # The server goes away before the commit.
        connection.close()
        raise ConnectionError

    inbox.enlist(carry_and_cut)
    asked = inbox.put([Entry("docuparse", "e1", "t", b"", received_at=1.0)])

    assert asked.exception() is not None
    assert jobs(setting) == []
    assert inbox.rows().result() == ()
    inbox.close()


def test_jobs_are_stored_over_a_connection_of_its_own_where_the_databases_differ(setting: Setting) -> None:
    install(setting)
    carrier = carrier_of(setting, is_same_database=False)
    carrier.attach(Runs())

    carrier.carry(KEYS)
    with postgres.administrator(setting.broker):
        postgres.cut_connections()
    # The first call finds the connection cut, the next one opens another.
    with pytest.raises(Exception):  # noqa: B017, PT011 - each engine has its own
        carrier.carry(KEYS[:1])
    carrier.carry(KEYS[:1])
    carrier.close()
    carrier.carry(KEYS[:1])
    carrier.close()
    carrier.close()

    assert jobs(setting) == [*KEYS, *KEYS[:1] * 2]


def test_it_is_known_as_transactional(setting: Setting) -> None:
    assert isinstance(carrier_of(setting), TransactionalCarrier)
    assert not isinstance(CeleryCarrier(celery_app()), TransactionalCarrier)


def test_jobs_are_sent_after_the_commit_where_the_inbox_is_another(setting: Setting) -> None:
    install(setting)
    hooks = Webhooks(
        DocuParse("key", webhook_secret=LOCAL_SECRET),
        inbox="memory:",
        worker="external",
        carrier=carrier_of(setting),
    )
    hooks.on("*", name="book")(print)

    deliver(hooks, "e1")
    hooks.close()

    assert jobs(setting) == [("docuparse", "document.completed:doc_e1")]


def test_procrastinate_takes_keys_while_its_app_is_open_on_a_loop() -> None:
    schema = postgres.address()
    setting = Setting("procrastinate", schema, schema, "carried", "")
    install(setting)
    app = procrastinate_of(setting)
    carrier = ProcrastinateCarrier(app, setting.broker)
    carrier.attach(Runs())

    async def serve() -> None:
        async with app.open_async():
            await asyncio.wait_for(asyncio.to_thread(carrier.carry, KEYS), 10)

    asyncio.run(serve())
    carrier.close()

    assert jobs(setting) == KEYS


def test_pgqueuer_needs_to_know_whose_events_it_runs() -> None:
    with pytest.raises(ConfigurationError, match="no Webhooks"):
        PgQueuerCarrier("postgresql://").register(object())  # type: ignore[arg-type]


def test_pgqueuer_runs_the_event_of_each_job() -> None:
    registered: dict[str, Any] = {}

    class App:
        def entrypoint(self, name: str, /) -> Any:
            return lambda function: registered.setdefault(name, function)

    runs, carrier = Runs(), PgQueuerCarrier("postgresql://", entrypoint="ours")
    carrier.attach(runs)
    carrier.register(App())

    asyncio.run(registered["ours"](SimpleNamespace(payload=json.dumps(KEYS[1]).encode())))

    assert runs.ran == [KEYS[1]]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_carries_on_a_connection_of_its_own() -> None:
    schema = postgres.address()
    setting = Setting("pgqueuer", schema, schema, "carried", "")
    install(setting)
    carrier = carrier_of(setting)
    carrier.carry(KEYS[:1])

    # As a thread of the parent may hold it in this moment.
    with carrier._lock:
        child = os.fork()
        if child == 0:
            signal.alarm(20)
            carrier.carry(KEYS[1:])
            carrier.close()
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    carrier.carry(KEYS[:1])
    carrier.close()

    assert jobs(setting) == [*KEYS, KEYS[0]]


def test_the_log_is_under_the_name_of_the_package(
    setting: Setting, receiver: Webhooks, caplog: pytest.LogCaptureFixture
) -> None:
    deliver(receiver, "e1")

    ours = {(each.name, each.levelno) for each in caplog.records if each.name.startswith("paperhook")}
    assert ours == {("paperhook", logging.ERROR)}
