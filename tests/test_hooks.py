"""Webhooks wired together: receive, store, run, stop."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest
import tenacity
from hypothesis import given
from hypothesis import strategies as st

from paperhook.core.delivery import Delivery, Envelope
from paperhook.core.event import (
    DocumentCompleted,
    DocumentFailed,
    Event,
    Origin,
    UnknownEvent,
)
from paperhook.core.headers import Headers
from paperhook.core.job import Job, JobStatus
from paperhook.core.result import Result
from paperhook.errors import ConfigurationError, GiveUp, InboxUnavailable, UnknownProvider
from paperhook.hooks import Webhooks
from paperhook.inbox import MemoryInbox, SqliteInbox
from paperhook.inbox.base import Filter, State
from paperhook.retrying import RetryPolicy
from paperhook.webhooks.receiver import Outcome
from tests.acme import SECRET, Acme, KeyedAcme, acme, body_of, signed
from tests.test_client import until, wait_until

ONCE = RetryPolicy(stop=tenacity.stop_after_attempt(1))
AGAIN_AT_ONCE = RetryPolicy(
    stop=tenacity.stop_after_attempt(5),
    wait=tenacity.wait_none(),
    retry=tenacity.retry_if_exception_type(Exception),
)


def webhooks(*providers: Any, **options: Any) -> Webhooks:
    return Webhooks(*(providers or (acme(),)), **{"inbox": MemoryInbox(), "worker": "external", **options})


@pytest.fixture
def seen() -> list[Event]:
    return []


@pytest.fixture
def hooks(seen: list[Event]) -> Iterator[Webhooks]:
    """An embedded worker, and one handler for everything."""
    made = webhooks(worker="embedded")
    made.on("*")(seen.append)
    yield made
    made.close()


def row_states(hooks: Webhooks) -> list[State]:
    return [row.state for row in hooks.inbox.rows(Filter()).result()]


def give(hooks: Webhooks, body: bytes | None = None, **named: Any) -> Any:
    sent = body_of() if body is None else body
    return hooks.receive(signed(sent), sent, **named)


async def agive(hooks: Webhooks, body: bytes | None = None, **named: Any) -> Any:
    sent = body_of() if body is None else body
    return await hooks.areceive(signed(sent), sent, **named)


Give = Callable[..., Any]


def _asynchronously(hooks: Webhooks, body: bytes | None = None, **named: Any) -> Any:
    return asyncio.run(agive(hooks, body, **named))


@pytest.fixture(params=[give, _asynchronously], ids=["sync", "async"])
def give_either(request: pytest.FixtureRequest) -> Give:
    """Hand over one delivery in either way."""
    return request.param


# Construction


def test_a_provider_is_needed() -> None:
    with pytest.raises(ConfigurationError, match="needs a provider"):
        Webhooks(inbox="memory:")


def test_two_providers_of_one_name_would_hide_each_other() -> None:
    with pytest.raises(ConfigurationError, match="two providers are named acme"):
        webhooks(acme(), acme())


def test_no_secret_is_an_error_at_construction() -> None:
    with pytest.raises(ConfigurationError, match="ACME_WEBHOOK_SECRET"):
        webhooks(acme(webhook_secret=None))


def test_a_mode_that_is_none_is_told() -> None:
    with pytest.raises(ConfigurationError, match="'embedded', 'external' or 'inline'"):
        webhooks(worker="sometimes")


def test_an_address_opens_its_inbox(tmp_path: Path) -> None:
    hooks = Webhooks(acme(), inbox=f"sqlite:///{tmp_path / 'inbox.db'}", worker="external")

    assert isinstance(hooks.inbox, SqliteInbox)
    hooks.close()


def test_unsigned_deliveries_are_warned_of_once(caplog: pytest.LogCaptureFixture, give_either: Give) -> None:
    hooks = webhooks(acme(webhook_secret=None, unsigned="accept"))

    give_either(hooks)
    give_either(hooks)

    assert [record.getMessage() for record in caplog.records] == [
        "acme: unsigned deliveries are accepted: anybody can forge them"
    ]


# Registration


def test_the_decorator_gives_the_function_back() -> None:
    def book(event: DocumentCompleted) -> str:
        return event.key

    assert webhooks().on(DocumentCompleted)(book) is book


def test_a_late_registration_is_refused() -> None:
    hooks = webhooks()
    give(hooks)

    with pytest.raises(ConfigurationError, match="registered after the first delivery"):
        hooks.on("*")(print)


def test_a_delivery_that_anybody_could_forge_does_not_end_registration() -> None:
    hooks = webhooks()
    hooks.receive({}, b"{}")

    hooks.on("*")(print)


def test_callables_without_a_name_of_their_own_can_be_registered() -> None:
    class Booker:
        def __call__(self, event: Event) -> None:
            """Do nothing."""

    hooks = webhooks()
    hooks.on("*")(Booker())
    hooks.on("*", name="mine")(lambda event: None)

    names = [each.name for each in hooks._router.registrations]
    assert names == [
        "tests.test_hooks.test_callables_without_a_name_of_their_own_can_be_registered.<locals>.Booker",
        "mine",
    ]


# Outcomes


def test_a_delivery_is_accepted_once(give_either: Give) -> None:
    hooks = webhooks()
    hooks.on("*")(print)

    first, second = give_either(hooks), give_either(hooks)

    assert (first.status, first.outcome, first.secret_name) == (200, Outcome.ACCEPTED, "default")
    assert (second.status, second.outcome, second.secret_name) == (200, Outcome.DUPLICATE, "default")
    assert hooks.inbox.stats().result().duplicates == 1


def test_a_delivery_that_nobody_listens_to_is_acknowledged_and_not_stored(give_either: Give) -> None:
    hooks = webhooks()
    hooks.on(DocumentFailed)(print)

    reply = give_either(hooks)

    assert (reply.status, reply.outcome) == (200, Outcome.IGNORED)
    assert row_states(hooks) == []


@pytest.mark.parametrize(
    ("headers", "body", "named", "status", "outcome"),
    [
        ({}, b"{}", {}, 401, Outcome.UNSIGNED),
        (signed(b"other"), b"{}", {}, 401, Outcome.BAD_SIGNATURE),
        (signed(b"[]"), b"[]", {}, 400, Outcome.MALFORMED),
        (signed(b"{}"), b"{}", {"method": "GET"}, 405, Outcome.WRONG_METHOD),
        (signed(b"{}"), b"{}", {"provider": "nobody"}, 404, Outcome.UNKNOWN_PROVIDER),
        (signed(b"{}"), b"x" * 2_000_000, {}, 413, Outcome.TOO_LARGE),
        ({"content-encoding": "gzip"}, b"{}", {}, 415, Outcome.WRONG_CONTENT_TYPE),
    ],
)
def test_every_refusal_has_its_status_and_stores_nothing(
    headers: Any, body: bytes, named: Any, status: int, outcome: Outcome
) -> None:
    hooks = webhooks()
    hooks.on("*")(print)

    replies = [
        hooks.receive(headers, body, **named),
        asyncio.run(hooks.areceive(headers, body, **named)),
    ]

    assert [(each.status, each.outcome) for each in replies] == [(status, outcome)] * 2
    assert row_states(hooks) == []


def test_with_several_providers_the_path_chooses(give_either: Give) -> None:
    hooks = webhooks(acme(), KeyedAcme("k", webhook_secret="another-secret-of-16"))
    hooks.on("*")(print)

    assert give_either(hooks).outcome is Outcome.UNKNOWN_PROVIDER
    assert give_either(hooks, provider="acme").outcome is Outcome.ACCEPTED
    assert give_either(hooks, provider="keyed-acme").outcome is Outcome.BAD_SIGNATURE


def test_every_event_of_a_delivery_is_stored(give_either: Give) -> None:
    hooks = webhooks()
    hooks.on(DocumentCompleted)(print)
    events = [
        json.loads(body_of("done", "d1")),
        json.loads(body_of("stored", "d2")),
        json.loads(body_of("done", "d3")),
    ]

    reply = give_either(hooks, json.dumps({"events": events}).encode())

    assert reply.outcome is Outcome.ACCEPTED
    assert sorted(row.entry.key for row in hooks.inbox.rows().result()) == ["done:d1", "done:d3"]


def test_the_headers_that_a_provider_reads_are_kept_and_no_others(give_either: Give) -> None:
    hooks, body = webhooks(), body_of()
    hooks.on("*")(print)

    hooks.receive({**signed(body), "X-Acme-Region": "eu", "Authorization": "Bearer x"}, body)

    assert dict(hooks.inbox.rows().result()[0].entry.headers) == {"x-acme-region": "eu"}


# Whatever happens, the sender gets an answer


class Away(MemoryInbox):
    """A store that fails in a way of the test's choice."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error: Exception | None = error

    def put(self, entries: Any) -> Future[Any]:
        if self.error is None:
            return super().put(entries)
        if isinstance(self.error, KeyError):
            raise self.error
        failed: Future[Any] = Future()
        failed.set_exception(self.error)
        return failed


