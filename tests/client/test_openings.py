"""Documents of many uploads are opened beside the loop, several in one hop to a thread, and none is waited for by others."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from paperhook.client.loops import Loop
from paperhook.client.openings import LONGEST_HOP, Openings
from paperhook.client.plans import Item
from paperhook.core.document import Document
from paperhook.errors import UnsupportedDocument
from paperhook.sources import open_document

from .on_loops import Run


def _groups(sources: Sequence[Any]) -> Iterator[Sequence[Item[Any]]]:
    for source in sources:
        yield (Item(source, None),)


class _Opened:
    """What was opened of some sources, and a way to wait for a hop."""

    def __init__(
        self, loop: Loop, sources: Iterator[Sequence[Item[Any]]], open_it: Any, *, ahead: int
    ) -> None:
        self._loop, self._told = loop, loop.event()
        self.openings = Openings(loop, sources, open_it, ahead=ahead, tell=lambda: self._told.set())

    @property
    def hops(self) -> list[int]:
        return [len(each) for each in self.openings.hops.values()]

    async def land(self) -> None:
        """Wait until a hop has ended."""
        await self._told.wait()
        self._told = self._loop.event()

    async def all(self, *, free: int) -> list[Any]:
        """Take whatever is given until there is nothing left."""
        taken: list[Any] = []
        while True:
            some = self.openings.take(free)
            taken += some
            if not some and not self.openings.hops:
                return taken
            if self.openings.hops:
                await self.land()


def test_what_waits_for_its_turn_is_opened_in_one_hop(run: Run):
    async def main(loop: Loop) -> None:
        opened = _Opened(loop, _groups([b"one", b"two", b"three", b"four"]), open_document, ahead=3)
        assert opened.openings.take(1) == []
        assert opened.hops == [1]
        await opened.land()

        taken = opened.openings.take(1)

        assert [item.source for (item,), _ in taken] == [b"one"]
        assert opened.hops == [3]
        await opened.land()
        # Also those that cannot begin yet: whoever sends goes on with them by itself.
        assert [item.source for (item,), _ in opened.openings.take(0)] == [b"two", b"three", b"four"]

    run(main)


def test_each_has_its_own_document_or_error(run: Run):
    def open_it(source: bytes) -> Document:
        if source == b"bad":
            raise UnsupportedDocument("bad", code="unreadable")
        return open_document(source)

    async def main(loop: Loop) -> list[Any]:
        return await _Opened(loop, _groups([b"a", b"bad", b"ccc"]), open_it, ahead=3).all(free=2)

    ended = {
        item.source: found.size_bytes if isinstance(found, Document) else found.code
        for (item,), (found,) in run(main)
    }
    assert ended == {b"a": 1, b"bad": "unreadable", b"ccc": 3}


def test_a_slow_disk_holds_back_one_and_not_those_that_wait_behind_it(run: Run):
    def slow(source: bytes) -> Document:
        time.sleep(2 * LONGEST_HOP)
        return open_document(source)

    async def main(loop: Loop) -> tuple[list[int], list[Any]]:
        opened = _Opened(loop, _groups([b"%d" % number for number in range(6)]), slow, ahead=6)
        # Nobody has a turn, so all are asked for together; the hop ends with what it has.
        opened.openings.take(0)
        asked = opened.hops
        await opened.land()
        assert len(opened.openings.take(6)) == 1
        # Whose turn has come waits for nobody else.
        return asked + opened.hops, await opened.all(free=6)

    hops, rest = run(main)

    assert hops == [6, 1, 1, 1, 1, 1]
    assert sorted(item.source for (item,), _ in rest) == [b"1", b"2", b"3", b"4", b"5"]


def test_what_is_the_users_own_code_is_left_to_its_upload(run: Run):
    def pieces() -> Iterator[bytes]:
        raise AssertionError("nobody asks for it yet")
        yield b""

    async def main(loop: Loop) -> list[Any]:
        return _Opened(loop, _groups([pieces()]), open_document, ahead=3).openings.take(1)

    ((_, documents),) = run(main)

    assert documents == ()


def test_an_iterator_is_asked_only_for_what_can_begin_or_is_opened_ahead(run: Run):
    asked: list[int] = []

    def endless() -> Iterator[Sequence[Item[bytes]]]:
        while True:
            asked.append(len(asked))
            yield (Item(b"one", None),)

    async def main(loop: Loop) -> None:
        opened = _Opened(loop, endless(), open_document, ahead=0)
        opened.openings.take(2)
        assert len(asked) == 2
        begun = 0
        while begun < 2:
            await opened.land()
            begun += len(opened.openings.take(2 - begun))
        assert opened.openings.take(0) == []
        assert len(asked) == 2

    run(main)


def test_what_is_open_and_not_sent_is_bounded(run: Run):
    asked: list[int] = []

    def endless() -> Iterator[Sequence[Item[bytes]]]:
        while True:
            asked.append(len(asked))
            yield (Item(b"one", None),)

    async def main(loop: Loop) -> int:
        opened, taken = _Opened(loop, endless(), open_document, ahead=3), 0
        while True:
            taken += len(opened.openings.take(2 - taken))
            if not opened.openings.hops:
                return taken
            await opened.land()

    # Two have their turn, and nobody ends.
    assert run(main) == len(asked) == 2 + 3


def test_a_mistake_is_raised_where_the_documents_are_taken(run: Run):
    def mistaken(source: bytes) -> Document:
        raise TypeError("not a document")

    async def main(loop: Loop) -> None:
        await _Opened(loop, _groups([b"a"]), mistaken, ahead=1).all(free=1)

    with pytest.raises(TypeError, match="not a document"):
        run(main)
