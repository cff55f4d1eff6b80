"""The local providers in memory: no socket, no thread, and a clock that jumps over every wait.

A test uploads with a real client; the providers take the documents through their states and deliver to the application
under test, with whatever faults the test wants. One event loop does it all: the test's own for `AsyncMemoryProviders`, and
for `MemoryProviders` one that runs only while the test waits.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, Self, TypeAlias, TypeVar

from ..client import AsyncClient, Client
from ..core.provider import Provider
from ..errors import ConfigurationError
from ..hooks import Webhooks
from ..inbox.bridge import running_loop
from ..simulator import FaultPlan, Simulator, VirtualClock
from ..simulator.documents import Reads
from ..simulator.post import Reply
from ..simulator.transports import INSIDE_A_DELIVERY, App, Settled, async_client_of, post_to, sync_client_of
from .local import local_provider, webhook_targets
from .prepared import PreparedReader
from .signing import LOCAL_SECRET

T = TypeVar("T")
#: Where webhooks go: a `Webhooks`, or the ASGI application that it is mounted in.
Application: TypeAlias = "Webhooks | App"

logger: logging.Logger = logging.getLogger("paperhook")

_ORIGIN = "http://providers.test"
_APPLICATION = "http://application.test"


class _InMemory:
    """What both classes share."""

    def __init__(
        self,
        application: Application | None = None,
        *,
        reader: Reads | None = None,
        faults: FaultPlan | Sequence[str] = (),
        seed: int = 0,
        secret: str = LOCAL_SECRET,
        path: str = "/webhooks/{provider}",
        restart: Callable[[], Application] | None = None,
        clock: VirtualClock | None = None,
        **simulator: Any,
    ) -> None:
        if not path.startswith("/"):
            raise ConfigurationError(f"path is {path!r}: it begins with /")
        self.application: Application | None = None if application is None else _checked(application)
        #: The providers' time; `clock.time` is a `clock=` for your `Webhooks`.
        self.clock: VirtualClock = VirtualClock(auto=True) if clock is None else clock
        self._secret, self._restart = secret, restart
        self._told_path = False
        #: What `restart` raised, until the test is told.
        self._failed: Exception | None = None
        url = None if application is None else f"{_APPLICATION}{path}"
        options: dict[str, Any] = {"rate_limits": False, **simulator}
        self.simulator: Simulator = Simulator(
            PreparedReader() if reader is None else reader,
            webhooks=webhook_targets(url, secret),
            clock=self.clock,
            post=self._post,
            restart=self._restarted,
            faults=_plan(faults, seed),
            **options,
        )
        self._settled = Settled(self.simulator, self.clock)

    def provider(self, name: str, **options: Any) -> Provider:
        """Give a provider that talks to the one in memory; options replace fields of it."""
        return replace(local_provider(name, _ORIGIN, secret=self._secret), **options)

    def misbehave(self, *faults: str, seed: int = 0) -> None:
        """Commit other faults from now on, none where none is named."""
        self.simulator.faults = _plan(faults, seed)

    def state(self) -> dict[str, dict[str, int]]:
        """Count requests, jobs and deliveries of each provider."""
        return self.simulator.state()

    async def _post(self, url: str, *, headers: Mapping[str, str], body: bytes, timeout: float) -> Reply:  # noqa: ASYNC109 - as the protocol has it
        application = self.application
        assert application is not None  # noqa: S101 - without one there is no URL to deliver to
        token = INSIDE_A_DELIVERY.set(True)
        try:
            if not isinstance(application, Webhooks):
                reply = await post_to(_logged(application))(url, headers=headers, body=body, timeout=timeout)
                self._tell_path(url, reply.status)
                return reply
            answer = await application.areceive(headers, body, provider=url.rpartition("/")[2])
            return Reply(answer.status, None, 0.0)
        finally:
            INSIDE_A_DELIVERY.reset(token)

    def _tell_path(self, url: str, status: int | None) -> None:
        """Warn, once, where an application seems to take webhooks elsewhere."""
        if status in (307, 308, 404, 405) and not self._told_path:
            self._told_path = True
            where = url.removeprefix(_APPLICATION)
            hint = "say where it takes webhooks with path='/…/{provider}'"
            logger.warning("the application answered %d at %s: %s", status, where, hint)

    async def _restarted(self) -> None:
        if self._restart is None:
            return
        try:
            self.application = _checked(self._restart())
        except Exception as error:
            self._failed = self._failed or error
            raise

    def _tell_failure(self) -> None:
        """Raise what `restart` raised, once: within a delivery nobody would hear of it."""
        failed, self._failed = self._failed, None
        if failed is not None:
            raise failed


class AsyncMemoryProviders(_InMemory):
    """The four providers in memory, in the event loop of the test; an async context manager.

    Args:
        application: Where webhooks go, see `MemoryProviders`; the other arguments are the same.
    """

    def client(self, provider: str, **options: Any) -> AsyncClient:
        """Give a client of a provider; options are those of `AsyncClient`."""
        return AsyncClient(self.provider(provider), http_client=async_client_of(self._settled), **options)

    async def advance(self, seconds: float) -> None:
        """Move the clock, and run what falls due on the way."""
        await self.simulator.advance(seconds)
        self._tell_failure()

    async def drain(self) -> None:
        """Wait until every job and delivery has ended, moving the clock as far as that takes."""
        await self.simulator.drain()
        self._tell_failure()

    async def __aenter__(self) -> Self:
        """Enter; nothing has to be started."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop what still runs."""
        await self.simulator.aclose()
        if error is None:
            self._tell_failure()


