"""Asks the rules about a completed document before its handlers run, and says what the document is to them.

| the event has | its handlers are |
|---|---|
| no review, and meets the rules | those of `document.completed` |
| a review that waits, or one that was opened now | those of `document.needs_review` |
| a decision `accepted` | those of `document.completed`, with the corrections; the rules are not asked |
| a decision `corrected` | as without a review, the rules being asked about the corrected document |

That the rules were met is recorded with what the handlers did, so that a handler's retry never asks again; that they were
not is recorded before the first handler is told. A rule that raises is tried again like a handler.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

from ..core.event import DocumentCompleted, DocumentNeedsReview, Event, Origin
from ..core.review import Decision, Reason, Review
from ..inbox.base import Claim, Entry
from ..inbox.reviewing import ReviewInbox, Value
from ..observe.details import DocumentJudged, Observers
from ..retrying import RetryPolicy
from ..rules import Rule, Unique, ask
from ..rules.base import Check
from .handling import is_async
from .transactions import LeaseLost

T = TypeVar("T")

#: Stands for the handler where the rules are asked.
RULES = "(rules)"
_NO_RESULT = "the delivery only refers to its result: give Webhooks(fetch=client) to have it fetched"
#: Seconds for all rules of one document, and for one attempt to fetch its result.
RULES_SECONDS = 60.0


@dataclass(frozen=True)
class Asking:
    """The rules, or whoever fetches a result, as something that a worker runs."""

    function: Callable[[Any], Any]
    name: str = RULES
    retry: RetryPolicy | None = None
    timeout: float | None = RULES_SECONDS
    is_transactional: bool = False


@dataclass(frozen=True)
class Hands:
    """What a judge needs of the shift that asks it."""

    wait: Callable[[Future[Any]], Awaitable[Any]]
    #: Runs a function on a thread.
    call: Callable[..., Future[Any]]


class Judge:
    """Knows the rules.

    Args:
        rules: In the order in which they are asked.
        inbox: Where reviews are kept.
        observers: Who is told how documents were judged.
        clock: Seconds since the epoch.
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        inbox: ReviewInbox,
        observers: Observers,
        clock: Callable[[], float],
    ) -> None:
        self.rules: tuple[Rule, ...] = tuple(rules)
        self.inbox = inbox
        self.observers = observers
        self.clock = clock

    def is_asked(self, claim: Claim) -> bool:
        """Tell whether an event may have a review or needs one; a first claim has none."""
        is_completed = claim.entry.type == DocumentCompleted.canonical_type
        return is_completed and (bool(self.rules) or claim.claims > 1)

    async def open(self, claim: Claim, hands: Hands) -> Case:
        """Look up what is known of an event.

        Raises:
            InboxError: If the store is away.
        """
        reviews: Mapping[int, Review] = (
            await hands.wait(self.inbox.reviews([claim.id])) if claim.claims > 1 else {}
        )
        return Case(self, claim, hands, reviews.get(claim.id))


