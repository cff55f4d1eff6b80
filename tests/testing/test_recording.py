"""The recorded inbox says what was there, and fails with words that help."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from paperhook import DocumentCompleted, DocumentFailed, DocumentNeedsReview, GiveUp, Webhooks
from paperhook.inbox.base import State
from paperhook.providers import DocuParse
from paperhook.rules import required
from paperhook.testing import FrozenClock, RecordedInbox, signed_delivery

PROVIDER = DocuParse("key", webhook_secret="a-secret-for-tests")


@pytest.fixture
def hooks(paperhook_inbox: RecordedInbox, paperhook_clock: FrozenClock) -> Iterator[Webhooks]:
    made = Webhooks(PROVIDER, inbox=paperhook_inbox, worker="inline", clock=paperhook_clock)

    @made.on(DocumentCompleted)
    def book(event: DocumentCompleted) -> None: ...

    @made.on("document.*", name="audit")
    def audit(event: Any) -> None: ...

    @made.on(DocumentFailed)
    def refuse(event: DocumentFailed) -> None:
        raise GiveUp("never again")

    yield made
    made.close()


def receive(hooks: Webhooks, event: str, mark: str) -> None:
    hooks.receive(*signed_delivery(PROVIDER, event, mark=mark))


def test_what_was_put_and_handled_is_there(hooks: Webhooks, paperhook_inbox: RecordedInbox) -> None:
    receive(hooks, "document.completed", "aaaaaaaa")
    receive(hooks, "document.completed", "aaaaaaaa")
    receive(hooks, "document.failed", "bbbbbbbb")

    [row] = paperhook_inbox.assert_put(
        "document.completed", times=1, provider="docuparse", job_id="doc_aaaaaaaa"
    )
    assert row.entry.key == "document.completed:doc_aaaaaaaa"
    paperhook_inbox.assert_put("document.*", times=2)
    paperhook_inbox.assert_handled("document.completed")
    paperhook_inbox.assert_handled("document.*", by="audit", times=2)
    paperhook_inbox.assert_handled("document.completed", by="book", job_id="doc_aaaaaaaa")
    paperhook_inbox.assert_dead("document.failed", by="refuse", error="GiveUp", times=1)
    paperhook_inbox.assert_duplicates(1)
    paperhook_inbox.assert_duplicates(0, "document.failed")
    paperhook_inbox.assert_nothing_waits()
    assert [each.entry.type for each in paperhook_inbox.events()] == ["document.completed", "document.failed"]
    assert len(paperhook_inbox.events(state=State.DEAD)) == 1


def test_documents_that_wait_for_a_person_hide_no_others(paperhook_inbox: RecordedInbox) -> None:
    hooks = Webhooks(PROVIDER, inbox=paperhook_inbox, worker="inline", rules=[required("no_such_field")])
    hooks.on(DocumentCompleted)(print)
    hooks.on(DocumentNeedsReview)(lambda event: None)
    for mark in ("aaaaaaaa", "bbbbbbbb"):
        receive(hooks, "document.completed", mark)

    assert len(paperhook_inbox.events(state=State.REVIEW)) == 2
    paperhook_inbox.assert_put("document.completed", times=2)
    hooks.close()


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (
            lambda inbox: inbox.assert_put("batch.completed"),
            "put batch.completed: 0, not at least 1; the inbox holds",
        ),
        (
            lambda inbox: inbox.assert_put("document.failed", times=2, job_id="doc_bbbbbbbb"),
            "of doc_bbbbbbbb: 1, not 2",
        ),
        (lambda inbox: inbox.assert_handled("document.failed"), "handled document.failed: 0"),
        (lambda inbox: inbox.assert_handled("document.failed", by="refuse"), "by refuse: 0"),
        (lambda inbox: inbox.assert_dead("document.*", error="KeyError"), "dead document.*: 0"),
        (lambda inbox: inbox.assert_duplicates(3), "0 duplicates of *, not 3"),
    ],
)
def test_what_is_not_there_is_told_with_what_is(
    hooks: Webhooks, paperhook_inbox: RecordedInbox, asked: Any, words: str
) -> None:
    receive(hooks, "document.failed", "bbbbbbbb")

    with pytest.raises(AssertionError) as told:
        asked(paperhook_inbox)

    assert words in str(told.value)
    assert "document.failed of doc_bbbbbbbb dead" in str(told.value)
    assert "could not" not in str(told.value)


def test_an_event_that_waits_is_told(paperhook_inbox: RecordedInbox) -> None:
    hooks = Webhooks(PROVIDER, inbox=paperhook_inbox, worker="external")
    hooks.on("*")(lambda event: None)
    with pytest.raises(AssertionError, match="the inbox holds nothing"):
        paperhook_inbox.assert_put("document.completed")
    receive(hooks, "document.completed", "aaaaaaaa")

    with pytest.raises(AssertionError, match="1 events wait"):
        paperhook_inbox.assert_nothing_waits()
    hooks.close()


def test_a_frozen_clock_moves_when_it_is_told() -> None:
    clock = FrozenClock(datetime(2026, 6, 2, 10, tzinfo=UTC))
    before = clock()

    clock.advance(90)

    assert clock() - before == 90
    assert clock.now == datetime(2026, 6, 2, 10, 1, 30, tzinfo=UTC)
