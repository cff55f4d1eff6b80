"""Deliveries and what polling found: outcomes, and what is stored."""

from __future__ import annotations

import asyncio
import json
import logging
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
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
from paperhook.errors import InboxUnavailable, UnknownProvider
from paperhook.hooks import Webhooks
from paperhook.inbox import MemoryInbox
from paperhook.webhooks.receiver import Outcome
from tests.acme import SECRET, Acme, KeyedAcme, acme, body_of, signed
from tests.test_client import until, wait_until

from .given import Give, give, row_states, webhooks

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


def test_why_deliveries_are_refused_is_logged_and_nobody_floods_the_log(
    caplog: pytest.LogCaptureFixture, give_either: Give
) -> None:
    hooks = webhooks()
    hooks.on("*")(print)
    # A command that ran in this process may have had everything logged.
    caplog.set_level(logging.WARNING)

    for _ in range(3):
        hooks.receive({}, b"{}")
    hooks.receive({"X-Acme-Signature": "sha256=" + "0" * 64}, b"{}")

    assert [(each.levelname, each.message.partition(": ")[0]) for each in caplog.records] == [
        ("WARNING", "a delivery was refused as unsigned, more of them are logged at level INFO"),
        ("WARNING", "a delivery was refused as bad_signature, more of them are logged at level INFO"),
    ]
    assert "X-Acme-Signature is missing" in caplog.text
    caplog.set_level(logging.INFO)
    caplog.clear()
    give_either(hooks)
    hooks.receive({}, b"{}")
    assert [each.levelname for each in caplog.records] == ["INFO"]


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
