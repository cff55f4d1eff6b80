"""Requests and runs of handlers as OpenTelemetry spans, below the span that is current where they happen."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..errors import MissingExtra
from .details import HandlerRan, Observed, Observer, RequestMade

if TYPE_CHECKING:
    from opentelemetry.trace import TracerProvider


def opentelemetry_spans(tracer_provider: TracerProvider | None = None) -> Observer:
    """Give an observer that makes a span of each attempt of a request and of each run of a handler.

    A span is made when its attempt has ended, with the times of the attempt. It names provider, method, status and the
    class of an error, and never a URL, which may hold an id or a signature.

    Args:
        tracer_provider: By default the global one.

    Raises:
        MissingExtra: If opentelemetry-api is not installed.
    """
    try:
        from opentelemetry.trace import SpanKind, StatusCode, get_tracer
    except ImportError as error:
        raise MissingExtra("opentelemetry-api is missing: pip install 'paperhook[otel]'") from error
    tracer = get_tracer("paperhook", tracer_provider=tracer_provider)

    def trace(seen: Observed) -> None:
        if not isinstance(seen, (RequestMade, HandlerRan)):
            return
        name, kind, attributes = (
            (f"{seen.provider} {seen.method}", SpanKind.CLIENT, _of_request(seen))
            if isinstance(seen, RequestMade)
            else (f"handle {seen.type}", SpanKind.CONSUMER, _of_handler(seen))
        )
        ended = time.time_ns()
        span = tracer.start_span(
            name, kind=kind, attributes=attributes, start_time=ended - int(seen.seconds * 1e9)
        )
        if seen.error:
            span.set_attribute("error.type", seen.error)
            span.set_status(StatusCode.ERROR)
        span.end(ended)

    return trace


def _of_request(seen: RequestMade) -> Mapping[str, str | int]:
    """Give attributes by the names of OpenTelemetry's semantic conventions for HTTP, where they have one.

    Source: https://opentelemetry.io/docs/specs/semconv/http/http-spans/.
    """
    given: dict[str, str | int] = {"paperhook.provider": seen.provider, "http.request.method": seen.method}
    if seen.status:
        given["http.response.status_code"] = seen.status
    if seen.attempt > 1:
        given["http.request.resend_count"] = seen.attempt - 1
    return given


def _of_handler(seen: HandlerRan) -> Mapping[str, str | int]:
    return {
        "paperhook.provider": seen.provider,
        "paperhook.event.type": seen.type,
        "paperhook.handler": seen.handler,
        "paperhook.result": seen.result,
        "paperhook.attempt": seen.attempt,
    }
