"""Fetches a result that a delivery only refers to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from ..core.delivery import Envelope
from ..core.event import DocumentCompleted
from ..core.job import Job, JobStatus
from ..core.provider import Provider
from ..errors import ConfigurationError, PaperhookError, ResultExpired
from ..forking import start_anew_after_fork
from ..operations import inquire
from ..worker.threads import Threads
from .stored import envelope_json

if TYPE_CHECKING:
    from ..client import AsyncClient, Client

#: Seconds for one attempt to fetch, the client's own retries included; the worker tries again after it.
FETCH_SECONDS = 45.0


def _threads() -> Threads:
    made = Threads("paperhook-fetch")
    start_anew_after_fork(made)
    return made


@dataclass(frozen=True)
class Fetcher:
    """Asks the clients; the worker asks it, see `paperhook.worker.fetching`."""

    #: By the provider's name.
    clients: Mapping[str, Client | AsyncClient]
    #: For sync clients.
    threads: Threads = field(default_factory=_threads)

    def knows(self, provider: str) -> bool:
        """Tell whether there is a client of the provider."""
        return provider in self.clients

    async def __call__(self, event: DocumentCompleted) -> bytes:
        """Ask for the result as for that of a job whose webhook did not come, and give what the inbox keeps.

        Raises:
            ResultExpired: If the provider knows nothing of the job any more.
            PaperhookError: If the provider cannot be asked, or has no result yet.
        """
        # Loaded by whoever made the client, and by nobody who made none.
        from ..client import AsyncClient

        client = self.clients[event.provider]
        # The provider is asked how the job stands, too: what it says there is part of what it says of a result.
        job = event.job.model_copy(update={"status": JobStatus.SUBMITTED})
        steps = inquire(client.provider, job)
        if isinstance(client, AsyncClient):
            job, found = await client.run(steps, deadline=FETCH_SECONDS)
        else:
            job, found = await self.threads.call(partial(client.run, steps, deadline=FETCH_SECONDS))
        chosen = _chosen(client.provider, event, job, found)
        # What the delivery said of the event stays: the key above all.
        kept = replace(
            chosen,
            key=event.key,
            type=event.type,
            provider_type=event.provider_type,
            raw=event.raw,
            job_id=event.job_id,
            document_id=event.document_id,
            batch_id=event.batch_id,
            occurred_at=event.occurred_at,
        )
        return envelope_json(kept, has_raw=True)


def _chosen(provider: Provider, event: DocumentCompleted, job: Job, found: Sequence[Envelope]) -> Envelope:
    """Find what the delivery was about; a job of several documents has several."""
    ended = [each for each in found if each.type == event.type and provider.has_result(each.payload)]
    for each in ended:
        if each.key == event.key:
            return each
    if len(ended) == 1:
        return ended[0]
    name = f"{provider.name}: job {job.id}"
    if job.status is JobStatus.EXPIRED:
        raise ResultExpired(f"{name} is completed, and its result is not to be had any more", job=job)
    raise PaperhookError(f"{name} is said to be completed, and polling finds no result of it yet")


def by_provider(
    providers: Mapping[str, Provider], clients: Iterable[Client | AsyncClient]
) -> dict[str, Client | AsyncClient]:
    """Give clients by the name of their provider; of two the first counts.

    Raises:
        ConfigurationError: If one is of a provider that is none of these.
    """
    named: dict[str, Client | AsyncClient] = {}
    for client in clients:
        if client.provider.name not in providers:
            raise ConfigurationError(f"{client.provider.name} is none of the providers of this Webhooks")
        named.setdefault(client.provider.name, client)
    return named