@pytest.mark.parametrize(
    "error", [InboxUnavailable("the disk is full"), OSError(28, "no space"), KeyError("DE89")]
)
def test_what_is_not_stored_is_not_acknowledged(
    error: Exception, give_either: Give, caplog: pytest.LogCaptureFixture
) -> None:
    hooks = webhooks(inbox=Away(error))
    hooks.on("*")(print)

    reply = give_either(hooks)

    assert (reply.status, reply.outcome) == (503, Outcome.UNAVAILABLE)
    assert "will come again" in caplog.text
    assert "DE89" not in caplog.text + reply.detail


@dataclass(frozen=True)
class Careless(Acme):
    """A provider whose reading of a delivery has a mistake."""

    name: ClassVar[str] = "careless"

    def envelopes(self, delivery: Delivery) -> tuple[Envelope, ...]:
        raise KeyError(delivery.json()["iban"])


def test_an_authentic_delivery_that_our_own_mistake_cannot_read_comes_again(
    give_either: Give, caplog: pytest.LogCaptureFixture
) -> None:
    hooks = webhooks(Careless("k", webhook_secret=SECRET))
    hooks.on("*")(print)

    reply = give_either(hooks, b'{"iban": "DE89370400440532013000"}')

    assert (reply.status, reply.outcome) == (503, Outcome.UNAVAILABLE)
    assert "KeyError" in caplog.text
    assert "DE89" not in caplog.text + reply.detail + repr(reply)


