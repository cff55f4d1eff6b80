"""`Held`: one event under lease, and what is known of it here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from ..core.delivery import Envelope
from ..core.job import Job
from ..inbox.base import Claim, Outcome, State
from .handling import Handling
from .judging import Case


@dataclass(eq=False, slots=True)
class Held:
    """An event under lease."""

    claim: Claim
    lease_until: float
    #: What was read of its delivery when it arrived; None where it is read again.
    envelope: Envelope | None
    #: Whether all its handlers run, or those whose time has come.
    is_due_only: bool
    outcomes: dict[str, Outcome]
    #: Its task made its first step.
    has_begun: bool = False
    is_started: bool = False
    #: Its outcome is on the way to the inbox.
    is_settling: bool = False
    #: Another worker has it: nothing that happens here counts any more.
    is_lost: bool = False
    #: Recorded by the transaction of its last handler: the state, and when it is due.
    recorded: tuple[State, float] | None = None
    #: Handlers on threads, which cannot be stopped: the newest, and those that a timeout left behind.
    calls: tuple[Future[Any], ...] = ()
    #: When the handler that runs began, on the clock of the loop.
    began: float = 0.0
    #: Gives the handle that its handlers get, of the one that the delivery makes.
    job_of: Callable[[Job], Job] | None = None
    #: What the document is by the rules, where they know it.
    case: Case | None = None

    @property
    def is_review(self) -> bool:
        """Whether a person must decide."""
        return self.case is not None and self.case.is_review

    @property
    def is_in_thread(self) -> bool:
        """Whether a thread still runs a handler of it."""
        return bool(self.unended)

    @property
    def unended(self) -> tuple[Future[Any], ...]:
        """The calls that threads still run."""
        return tuple([each for each in self.calls if not each.done()]) if self.calls else ()

    @property
    def changed(self) -> list[Outcome]:
        """What its handlers came to since it was claimed."""
        return [each for name, each in self.outcomes.items() if self.claim.outcomes.get(name) != each]


def verdict(
    outcomes: Mapping[str, Outcome], handlers: Sequence[Handling], *, is_review: bool
) -> tuple[State, float]:
    """Give the state of an event and, where it is pending, when it is due."""
    waiting = [outcomes[each.name].due_at for each in handlers if outcomes[each.name].state is State.PENDING]
    if waiting:
        return State.PENDING, min(waiting)
    if is_review:
        # Also where nobody could be told: the document waits all the same.
        return State.REVIEW, 0.0
    is_dead = any(outcome.state is State.DEAD for outcome in outcomes.values())
    return (State.DEAD if is_dead else State.DONE), 0.0


def name_of(claim: Claim) -> str:
    """Name an event in a message, without its content."""
    return f"{claim.entry.provider} {claim.entry.type} {claim.entry.key}"
