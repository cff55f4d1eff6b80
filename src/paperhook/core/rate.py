"""How often a provider may be asked: its documented rate, what its answers say of it, and whose turn it is.

A slot is taken when a request is let go, and free again when the provider certainly counts it no longer:

| window | the slot of a request that was answered at `t` is free again |
|---|---|
| `sliding` | `seconds` after `t`; that is safe for a fixed window as well, wherever it begins |
| `fixed` | when the provider's next window begins, once an answer has told the provider's time; as `sliding` before |

Time is an argument, in seconds since the epoch on a clock that never jumps.
"""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from dataclasses import dataclass
from typing import Literal, Protocol

from .answers import retry_after, seconds_of_date
from .exchange import Response
from .headers import Headers

#: Seconds; a provider that asks for a longer pause is asked again after this, and its answer is then an error.
LONGEST_CLOSED = 60.0
#: Seconds by which a `Date` may be older than the moment at which it was written: it has no fractions.
DATE_SECONDS = 1.0
#: Seconds between two looks at the provider's clock.
CLOCK_LASTS = 300.0
#: A reset from here on is a time since the epoch, one below is seconds from now: providers write both.
FIRST_EPOCH = 100_000_000
#: The shortest wait, so that nobody asks again and again in one moment.
SHORTEST = 0.001


@dataclass(frozen=True, slots=True)
class Rate:
    """So many requests in so many seconds."""

    requests: int
    seconds: float = 60.0
    window: Literal["sliding", "fixed"] = "sliding"
    #: Whether each key has a rate of its own, or all keys of an account share one.
    per: Literal["key", "account"] = "key"


class Turns(Protocol):
    """Whose turn it is to ask one provider with one credential; any thread may call it.

    A caller joins, asks how long to wait until the answer is 0, sends, and says that it was answered; or leaves.
    """

    def join(self) -> int:
        """Stand in line; gives a ticket."""
        ...

    def wait(self, ticket: int, now: float) -> float:
        """Give seconds until it is worth asking again; 0 when it is this ticket's turn, which is then taken."""
        ...

    def leave(self, ticket: int) -> None:
        """Give up a ticket whose turn has not come."""
        ...

    def answered(self, ticket: int, response: Response | None, now: float) -> None:
        """Say that the exchange of a turn has ended, with this response or without one."""
        ...


@dataclass(frozen=True, slots=True)
class Told:
    """What an answer's headers say of the rate; None where they do not."""

    limit: int | None = None
    remaining: int | None = None
    #: Seconds from now until there is a new window.
    reset: float | None = None
    #: Seconds of the window.
    seconds: float | None = None


_DIGITS = re.compile(r"\s*([0-9]{1,12})(?![0-9.])")
#: `RateLimit: "default";r=50;t=30`. Source: draft-ietf-httpapi-ratelimit-headers-10 sections 3 and 4.
_PARAMETER = re.compile(r";\s*([a-z]+)\s*=\s*([0-9]{1,12})(?![0-9])")
_OURS = {"r": "remaining", "t": "reset", "q": "limit", "w": "seconds"}
#: `RateLimit: limit=100, remaining=50, reset=50`. Source: the same draft, versions 07 and before.
_MEMBER = re.compile(r"(?:^|,)\s*(limit|remaining|reset)\s*=\s*([0-9]{1,12})(?![0-9])")


def told_by(headers: Headers, *, now: float) -> Told | None:
    """Read the fields about the rate: `RateLimit`, `RateLimit-*` and `X-RateLimit-*`.

    Args:
        now: Seconds since the epoch.

    Returns:
        None where there are none of them.
    """
    if not any("ratelimit" in name for name in headers):
        return None
    found: dict[str, int] = {}
    for name in ("limit", "remaining", "reset"):
        given = headers.get(f"x-ratelimit-{name}") or headers.get(f"ratelimit-{name}") or ""
        # A list such as `100, 100;w=60` begins with the limit that is meant.
        if (digits := _DIGITS.match(given)) is not None:
            found[name] = int(digits[1])
    structured = headers.get("ratelimit", "")
    said = _parameters(headers.get("ratelimit-policy", "")) | _parameters(structured)
    found |= {ours: int(said[theirs]) for theirs, ours in _OURS.items() if said.get(theirs)}
    found |= {name: int(value) for name, value in _MEMBER.findall(structured)}
    reset = None if "reset" not in found else _seconds_until(found["reset"], headers, now)
    seconds = float(found["seconds"]) if found.get("seconds") else None
    return Told(found.get("limit"), found.get("remaining"), reset, seconds)


def _parameters(field: str) -> dict[str, str]:
    # The first of several policies; which of them is the tightest is not said.
    return dict(_PARAMETER.findall(field.partition(",")[0]))


def _seconds_until(reset: int, headers: Headers, now: float) -> float:
    if reset < FIRST_EPOCH:
        return float(reset)
    # The provider's clock says what it meant; ours is only as good as the machine's.
    clock = seconds_of_date(headers.get("date", ""))
    return max(0.0, reset - (now if clock is None else clock))


