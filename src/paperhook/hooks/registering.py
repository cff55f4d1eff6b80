"""Handlers and what they listen to: `hooks.on`, until the first delivery."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Protocol, TypeVar, overload

from ..core.arguments import check_above_zero, check_kind, check_provider
from ..core.event import (
    BatchCompleted,
    DocumentCompleted,
    DocumentFailed,
    DocumentNeedsReview,
    DocumentReceived,
    EndpointTest,
    Event,
)
from ..core.provider import Provider
from ..errors import ConfigurationError, UnknownProvider
from ..inbox.base import Entry, Inbox, TransactionalInbox
from ..retrying import RetryPolicy
from ..rules import Rule
from ..webhooks.router import Registration, Router, pattern_of
from ..worker.handling import is_async

E = TypeVar("E", bound=Event)
R = TypeVar("R")
C = TypeVar("C")
#: Handlers of one event. A bound on each keeps a function's own type, so that one of several events stays what it is under
#: several decorators; a type variable cannot be the bound of another.
OnReceived = TypeVar("OnReceived", bound=Callable[[DocumentReceived], object])
OnCompleted = TypeVar("OnCompleted", bound=Callable[[DocumentCompleted], object])
OnFailed = TypeVar("OnFailed", bound=Callable[[DocumentFailed], object])
OnNeedsReview = TypeVar("OnNeedsReview", bound=Callable[[DocumentNeedsReview], object])
OnBatch = TypeVar("OnBatch", bound=Callable[[BatchCompleted], object])
OnTest = TypeVar("OnTest", bound=Callable[[EndpointTest], object])
OnAny = TypeVar("OnAny", bound=Callable[[Event], object])

logger: logging.Logger = logging.getLogger("paperhook")


class _Decorator(Protocol[E]):
    """Gives a handler back as it was, and lets a type checker see that it takes the event."""

    def __call__(self, handler: Callable[[E], R], /) -> Callable[[E], R]: ...


class _Received(Protocol):
    def __call__(self, handler: OnReceived, /) -> OnReceived: ...


class _Completed(Protocol):
    def __call__(self, handler: OnCompleted, /) -> OnCompleted: ...


class _Failed(Protocol):
    def __call__(self, handler: OnFailed, /) -> OnFailed: ...


class _NeedsReview(Protocol):
    def __call__(self, handler: OnNeedsReview, /) -> OnNeedsReview: ...


class _Batch(Protocol):
    def __call__(self, handler: OnBatch, /) -> OnBatch: ...


class _Test(Protocol):
    def __call__(self, handler: OnTest, /) -> OnTest: ...


class _Any(Protocol):
    def __call__(self, handler: OnAny, /) -> OnAny: ...


class _TransactionalDecorator(Protocol[E]):
    """The same for a handler that takes a connection too: psycopg's or sqlite3's, by the inbox."""

    def __call__(self, handler: Callable[[E, C], R], /) -> Callable[[E, C], R]: ...


class Registering:
    """What a `Webhooks` knows before anything arrives; its constructor wires the members."""

    #: By name.
    providers: Mapping[str, Provider]
    inbox: Inbox
    _router: Router
    _is_sealed: bool
    #: What a completed document must meet.
    rules: tuple[Rule, ...]

    @overload
    def on(
        self,
        event: type[DocumentReceived] | Literal["document.received"],
        *,
        name: str = ...,
        retry: RetryPolicy | None = ...,
        timeout: float | None = ...,
    ) -> _Received: ...
    @overload
    def on(
        self,
        event: type[DocumentCompleted] | Literal["document.completed"],
        *,
        name: str = ...,
        retry: RetryPolicy | None = ...,
        timeout: float | None = ...,
    ) -> _Completed: ...
    @overload
    def on(
        self,
        event: type[DocumentFailed] | Literal["document.failed"],
        *,
        name: str = ...,
        retry: RetryPolicy | None = ...,
        timeout: float | None = ...,
    ) -> _Failed: ...
    @overload
    def on(
        self,
        event: type[DocumentNeedsReview] | Literal["document.needs_review"],
        *,
        name: str = ...,
        retry: RetryPolicy | None = ...,
        timeout: float | None = ...,
    ) -> _NeedsReview: ...
    @overload
    def on(
        self,
        event: type[BatchCompleted] | Literal["batch.completed"],
        *,
        name: str = ...,
        retry: RetryPolicy | None = ...,
        timeout: float | None = ...,
    ) -> _Batch: ...
    @overload
    def on(
        self,
        event: type[EndpointTest] | Literal["endpoint.test"],
        *,
        name: str = ...,
        retry: RetryPolicy | None = ...,
        timeout: float | None = ...,
    ) -> _Test: ...
    @overload
    def on(
        self,
        event: Literal["*", "document.*", "batch.*", "endpoint.*"],
        *,
        name: str = ...,
        retry: RetryPolicy | None = ...,
        timeout: float | None = ...,
    ) -> _Any: ...
    @overload
    def on(
        self, event: type[E], *, name: str = ..., retry: RetryPolicy | None = ..., timeout: float | None = ...
    ) -> _Decorator[E]: ...
    @overload
    def on(
        self, event: str, *, name: str = ..., retry: RetryPolicy | None = ..., timeout: float | None = ...
    ) -> _Decorator[Any]: ...
    @overload
    def on(
        self,
        event: type[E],
        *,
        name: str = ...,
        retry: RetryPolicy | None = ...,
        timeout: float | None = ...,
        transaction: Literal[True],
    ) -> _TransactionalDecorator[E]: ...
    @overload
    def on(
        self,
        event: str,
        *,
        name: str = ...,
        retry: RetryPolicy | None = ...,
        timeout: float | None = ...,
        transaction: Literal[True],
    ) -> _TransactionalDecorator[Any]: ...
    def on(
        self,
        event: type[Event] | str,
        *,
        name: str = "",
        retry: RetryPolicy | None = None,
        timeout: float | None = None,
        transaction: bool = False,
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Register a handler, sync or async, as a decorator.

        Args:
            event: A class, an exact type, `document.*`, or `*`.
            name: Identifies the handler in the inbox; by default module and function. Rename a function and its
                waiting events run under the new name, so give a name to handlers that you may move.
            retry: When to try again after an exception, in tenacity's terms.
            timeout: Seconds for one run.
            transaction: Hand the handler a connection of the inbox as its second argument: what it writes there and
                its completion are committed together or not at all. The handler is sync, and never commits.

        Raises:
            ConfigurationError: If deliveries were received or the worker was started already, or the name is taken; if the
                event is misspelt, the function cannot be called with an event, or an option is of the wrong kind; with
                `transaction`, if the handler is async or the inbox has no connection to lend.
        """
        pattern = pattern_of(event)
        _check_options(retry, timeout)

        def register(function: Callable[..., Any]) -> Callable[..., Any]:
            if self._is_sealed:
                raise ConfigurationError(
                    f"{_name_of(function)} is registered after the first delivery or the start of the worker: earlier "
                    "events would have missed it"
                )
            _check_callable(function, ("event", "connection") if transaction else ("event",))
            if transaction:
                self._check_transactional(function)
            self._router.add(
                Registration(pattern, name or _name_of(function), function, retry, timeout, transaction)
            )
            return function

        return register

    def _check_transactional(self, function: Callable[..., Any]) -> None:
        if is_async(function):
            raise ConfigurationError(
                f"{_name_of(function)} is async: a handler with transaction=True runs in a thread, write it without async"
            )
        if not isinstance(self.inbox, TransactionalInbox):
            raise ConfigurationError(
                f"{_name_of(function)} wants a transaction, and {type(self.inbox).__name__} has none: "
                "use an inbox in SQLite or PostgreSQL"
            )

    def _seal(self) -> None:
        """Take no more handlers: an event that came before one of them would have missed it."""
        if self._is_sealed:
            return
        if self.rules:
            self._check_reviewed()
        self._is_sealed = True
        for provider in self.providers.values():
            if not provider.secrets:
                logger.warning("%s: unsigned deliveries are accepted: anybody can forge them", provider.name)

    def _check_reviewed(self) -> None:
        if not self._router.handlers(DocumentNeedsReview.canonical_type):
            raise ConfigurationError(
                "rules hold documents back, and nobody hears of it: write a handler with "
                "@hooks.on(DocumentNeedsReview) that tells a person"
            )
        if not self._router.handlers(DocumentCompleted.canonical_type):
            raise ConfigurationError(
                "rules are asked before the handlers of document.completed, and there is none: write one with "
                "@hooks.on(DocumentCompleted)"
            )

    def handlers(self, entry: Entry) -> tuple[Registration, ...]:
        """Give the handlers of a stored event."""
        return self._router.handlers(entry.type)

    def _provider(self, name: str | None) -> Provider:
        if name is None and len(self.providers) == 1:
            return next(iter(self.providers.values()))
        # A name comes from a path, whatever the framework's router made of it.
        if not isinstance(name, str) or name not in self.providers:
            raise UnknownProvider(f"the path names none of {', '.join(self.providers)}")
        return self.providers[name]