def test_a_body_that_is_not_bytes_is_the_callers_mistake(give_either: Give) -> None:
    with pytest.raises(TypeError, match="exact bytes"):
        webhooks().receive({}, "{}")  # type: ignore[arg-type] # that is the point


@given(
    headers=st.lists(
        st.tuples(
            st.sampled_from(["X-Acme-Signature", "Content-Encoding"]) | st.text(), st.text() | st.binary()
        ),
        max_size=4,
    ),
    body=st.binary(max_size=100),
    provider=st.none() | st.sampled_from(["acme"]) | st.text(),
    is_signed=st.booleans(),
)
def test_any_delivery_gets_a_reply(headers: Any, body: bytes, provider: Any, is_signed: bool) -> None:
    hooks = webhooks()
    hooks.on("*")(print)

    reply = hooks.receive(
        [*headers, *signed(body).items()] if is_signed else headers, body, provider=provider
    )

    assert 200 <= reply.status < 500


def test_nothing_of_a_delivery_is_logged_or_shown(
    caplog: pytest.LogCaptureFixture, give_either: Give
) -> None:
    caplog.set_level(logging.DEBUG)
    hooks, body = webhooks(), body_of("done", iban="DE89370400440532013000")
    hooks.on("*")(print)
    signature = signed(body)["X-Acme-Signature"]

    replies = [give_either(hooks, body), hooks.receive({"X-Acme-Signature": signature}, body + b" ")]

    shown = caplog.text + repr(replies) + "".join(each.detail for each in replies)
    assert "DE89" not in shown
    assert SECRET not in shown
    assert signature.removeprefix("sha256=") not in shown


# The embedded worker


