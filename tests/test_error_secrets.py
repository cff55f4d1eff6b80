"""Canaries: no error holds a credential or a document's content, wherever it is printed, logged, pickled or observed.

Every class is raised as a user meets it, by a provider that repeats the key that it was sent; a class without a way to
raise it fails here.
"""

from __future__ import annotations

import base64
import contextlib
import copy
import io
import json
import logging
import pickle
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydantic
import pytest

from paperhook import Client, DocumentCompleted, Webhooks, errors
from paperhook.core.answers import ERROR_CLASSES
from paperhook.core.delivery import Delivery
from paperhook.core.exchange import Response
from paperhook.core.headers import Headers
from paperhook.core.job import Job, JobStatus
from paperhook.core.provider import Provider
from paperhook.core.result import Field, Result
from paperhook.core.secret import Secret
from paperhook.errors import PaperhookError
from paperhook.inbox import open_inbox
from paperhook.observe import Recorder, log_lines
from paperhook.providers import DocuParse
from paperhook.results.corrections import check_corrections
from paperhook.retrying import NO_RETRY
from paperhook.webhooks.receiver import admit
from paperhook.webhooks.signatures import StandardWebhooks
from tests.acme import Acme, KeyedAcme
from tests.hostile import Act, answer, free_port, reset, serving, silence

KEY = "canary-key-9f27b1"
SECRET = "canary-secret-51c0aa"
PASSWORD = "canary-password-77d0"
CONTENT = "canary-content-c3e8"
CREDENTIALS = (KEY, SECRET, PASSWORD, base64.b64encode(SECRET.encode()).decode())
DOCUMENT = b"%PDF-1.7 " + CONTENT.encode()
#: What a failed job, a result and a delivery hold of a document.
WORDS = {"fields": {"total": CONTENT}, "text": CONTENT}
REPEATED = {
    "code": f"bad_{KEY}",
    "message": f"the key {KEY} may not do this",
    "title": f"no {KEY}",
    "detail": f"{KEY}: {CONTENT}",
    "errors": [{KEY: CONTENT}],
}


def refusing(status: int, **said: str) -> Act:
    headers = {"Content-Type": "application/problem+json", "X-Request-Id": f"request-of-{KEY}"}
    return answer(status, {**REPEATED, **said}, headers)


#: Whatever an observer was told, and what it wrote.
OBSERVED = Recorder()
LINES = io.StringIO()
LOGGER = logging.getLogger("tests.canaries")
LOGGER.propagate = False
LOGGER.addHandler(logging.StreamHandler(LINES))
LOGGER.setLevel(logging.INFO)
OBSERVERS = (OBSERVED, log_lines(LOGGER))


def asking(
    *acts: Act, do: Callable[[Client], object] = lambda client: client.status("d1"), keyed: bool = False
) -> Callable[[Path], object]:
    """Call a client whose provider answers so."""

    def call(folder: Path) -> object:
        with serving(*acts) as server:
            provider = (KeyedAcme if keyed else Acme)(KEY, base_url=server.url, webhook_secret=SECRET)
            with Client(provider, retry=NO_RETRY, timeout=0.3, observe=OBSERVERS) as client:
                return do(client)

    return call


def upload(client: Client) -> Job:
    return client.upload(DOCUMENT, filename="a.pdf")


def asked_twice(client: Client) -> Job:
    with contextlib.suppress(errors.RateLimited):
        client.status("d1")
    return client.status("d1", deadline=5)


def refused_connection(folder: Path) -> object:
    with Client(
        Acme(KEY, base_url=f"http://127.0.0.1:{free_port()}"), retry=NO_RETRY, observe=OBSERVERS
    ) as client:
        return client.status("d1")


def delivered(
    body: bytes = json.dumps(WORDS).encode(),
    *,
    method: str = "POST",
    secret: str | None = SECRET,
    **headers: str,
) -> Callable[[Path], object]:
    """Give a delivery to the receiver, signed with a secret."""

    def call(folder: Path) -> object:
        provider = Acme(KEY, webhook_secret=SECRET)
        signed = {} if secret is None else provider.signature.sign(body, Secret(secret))
        return admit(provider, Delivery(Headers({**signed, **headers}), body, method), now=1e9)

    return call


def stale(folder: Path) -> object:
    scheme, body = StandardWebhooks(), json.dumps(WORDS).encode()
    secret = Secret(f"whsec_{base64.b64encode(SECRET.encode()).decode()}")
    delivery = Delivery(Headers(scheme.sign(body, secret, now=1e9)), body, "POST")
    return scheme.verify(delivery, [secret], now=2e9)