class Case:
    """One document before the rules."""

    def __init__(self, judge: Judge, claim: Claim, hands: Hands, review: Review | None) -> None:
        self._judge, self._claim, self._hands = judge, claim, hands
        self._review = review

    @property
    def is_review(self) -> bool:
        """Whether the document waits for a person, once the rules were asked."""
        return self._review is not None and self._review.decision is None

    @property
    def asking(self) -> Asking:
        """What asks the rules."""
        return Asking(self._ask)

    @property
    def is_for_rules(self) -> bool:
        """Whether the rules decide what it is; not where they did, and a person has to."""
        return bool(self._judge.rules) and not self.is_review

    def entry(self) -> Entry:
        """Give the entry by whose type the handlers are found."""
        entry = self._claim.entry
        return replace(entry, type=DocumentNeedsReview.canonical_type) if self.is_review else entry

    def event(self, event: Event) -> Event:
        """Give the event that the handlers get."""
        if not isinstance(event, DocumentCompleted) or self._review is None:
            return event
        seen = reviewed(event, self._review)
        if not self.is_review:
            return seen
        members: dict[str, Any] = {**_members(event, Event), "type": DocumentNeedsReview.canonical_type}
        return DocumentNeedsReview(
            **members, result=seen.result, reasons=self._review.reasons, review_id=self._claim.id
        )

    async def _ask(self, event: Event) -> None:
        """Ask every rule, and open a review where one is not met.

        Raises:
            LeaseLost: If another worker has the event.
            InboxError: If the store is away.
            Exception: Whatever a rule raised.
        """
        if not isinstance(event, DocumentCompleted):
            raise TypeError(f"a completed document was read as {type(event).__name__}")
        judge, is_accepted = self._judge, self._is(Decision.ACCEPTED)
        document = event if self._review is None else reviewed(event, self._review)
        rules = [rule for rule in judge.rules if rule.applies(document)]
        reasons = [] if is_accepted else await self._reasons(document, rules)
        taken = await self._hold(document, [rule for rule in rules if isinstance(rule, Unique)])
        reasons += [] if is_accepted else taken
        if reasons:
            await self._open(reasons)
        if not is_accepted:
            names = tuple(dict.fromkeys(reason.rule for reason in reasons))
            judge.observers(DocumentJudged(event.provider, event.type, not reasons, names))

    async def _reasons(self, document: DocumentCompleted, rules: Sequence[Rule]) -> list[Reason]:
        if not document.has_result:
            return [Reason(rule="result", message=_NO_RESULT)]
        now = datetime.fromtimestamp(self._judge.clock(), UTC)
        return await ask(rules, document, now=now, call=self._call)

    async def _call(self, function: Check, document: DocumentCompleted) -> Any:
        if is_async(function):
            return function(document)
        # It may look something up, and the loop must not wait for that.
        return await self._hands.wait(self._hands.call(function, document))

    async def _hold(self, document: DocumentCompleted, rules: Sequence[Unique]) -> list[Reason]:
        """Take what only one document may have; give a reason for each that another has."""
        wanted: list[tuple[Unique, Value]] = [
            (rule, (rule.scope, digest)) for rule in rules if (digest := rule.digest(document)) is not None
        ]
        if not wanted:
            return []
        asked = self._judge.inbox.hold(self._claim, list(dict.fromkeys(value for _, value in wanted)))
        holders = await self._hands.wait(asked)
        if holders is None:
            raise LeaseLost
        by_value = dict(zip(dict.fromkeys(value for _, value in wanted), holders, strict=True))
        return [
            rule.taken(document, by_value[value])
            for rule, value in wanted
            if by_value[value] != self._claim.id
        ]

    async def _open(self, reasons: Sequence[Reason]) -> None:
        now, before = self._judge.clock(), self._review
        if not await self._hands.wait(self._judge.inbox.open_review(self._claim, reasons, now=now)):
            raise LeaseLost
        self._review = Review(
            reasons=tuple(reasons),
            opened_at=datetime.fromtimestamp(now, UTC),
            corrections=before.corrections if before is not None else {},
        )

    def _is(self, decision: Decision) -> bool:
        return self._review is not None and self._review.decision is decision


def reviewed(event: DocumentCompleted, review: Review) -> DocumentCompleted:
    """Give a completed document as a person left it; what the provider read stays beside it."""
    read: Callable[[], Any] = lambda: event.result  # noqa: E731 - read when somebody asks
    changes: dict[str, Any] = {} if review.decision is None else {"origin": Origin.REVIEW, "review": review}
    if review.corrections:
        read = partial(_corrected, event, review)
        changes["original"] = event.result
    return DocumentCompleted(**_members(event, DocumentCompleted) | changes, result=read)


def _corrected(event: DocumentCompleted, review: Review) -> Any:
    # Amounts and dates of every country: few documents are corrected, and a worker starts without them.
    from ..results.corrections import corrected

    return corrected(event.result, review.corrections)


def _members(event: Event, kind: type[Event]) -> dict[str, Any]:
    return {name: getattr(event, name) for name in kind.model_fields}
