"""Whose deliveries the options of a command mean: a provider's, a declaration's, or those of a scheme alone."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from typing import Any

import pydantic

from ..core.provider import Provider, SignatureScheme
from ..core.secret import Secret
from ..errors import ConfigurationError
from ..providers import PROVIDERS, provider_class
from ..providers.declaration import Declaration, declaration_in
from ..providers.declaration_signatures import CustomSignature, Signature
from ..providers.declared import declaration, declared_names
from ..providers.generic import Generic, env_prefix_of
from ..testing.signing import local_secret
from ..webhooks.signatures import (
    READY,
    BodySecret,
    Hmac,
    HmacPairs,
    NoSignature,
    StandardWebhooks,
    StaticHeader,
    ready,
)
from .given import secrets_given

#: The name of the secret that the local providers sign with, where none is given.
LOCAL = "the one of the local providers"

_KINDS: Mapping[type, str] = {
    Hmac: "hmac",
    HmacPairs: "pairs",
    StandardWebhooks: "standard_webhooks",
    StaticHeader: "static_header",
    BodySecret: "body_secret",
}


@dataclass(frozen=True, slots=True)
class Chosen:
    """Whose deliveries are meant, and the secrets that sign them."""

    name: str
    scheme: SignatureScheme
    #: The first one signs. Their values are bytes, so that white space is left for `explain` to find.
    secrets: tuple[Secret, ...] = field(repr=False)
    #: None where only a scheme is known.
    provider: Provider | None = None

    def checked(self) -> Chosen:
        """Insist on secrets that a receiver would take too.

        Raises:
            ConfigurationError: If one has white space at an end, is short, or cannot be the scheme's.
        """
        secrets = tuple(
            replace(each, value=each.key.decode("utf-8", "surrogateescape"), short="refuse")
            for each in self.secrets
        )
        check = getattr(self.scheme, "check", None)
        if check is not None:
            check(secrets)
        provider = self.provider
        if provider is not None and secrets:
            provider = replace(provider, webhook_secret=secrets)
        return replace(self, secrets=secrets, provider=provider)


def chosen(
    provider: str | None,
    scheme: str | None,
    settings: Sequence[str] | None,
    secrets: Sequence[Secret],
) -> Chosen:
    """Find what the options name; no API key is needed, and without a secret it is the environment's or the local one.

    Raises:
        ConfigurationError: If they name neither a provider nor a scheme, or one that does not exist.
    """
    own = None if scheme is None else scheme_named(scheme, settings or ())
    if own is None and settings:
        raise ConfigurationError("--set belongs to --scheme: write --scheme hmac --set header=X-Signature")
    if provider is None:
        if own is None:
            raise ConfigurationError("whose delivery? write --provider NAME or --scheme NAME")
        return Chosen(scheme or "", own, tuple(secrets) or _local(own))
    told = _declaration_of(provider)
    prefix = provider_class(provider).env_prefix if told is None else env_prefix_of(told.name)
    variable = f"{prefix}WEBHOOK_SECRET"
    # It may have white space at an end, which would be an error before anybody could explain it.
    kept = {name: value for name, value in os.environ.items() if name != variable}
    found = _receiver(provider, told, kept, own)
    if not secrets and os.environ.get(variable, "").strip():
        secrets = secrets_given(variables=[variable])
    secrets = tuple(secrets) or (() if found.unsigned == "accept" else _local(found.signature))
    return Chosen(found.name, own or found.signature, secrets, found)


def _local(scheme: SignatureScheme) -> tuple[Secret, ...]:
    return () if isinstance(scheme, NoSignature) else (Secret(local_secret(scheme), LOCAL),)


def _declaration_of(name: str) -> Declaration | None:
    """Read the declaration that a name or a path means; None for a provider that is a class."""
    if name in PROVIDERS:
        return None
    if name.endswith(".toml") or "/" in name or os.sep in name:
        try:
            return declaration_in(Path(name).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"{name}: the declaration cannot be read: {error}") from error
    if name not in declared_names():
        raise ConfigurationError(
            f"provider {name!r} is unknown: choose one of {', '.join((*PROVIDERS, *declared_names()))}, "
            "or the path of a declaration in TOML"
        )
    return declaration(name)


def _receiver(
    name: str, told: Declaration | None, environ: Mapping[str, str], scheme: SignatureScheme | None
) -> Provider:
    """Make a provider that only receives; its secret is put in later."""
    if told is None:
        kind = provider_class(name)
        return kind.from_env({f"{kind.env_prefix}API_KEY": "not-used-for-webhooks", **environ})
    if isinstance(told.signature, CustomSignature) and scheme is None:
        raise ConfigurationError(f"{told.name}: how it signs is not declared: write --scheme as well")
    settings: dict[str, Any] = {} if scheme is None else {"scheme": scheme}
    if scheme is None and isinstance(told.signature.scheme(), NoSignature):
        settings["unsigned"] = "accept"
    return Generic.from_env(environ, declaration=told, **settings)


# Schemes


def scheme_named(name: str, settings: Sequence[str] = ()) -> SignatureScheme:
    """Give a scheme by the name under which it is ready, or by its kind, with settings.

    Raises:
        ConfigurationError: If there is none of that name, or a setting is none of its own.
    """
    if name not in _KINDS.values() and type(_ready(name)) not in _KINDS:
        if settings:
            raise ConfigurationError(f"--set {settings[0]!r}: the scheme {name} has no settings")
        return _ready(name)
    base = {"kind": name} if name in _KINDS.values() else _as_table(_ready(name))
    table = base | dict(_setting(line) for line in settings)
    try:
        scheme: SignatureScheme = _SIGNATURES.validate_python(table).scheme()
    except pydantic.ValidationError as error:
        mistakes = "; ".join(f"{each['loc'][-1]}: {each['msg']}" for each in error.errors())
        raise ConfigurationError(f"--scheme {name}: {mistakes}: write --set name=value") from error
    return scheme


_SIGNATURES: pydantic.TypeAdapter[Any] = pydantic.TypeAdapter(Signature)


def _ready(name: str) -> SignatureScheme:
    if name not in READY:
        raise ConfigurationError(
            f"scheme {name!r} is unknown: choose one of {', '.join(READY)}, or {', '.join(_KINDS.values())}"
        )
    return ready(name)


def _as_table(scheme: Any) -> dict[str, Any]:
    values = {each.name: getattr(scheme, each.name) for each in fields(scheme) if each.init}
    return {"kind": _KINDS[type(scheme)], **values}


def _setting(line: str) -> tuple[str, Any]:
    name, sign, value = line.partition("=")
    if not sign:
        raise ConfigurationError(f"--set {line!r}: write name=value, such as header=X-Signature")
    if name == "any_case":
        return name, value.lower() in ("true", "yes", "1")
    if name == "tolerance":
        try:
            return name, float(value)
        except ValueError:
            raise ConfigurationError(f"--set tolerance={value}: write seconds") from None
    return name, value


@cache
def known_schemes() -> Mapping[str, SignatureScheme]:
    """Give every scheme that has a name: those that are ready, and those of all providers."""
    found = dict(READY)
    for name in PROVIDERS:
        found[name] = provider_class(name)("not-used-for-webhooks").signature
    for name in declared_names():
        signature = declaration(name).signature
        if signature.kind not in ("custom", "none"):
            found[name] = signature.scheme()
    return found
