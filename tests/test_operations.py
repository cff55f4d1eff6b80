"""The flows that all providers share, driven by hand."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, ClassVar

import pytest

from paperhook import operations
from paperhook.core.job import Batch, Job, JobError, JobStatus
from paperhook.core.provider import Capabilities, Provider
from paperhook.core.steps import Now, Pause, Send, Steps
from paperhook.errors import (
    AnswerLost,
    BadRequest,
    ConfigurationError,
    DeadlineExceeded,
    JobFailed,
    MalformedAnswer,
    NotFound,
    NothingSent,
    RateLimited,
    ResultExpired,
    ServerError,
    SubmissionUnknown,
    UnsupportedDocument,
    WaitTimeout,
)
from paperhook.operations import Pace, carry_over, check_document, submission_key
from tests.acme import Acme, KeyedAcme, acme
from tests.providers.driving import Answer, document, header, large_document, run

WAITING, DONE = {"id": "d1", "state": "waiting"}, {"id": "d1", "state": "done"}
BROKEN = {"id": "d1", "state": "broken", "code": "E_BLURRED"}
JOB = Job.known("d1", provider="acme")


def key(**given: Any) -> str:
    sent = given.pop("sent", document())
    return submission_key(sent, given.pop("provider", acme()), **{"metadata": {}, **given})


# Keys


def test_the_same_document_provider_and_options_give_the_same_key() -> None:
    assert key(metadata={"a": 1, "b": 2}) == key(metadata={"b": 2, "a": 1})
    assert key(sent=document("other-name.png")) == key()
    assert len(key()) == 43


@pytest.mark.parametrize(
    "other",
    [
        {"sent": document(content=b"\x89PNG other")},
        {"metadata": {"ref": 1}},
        {"namespace": "shop"},
        {"provider": acme(folder="june")},
        {"provider": acme(base_url="https://eu.acme.example")},
        {"provider": KeyedAcme("k")},
    ],
)
def test_whatever_changes_what_an_upload_means_changes_its_key(other: dict[str, Any]) -> None:
    assert key(**other) != key()


def test_parts_of_a_key_cannot_be_mistaken_for_each_other() -> None:
    assert key(namespace="a", metadata={"x": "b"}) != key(namespace='a","x', metadata={})


def test_another_process_derives_the_same_key() -> None:
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            (
                "from tests.acme import acme; from tests.providers.driving import document\n"
                "from paperhook.operations import submission_key\n"
                "print(submission_key(document(), acme(), metadata={'a': [1, {'b': None}]}, namespace='n'))"
            ),
        ],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path), "PYTHONHASHSEED": "7"},
    )

    assert told.stdout.strip() == key(metadata={"a": [1, {"b": None}]}, namespace="n")


@pytest.mark.parametrize(
    "metadata", [{"when": date(2026, 6, 1)}, {"x": object()}, {1: "a", "b": 2}, {"x": float("nan")}]
)
def test_metadata_that_is_not_json_is_refused_because_its_key_would_change(metadata: Any) -> None:
    with pytest.raises(ConfigurationError, match="metadata must be plain JSON"):
        key(metadata=metadata)


def test_metadata_that_holds_itself_is_refused() -> None:
    endless: dict[str, Any] = {}
    endless["self"] = endless

    with pytest.raises(ConfigurationError, match="metadata"):
        key(metadata=endless)


# What is refused before a byte is sent


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (document(content=b""), "empty_file"),
        (document(content_type="text/html"), "unsupported_type"),
        (large_document(64 * 1024 * 1024 + 1), "too_large"),
    ],
)
def test_what_the_provider_is_known_to_refuse_is_not_sent(sent: Any, code: str) -> None:
    ran = run(operations.upload(acme(), sent))

    assert isinstance(ran.error, UnsupportedDocument)
    assert (ran.error.code, ran.requests) == (code, [])


def test_the_largest_document_is_sent() -> None:
    check_document(large_document(64 * 1024 * 1024), acme())


@dataclass(frozen=True)
class Anything(Acme):
    capabilities: ClassVar[Capabilities] = Capabilities()


@dataclass(frozen=True)
class ByPage(Acme):
    capabilities: ClassVar[Capabilities] = Capabilities(
        accepts=frozenset({"application/pdf", "image/png"}),
        rasterises=frozenset({"application/pdf"}),
        max_document_bytes=10,
    )


def test_a_provider_that_states_no_bounds_refuses_nothing_here() -> None:
    check_document(large_document(10**12, content_type="text/html"), Anything("k"))


def test_a_bound_for_pages_does_not_bound_the_document_that_they_are_made_of() -> None:
    check_document(large_document(11, content_type="application/pdf"), ByPage("k"))
    with pytest.raises(UnsupportedDocument):
        check_document(large_document(11), ByPage("k"))


# Uploading


def test_an_upload_gives_a_handle_with_its_key_and_name() -> None:
    job = run(
        operations.upload(acme(), document("a.png"), key="k1", metadata={"ref": 7}), Answer(200, WAITING)
    ).value

    assert (job.id, job.status) == ("d1", JobStatus.SUBMITTED)
    assert (job.idempotency_key, job.filename) == ("k1", "a.png")


def test_a_key_is_sent_where_the_provider_honours_one() -> None:
    ran = run(operations.upload(KeyedAcme("k"), document(), key="k1"), Answer(200, WAITING))

    assert header(ran.requests[0], "idempotency-key") == "k1"


@pytest.mark.parametrize(
    "said",
    [
        AnswerLost("acme: POST /documents: reset"),
        Answer(503),
        Answer(408),
        Answer(200, b"<html>"),
        Answer(302),
    ],
    ids=["lost", "503", "408", "no json", "redirect"],
)
def test_an_upload_that_may_have_arrived_ends_as_unknown(said: Any) -> None:
    ran = run(operations.upload(acme(), document("a.png"), key="k1", metadata={"ref": 7}), said)

    assert isinstance(ran.error, SubmissionUnknown)
    assert ran.error.job is not None
    assert ran.error.job.status is JobStatus.SUBMISSION_UNKNOWN
    assert (ran.error.job.idempotency_key, ran.error.job.filename) == ("k1", "a.png")
    assert ran.error.job.metadata == {"ref": 7}
    assert "look for it at the provider" in str(ran.error)
    assert ran.error.__cause__ is not None


def test_where_a_key_is_honoured_the_message_says_to_send_it_again() -> None:
    ran = run(operations.upload(KeyedAcme("k"), document(), key="k1"), AnswerLost("reset"))

    assert isinstance(ran.error, SubmissionUnknown)
    assert "upload it again, its key" in str(ran.error)


@pytest.mark.parametrize(
    ("said", "error_class"),
    [
        (NothingSent("refused"), NothingSent),
        (Answer(400), BadRequest),
        (Answer(429), RateLimited),
        (Answer(308, headers={"Location": "https://eu.acme.example/documents"}), MalformedAnswer),
    ],
)
def test_an_upload_that_cannot_have_made_a_job_keeps_its_own_error(
    said: Any, error_class: type[Exception]
) -> None:
    assert type(run(operations.upload(acme(), document()), said).error) is error_class


# Batches


def test_a_batch_has_one_key_made_of_its_documents() -> None:
    sent = [document(), document("b.png", content=b"\x89PNG b")]

    ran = run(operations.upload_batch(KeyedAcmeBatch("k"), sent), Answer(200, {"id": "b1"}))
    again = run(operations.upload_batch(KeyedAcmeBatch("k"), sent), Answer(200, {"id": "b1"}))
    other = run(operations.upload_batch(KeyedAcmeBatch("k"), sent[:1]), Answer(200, {"id": "b1"}))
    named = run(operations.upload_batch(KeyedAcmeBatch("k"), sent, key="mine"), Answer(200, {"id": "b1"}))

    keys = [header(each.requests[0], "idempotency-key") for each in (ran, again, other, named)]
    assert ran.value == Batch(id="b1", provider="keyed-acme", raw={"id": "b1"})
    assert keys[0] == keys[1] != keys[2]
    assert keys[3] == "mine"


@dataclass(frozen=True)
class KeyedAcmeBatch(KeyedAcme):
    capabilities: ClassVar[Capabilities] = Capabilities(
        idempotency_header="Idempotency-Key", max_batch_documents=3
    )


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ([], "empty_batch"),
        ([document()] * 4, "too_many_documents"),
        ([document(), document(content=b"")], "empty_file"),
    ],
)
def test_a_batch_is_refused_as_a_whole_before_a_byte_is_sent(sent: Any, code: str) -> None:
    ran = run(operations.upload_batch(acme(), sent))

    assert isinstance(ran.error, UnsupportedDocument)
    assert (ran.error.code, ran.requests) == (code, [])


def test_a_batch_that_may_have_arrived_ends_as_unknown() -> None:
    ran = run(operations.upload_batch(acme(), [document()]), Answer(500))

    assert isinstance(ran.error, SubmissionUnknown)
    assert "batch of 1" in str(ran.error)


def test_a_batch_that_was_refused_keeps_its_own_error() -> None:
    assert isinstance(run(operations.upload_batch(acme(), [document()]), Answer(400)).error, BadRequest)


def test_a_provider_without_batches_says_so() -> None:
    class WithoutBatch(Anything):
        upload_batch = Provider.upload_batch

    assert isinstance(run(operations.upload_batch(WithoutBatch("k"), [document()])).error, ConfigurationError)


# Waiting


def test_wait_asks_again_after_growing_pauses() -> None:
    steps = operations.wait(acme(), JOB, deadline=60, pace=Pace(first=1, factor=2, longest=3, jitter=0))

    ran = run(steps, Answer(200, WAITING), Answer(200, WAITING), Answer(200, WAITING), Answer(200, DONE))

    assert ran.value.status is JobStatus.COMPLETED
    assert ran.pauses == [1, 2, 3, 3]


def test_wait_polls_no_slower_than_the_providers_own_clients() -> None:
    ran = run(operations.wait(acme(), JOB, deadline=60), *[Answer(200, WAITING)] * 9, Answer(200, DONE))

    assert max(ran.pauses) == pytest.approx(0.5, rel=0.1)


def test_jobs_are_spread_a_little_and_each_in_the_same_way() -> None:
    pace = Pace(jitter=0.1)
    gaps = [pace.spread(10.0, f"d{number}") for number in range(1000)]

    assert gaps == [pace.spread(10.0, f"d{number}") for number in range(1000)]
    assert 9 <= min(gaps) < 9.1
    assert 10.9 < max(gaps) <= 11


class Ears:
    """Hears of a job's end at the given look."""

    def __init__(self, at: int, **heard: Any) -> None:
        self.looks, self._at, self._heard = 0, at, heard

    def __call__(self, job: Job) -> Steps[Job | None]:
        self.looks += 1
        return job.model_copy(update=self._heard) if self.looks == self._at else None
        yield


