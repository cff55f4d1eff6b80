"""A typed client for asynchronous document-OCR APIs and a webhook receiver that never loses a document."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .client import AsyncClient as AsyncClient
    from .client import Client as Client
    from .client import UploadOutcome as UploadOutcome
    from .client import WaitOutcome as WaitOutcome
    from .core.delivery import Delivery as Delivery
    from .core.document import Document as Document
    from .core.event import BatchCompleted as BatchCompleted
    from .core.event import DocumentCompleted as DocumentCompleted
    from .core.event import DocumentFailed as DocumentFailed
    from .core.event import DocumentNeedsReview as DocumentNeedsReview
    from .core.event import DocumentReceived as DocumentReceived
    from .core.event import EndpointTest as EndpointTest
    from .core.event import Event as Event
    from .core.event import Origin as Origin
    from .core.event import UnknownEvent as UnknownEvent
    from .core.job import Batch as Batch
    from .core.job import Job as Job
    from .core.job import JobError as JobError
    from .core.job import JobStatus as JobStatus
    from .core.result import Field as Field
    from .core.result import Result as Result
    from .core.secret import Secret as Secret
    from .errors import ErrorKind as ErrorKind
    from .errors import GiveUp as GiveUp
    from .errors import PaperhookError as PaperhookError
    from .errors import RetryLater as RetryLater
    from .hooks import Webhooks as Webhooks
    from .inbox import open_inbox as open_inbox
    from .retrying import NO_RETRY as NO_RETRY
    from .retrying import RetryPolicy as RetryPolicy
    from .sources import open_document as open_document
    from .tracker import open_tracker as open_tracker
    from .webhooks.receiver import Outcome as Outcome
    from .webhooks.receiver import Reply as Reply

_HOMES = {
    "client": ("AsyncClient", "Client", "UploadOutcome", "WaitOutcome"),
    "core.delivery": ("Delivery",),
    "core.document": ("Document",),
    "core.event": (
        "BatchCompleted",
        "DocumentCompleted",
        "DocumentFailed",
        "DocumentNeedsReview",
        "DocumentReceived",
        "EndpointTest",
        "Event",
        "Origin",
        "UnknownEvent",
    ),
    "core.job": ("Batch", "Job", "JobError", "JobStatus"),
    "core.result": ("Field", "Result"),
    "core.secret": ("Secret",),
    "errors": ("ErrorKind", "GiveUp", "PaperhookError", "RetryLater"),
    "hooks": ("Webhooks",),
    "inbox": ("open_inbox",),
    "retrying": ("NO_RETRY", "RetryPolicy"),
    "sources": ("open_document",),
    "tracker": ("open_tracker",),
    "webhooks.receiver": ("Outcome", "Reply"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "NO_RETRY",
    "AsyncClient",
    "Batch",
    "BatchCompleted",
    "Client",
    "Delivery",
    "Document",
    "DocumentCompleted",
    "DocumentFailed",
    "DocumentNeedsReview",
    "DocumentReceived",
    "EndpointTest",
    "ErrorKind",
    "Event",
    "Field",
    "GiveUp",
    "Job",
    "JobError",
    "JobStatus",
    "Origin",
    "Outcome",
    "PaperhookError",
    "Reply",
    "Result",
    "RetryLater",
    "RetryPolicy",
    "Secret",
    "UnknownEvent",
    "UploadOutcome",
    "WaitOutcome",
    "Webhooks",
    "open_document",
    "open_inbox",
    "open_tracker",
]


def __getattr__(name: str) -> object:
    # Importing paperhook loads neither httpx nor starlette nor pydantic; the first use of a name loads its home.
    if name not in _HOME_OF:
        raise AttributeError(f"module 'paperhook' has no attribute {name!r}")
    value = getattr(import_module(f".{_HOME_OF[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    # What is only needed to load the names is nobody's business.
    return [*__all__, *(name for name in globals() if name.startswith("__"))]
