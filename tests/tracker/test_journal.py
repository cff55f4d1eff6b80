"""Uploads with a tracker, driven by hand: what is written down before which step, and what is found after a cut."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest
import tenacity

from paperhook.core.exchange import Base64Json, FilePart, JsonBody, Multipart, RawBody, Request, Response
from paperhook.core.job import Job, JobStatus
from paperhook.core.provider import Capabilities
from paperhook.core.steps import Await, Now, Pause, Send, Steps, rasterise
from paperhook.errors import (
    AnswerLost,
    BadRequest,
    ConfigurationError,
    DeadlineExceeded,
    InboxUnavailable,
    NothingSent,
    PaperhookError,
    RateLimited,
    SubmissionUnknown,
    UnsupportedDocument,
)
from paperhook.providers import SpaceOcr
from paperhook.retrying import NO_RETRY, RetryPolicy, persist
from paperhook.tracker import MemoryTracker, Submission, Tracker
from paperhook.tracker.journal import heard, noted, submit
from paperhook.tracker.reconciling import LISTING_SECONDS, reconcile
from tests.acme import Acme, KeyedAcme, acme
from tests.providers.driving import NOON, Answer, document, large_document, prepared, run

WAITING = {"id": "d1", "state": "waiting"}
UNKNOWN = JobStatus.SUBMISSION_UNKNOWN
IDENTITY = "ph-identity"
TWICE = RetryPolicy(stop=tenacity.stop_after_attempt(2), wait=tenacity.wait_fixed(1))


@pytest.fixture
def tracker() -> Iterator[MemoryTracker]:
    opened = MemoryTracker()
    yield opened
    opened.close()


@dataclass(frozen=True)
class Unlisted(Acme):
    """The same, had it no listing."""

    name: ClassVar[str] = "unlisted"
    capabilities: ClassVar[Capabilities] = replace(Acme.capabilities, lists_jobs=False)


@dataclass(frozen=True)
class Hourly(KeyedAcme):
    """Honours a key for an hour."""

    capabilities: ClassVar[Capabilities] = replace(KeyedAcme.capabilities, idempotency_seconds=3600.0)


def keyed() -> KeyedAcme:
    return KeyedAcme("acme-key")


def uploading(tracker: Tracker, provider: Acme | None = None, **options: Any) -> Steps[Job]:
    sent = options.pop("sent", document())
    return prepared(submit(provider or acme(), tracker, sent, identity=IDENTITY, **options))


def only(tracker: Tracker) -> Submission:
    (row,) = tracker.rows().result()
    return row


def next_of(steps: Steps[Any], kind: type, *, now: float = NOON) -> Any:
    """Answer the clock and the store until a step of this kind is asked for."""
    effect = next(steps)
    while not isinstance(effect, kind):
        effect = steps.send(now if isinstance(effect, Now) else effect.future.result())
    return effect


def finish(steps: Steps[Any], effect: Any, *, now: float = NOON) -> Any:
    """Answer the clock and the store to the end; nothing else may be asked for."""
    while True:
        assert isinstance(effect, (Now, Await))
        try:
            effect = steps.send(now if isinstance(effect, Now) else effect.future.result())
        except StopIteration as done:
            return done.value


def cut_off(tracker: Tracker, provider: Acme | None = None) -> None:
    """An upload of which nothing more was heard once its bytes were on the way."""
    steps = uploading(tracker, provider)
    next_of(steps, Send)
    steps.close()


# One document, one job


def test_an_upload_is_written_down_before_its_first_byte_leaves(tracker: Tracker) -> None:
    steps = uploading(tracker)

    assert isinstance(next(steps), Now)
    assert isinstance(steps.send(NOON), Now)
    begun = steps.send(NOON)
    assert isinstance(begun, Await)
    begun.future.result()
    assert (only(tracker).state, only(tracker).sent_at) == (JobStatus.VALIDATED, None)

    assert isinstance(steps.send(begun.future.result()), Now)
    assert isinstance(leaving := steps.send(NOON + 1), Await)
    assert isinstance(steps.send(leaving.future.result()), Send)
    assert (only(tracker).sent_at, only(tracker).attempts) == (NOON + 1, 1)


def test_an_upload_that_waits_for_its_turn_is_not_written_down_as_sent(tracker: Tracker) -> None:
    class Turns:
        """Nobody's turn yet."""

        def join(self) -> int:
            return 0

        def wait(self, ticket: int, now: float) -> float:
            return 60.0

        def leave(self, ticket: int) -> None: ...

        def answered(self, ticket: int, response: Response | None, now: float) -> None: ...

    steps = persist(submit(acme(), tracker, document(), identity=IDENTITY), NO_RETRY, turns=Turns())
    next_of(steps, Pause)
    assert (only(tracker).sent_at, only(tracker).attempts) == (None, 0)
    steps.close()

    assert (only(tracker).state, only(tracker).sent_at) == (JobStatus.VALIDATED, None)


