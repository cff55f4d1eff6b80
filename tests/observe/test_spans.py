"""Spans as an exporter gets them, from a client that talks to a socket."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import tenacity
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from paperhook import Client
from paperhook.errors import MissingExtra
from paperhook.observe import (
    EventRecovered,
    HandlerRan,
    Recorder,
    RequestMade,
    RetryPaused,
    opentelemetry_spans,
)
from paperhook.retrying import RetryPolicy
from tests.acme import KeyedAcme
from tests.hostile import answer, reset, serving

JOB = {"id": "d1", "state": "reading"}
SOON = RetryPolicy(stop=tenacity.stop_after_attempt(4), wait=tenacity.wait_fixed(0.01))


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def provider(exporter: InMemorySpanExporter) -> TracerProvider:
    made = TracerProvider()
    made.add_span_processor(SimpleSpanProcessor(exporter))
    return made


def test_each_attempt_is_a_span_below_the_callers(
    exporter: InMemorySpanExporter, provider: TracerProvider, tmp_path: Path
) -> None:
    recorder = Recorder()
    with (
        serving(answer(429, {"code": "slow_down"}), reset, answer(200, JOB)) as server,
        Client(
            KeyedAcme("canary-key", base_url=server.url),
            retry=SOON,
            observe=[opentelemetry_spans(provider), recorder],
        ) as client,
        provider.get_tracer("tests").start_as_current_span("mine") as mine,
    ):
        client.upload(b"%PDF-1.7", filename="canary-name.pdf")

    *spans, _ = exporter.get_finished_spans()
    assert [(span.name, span.kind, dict(span.attributes or {})) for span in spans] == [
        ("keyed-acme POST", SpanKind.CLIENT, {**OF_ALL, **each})
        for each in (
            {"http.response.status_code": 429, "error.type": "RateLimited"},
            {"http.request.resend_count": 1, "error.type": "AnswerLost"},
            {"http.response.status_code": 200, "http.request.resend_count": 2},
        )
    ]
    assert [span.status.status_code for span in spans] == [
        StatusCode.ERROR,
        StatusCode.ERROR,
        StatusCode.UNSET,
    ]
    assert {span.parent.span_id for span in spans if span.parent} == {mine.get_span_context().span_id}
    assert all(0 < took(span) < 60 for span in spans)
    assert "canary" not in "".join(span.to_json() for span in spans)
    assert recorder.of(RetryPaused) == [
        RetryPaused("keyed-acme", "POST", "RateLimited", 1, 0.01),
        RetryPaused("keyed-acme", "POST", "AnswerLost", 2, 0.01),
    ]
    assert [each.attempt for each in recorder.of(RequestMade)] == [1, 2, 3]


OF_ALL = {"paperhook.provider": "keyed-acme", "http.request.method": "POST"}


def took(span: ReadableSpan) -> float:
    assert span.start_time is not None
    assert span.end_time is not None
    return (span.end_time - span.start_time) / 1e9


def test_a_run_of_a_handler_is_a_span(exporter: InMemorySpanExporter, provider: TracerProvider) -> None:
    trace = opentelemetry_spans(provider)

    trace(HandlerRan("acme", "document.completed", "app.book", "retry", 2, 0.5, "TimeoutError"))
    trace(EventRecovered("acme", "document.completed"))

    (span,) = exporter.get_finished_spans()
    assert (span.name, span.kind) == ("handle document.completed", SpanKind.CONSUMER)
    assert (span.attributes or {})["paperhook.attempt"] == 2
    assert took(span) == pytest.approx(0.5)


def test_without_the_library_the_message_holds_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", None)

    with pytest.raises(MissingExtra, match="paperhook\\[otel\\]"):
        opentelemetry_spans()