SLOW = Pace(first=2, factor=1, jitter=0)


def test_what_came_by_webhook_ends_a_wait_between_two_polls() -> None:
    ears = Ears(6, status=JobStatus.COMPLETED)

    ran = run(operations.wait(acme(), JOB, deadline=60, pace=SLOW, look=ears), Answer(200, WAITING))

    assert ran.value.status is JobStatus.COMPLETED
    assert ran.pauses == [0.5] * 6


def test_what_is_known_to_have_failed_is_asked_for_its_reason() -> None:
    ears = Ears(1, status=JobStatus.FAILED_TERMINAL)

    ran = run(operations.wait(acme(), JOB, deadline=60, pace=SLOW, look=ears), Answer(200, BROKEN))

    assert ran.value.error is not None
    assert ran.pauses == [0.5]


def test_an_error_of_a_poll_carries_the_job_as_last_seen() -> None:
    steps = operations.wait(acme(), JOB, deadline=60)

    ran = run(steps, Answer(200, {"id": "d1", "state": "reading"}), Answer(404))

    assert isinstance(ran.error, NotFound)
    assert ran.error.job is not None
    assert ran.error.job.status is JobStatus.PROCESSING


def test_wait_gives_a_failed_job_back() -> None:
    ran = run(operations.wait(acme(), JOB, deadline=60), Answer(200, BROKEN))

    assert ran.value.status is JobStatus.FAILED_TERMINAL
    assert ran.value.error is not None
    assert ran.value.error.code == "E_BLURRED"


