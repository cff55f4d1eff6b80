"""Whether a listed job is that of an upload without an answer, by what a listing says beside the key.

| the listing says | which is | the job |
|---|---|---|
| a hash, a size, metadata or a time | not the upload's | is another's |
| a name that is not the upload's | without its hash, nor its size and its metadata | is another's |
| a hash that is the upload's | | is the same content, whatever its name |
| a name, or no name but metadata, that is the upload's | | may be it |
| anything less, with its size | | says too little to be it, and too much to say that it is not listed |

What is not said, says nothing: most listings say a name and a time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..core.job import Job


@dataclass(frozen=True, slots=True)
class Likeness:
    """What of a listed job is as it is of an upload; None where one of them does not say it."""

    job: Job
    is_same_content: bool | None
    is_same_metadata: bool | None
    is_same_size: bool | None
    is_same_name: bool | None

    @property
    def is_another_document(self) -> bool:
        """Whether it certainly is of another content."""
        return False in (self.is_same_content, self.is_same_size)

    @property
    def is_anothers(self) -> bool:
        """Whether it certainly is another upload's."""
        if self.is_another_document or self.is_same_metadata is False:
            return True
        # A provider may clean names, so it takes more than one sign to know a renamed document.
        is_renamed = self.is_same_content or (self.is_same_size and self.is_same_metadata)
        return self.is_same_name is False and not is_renamed

    @property
    def is_told(self) -> bool:
        """Whether it is enough to settle an upload, where no other job is as like."""
        if self.is_same_content or self.is_same_name:
            return True
        return bool(self.is_same_metadata) and self.is_same_name is None

    @property
    def is_a_hint(self) -> bool:
        """Whether it is too much to say that an upload is not listed."""
        return self.is_told or bool(self.is_same_size)

    @property
    def rank(self) -> tuple[bool, bool]:
        """By what one job is more likely than others; a listing says it of all of them, or of none."""
        return bool(self.is_same_content), bool(self.is_same_metadata)


def likeness(listed: Job, ours: Job) -> Likeness:
    """Compare a listed job with the handle of an upload."""
    return Likeness(
        listed,
        is_same_content=_same(_folded(listed.sha256), _folded(ours.sha256)),
        is_same_metadata=_carries(listed.metadata, ours.metadata),
        is_same_size=_same(listed.size_bytes, ours.size_bytes),
        is_same_name=_same(listed.filename, ours.filename),
    )


def likely(listed: Sequence[Job], ours: Job, *, since: datetime | None) -> list[Likeness]:
    """Give the jobs without a key that may be an upload's, with what speaks for each.

    Args:
        since: What was made before is another's.
    """
    compared = [
        likeness(job, ours)
        for job in listed
        if not job.idempotency_key and (since is None or job.created_at is None or job.created_at >= since)
    ]
    return [each for each in compared if each.is_a_hint and not each.is_anothers]


def best(found: Sequence[Likeness]) -> list[Likeness]:
    """Leave out what is less likely by its hash or its metadata; where neither is said, nothing is."""
    rank = max((each.rank for each in found), default=(False, False))
    return [each for each in found if each.rank == rank]


def is_as_like(listed: Job, other: Job, than: Likeness) -> bool:
    """Tell whether a listed job may as well be that of another upload."""
    compared = likeness(listed, other)
    is_hint = compared.is_a_hint or not than.is_a_hint
    return is_hint and not compared.is_anothers and compared.rank >= than.rank


def _same(listed: object, ours: object) -> bool | None:
    return None if listed in (None, "") or ours in (None, "") else listed == ours


def _folded(digest: str | None) -> str | None:
    return None if digest is None else digest.lower()


def _carries(listed: Mapping[str, Any], ours: Mapping[str, Any]) -> bool | None:
    """Tell whether everything that was sent came back; a provider may add members of its own."""
    if not listed or not ours:
        return None
    return all(name in listed and _plain(listed[name]) == _plain(value) for name, value in ours.items())


def _plain(value: object) -> str:
    # A form makes text of a number.
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
