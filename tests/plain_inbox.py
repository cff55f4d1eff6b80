"""A store of a user's own that keeps no reviews: what the contract asks of every inbox, and nothing more."""

from __future__ import annotations

from paperhook.inbox import Inbox, MemoryInbox


class PlainInbox:
    """All of `Inbox`, as `MemoryInbox` does it."""

    def __init__(self) -> None:
        inner = MemoryInbox()
        for name in vars(Inbox):
            if not name.startswith("_"):
                setattr(self, name, getattr(inner, name))
