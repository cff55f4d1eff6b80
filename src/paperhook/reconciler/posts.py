"""`Post`: one provider that is asked, how often, and how much of its rate that takes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias, TypeVar

from ..client import AsyncClient, Client
from ..core.provider import Provider
from ..core.steps import Steps
from ..errors import ConfigurationError
from ..tracker import Tracker
from ..worker.threads import Threads

T = TypeVar("T")

AnyClient: TypeAlias = Client | AsyncClient

#: A job is silent after so many times what a document usually takes, and never sooner than so many seconds.
USUAL_TIMES = 10.0
SHORTEST_SILENCE = 10.0
#: Part of a provider's rate that polling takes, so that uploads have the rest.
SHARE = 0.5
#: Requests per minute where a provider states no rate.
ASSUMED_PER_MINUTE = 60
#: Jobs taken at once.
PAGE = 20
#: Seconds; no two polls of a job are further apart.
LONGEST_GAP = 3600.0


@dataclass(slots=True)
class Post:
    """One provider that is asked."""

    client: AnyClient
    provider: Provider
    tracker: Tracker
    silence: float
    #: Seconds between two requests.
    spacing: float
    #: On the clock of the event loop: no request before it.
    free_at: float = 0.0
    #: Uploads without an answer that the listing did not settle: when to look for each again, on the clock of the event
    #: loop, and how long it was put off.
    put_off: dict[str, tuple[float, float]] = field(default_factory=dict[str, tuple[float, float]])
    #: For a sync client.
    threads: Threads = field(default_factory=lambda: Threads("paperhook-reconciler"))

    @property
    def hold(self) -> float:
        """Seconds in which the jobs of a page are surely done with."""
        return 60.0 + 4 * PAGE * self.spacing

    async def run(self, steps: Steps[T]) -> T:
        """Ask with its client."""
        if isinstance(self.client, AsyncClient):
            return await self.client.run(steps)
        return await self.threads.call(partial(self.client.run, steps))

    def is_put_off(self, attempt_id: str) -> bool:
        """Tell whether it is too soon to look for an upload again."""
        return self.put_off.get(attempt_id, (0.0, 0.0))[0] > asyncio.get_running_loop().time()

    def put_off_again(self, attempt_id: str) -> None:
        """Look for an upload later, each time later."""
        _, before = self.put_off.get(attempt_id, (0.0, 0.0))
        seconds = min(max(self.silence, 2 * before), LONGEST_GAP)
        self.put_off[attempt_id] = (asyncio.get_running_loop().time() + seconds, seconds)

    async def wait_for_turn(self, requests: int) -> None:
        """Keep to the provider's rate."""
        now = asyncio.get_running_loop().time()
        start = max(now, self.free_at)
        self.free_at = start + requests * self.spacing
        await asyncio.sleep(start - now)


def post_for(
    providers: Mapping[str, Provider], client: AnyClient, silence: float | None, rate: float | None
) -> Post:
    """Make the post of a client's provider.

    Raises:
        ConfigurationError: If the client has no tracker, or its provider is none of these.
    """
    provider, tracker = client.provider, client.tracker
    if tracker is None:
        raise ConfigurationError(
            f"the client of {provider.name} has no tracker, so nobody knows which jobs are silent: "
            "write Client(provider, tracker='sqlite:///paperhook.db')"
        )
    if provider.name not in providers:
        raise ConfigurationError(f"{provider.name} is none of the providers of this Webhooks")
    can = provider.capabilities
    usual = max(SHORTEST_SILENCE, USUAL_TIMES * can.usual_seconds)
    per_second = min([each.requests / each.seconds for each in can.rates], default=ASSUMED_PER_MINUTE / 60)
    spacing = 1 / (per_second * SHARE if rate is None else rate)
    return Post(client, provider, tracker, usual if silence is None else silence, spacing)
