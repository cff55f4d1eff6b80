"""The fuzzer itself: it reaches what it is there for, and it tells what it finds."""

from __future__ import annotations

import hmac
import random

import pytest

from tests.fuzz import deliveries
from tests.fuzz.choices import Choices


def deliver_some(number: int, seed: int) -> set[str]:
    chance = random.Random(seed)
    return {deliveries.deliver(chance.randbytes(chance.choice((8, 32, 128)))) for _ in range(number)}


def test_some_thousand_deliveries_end_in_documented_outcomes() -> None:
    outcomes = deliver_some(6000, seed=20261121) | {deliveries.deliver(seed) for seed in deliveries.seeds()}

    assert outcomes >= {"accepted", "bad_signature", "unsigned", "stale", "malformed", "handshake"}


def test_a_scheme_that_accepts_anything_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hmac, "compare_digest", lambda ours, theirs: True)

    with pytest.raises(AssertionError, match="accepts a body that was changed"):
        deliver_some(6000, seed=1)


def test_used_up_bytes_choose_the_first_of_everything() -> None:
    choices = Choices(b"")

    assert (choices.number(10), choices.some_bytes(5), choices.one_of("ab"), choices.changed(b"x")) == (
        0,
        b"",
        "a",
        b"x",
    )