def test_a_worker_starts_with_the_first_delivery_from_a_thread(hooks: Webhooks, seen: list[Event]) -> None:
    assert give(hooks).outcome is Outcome.ACCEPTED

    assert wait_until(lambda: len(seen) == 1)
    assert isinstance(seen[0], DocumentCompleted)
    assert seen[0].origin is Origin.WEBHOOK
    assert wait_until(lambda: row_states(hooks) == [State.DONE])


def test_a_worker_starts_with_the_first_delivery_on_a_loop(hooks: Webhooks, seen: list[Event]) -> None:
    async def main() -> None:
        assert (await agive(hooks)).outcome is Outcome.ACCEPTED
        await until(lambda: len(seen) == 1)
        await hooks.aclose()

    asyncio.run(main())

    assert not worker_threads()


def worker_threads() -> list[threading.Thread]:
    # The threads that run sync handlers end by themselves when they are idle.
    return [each for each in threading.enumerate() if each.name == "paperhook-worker" and not each.daemon]


def test_the_first_deliveries_from_many_threads_start_one_worker(hooks: Webhooks, seen: list[Event]) -> None:
    with ThreadPoolExecutor(16) as pool:
        replies = list(pool.map(lambda number: give(hooks, body_of("done", f"d{number}")), range(100)))

    assert {each.outcome for each in replies} == {Outcome.ACCEPTED}
    assert wait_until(lambda: len(seen) == 100)
    assert sorted(each.key for each in seen) == sorted(f"done:d{number}" for number in range(100))


def test_many_deliveries_at_once_on_a_loop_are_each_run_once(hooks: Webhooks, seen: list[Event]) -> None:
    async def main() -> None:
        async with hooks.lifespan():
            bodies = [body_of("done", f"d{number % 50}") for number in range(100)]
            replies = await asyncio.gather(*(agive(hooks, body) for body in bodies))
            assert (
                sorted(each.outcome for each in replies) == [Outcome.ACCEPTED] * 50 + [Outcome.DUPLICATE] * 50
            )
            await until(lambda: len(seen) == 50)

    asyncio.run(main())

    assert len(seen) == 50


def test_sync_and_async_handlers_run_under_one_decorator() -> None:
    hooks, ran = webhooks(worker="embedded"), list[tuple[str, bool]]()
    main_thread = threading.current_thread()

    @hooks.on(DocumentCompleted)
    def book(event: DocumentCompleted) -> None:
        ran.append(("sync", threading.current_thread() is main_thread))

    @hooks.on("document.*")
    async def note(event: Event) -> None:
        await asyncio.sleep(0)
        ran.append(("async", threading.current_thread() is main_thread))

    async def main() -> None:
        async with hooks.lifespan():
            await agive(hooks)
            await until(lambda: len(ran) == 2)

    asyncio.run(main())
    hooks.close()

    assert sorted(ran) == [("async", True), ("sync", False)]


def test_a_delivery_after_the_lifespan_ended_starts_the_worker_again(
    hooks: Webhooks, seen: list[Event]
) -> None:
    async def main() -> None:
        async with hooks.lifespan():
            await agive(hooks)
            await until(lambda: len(seen) == 1)
        await agive(hooks, body_of("done", "d2"))
        await until(lambda: len(seen) == 2)
        await hooks.aclose()

    asyncio.run(main())


def test_a_worker_survives_the_loop_that_it_ran_on(hooks: Webhooks, seen: list[Event]) -> None:
    async def one(number: int) -> None:
        await agive(hooks, body_of("done", f"d{number}"))
        await until(lambda: len(seen) == number)

    asyncio.run(one(1))
    asyncio.run(one(2))

    assert give(hooks, body_of("done", "d3")).outcome is Outcome.ACCEPTED
    assert wait_until(lambda: len(seen) == 3)


def test_an_event_that_is_stored_while_its_sender_goes_away_is_run(
    hooks: Webhooks, seen: list[Event]
) -> None:
    async def main() -> None:
        for number in range(50):
            task = asyncio.create_task(agive(hooks, body_of("done", f"d{number}")))
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        reply = await agive(hooks, body_of("done", "last"))
        assert reply.outcome is Outcome.ACCEPTED
        stats = await asyncio.wrap_future(hooks.inbox.stats())
        await until(lambda: len(seen) == stats.pending + stats.running + stats.done)
        await hooks.aclose()

    asyncio.run(main())


