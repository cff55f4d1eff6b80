"""Constructing and registering."""

from __future__ import annotations

from pathlib import Path

import pytest

from paperhook.core.event import (
    DocumentCompleted,
    Event,
)
from paperhook.errors import ConfigurationError
from paperhook.hooks import Webhooks
from paperhook.inbox import SqliteInbox
from tests.acme import acme

from .given import Give, give, webhooks

# Construction


def test_a_provider_is_needed() -> None:
    with pytest.raises(ConfigurationError, match="needs a provider"):
        Webhooks(inbox="memory:")


def test_two_providers_of_one_name_would_hide_each_other() -> None:
    with pytest.raises(ConfigurationError, match="two providers are named acme"):
        webhooks(acme(), acme())


def test_no_secret_is_an_error_at_construction() -> None:
    with pytest.raises(ConfigurationError, match="ACME_WEBHOOK_SECRET"):
        webhooks(acme(webhook_secret=None))


def test_a_mode_that_is_none_is_told() -> None:
    with pytest.raises(ConfigurationError, match="'embedded', 'external' or 'inline'"):
        webhooks(worker="sometimes")


def test_an_address_opens_its_inbox(tmp_path: Path) -> None:
    hooks = Webhooks(acme(), inbox=f"sqlite:///{tmp_path / 'inbox.db'}", worker="external")

    assert isinstance(hooks.inbox, SqliteInbox)
    hooks.close()


def test_unsigned_deliveries_are_warned_of_once(caplog: pytest.LogCaptureFixture, give_either: Give) -> None:
    hooks = webhooks(acme(webhook_secret=None, unsigned="accept"))

    give_either(hooks)
    give_either(hooks)

    assert [record.getMessage() for record in caplog.records] == [
        "acme: unsigned deliveries are accepted: anybody can forge them"
    ]


# Registration


def test_the_decorator_gives_the_function_back() -> None:
    def book(event: DocumentCompleted) -> str:
        return event.key

    assert webhooks().on(DocumentCompleted)(book) is book


def test_a_late_registration_is_refused() -> None:
    hooks = webhooks()
    give(hooks)

    with pytest.raises(ConfigurationError, match="registered after the first delivery"):
        hooks.on("*")(print)


def test_a_delivery_that_anybody_could_forge_does_not_end_registration() -> None:
    hooks = webhooks()
    hooks.receive({}, b"{}")

    hooks.on("*")(print)


def test_callables_without_a_name_of_their_own_can_be_registered() -> None:
    class Booker:
        def __call__(self, event: Event) -> None:
            """Do nothing."""

    hooks = webhooks()
    hooks.on("*")(Booker())
    hooks.on("*", name="mine")(lambda event: None)

    names = [each.name for each in hooks._router.registrations]
    assert names == [
        "tests.hooks.test_registering.test_callables_without_a_name_of_their_own_can_be_registered.<locals>.Booker",
        "mine",
    ]
