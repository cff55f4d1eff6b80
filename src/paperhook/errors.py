"""Every exception that paperhook raises on purpose.

PaperhookError
├── ConfigurationError            fix the code or the settings (also ValueError)
│   └── MissingExtra              an optional dependency is not installed (also ImportError)
├── UnsupportedDocument           this document cannot be sent to this provider
├── CallFailed                    a call to a provider did not give what it was made for
│   ├── TransportError            no answer
│   │   ├── NothingSent           refused, DNS, TLS: the request cannot have arrived
│   │   ├── AnswerLost            it may have arrived, the answer did not
│   │   └── AttemptTimeout        it may have arrived, the answer took too long (also TimeoutError)
│   ├── ApiError                  an answer that is not success
│   │   ├── BadRequest
│   │   │   └── KeyReused         the idempotency key stands for another request
│   │   ├── AuthenticationFailed  OutOfCredits  PermissionDenied  NotFound
│   │   ├── Conflict
│   │   │   └── KeyInUse          the first request with this idempotency key is still being worked on
│   │   ├── TooLarge  RateLimited  ServerError
│   │   └── MalformedAnswer       success, but not what the API documents
│   ├── SubmissionUnknown         an upload may or may not have arrived: ask before sending it again
│   ├── JobFailed                 the provider could not read the document
│   ├── ResultExpired             the provider no longer keeps the result
│   └── DeadlineExceeded          the whole operation took too long (also TimeoutError)
│       ├── RateLimitReached      the provider's rate leaves no request before the deadline; nothing was sent
│       └── WaitTimeout           the job is not final yet
├── ResultInvalid                 a result does not fit the model (also ValueError)
├── ReviewError                   a decision about a document in review was not taken
│   ├── NotInReview               it does not wait: somebody else decided, or there is no such document (also LookupError)
│   └── CorrectionInvalid         a correction names no field, or its value cannot be read (also ValueError)
├── DeliveryRejected              do not trust this delivery
│   ├── Unsigned  BadSignature  StaleDelivery
│   └── MalformedDelivery  DeliveryTooLarge  WrongMethod  WrongContentType  UnknownProvider
├── HandlerSignal                 raised by a handler, for the worker
│   ├── RetryLater                not now: run this handler again in so many seconds
│   └── GiveUp                    never: this handler is dead for this event
└── InboxError                    the inbox could not do it
    ├── InboxUnavailable          locked, full or away: answer 503, try again
    ├── InboxCorrupt              the file is damaged or not ours
    └── InboxTooNew               the store was written by a newer paperhook

One module, longer than others, because whoever catches one error looks for its neighbours.
All of them survive pickle: facts are attributes with defaults, and only `RetryLater` takes more than its message.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, Self

if TYPE_CHECKING:
    from .core.job import Job
    from .core.problems import ProblemDetails


class ErrorKind(StrEnum):
    """What to do about an error or a failed document."""

    #: The same may succeed later.
    RETRYABLE = "retryable"
    #: It never will.
    TERMINAL = "terminal"
    #: A person should look at it.
    REVIEW = "review"


class PaperhookError(Exception):
    """Root of everything that paperhook raises on purpose."""

    #: Whether the same call may succeed when it is made again.
    retryable: bool = False
    #: Whether an attempt before the last one may have arrived: then this error does not tell what became of it.
    follows_lost_attempt: bool = False

    @property
    def kind(self) -> ErrorKind:
        """What to do about it."""
        return ErrorKind.RETRYABLE if self.retryable else ErrorKind.TERMINAL


class ConfigurationError(PaperhookError, ValueError):
    """The code or a setting is wrong; the message says which and what to write instead."""


class MissingExtra(ConfigurationError, ImportError):
    """An optional dependency is not installed; the message holds the pip command."""


class UnsupportedDocument(PaperhookError):
    """The document cannot be sent to this provider.

    Args:
        message: What is wrong and what to do.
        code: A stable word: `empty_file`, `unsupported_type`, `too_large`, `too_many_pages`, `unreadable`,
            `changed`, `wrong_size`, `not_a_file`, `empty_batch`, `too_many_documents`.
    """

    def __init__(self, message: str, *, code: str = "unsupported_type") -> None:
        super().__init__(message)
        self.code = code


class CallFailed(PaperhookError):
    """A call to a provider did not give what it was made for; all of these carry the same facts, as far as known."""

    #: The provider's name.
    provider: str = ""
    #: The HTTP status of the last answer, 0 where there was none.
    status: int = 0
    #: The provider's own code for what is wrong, empty where it has none.
    code: str = ""
    #: The provider's id of the request, for their support.
    request_id: str | None = None
    #: The provider's id of the job that was asked for.
    job_id: str | None = None
    #: How often the request was sent, or tried to be sent.
    attempts: int = 0
    #: When to try again, in seconds since the epoch.
    retry_at: float | None = None
    #: What kept it from being tried again where its own retry policy would have: `retry_budget`; empty else.
    stopped_by: str = ""
    #: What the provider said in the form of RFC 9457.
    problem: ProblemDetails | None = None
    #: The handle, to go on with.
    job: Job | None = None

    def with_facts_of(self, cause: CallFailed) -> Self:
        """Take over what a cause knows and this error does not; give this error."""
        for name in CallFailed.__annotations__:
            setattr(self, name, getattr(self, name) or getattr(cause, name))
        return self

    def _carry(self, job: Job | None) -> None:
        if job is None:
            return
        self.job, self.provider, self.job_id = job, job.provider, job.id or None
        self.code = "" if job.error is None else job.error.code


class TransportError(CallFailed):
    """No answer came.

    Args:
        message: Provider, method, path and the reason.
        provider: The provider's name.
    """

    retryable = True
    #: Whether the provider may have received the request.
    may_have_arrived: ClassVar[bool] = True

    def __init__(self, message: str, *, provider: str = "") -> None:
        super().__init__(message)
        self.provider = provider


class NothingSent(TransportError):
    """The connection was never made, so the request cannot have arrived."""

    may_have_arrived = False


class AnswerLost(TransportError):
    """The connection broke after it was made, so the request may have arrived."""


class AttemptTimeout(TransportError, TimeoutError):
    """The provider took longer than the timeout of one attempt, so the request may have arrived."""


class ApiError(CallFailed):
    """The provider answered, and the answer is not success.

    Args:
        message: Provider, method, path, status and the provider's code.
        provider: The provider's name.
        status: The HTTP status.
        code: The provider's own error code, empty where it has none.
        request_id: The provider's id of the request, for their support.
        retry_after: Seconds that the provider asks to wait.
        retry_at: When to try again, in seconds since the epoch, where the wait is above the cap.
        may_have_been_processed: Whether the provider may have acted on the request all the same.
        problem: What the provider said in the form of RFC 9457.
    """

    def __init__(
        self,
        message: str,
        *,
        provider: str = "",
        status: int = 0,
        code: str = "",
        request_id: str | None = None,
        retry_after: float | None = None,
        retry_at: float | None = None,
        may_have_been_processed: bool = False,
        problem: ProblemDetails | None = None,
    ) -> None:
        super().__init__(message)
        self.provider = provider
        self.status = status
        self.code = code
        self.request_id = request_id
        self.retry_after = retry_after
        self.retry_at = retry_at
        self.may_have_been_processed = may_have_been_processed
        self.problem = problem


class BadRequest(ApiError):
    """The provider says that the request is wrong (400, 415, 422)."""


class KeyReused(BadRequest):
    """The provider knows the idempotency key from another request (422), so this one was not acted on.

    Source: draft-ietf-httpapi-idempotency-key-header-07 section 2.7.
    """


class AuthenticationFailed(ApiError):
    """The key is missing, wrong, or not valid for this project (401)."""


class OutOfCredits(ApiError):
    """The account has not enough credits; nothing was charged (402)."""


class PermissionDenied(ApiError):
    """The key may not do this (403)."""


class NotFound(ApiError):
    """The provider does not know this job, document or path (404)."""


class Conflict(ApiError):
    """A duplicate or a concurrent change (409)."""


class KeyInUse(Conflict):
    """The first request with this idempotency key is still being worked on (409); later there is its answer.

    Source: draft-ietf-httpapi-idempotency-key-header-07 section 2.7.
    """

    retryable = True


class TooLarge(ApiError):
    """The provider says that the document is too large (413)."""


class RateLimited(ApiError):
    """Too many requests; the provider did not act on this one (429)."""

    retryable = True


class ServerError(ApiError):
    """The provider failed (408 or 5xx); it may have acted on the request."""

    retryable = True


class MalformedAnswer(ApiError):
    """The provider answered success with something else than its documentation says."""


class SubmissionUnknown(CallFailed):
    """An upload may or may not have arrived, and sending it again might bill it twice.

    Args:
        message: What happened, and how to find out.
        job: The handle, with status `submission_unknown`.
    """

    def __init__(self, message: str, *, job: Job | None = None) -> None:
        super().__init__(message)
        self._carry(job)

    @property
    def kind(self) -> ErrorKind:
        """Somebody has to find out: `client.reconcile(error.job)`, or a person."""
        return ErrorKind.REVIEW


class JobFailed(CallFailed):
    """The provider could not read the document; `kind` says whether a new attempt of it may succeed.

    Args:
        message: The provider, the job and the error code.
        job: The failed job; `job.error` holds code, message and kind.
    """

    def __init__(self, message: str, *, job: Job | None = None) -> None:
        super().__init__(message)
        self._carry(job)
        self.retryable: bool = self.kind is ErrorKind.RETRYABLE

    @property
    def kind(self) -> ErrorKind:
        """As the provider's table says."""
        return ErrorKind.TERMINAL if self.job is None or self.job.error is None else self.job.error.kind


