"""Events as the inbox keeps them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from ..core.delivery import Envelope
from ..core.event import Origin
from ..core.provider import Provider
from ..inbox.base import Entry


def entry_of(
    provider: Provider,
    envelope: Envelope,
    body: bytes,
    form: str,
    index: int,
    headers: Mapping[str, str],
    origin: Origin,
    received_at: float,
) -> Entry:
    """Give what the inbox keeps of one event of a delivery, or of what polling found."""
    return Entry(
        provider=provider.name,
        key=envelope.key,
        type=envelope.type,
        body=body,
        form=form,
        index=index,
        headers=headers,
        # Exactly a text: stores ask of a member of an enumeration how it is to be written.
        origin=str(origin),
        job_id=envelope.job_id,
        document_id=envelope.document_id,
        batch_id=envelope.batch_id,
        occurred_at=envelope.occurred_at.timestamp() if envelope.occurred_at else None,
        received_at=received_at,
    )


def envelope_json(envelope: Envelope, *, has_raw: bool = False) -> bytes:
    """Write down an event that no delivery brought; `envelope_of` reads it.

    Args:
        has_raw: Keep `raw` beside the payload, which it is else.
    """
    named = {
        "key": envelope.key,
        "type": envelope.type,
        "provider_type": envelope.provider_type,
        "job_id": envelope.job_id,
        "document_id": envelope.document_id,
        "batch_id": envelope.batch_id,
        "occurred_at": envelope.occurred_at.timestamp() if envelope.occurred_at else None,
        "payload": envelope.payload,
        **({"raw": envelope.raw} if has_raw else {}),
    }
    return json.dumps(named).encode()


def envelope_of(body: bytes) -> Envelope:
    """Read what `envelope_json` wrote."""
    named = json.loads(body)
    moment = named.pop("occurred_at")
    raw = named.pop("raw", named["payload"])
    return Envelope(
        **named,
        raw=raw,
        occurred_at=None if moment is None else datetime.fromtimestamp(moment, UTC),
    )
