"""Requests to hosts that a delivery named: the name is resolved once, its addresses are checked, and that address is used.

A name that is resolved again for the connection could lead elsewhere by then (DNS rebinding), so the connection goes to the
address that was checked, with the name in the Host header and in TLS, whose certificate must be made out to it.
"""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from ..core.exchange import Request
from ..errors import ConfigurationError, NothingSent
from ..providers.references import is_public_address


def public_address(request: Request, provider: str) -> str:
    """Resolve the host of a request.

    Returns:
        One address, every one of the host being public.

    Raises:
        ConfigurationError: If one of them is not.
        NothingSent: If the name cannot be resolved.
    """
    parts = urlsplit(request.url)
    host = parts.hostname or ""
    try:
        found = socket.getaddrinfo(host, parts.port or 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise NothingSent(f"{provider}: {host} cannot be resolved: {reason}", provider=provider) from error
    addresses = [str(each[4][0]) for each in found]
    if not addresses or not all(map(is_public_address, addresses)):
        raise ConfigurationError(
            f"{provider}: the delivery refers to {host}, which leads to an address that is not public: nothing was sent"
        )
    return addresses[0]
