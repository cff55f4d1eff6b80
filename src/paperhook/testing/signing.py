"""Deliveries signed as a provider signs them, in the words of each framework's test client."""

from __future__ import annotations

import base64
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, get_args

from ..core.headers import meant_headers, wire_pairs
from ..core.provider import NOTHING, Provider, SignatureScheme
from ..core.secret import Secret
from ..errors import ConfigurationError
from ..sample_deliveries import sample_delivery
from ..webhooks.signatures import BodySecret, HmacPairs, NoSignature, StandardWebhooks, StaticHeader

#: Good for loopback only; everybody who has paperhook knows it.
LOCAL_SECRET = "local-webhook-secret"  # noqa: S105 - public on purpose

#: What may be wrong with a delivery, so that it must be refused.
Forgery: TypeAlias = Literal["tamper", "wrong_signature", "stale"]
FORGERIES: tuple[str, ...] = get_args(Forgery)
#: Seconds beyond any tolerance that is in use.
_LONG_AGO = 86_400.0


def _is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class SignedDelivery:
    """Headers and exact body of one delivery; unpacks as `headers, body`."""

    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    def __iter__(self) -> Any:
        return iter((dict(self.headers), self.body))

    def for_httpx(self) -> dict[str, Any]:
        """Give the arguments of `post` for Starlette's and FastAPI's `TestClient`, and for httpx itself."""
        # A list of bytes where httpx would refuse the text.
        is_ascii = all(value.isascii() for value in self.headers.values())
        return {"content": self.body, "headers": dict(self.headers) if is_ascii else wire_pairs(self.headers)}

    def for_flask(self) -> dict[str, Any]:
        """Give the arguments of `post` for Flask's test client."""
        return {"data": self.body, "headers": dict(self.headers)}

    def for_quart(self) -> dict[str, Any]:
        """Give the arguments of `post` for Quart's test client."""
        return {"data": self.body, "headers": meant_headers(self.headers)}

    def for_aiohttp(self) -> dict[str, Any]:
        """Give the arguments of `post` for aiohttp's test client."""
        return {"data": self.body, "headers": meant_headers(self.headers)}

    def for_django(self) -> dict[str, Any]:
        """Give the arguments of `post` for Django's `Client` and `AsyncClient`."""
        rest = {name: value for name, value in self.headers.items() if name.lower() != "content-type"}
        return {"data": self.body, "content_type": self._content_type, "headers": rest}

    def for_lambda(
        self, path: str = "/", *, version: Literal["1.0", "2.0"] = "2.0", is_base64: bool = False
    ) -> dict[str, Any]:
        """Give the event that AWS Lambda hands a function: API Gateway's `1.0`, or `2.0`, which a function URL has as well.

        Args:
            path: Where the delivery is posted.
            version: Of the payload format.
            is_base64: Whether the gateway encoded the body, as it does with content types that it takes for binary; a body
                that is not UTF-8 is encoded in any case.
        """
        is_base64 = is_base64 or not _is_text(self.body)
        text = base64.b64encode(self.body).decode() if is_base64 else self.body.decode()
        event: dict[str, Any] = {"version": version, "body": text, "isBase64Encoded": is_base64}
        if version == "1.0":
            several = {name: [value] for name, value in self.headers.items()}
            named = {"headers": dict(self.headers), "multiValueHeaders": several}
            return {**event, **named, "httpMethod": "POST", "path": path}
        headers = {name.lower(): value for name, value in self.headers.items()}
        http = {"method": "POST", "path": path, "protocol": "HTTP/1.1"}
        return {**event, "headers": headers, "rawPath": path, "requestContext": {"http": http}}

    @property
    def _content_type(self) -> str:
        named = {name.lower(): value for name, value in self.headers.items()}
        return named.get("content-type", "application/json")