def unknown_provider(folder: Path) -> object:
    hooks = Webhooks(DocuParse(KEY, webhook_secret=SECRET), inbox="memory:", worker="external")
    try:
        hooks.on(DocumentCompleted)(print)
        return hooks.put_polled(f"acme-{SECRET}", [])
    finally:
        hooks.close()


def someone_elses(folder: Path) -> object:
    with sqlite3.connect(folder / "other.db") as other:
        other.execute(f"CREATE TABLE fields AS SELECT '{CONTENT}' AS total")
    other.close()
    return of_inbox(f"sqlite:///{folder}/other.db")


def from_the_future(folder: Path) -> object:
    of_inbox(f"sqlite:///{folder}/new.db")
    with sqlite3.connect(folder / "new.db") as newer:
        newer.execute("PRAGMA user_version = 999")
    newer.close()
    return of_inbox(f"sqlite:///{folder}/new.db")


def unreachable(folder: Path) -> object:
    return of_inbox(f"postgresql://user:{PASSWORD}@127.0.0.1:{free_port()}/d")


def of_inbox(address: str) -> object:
    inbox = open_inbox(address)
    try:
        return inbox.stats().result()
    finally:
        inbox.close()


class Never:
    """A limiter that lets nobody go for a minute."""

    def turns(self, provider: Provider) -> Never:
        return self

    def join(self) -> int:
        return 0

    def wait(self, ticket: int, now: float) -> float:
        return 60.0

    def leave(self, ticket: int) -> None: ...

    def answered(self, ticket: int, response: Response | None, now: float) -> None: ...


def rate_limited(folder: Path) -> object:
    with Client(Acme(KEY), limiter=Never(), observe=OBSERVERS) as client:
        return client.status("d1", deadline=1)


def not_in_review(folder: Path) -> object:
    hooks = Webhooks(DocuParse(KEY, webhook_secret=SECRET), inbox="memory:", worker="external")
    try:
        return hooks.reviews.get(1)
    finally:
        hooks.close()


class Amounts(pydantic.BaseModel):
    total: int


def no_such_extra(folder: Path) -> object:
    raise errors.MissingExtra("opentelemetry-api is missing: pip install 'paperhook[otel]'")


#: How a user meets each of them.
RAISED: dict[type[PaperhookError], Callable[[Path], object]] = {
    errors.ConfigurationError: asking(
        answer(), do=lambda client: client.with_options(provider=Acme(f"{KEY}\n"))
    ),
    errors.MissingExtra: no_such_extra,
    errors.UnsupportedDocument: asking(answer(), do=lambda client: client.upload(CONTENT.encode())),
    errors.NothingSent: refused_connection,
    errors.AnswerLost: asking(reset),
    errors.AttemptTimeout: asking(silence),
    **{each: asking(refusing(status)) for status, each in ERROR_CLASSES.items()},
    errors.BadRequest: asking(refusing(400)),
    errors.ServerError: asking(refusing(503)),
    errors.KeyReused: asking(refusing(422, type="https://x/idempotency-key-reused"), do=upload, keyed=True),
    errors.KeyInUse: asking(refusing(409, code="idempotency_conflict"), do=upload, keyed=True),
    errors.MalformedAnswer: asking(answer(200, [KEY, CONTENT])),
    errors.SubmissionUnknown: asking(refusing(500), do=upload),
    errors.JobFailed: asking(
        answer(200, {"id": "d1", "state": "broken", "code": "unreadable", **WORDS}),
        do=lambda client: client.result(client.status("d1")),
    ),
    errors.ResultExpired: asking(answer(200, {"state": "gone"}), do=lambda client: client.result("d1")),
    errors.DeadlineExceeded: asking(answer(), do=lambda client: client.status("d1", deadline=1e-9)),
    errors.RateLimitReached: asking(answer(429, {}, {"Retry-After": "9"}), do=asked_twice),
    errors.WaitTimeout: asking(
        answer(200, {"id": "d1", "state": "reading", **WORDS}),
        do=lambda client: client.with_options(timeout=30).wait("d1", deadline=1.2),
    ),
    errors.RateLimitReached: rate_limited,
    errors.NotInReview: not_in_review,
    errors.CorrectionInvalid: lambda folder: check_corrections({"total": CONTENT}),
    errors.ResultInvalid: lambda folder: Result(fields={"total": Field(value=CONTENT)}).parse(Amounts),
    errors.Unsigned: delivered(secret=None),
    errors.BadSignature: delivered(secret=f"{SECRET}-of-somebody-else"),
    errors.StaleDelivery: stale,
    errors.MalformedDelivery: delivered(),
    errors.DeliveryTooLarge: delivered(CONTENT.encode() * 100_000),
    errors.WrongMethod: delivered(method=f"PUT{SECRET}"),
    errors.WrongContentType: delivered(**{"content-encoding": f"gzip-{CONTENT}"}),
    errors.UnknownProvider: unknown_provider,
    errors.InboxUnavailable: unreachable,
    errors.InboxCorrupt: someone_elses,
    errors.InboxTooNew: from_the_future,
}
#: They only hold the others together, or say what a user's own handler said.
NOT_RAISED = {
    errors.CallFailed,
    errors.TransportError,
    errors.ApiError,
    errors.DeliveryRejected,
    errors.InboxError,
    errors.ReviewError,
    errors.HandlerSignal,
    errors.RetryLater,
    errors.GiveUp,
}