class MemoryProviders(_InMemory):
    """The four providers in memory, for sync tests; a context manager.

    Args:
        application: Where webhooks go: a `Webhooks` with `worker="inline"`, so that its handlers have run when a delivery is
            answered, or an ASGI application. None sends none.
        reader: What documents say; prepared by default, because reading them takes longer than all the rest.
        faults: What goes wrong: a `FaultPlan`, or texts such as `duplicate=0.1`.
        seed: The same seed and the same order of requests commit the same faults.
        secret: The webhook secret of all providers.
        path: Where an ASGI application takes webhooks; `{provider}` in it stands for the provider's name.
        restart: Gives the application anew where the fault `restart` strikes.
        clock: Where you move it yourself: a `VirtualClock()`; by default it jumps over every wait.
        simulator: More arguments of `paperhook.simulator.Simulator`.

    Raises:
        ConfigurationError: If the application takes no webhooks, is a WSGI application, or is a `Webhooks` with
            `worker="embedded"`.
    """

    _loop: asyncio.AbstractEventLoop | None = None
    _was_entered = False

    def client(self, provider: str, **options: Any) -> Client:
        """Give a client of a provider; options are those of `Client`."""
        http_client = sync_client_of(self._settled, self._running())
        return Client(self.provider(provider), http_client=http_client, **options)

    def advance(self, seconds: float) -> None:
        """Move the clock, and run what falls due on the way."""
        self._run(self.simulator.advance(seconds))
        self._tell_failure()

    def drain(self) -> None:
        """Wait until every job and delivery has ended, moving the clock as far as that takes."""
        self._run(self.simulator.drain())
        self._tell_failure()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._running().run_until_complete(work)

    def _running(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            raise RuntimeError("MemoryProviders is a context manager: use it in a with statement")
        return self._loop

    def __enter__(self) -> Self:
        """Make the event loop.

        Raises:
            RuntimeError: If one runs already, or this was entered before.
        """
        if self._was_entered:
            raise RuntimeError("MemoryProviders can be entered once: make another")
        if running_loop() is not None:
            raise RuntimeError("an event loop runs here already: use AsyncMemoryProviders")
        self._was_entered = True
        self._loop = asyncio.new_event_loop()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop what still runs."""
        loop = self._running()
        loop.run_until_complete(self.simulator.aclose())
        # An application may have started a worker of its own, or anything else.
        loop.run_until_complete(_end(asyncio.all_tasks(loop)))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
        self._loop = None
        if error is None:
            self._tell_failure()


def _checked(application: Application) -> Application:
    if isinstance(application, Webhooks):
        if application._mode == "embedded":  # noqa: SLF001 - only a test kit asks for it
            raise ConfigurationError(
                f"the handlers of {application!r} run some time after a delivery is answered, if the test lasts so long: "
                "pass a Webhooks(…, worker='inline')"
            )
    elif not callable(application):
        raise ConfigurationError(
            f"{application!r} takes no webhooks: pass your Webhooks, or the ASGI application that it is mounted in"
        )
    elif not _takes_three(application):
        raise ConfigurationError(
            f"{application!r} is no ASGI application, because it cannot be called with scope, receive and send: pass your "
            "Webhooks, also where it is mounted in a WSGI application, or hooks.asgi()"
        )
    return application


def _takes_three(application: Callable[..., Any]) -> bool:
    try:
        inspect.signature(application).bind("scope", "receive", "send")
    except TypeError:
        return False
    except ValueError:
        # It does not tell what it takes.
        return True
    return True


def _logged(application: App) -> App:
    """Log what an application raises, as a server would; to the providers it is a lost connection."""

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        try:
            await application(scope, receive, send)
        except Exception:
            logger.exception("the application raised instead of answering a delivery")
            raise

    return answer


async def _end(tasks: Collection[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _plan(faults: FaultPlan | Sequence[str], seed: int) -> FaultPlan:
    if isinstance(faults, FaultPlan):
        return faults
    return FaultPlan.parse(*([faults] if isinstance(faults, str) else faults), seed=seed)
