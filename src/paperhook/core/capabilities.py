"""What differs between providers, as data."""

from __future__ import annotations

from dataclasses import dataclass

from .rate import Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What differs between providers, as data; None means that the provider does not say."""

    #: Request header that makes a repeated upload safe, and for how many seconds.
    idempotency_header: str | None = None
    idempotency_seconds: float | None = None
    #: Content types that may be uploaded; None takes any.
    accepts: frozenset[str] | None = None
    max_document_bytes: int | None = None
    #: Content types of `accepts` that are sent as one image a page; `max_document_bytes` is then a page's.
    rasterises: frozenset[str] = frozenset()
    #: Documents per batch call; 0 where there is no batch.
    max_batch_documents: int = 0
    #: How often it may be asked; all of them hold at once.
    rates: tuple[Rate, ...] = ()
    #: Whether a webhook tells of failures; where not, polling is mandatory.
    pushes_failures: bool = True
    #: Whether one upload may end in several deliveries with one job id.
    delivers_per_member: bool = False
    #: Whether `jobs()` can list what was uploaded.
    lists_jobs: bool = False
    #: Seconds after which a result is gone.
    retention_seconds: float | None = None
    #: Seconds that a document usually takes.
    usual_seconds: float = 3.0
    #: Seconds between polls that the provider's own clients use.
    poll_seconds: float = 2.0
    #: Seconds after which a job whose status has not moved is asked for with `probe`; None where there is no other way.
    probe_seconds: float | None = None