def sign(
    signer: Provider | SignatureScheme,
    body: bytes,
    *,
    secret: Secret | str | None = None,
    headers: Mapping[str, str] = NOTHING,
    now: float | None = None,
    forgery: Forgery | None = None,
) -> SignedDelivery:
    """Sign any body as a provider or a scheme does.

    Args:
        signer: A provider, or a scheme of `paperhook.webhooks.signatures`.
        body: The exact bytes. They are sent as they are, except where the secret belongs inside them.
        secret: By default the first of the provider.
        headers: Sent along; the content type is JSON where they name none.
        now: Seconds since the epoch; by default the time.
        forgery: `tamper` changes the body after it was signed, `wrong_signature` signs with a secret that nobody knows,
            `stale` signs a day ago.

    Raises:
        ConfigurationError: If there is no secret to sign with, or the scheme could not notice the forgery.
    """
    provider = signer if isinstance(signer, Provider) else None
    scheme = provider.signature if provider is not None else signer
    assert not isinstance(scheme, Provider)  # noqa: S101 - a provider is no scheme, which a type checker cannot know
    key = Secret(secret) if isinstance(secret, str) else secret
    if key is None and provider is not None and provider.secrets:
        key = provider.secrets[0]
    proof: Mapping[str, str] = {}
    if forgery is not None:
        check_forgery(scheme, forgery, is_signed=key is not None)
    if key is not None:
        moment = time.time() if now is None else now
        key = Secret(local_secret(scheme, is_random=True)) if forgery == "wrong_signature" else key
        body = scheme.fill(body, key) if isinstance(scheme, BodySecret) else body
        proof = scheme.sign(body, key, now=moment - _LONG_AGO if forgery == "stale" else moment)
    elif not isinstance(scheme, NoSignature) and (provider is None or provider.unsigned != "accept"):
        raise ConfigurationError(
            "there is no secret to sign with: pass secret=, or webhook_secret= to the provider"
        )
    if forgery == "tamper":
        from ..simulator.deliveries import tampered

        body = tampered(body)
    return SignedDelivery(_merged({"Content-Type": "application/json"}, headers, proof), body)


def signed_delivery(
    provider: Provider,
    event: str,
    *,
    now: float | None = None,
    mark: str | None = None,
    change: Mapping[str, Any] = NOTHING,
    forgery: Forgery | None = None,
) -> SignedDelivery:
    """Make up a delivery and sign it as the provider would.

    Args:
        provider: With its webhook secret: one of the four, or any declared one.
        event: Our word, such as `document.completed`.
        now: Seconds since the epoch, for schemes that sign a timestamp; by default the time.
        mark: Part of the ids in it; by default random, so that no two are duplicates.
        change: Merged over the body: members replace members, null removes (RFC 7396).
        forgery: See `sign`.

    Returns:
        Headers and exact body, for `hooks.receive(*…)` or a request to your application.

    Raises:
        ConfigurationError: If the provider pushes no such event, or its scheme could not notice the forgery.
    """
    body, headers = sample_delivery(provider, event, mark or secrets.token_hex(4), change)
    return sign(provider, body, headers=headers, now=now, forgery=forgery)


def check_forgery(scheme: SignatureScheme, forgery: str, *, is_signed: bool = True) -> None:
    """Refuse a forgery that nobody could notice, because a test of it would prove nothing.

    Raises:
        ConfigurationError: If it is none, the scheme covers neither body nor time, or there is no signature at all.
    """
    if forgery not in FORGERIES:
        *others, last = FORGERIES
        raise ConfigurationError(f"forgery {forgery!r} is unknown: write {', '.join(others)} or {last}")
    reason = None
    if not is_signed or isinstance(scheme, NoSignature):
        reason = "nothing is signed"
    elif forgery == "tamper" and isinstance(scheme, (StaticHeader, BodySecret)):
        reason = "the secret is sent along and the body is not signed"
    elif forgery == "stale" and not signs_a_timestamp(scheme):
        reason = "no timestamp is signed"
    if reason is not None:
        raise ConfigurationError(f"{forgery} makes no sense here: {reason}, so nobody could notice")


def signs_a_timestamp(scheme: SignatureScheme) -> bool:
    """Tell whether a scheme refuses what is old: only such a scheme needs to know what time it is."""
    is_always = isinstance(scheme, (HmacPairs, StandardWebhooks))
    return is_always or bool(getattr(scheme, "signs_a_timestamp", False))


def local_secret(scheme: SignatureScheme, *, is_random: bool = False) -> str:
    """Give a secret that is of a scheme's kind: `LOCAL_SECRET` where any text will do, else its base64 or hex.

    Args:
        scheme: The one that will use it.
        is_random: Whether nobody else may know it.
    """
    text = secrets.token_hex(16) if is_random else LOCAL_SECRET
    encoded = base64.b64encode(text.encode()).decode()
    check = getattr(scheme, "check", None)
    for each in (text, f"whsec_{encoded}", encoded, text.encode().hex()):
        try:
            if check is not None:
                check([Secret(each)])
        except ConfigurationError:
            continue
        return each
    return text


def _merged(*headers: Mapping[str, str]) -> dict[str, str]:
    """Put headers together; a later one takes the place of an earlier one, however it is spelled."""
    named = {name.lower(): (name, value) for each in headers for name, value in each.items()}
    return dict(named.values())
