"""The documents of many uploads, opened beside the loop: several in one hop to a thread, which costs more than reading one.

| the source | is opened |
|---|---|
| a path, bytes or a `Document` | before its turn, in one hop with others |
| the same, and its turn has come already | in a hop of its own |
| anything else, which may take as long as it likes | by its own upload, when its turn has come |
"""

from __future__ import annotations

import contextlib
import os
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any, Generic, TypeAlias, TypeVar

from ..core.document import Document
from ..errors import PaperhookError, UnsupportedDocument
from .loops import Loop, Task
from .plans import Item

A = TypeVar("A")

#: An iterator or an open file is the user's own code: it may wait for ever, and raise whatever it likes.
TOLD_AT_ONCE = (str, os.PathLike, bytes, bytearray, memoryview, Document)
#: What goes in one call, and its documents, or why one could not be opened; none where their upload opens them.
Opened: TypeAlias = tuple[Sequence[Item[A]], Sequence[Document | PaperhookError]]

#: How many documents are open before their turn at most: the small ones are in memory.
AHEAD = 32
#: Seconds after which a hop ends with what it has: a disk may be slow, and a large document may be hashed.
LONGEST_HOP = 0.05


class Openings(Generic[A]):
    """Gives what can be sent, about in the order of the sources.

    Args:
        groups: What goes in one call each, asked for no more than can begin or be opened ahead.
        open_it: Opens one source; called in a thread.
        ahead: How many calls are opened before their turn.
        tell: Called when a hop has ended, so that there may be something to take.
    """

    def __init__(
        self,
        loop: Loop,
        groups: Iterator[Sequence[Item[A]]],
        open_it: Callable[[Any], Document],
        *,
        ahead: int,
        tell: Callable[[], object],
    ) -> None:
        self._loop, self._groups, self._open_it, self._ahead, self._tell = loop, groups, open_it, ahead, tell
        self._waiting: deque[Sequence[Item[A]]] = deque()
        self._landed: deque[Task[list[Opened[A]]]] = deque()
        #: What is being opened now, and what was and is not taken yet.
        self.hops: dict[Task[list[Opened[A]]], Sequence[Sequence[Item[A]]]] = {}

    def take(self, free: int) -> list[Opened[A]]:
        """Give what can begin and what is open, and have the next ones opened meanwhile.

        Args:
            free: How many can begin now; below 0, how many were taken that cannot yet.
        """
        taken = self._land()
        known = len(taken) + len(self._waiting) + sum([len(each) for each in self.hops.values()])
        for group in islice(self._groups, max(0, free + self._ahead - known)):
            if all(isinstance(item.source, TOLD_AT_ONCE) for item in group):
                self._waiting.append(group)
            else:
                taken.append((group, ()))
        free -= len(taken)
        while self._waiting and len(self.hops) < free:
            self._begin(1)
        # In few hops: half of what is ahead begins before the other half is asked for.
        if self._waiting and not self.hops and -free <= self._ahead // 2:
            self._begin(len(self._waiting))
        return taken

    def _begin(self, count: int) -> None:
        asked = [self._waiting.popleft() for _ in range(count)]
        opening = partial(_opened, asked, self._open_it, until=time.monotonic() + LONGEST_HOP)
        hop = self._loop.start(self._loop.in_thread(opening))
        self.hops[hop] = asked
        hop.add_done_callback(self._end)

    def _end(self, hop: Task[list[Opened[A]]]) -> None:
        self._landed.append(hop)
        self._tell()

    def _land(self) -> list[Opened[A]]:
        """Take what was opened; what a hop had no time for is opened later."""
        taken: list[Opened[A]] = []
        while self._landed:
            hop = self._landed.popleft()
            asked, opened = self.hops.pop(hop), hop.result()
            taken += opened
            self._waiting.extendleft(reversed(asked[len(opened) :]))
        return taken


def _opened(
    groups: Sequence[Sequence[Item[A]]], open_it: Callable[[Any], Document], *, until: float
) -> list[Opened[A]]:
    opened: list[Opened[A]] = []
    for group in groups:
        opened.append((group, [_document_of(item, open_it) for item in group]))
        if time.monotonic() > until:
            break
    return opened


def _document_of(item: Item[A], open_it: Callable[[Any], Document]) -> Document | PaperhookError:
    try:
        return open_it(item.source)
    except PaperhookError as error:
        return error


@contextlib.contextmanager
def one_of_many(source: object) -> Generator[None]:
    """Have an error of the user's own iterator or file be that of its document, so that it ends none of the others.

    Raises:
        UnsupportedDocument: For what it raised; a TypeError is a mistake, and stays what it is.
    """
    try:
        yield
    except (PaperhookError, TypeError):
        raise
    except Exception as error:
        if isinstance(source, TOLD_AT_ONCE):
            raise
        raise UnsupportedDocument(
            f"a {type(source).__name__} raised {type(error).__name__} while it was read", code="unreadable"
        ) from error
