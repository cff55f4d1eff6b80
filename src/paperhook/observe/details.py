"""What can be observed: one frozen class for each thing that happens, and who is told."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from ..errors import ConfigurationError

logger: logging.Logger = logging.getLogger("paperhook")


@dataclass(frozen=True, slots=True)
class DeliveryReceived:
    """A webhook request was answered."""

    #: Empty where the path named none.
    provider: str
    #: As in `paperhook.webhooks.receiver.Outcome`, such as `accepted` or `bad_signature`.
    outcome: str


@dataclass(frozen=True, slots=True)
class EventStored:
    """An event was put into the inbox, or counted as a duplicate there."""

    provider: str
    type: str
    #: `webhook` or `poll`.
    origin: str
    was_new: bool


@dataclass(frozen=True, slots=True)
class HandlerRan:
    """One attempt of a handler ended."""

    provider: str
    type: str
    handler: str
    #: `done`, `retry` or `dead`.
    result: str
    #: From 1.
    attempt: int
    seconds: float
    #: The exception's class, such as `TimeoutError`; empty after success.
    error: str = ""


@dataclass(frozen=True, slots=True)
class EventSettled:
    """An event is done or dead, or waits for a person, and that is recorded."""

    provider: str
    type: str
    origin: str
    #: `done`, `dead` or `review`.
    state: str
    #: Since it was received; after a replay too.
    seconds: float


@dataclass(frozen=True, slots=True)
class DocumentEnded:
    """The event that ends a tracked document is done or dead or waits for a person; once for each of its jobs."""

    provider: str
    type: str
    #: `done`, `dead` or `review`.
    state: str
    #: Since its upload began; after a replay too.
    seconds: float


@dataclass(frozen=True, slots=True)
class DocumentJudged:
    """The rules were asked about a completed document, and the answer is about to be acted upon.

    A document is judged once, and again after a replay or a correction; the share of `is_met=False` is the review rate.
    """

    provider: str
    type: str
    #: Whether every rule is met; else a person must look at the document.
    is_met: bool
    #: The names of the rules that are not met, in their order, each once.
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReviewDecided:
    """A person decided about a document in review, and that is recorded."""

    provider: str
    type: str
    #: `accepted`, `corrected` or `rejected`.
    decision: str
    #: Since the review was opened.
    seconds: float


@dataclass(frozen=True, slots=True)
class EventRecovered:
    """An event was found by polling, because its webhook did not come."""

    provider: str
    type: str


@dataclass(frozen=True, slots=True)
class InboxMeasured:
    """How full the inbox is; told regularly by each worker, and at each question for readiness."""

    pending: int
    running: int
    done: int
    dead: int
    duplicates: int
    #: Seconds that the oldest pending event has waited; 0 when nothing waits.
    lag: float
    #: Documents that wait for a person.
    review: int = 0


@dataclass(frozen=True, slots=True)
class JobsMeasured:
    """How many submitted documents have not ended; told by the reconciler after a sweep, at most every 15 seconds."""

    #: Their end is not in the inbox yet.
    open: int
    #: Of the open ones: their upload got no answer, so nobody knows whether it arrived.
    unknown: int
    settled: int
    #: Seconds since the oldest open one was sent; 0 when none is open.
    oldest: float = 0.0


@dataclass(frozen=True, slots=True)
class RequestMade:
    """One attempt of a client's request ended."""

    provider: str
    method: str
    #: The class of our error, such as `RateLimited`; empty after success.
    error: str
    #: Whether it repeats a request that failed.
    is_retry: bool
    #: The HTTP status, 0 where no answer came.
    status: int = 0
    #: From 1, counted for each request.
    attempt: int = 1
    #: From its first byte, or the wish for a connection, to the end of the answer.
    seconds: float = field(default=0.0, compare=False)


@dataclass(frozen=True, slots=True)
class RetryPaused:
    """A request failed, and the client waits before it sends it again."""

    provider: str
    method: str
    #: The class of our error, such as `RateLimited`.
    reason: str
    #: Which attempt failed, from 1.
    attempt: int
    #: How long it waits.
    seconds: float


@dataclass(frozen=True, slots=True)
class RetryRefused:
    """A client's request failed and would have been tried again, and something forbade it."""

    provider: str
    #: `retry_budget`: the retries that all calls share are used up.
    reason: str


@dataclass(frozen=True, slots=True)
class SubmissionEnded:
    """A document was submitted, with all retries, or could not be."""

    provider: str
    #: The class of our error; empty after success.
    error: str = ""


@dataclass(frozen=True, slots=True)
class WaitEnded:
    """A client waited for a job, and does not any more; one that was cancelled is not told."""

    provider: str
    #: `completed`, `failed`, `late`, or `error` where the job could not be asked for.
    result: str
    #: How often the job was asked for; 0 where it was final, or its webhook was faster.
    polls: int
    seconds: float = field(default=0.0, compare=False)
    #: The class of our error, such as `WaitTimeout`; empty where the job is final.
    error: str = ""


Observed: TypeAlias = (
    DeliveryReceived
    | EventStored
    | HandlerRan
    | EventSettled
    | DocumentEnded
    | DocumentJudged
    | ReviewDecided
    | EventRecovered
    | InboxMeasured
    | JobsMeasured
    | RequestMade
    | RetryPaused
    | RetryRefused
    | SubmissionEnded
    | WaitEnded
)


class Observer(Protocol):
    """Is told what happens, on whichever thread it happens: be quick, and block nothing."""

    def __call__(self, seen: Observed, /) -> None:
        """Take note of one detail."""
        ...


class Observers:
    """Tells several observers; one that fails is logged, and changes nothing."""

    def __init__(self, observers: Iterable[Observer] = ()) -> None:
        if not isinstance(observers, Iterable) or not all(map(callable, given := tuple(observers))):
            raise ConfigurationError("observe is no sequence of functions: write [log_lines()]")
        self._observers = given

    def __bool__(self) -> bool:
        return bool(self._observers)

    def __call__(self, seen: Observed) -> None:
        """Tell all of them."""
        for observer in self._observers:
            try:
                observer(seen)
            except (KeyboardInterrupt, GeneratorExit):
                raise
            except BaseException as error:  # noqa: BLE001 - counting must never cost an event, nor SystemExit a loop
                logger.error("an observer failed at %s: %s", type(seen).__name__, type(error).__name__)  # noqa: TRY400


#: Tells nobody.
UNOBSERVED = Observers()
