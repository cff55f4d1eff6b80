"""What can be observed: one frozen class for each thing that happens, and who is told."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

logger = logging.getLogger("paperhook")


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
    """An event is done or dead, and that is recorded."""

    provider: str
    type: str
    origin: str
    #: `done` or `dead`.
    state: str
    #: Since it was received; after a replay too.
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


@dataclass(frozen=True, slots=True)
class JobsMeasured:
    """How many submitted documents have not ended; told by the reconciler after a sweep, at most every 15 seconds."""

    #: Their end is not in the inbox yet.
    open: int
    #: Of the open ones: their upload got no answer, so nobody knows whether it arrived.
    unknown: int
    settled: int


@dataclass(frozen=True, slots=True)
class RequestMade:
    """One attempt of a client's request ended."""

    provider: str
    method: str
    #: The class of our error, such as `RateLimited`; empty after success.
    error: str
    #: Whether it repeats a request that failed.
    is_retry: bool


@dataclass(frozen=True, slots=True)
class SubmissionEnded:
    """A document was submitted, with all retries, or could not be."""

    provider: str
    #: The class of our error; empty after success.
    error: str = ""


Observed: TypeAlias = (
    DeliveryReceived
    | EventStored
    | HandlerRan
    | EventSettled
    | EventRecovered
    | InboxMeasured
    | JobsMeasured
    | RequestMade
    | SubmissionEnded
)


class Observer(Protocol):
    """Is told what happens, on whichever thread it happens: be quick, and block nothing."""

    def __call__(self, seen: Observed, /) -> None:
        """Take note of one detail."""
        ...


class Observers:
    """Tells several observers; one that fails is logged, and changes nothing."""

    def __init__(self, observers: Iterable[Observer] = ()) -> None:
        self._observers = tuple(observers)

    def __bool__(self) -> bool:
        return bool(self._observers)

    def __call__(self, seen: Observed) -> None:
        """Tell all of them."""
        for observer in self._observers:
            try:
                observer(seen)
            except Exception as error:  # noqa: BLE001 - counting must never cost an event
                logger.error("an observer failed at %s: %s", type(seen).__name__, type(error).__name__)  # noqa: TRY400


#: Tells nobody.
UNOBSERVED = Observers()
