from __future__ import annotations

from typing import Any

import pytest

from paperhook.core.instants import instant


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("2026-03-31T12:00:00.000Z", "2026-03-31T12:00:00+00:00"),
        ("2026-03-31T14:00:00+02:00", "2026-03-31T12:00:00+00:00"),
        ("2026-03-31T12:00:00", "2026-03-31T12:00:00+00:00"),
        (1760000000000, "2025-10-09T08:53:20+00:00"),
        (1760000000500.0, "2025-10-09T08:53:20.500000+00:00"),
        ("1760000000000", "2025-10-09T08:53:20+00:00"),
        (1760000000, "2025-10-09T08:53:20+00:00"),
        (1760000000.5, "2025-10-09T08:53:20.500000+00:00"),
    ],
)
def test_a_moment_is_read_as_utc(given: Any, expected: str) -> None:
    found = instant(given)

    assert found is not None
    assert found.isoformat() == expected


@pytest.mark.parametrize("given", [None, "", "soon", True, 0, -5, 1e300, float("nan"), 10**40, [], {}])
def test_anything_else_is_no_moment(given: Any) -> None:
    assert instant(given) is None


def test_a_moment_before_the_calendar_begins_is_none() -> None:
    assert instant("0001-01-01T00:00:00+14:00") is None