def test_a_lifespan_that_ends_at_once_leaves_nothing_running(hooks: Webhooks) -> None:
    async def main() -> None:
        async with hooks.lifespan():
            pass
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(main())


def test_the_external_mode_runs_nothing_here_until_a_worker_is_run(seen: list[Event]) -> None:
    hooks = webhooks()
    hooks.on("*")(seen.append)

    async def main() -> None:
        async with hooks.lifespan():
            await agive(hooks)
        give(hooks, body_of("done", "d2"))
        assert row_states(hooks) == [State.PENDING] * 2
        working = asyncio.create_task(hooks.run_worker())
        await until(lambda: len(seen) == 2)
        await hooks.worker.stop()
        await working

    asyncio.run(main())
    hooks.close()


def test_on_dead_sees_what_gave_up() -> None:
    dead: list[Any] = []
    hooks = webhooks(
        worker="embedded", on_dead=lambda event, outcomes: dead.append((event.key, outcomes[0].state))
    )

    @hooks.on("*")
    def refuse(event: Event) -> None:
        raise GiveUp("no such vendor")

    give(hooks)

    assert wait_until(lambda: dead == [("done:d1", State.DEAD)])
    hooks.close()


# Closing


def test_closing_twice_is_fine_and_a_later_delivery_is_not_acknowledged(
    hooks: Webhooks, seen: list[Event]
) -> None:
    give(hooks)
    assert wait_until(lambda: len(seen) == 1)

    hooks.close()
    hooks.close()

    assert give(hooks, body_of("done", "d2")).status == 503


def test_closing_stops_the_worker_that_a_thread_started(hooks: Webhooks, seen: list[Event]) -> None:
    give(hooks)
    assert wait_until(lambda: len(seen) == 1)

    hooks.close()

    assert hooks._runner._thread is None
    assert hooks.worker._loop is None


def test_closing_on_a_running_loop_does_not_wait_for_itself(hooks: Webhooks, seen: list[Event]) -> None:
    async def main() -> None:
        await agive(hooks)
        await until(lambda: len(seen) == 1)
        await until(lambda: row_states(hooks) == [State.DONE])
        hooks.close()

    asyncio.run(asyncio.wait_for(main(), 5))


def test_closing_from_a_loop_stops_a_worker_in_a_thread(hooks: Webhooks, seen: list[Event]) -> None:
    give(hooks)
    assert wait_until(lambda: len(seen) == 1)

    async def main() -> None:
        hooks.close()

    asyncio.run(main())

    assert hooks.worker._loop is None


def test_closing_asynchronously_stops_a_worker_in_a_thread(hooks: Webhooks, seen: list[Event]) -> None:
    give(hooks)
    assert wait_until(lambda: len(seen) == 1)

    asyncio.run(hooks.aclose())
    asyncio.run(hooks.aclose())

    assert hooks.worker._loop is None


