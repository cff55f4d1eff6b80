"""The provider's rate as a value: time is handed in, and nothing is sent."""

from __future__ import annotations

from email.utils import formatdate
from itertools import count
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paperhook.core.exchange import Request, Response
from paperhook.core.headers import Headers
from paperhook.core.rate import Rate, Told, Window, told_by

NOON = 1_800_000_000.0  # Begins a minute of the clock.


def answered(status: int = 200, **headers: str) -> Response:
    fields = Headers({name.replace("_", "-"): value for name, value in headers.items()})
    return Response(Request("GET", "https://acme.example/"), status, fields, b"")


class Caller:
    """Asks one window, one request after another."""

    def __init__(self, rate: Rate | None) -> None:
        self.window = Window(rate)
        self._tickets = count()

    def wait(self, now: float) -> float:
        """Ask how long to wait, and leave."""
        ticket = next(self._tickets)
        self.window.join(ticket)
        seconds = self.window.wait(ticket, now)
        self.window.leave(ticket)
        return seconds

    def go(self, now: float, response: Response | None = None, *, takes: float = 0.0) -> None:
        ticket = next(self._tickets)
        self.window.join(ticket)
        assert self.window.wait(ticket, now) == 0
        self.window.take(ticket, now)
        self.window.answered(ticket, response, now + takes)


def test_a_slot_is_free_again_when_its_answer_has_left_the_window():
    caller = Caller(Rate(2, 60))
    caller.go(NOON)
    caller.go(NOON + 10, takes=5)

    assert caller.wait(NOON + 20) == 40
    assert caller.wait(NOON + 60) == 0
    caller.go(NOON + 60)
    assert caller.wait(NOON + 61) == 14


def test_what_is_under_way_holds_its_slot():
    window = Window(Rate(1, 60))
    window.join(0)
    window.take(0, NOON)
    window.join(1)

    assert window.wait(1, NOON + 1000) == 60


def test_who_came_first_goes_first_and_each_is_told_its_own_time():
    window = Window(Rate(2, 60))
    for ticket in range(6):
        window.join(ticket)

    assert [window.wait(ticket, NOON) for ticket in range(6)] == [0, 0, 60, 60, 120, 120]
    window.leave(0)
    window.leave(0)
    assert [window.wait(ticket, NOON) for ticket in range(1, 6)] == [0, 0, 60, 60, 120]


def test_the_minutes_of_the_clock_are_the_providers():
    caller = Caller(Rate(2, 60, window="fixed"))
    ours, theirs = NOON + 20, NOON + 50
    caller.go(ours, answered(date=formatdate(theirs, usegmt=True)))
    caller.go(ours + 1)

    # Their minute ends in ten seconds, whatever our clock says.
    assert caller.wait(ours + 2) == 8
    assert caller.wait(ours + 10) == 0


def test_an_answer_so_close_to_the_edge_may_be_counted_behind_it():
    caller = Caller(Rate(1, 60, window="fixed"))
    caller.go(NOON + 9, answered(date=formatdate(NOON + 9, usegmt=True)))
    caller.go(NOON + 60, takes=59.5)

    assert caller.wait(NOON + 120) == 60


def test_a_fixed_window_that_nobody_told_of_is_taken_for_a_sliding_one():
    caller = Caller(Rate(1, 60, window="fixed"))
    caller.go(NOON + 50, answered())

    assert caller.wait(NOON + 61) == 49


def test_the_providers_clock_is_looked_at_now_and_then_only():
    caller = Caller(Rate(9, 60, window="fixed"))
    caller.go(NOON, answered(date=formatdate(NOON, usegmt=True)))
    caller.go(NOON + 1, answered(date=formatdate(NOON + 31, usegmt=True)))
    for _ in range(7):
        caller.go(NOON + 2)

    assert caller.wait(NOON + 3) == 57
    caller.go(NOON + 400, answered(date=formatdate(NOON + 430, usegmt=True)))
    for _ in range(8):
        caller.go(NOON + 401)
    assert caller.wait(NOON + 402) == 48


def test_what_others_took_of_the_window_is_not_there_for_us():
    caller = Caller(Rate(10, 60))
    caller.go(NOON, answered(x_ratelimit_limit="10", x_ratelimit_remaining="2", x_ratelimit_reset="30"))
    caller.go(NOON + 1)
    caller.go(NOON + 2)

    assert caller.wait(NOON + 3) == 27
    assert caller.wait(NOON + 30) == 0


def test_what_is_under_way_is_not_taken_for_others():
    window = Window(Rate(4, 60))
    for ticket in range(4):
        window.join(ticket)
        window.take(ticket, NOON)
    window.answered(0, answered(x_ratelimit_remaining="0", x_ratelimit_reset="10"), NOON)
    for ticket in range(1, 4):
        window.answered(ticket, None, NOON)
    window.join(9)

    # All four are ours: free after their own minute, not earlier and not later.
    assert window.wait(9, NOON + 1) == 59


def test_a_later_answer_of_the_same_window_does_not_give_back_what_others_took():
    caller = Caller(Rate(10, 60))
    caller.go(NOON, answered(x_ratelimit_remaining="1", x_ratelimit_reset="30"))
    caller.go(NOON + 1, answered(x_ratelimit_remaining="8", x_ratelimit_reset="29"))

    assert caller.wait(NOON + 2) == 28