def test_the_job_is_written_down_and_given(tracker: Tracker) -> None:
    ran = run(uploading(tracker, metadata={"ref": 7}), Answer(200, WAITING))

    row = only(tracker)
    assert ran.value.id == row.job.id == "d1"
    assert ran.value.raw == WAITING
    assert (row.state, row.submitted_at, row.key, row.filename) == (
        JobStatus.SUBMITTED,
        NOON,
        IDENTITY,
        "invoice.png",
    )
    assert row.attempt_id.startswith("att-")
    assert row.document_id.startswith("doc-")


def test_the_same_upload_again_is_the_same_job_and_nothing_is_sent(tracker: Tracker) -> None:
    run(uploading(tracker), Answer(200, WAITING))

    again = run(uploading(tracker))

    assert (again.value.id, again.requests) == ("d1", [])
    assert len(tracker.rows().result()) == 1


def test_a_new_attempt_is_sent_with_a_key_of_its_own(tracker: Tracker) -> None:
    run(uploading(tracker, keyed()), Answer(200, WAITING))

    again = run(uploading(tracker, keyed(), again=True), Answer(200, {**WAITING, "id": "d2"}))
    third = run(uploading(tracker, keyed()))

    assert (again.value.id, third.value.id) == ("d2", "d2")
    newest, oldest = tracker.rows().result()
    assert newest.key.startswith(f"{IDENTITY}-")
    assert newest.key == dict(again.requests[0].headers)["Idempotency-Key"]
    assert newest.document_id == oldest.document_id
    assert newest.attempt_id != oldest.attempt_id


def test_a_document_has_one_id_at_all_providers_and_another_in_each_namespace(tracker: Tracker) -> None:
    run(uploading(tracker), Answer(200, WAITING))
    run(uploading(tracker, keyed()), Answer(200, WAITING))
    run(uploading(tracker, Unlisted("key"), namespace="shop"), Answer(200, WAITING))

    shop, other, first = tracker.rows().result()
    assert first.document_id == other.document_id != shop.document_id


def test_a_key_that_was_used_for_another_document_is_refused(tracker: Tracker) -> None:
    run(uploading(tracker), Answer(200, WAITING))

    other = run(uploading(tracker, sent=document(content=b"\x89PNG others")))

    assert isinstance(other.error, ConfigurationError)
    assert "another document" in str(other.error)


def test_what_the_provider_is_known_to_refuse_leaves_no_row(tracker: Tracker) -> None:
    refused = run(uploading(tracker, sent=large_document(100 * 1024 * 1024)))

    assert isinstance(refused.error, UnsupportedDocument)
    assert tracker.rows().result() == ()


# What goes wrong


@pytest.mark.parametrize(
    ("answer", "error", "code"),
    [
        (Answer(400, {"code": "E_TEMPLATE"}), BadRequest, "E_TEMPLATE"),
        (Answer(429), RateLimited, "RateLimited"),
        (NothingSent("refused"), NothingSent, "NothingSent"),
    ],
)
def test_what_was_refused_may_be_sent_again(
    tracker: Tracker, answer: Answer, error: type[PaperhookError], code: str
) -> None:
    refused = run(uploading(tracker), answer)
    row = only(tracker)

    second = run(uploading(tracker), Answer(200, WAITING))

    assert isinstance(refused.error, error)
    assert (row.state, row.error_code, row.sent_at) == (JobStatus.VALIDATED, code, None)
    assert second.value.id == "d1"
    assert only(tracker).attempts == 2