class Window:
    """One rate as a value: who waits, whose request is under way, and which slots are not free yet.

    Args:
        rate: None where none is documented; then everybody is let go until an answer tells of one.
    """

    def __init__(self, rate: Rate | None) -> None:
        self._limit = None if rate is None else rate.requests
        self._seconds = 60.0 if rate is None else rate.seconds
        self._is_fixed = rate is not None and rate.window == "fixed"
        self._waiting: list[int] = []
        #: Tickets under way, and when they were let go.
        self._flying: dict[int, float] = {}
        #: When the slots of answered requests are free again, the earliest first.
        self._spent: list[float] = []
        #: Slots that somebody else took, as far as answers told, and until when.
        self._others, self._others_until = 0, 0.0
        self._closed_until = 0.0
        #: When a window of the provider begins at the latest, by how much it may begin earlier, and when that was told.
        self._edge: float | None = None
        self._edge_slack, self._edge_told = 0.0, 0.0

    def join(self, ticket: int) -> None:
        """Stand in line; tickets grow."""
        self._waiting.append(ticket)

    def leave(self, ticket: int) -> None:
        """Stand in line no longer."""
        place = bisect_left(self._waiting, ticket)
        if self._waiting[place : place + 1] == [ticket]:
            del self._waiting[place]

    def forget_tickets(self) -> None:
        """Take all who wait or are under way for gone; what was answered counts as before."""
        self._waiting, self._flying = [], {}

    def wait(self, ticket: int, now: float) -> float:
        """Give seconds until it may be this ticket's turn; 0 when it is, and `take` takes it."""
        closed = self._closed_until - now
        if self._limit is None:
            return max(0.0, closed)
        while self._spent and self._spent[0] <= now:
            del self._spent[0]
        others = self._others if now < self._others_until else 0
        free = self._limit - len(self._flying) - len(self._spent) - others
        place = bisect_left(self._waiting, ticket)
        if place < free:
            return max(0.0, closed)
        # Who is under way, or let go now, is answered now at the earliest.
        soonest = len(self._flying) + max(0, free)
        # An answer may tell of any number of others; no more of them are looked at than matter to this place.
        listed = min(others, place - free + 1)
        frees = sorted([*self._spent, *[self._others_until] * listed, *[self._free_at(now)] * soonest])
        rounds, index = divmod(place - free, len(frees))
        return max(SHORTEST, frees[index] + rounds * self._seconds - now, closed)

    def take(self, ticket: int, now: float) -> None:
        """Let a ticket go."""
        self.leave(ticket)
        self._flying[ticket] = now

    def answered(self, ticket: int, response: Response | None, now: float) -> None:
        """Note that an exchange ended, and what its answer says."""
        sent_at = self._flying.pop(ticket, now)
        if response is not None:
            self._learn(response, sent_at, now)
        if self._limit is not None:
            insort(self._spent, self._free_at(now))

    def _free_at(self, moment: float) -> float:
        if not self._is_fixed or self._edge is None:
            return moment + self._seconds
        edge = self._edge + self._seconds * ((moment - self._edge) // self._seconds + 1)
        # So close to the edge it may have been counted behind it.
        return edge + self._seconds if moment >= edge - self._edge_slack else edge

    def _learn(self, response: Response, sent_at: float, now: float) -> None:
        headers = response.headers
        if self._is_fixed and (self._edge is None or now - self._edge_told > CLOCK_LASTS):
            self._learn_clock(headers, sent_at, now)
        told = told_by(headers, now=now)
        if told is not None:
            self._correct(told, now)
        if response.status == 429:
            asked = retry_after(headers, now=now)
            self._close(told.reset if asked is None and told is not None else asked, now)

    def _close(self, seconds: float | None, now: float) -> None:
        self._closed_until = max(self._closed_until, now + min(seconds or 0.0, LONGEST_CLOSED))

    def _correct(self, told: Told, now: float) -> None:
        if told.seconds is not None:
            self._seconds = told.seconds
        if told.reset is not None and told.reset > self._seconds + DATE_SECONDS:
            # This speaks of another window, such as a day's.
            if told.remaining == 0:
                self._close(told.reset, now)
            return
        self._limit = told.limit or self._limit
        if told.remaining is not None and self._limit is not None:
            self._count_others(self._limit - told.remaining, told.reset, now)

    def _count_others(self, used: int, reset: float | None, now: float) -> None:
        # What is under way may be counted already or not, so this is the least that others took.
        least = max(0, used - len(self._flying) - 1 - len(self._spent))
        if now >= self._others_until:
            self._others, self._others_until = 0, now + (self._seconds if reset is None else reset)
        self._others = max(self._others, least)

    def _learn_clock(self, headers: Headers, sent_at: float, now: float) -> None:
        clock = seconds_of_date(headers.get("date", ""))
        if clock is None:
            return
        # The answer was dated after the request was sent and at most a second before it says.
        self._edge = now - clock % self._seconds
        self._edge_slack, self._edge_told = DATE_SECONDS + now - sent_at, now
