"""Deliveries that only refer to their result: it is fetched before rules and handlers see the document, over every store."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
import tenacity

from paperhook import AsyncClient, Client, DocumentCompleted, DocumentNeedsReview, Webhooks
from paperhook.core.delivery import Envelope
from paperhook.errors import ConfigurationError, PaperhookError
from paperhook.hooks.fetching import _chosen
from paperhook.inbox import Inbox, MemoryInbox, State
from paperhook.providers import DocuParse, DocuProx
from paperhook.retrying import RetryPolicy
from paperhook.rules import Rule, required, sums, unique
from paperhook.worker.fetching import RESULT

from .contracts.test_inboxes import STORES
from .plain_inbox import PlainInbox
from .test_reviews import AGAIN, GOOD, PARSE, Clock

ONCE = RetryPolicy(stop=tenacity.stop_after_attempt(1), wait=tenacity.wait_none(), retry=tenacity.retry_never)


class Office:
    """A provider that sends references, what it answers when it is asked, and a `Webhooks` that asks."""

    def __init__(self, inbox: Inbox, *rules: Rule, is_async: bool = False, **options: Any) -> None:
        self.answers: list[dict[str, Any] | int] = []
        self.asked: list[str] = []
        self.clock = Clock()
        self.booked: list[DocumentCompleted] = []
        self.told: list[DocumentNeedsReview] = []
        self.failures = 0
        transport = httpx.MockTransport(lambda request: self._answer(request))
        client: Any = (
            AsyncClient(PARSE, http_client=httpx.AsyncClient(transport=transport), retry=ONCE)
            if is_async
            else Client(PARSE, http_client=httpx.Client(transport=transport), retry=ONCE)
        )
        self.hooks = Webhooks(
            PARSE, inbox=inbox, worker="external", rules=rules, clock=self.clock, fetch=client, **options
        )
        self.hooks.on(DocumentCompleted, name="book", retry=AGAIN)(self.book)
        self.hooks.on(DocumentNeedsReview, name="tell")(self.told.append)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        answer = self.answers.pop(0) if self.answers else 404
        if isinstance(answer, int):
            return httpx.Response(answer, json={})
        return httpx.Response(200, json=answer)

    def says(self, **values: Any) -> None:
        self.answers.append({"document_id": "doc_1", "status": "completed", "data": {**GOOD, **values}})

    def book(self, event: DocumentCompleted) -> None:
        self.booked.append(event)
        if len(self.booked) <= self.failures:
            raise RuntimeError("the ledger is away")

    def refer(self) -> None:
        body = json.dumps(
            {"event": "document.completed", "document_id": "doc_1", "timestamp": "2026-05-01T12:00:00Z"}
        )
        signed = PARSE.signature.sign(body.encode(), PARSE.secrets[0])
        assert self.hooks.receive(signed, body.encode()).outcome == "accepted"

    def run(self) -> None:
        asyncio.run(self.hooks.worker.drain())

    @property
    def state(self) -> State:
        (row,) = self.hooks.inbox.rows().result()
        return row.state

    def outcome(self, handler: str) -> Any:
        (row,) = self.hooks.inbox.rows().result()
        return row.outcomes.get(handler)


@pytest.fixture(params=STORES)
def inbox(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Inbox]:
    opened = STORES[request.param](tmp_path)
    yield opened
    opened.close()


@pytest.mark.parametrize("is_async", [False, True])
def test_rules_judge_what_was_fetched(inbox: Inbox, is_async: bool) -> None:
    office = Office(inbox, required("total"), sums(), is_async=is_async)
    office.says()
    office.refer()

    office.run()

    (booked,) = office.booked
    assert (office.state, office.told) == (State.DONE, [])
    assert booked.has_result
    assert booked.result.fields["total"].value == Decimal("45.50")
    assert (booked.key, booked.provider_type, booked.origin) == (
        "document.completed:doc_1",
        "document.completed",
        "webhook",
    )
    assert booked.occurred_at is not None
    assert booked.raw["timestamp"] == "2026-05-01T12:00:00Z"


def test_what_was_fetched_and_is_doubtful_waits_for_a_person(inbox: Inbox) -> None:
    office = Office(inbox, sums(), unique("vendor", "invoice_number"))
    office.says(total="54.50")
    office.refer()
    office.run()

    (held,) = office.hooks.reviews.waiting()
    assert [str(reason) for reason in held.review.reasons] == ["sums: subtotal and tax are not the total"]
    assert held.result.fields["total"].text == "54.50"
    asked = len(office.asked)
    # By now the provider may have forgotten it.
    office.hooks.reviews.correct(held.id, {"total": "45.50"})
    office.run()

    (booked,) = office.booked
    assert booked.result.fields["total"].value == Decimal("45.50")
    assert booked.original is not None
    assert booked.original.fields["total"].value == Decimal("54.50")
    assert len(office.asked) == asked


def test_a_fetch_that_fails_is_tried_again_and_nothing_is_judged_meanwhile(inbox: Inbox) -> None:
    office = Office(inbox, required("total"))
    office.answers.append(503)
    office.refer()
    office.run()

    failed = office.outcome(RESULT)
    assert (office.state, failed.state, failed.attempts) == (State.PENDING, State.PENDING, 1)
    assert "ServerError" in failed.error
    assert (office.booked, office.told) == ([], [])
    office.clock.now += 3600
    office.says()
    office.run()

    assert (office.state, len(office.booked), office.told) == (State.DONE, 1, [])


def test_a_result_that_is_not_there_yet_is_asked_for_again() -> None:
    office = Office(MemoryInbox(), required("total"))
    office.answers.append({"document_id": "doc_1", "status": "processing"})
    office.refer()
    office.run()

    assert (office.state, office.told) == (State.PENDING, [])
    assert "PaperhookError" in office.outcome(RESULT).error


def test_a_result_that_is_gone_is_dead_in_the_end_and_never_judged() -> None:
    office = Office(MemoryInbox(), required("total"))
    office.refer()
    for _ in range(12):
        office.run()
        office.clock.now += 3600

    assert (office.state, office.booked, office.told) == (State.DEAD, [], [])
    assert "ResultExpired" in office.outcome(RESULT).error


def test_a_handlers_retry_fetches_nothing_again(inbox: Inbox) -> None:
    office = Office(inbox)
    office.failures = 1
    office.says()
    office.refer()
    office.run()
    asked = len(office.asked)
    office.clock.now += 3600

    office.run()

    assert office.state is State.DONE
    assert [event.result.fields["vendor"].value for event in office.booked] == ["Acme", "Acme"]
    assert len(office.asked) == asked


def test_a_delivery_with_its_result_is_asked_about_nowhere() -> None:
    office = Office(MemoryInbox())
    body = json.dumps({"event": "document.completed", "document_id": "doc_1", "data": GOOD}).encode()
    office.hooks.receive(PARSE.signature.sign(body, PARSE.secrets[0]), body)

    office.run()

    assert (office.state, office.asked, office.outcome(RESULT)) == (State.DONE, [], None)


def test_a_worker_that_lost_its_lease_while_it_fetched_keeps_nothing(inbox: Inbox) -> None:
    office = Office(inbox, required("total"))
    office.refer()

    def lose(request: httpx.Request) -> httpx.Response:
        assert len(inbox.claim(limit=1, lease=60, now=office.clock.now + 600).result()) == 1
        return httpx.Response(200, json={"document_id": "doc_1", "status": "completed", "data": GOOD})

    client = Client(PARSE, http_client=httpx.Client(transport=httpx.MockTransport(lose)))
    hooks = Webhooks(PARSE, inbox=inbox, worker="external", clock=office.clock, fetch=client)
    hooks.on(DocumentCompleted)(office.book)
    asyncio.run(hooks.worker.drain())

    (row,) = inbox.rows().result()
    assert (row.state, row.entry.form, row.outcomes) == (State.RUNNING, "delivery", {})
    assert office.booked == []


def test_the_clients_that_reconcile_fetch_too(tmp_path: Path) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"document_id": "doc_1", "status": "completed", "data": GOOD})

    client = Client(
        PARSE,
        tracker=f"sqlite:///{tmp_path / 'tracker.db'}",
        http_client=httpx.Client(transport=httpx.MockTransport(answer)),
    )
    office = Office(MemoryInbox())
    hooks = Webhooks(PARSE, inbox=office.hooks.inbox, worker="external", reconcile=client)
    hooks.on(DocumentCompleted)(office.book)
    office.refer()
    with client:
        asyncio.run(hooks.worker.drain())

    assert office.booked[0].result.fields["vendor"].value == "Acme"


def test_a_result_is_the_deliverys_by_its_key_or_because_it_is_the_only_one() -> None:
    event = DocumentCompleted(key="k2", provider="docuparse", type="document.completed", job_id="j")
    found = [
        Envelope(key=key, type="document.completed", provider_type="", payload=payload, raw=None)
        for key, payload in (("k1", GOOD), ("k2", GOOD), ("k3", {}))
    ]

    assert _chosen(PARSE, event, event.job, found).key == "k2"
    # A key that holds a hash of the result is another one before there is a result.
    assert _chosen(PARSE, event, event.job, [found[0], found[2]]).key == "k1"
    with pytest.raises(PaperhookError, match="no result of it yet"):
        _chosen(PARSE, event, event.job, [found[0], replace(found[0], key="k4")])


def test_an_inbox_without_reviews_has_no_place_for_what_is_fetched() -> None:
    with pytest.raises(ConfigurationError, match="PlainInbox has no place"):
        Webhooks(PARSE, inbox=PlainInbox(), worker="external", fetch=Client(PARSE))  # type: ignore[arg-type]


def test_a_client_of_a_stranger_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="docuprox is none of the providers"):
        Webhooks(PARSE, inbox="memory:", fetch=Client(DocuProx("key")))


def test_a_client_with_another_secret_of_the_same_provider_will_do() -> None:
    hooks = Webhooks(PARSE, inbox="memory:", fetch=[Client(DocuParse("other"))])

    assert hooks.worker is not None


def test_a_provider_that_does_not_answer_keeps_no_process_from_ending() -> None:
    office, is_asked, answered = Office(MemoryInbox()), threading.Event(), threading.Event()

    def stay_silent(request: httpx.Request) -> httpx.Response:
        is_asked.set()
        answered.wait(60)
        return httpx.Response(404, json={})

    office._answer = stay_silent  # type: ignore[method-assign]
    office.refer()

    async def work_for_a_moment() -> None:
        working = asyncio.create_task(office.hooks.run_worker())
        assert await asyncio.to_thread(is_asked.wait, 10)
        await office.hooks.stop_worker(grace=0.1)
        await working

    process = threading.Thread(target=asyncio.run, args=(work_for_a_moment(),), daemon=True)
    process.start()
    process.join(20)
    has_ended = not process.is_alive()
    answered.set()
    process.join(20)

    assert is_asked.is_set()
    assert has_ended