@pytest.mark.parametrize("lost", [AnswerLost("reset"), Answer(500), Answer(200, b"half an ans")])
def test_a_lost_answer_is_unknown_and_never_sent_again(tracker: Tracker, lost: Any) -> None:
    first = run(uploading(tracker), lost)

    second = run(uploading(tracker))

    assert only(tracker).state is UNKNOWN
    for each in (first, second):
        assert isinstance(each.error, SubmissionUnknown)
        assert each.error.job is not None
        assert (each.error.job.status, each.error.job.idempotency_key) == (UNKNOWN, IDENTITY)
        assert each.error.job.created_at == datetime.fromtimestamp(NOON, UTC)
    assert "client.reconcile" in str(second.error)


def test_where_nothing_is_listed_a_person_has_to_look(tracker: Tracker) -> None:
    run(uploading(tracker, Unlisted("key")), AnswerLost("reset"))

    second = run(uploading(tracker, Unlisted("key")))

    assert "again=True" in str(second.error)


def test_with_a_key_a_lost_answer_is_asked_for_again(tracker: Tracker) -> None:
    first = run(uploading(tracker, keyed()), AnswerLost("reset"))
    second = run(uploading(tracker, keyed()), Answer(200, WAITING))

    assert isinstance(first.error, SubmissionUnknown)
    assert second.value.id == "d1"
    assert [dict(each.requests[0].headers)["Idempotency-Key"] for each in (first, second)] == [IDENTITY] * 2
    assert (only(tracker).state, only(tracker).attempts) == (JobStatus.SUBMITTED, 2)


def test_with_a_key_that_the_provider_has_forgotten_nothing_is_repeated(tracker: Tracker) -> None:
    run(uploading(tracker, Hourly("key")), AnswerLost("reset"))

    steps = uploading(tracker, Hourly("key"))
    with pytest.raises(SubmissionUnknown, match="its key keeps"):
        next_of(steps, Send, now=NOON + 3600)


@pytest.mark.parametrize("last", [NothingSent("refused"), Answer(429), Answer(401), Answer(402), Answer(409)])
def test_what_a_lost_answer_left_unknown_is_not_settled_by_a_later_refusal(
    tracker: Tracker, last: Any
) -> None:
    steps = submit(keyed(), tracker, document(), identity=IDENTITY)
    ran = run(persist(steps, TWICE), AnswerLost("reset"), last)

    assert isinstance(ran.error, SubmissionUnknown)
    assert ran.error.job is not None
    assert ran.error.attempts == 2
    assert only(tracker).state is UNKNOWN


def test_a_document_that_is_refused_for_its_content_was_never_taken(tracker: Tracker) -> None:
    steps = submit(keyed(), tracker, document(), identity=IDENTITY)
    ran = run(persist(steps, TWICE), AnswerLost("reset"), Answer(400, {"code": "E_TEMPLATE"}))

    assert isinstance(ran.error, BadRequest)
    assert only(tracker).state is JobStatus.VALIDATED


@pytest.mark.parametrize(
    "cut", [ConfigurationError("closed"), InboxUnavailable("full"), UnsupportedDocument("changed")]
)
def test_what_ends_an_upload_after_a_lost_answer_leaves_it_unknown(
    tracker: Tracker, cut: PaperhookError
) -> None:
    steps = persist(submit(keyed(), tracker, document(), identity=IDENTITY), TWICE)
    next_of(steps, Send)
    effect = steps.throw(AnswerLost("reset"))
    while isinstance(effect, Now):
        effect = steps.send(NOON)
    assert isinstance(effect, Pause)

    with pytest.raises(type(cut)):
        finish(steps, steps.throw(cut))

    assert only(tracker).state is UNKNOWN


def test_a_deadline_between_two_attempts_with_a_key_is_unknown(tracker: Tracker) -> None:
    steps = uploading(tracker, keyed())
    next_of(steps, Send)

    with pytest.raises(DeadlineExceeded):
        finish(steps, steps.throw(DeadlineExceeded("late")))

    assert only(tracker).state is UNKNOWN