def by_name(providers: Sequence[Provider]) -> dict[str, Provider]:
    """Give providers by name, each with what its deliveries are verified with.

    Raises:
        ConfigurationError: If there is none, one is of another type, two have one name, or one has neither a secret nor `unsigned="accept"`.
    """
    if not providers:
        raise ConfigurationError("Webhooks needs a provider: Webhooks(DocuParse.from_env())")
    named: dict[str, Provider] = {}
    for provider in providers:
        check_provider(provider, "Webhooks")
        if provider.name in named:
            raise ConfigurationError(
                f"two providers are named {provider.name}: mount each in a Webhooks of its own"
            )
        provider.check_receiving()
        named[provider.name] = provider
    return named


def _check_options(retry: RetryPolicy | None, timeout: float | None) -> None:
    if retry is not None:
        check_kind(retry, RetryPolicy, "retry", "RetryPolicy(stop=stop_after_attempt(4)) or NO_RETRY")
    check_above_zero(timeout, "timeout", or_none=True)


def _check_callable(function: Callable[..., Any], arguments: Sequence[str]) -> None:
    if not callable(function):
        raise ConfigurationError(f"a handler is a function, not a {type(function).__name__}")
    if any(map(_is_generator, (function, function.__call__))):  # type: ignore[operator] # every callable has one
        raise ConfigurationError(
            f"{_name_of(function)} has a yield in it, so that a call runs nothing of it: take it out"
        )
    try:
        taken = inspect.signature(function)
    except ValueError:
        # Written in C, and silent about what it takes.
        return
    try:
        taken.bind(*arguments)
    except TypeError as error:
        raise ConfigurationError(
            f"{_name_of(function)} is called with ({', '.join(arguments)}), and takes {taken}: {error}"
        ) from error


def _is_generator(function: Callable[..., Any]) -> bool:
    return inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)


def _name_of(function: Callable[..., Any]) -> str:
    module = getattr(function, "__module__", "")
    return f"{module}.{getattr(function, '__qualname__', type(function).__qualname__)}"
