"""`Generic`: a provider made from a declaration, for an API that only has other names for the same things."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self

from typing_extensions import override

from ..core.answers import count_in
from ..core.delivery import Delivery, Envelope, Handshake
from ..core.event import DocumentFailed
from ..core.job import BatchSummary, Job, JobError
from ..core.provider import NOTHING, SignatureScheme, final_type
from ..core.result import Result
from ..errors import ConfigurationError
from ..results.mapping import read_result
from .declaration import Declaration, declaration_in, declaration_of
from .generic_events import EventReader
from .generic_handshakes import challenge_in, echoed, handed_over
from .generic_requests import NO_BASE_URL, GenericRequests
from .paths import find


@dataclass(frozen=True)
class Generic(GenericRequests):
    """A provider made from a declaration.

    `Generic.from_toml`, `Generic.from_dict` and `Generic.declare` make the declaration as well; `declared("talonic")` takes one
    that is shipped.

    Args:
        declaration: What the API calls things.
        scheme: In place of the declared signature; needed where that is `custom`.
        upload_fields: Sent with every upload, beside and over the declared ones; part of an upload's idempotency key.
        on_handshake: Called with the secret of an `X-Hook-Secret` handshake, inside the request: only keep it. Anybody can
            send such a request, so compare the secret with what the provider shows before you use it.

    Raises:
        ConfigurationError: If a secret cannot be the declared scheme's, or the scheme is neither declared nor given.
    """

    name: ClassVar[str] = "generic"
    env_prefix: ClassVar[str] = "GENERIC_"

    _: KW_ONLY
    declaration: Declaration = field(hash=False, repr=False)
    scheme: SignatureScheme | None = field(default=None, hash=False)
    upload_fields: Mapping[str, str] = field(default_factory=dict[str, str], hash=False, repr=False)
    on_handshake: Callable[[str], object] | None = field(default=None, hash=False, repr=False)

    @override
    def __post_init__(self) -> None:
        told = self.declaration
        # These belong to the class of other providers; here each declaration has its own.
        for name, value in {
            "name": told.name,
            "env_prefix": env_prefix_of(told.name),
            "capabilities": told.limits.capabilities(),
            "event_headers": told.event_headers,
            "shakes_hands": told.handshake is not None,
            "success_status": told.reply.success,
            "rejected_status": told.reply.rejected,
            "base_url": self.base_url or told.base_url or NO_BASE_URL,
            "upload_fields": dict(self.upload_fields),
            "_scheme": self.scheme or told.signature.scheme(),
            "_events": EventReader(told),
        }.items():
            object.__setattr__(self, name, value)
        super().__post_init__()
        check = getattr(self._scheme, "check", None)
        if callable(check):
            check(self.secrets)

    _scheme: ClassVar[SignatureScheme]

    # Made from

    @classmethod
    def from_dict(cls, mapping: Mapping[str, Any], api_key: str = "", **settings: Any) -> Self:
        """Make a provider from a declaration that is a mapping.

        Args:
            mapping: The tables, see `docs/howto/declare-a-provider.md`.
            api_key: The credential for requests.
            settings: `webhook_secret`, `unsigned`, `base_url` and the other fields.

        Raises:
            ConfigurationError: If it holds a mistake; the message names the path of each.
        """
        return cls(api_key, declaration=declaration_of(mapping), **settings)

    @classmethod
    def declare(cls, api_key: str = "", *, tables: Mapping[str, Any] = NOTHING, **settings: Any) -> Self:
        """Make a provider from keyword arguments: tables of a declaration and fields of the provider, told apart by name.

        Args:
            api_key: The credential for requests.
            tables: Those that are easier to write as a mapping.
            settings: `name`, `signature`, `events` and the other tables; `webhook_secret` and the other fields.

        Raises:
            ConfigurationError: If the declaration holds a mistake.
        """
        own = {name: settings.pop(name) for name in list(settings) if name in _SETTINGS}
        return cls(api_key, declaration=declaration_of({**tables, **settings}), **own)

    @classmethod
    def from_toml(cls, source: str | os.PathLike[str], api_key: str = "", **settings: Any) -> Self:
        """Make a provider from a declaration in TOML.

        Args:
            source: A path, or the text itself; text has an equals sign, and a path given as text has none.
            api_key: The credential for requests.
            settings: As for `from_dict`.

        Raises:
            ConfigurationError: If the file cannot be read, or holds a mistake.
        """
        if isinstance(source, str) and "=" in source:
            return cls(api_key, declaration=declaration_in(source), **settings)
        try:
            text = Path(source).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError, ValueError) as error:
            raise ConfigurationError(f"{source!s}: the declaration cannot be read: {error}") from error
        return cls(api_key, declaration=declaration_in(text), **settings)

    @classmethod
    @override
    def from_env(
        cls,
        environ: Mapping[str, str] | None = None,
        *,
        declaration: Declaration | None = None,
        **settings: Any,
    ) -> Self:
        """Read key, secret, base URL and `unsigned` from environment variables: the declaration's name in capitals and theirs.

        Args:
            environ: The environment by default.
            declaration: What the API calls things.
            settings: Fields of the provider, over those of the environment.

        Raises:
            ConfigurationError: If there is no declaration.
        """
        if declaration is None:
            raise ConfigurationError(
                "Generic.from_env needs a declaration: Generic.from_env(declaration=…) or declared(…)"
            )
        given = os.environ if environ is None else environ
        prefix = env_prefix_of(declaration.name)
        named = ("api_key", "webhook_secret", "base_url", "unsigned")
        found: dict[str, Any] = {
            name: given[prefix + name.upper()] for name in named if prefix + name.upper() in given
        }
        return cls(declaration=declaration, **(found | settings))

    @property
    @override
    def signature(self) -> SignatureScheme:
        return self._scheme

    # Events

    @override
    def handshake(self, delivery: Delivery, *, now: float | None = None) -> Handshake | None:
        table = self.declaration.handshake
        if table is None:
            return None
        if table.kind == "hook_secret":
            return handed_over(self.name, delivery, table, self.on_handshake)
        challenge = challenge_in(delivery, table, self._events)
        if challenge is None:
            return None
        if table.signed:
            self.authenticate(delivery, now=now)
        return echoed(challenge, table)

    @override
    def envelopes(self, delivery: Delivery) -> tuple[Envelope, ...]:
        return self._events.envelopes(delivery)

    @override
    def polled(self, job: Job, result: Result | None) -> tuple[Envelope, ...]:
        event_type = final_type(job.status)
        if event_type is None:
            return ()
        if event_type == DocumentFailed.canonical_type:
            error = job.error or JobError(code="unknown")
            payload: Any = {"code": error.code, "message": error.message}
        else:
            payload = self._polled_result(job) if result is None else result.raw
        return (self._events.polled(job, event_type, payload),)

    @override
    def has_result(self, payload: Any) -> bool:
        return payload is not None and payload not in ({}, [], "")

    @override
    def read_result(self, payload: Any) -> Result:
        names = self.declaration.payload
        text = payload if isinstance(payload, str) else None
        if isinstance(payload, Mapping):
            values: Mapping[str, Any] = payload
        else:
            values = {"documents": payload} if isinstance(payload, list) else {}
        return read_result(
            values,
            names={**names.names, **self.names},
            item_names={**names.item_names, **self.item_names},
            raw=payload,
            text=text,
        )

    @override
    def read_error(self, payload: Any) -> JobError:
        return self._events.error(payload, ("code",), ("message",))

    @override
    def read_summary(self, payload: Any) -> BatchSummary:
        counts = payload if isinstance(payload, Mapping) else {}
        return BatchSummary(**{name: count_in(counts.get(name)) for name in ("total", "succeeded", "failed")})

    @override
    def read_metadata(self, envelope: Envelope) -> Mapping[str, Any]:
        paths = self.declaration.payload.metadata
        if not paths:
            return {}
        value = find(self._events.inside(envelope.raw), paths)
        if isinstance(value, Mapping):
            return value
        return {} if value is None else {"reference": value}


_SETTINGS = frozenset(
    {"webhook_secret", "unsigned", "scheme", "upload_fields", "on_handshake", "declaration"}
)


def env_prefix_of(name: str) -> str:
    """Give what the environment variables of a declared provider begin with."""
    return f"{name.upper().replace('-', '_')}_"
