"""The providers in memory: real clients, real deliveries, faults on command, and no socket."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest

from paperhook import DocumentCompleted, DocumentFailed, Webhooks
from paperhook.cli.demo import sample
from paperhook.errors import ConfigurationError, JobFailed
from paperhook.providers import PROVIDERS
from paperhook.simulator import FaultPlan, VirtualClock
from paperhook.testing import (
    LOCAL_SECRET,
    AsyncMemoryProviders,
    MemoryProviders,
    PreparedReader,
    RecordedInbox,
    local_provider,
)

PDF = b"%PDF-1.7 a document"
FAULTS = (
    "duplicate=0.1",
    "reorder=0.1",
    "delay=0.1",
    "tamper=0.05",
    "wrong_signature=0.05",
    "stale=0.05",
    "restart=0.02",
)


@pytest.fixture(autouse=True)
def no_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "bind", refuse)


def receiver(inbox: RecordedInbox, handle: Callable[[Any], Any], *names: str) -> Webhooks:
    """Make an application; one that restarts is made again over the same inbox."""
    providers = [
        local_provider(name, "http://x.test", secret=LOCAL_SECRET) for name in names or ("docuparse",)
    ]
    hooks = Webhooks(*providers, inbox=inbox, worker="inline")
    hooks.on("*", name="handle")(handle)
    return hooks


def flask_application(hooks: Webhooks) -> Any:
    flask = pytest.importorskip("flask")
    application = flask.Flask("application")
    application.wsgi_app = hooks.wsgi()
    return application


def test_a_document_goes_the_whole_way(paperhook_memory: Any, paperhook_inbox: RecordedInbox) -> None:
    seen: list[Any] = []
    local = paperhook_memory(receiver(paperhook_inbox, seen.append))

    with local.client("docuparse") as client:
        job = client.wait(client.upload(PDF, filename="a.pdf"))
        result = client.result(job)

    assert str(result.fields["total"].value) == "45.50"
    [event] = seen
    assert isinstance(event, DocumentCompleted)
    assert event.result.fields["total"].value == result.fields["total"].value
    paperhook_inbox.assert_handled("document.completed", by="handle", times=1)


@pytest.mark.parametrize("name", PROVIDERS)
def test_every_provider_is_there(paperhook_memory: Any, paperhook_inbox: RecordedInbox, name: str) -> None:
    local = paperhook_memory(receiver(paperhook_inbox, lambda event: None, *PROVIDERS))
    if name == "space-ocr":
        pytest.importorskip("PIL")

    with local.client(name) as client:
        job = client.wait(client.upload(sample()))
    local.drain()

    assert job.status.is_success
    paperhook_inbox.assert_handled("document.completed", times=1)


def test_a_static_secret_may_have_letters_beyond_ascii() -> None:
    secret, inbox = "ein-geheimes-Wort-für-Zoë", RecordedInbox()
    hooks = Webhooks(local_provider("docuprox", "http://x.test", secret=secret), inbox=inbox, worker="inline")
    hooks.on("*", name="handle")(lambda event: None)

    with MemoryProviders(hooks.asgi(), path="/{provider}", secret=secret) as local:
        with local.client("docuprox") as client:
            client.upload(PDF, filename="a.pdf")
        local.drain()

    inbox.assert_handled("document.completed", times=1)


def test_what_a_document_says_is_prepared_by_its_name(
    paperhook_memory: Any, paperhook_inbox: RecordedInbox
) -> None:
    seen: dict[str, Any] = {}
    reader = PreparedReader(
        {"a.pdf": {"vendor": "Acme", "total": "9.99"}, "b.pdf": "encrypted"},
        line_items=[{"description": "Paper", "amount": "9.99"}],
    )
    local = paperhook_memory(
        receiver(paperhook_inbox, lambda event: seen.setdefault(event.type, event)), reader=reader
    )

    with local.client("docuparse") as client:
        client.upload(PDF, filename="a.pdf")
        failed = client.wait(client.upload(PDF + b"2", filename="b.pdf"))
        with pytest.raises(JobFailed):
            client.result(failed)

    assert str(seen["document.completed"].result.fields["total"].value) == "9.99"
    assert str(seen["document.completed"].result.line_items[0]["amount"].value) == "9.99"
    assert isinstance(seen["document.failed"], DocumentFailed)
    with pytest.raises(ConfigurationError, match="has no field 'totl'"):
        PreparedReader({"a.pdf": {"totl": "1"}})
    with pytest.raises(ConfigurationError, match=r"total is 12.5: write text, such as '12.5'"):
        PreparedReader({"a.pdf": {"total": 12.5}})  # type: ignore[dict-item] # what users write
    with pytest.raises(ConfigurationError, match=r"no document is 'blurred': write .*no_text"):
        PreparedReader(default="blurred")


def test_what_takes_no_webhook_is_refused_before_it_is_waited_for() -> None:
    with pytest.raises(ConfigurationError, match="'app:hooks' takes no webhooks: pass your Webhooks"):
        MemoryProviders("app:hooks")  # type: ignore[arg-type] # what users write


@pytest.mark.parametrize("kind", [MemoryProviders, AsyncMemoryProviders])
def test_handlers_that_run_later_are_refused(kind: type[Any]) -> None:
    hooks = Webhooks(local_provider("docuparse", "http://x.test"), inbox=RecordedInbox())

    with pytest.raises(
        ConfigurationError, match=r"worker='embedded'.* run some time after .*worker='inline'"
    ):
        kind(hooks)


@pytest.mark.parametrize("make", [Webhooks.wsgi, flask_application], ids=["wsgi", "flask"])
def test_a_wsgi_application_is_refused(make: Callable[[Webhooks], Any]) -> None:
    hooks = receiver(RecordedInbox(), lambda event: None)

    with pytest.raises(
        ConfigurationError, match=r"is no ASGI application, .*: pass your Webhooks, also where"
    ):
        MemoryProviders(make(hooks))


def test_a_worker_that_an_asgi_application_started_ends_with_the_block() -> None:
    inbox, tasks = RecordedInbox(), list[asyncio.Task[Any]]()
    hooks = Webhooks(local_provider("docuparse", "http://x.test"), inbox=inbox)
    hooks.on("*", name="handle")(lambda event: None)
    app = hooks.asgi()

    async def watched(*connection: Any) -> None:
        await app(*connection)
        tasks.extend(asyncio.all_tasks())

    with MemoryProviders(watched, path="/{provider}") as local:
        with local.client("docuparse") as client:
            client.upload(PDF, filename="a.pdf")
        local.drain()

    assert "paperhook-worker" in [task.get_name() for task in tasks]
    assert all(task.done() for task in tasks)
    inbox.assert_put("document.completed", times=1)


def test_an_event_loop_that_runs_already_is_told_at_once() -> None:
    async def work() -> None:
        with pytest.raises(RuntimeError, match="an event loop runs here already: use AsyncMemoryProviders"):
            MemoryProviders().__enter__()

    asyncio.run(work())


def test_a_restart_that_raises_fails_the_test(paperhook_inbox: RecordedInbox) -> None:
    def restart() -> Webhooks:
        raise LookupError("no such fixture")

    hooks = receiver(paperhook_inbox, lambda event: None)
    with MemoryProviders(hooks, restart=restart, faults="restart=1x") as local:
        with local.client("docuparse") as client:
            client.upload(PDF, filename="a.pdf")
        with pytest.raises(LookupError, match="no such fixture"):
            local.drain()
        local.drain()
    with (
        pytest.raises(LookupError, match="no such fixture"),
        MemoryProviders(hooks, restart=restart, faults="restart=1x") as local,
        local.client("docuparse") as client,
    ):
        client.wait(client.upload(PDF, filename="a.pdf"))


def test_a_restart_that_raises_fails_an_asynchronous_test(paperhook_inbox: RecordedInbox) -> None:
    def restart() -> Webhooks:
        raise LookupError("no such fixture")

    async def work() -> None:
        hooks = receiver(paperhook_inbox, lambda event: None)
        local = AsyncMemoryProviders(hooks, restart=restart, faults="restart=1x")
        async with local, local.client("docuparse") as client:
            await client.wait(await client.upload(PDF, filename="a.pdf"))

    with pytest.raises(LookupError, match="no such fixture"):
        asyncio.run(work())


def test_what_an_application_raises_is_logged(
    paperhook_memory: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        raise LookupError("no such table")

    local = paperhook_memory(broken)
    with local.client("docuparse") as client:
        client.upload(PDF, filename="a.pdf")
    local.drain()

    assert local.state()["docuparse"]["deliveries_failed"] == 1
    assert "the application raised instead of answering a delivery" in caplog.text
    assert "LookupError: no such table" in caplog.text


def test_a_path_where_nothing_takes_webhooks_is_told_once(
    paperhook_memory: Any, paperhook_inbox: RecordedInbox, caplog: pytest.LogCaptureFixture
) -> None:
    from starlette.applications import Starlette
    from starlette.routing import Mount

    hooks = receiver(paperhook_inbox, lambda event: None)
    local = paperhook_memory(Starlette(routes=[Mount("/hooks", hooks.asgi())]))
    with local.client("docuparse") as client:
        client.upload(PDF, filename="a.pdf")
    local.drain()

    [told] = [record for record in caplog.records if record.name == "paperhook"]
    assert told.getMessage() == (
        "the application answered 404 at /webhooks/docuparse: say where it takes webhooks with path='/…/{provider}'"
    )
    with pytest.raises(ConfigurationError, match="path is 'hooks': it begins with /"):
        paperhook_memory(hooks, path="hooks")


def test_they_are_used_once() -> None:
    local = MemoryProviders()
    with local:
        pass

    with pytest.raises(RuntimeError, match="MemoryProviders can be entered once: make another"):
        local.__enter__()


def test_one_fault_needs_no_list(paperhook_memory: Any) -> None:
    assert paperhook_memory(faults="drop=1x").simulator.faults == FaultPlan.parse("drop=1x")


def test_time_is_moved_by_hand_where_the_test_has_a_clock(
    paperhook_memory: Any, paperhook_inbox: RecordedInbox
) -> None:
    clock = VirtualClock()
    local = paperhook_memory(
        receiver(paperhook_inbox, lambda event: None), clock=clock, processing_seconds=60, faults=["delay=1x"]
    )

    with local.client("docuparse") as client:
        client.upload(PDF, filename="a.pdf")
        local.advance(119)
        before = paperhook_inbox.events()
        local.advance(2)

    assert before == ()
    paperhook_inbox.assert_put("document.completed", times=1)


@pytest.mark.parametrize("fault", ["duplicate", "tamper", "wrong_signature", "restart", "stale", "reorder"])
def test_no_fault_handles_an_event_twice_or_never(
    paperhook_memory: Any, paperhook_inbox: RecordedInbox, fault: str
) -> None:
    seen: list[str] = []
    restarts: list[Webhooks] = []

    def start() -> Webhooks:
        restarts.append(receiver(paperhook_inbox, lambda event: seen.append(event.key)))
        return restarts[-1]

    local = paperhook_memory(start(), restart=start, faults=[f"{fault}=5x"], seed=1)

    with local.client("docuparse") as client:
        for number in range(10):
            client.upload(PDF + b"%d" % number, filename=f"{number}.pdf")
    local.drain()

    assert len(seen) == len(set(seen)) == 10
    assert len(restarts) == (6 if fault == "restart" else 1)
    counts = local.state()["docuparse"]
    assert counts["deliveries_acknowledged"] == 10
    assert counts["deliveries_attempts"] > 10 or fault == "reorder"


def test_a_dropped_webhook_never_comes(paperhook_memory: Any, paperhook_inbox: RecordedInbox) -> None:
    local = paperhook_memory(receiver(paperhook_inbox, lambda event: None))
    local.misbehave("drop=1x")

    with local.client("docuparse") as client:
        job = client.upload(PDF, filename="a.pdf")
        assert client.wait(job).status.is_success
    local.drain()

    assert paperhook_inbox.events() == ()
    local.misbehave()
    assert local.simulator.faults == FaultPlan()


def test_an_application_is_an_asgi_app_too(paperhook_memory: Any, paperhook_inbox: RecordedInbox) -> None:
    from starlette.applications import Starlette
    from starlette.routing import Mount

    hooks = receiver(paperhook_inbox, lambda event: None)
    app = Starlette(routes=[Mount("/hooks", hooks.asgi())])
    local = paperhook_memory(app, path="/hooks/{provider}", restart=None, faults=["restart=1x"])

    with local.client("docuparse") as client:
        client.upload(PDF, filename="a.pdf")
    local.drain()

    paperhook_inbox.assert_put("document.completed", times=1)
    paperhook_inbox.assert_duplicates(1)


def test_without_an_application_nothing_is_delivered(paperhook_memory: Any) -> None:
    local = paperhook_memory()

    with local.client("docuparse") as client:
        assert client.upload_and_wait(PDF, filename="a.pdf").fields

    assert local.state()["docuparse"]["deliveries_events"] == 0


def test_a_lost_answer_is_a_lost_answer_in_memory(paperhook_memory: Any) -> None:
    local = paperhook_memory(faults=["reset=1x"])

    with (
        local.client("docuparse") as client,
        pytest.raises(Exception, match=r"may have arrived|Server disconnected"),
    ):
        client.upload(PDF, filename="a.pdf")

    assert local.state()["docuparse"]["jobs"] == 1


def test_outside_its_block_there_is_no_loop() -> None:
    with pytest.raises(RuntimeError, match="context manager"):
        MemoryProviders().client("docuparse")


def test_asynchronous_code_has_the_same() -> None:
    inbox, seen = RecordedInbox(), list[str]()

    async def handle(event: Any) -> None:
        seen.append(event.key)

    async def work() -> None:
        clock = VirtualClock()
        local = AsyncMemoryProviders(receiver(inbox, handle), faults=("duplicate",), clock=clock)
        async with local, local.client("docuparse") as client:
            job = await client.upload(PDF, filename="a.pdf")
            await local.advance(1)
            await local.drain()
            assert (await client.status(job)).status.is_success

    asyncio.run(work())

    assert len(seen) == 1
    # The second one may come while the first is being handled, and once more after that.
    assert inbox.events()[0].duplicates >= 1


def test_an_asynchronous_handler_may_ask_back() -> None:
    inbox, totals = RecordedInbox(), list[str]()

    async def work() -> None:
        async def handle(event: Any) -> None:
            async with local.client("docuparse") as inner:
                totals.append(str((await inner.result(event.job)).fields["total"].value))

        local = AsyncMemoryProviders(receiver(inbox, handle))
        async with local, local.client("docuparse") as client:
            assert (await client.upload_and_wait(PDF, filename="a.pdf")).fields

    asyncio.run(work())

    assert totals == ["45.50"]


def test_a_handler_in_a_thread_may_ask_back(paperhook_memory: Any, paperhook_inbox: RecordedInbox) -> None:
    totals: list[str] = []

    def handle(event: Any) -> None:
        with local.client("docuparse") as inner:
            totals.append(str(inner.result(event.job).fields["total"].value))

    local = paperhook_memory(receiver(paperhook_inbox, handle))
    with local.client("docuparse") as client:
        client.upload_and_wait(PDF, filename="a.pdf")

    assert totals == ["45.50"]


def test_an_asynchronous_handler_cannot_ask_with_a_sync_client(
    paperhook_memory: Any, paperhook_inbox: RecordedInbox
) -> None:
    async def handle(event: Any) -> None:
        with local.client("docuparse") as inner:
            inner.status(event.job_id)

    local = paperhook_memory(receiver(paperhook_inbox, handle))
    with local.client("docuparse") as client:
        client.upload(PDF, filename="a.pdf")
    local.advance(1)

    [row] = paperhook_inbox.events()
    assert (
        "would wait for itself" in row.outcomes["handle"].error
        or "RuntimeError" in row.outcomes["handle"].error
    )


@pytest.mark.slow
@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_a_thousand_jobs_with_faults_are_each_handled_once(
    paperhook_memory: Any, paperhook_inbox: RecordedInbox, is_async: bool
) -> None:
    seen: list[str] = []

    async def handle(event: Any) -> None:
        seen.append(event.key)

    def start() -> Webhooks:
        return receiver(paperhook_inbox, handle if is_async else lambda event: seen.append(event.key))

    local = paperhook_memory(start(), restart=start, faults=FAULTS, seed=7)
    began = time.process_time()

    with local.client("docuparse") as client:
        for number in range(1000):
            client.upload(b"%%PDF-1.7 %d" % number, filename=f"{number}.pdf")
    local.drain()

    print(f"1,000 jobs: {time.process_time() - began:.2f} s of processor time")
    assert len(seen) == len(set(seen)) == 1000
    paperhook_inbox.assert_nothing_waits()
