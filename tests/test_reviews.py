"""Documents that rules hold back, from the delivery to the decision and the handlers, over every store."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import tenacity

from paperhook import DocumentCompleted, DocumentNeedsReview, Webhooks
from paperhook.core.event import Event, Origin
from paperhook.core.review import Decision, Reason
from paperhook.errors import ConfigurationError, CorrectionInvalid, GiveUp, NotInReview
from paperhook.inbox import Filter, Inbox, MemoryInbox, State
from paperhook.inbox.reviewing import Ruling
from paperhook.observe import DocumentJudged, EventSettled, Recorder, ReviewDecided
from paperhook.providers import DocuParse
from paperhook.retrying import RetryPolicy
from paperhook.rules import confident, required, sums, unique
from paperhook.worker.judging import RULES

from .contracts.test_inboxes import STORES
from .plain_inbox import PlainInbox

AGAIN = RetryPolicy(
    stop=tenacity.stop_after_attempt(3), wait=tenacity.wait_fixed(30), retry=tenacity.retry_always
)
PARSE = DocuParse("dex_key", webhook_secret="a secret of the tests")
GOOD = {"merchant": "Acme", "invoice_id": "A-1", "subtotal": "40.00", "tax": "5.50", "total": "45.50"}
PLACED = {"_paperhook": {"fields": {"total": {"box": [1, 2, 3, 4], "page": 2, "confidence": 0.5}}}}


class Clock:
    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class Desk:
    """A `Webhooks` with rules, a handler for each kind of event, and a clock."""

    def __init__(self, inbox: Inbox, *rules: Any, **options: Any) -> None:
        self.clock, self.recorder = Clock(), Recorder()
        self.booked: list[DocumentCompleted] = []
        self.told: list[DocumentNeedsReview] = []
        self.fail_booking: Callable[[], None] = lambda: None
        self.fail_telling: Callable[[], None] = lambda: None
        self.hooks = Webhooks(
            PARSE,
            inbox=inbox,
            worker="external",
            rules=rules,
            clock=self.clock,
            observe=[self.recorder],
            **options,
        )
        self.hooks.on(DocumentCompleted, name="book", retry=AGAIN)(self.book)
        self.hooks.on(DocumentNeedsReview, name="tell", retry=AGAIN)(self.tell)

    def book(self, event: DocumentCompleted) -> None:
        self.booked.append(event)
        self.fail_booking()

    async def tell(self, event: DocumentNeedsReview) -> None:
        self.told.append(event)
        self.fail_telling()

    def deliver(self, number: int = 1, values: Any = GOOD, **more: Any) -> str:
        content = {
            "event": "document.completed",
            "document_id": f"doc_{number}",
            "timestamp": "2026-05-01T12:00:00Z",
        }
        body = json.dumps({**content, "data": {**values, **more}}).encode()
        return self.hooks.receive(PARSE.signature.sign(body, PARSE.secrets[0]), body).outcome

    def run(self) -> None:
        asyncio.run(self.hooks.worker.drain())

    def states(self) -> list[State]:
        return [row.state for row in reversed(self.hooks.inbox.rows().result())]

    @property
    def waiting(self) -> int:
        (held,) = self.hooks.reviews.waiting()
        return held.id


@pytest.fixture(params=STORES)
def inbox(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Inbox]:
    opened = STORES[request.param](tmp_path)
    yield opened
    opened.close()


def raises(error: type[Exception] = RuntimeError) -> Callable[[], None]:
    def fail() -> None:
        raise error("Acme")

    return fail


def test_a_document_that_meets_the_rules_goes_to_its_handlers(inbox: Inbox) -> None:
    desk = Desk(inbox, required("vendor", "total"), sums())

    assert desk.deliver() == "accepted"
    desk.run()

    assert [event.result.fields["total"].value for event in desk.booked] == [Decimal("45.50")]
    assert (desk.booked[0].origin, desk.booked[0].review, desk.booked[0].original) == (
        Origin.WEBHOOK,
        None,
        None,
    )
    assert (desk.told, desk.states()) == ([], [State.DONE])
    assert desk.recorder.of(DocumentJudged) == [
        DocumentJudged("docuparse", "document.completed", is_met=True)
    ]


def test_a_document_that_does_not_waits_for_a_person(inbox: Inbox) -> None:
    desk = Desk(inbox, required("iban"), sums(), confident(0.85))

    desk.deliver(total="50.00", **PLACED)
    desk.run()
    desk.run()

    (told,) = desk.told
    assert desk.booked == []
    assert (told.type, told.job_id, told.review_id) == ("document.needs_review", "doc_1", desk.waiting)
    assert told.reasons == (
        Reason(rule="required", message="iban is missing", field="iban"),
        Reason(
            rule="sums",
            message="subtotal and tax are not the total",
            field="total",
            page_number=2,
            box=(1, 2, 3, 4),
        ),
        Reason(
            rule="confident",
            message="total is at 0.50, below 0.85",
            field="total",
            page_number=2,
            box=(1, 2, 3, 4),
        ),
    )
    assert [str(reason) for reason in told.reasons][:1] == ["required: iban is missing"]
    assert told.result.fields["vendor"].value == "Acme"
    assert desk.states() == [State.REVIEW]
    assert desk.hooks.inbox.stats().result().review == 1
    assert [seen.state for seen in desk.recorder.of(EventSettled)] == ["review"]
    assert desk.recorder.of(DocumentJudged)[0].rules == ("required", "sums", "confident")
    assert desk.deliver(total="50.00", **PLACED) == "duplicate"


def test_an_accepted_document_goes_to_its_handlers_once(inbox: Inbox) -> None:
    desk = Desk(inbox, required("iban"))
    desk.deliver()
    desk.run()
    desk.clock.now += 60

    desk.hooks.reviews.accept(desk.waiting, by="ana", note="paid in cash")
    desk.run()
    desk.run()

    (event,) = desk.booked
    assert (event.type, event.origin, event.original) == ("document.completed", Origin.REVIEW, None)
    assert event.review is not None
    assert (event.review.decision, event.review.by, event.review.note) == (
        Decision.ACCEPTED,
        "ana",
        "paid in cash",
    )
    assert event.review.reasons == desk.told[0].reasons
    assert event.result == desk.told[0].result
    assert (desk.states(), len(desk.told)) == ([State.DONE], 1)
    assert desk.recorder.of(ReviewDecided) == [
        ReviewDecided("docuparse", "document.completed", "accepted", 60.0)
    ]
    assert len(desk.recorder.of(DocumentJudged)) == 1


def test_a_corrected_document_is_judged_again_and_the_original_is_beside_it(inbox: Inbox) -> None:
    desk = Desk(inbox, required("iban"), sums(), confident(0.85))
    desk.deliver(total="50.00", **PLACED)
    desk.run()

    desk.hooks.reviews.correct(
        desk.told[0], {"total": "45.50", "iban": "DE89", "invoice_date": "2026-04-30", "tax_rate": "7"}
    )
    desk.run()

    (event,) = desk.booked
    values = event.result.values()
    assert (values["total"], values["iban"], values["invoice_date"]) == (
        Decimal("45.50"),
        "DE89",
        date(2026, 4, 30),
    )
    assert event.result.fields["total"].is_corrected
    assert (event.result.fields["total"].box, event.result.fields["total"].text) == ((1, 2, 3, 4), "50.00")
    assert event.original is not None
    assert event.original.fields["total"].value == Decimal("50.00")
    assert "iban" not in event.original.fields
    assert event.origin is Origin.REVIEW
    assert event.review is not None
    assert event.review.corrections["total"] == "45.50"
    assert desk.states() == [State.DONE]


def test_a_correction_that_meets_no_rule_comes_back_and_is_kept(inbox: Inbox) -> None:
    desk = Desk(inbox, required("iban", "due_date"), sums())
    desk.deliver()
    desk.run()

    desk.hooks.reviews.correct(desk.waiting, {"iban": "DE89", "total": "60"}, by="ana")
    desk.run()

    assert desk.booked == []
    assert [[reason.field for reason in told.reasons] for told in desk.told] == [
        ["iban", "due_date"],
        ["due_date", "total"],
    ]
    assert desk.told[1].result.fields["iban"].value == "DE89"
    desk.hooks.reviews.correct(desk.waiting, {"total": None, "due_date": "2026-06-01"}, by="ben")
    desk.run()
    (event,) = desk.booked
    assert (event.result.values()["iban"], event.result.values()["total"]) == ("DE89", None)
    assert event.original is not None
    assert event.original.values()["total"] == Decimal("45.50")


def test_a_correction_that_is_accepted_is_final(inbox: Inbox) -> None:
    desk = Desk(inbox, required("iban", "due_date"))
    desk.deliver()
    desk.run()

    desk.hooks.reviews.correct(desk.waiting, {"iban": "DE89"}, accept=True)
    desk.run()

    (event,) = desk.booked
    assert event.result.fields["iban"].value == "DE89"
    assert desk.states() == [State.DONE]


def test_a_rejected_document_is_acted_on_by_nobody(inbox: Inbox) -> None:
    desk = Desk(inbox, required("iban"))
    desk.deliver()
    desk.run()

    desk.hooks.reviews.reject(desk.waiting, by="ana", note="a copy")
    desk.run()

    assert (desk.booked, len(desk.told), desk.states()) == ([], 1, [State.DONE])
    held = desk.hooks.reviews.get(desk.told[0])
    assert (held.review.decision, held.state) == (Decision.REJECTED, State.DONE)
    assert desk.hooks.reviews.waiting() == ()


# Nothing is acted on twice


@pytest.mark.parametrize("other", ["accept", "reject", "correct"])
def test_who_decides_second_is_told_so(inbox: Inbox, other: str) -> None:
    desk = Desk(inbox, required("iban"))
    desk.deliver()
    desk.run()
    event_id = desk.waiting
    desk.hooks.reviews.accept(event_id, by="ana")

    decide: Any = getattr(desk.hooks.reviews, other)
    with pytest.raises(NotInReview, match=f"event {event_id} was accepted by ana already"):
        decide(event_id, **({"corrections": {"iban": "X"}} if other == "correct" else {}))
    desk.run()

    assert len(desk.booked) == 1
    assert "iban" not in desk.booked[0].result.fields


def test_two_who_decide_at_once_make_one_run(inbox: Inbox) -> None:
    desk = Desk(inbox, required("iban"))
    desk.deliver()
    desk.run()
    event_id, answers, barrier = desk.waiting, list[str](), threading.Barrier(6)

    def reviewer(number: int) -> None:
        barrier.wait()
        try:
            desk.hooks.reviews.accept(event_id, by=str(number))
            answers.append("mine")
        except NotInReview:
            answers.append("another's")

    threads = [threading.Thread(target=reviewer, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    desk.run()

    assert answers.count("mine") == 1
    assert len(desk.booked) == 1


def test_an_accepted_documents_handler_is_retried_and_the_rules_are_not_asked_again(inbox: Inbox) -> None:
    desk = Desk(inbox, required("iban"))
    desk.deliver()
    desk.run()
    desk.hooks.reviews.accept(desk.waiting)
    desk.fail_booking = raises()

    desk.run()
    desk.fail_booking = lambda: None
    desk.clock.now += 31
    desk.run()

    assert [event.origin for event in desk.booked] == [Origin.REVIEW] * 2
    assert (desk.states(), len(desk.told)) == ([State.DONE], 1)


def test_a_replay_of_what_was_corrected_runs_with_the_corrections(inbox: Inbox) -> None:
    desk = Desk(inbox, required("iban"))
    desk.deliver()
    desk.run()
    desk.hooks.reviews.correct(desk.waiting, {"iban": "DE89"})
    desk.run()

    inbox.replay(Filter(), now=desk.clock()).result()
    desk.run()

    assert [event.result.fields["iban"].value for event in desk.booked] == ["DE89", "DE89"]
    assert len(desk.told) == 1


def test_a_replay_of_what_waits_asks_the_rules_again(inbox: Inbox) -> None:
    desk = Desk(inbox, required("iban"))
    desk.deliver()
    desk.run()
    later = Desk(inbox, required("vendor"))

    inbox.replay(Filter(states=(State.REVIEW,)), now=desk.clock()).result()
    later.run()

    assert (len(later.booked), later.told, later.booked[0].origin) == (1, [], Origin.WEBHOOK)
    with pytest.raises(NotInReview, match="is done and was never held back"):
        later.hooks.reviews.accept(desk.told[0])


def test_a_handlers_retry_does_not_ask_the_rules_again(inbox: Inbox) -> None:
    asked: list[Event] = []
    desk = Desk(inbox, asked.append)
    desk.fail_booking = raises()
    desk.deliver()

    desk.run()
    desk.clock.now += 31
    desk.run()

    assert (len(asked), len(desk.booked)) == (1, 2)


def test_a_review_handlers_retry_asks_nothing_again_and_no_rule_lets_it_pass_meanwhile(inbox: Inbox) -> None:
    asked: list[Event] = []

    def first_only(event: DocumentCompleted) -> str | None:
        asked.append(event)
        return "not yet" if len(asked) == 1 else None

    desk = Desk(inbox, first_only)
    desk.fail_telling = raises()
    desk.deliver()
    desk.run()

    with pytest.raises(NotInReview, match="its review handlers have not ended yet"):
        desk.hooks.reviews.accept(desk.told[0])
    desk.clock.now += 31
    desk.fail_telling = lambda: None
    desk.run()

    assert (len(asked), len(desk.told), desk.booked) == (1, 2, [])
    assert desk.told[1].reasons == (Reason(rule="first_only", message="not yet"),)
    assert desk.states() == [State.REVIEW]


def test_a_worker_that_dies_while_it_tells_lets_nothing_pass(inbox: Inbox) -> None:
    asked: list[Event] = []

    def first_only(event: DocumentCompleted) -> str | None:
        asked.append(event)
        return "not yet" if len(asked) == 1 else None

    def lose() -> None:
        assert len(inbox.claim(limit=1, lease=60, now=desk.clock.now + 600).result()) == 1

    desk = Desk(inbox, first_only)
    desk.fail_telling = lose
    desk.deliver()
    desk.run()
    assert inbox.rows().result()[0].outcomes == {}

    desk.fail_telling = lambda: None
    desk.clock.now += 1200
    desk.run()

    assert (len(asked), len(desk.told), desk.booked) == (1, 2, [])
    assert desk.states() == [State.REVIEW]


def test_a_document_waits_also_where_nobody_could_be_told(inbox: Inbox) -> None:
    dead: list[Any] = []
    desk = Desk(inbox, required("iban"), on_dead=lambda event, outcomes: dead.append((event, outcomes)))
    desk.fail_telling = raises()
    desk.deliver()

    for _ in range(3):
        desk.run()
        desk.clock.now += 31

    assert desk.states() == [State.REVIEW]
    ((event, outcomes),) = dead
    assert isinstance(event, DocumentNeedsReview)
    assert [each.state for each in outcomes if each.handler == "tell"] == [State.DEAD]
    desk.hooks.reviews.accept(event)
    desk.run()
    assert len(desk.booked) == 1


def test_a_decision_survives_the_end_of_whoever_took_it(tmp_path: Path) -> None:
    desk = Desk(STORES["sqlite"](tmp_path), required("iban"))
    desk.deliver()
    desk.run()
    desk.hooks.reviews.correct(desk.waiting, {"iban": "DE89"})
    desk.hooks.close()

    other = Desk(STORES["sqlite"](tmp_path))
    other.run()

    # Also where the rules are gone by now.
    assert [event.result.fields["iban"].value for event in other.booked] == ["DE89"]
    other.hooks.close()


# Rules


def test_a_rule_that_raises_is_tried_again_and_dead_in_the_end(inbox: Inbox) -> None:
    def broken(event: DocumentCompleted) -> None:
        raise RuntimeError("Acme")

    desk = Desk(inbox, broken)
    desk.deliver()
    desk.run()
    assert desk.states() == [State.PENDING]

    for _ in range(40):
        desk.clock.now += 86_400
        desk.run()

    assert (desk.states(), desk.booked, desk.told) == ([State.DEAD], [], [])
    (row,) = inbox.rows().result()
    assert row.outcomes[RULES].state is State.DEAD
    assert "Acme" not in row.outcomes[RULES].error


def test_a_rule_may_wait_for_something(inbox: Inbox) -> None:
    async def known(event: DocumentCompleted) -> str | None:
        await asyncio.sleep(0)
        return None if event.result.values()["vendor"] == "Acme" else "nobody knows this vendor"

    desk = Desk(inbox, known)
    desk.deliver(1)
    desk.deliver(2, merchant="Other")

    desk.run()

    assert desk.states() == [State.DONE, State.REVIEW]
    assert [str(reason) for reason in desk.told[0].reasons] == ["known: nobody knows this vendor"]


def test_a_sync_rule_runs_beside_the_loop(inbox: Inbox) -> None:
    threads: list[threading.Thread] = []
    desk = Desk(inbox, lambda event: threads.append(threading.current_thread()))
    desk.deliver()

    desk.run()

    assert threads != [threading.main_thread()]
    assert desk.states() == [State.DONE]


def test_a_function_that_gives_a_coroutine_is_awaited(inbox: Inbox) -> None:
    async def later() -> str:
        return "no"

    desk = Desk(inbox, lambda event: later())
    desk.deliver()

    desk.run()

    assert desk.states() == [State.REVIEW]


def test_a_delivery_without_a_result_waits_for_a_person(inbox: Inbox) -> None:
    desk = Desk(inbox, sums(), unique("vendor"))
    body = json.dumps({"event": "document.completed", "document_id": "doc_1"}).encode()
    desk.hooks.receive(PARSE.signature.sign(body, PARSE.secrets[0]), body)

    desk.run()

    assert [reason.rule for reason in desk.told[0].reasons] == ["result"]


def test_a_document_that_cannot_be_built_is_no_riddle_to_the_rules() -> None:
    inbox = MemoryInbox()
    desk = Desk(inbox, required("total"))
    desk.deliver()
    row = inbox.rows().result()[0]
    inbox.purge(Filter(), now=0.0)
    object.__setattr__(row.entry, "body", b"{")

    desk.run()

    assert desk.states() == [State.PENDING]
    assert "MalformedDelivery" in inbox.rows().result()[0].outcomes[RULES].error


@pytest.mark.parametrize("rule", [lambda event: "no", unique("vendor")])
def test_a_worker_that_lost_its_lease_while_it_asked_writes_nothing(inbox: Inbox, rule: Any) -> None:
    def lose(event: DocumentCompleted) -> None:
        assert len(inbox.claim(limit=1, lease=60, now=desk.clock.now + 600).result()) == 1

    desk = Desk(inbox, lose, rule)
    desk.deliver()

    desk.run()

    (row,) = inbox.rows().result()
    assert (row.state, row.outcomes, desk.told, desk.booked) == (State.RUNNING, {}, [], [])
    assert desk.hooks.reviews.waiting() == ()


def test_what_is_read_as_something_else_by_now_is_not_judged() -> None:
    inbox = MemoryInbox()
    desk = Desk(inbox, required("iban"))
    desk.deliver(1)
    desk.deliver(2)
    entries = [row.entry for row in inbox.rows().result()]
    failed = json.dumps({"event": "document.failed", "document_id": "doc_1", "error": {}}).encode()
    object.__setattr__(entries[0], "body", failed)
    desk.run()
    object.__setattr__(entries[1], "body", failed)

    assert desk.states() == [State.REVIEW, State.PENDING]
    assert "TypeError" in inbox.rows().result()[0].outcomes[RULES].error
    with pytest.raises(NotInReview, match=r"kept as document\.failed"):
        desk.hooks.reviews.waiting()[0].result  # noqa: B018 - it raises


# Handlers of every kind


def test_one_handler_for_everything_gets_both(inbox: Inbox) -> None:
    seen: list[Event] = []
    hooks = Webhooks(PARSE, inbox=inbox, worker="external", rules=[required("iban")])
    hooks.on("document.*", name="all")(seen.append)
    body = json.dumps({"event": "document.completed", "document_id": "doc_1", "data": GOOD}).encode()
    hooks.receive(PARSE.signature.sign(body, PARSE.secrets[0]), body)
    asyncio.run(hooks.worker.drain())

    hooks.reviews.accept(hooks.reviews.waiting()[0].id)
    asyncio.run(hooks.worker.drain())

    assert [event.type for event in seen] == ["document.needs_review", "document.completed"]


@pytest.mark.parametrize("store", ["sqlite", "postgres"])
def test_writes_of_a_transactional_handler_are_committed_with_the_review_and_the_booking(
    store: str, tmp_path: Path
) -> None:
    inbox: Any = STORES[store](tmp_path)
    hooks = Webhooks(PARSE, inbox=inbox, worker="external", rules=[required("iban")])
    mark = "?" if store == "sqlite" else "%s"

    @hooks.on("document.*", name="note", transaction=True)
    def note(event: Event, connection: Any) -> None:
        connection.execute("CREATE TABLE IF NOT EXISTS noted (type TEXT, iban TEXT)")
        iban = event.result.values().get("iban")  # type: ignore[attr-defined] # both kinds have one
        connection.execute(f"INSERT INTO noted VALUES ({mark}, {mark})", (event.type, iban))

    body = json.dumps({"event": "document.completed", "document_id": "doc_1", "data": GOOD}).encode()
    hooks.receive(PARSE.signature.sign(body, PARSE.secrets[0]), body)
    asyncio.run(hooks.worker.drain())
    hooks.reviews.correct(hooks.reviews.waiting()[0].id, {"iban": "DE89"})
    asyncio.run(hooks.worker.drain())

    found: list[Any] = []

    def look(connection: Any) -> Any:
        found.extend(connection.execute("SELECT type, iban FROM noted ORDER BY type").fetchall())
        raise InterruptedError

    with pytest.raises(InterruptedError):
        inbox.transact(look)
    assert [tuple(row) for row in found] == [("document.completed", "DE89"), ("document.needs_review", None)]
    assert [row.state for row in inbox.rows().result()] == [State.DONE]
    hooks.close()


def test_an_engine_is_told_of_a_decision() -> None:
    carried: list[Any] = []
    desk = Desk(MemoryInbox(), required("iban"), carrier=carried.extend)
    desk.deliver()
    (key,) = carried
    desk.hooks.run(*key)
    assert desk.states() == [State.REVIEW]

    desk.hooks.reviews.accept(desk.told[0])

    for _ in range(500):
        if len(carried) == 2:
            break
        time.sleep(0.01)
    assert carried == [key, key]
    assert desk.hooks.run(*key) is State.DONE
    assert len(desk.booked) == 1
    desk.hooks.close()


def test_a_delivery_is_acknowledged_though_the_document_waits() -> None:
    desk = Desk(MemoryInbox(), required("iban"))
    inline = Webhooks(PARSE, inbox="memory:", worker="inline", rules=[required("iban")])
    inline.on(DocumentNeedsReview, name="tell")(desk.told.append)
    inline.on(DocumentCompleted, name="book")(desk.booked.append)
    body = json.dumps({"event": "document.completed", "document_id": "doc_1", "data": GOOD}).encode()

    reply = inline.receive(PARSE.signature.sign(body, PARSE.secrets[0]), body)

    assert (reply.status, len(desk.told), desk.booked) == (200, 1, [])
    inline.close()


# unique


def test_the_second_document_with_the_same_values_waits(inbox: Inbox) -> None:
    desk = Desk(inbox, unique("vendor", "invoice_number"))
    desk.deliver(1)
    desk.deliver(2, merchant="ACME.", invoice_id="a 1")
    desk.deliver(3, invoice_id="A-2")

    desk.run()

    first = inbox.rows(Filter(job_id="doc_1")).result()[0].id
    assert desk.states() == [State.DONE, State.REVIEW, State.DONE]
    assert [str(reason) for reason in desk.told[0].reasons] == [
        f"unique: event {first} has the same vendor and invoice_number"
    ]


def test_a_retry_and_a_replay_find_their_own_values(inbox: Inbox) -> None:
    desk = Desk(inbox, unique("vendor", "invoice_number"))
    desk.fail_booking = raises()
    desk.deliver()
    desk.run()
    desk.clock.now += 31
    desk.fail_booking = lambda: None
    desk.run()

    inbox.replay(Filter(), now=desk.clock()).result()
    desk.run()

    assert (desk.states(), len(desk.booked), desk.told) == ([State.DONE], 3, [])


def test_values_of_a_rejected_document_are_free_again(inbox: Inbox) -> None:
    desk = Desk(inbox, unique("invoice_number"), required("iban"))
    desk.deliver(1)
    desk.run()
    desk.hooks.reviews.reject(desk.waiting)

    desk.deliver(2, iban="DE89")
    desk.run()

    assert [event.job_id for event in desk.booked] == ["doc_2"]


def test_a_correction_takes_the_new_values_and_lets_go_of_the_old(inbox: Inbox) -> None:
    desk = Desk(inbox, unique("invoice_number"), required("iban"))
    desk.deliver(1)
    desk.run()
    desk.hooks.reviews.correct(desk.waiting, {"invoice_number": "A-2", "iban": "DE89"})
    desk.run()

    desk.deliver(2, iban="DE89")
    desk.deliver(3, iban="DE89", invoice_id="A-2")
    desk.run()

    assert [event.job_id for event in desk.booked] == ["doc_1", "doc_2"]
    assert [told.job_id for told in desk.told] == ["doc_1", "doc_3"]


def test_a_correction_to_what_another_document_has_comes_back(inbox: Inbox) -> None:
    desk = Desk(inbox, unique("invoice_number"), required("iban"))
    desk.deliver(1, iban="DE89")
    desk.deliver(2, invoice_id="A-2")
    desk.run()

    desk.hooks.reviews.correct(desk.waiting, {"invoice_number": "A-1", "iban": "DE89"})
    desk.run()

    assert [event.job_id for event in desk.booked] == ["doc_1"]
    assert [reason.rule for reason in desk.told[-1].reasons] == ["unique"]
    desk.hooks.reviews.accept(desk.waiting)
    desk.run()
    assert [event.job_id for event in desk.booked] == ["doc_1", "doc_2"]


def test_of_many_workers_one_lets_a_document_pass(inbox: Inbox) -> None:
    desks = [Desk(inbox, unique("vendor", "invoice_number"), concurrency=2) for _ in range(3)]
    for number in range(9):
        desks[0].deliver(number)

    threads = [threading.Thread(target=desk.run) for desk in desks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(len(desk.booked) for desk in desks) == 1
    assert sum(len(desk.told) for desk in desks) == 8


def test_the_books_balance(inbox: Inbox) -> None:
    desk = Desk(inbox, required("iban"))
    for number in range(10):
        desk.deliver(number, **({"iban": "DE89"} if number % 2 else {}))
    desk.run()
    waiting = [held.id for held in desk.hooks.reviews.waiting()]
    desk.hooks.reviews.accept(waiting[0])
    desk.hooks.reviews.reject(waiting[1])
    desk.hooks.reviews.correct(waiting[2], {"vendor": "Other"})
    desk.fail_booking = raises(GiveUp)

    desk.run()

    stats = inbox.stats().result()
    assert (stats.done, stats.review, stats.dead, stats.pending, stats.running) == (6, 3, 1, 0, 0)
    measured = asyncio.run(desk.hooks.measure())
    assert (measured.done, measured.review, measured.dead) == (6, 3, 1)


# Looking and deciding


def test_what_waits_is_listed_in_pages(inbox: Inbox) -> None:
    desk = Desk(inbox, required("iban"))
    for number in range(3):
        desk.deliver(number)
    desk.run()

    (last,) = desk.hooks.reviews.waiting(limit=1)
    rest = desk.hooks.reviews.waiting(before_id=last.id)

    assert [held.entry.job_id for held in (last, *rest)] == ["doc_2", "doc_1", "doc_0"]
    assert last.review.opened_at == datetime.fromtimestamp(desk.clock.now, UTC)
    assert last.result.fields["vendor"].value == "Acme"
    assert last.event.origin is Origin.WEBHOOK
    assert "Acme" not in repr(last)


def test_nothing_is_got_that_was_never_held_back(inbox: Inbox) -> None:
    desk = Desk(inbox, required("vendor"))
    desk.deliver()
    desk.run()
    (row,) = inbox.rows().result()

    with pytest.raises(NotInReview, match=f"event {row.id} was never held back"):
        desk.hooks.reviews.get(row.id)
    with pytest.raises(NotInReview, match="there is no event 77"):
        desk.hooks.reviews.accept(77)


def test_decisions_on_an_event_loop(inbox: Inbox) -> None:
    desk = Desk(inbox, required("iban"))
    for number in range(3):
        desk.deliver(number)
    desk.run()
    third, second, first = (held.id for held in desk.hooks.reviews.waiting())

    async def decide() -> None:
        await desk.hooks.reviews.aaccept(first)
        await desk.hooks.reviews.areject(second)
        await desk.hooks.reviews.acorrect(third, {"iban": "DE89"})
        with pytest.raises(NotInReview, match=f"event {first} was accepted already"):
            await desk.hooks.reviews.aaccept(first)

    asyncio.run(decide())
    desk.run()

    assert sorted(event.job_id or "" for event in desk.booked) == ["doc_0", "doc_2"]


def test_a_document_that_is_purged_right_after_its_decision_is_no_error() -> None:
    class Hasty(MemoryInbox):
        def decide(self, ruling: Ruling) -> Any:
            decided = super().decide(ruling)
            self.purge(Filter(), now=0.0).result()
            return decided

    desk = Desk(Hasty(), required("iban"))
    desk.deliver()
    desk.run()

    desk.hooks.reviews.reject(desk.waiting)

    assert (desk.states(), desk.recorder.of(ReviewDecided)) == ([], [])


def test_a_correction_that_cannot_be_read_changes_nothing(inbox: Inbox) -> None:
    desk = Desk(inbox, required("iban"))
    desk.deliver()
    desk.run()

    with pytest.raises(CorrectionInvalid) as raised:
        desk.hooks.reviews.correct(desk.waiting, {"total": "SECRET", "due_date": "5/1/2026", "a[b": "1"})

    assert raised.value.problems == (
        "total: not an amount",
        "due_date: day and month cannot be told apart",
        "a[b: this is no field; write total, or line_items[0].amount",
    )
    assert "SECRET" not in str(raised.value)
    assert desk.hooks.reviews.get(desk.waiting).review.corrections == {}


def test_a_typo_in_a_corrected_name_is_refused_unless_it_is_a_new_field(inbox: Inbox) -> None:
    desk = Desk(inbox, required("iban", "cost_centre"))
    desk.deliver()
    desk.run()
    reviews, mistaken = desk.hooks.reviews, {"totl": "1", "cost_centre": "7", "merchant": "B"}

    with pytest.raises(CorrectionInvalid) as raised:
        reviews.correct(desk.waiting, mistaken)
    with pytest.raises(CorrectionInvalid):
        asyncio.run(reviews.acorrect(desk.waiting, mistaken))

    assert raised.value.problems == (
        "totl: no field has this name, did you mean total? (new_fields allows a new one)",
    )
    assert desk.states() == [State.REVIEW]
    reviews.correct(desk.waiting, {**mistaken, "iban": "DE89"}, new_fields=True)
    desk.run()
    assert desk.booked[0].result.values()["totl"] == "1"


def test_a_worker_that_waits_is_woken_by_a_decision(inbox: Inbox) -> None:
    desk = Desk(inbox, required("iban"))
    desk.deliver()

    async def live() -> None:
        running = asyncio.create_task(desk.hooks.worker.run())
        async with asyncio.timeout(10):
            while not await asyncio.to_thread(desk.hooks.reviews.waiting):  # noqa: ASYNC110 - polls a store
                await asyncio.sleep(0.01)
            await desk.hooks.reviews.aaccept(desk.told[0])
            while not desk.booked:  # noqa: ASYNC110 - another thread's list
                await asyncio.sleep(0.01)
        await desk.hooks.worker.stop()
        await running

    asyncio.run(live())


# Construction


def hooks(inbox: Any = "memory:", **options: Any) -> Webhooks:
    return Webhooks(PARSE, inbox=inbox, worker="external", rules=[required("total")], **options)


def test_rules_without_a_review_handler_do_not_start() -> None:
    made = hooks()
    made.on(DocumentCompleted)(print)

    with pytest.raises(ConfigurationError, match=r"@hooks.on\(DocumentNeedsReview\)"):
        made.start()
    with pytest.raises(ConfigurationError, match=r"@hooks.on\(DocumentNeedsReview\)"):
        made.run("docuparse", "key")
    assert made.receive({}, b"").outcome == "unsigned"
    made.close()


def test_rules_without_a_handler_to_pass_to_do_not_start() -> None:
    made = hooks()
    made.on(DocumentNeedsReview)(print)

    with pytest.raises(ConfigurationError, match=r"document\.completed, and there is none"):
        made.start()
    made.close()


def test_one_handler_for_everything_is_enough() -> None:
    made = hooks()
    made.on("*")(print)

    made.start()
    made.close()


def test_an_inbox_without_reviews_takes_no_rules() -> None:
    plain: Any = PlainInbox()
    with pytest.raises(ConfigurationError, match="PlainInbox keeps no reviews, so no rule"):
        hooks(plain)
    without = Webhooks(PARSE, inbox=plain, worker="external")
    with pytest.raises(ConfigurationError, match="PlainInbox keeps no reviews"):
        without.reviews  # noqa: B018 - it raises