def test_a_deadline_before_the_first_byte_leaves_the_document_to_be_sent(tracker: Tracker) -> None:
    steps = persist(uploading(tracker), NO_RETRY, deadline=5)
    begun = next_of(steps, Await)

    with pytest.raises(DeadlineExceeded):
        finish(steps, begun, now=NOON + 6)

    assert only(tracker).state is JobStatus.VALIDATED


# Cut off


def test_an_upload_that_is_cut_off_while_it_is_sent_is_unknown(tracker: Tracker) -> None:
    cut_off(tracker)

    assert (only(tracker).state, only(tracker).error_code) == (UNKNOWN, "GeneratorExit")


def test_an_upload_that_is_cut_off_before_that_is_free(tracker: Tracker) -> None:
    steps = uploading(tracker)
    next(steps)
    steps.send(NOON)
    steps.send(NOON)

    steps.close()

    assert only(tracker).error_code == "cancelled"
    assert run(uploading(tracker), Answer(200, WAITING)).value.id == "d1"


def test_closing_the_retries_closes_the_upload(tracker: Tracker) -> None:
    steps = persist(uploading(tracker), NO_RETRY)
    next_of(steps, Send)

    steps.close()

    assert only(tracker).state is UNKNOWN


def test_a_job_whose_row_cannot_be_written_is_not_lost() -> None:
    tracker = Failing("record")

    ran = run(uploading(tracker), Answer(200, WAITING))

    assert isinstance(ran.error, SubmissionUnknown)
    assert ran.error.job is not None
    assert ran.error.job.id == "d1"
    assert run(uploading(tracker.behind, Unlisted("key")), Answer(200, WAITING)).value.id == "d1"
    tracker.close()


def test_the_error_of_the_upload_wins_over_that_of_the_tracker() -> None:
    tracker = Failing("give_up")

    ran = run(uploading(tracker), Answer(400, {"code": "E_TEMPLATE"}))

    assert isinstance(ran.error, BadRequest)
    tracker.close()


def test_nothing_is_sent_while_the_tracker_is_away() -> None:
    tracker = Failing("begin")

    ran = run(uploading(tracker))

    assert isinstance(ran.error, InboxUnavailable)
    assert ran.requests == []
    tracker.close()


class Failing:
    """A tracker whose disk is full for one kind of work."""

    def __init__(self, method: str) -> None:
        self.behind = MemoryTracker()
        self._method = method

    def __getattr__(self, name: str) -> Any:
        if name != self._method:
            return getattr(self.behind, name)
        failed: Future[Any] = Future()
        failed.set_exception(InboxUnavailable("disk full"))
        return lambda *args, **names: failed


# Two at once


def test_the_second_of_two_waits_for_the_job_of_the_first(tracker: Tracker) -> None:
    first, second = uploading(tracker), uploading(tracker)
    request = next_of(first, Send).request
    pause = next_of(second, Pause)

    sent = finish(first, first.send(Answer(200, WAITING).to(request)))
    waited = finish(second, second.send(None))

    assert 0 < pause.seconds < 1
    assert sent.id == waited.id == "d1"


def test_one_that_waited_for_longer_than_its_lease_waits_for_the_job_of_who_took_over(
    tracker: Tracker,
) -> None:
    slow = uploading(tracker)
    begun = next_of(slow, Await).future.result()
    other = uploading(tracker)
    request = next_of(other, Send, now=NOON + 1000).request

    effect = slow.send(begun)
    while not isinstance(effect, (Pause, Send)):
        effect = slow.send(NOON + 1001 if isinstance(effect, Now) else effect.future.result())
    sent = finish(other, other.send(Answer(200, WAITING).to(request)), now=NOON + 1002)
    waited = finish(slow, slow.send(None), now=NOON + 1003)

    assert isinstance(effect, Pause), "it sends nothing"
    assert sent.id == waited.id == "d1"


def test_one_that_made_a_new_attempt_and_was_taken_over_says_so(tracker: Tracker) -> None:
    slow = uploading(tracker, again=True)
    begun = next_of(slow, Await).future.result()
    other = uploading(tracker)
    next_of(other, Send, now=NOON + 1000)

    effect = slow.send(begun)
    with pytest.raises(SubmissionUnknown, match="taken over"):
        finish(slow, effect, now=NOON + 1001)
    other.close()


