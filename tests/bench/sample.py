"""The provider's own FastAPI receiver, as its article prints it; it stores nothing.

Only what the article leaves to the reader is added: three functions that do nothing.

Source: "Event-Driven Invoice Processing with Webhooks", DocuParse's blog, 2026-06-02.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from typing import Any

from fastapi import BackgroundTasks, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse

app = FastAPI()


def verify_webhook_signature(payload: bytes, signature_header: str, secret: str) -> bool:
    """Verify that the webhook came from DocuParseAPI."""
    expected = (
        "sha256="
        + hmac.new(
            secret.encode("utf-8"),
            payload,
            hashlib.sha256,
        ).hexdigest()
    )
    # Use constant-time comparison to prevent timing attacks
    return hmac.compare_digest(expected, signature_header)


@app.post("/webhooks/docuparse")
async def docuparse_webhook(request: Request, background_tasks: BackgroundTasks):
    body = await request.body()
    signature = request.headers.get("x-docuparse-signature", "")
    secret = os.environ.get("DOCUPARSE_WEBHOOK_SECRET", "")

    # Verify signature if secret is configured
    if secret and not verify_webhook_signature(body, signature, secret):
        raise HTTPException(status_code=401, detail="Invalid webhook signature")

    try:
        event = json.loads(body)
    except json.JSONDecodeError:
        raise HTTPException(status_code=400, detail="Invalid JSON payload")  # noqa: B904 - as it is printed

    # Respond immediately — hand off processing to background task
    background_tasks.add_task(handle_event, event)
    return JSONResponse({"received": True})


async def handle_event(event: dict[str, Any]) -> None:
    event_type = event.get("event")

    if event_type == "document.completed":
        await handle_document_completed(event["document_id"], event["data"])
    elif event_type == "document.failed":
        await handle_document_failed(event["document_id"], event.get("error", {}))
    elif event_type == "batch.completed":
        await handle_batch_completed(event["batch_id"], event.get("summary", {}))


async def handle_document_completed(document_id: str, data: dict[str, Any]) -> None:
    merchant = data.get("merchant", "Unknown")
    total = data.get("total", "0")
    currency = data.get("currency", "USD")

    print(f"✓ {merchant}: {currency} {total}")

    # Write to your database, call QuickBooks, send Slack notification, etc.
    await save_to_database(document_id, data)


async def handle_document_failed(document_id: str, error: dict[str, Any]) -> None:
    code = error.get("code", "UNKNOWN")
    print(f"✗ Document {document_id} failed: {code}")

    # Mark for manual review, notify user, log the failure
    await mark_for_review(document_id, error_code=code)


async def handle_batch_completed(batch_id: str, summary: dict[str, Any]) -> None:
    succeeded = summary.get("succeeded", 0)
    total = summary.get("total", 0)
    failed = summary.get("failed", 0)

    print(f"Batch {batch_id}: {succeeded}/{total} processed")

    if failed > 0:
        await send_alert(f"Batch {batch_id} had {failed} failed extractions")


async def save_to_database(document_id: str, data: dict[str, Any]) -> None:
    """Do nothing."""


async def mark_for_review(document_id: str, *, error_code: str) -> None:
    """Do nothing."""


async def send_alert(text: str) -> None:
    """Do nothing."""
