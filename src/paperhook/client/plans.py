"""Many uploads that a later call can go on with: files are planned before the first byte leaves, and forgotten when done.

| outcome | the plan |
|---|---|
| a job, and the caller has come for the next outcome | forgotten |
| the document itself is refused, by us or by the provider, and the caller has come for the next | forgotten: trying again changes nothing |
| anything else, Ctrl-C, `kill -9` | stays, until a later call has one of the above |
"""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ..core.provider import NOTHING, Provider
from ..core.steps import Steps, answer_of
from ..errors import BadRequest, PaperhookError, TooLarge, UnsupportedDocument
from .outcomes import UploadOutcome

if TYPE_CHECKING:
    from ..tracker import Planned, Tracker

T = TypeVar("T")
R = TypeVar("R")

#: `UnsupportedDocument.code`s that are not of the document, but of the moment.
_PASSING = frozenset({"unreadable", "changed"})


@dataclass(frozen=True, slots=True)
class Item(Generic[T]):
    """One source of many, and where it is planned."""

    source: T
    metadata: Mapping[str, Any] | None
    #: Empty where it is not planned: no tracker, or no path.
    plan_id: str = ""
    #: Says when the plan is stored.
    planned: Future[None] | None = None

    def after_planning(self, steps: Steps[R]) -> Steps[R]:
        """Run an operation when the plan is stored."""
        if self.planned is not None:
            yield from answer_of(self.planned)
        return (yield from steps)


def draft_of(provider: Provider, namespace: str, *, now: float) -> Planned:
    """Give a plan of no file: of this provider, with its options."""
    from ..tracker import Planned

    about = json.dumps([provider.base_url, namespace, provider.upload_options()], default=str, sort_keys=True)
    return Planned(
        "", provider.name, hashlib.sha256(about.encode()).hexdigest()[:32], namespace, "", NOTHING, now
    )


def planned_items(
    tracker: Tracker, draft: Planned, sources: Iterable[T], metadata: Mapping[str, Any] | None, *, size: int
) -> Iterator[Item[T]]:
    """Give each source when it is asked for; a sequence is planned as a whole with its first, an iterator one by one.

    Args:
        size: How many go in one call.
    """
    groups: Iterable[Sequence[T]] = (
        [sources] if isinstance(sources, Sequence) else ((each,) for each in sources)
    )
    drafts = _drafts(draft, size)
    for group in groups:
        plans = [_plan_of(next(drafts), source, metadata or NOTHING) for source in group]
        paths = [plan for plan in plans if plan is not None]
        stored = tracker.plan(paths) if paths else None
        # A sequence that ends earlier than before was stopped: the rest of it stays planned.
        for source, plan in zip(group, plans, strict=False):
            yield Item(source, metadata) if plan is None else Item(source, metadata, plan.plan_id, stored)


def _drafts(draft: Planned, size: int) -> Iterator[Planned]:
    """Give a draft for each place among many, with its batch."""
    call = uuid.uuid4().hex
    for place in count():
        yield draft if size < 2 else replace(draft, batch=f"{call}-{place // size}")


def regrouped(
    planned: Iterable[Planned], *, size: int, in_batches: bool | None
) -> Iterator[Sequence[Planned]]:
    """Put together again what goes in one call, in the order of the first of each.

    Args:
        size: How many go in one call at most.
        in_batches: None goes by what was planned: the same files make the same call, and so have its key.
    """
    groups: dict[str, list[Planned]] = {}
    for each in planned:
        name = each.plan_id
        if in_batches is not False and each.batch:
            name = each.batch
        elif in_batches:
            # One call has one metadata.
            name = json.dumps(each.metadata, sort_keys=True, default=str)
        groups.setdefault(name, []).append(each)
    for group in groups.values():
        for start in range(0, len(group), max(1, size)):
            yield group[start : start + max(1, size)]


def _plan_of(draft: Planned, source: object, metadata: Mapping[str, Any]) -> Planned | None:
    if not isinstance(source, (str, os.PathLike)):
        return None
    path = str(Path(source).absolute())
    about = json.dumps([draft.provider, draft.scope, path, metadata], default=str, sort_keys=True)
    plan_id = hashlib.sha256(about.encode()).hexdigest()[:32]
    return replace(draft, plan_id=plan_id, path=path, metadata=metadata)


def is_finished(outcome: UploadOutcome[Any]) -> bool:
    """Tell whether trying again changes nothing."""
    error: PaperhookError | None = outcome.error
    if isinstance(error, UnsupportedDocument):
        return error.code not in _PASSING
    return error is None or isinstance(error, (BadRequest, TooLarge))
