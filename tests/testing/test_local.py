"""The local providers on a socket."""

from __future__ import annotations

import pytest

from paperhook.simulator import FaultPlan
from paperhook.testing import LocalProviders


def test_they_have_no_address_before_they_are_started() -> None:
    with pytest.raises(RuntimeError, match="use it in a with statement"):
        _ = LocalProviders().origin


def test_another_fault_plan_is_followed_from_then_on() -> None:
    local = LocalProviders()
    plan = FaultPlan.parse("docuparse:reset=1x")

    local.misbehave(plan)

    assert local.simulator.faults == plan


def test_they_are_used_once() -> None:
    local = LocalProviders()
    with local:
        pass

    with pytest.raises(RuntimeError, match="LocalProviders can be entered once: make another"):
        local.__enter__()