def test_a_limit_of_the_keys_own_replaces_the_documented_one():
    caller = Caller(Rate(60, 60))
    caller.go(NOON, answered(ratelimit_limit="2, 2;w=60", ratelimit_remaining="1", ratelimit_reset="30"))
    caller.go(NOON + 1)

    assert caller.wait(NOON + 2) == 58


def test_a_provider_without_a_documented_rate_limits_nobody_until_it_tells():
    caller = Caller(None)
    for _ in range(100):
        caller.go(NOON, answered())
    caller.go(NOON, answered(ratelimit='"default";r=1;t=30', ratelimit_policy='"default";q=100;w=30'))
    caller.go(NOON + 1)

    # What went before is no longer known, and counts as somebody else's.
    assert caller.wait(NOON + 2) == 28


def test_remaining_alone_tells_nothing_where_no_limit_is_known():
    caller = Caller(None)
    caller.go(NOON, answered(x_ratelimit_remaining="3"))

    assert caller.wait(NOON) == 0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after": "7"}, 7),
        ({"retry_after": "7", "x_ratelimit_reset": "9"}, 7),
        ({"x_ratelimit_reset": "9"}, 9),
        ({"retry_after": "86400"}, 60),
        ({"x_ratelimit_remaining": "5"}, 0),
        ({}, 0),
    ],
)
@pytest.mark.parametrize("rate", [None, Rate(60, 60)])
def test_a_refusal_closes_the_line_for_everybody(headers: dict[str, str], seconds: float, rate: Rate | None):
    caller = Caller(rate)
    caller.go(NOON, answered(429, **headers))

    assert caller.wait(NOON) == seconds


@pytest.mark.parametrize(("remaining", "seconds"), [("0", 60), ("1", 0)])
def test_what_is_said_of_a_day_is_not_said_of_a_minute(remaining: str, seconds: float):
    caller = Caller(Rate(60, 60))
    caller.go(
        NOON, answered(x_ratelimit_limit="1", x_ratelimit_remaining=remaining, x_ratelimit_reset="4000")
    )

    assert caller.wait(NOON) == seconds


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({}, None),
        ({"x_ratelimit_limit": "ten"}, None),
        ({"x_ratelimit_limit": "1.5"}, None),
        ({"x_ratelimit_limit": "9" * 13}, None),
        ({"x_ratelimit_remaining": "3"}, Told(remaining=3)),
        ({"ratelimit_limit": "10", "ratelimit_remaining": "3", "ratelimit_reset": "5"}, Told(10, 3, 5.0)),
        ({"ratelimit": "limit=10, remaining=3, reset=5"}, Told(10, 3, 5.0)),
        ({"ratelimit": '"a";r=3;t=5'}, Told(remaining=3, reset=5.0)),
        (
            {"ratelimit": '"a";r=3;t=5, "b";r=1;t=1', "ratelimit_policy": '"a";q=10;w=20, "b";q=9;w=9'},
            Told(10, 3, 5.0, 20.0),
        ),
        ({"x_ratelimit_reset": f"{NOON + 5:.0f}"}, Told(reset=5.0)),
        ({"x_ratelimit_reset": f"{NOON - 5:.0f}"}, Told(reset=0.0)),
        (
            {"x_ratelimit_reset": f"{NOON + 105:.0f}", "date": formatdate(NOON + 100, usegmt=True)},
            Told(reset=5.0),
        ),
    ],
)
def test_every_form_of_the_fields_is_read(headers: dict[str, str], told: Told | None):
    found = told_by(answered(**headers).headers, now=NOON)

    assert found == (told or found)
    assert (found or Told()) == (told or Told())


@given(
    gaps=st.lists(st.floats(0, 20), min_size=1, max_size=60),
    takes=st.lists(st.floats(0, 30), min_size=60, max_size=60),
    counted=st.lists(st.floats(0, 1), min_size=60, max_size=60),
    kind=st.sampled_from(["fixed", "sliding"]),
    skew=st.floats(-100, 100),
)
def test_no_window_of_the_provider_ever_sees_more_than_its_limit(
    gaps: list[float],
    takes: list[float],
    counted: list[float],
    kind: Literal["fixed", "sliding"],
    skew: float,
):
    caller, now, arrivals = Caller(Rate(3, 60, window=kind)), NOON, list[float]()
    for gap, seconds, share in zip(gaps, takes, counted, strict=False):
        now += gap
        while (wait := caller.wait(now)) > 0:
            now += wait
        arrivals.append(now + seconds * share)
        date = formatdate(arrivals[-1] + skew, usegmt=True)
        caller.go(now, answered(date=date), takes=seconds)
        now += seconds

    windows = [(arrival + skew) // 60 for arrival in arrivals]
    assert max(map(windows.count, windows)) <= 3
    if kind == "sliding":
        crowds = [sum(0 <= other - arrival < 60 for other in arrivals) for arrival in arrivals]
        assert max(crowds) <= 3


def test_a_limit_of_any_size_costs_no_memory():
    caller = Caller(Rate(2, 60))
    caller.go(NOON)
    most = str(10**12 - 1)
    caller.go(NOON, answered(**{"X-RateLimit-Limit": most, "X-RateLimit-Remaining": "0"}))

    assert caller.wait(NOON + 1) == 59
    assert caller.wait(NOON + 61) == 0