# Which requests count


@pytest.mark.parametrize(
    ("body", "carries"),
    [
        (None, False),
        (JsonBody({}), False),
        (Multipart((("path", "/ap"),)), False),
        (Multipart((), (FilePart("file", document()),)), True),
        (RawBody(document()), True),
        (Base64Json("image", document()), True),
    ],
)
def test_only_a_request_with_a_document_makes_a_job(body: Any, carries: bool) -> None:
    assert Request("POST", "https://acme.example/", body=body).carries_document is carries


def test_pages_are_made_before_anything_counts_as_sent(tracker: Tracker) -> None:
    space = SpaceOcr("key", sheet="/ap/june")
    steps = uploading(tracker, space, sent=document("a.pdf", "application/pdf", b"%PDF-1.7"))  # type: ignore[arg-type]

    next_of(steps, type(next(rasterise(document()))))
    steps.close()

    assert (only(tracker).state, only(tracker).sent_at) == (JobStatus.VALIDATED, None)


# How a job stands


def test_how_a_job_stands_is_written_down(tracker: Tracker) -> None:
    job = run(uploading(tracker), Answer(200, WAITING)).value

    run(noted(tracker, acme().status(job)), Answer(200, {"id": "d1", "state": "done"}))

    assert only(tracker).state is JobStatus.COMPLETED


def test_how_a_job_stands_is_told_while_the_tracker_is_away() -> None:
    tracker = Failing("note")

    ran = run(noted(tracker, acme().status(LOST)), Answer(200, {"id": "d1", "state": "done"}))

    assert ran.value.status is JobStatus.COMPLETED
    tracker.behind.close()


# Settling what is unknown


LATER = datetime.fromtimestamp(NOON - 2 * LISTING_SECONDS, UTC)
LOST = Job(
    id="", provider="acme", status=UNKNOWN, filename="invoice.png", idempotency_key=IDENTITY, created_at=LATER
)


@dataclass(frozen=True)
class Listing(Acme):
    """The same, with names and keys in its listing."""

    name: ClassVar[str] = "acme"

    def _job(self, response: Any, said: Any) -> Job:
        named = {"filename": said.get("name"), "idempotency_key": said.get("key")}
        return super()._job(response, said).model_copy(update=named)


@dataclass(frozen=True)
class KeyedListing(Listing):
    """The same, which honours keys."""

    capabilities: ClassVar[Capabilities] = replace(Listing.capabilities, idempotency_header="Idempotency-Key")


def listed(*jobs: dict[str, Any]) -> Answer:
    return Answer(200, [{"state": "waiting", **job} for job in jobs])


def test_a_key_in_the_listing_settles_it(tracker: Tracker) -> None:
    cut_off(tracker)
    answer = listed({"id": "d8", "name": "invoice.png"}, {"id": "d9", "name": "x", "key": IDENTITY})

    ran = run(reconcile(Listing("key"), tracker, LOST), answer)

    assert ran.value.id == "d9"
    assert (only(tracker).state, only(tracker).job.id) == (JobStatus.SUBMITTED, "d9")
    assert run(uploading(tracker)).value.id == "d9"


def test_the_only_job_of_that_name_settles_it(tracker: Tracker) -> None:
    cut_off(tracker)
    answer = listed({"id": "d8", "name": "other.png"}, {"id": "d9", "name": "invoice.png"})

    assert run(reconcile(Listing("key"), tracker, LOST), answer).value.id == "d9"


def test_a_job_of_another_submission_does_not(tracker: Tracker) -> None:
    other = prepared(submit(acme(), tracker, document(content=b"\x89PNG others"), identity="other"))
    run(other, Answer(200, {"id": "d8", "state": "waiting"}))
    cut_off(tracker)
    answer = listed({"id": "d8", "name": "invoice.png"}, {"id": "d9", "name": "invoice.png"})

    assert run(reconcile(Listing("key"), tracker, LOST), answer).value.id == "d9"