def classes_below(root: type[PaperhookError]) -> Iterator[type[PaperhookError]]:
    for each in root.__subclasses__():
        if each.__module__ == errors.__name__:
            yield each
            yield from classes_below(each)


def test_every_class_has_a_way_to_be_raised_here() -> None:
    assert {*RAISED, *NOT_RAISED} == set(classes_below(PaperhookError))


@dataclass
class Met:
    """An error as a user met it."""

    error: PaperhookError
    #: What observers were told, and wrote, until then.
    observed: str


def met(kind: type[PaperhookError], folder: Path) -> Met:
    OBSERVED.seen.clear()
    LINES.seek(0)
    LINES.truncate(0)
    with pytest.raises(PaperhookError) as caught:
        RAISED[kind](folder)
    assert type(caught.value) is kind
    return Met(caught.value, f"{LINES.getvalue()}{OBSERVED.seen}")


@pytest.fixture(scope="module", params=RAISED, ids=lambda kind: kind.__name__)
def each(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Met:
    return met(request.param, tmp_path_factory.mktemp("raised"))


def logged(error: PaperhookError) -> str:
    LINES.seek(0)
    LINES.truncate(0)
    LOGGER.error("it failed: %s", error, exc_info=error)
    return LINES.getvalue()


def test_no_canary_is_shown_logged_or_observed(each: Met) -> None:
    shown = [str(each.error), repr(each.error), repr(vars(each.error)), each.observed, logged(each.error)]

    assert [text for text in shown if any(canary in text for canary in (*CREDENTIALS, CONTENT))] == []
    assert "Traceback" in shown[-1]


def test_no_credential_is_pickled(each: Met) -> None:
    pickled = pickle.dumps(each.error)

    assert [canary for canary in CREDENTIALS if canary.encode() in pickled] == []


def test_every_error_is_the_same_after_pickle_and_copies(each: Met) -> None:
    error = each.error

    again: list[Any] = [pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)]

    for other in again:
        assert (type(other), str(other), vars(other)) == (type(error), str(error), vars(error))
        assert (other.kind, other.retryable) == (error.kind, error.retryable)


def test_every_failed_call_says_whom_it_asked_for_what_and_how_often(each: Met) -> None:
    error = each.error
    if not isinstance(error, errors.CallFailed):
        return

    is_upload = isinstance(error, (errors.SubmissionUnknown, errors.KeyReused, errors.KeyInUse))
    is_request = isinstance(error, (errors.ApiError, errors.TransportError, errors.SubmissionUnknown))
    assert error.provider in ("acme", "keyed-acme")
    assert error.job_id == (None if is_upload else "d1")
    if not is_upload:
        assert error.job is not None
        assert error.job.id == "d1"
    assert error.attempts == (1 if is_request else 0)


def test_what_an_unknown_submission_was_answered_is_told(tmp_path: Path) -> None:
    error = met(errors.SubmissionUnknown, tmp_path).error

    assert isinstance(error, errors.SubmissionUnknown)
    assert (error.status, error.code, error.request_id) == (500, "bad_***", "request-of-***")
    assert error.problem is not None
    assert error.problem.title == "no ***"
    assert error.job is not None
    assert error.job.status is JobStatus.SUBMISSION_UNKNOWN