class ResultExpired(CallFailed):
    """The provider no longer keeps the result.

    Args:
        message: The provider, the job and its retention.
        job: The job, where it is known.
    """

    def __init__(self, message: str, *, job: Job | None = None) -> None:
        super().__init__(message)
        self._carry(job)


class DeadlineExceeded(CallFailed, TimeoutError):
    """The whole operation, with its retries and pauses, would take longer than `deadline`.

    Args:
        message: What was not done in time.
        provider: The provider's name.
    """

    retryable = True

    def __init__(self, message: str, *, provider: str = "") -> None:
        super().__init__(message)
        self.provider = provider


class RateLimitReached(DeadlineExceeded):
    """The provider's rate leaves no request before the deadline; nothing was sent, and `retry_at` says when it may be.

    Args:
        message: In how many seconds the next request may be sent.
        retry_at: That moment, in seconds since the epoch.
    """

    def __init__(self, message: str, *, retry_at: float | None = None) -> None:
        super().__init__(message)
        self.retry_at = retry_at


class WaitTimeout(DeadlineExceeded):
    """The job is not final yet.

    Args:
        message: The job, its status and how long was waited.
        job: The handle as last seen, to go on with later.
    """

    def __init__(self, message: str, *, job: Job | None = None) -> None:
        super().__init__(message)
        self._carry(job)