def test_two_jobs_of_that_name_do_not(tracker: Tracker) -> None:
    answer = listed({"id": "d8", "name": "invoice.png"}, {"id": "d9", "name": "invoice.png"})

    ran = run(reconcile(Listing("key"), tracker, LOST), answer)

    assert isinstance(ran.error, SubmissionUnknown)
    assert "2 jobs may be invoice.png" in str(ran.error)


def test_what_is_not_listed_after_a_time_was_never_there(tracker: Tracker) -> None:
    cut_off(tracker)
    steps = reconcile(Listing("key"), tracker, LOST)
    request = next_of(steps, Send).request

    settled = finish(steps, steps.send(listed().to(request)), now=NOON + 2 * LISTING_SECONDS)

    assert settled.status is JobStatus.VALIDATED
    assert only(tracker).state is JobStatus.VALIDATED
    assert run(uploading(tracker), Answer(200, WAITING)).value.id == "d1"


def test_too_early_says_nothing(tracker: Tracker) -> None:
    cut_off(tracker)

    ran = run(reconcile(Listing("key"), tracker, LOST), listed())

    assert isinstance(ran.error, SubmissionUnknown)
    assert "too early" in str(ran.error)
    assert only(tracker).state is UNKNOWN


def test_without_a_listing_it_cannot_be_settled(tracker: Tracker) -> None:
    ran = run(reconcile(Unlisted("key"), tracker, LOST))

    assert isinstance(ran.error, SubmissionUnknown)
    assert "lists no jobs" in str(ran.error)


def test_a_job_that_is_known_is_asked_for(tracker: Tracker) -> None:
    run(uploading(tracker), Answer(200, WAITING))

    by_key = run(reconcile(acme(), tracker, LOST), Answer(200, {"id": "d1", "state": "done"}))
    by_id = run(
        reconcile(acme(), None, Job.known("d1", provider="acme")), Answer(200, {"id": "d1", "state": "done"})
    )

    assert by_key.value.status is by_id.value.status is JobStatus.COMPLETED
    assert only(tracker).state is JobStatus.COMPLETED


def test_what_is_being_sent_again_is_not_called_absent(tracker: Tracker) -> None:
    first = uploading(tracker, KeyedListing("key"))
    next_of(first, Send, now=NOON - 2 * LISTING_SECONDS)
    first.close()
    again = uploading(tracker, KeyedListing("key"))
    next_of(again, Send)

    settling = run(reconcile(KeyedListing("key"), tracker, LOST), listed())

    assert isinstance(settling.error, SubmissionUnknown)
    assert "sent again" in str(settling.error)
    again.close()
    assert (only(tracker).state, only(tracker).sent_at) == (UNKNOWN, NOON - 2 * LISTING_SECONDS)


def test_what_is_being_sent_for_the_first_time_is_looked_for(tracker: Tracker) -> None:
    steps = uploading(tracker)
    next_of(steps, Send)

    early = run(reconcile(Listing("key"), tracker, LOST), listed())
    found = run(reconcile(Listing("key"), tracker, LOST), listed({"id": "d9", "key": IDENTITY}))

    assert isinstance(early.error, SubmissionUnknown)
    assert found.value.id == only(tracker).job.id == "d9"
    steps.close()


def test_a_refused_document_needs_no_settling(tracker: Tracker) -> None:
    run(uploading(tracker), Answer(400))

    assert run(reconcile(acme(), tracker, LOST)).value.status is JobStatus.VALIDATED


def test_without_a_tracker_the_listing_settles_it_as_well() -> None:
    found = run(reconcile(Listing("key"), None, LOST), listed({"id": "d9", "name": "invoice.png"}))
    none = run(reconcile(Listing("key"), None, LOST), listed())

    assert found.value.id == "d9"
    assert none.value.status is JobStatus.VALIDATED


def test_a_handle_without_id_and_key_is_looked_for_by_name(tracker: Tracker) -> None:
    nameless = LOST.model_copy(update={"idempotency_key": None, "created_at": None})

    ran = run(reconcile(Listing("key"), tracker, nameless), listed({"id": "d9", "name": "invoice.png"}))

    assert ran.value.id == "d9"


def test_a_tracker_that_cannot_be_asked_heard_of_nothing() -> None:
    closed = MemoryTracker()
    closed.close()

    assert run(heard(closed, Job.known("d1", provider="acme"))).value is None
