"""The AWS Lambda handler: API Gateway (REST and HTTP), function URLs, and load balancers."""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..errors import DeliveryRejected, DeliveryTooLarge, MalformedDelivery
from ..webhooks.receiver import Reply
from .bounds import check_announced, provider_in

if TYPE_CHECKING:
    from ..hooks import Webhooks


def handler(
    hooks: Webhooks, *, provider: str | None = None
) -> Callable[[Mapping[str, Any], Any], dict[str, Any]]:
    """Make the function that Lambda calls.

    Args:
        hooks: Made with `worker="inline"`: a function that has answered is frozen, and runs nothing later.
        provider: Whose deliveries come here; by default the last part of the path says it.

    Source: AWS Lambda developer guide, "Invoking a function with an Amazon API Gateway endpoint" (payload formats 1.0
    and 2.0), "Invoking Lambda function URLs", and "Using Lambda with an Application Load Balancer".
    """

    def deliver(event: Mapping[str, Any], context: Any = None) -> dict[str, Any]:  # noqa: ARG001 - Lambda gives it
        headers = tuple(_headers_of(event))
        try:
            check_announced(_method_of(event), headers, hooks.max_body_bytes)
            body = _body_of(event, hooks.max_body_bytes)
        except DeliveryRejected as error:
            reply = hooks.refuse(error, provider=provider or provider_in(_path_of(event)))
        else:
            reply = hooks.receive(headers, body, provider=provider or provider_in(_path_of(event)))
        return _answer(event, reply)

    return deliver


def _answer(event: Mapping[str, Any], reply: Reply) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "statusCode": reply.status,
        "headers": dict(reply.headers),
        **_text_or_base64(reply.body),
    }
    if event.get("multiValueHeaders"):
        # A load balancer that sends these wants these; API Gateway takes either.
        answer["multiValueHeaders"] = {name: [value] for name, value in reply.headers.items()}
    return answer


def _text_or_base64(body: bytes) -> dict[str, Any]:
    # A REST API gives base64 back as bytes only where it was told so; the answer to a handshake may be no text.
    try:
        return {"body": body.decode(), "isBase64Encoded": False}
    except UnicodeDecodeError:
        return {"body": b64encode(body).decode(), "isBase64Encoded": True}


def _http_of(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give what payload format 2.0 says of the request; empty under 1.0."""
    http: Mapping[str, Any] = (event.get("requestContext") or {}).get("http") or {}
    return http


def _method_of(event: Mapping[str, Any]) -> str:
    return str(event.get("httpMethod") or _http_of(event).get("method") or "")


def _path_of(event: Mapping[str, Any]) -> str:
    """Give the path; under format 2.0 it begins with the stage, unless that is `$default`, and a stage alone is no provider."""
    path = str(event.get("rawPath") or event.get("path") or "")
    stage = (event.get("requestContext") or {}).get("stage")
    return "" if "rawPath" in event and path.strip("/") == stage else path


def _headers_of(event: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Give the headers; under format 2.0 the gateway has joined those that came twice with a comma."""
    several: Mapping[str, list[str]] = event.get("multiValueHeaders") or {}
    if several:
        for name, values in several.items():
            for value in values:
                yield name, value
        return
    one: Mapping[str, str] = event.get("headers") or {}
    yield from one.items()


def _body_of(event: Mapping[str, Any], max_body_bytes: int) -> bytes:
    text: str = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        # Half a character cannot have been in the bytes that came: the signature will not fit.
        return text.encode("utf-8", "surrogatepass")
    if len(text) // 4 * 3 > max_body_bytes + 2:
        raise DeliveryTooLarge(f"the body has more than {max_body_bytes} bytes")
    try:
        return b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedDelivery("the gateway's base64 cannot be read") from error
