"""Deliveries made up in each provider's own shape, for tests and for `paperhook trigger`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from .core.provider import NOTHING, Provider
from .errors import ConfigurationError
from .providers.generic import Generic
from .providers.generic_samples import event_types, made_up, merged

Made = tuple[dict[str, Any], dict[str, str]]


def sample_delivery(
    provider: Provider, event: str, mark: str, change: Mapping[str, Any] = NOTHING
) -> tuple[bytes, dict[str, str]]:
    """Make up a delivery.

    Args:
        provider: One of the four, or any declared one.
        event: Our word, such as `document.completed`.
        mark: Makes the ids of this delivery its own.
        change: Merged over the event's JSON: members replace members, null removes (RFC 7396).

    Returns:
        The body and the provider's own headers, unsigned.

    Raises:
        ConfigurationError: If the provider pushes no such event.
    """
    if isinstance(provider, Generic):
        body, headers = made_up(provider.declaration, event, mark, change)
        return json.dumps(body).encode(), headers
    made = _MADE.get(provider.name, {})
    if event not in made:
        pushed = ", ".join(made) or "nothing that can be made up"
        raise ConfigurationError(f"{provider.name} pushes no {event}: it pushes {pushed}")
    body, headers = made[event](mark)
    return json.dumps(merged(body, change)).encode(), headers


def sample_events(provider: Provider) -> tuple[str, ...]:
    """Name the events that can be made up for a provider."""
    if isinstance(provider, Generic):
        return event_types(provider.declaration)
    return tuple(_MADE.get(provider.name, ()))


def _space_ocr(event: str, content: Callable[[str], dict[str, Any]]) -> Callable[[str], Made]:
    return lambda mark: ({"event": event, "apiVersion": "2026-01-01", "data": content(mark)}, {})


def _docuparse(
    event: str, id_name: str, prefix: str, member: str, content: dict[str, Any]
) -> Callable[[str], Made]:
    return lambda mark: (
        {"event": event, id_name: f"{prefix}_{mark}", "timestamp": "2026-06-02T10:00:00Z", member: content},
        {},
    )


def _ocriva(event: str, payload: dict[str, Any]) -> Callable[[str], Made]:
    return lambda mark: (
        {
            "eventType": event,
            "eventId": f"evt_1780000000000_{mark}",
            "timestamp": "2026-06-02T10:00:00.000Z",
            "organizationId": "org_local",
            "projectId": "proj_local",
            "payload": {"id": f"doc_{mark}", **payload},
        },
        {"X-Webhook-Event": event},
    )


def _docuprox(mark: str) -> Made:
    return (
        {
            "job_id": f"00000000-0000-4000-8000-0000{mark}",
            "template_id": "7a7a7a7a-0000-4000-8000-000000000001",
            "static_values": None,
            "result": {"vendor": "Example Ltd", "invoice_number": f"T-{mark}", "total": "45.50"},
        },
        {},
    )


_DOCUPARSE_INVOICE = {
    "document_type": "invoice",
    "merchant": "Example Ltd",
    "invoice_id": "T-1001",
    "date": "2026-05-01",
    "due_date": None,
    "currency": "EUR",
    "subtotal": "42.00",
    "tax": "3.50",
    "total": "45.50",
    "payment_method": None,
    "line_items": [{"description": "Paper", "quantity": 2, "unit_price": "21.00", "total": "42.00"}],
}

#: Shapes as in each provider's published samples; content made up.
_MADE: Mapping[str, Mapping[str, Callable[[str], Made]]] = {
    "space-ocr": {
        "document.completed": _space_ocr(
            "ocr.completed",
            lambda mark: {
                "jobId": f"job_{mark}",
                "uniqueKey": f"k_{mark}",
                "path": "/paperhook",
                "result": {"name": "a.png", "values": {"vendor": "Example Ltd", "total": "45.50"}},
            },
        ),
        "document.failed": _space_ocr(
            "ocr.failed",
            lambda mark: {
                "jobId": f"job_{mark}",
                "name": "b.png",
                "error": {"code": "no_text", "message": "no readable text"},
            },
        ),
        "endpoint.test": _space_ocr("webhook.test", lambda mark: {"id": mark}),
    },
    "docuparse": {
        "document.completed": _docuparse(
            "document.completed", "document_id", "doc", "data", _DOCUPARSE_INVOICE
        ),
        "document.failed": _docuparse(
            "document.failed",
            "document_id",
            "doc",
            "error",
            {"code": "EXTRACTION_FAILED", "message": "Document extraction failed for this file."},
        ),
        "batch.completed": _docuparse(
            "batch.completed", "batch_id", "batch", "summary", {"total": 3, "succeeded": 2, "failed": 1}
        ),
    },
    "docuprox": {"document.completed": _docuprox},
    "ocriva": {
        "document.received": _ocriva("document.uploaded", {"fileName": "a.pdf", "status": "uploaded"}),
        "document.completed": _ocriva(
            "document.processed",
            {
                "fileName": "a.pdf",
                "status": "completed",
                "extractedData": {"vendor": "Example Ltd", "totalAmount": 45.5, "currency": "EUR"},
                "confidence": 0.97,
                "processingTime": 3241,
                "processedAt": "2026-06-02T10:00:00.000Z",
            },
        ),
        "document.failed": _ocriva(
            "document.failed", {"fileName": "b.pdf", "status": "failed", "errorMessage": "could not read"}
        ),
        "batch.completed": _ocriva(
            "batch.completed",
            {"name": "Batch", "status": "completed", "totalFiles": 3, "completedFiles": 2, "failedFiles": 1},
        ),
    },
}
