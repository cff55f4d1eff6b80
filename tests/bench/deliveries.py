"""Signed deliveries as DocuParse sends them, 1.5 KB each, every one another event."""

from __future__ import annotations

import hashlib
import hmac
import json

SECRET = "a-secret-for-the-benchmark"
HEADER = "X-DocuParse-Signature"
BODY_BYTES = 1536


def delivery(number: int) -> tuple[bytes, str]:
    """Give the body and the signature of one event."""
    event = {
        "event": "document.completed",
        "document_id": f"doc_{number:08d}",
        "timestamp": "2026-05-19T14:32:00Z",
        "data": {
            "document_type": "invoice",
            "merchant": "Riverside Consulting LLC",
            "invoice_id": f"INV-2026-{number:08d}",
            "date": "2026-05-01",
            "due_date": "2026-05-31",
            "currency": "USD",
            "subtotal": "3500.00",
            "tax": "350.00",
            "total": "3850.00",
            "line_items": [
                {"description": f"Position {line}", "quantity": 7, "unit_price": "100.00", "total": "700.00"}
                for line in range(5)
            ],
            "notes": "",
        },
    }
    event["data"]["notes"] = "n" * (BODY_BYTES - len(json.dumps(event)))
    body = json.dumps(event).encode()
    return body, "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