class ReviewError(PaperhookError):
    """A decision about a document in review was not taken."""


class NotInReview(ReviewError, LookupError):
    """The document does not wait for a decision; the message says what became of it, as far as that is known."""


class CorrectionInvalid(ReviewError, ValueError):
    """A correction names no known field, or its value cannot be read.

    Args:
        message: The paths of the problems, never the values.
        problems: One `path: reason` for each problem.
    """

    def __init__(self, message: str, *, problems: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.problems = problems


class ResultInvalid(PaperhookError, ValueError):
    """A result does not fit the model.

    Args:
        message: The model and the paths of the problems, never the values.
        problems: One `path: reason` for each problem.
    """

    def __init__(self, message: str, *, problems: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.problems = problems


class DeliveryRejected(PaperhookError):
    """A delivery that must not be trusted; `outcome` and `status_hint` say how to answer it."""

    #: The word for logs and counters, see `Outcome`.
    outcome: ClassVar[str] = "malformed"
    #: The HTTP status to answer with; a provider may ask for another one.
    status_hint: int = 400


class Unsigned(DeliveryRejected):
    """The signature header is missing."""

    outcome = "unsigned"
    status_hint = 401


class BadSignature(DeliveryRejected):
    """The signature matches none of the configured secrets."""

    outcome = "bad_signature"
    status_hint = 401


class StaleDelivery(DeliveryRejected):
    """The signed timestamp is too old or too far in the future."""

    outcome = "stale"
    status_hint = 401


class MalformedDelivery(DeliveryRejected):
    """The delivery is authentic but not what the provider documents."""


class DeliveryTooLarge(DeliveryRejected):
    """The body or the headers are larger than the receiver accepts."""

    outcome = "too_large"
    status_hint = 413


class WrongMethod(DeliveryRejected):
    """A delivery is a POST."""

    outcome = "wrong_method"
    status_hint = 405


class WrongContentType(DeliveryRejected):
    """The body is compressed or not of a type that the provider sends."""

    outcome = "wrong_content_type"
    status_hint = 415


class UnknownProvider(DeliveryRejected):
    """The path names a provider that is not mounted here."""

    outcome = "unknown_provider"
    status_hint = 404


class HandlerSignal(PaperhookError):
    """What a handler tells the worker by raising it."""


class RetryLater(HandlerSignal):
    """Run this handler again later; it counts as an attempt.

    Args:
        seconds: From now, in place of the wait of the handler's retry policy.
        message: Why, for whoever looks at the event; it is stored, so no document content.

    Raises:
        ValueError: If seconds is negative or not finite.
        TypeError: If it is no number.
    """

    retryable = True

    def __init__(self, seconds: float = 60.0, message: str = "") -> None:
        if isinstance(seconds, str) or not hasattr(seconds, "__float__"):
            raise TypeError(f"RetryLater needs seconds, not a {type(seconds).__name__}")
        try:
            self.seconds: float = float(seconds)
        except OverflowError:
            self.seconds = float("inf")
        if not 0 <= self.seconds < float("inf"):
            raise ValueError(f"RetryLater needs seconds from 0 on, not {self.seconds:g}")
        super().__init__(message or f"try again in {self.seconds:g} s")

    def __reduce__(self) -> tuple[type[RetryLater], tuple[float, str]]:
        return type(self), (self.seconds, str(self))


class GiveUp(HandlerSignal):
    """Stop trying: this handler is dead for this event until it is replayed.

    Args:
        reason: For whoever looks at the event; it is stored, so no document content.
    """

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason = reason


class InboxError(PaperhookError):
    """The inbox could not do what was asked."""


class InboxUnavailable(InboxError):
    """The store is locked, full or away; nothing was stored."""

    retryable = True


class InboxCorrupt(InboxError):
    """The store is damaged or is not a paperhook inbox."""


class InboxTooNew(InboxError):
    """The store was written by a newer paperhook; upgrade before using it."""