def test_closing_does_not_wait_for_a_loop_that_stands_still(hooks: Webhooks, seen: list[Event]) -> None:
    loop = asyncio.new_event_loop()
    loop.run_until_complete(agive(hooks))

    started = time.monotonic()
    hooks.close()
    asyncio.run(hooks.aclose())

    assert time.monotonic() - started < 2
    for task in asyncio.all_tasks(loop):
        task.cancel()
        loop.run_until_complete(asyncio.gather(task, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()


# Inline


@pytest.fixture
def inline() -> Iterator[Webhooks]:
    made = webhooks(worker="inline")
    yield made
    made.close()


def test_inline_runs_the_handlers_before_the_reply(
    inline: Webhooks, give_either: Give, seen: list[Event]
) -> None:
    @inline.on("*")
    async def book(event: Event) -> None:
        seen.append(event)

    first, second = give_either(inline), give_either(inline)

    assert (first.outcome, second.outcome, len(seen)) == (Outcome.ACCEPTED, Outcome.DUPLICATE, 1)
    assert row_states(inline) == [State.DONE]


def test_inline_asks_for_the_event_again_until_its_handler_succeeds(
    inline: Webhooks, give_either: Give
) -> None:
    attempts: list[int] = []

    @inline.on("*", retry=AGAIN_AT_ONCE)
    def book(event: Event) -> None:
        attempts.append(1)
        if len(attempts) < 3:
            raise ConnectionError("the ledger is away")

    replies = [give_either(inline) for _ in range(4)]

    assert [each.status for each in replies] == [500, 500, 200, 200]
    assert replies[0].outcome is Outcome.FAILED
    assert len(attempts) == 3


def test_inline_acknowledges_an_event_that_is_dead(inline: Webhooks, give_either: Give) -> None:
    @inline.on("*", retry=ONCE)
    def book(event: Event) -> None:
        raise GiveUp("never")

    assert [give_either(inline).status for _ in range(2)] == [200, 200]
    assert row_states(inline) == [State.DEAD]


def test_inline_does_not_acknowledge_what_another_process_runs_now(
    inline: Webhooks, give_either: Give
) -> None:
    inline.on("*")(print)
    body = body_of()
    other = webhooks(worker="external", inbox=inline.inbox)
    other.on("*")(print)
    give(other, body)
    assert inline.inbox.claim(limit=1, lease=60, now=time.time()).result()

    assert give_either(inline, body).status == 500


def test_inline_works_in_a_sync_view_on_a_running_loop(inline: Webhooks, seen: list[Event]) -> None:
    @inline.on("*")
    async def book(event: Event) -> None:
        seen.append(event)

    async def view() -> Any:
        return give(inline)

    assert asyncio.run(view()).outcome is Outcome.ACCEPTED
    assert len(seen) == 1


def test_inline_is_not_acknowledged_when_the_store_goes_away_in_between(give_either: Give) -> None:
    class GoneAfterPut(MemoryInbox):
        def claim_key(self, *arguments: Any, **named: Any) -> Any:
            raise InboxUnavailable("away")

    hooks = webhooks(worker="inline", inbox=GoneAfterPut())
    hooks.on("*")(print)

    assert give_either(hooks).status == 503


# What polling found


JOB = Job(id="d1", provider="acme", status=JobStatus.COMPLETED)


def polled(**fields: Any) -> tuple[Envelope, ...]:
    return acme().polled(JOB, Result(raw={"id": "d1", "fields": fields, "metadata": {"ref": 7}}))


def test_what_polling_found_flows_through_the_same_handlers(hooks: Webhooks, seen: list[Event]) -> None:
    assert hooks.put_polled("acme", polled(total="12.50")) == (True,)

    assert wait_until(lambda: len(seen) == 1)
    event = seen[0]
    assert isinstance(event, DocumentCompleted)
    assert (event.origin, event.key, event.metadata) == (Origin.POLL, "done:d1", {"ref": 7})
    assert event.result.fields["total"].value == "12.50"


def test_a_late_webhook_is_a_duplicate_of_what_was_polled() -> None:
    hooks = webhooks()
    hooks.on("*")(print)

    assert hooks.put_polled("acme", polled()) == (True,)
    assert give(hooks).outcome is Outcome.DUPLICATE
    assert hooks.put_polled("acme", polled()) == (False,)


def test_what_polling_found_on_a_loop_starts_the_worker_there(hooks: Webhooks, seen: list[Event]) -> None:
    async def main() -> None:
        hooks.put_polled("acme", polled())
        await until(lambda: len(seen) == 1)
        await hooks.aclose()

    asyncio.run(main())


def test_what_nobody_listens_to_is_not_stored_when_it_is_polled() -> None:
    hooks = webhooks()
    hooks.on(UnknownEvent)(print)

    assert hooks.put_polled("acme", polled()) == ()
    with pytest.raises(UnknownProvider):
        hooks.put_polled("nobody", polled())


def test_a_polled_moment_survives_the_store(seen: list[Event]) -> None:
    hooks, body = webhooks(), body_of()
    hooks.on("*")(seen.append)
    (envelope,) = acme().envelopes(Delivery(Headers(), body))
    hooks.put_polled("acme", (envelope,))

    event = hooks.event(hooks.inbox.rows().result()[0].entry)

    assert event.occurred_at == envelope.occurred_at
    assert event.occurred_at is not None
