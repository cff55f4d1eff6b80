"""`Webhooks`: providers, handlers, inbox and worker, wired together behind one `receive`."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..carriers.base import Carrier, Carry, TransactionalCarrier, carrier_of
from ..carriers.courier import Courier
from ..carriers.loop import LoopThread
from ..core.arguments import check_above_zero, check_count
from ..core.event import Event
from ..core.provider import Provider
from ..errors import ConfigurationError
from ..inbox import Inbox, open_inbox
from ..inbox.base import LoopInbox, Outcome
from ..inbox.reviewing import ReviewInbox
from ..observe.details import Observer, Observers
from ..rules import Rule, rule_of
from ..rules.base import Check
from ..webhooks.receiver import MAX_BODY_BYTES
from ..webhooks.router import Router, check_type
from ..worker import Worker
from .fetching import Fetcher, by_provider
from .journal import Journal
from .receiving import Mode
from .registering import by_name
from .runner import Runner
from .running import Running

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

    from starlette.types import ASGIApp

    from ..client import AsyncClient, Client

DEFAULT_INBOX = "sqlite:///paperhook.db"


class Webhooks(Running):
    """Receives the webhooks of one or more providers and runs your handlers until they succeed.

    Args:
        providers: Each with its webhook secret.
        inbox: `sqlite:///file.db`, `memory:`, or a store of your own.
        worker: `embedded` runs handlers in this process; `external` leaves them to `paperhook worker` or to an engine;
            `inline` runs them before the reply, for serverless.
        carrier: Brings the keys of events to an engine's workers, which call `run` or `arun`; a function of keys will do.
        resend_after: Seconds after which an event that the engine did not begin is sent to it again.
        concurrency: How many handlers run at once.
        lease: Seconds for which an event is one worker's; renewed while its handlers run.
        max_body_bytes: Larger deliveries are refused while they arrive.
        clock: Seconds since the epoch.
        on_dead: Called with an event and what its handlers did when one of them gave up.
        reconcile: Clients with a tracker, one for each provider: the worker asks for their jobs of which no webhook told.
        on_recovered: Called with each event that was found so and whose webhook was lost; sync or async.
        observe: Who is told of deliveries, events, handlers and the inbox, see `paperhook.observe`.
        limits: Events of an exact type that a worker runs at once, such as `{"document.completed": 4}`.
        rules: What a completed document must meet before its handlers run, see `paperhook.rules`; a function of the event
            will do. A document that does not goes to the handlers of `document.needs_review`, and waits for a person.
        fetch: Clients that fetch a result where a delivery only refers to it, before rules and handlers see the document;
            those of `reconcile` do it too. The tracker of either tells `event.job` what the upload knew.

    Raises:
        ConfigurationError: If there is no provider, two have one name, or one has neither a secret nor
            `unsigned="accept"`; or if `worker` is none of the three, or not `external` where there is a carrier;
            or if there are rules and the inbox keeps no reviews. At the first delivery, or when the worker starts: if
            there are rules and no handler of `document.needs_review`, or none of `document.completed`.
    """

    def __init__(
        self,
        *providers: Provider,
        inbox: str | Inbox = DEFAULT_INBOX,
        worker: Mode = "embedded",
        carrier: Carrier | Carry | None = None,
        resend_after: float = 30.0,
        concurrency: int = 8,
        lease: float = 60.0,
        max_body_bytes: int = MAX_BODY_BYTES,
        clock: Callable[[], float] = time.time,
        on_dead: Callable[[Event, Sequence[Outcome]], Any] | None = None,
        reconcile: Client | AsyncClient | Sequence[Client | AsyncClient] = (),
        on_recovered: Callable[[Event], Any] | None = None,
        observe: Sequence[Observer] = (),
        limits: Mapping[str, int] | None = None,
        rules: Sequence[Rule | Check] = (),
        fetch: Client | AsyncClient | Sequence[Client | AsyncClient] = (),
    ) -> None:
        if worker not in ("embedded", "external", "inline"):
            raise ConfigurationError(f"worker is {worker!r}: write 'embedded', 'external' or 'inline'")
        if carrier is not None and worker != "external":
            raise ConfigurationError(
                f"a carrier needs worker='external', not {worker!r}: an engine runs the handlers"
            )
        check_above_zero(resend_after, "resend_after")
        check_count(max_body_bytes, "max_body_bytes")
        self.providers: Mapping[str, Provider] = by_name(providers)
        self.max_body_bytes = max_body_bytes
        self._mode = worker
        self._clock = clock
        self.observers: Observers = Observers(observe)
        for each in limits or ():
            check_type(each)
        #: What a completed document must meet.
        self.rules: tuple[Rule, ...] = tuple(map(rule_of, rules))
        self._router = Router()
        self._is_sealed = False
        self.inbox: Inbox = _opened(inbox)
        self.reconciled: tuple[Client | AsyncClient, ...] = _several(reconcile)
        also = self.reconciled if isinstance(self.inbox, ReviewInbox) else ()
        fetched = by_provider(self.providers, (*_several(fetch), *also))
        clients = (*_several(fetch), *self.reconciled)
        known = {each.provider.name: each.tracker for each in clients if each.tracker is not None}
        self._loop_inbox = self.inbox if isinstance(self.inbox, LoopInbox) else None
        self.worker: Worker = Worker(
            self.inbox,
            self,
            concurrency=concurrency,
            lease=lease,
            clock=clock,
            on_dead=on_dead,
            observe=self.observers,
            limits=limits,
            rules=self.rules,
            fetch=Fetcher(fetched) if fetched else None,
            on_settled=self._tell_ended,
            find_job=Journal(known).find if known else None,
        )
        self._loop_thread = LoopThread()
        self._is_enlisted = False
        self._courier = None if carrier is None else self._attached(carrier_of(carrier), resend_after)
        self._runner = Runner(self.worker)
        self._on_recovered = on_recovered
        self._trackers = {
            client.provider.name: client.tracker for client in self.reconciled if client.tracker is not None
        }
        if self.reconciled:
            # Now, so that a client without a tracker is told before the first delivery.
            self.reconciler()
        self._told_refusals = set()

    def __repr__(self) -> str:
        return f"Webhooks({', '.join(self.providers)}, inbox={self.inbox!r}, worker={self._mode!r})"

    def _attached(self, carrier: Carrier, resend_after: float) -> Courier:
        if isinstance(carrier, TransactionalCarrier) and carrier.is_same_database:
            enlist = getattr(self.inbox, "enlist", None)
            if enlist is not None:
                enlist(carrier.carry_within)
                self._is_enlisted = True
        carrier.attach(self)
        return Courier(self.inbox, carrier, patience=resend_after, clock=self._clock)

    def asgi(self, *, max_lag: float | None = None) -> ASGIApp:
        """Give an ASGI application to mount: POST to `/`, or to `/{provider}` where there are several.

        Args:
            max_lag: Seconds; `GET /ready` says 503 while the oldest pending event has waited longer.
        """
        from ..adapters.asgi import WebhookApp

        check_above_zero(max_lag, "max_lag", or_none=True)
        return WebhookApp(self, max_lag=max_lag)

    def operators(self, *, token: str | Mapping[str, str]) -> ASGIApp:
        """Give an ASGI application for operators: list, show, replay and purge events as JSON, and decide about documents in review.

        Args:
            token: The bearer token, or one for each operator by name, for the audit.

        Raises:
            ConfigurationError: If a token is empty, shorter than 16 bytes, has white space at an end, or is no ASCII.
        """
        from ..adapters.operators import operators_app

        reviews = self.reviews if isinstance(self.inbox, ReviewInbox) else None
        trackers = [client.tracker for client in self.reconciled if client.tracker is not None]
        return operators_app(self.inbox, token, clock=self._clock, reviews=reviews, trackers=trackers)

    def wsgi(self) -> WSGIApplication:
        """Give a WSGI application to mount: POST to `/`, or to `/{provider}` where there are several."""
        from ..adapters.wsgi import WebhookApp

        return WebhookApp(self)


def _opened(inbox: str | Inbox) -> Inbox:
    if isinstance(inbox, str):
        return open_inbox(inbox)
    if not callable(getattr(inbox, "put", None)):
        raise ConfigurationError(
            f"inbox is a {type(inbox).__name__}: write an address such as 'sqlite:///paperhook.db', or pass a store"
        )
    return inbox


def _several(
    clients: Client | AsyncClient | Sequence[Client | AsyncClient],
) -> tuple[Client | AsyncClient, ...]:
    return tuple(clients) if isinstance(clients, Sequence) else (clients,)
