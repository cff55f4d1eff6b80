"""An inbox that remembers what was put and how it ended, with assertions that say what was there instead."""

from __future__ import annotations

from collections.abc import Callable

from ..inbox.base import EVERYTHING, Filter, Outcome, Row, State
from ..inbox.memory import MemoryInbox
from ..inbox.operating import pages


class RecordedInbox(MemoryInbox):
    """A `MemoryInbox` to look into after a test: `Webhooks(…, inbox=RecordedInbox(), worker="inline")`."""

    def events(
        self,
        type: str | None = None,
        *,
        provider: str | None = None,
        job_id: str | None = None,
        state: State | None = None,
    ) -> tuple[Row, ...]:
        """Give the events that match, the oldest first.

        Args:
            type: An exact type, or `document.*`.
            state: `done`, `dead`, `review`, `pending` or `running`.
        """
        where = Filter(states=() if state is None else (state,), provider=provider, type=type, job_id=job_id)
        return tuple(reversed(list(pages(self, where))))

    def assert_put(
        self,
        type: str,
        *,
        times: int | None = None,
        provider: str | None = None,
        job_id: str | None = None,
    ) -> tuple[Row, ...]:
        """Insist that events of this type were stored.

        Args:
            type: An exact type, or `document.*`.
            times: How many; by default at least one.

        Raises:
            AssertionError: If there are more or fewer.
        """
        found = self.events(type, provider=provider, job_id=job_id)
        return self._counted(found, times, f"put {type}", provider, job_id)

    def assert_handled(
        self, type: str, *, by: str | None = None, times: int | None = None, job_id: str | None = None
    ) -> tuple[Row, ...]:
        """Insist that events of this type were handled to their end.

        Args:
            type: An exact type, or `document.*`.
            by: The name of one handler, or its last part; by default every handler of the event.
            times: How many events; by default at least one.

        Raises:
            AssertionError: If there are more or fewer.
        """
        found = tuple(row for row in self.events(type, job_id=job_id) if _is_handled(row, by))
        return self._counted(found, times, f"handled {type}" + (f" by {by}" if by else ""), None, job_id)

    def assert_dead(
        self, type: str, *, by: str | None = None, error: str = "", times: int | None = None
    ) -> tuple[Row, ...]:
        """Insist that a handler gave up.

        Args:
            type: An exact type, or `document.*`.
            by: The name of the handler, or its last part.
            error: Part of what it recorded, such as the exception's name.
            times: How many events; by default at least one.

        Raises:
            AssertionError: If there are more or fewer.
        """

        def is_dead(outcome: Outcome) -> bool:
            return outcome.state is State.DEAD and _is_named(outcome, by) and error in outcome.error

        found = tuple(row for row in self.events(type) if any(map(is_dead, row.outcomes.values())))
        return self._counted(found, times, f"dead {type}" + (f" by {by}" if by else ""), None, None)

    def assert_duplicates(self, times: int, type: str = "*") -> None:
        """Insist that so many deliveries were of events that were there already.

        Raises:
            AssertionError: If there are more or fewer.
        """
        where = None if type == "*" else type
        count = sum(row.duplicates for row in self.events(where))
        assert count == times, f"{count} duplicates of {type}, not {times}; {self._told()}"  # noqa: S101 - its purpose

    def assert_nothing_waits(self) -> None:
        """Insist that every event is done or dead, or waits for a person.

        Raises:
            AssertionError: If one is pending or running.
        """
        waiting = [row for row in self.events() if not row.state.is_settled]
        assert not waiting, f"{len(waiting)} events wait; {self._told()}"  # noqa: S101 - its purpose

    def _counted(
        self, found: tuple[Row, ...], times: int | None, what: str, provider: str | None, job_id: str | None
    ) -> tuple[Row, ...]:
        of = "".join(f" of {each}" for each in (provider, job_id) if each)
        wanted = "at least 1" if times is None else str(times)
        is_right = bool(found) if times is None else len(found) == times
        assert is_right, f"{what}{of}: {len(found)}, not {wanted}; {self._told()}"  # noqa: S101 - its purpose
        return found

    def _told(self) -> str:
        """Say what is there: types, states and handlers, never content."""
        rows = self.rows(EVERYTHING, limit=20).result()
        lines = [_line(row) for row in reversed(rows)]
        return "the inbox holds " + ("nothing" if not lines else "; ".join(lines))


def _line(row: Row) -> str:
    handlers = ", ".join(f"{outcome.handler}: {outcome.state}" for outcome in row.outcomes.values())
    subject = f" of {row.entry.job_id}" if row.entry.job_id else ""
    return f"{row.entry.type}{subject} {row.state}" + (f" ({handlers})" if handlers else "")


def _is_handled(row: Row, by: str | None) -> bool:
    if by is None:
        return row.state is State.DONE
    done: Callable[[Outcome], bool] = lambda outcome: outcome.state is State.DONE and _is_named(outcome, by)  # noqa: E731
    return any(map(done, row.outcomes.values()))


def _is_named(outcome: Outcome, by: str | None) -> bool:
    return by is None or outcome.handler == by or outcome.handler.endswith(f".{by}")
