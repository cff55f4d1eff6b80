"""One suite for every inbox seen as a whole: what waits, since when, and what is in the way."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from paperhook.core.review import Reason
from paperhook.errors import InboxUnavailable
from paperhook.inbox import Entry, Outcome, State
from paperhook.inbox.operating import pages
from paperhook.inbox.reviewing import ReviewInbox
from paperhook.inbox.surveying import (
    HandlerCount,
    Survey,
    SurveyInbox,
    TypeCount,
    Waiting,
    survey,
    survey_rows,
)

from .test_inboxes import STORES


@pytest.fixture(params=STORES)
def inbox(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    opened = STORES[request.param](tmp_path)
    assert isinstance(opened, SurveyInbox)
    yield opened
    opened.close()


def entry(
    key: str, type_: str = "document.completed", *, provider: str = "docuparse", at: float = 100.0
) -> Entry:
    return Entry(provider, key, type_, b"{}", received_at=at)


def leave(
    inbox: ReviewInbox, key: str, state: State, *outcomes: Outcome, provider: str = "docuparse"
) -> None:
    """Bring one event into a state."""
    held = inbox.claim_key(provider, key, lease=60, now=1000.0).result()
    assert held is not None
    if state is State.REVIEW:
        assert inbox.open_review(held, [Reason(rule="sums", message="12 is not 13")], now=1000.0).result()
    if state is State.PENDING:
        assert inbox.release(held, outcomes, due_at=2000.0, now=1001.0).result()
    elif state.is_settled:
        assert inbox.finish(held, outcomes, state=state, now=1001.0).result()


def test_an_empty_inbox_has_nothing_to_show(inbox: SurveyInbox) -> None:
    assert inbox.survey(done=True).result() == Survey(inbox.stats().result())


def test_each_type_is_counted_by_its_states(inbox: Any) -> None:
    inbox.put([entry(f"e{n}", at=100.0 + n) for n in range(6)]).result()
    inbox.put([entry("f", "document.failed", at=50.0), entry("o", provider="ocriva", at=70.0)]).result()
    for key, state in zip(
        ["e0", "e1", "e2", "e3"], [State.DONE, State.DEAD, State.REVIEW, State.RUNNING], strict=True
    ):
        leave(inbox, key, state)

    found = inbox.survey(done=True).result()

    assert found.types == (
        TypeCount(
            "docuparse",
            "document.completed",
            pending=2,
            running=1,
            dead=1,
            review=1,
            done=1,
            oldest_pending=104.0,
        ),
        TypeCount("docuparse", "document.failed", pending=1, done=0, oldest_pending=50.0),
        TypeCount("ocriva", "document.completed", pending=1, done=0, oldest_pending=70.0),
    )
    assert found.stats == inbox.stats().result()
    assert found.oldest_review == 1001.0


def test_what_is_done_is_counted_by_type_only_when_asked(inbox: Any) -> None:
    inbox.put([entry("e1"), entry("e2")]).result()
    leave(inbox, "e1", State.DONE)

    found = inbox.survey().result()

    assert (found.stats.done, [each.done for each in found.types]) == (1, [None])


def test_the_oldest_pending_event_is_named(inbox: Any) -> None:
    inbox.put(
        [entry("new", at=90.0), entry("old", "document.failed", at=80.0), entry("older", at=70.0)]
    ).result()
    leave(inbox, "older", State.DEAD)
    leave(inbox, "old", State.PENDING, Outcome("book", State.PENDING, 1, due_at=2000.0))

    oldest = inbox.survey().result().oldest

    assert isinstance(oldest, Waiting)
    assert (oldest.provider, oldest.type, oldest.received_at, oldest.claims) == (
        "docuparse",
        "document.failed",
        80.0,
        1,
    )
    assert [row.entry.key for row in pages(inbox) if row.id == oldest.id] == ["old"]
    assert oldest.due_at == pytest.approx(2000.0, abs=60)


def test_handlers_are_counted_that_wait_or_gave_up(inbox: Any) -> None:
    inbox.put([entry(f"e{n}") for n in range(5)]).result()
    leave(
        inbox,
        "e0",
        State.PENDING,
        Outcome("book", State.PENDING, 2, "OSError"),
        Outcome("mail", State.DONE, 1),
    )
    leave(
        inbox,
        "e1",
        State.DEAD,
        Outcome("book", State.DEAD, 9, "ValueError\n  at a.py:1"),
        Outcome("mail", State.DONE, 1),
    )
    leave(inbox, "e2", State.DEAD, Outcome("book", State.DEAD, 3, "KeyError\n  at a.py:2"))
    # It gave up beside another that still tries: the event is not settled, and nobody can replay it yet.
    leave(
        inbox,
        "e3",
        State.PENDING,
        Outcome("book", State.DEAD, 1, "TypeError"),
        Outcome("ship", State.PENDING, 4),
    )
    leave(inbox, "e4", State.REVIEW, Outcome("tell", State.DEAD, 1, "SystemExit"))

    found = inbox.survey().result()

    ids = {row.entry.key: row.id for row in pages(inbox)}
    assert found.handlers == (
        HandlerCount("book", retrying=1, dead=2, attempts=9, newest_dead=ids["e2"], error="KeyError"),
        HandlerCount("ship", retrying=1, attempts=4),
        HandlerCount("tell", dead=1, attempts=1, newest_dead=ids["e4"], error="SystemExit"),
    )


def test_texts_that_no_database_likes_are_given_as_they_were(inbox: Any) -> None:
    inbox.put([entry("e1", "odd\x00type", provider="p\x00")]).result()
    leave(inbox, "e1", State.DEAD, Outcome("b\x00ok", State.DEAD, 1, "Err\x00or"), provider="p\x00")

    found = inbox.survey().result()

    [count], [handler] = found.types, found.handlers
    assert (count.provider, count.type, handler.handler, handler.error) == (
        "p\x00",
        "odd\x00type",
        "b\x00ok",
        "Err\x00or",
    )


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("done", [False, True])
def test_a_store_counts_as_one_who_looks_at_every_row(inbox: Any, seed: int, done: bool) -> None:
    chance = random.Random(seed)
    for number in range(80):
        provider, type_ = (
            chance.choice(["ocriva", "docuprox"]),
            chance.choice(["document.completed", "document.failed"]),
        )
        inbox.put([entry(f"e{number}", type_, provider=provider, at=chance.uniform(0, 900))]).result()
        state = chance.choice(list(State))
        if chance.random() < 0.2:
            continue
        outcomes = [
            Outcome(
                name,
                chance.choice([State.DONE, State.DEAD, State.PENDING]),
                chance.randint(1, 9),
                f"E{number}",
            )
            for name in ("book", "mail", "ship")
            if chance.random() < 0.7
        ]
        leave(inbox, f"e{number}", state, *outcomes, provider=provider)

    found = inbox.survey(done=done).result()

    assert found == survey_rows(pages(inbox), inbox.stats().result(), done=done)
    assert sum(each.pending for each in found.types) == found.stats.pending > 0
    assert sum(each.dead for each in found.types) == found.stats.dead > 0


def test_a_closed_inbox_says_so(inbox: Any) -> None:
    inbox.close()

    with pytest.raises(InboxUnavailable, match="closed"):
        inbox.survey().result()


class OfYours:
    """A store that is no `SurveyInbox`."""

    def __init__(self, inbox: Any) -> None:
        self.stats = inbox.stats


def test_of_a_store_of_your_own_the_counts_are_given(inbox: Any) -> None:
    inbox.put([entry("e1")]).result()
    yours: Any = OfYours(inbox)

    found = survey(yours).result()
    inbox.close()

    assert found == Survey(found.stats)
    assert found.stats.pending == 1
    with pytest.raises(InboxUnavailable):
        survey(yours).result()
