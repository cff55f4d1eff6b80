"""`Client` and `AsyncClient`: two short drivers of the same operations.

| module | what is there |
|---|---|
| `sync`, `asynchronous` | the two clients: the same methods with the same arguments; a test compares them |
| `base` | what both are made of |
| `transport` | one exchange with httpx, the only module that imports it |
| `documents` | what is done to a document around its upload |
| `bodies` | a request's body as chunks, never whole in memory |
| `bounds` | the end of one attempt |
| `limits` | the rate and the retries that all calls share |
| `ahead` | a body read beside an event loop |
| `batching` | many documents in calls of as many as the provider takes |
| `openings` | many documents opened beside an event loop, before their turn |
| `plans` | many uploads that a later call goes on with |
| `waits` | many jobs, one schedule |
| `outcomes` | how one of many ended |
"""

from __future__ import annotations

from .asynchronous import AsyncClient
from .limits import Limiter, RateLimiter, RetryBudget, Unlimited
from .outcomes import UploadOutcome, WaitOutcome
from .sync import Client

__all__ = [
    "AsyncClient",
    "Client",
    "Limiter",
    "RateLimiter",
    "RetryBudget",
    "Unlimited",
    "UploadOutcome",
    "WaitOutcome",
]
