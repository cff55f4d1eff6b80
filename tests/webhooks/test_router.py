"""Which handlers an event goes to."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paperhook.core.event import EVENT_CLASSES, DocumentCompleted, DocumentFailed, Event, UnknownEvent
from paperhook.errors import ConfigurationError
from paperhook.webhooks.router import Registration, Router, pattern_of


def handle(event: Any) -> None:
    """Do nothing."""


def other(event: Any) -> None:
    """Do nothing either."""


def router(*patterns: str) -> Router:
    made = Router()
    for number, pattern in enumerate(patterns):
        made.add(Registration(pattern, f"h{number}", handle))
    return made


@pytest.mark.parametrize(
    ("pattern", "type", "listens"),
    [
        ("*", "anything at all", True),
        ("document.completed", "document.completed", True),
        ("document.completed", "document.completed.v2", False),
        ("document.*", "document.failed", True),
        ("document.*", "document", False),
        ("document.*", "documents.failed", False),
        ("document.*", "document.a.b", True),
        ("?", "document.completed", False),
        ("?", "invoice.split", True),
        ("acme.word", "acme.word", True),
    ],
)
def test_a_pattern_listens_to_its_types(pattern: str, type: str, listens: bool) -> None:
    assert Registration(pattern, "h", handle).listens_to(type) == listens


def test_handlers_come_in_the_order_in_which_they_were_registered() -> None:
    made = router("*", "document.failed", "document.*", "document.completed")

    assert [each.name for each in made.handlers("document.completed")] == ["h0", "h2", "h3"]
    assert made.handlers("x")[0].pattern == "*"


@pytest.mark.parametrize(
    ("given", "pattern"),
    [
        (Event, "*"),
        (UnknownEvent, "?"),
        (DocumentCompleted, "document.completed"),
        ("*", "*"),
        ("document.*", "document.*"),
        ("anything", "anything"),
    ],
)
def test_classes_and_names_are_patterns(given: Any, pattern: str) -> None:
    assert pattern_of(given) == pattern


@pytest.mark.parametrize(
    "given",
    [
        "",
        " ",
        "**",
        "*.completed",
        "doc*",
        "a.*.b",
        "document.*.*",
        " document.completed",
        "a.* ",
        5,
        None,
        str,
        Event(key="k", provider="p", type="t"),
    ],
)
def test_what_is_no_pattern_is_told(given: Any) -> None:
    with pytest.raises(ConfigurationError, match="is no event"):
        pattern_of(given)


def test_a_class_of_ones_own_that_stands_for_no_type_would_never_be_called() -> None:
    class Own(Event):
        """Has no canonical type."""

    class OwnCompleted(DocumentCompleted):
        """Has its parent's."""

    with pytest.raises(ConfigurationError, match="is no event"):
        pattern_of(Own)
    assert pattern_of(OwnCompleted) == "document.completed"


def test_two_functions_of_one_name_would_hide_each_other() -> None:
    made = router("*")

    with pytest.raises(ConfigurationError, match="give one of them a name="):
        made.add(Registration("document.failed", "h0", other))


def test_one_function_may_listen_to_several_types_and_is_called_once() -> None:
    made = router("document.completed")
    made.add(Registration("document.*", "h0", handle))

    assert [each.pattern for each in made.handlers("document.completed")] == ["document.completed"]
    assert [each.pattern for each in made.handlers("document.failed")] == ["document.*"]


def test_registering_the_same_twice_is_told() -> None:
    made = router("document.completed")

    with pytest.raises(ConfigurationError, match="registered already"):
        made.add(Registration("document.completed", "h0", handle))


@given(st.text())
def test_any_type_has_its_catch_all_and_any_name_is_a_pattern_or_told(word: str) -> None:
    assert [each.name for each in router("*").handlers(word)] == ["h0"]
    try:
        pattern = pattern_of(word)
    except ConfigurationError:
        return
    assert Registration(pattern, "h", handle).listens_to(word) or pattern == "?" or pattern.endswith(".*")


def test_every_event_class_can_be_listened_to() -> None:
    for name, each in EVENT_CLASSES.items():
        assert Registration(pattern_of(each), "h", handle).listens_to(name)
    assert not Registration(pattern_of(DocumentFailed), "h", handle).listens_to("document.completed")


def test_a_handler_that_comes_later_is_found_too() -> None:
    made = router("document.*")
    assert len(made.handlers("document.completed")) == 1

    made.add(Registration("document.completed", "late", other))

    assert [each.name for each in made.handlers("document.completed")] == ["h0", "late"]


def test_types_that_somebody_makes_up_do_not_fill_the_memory() -> None:
    made = router("*")

    assert all(len(made.handlers(f"made.up.{number}")) == 1 for number in range(2000))

    assert len(made._known) < 1000