def test_wait_does_not_ask_about_a_job_that_is_final() -> None:
    done = JOB.model_copy(update={"status": JobStatus.COMPLETED})

    assert run(operations.wait(acme(), done, deadline=0)).value is done


def test_wait_ends_at_the_deadline_with_the_job_as_last_seen() -> None:
    reading = {"id": "d1", "state": "reading"}
    ran = run(
        operations.wait(acme(), JOB, deadline=2, pace=Pace(first=1.5, jitter=0)),
        Answer(200, reading),
        Answer(200, reading),
    )

    assert isinstance(ran.error, WaitTimeout)
    assert ran.error.job is not None
    assert ran.error.job.status is JobStatus.PROCESSING
    assert ran.pauses == [1.5, 0.5]


@pytest.mark.parametrize("late_at", [Pause, Send])
def test_a_deadline_that_strikes_in_between_is_a_wait_timeout_with_the_job(late_at: type) -> None:
    steps = operations.wait(acme(), JOB, deadline=10)

    effect = next(steps)
    while not isinstance(effect, late_at):
        effect = steps.send(0.0 if isinstance(effect, Now) else None)
    with pytest.raises(WaitTimeout) as raised:
        steps.throw(DeadlineExceeded("too late"))

    assert raised.value.job is JOB


def test_what_only_the_upload_knew_is_kept() -> None:
    before = JOB.model_copy(update={"filename": "a.png", "idempotency_key": "k", "metadata": {"ref": 7}})
    after = Job(id="d1", provider="acme", status=JobStatus.COMPLETED, filename="server.png")

    carried = carry_over(before, after)

    assert (carried.filename, carried.idempotency_key, carried.metadata) == ("server.png", "k", {"ref": 7})
    assert carried.status is JobStatus.COMPLETED


