"""A PostgreSQL inbox whose address names two servers: the one that can write is used, and a failover loses nothing."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from typing_extensions import override

from paperhook import DocumentCompleted, Webhooks
from paperhook.errors import InboxUnavailable
from paperhook.inbox import Entry, PostgresInbox, State
from paperhook.providers import DocuParse
from paperhook.testing import LOCAL_SECRET, signed_delivery
from tests import postgres

from .test_postgres import Proxy

PROVIDER = DocuParse("key", webhook_secret=LOCAL_SECRET)
READ_ONLY = b" -cdefault_transaction_read_only=on"


class _StandbySocket:
    """A connection to the server whose first message asks for a session that cannot write, as those of a standby."""

    def __init__(self, upstream: socket.socket) -> None:
        self._upstream, self._has_begun = upstream, False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._upstream, name)

    def sendall(self, chunk: bytes) -> None:
        if not self._has_begun:
            self._has_begun = True
            head, _, rest = chunk[4:].partition(b"options\0")
            options, _, tail = rest.partition(b"\0")
            said = head + b"options\0" + options + READ_ONLY + b"\0" + tail
            chunk = (len(said) + 4).to_bytes(4, "big") + said
        self._upstream.sendall(chunk)


class Host(Proxy):
    """A server of a cluster: the primary, or a standby until it is promoted."""

    def __init__(self, address: str, *, is_primary: bool) -> None:
        self.is_primary = is_primary
        super().__init__(address)

    @override
    def _upstream(self) -> Any:
        upstream = super()._upstream()
        return upstream if self.is_primary else _StandbySocket(upstream)

    def promote(self) -> None:
        self.is_primary = True
        self.cut()


class Cluster:
    """Two hosts of one database, which is what a replica without loss comes to."""

    def __init__(self) -> None:
        address = postgres.address()
        self.first, self.second = Host(address, is_primary=True), Host(address, is_primary=False)
        ports = [str(conninfo_to_dict(each.address)["port"]) for each in (self.first, self.second)]
        words = {"host": "127.0.0.1,127.0.0.1", "port": ",".join(ports)}
        self.address = make_conninfo(self.first.address, **words)

    def lose_the_first(self) -> None:
        self.first.cut(for_good=True)

    def close(self) -> None:
        self.first.close()
        self.second.close()


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    made = Cluster()
    yield made
    made.close()


@pytest.fixture
def opened(cluster: Cluster) -> Iterator[Callable[..., PostgresInbox]]:
    inboxes: list[PostgresInbox] = []

    def make(**options: Any) -> PostgresInbox:
        inboxes.append(PostgresInbox(cluster.address, **options))
        return inboxes[-1]

    yield make
    for inbox in inboxes:
        inbox.close()


def entry(key: str) -> Entry:
    return Entry("docuparse", key, "document.completed", b"{}", received_at=1.0)


@pytest.mark.parametrize("is_swapped", [False, True])
def test_the_host_that_can_write_is_used_wherever_it_stands(
    cluster: Cluster, opened: Callable[..., PostgresInbox], is_swapped: bool
) -> None:
    if is_swapped:
        cluster.first.is_primary, cluster.second.is_primary = False, True

    assert opened().put([entry("e1")]).result(20) == (True,)


def test_a_standby_that_is_not_promoted_yet_takes_nothing_and_then_everything(
    cluster: Cluster, opened: Callable[..., PostgresInbox]
) -> None:
    inbox = opened(patience=2.0)
    inbox.put([entry("e1")]).result(20)
    cluster.lose_the_first()

    with pytest.raises(InboxUnavailable):
        inbox.put([entry("e2")]).result(30)
    cluster.second.promote()

    assert inbox.put([entry("e1"), entry("e2")]).result(30) == (False, True)
    assert {row.entry.key for row in inbox.rows().result(30)} == {"e1", "e2"}


@pytest.mark.slow
def test_a_failover_under_load_loses_and_doubles_nothing(
    cluster: Cluster, opened: Callable[..., PostgresInbox]
) -> None:
    hooks = Webhooks(PROVIDER, inbox=opened(patience=2.0), worker="external", lease=2.0)
    handled: Counter[str] = Counter()
    hooks.on(DocumentCompleted, name="book")(lambda event: handled.update([event.key]))
    acknowledged: list[str] = []
    statuses: Counter[int] = Counter()
    is_over = threading.Event()

    def deliver(sender: int) -> None:
        """Be a provider that sends again what was not acknowledged."""
        for number in range(10**6):
            headers, body = signed_delivery(PROVIDER, "document.completed", mark=f"{sender}-{number}")
            while (status := hooks.receive(headers, body).status) != 200:
                statuses[status] += 1
                if is_over.is_set():
                    return
                time.sleep(0.05)
            statuses[status] += 1
            acknowledged.append(f"{sender}-{number}")
            if is_over.is_set():
                return

    async def work() -> None:
        working = asyncio.create_task(hooks.worker.run())
        senders = [asyncio.create_task(asyncio.to_thread(deliver, sender)) for sender in range(4)]
        async with asyncio.timeout(60):
            await until(lambda: statuses[200] >= 100)
            cluster.lose_the_first()
            await until(lambda: statuses[503] >= 4)
            cluster.second.promote()
            before = statuses[200]
            await until(lambda: statuses[200] >= before + 100)
            is_over.set()
            await asyncio.gather(*senders)
            await until(lambda: sum(handled.values()) >= len(acknowledged))
        await hooks.worker.stop()
        await working

    asyncio.run(work())
    rows = hooks.inbox.rows(limit=10**6).result(30)

    assert set(statuses) == {200, 503}
    # What was answered 503 is there as well where its commit was not heard of.
    assert {row.entry.key for row in rows} >= {f"document.completed:doc_{mark}" for mark in acknowledged}
    assert {row.state for row in rows} == {State.DONE}
    assert set(handled) == {row.entry.key for row in rows}
    # Recorded once each; a handler may have run again whose record was cut off.
    assert {row.outcomes["book"].attempts for row in rows} == {1}
    assert all(handled[row.entry.key] <= row.claims for row in rows)


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - threads change it
        await asyncio.sleep(0.02)
