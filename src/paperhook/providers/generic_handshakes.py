"""What a provider asks before it sends events, answered by a declaration."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from ..core.delivery import Delivery, Handshake
from ..errors import MalformedDelivery, Unsigned
from .declaration import Handshake as Table
from .generic_events import EventReader
from .paths import find

#: A challenge is echoed to whoever sends it, so it is short and plain.
_CHALLENGE = re.compile(r"[A-Za-z0-9._~+/=:-]{1,512}")
#: A secret that a provider hands over.
_HOOK_SECRET = re.compile(r"[\x21-\x7e]{16,512}")
#: A handshake is small; a large delivery is not parsed before it is checked.
_MAX_BYTES = 4096


def challenge_in(delivery: Delivery, table: Table, events: EventReader) -> str | None:
    """Read the challenge out of a delivery; None where it is no handshake."""
    if len(delivery.body) > _MAX_BYTES:
        return None
    try:
        body = delivery.json()
    except MalformedDelivery:
        return None
    if table.word and events.word(body, delivery.headers) != table.word:
        return None
    value = find(body, table.challenge)
    return value if isinstance(value, str) and _CHALLENGE.fullmatch(value) else None


def echoed(challenge: str, table: Table) -> Handshake:
    """Answer with the challenge, as the declaration says."""
    if table.reply == "text":
        return Handshake(challenge.encode())
    return Handshake(json.dumps({table.member: challenge}).encode(), "application/json")


def handed_over(
    name: str, delivery: Delivery, table: Table, take: Callable[[str], object] | None
) -> Handshake | None:
    """Pass on the secret that a provider hands over; None where a delivery has none.

    Args:
        name: Of the provider, for messages.
        take: Called with the secret.

    Raises:
        Unsigned: If nobody takes it.
        MalformedDelivery: If it is no secret, or there are two.
    """
    values = list(delivery.headers.get_all(table.header))
    if not values:
        return None
    if take is None:
        raise Unsigned(f"{name}: {table.header} is handed over, and nobody takes it: pass on_handshake=")
    if len(values) > 1 or not _HOOK_SECRET.fullmatch(values[0]):
        raise MalformedDelivery(f"{name}: {table.header} holds no secret")
    take(values[0])
    return Handshake(headers=((table.header, values[0]),) if table.echo_header else ())