# Results


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (JobError(code="E1", message="blurred"), "E1: blurred"),
        (JobError(code="E1"), "E1"),
        (None, "broken"),
    ],
)
def test_the_result_of_a_failed_job_is_its_failure(error: JobError | None, reason: str) -> None:
    failed = JOB.model_copy(
        update={"status": JobStatus.FAILED_TERMINAL, "provider_status": "broken", "error": error}
    )

    ran = run(operations.result(acme(), failed))

    with pytest.raises(JobFailed, match=f"job d1 failed: {reason}$") as raised:
        _ = ran.value
    assert raised.value.job is failed


def test_upload_and_wait_gives_the_result() -> None:
    ran = run(
        operations.upload_and_wait(acme(), operations.upload(acme(), document(), key="k"), deadline=10),
        Answer(200, WAITING),
        Answer(200, DONE),
        Answer(200, {"fields": {"total": "12.50"}}),
    )

    assert ran.value.fields["total"].value == "12.50"


def test_upload_and_wait_bounds_all_of_it() -> None:
    steps = operations.upload_and_wait(acme(), operations.upload(acme(), document()), deadline=1)

    ran = run(steps, Answer(200, WAITING), *[Answer(200, WAITING)] * 4)

    assert isinstance(ran.error, WaitTimeout)
    assert sum(ran.pauses) == pytest.approx(1)


def test_a_deadline_that_strikes_while_the_result_is_fetched_keeps_the_job() -> None:
    steps = operations.upload_and_wait(acme(), operations.upload(acme(), document()), deadline=10)

    effect, answers = next(steps), [Answer(200, DONE)]
    while not (isinstance(effect, Send) and effect.request.path.endswith("/result")):
        effect = steps.send(answers.pop().to(effect.request) if isinstance(effect, Send) else 0.0)
    with pytest.raises(WaitTimeout) as raised:
        steps.throw(DeadlineExceeded("too late"))

    assert raised.value.job is not None
    assert raised.value.job.id == "d1"


# Polling


def test_polling_a_completed_job_says_what_its_webhook_would_have_said() -> None:
    ran = run(operations.poll(acme(), JOB), Answer(200, DONE), Answer(200, {"fields": {}}))

    assert [(each.key, each.type) for each in ran.value] == [("done:d1", "document.completed")]


def test_polling_a_failed_job_fetches_no_result() -> None:
    ran = run(operations.poll(acme(), JOB), Answer(200, BROKEN))

    assert [each.type for each in ran.value] == ["document.failed"]


def test_polling_a_job_that_runs_says_nothing() -> None:
    assert run(operations.poll(acme(), JOB), Answer(200, WAITING)).value == ()


def test_a_job_that_is_known_to_be_final_is_not_asked_about_again() -> None:
    done = JOB.model_copy(update={"status": JobStatus.COMPLETED})

    ran = run(operations.poll(acme(), done), Answer(200, {"fields": {}}))

    assert ran.sent == ["GET https://acme.example/v1/documents/d1/result"]


@pytest.mark.parametrize(
    "answers", [[Answer(404)], [Answer(200, DONE), Answer(200, {"state": "gone"})]], ids=["job", "result"]
)
def test_what_the_provider_no_longer_keeps_has_expired(answers: list[Answer]) -> None:
    seen: list[JobStatus] = []

    class Watching(Acme):
        def polled(self, job: Job, result: Any) -> Any:
            seen.append(job.status)
            return super().polled(job, result)

    run(operations.poll(Watching("k"), JOB), *answers)

    assert seen == [JobStatus.EXPIRED]


def test_an_expired_result_is_its_own_error() -> None:
    done = JOB.model_copy(update={"status": JobStatus.COMPLETED})

    assert isinstance(
        run(operations.result(acme(), done), Answer(200, {"state": "gone"})).error, ResultExpired
    )


def test_errors_that_are_not_ours_to_judge_pass() -> None:
    assert isinstance(run(operations.poll(acme(), JOB), Answer(503)).error, ServerError)
    assert isinstance(run(operations.poll(acme(), JOB), Answer(200, b"<")).error, MalformedAnswer)


def test_a_document_that_was_not_hashed_has_no_key() -> None:
    with pytest.raises(ConfigurationError, match="no hash to make a key of"):
        submission_key(replace(document(), sha256=""), acme(), metadata={})


def test_a_wait_that_its_deadline_ended_names_the_provider_once() -> None:
    late = DeadlineExceeded("acme: the deadline of the whole operation has passed")
    steps = operations.wait(acme(), Job.known("j1", provider="acme"), deadline=60)
    effect = next(steps)
    while not isinstance(effect, Pause):
        effect = steps.send(0.0)

    with pytest.raises(WaitTimeout) as told:
        steps.throw(late)

    assert str(told.value).count("acme") == 1
