"""What providers owe, over all trackers; and whether anybody tracks at an address."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from paperhook import Client
from paperhook.core.job import JobStatus
from paperhook.errors import InboxUnavailable
from paperhook.inbox import PostgresInbox, open_inbox
from paperhook.tracker import MemoryTracker, PostgresTracker, Tally, Tracker, open_tracker
from paperhook.tracker.tallying import has_tracker, tallied, tally_json
from tests import postgres
from tests.acme import acme

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def accept(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"id": "d1", "state": "waiting"})


def submit(tracker: Tracker, content: bytes, at: float) -> None:
    http = httpx.Client(transport=httpx.MockTransport(accept))
    client = Client(acme(), tracker=tracker, http_client=http)
    client._now = lambda: at  # type: ignore[method-assign]
    client.upload(content, filename="a.pdf")


async def test_trackers_are_counted_together_and_each_once() -> None:
    first, second = MemoryTracker(), MemoryTracker()
    submit(first, b"%PDF-1", 200.0)
    submit(second, b"%PDF-2", 100.0)
    submit(second, b"%PDF-3", 300.0)

    tally = await tallied([first, second, first])

    assert tally == Tally({JobStatus.SUBMITTED: 3}, 0, 100.0)
    assert tally_json(tally, 150.0) == {"open": 3, "unknown": 0, "settled": 0, "oldest_open_seconds": 50.0}


async def test_nothing_is_owed_where_nothing_was_submitted() -> None:
    assert tally_json(await tallied([MemoryTracker()]), 150.0)["oldest_open_seconds"] == 0.0


def test_sums_keep_what_only_one_knows() -> None:
    some = Tally({JobStatus.SUBMISSION_UNKNOWN: 2, JobStatus.COMPLETED: 1}, 1, None)

    both = some + Tally({JobStatus.COMPLETED: 4}, 4, 7.0)

    assert (both.open, both.unknown, both.settled, both.total, both.oldest_open) == (2, 2, 5, 7, 7.0)


@pytest.mark.parametrize("store", ["sqlite", "path", "postgres"])
def test_an_address_is_looked_at_and_nothing_is_made_there(store: str, tmp_path: Path) -> None:
    address = f"{tmp_path}/a.db" if store == "path" else f"sqlite:///{tmp_path}/a.db"
    address = postgres.address() if store == "postgres" else address
    before = has_tracker(address)
    inbox = PostgresInbox(address) if store == "postgres" else open_inbox(address)
    inbox.put([]).result()
    beside = has_tracker(address)
    tracker = PostgresTracker(address) if store == "postgres" else open_tracker(address)
    tracker.tally().result()
    inbox.close()
    tracker.close()

    assert (before, beside, has_tracker(address)) == (False, False, True)


@pytest.mark.parametrize("address", ["memory:", "nonsense://x", "sqlite:////no/such/folder/a.db"])
def test_where_nothing_can_be_there_is_none(address: str) -> None:
    assert not has_tracker(address)


def test_a_file_of_somebody_else_is_none(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(b"no database" * 100)

    assert not has_tracker(f"sqlite:///{path}")


def test_a_server_that_is_away_is_said() -> None:
    with pytest.raises(InboxUnavailable):
        has_tracker("postgresql://127.0.0.1:1/none")
