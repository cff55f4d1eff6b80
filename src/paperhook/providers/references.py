"""Whether a URL that a delivery names may be fetched, and whether our credentials may go along."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from urllib.parse import SplitResult, urlsplit

from ..errors import ConfigurationError

_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9])?)*")
#: What a resolver may read as an address: the last label is a number, decimal, octal or hexadecimal.
_ADDRESS = re.compile(r"(.*\.)?(0x[0-9a-f]*|[0-9]+)\.?")
#: Names that lead into a network of one's own.
_PRIVATE = re.compile(
    r"(.*\.)?(localhost|local|internal|intranet|lan|home|corp|private|home\.arpa|localdomain)"
)
_URL = re.compile(r"[\x21\x23-\x5b\x5d\x5f\x61-\x7a\x7e]{1,4096}")
_PORTS = {"http": 80, "https": 443}


def origin_of(url: str) -> tuple[str, str, int] | None:
    """Give scheme, host and port of a URL, or None where it is not one that is meant to be fetched."""
    if not _URL.fullmatch(url):
        return None
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if host is None or parts.scheme not in _PORTS or _has_user(parts):
        return None
    return parts.scheme, host, _PORTS[parts.scheme] if port is None else port


def _has_user(parts: SplitResult) -> bool:
    return "@" in parts.netloc


def check_reference(provider: str, url: str, *, own: str, hosts: Sequence[str]) -> bool:
    """Decide whether a URL may be fetched; the provider's own origin always may.

    What a public name resolves to is looked at by whoever sends the request, see `paperhook.client.foreign`.

    Args:
        provider: For messages.
        url: As the delivery names it.
        own: The provider's base URL.
        hosts: Names that are allowed, and names of which all subdomains are, with a dot in front.

    Returns:
        Whether the URL is of the provider's own origin, so that credentials may go along.

    Raises:
        ConfigurationError: If it may not be fetched; the message names the host and never the URL, which may be signed.
    """
    origin = origin_of(url)
    if origin is None:
        raise ConfigurationError(f"{provider}: the delivery refers to something that is no plain https URL")
    if origin == origin_of(own):
        return True
    scheme, host, port = origin
    if scheme != "https" or port != _PORTS["https"]:
        raise ConfigurationError(
            f"{provider}: the delivery refers to {host} by {scheme}, port {port}: only https is fetched"
        )
    if is_private(host):
        raise ConfigurationError(
            f"{provider}: the delivery refers to {host}, which is an address or a private name"
        )
    if not any(host == each or (each.startswith(".") and host.endswith(each)) for each in hosts):
        raise ConfigurationError(
            f"{provider}: the delivery refers to {host}, which is not among the allowed hosts "
            f"({', '.join(hosts) or 'none'}): add it to references.hosts if you trust it"
        )
    return False


def is_private(host: str) -> bool:
    """Tell whether a host is an address in any spelling, or a name that leads inside."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return (
            not _HOST.fullmatch(host)
            or bool(_ADDRESS.fullmatch(host) or _PRIVATE.fullmatch(host))
            or "." not in host
        )
    # Public ones as well: no certificate of a provider is made out to an address.
    return True


#: IPv6 addresses that lead to the IPv4 one in their last 32 bits, where a network has only IPv6. Source: RFC 6052 section 2.1.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def is_public_address(text: str) -> bool:
    """Tell whether an address is one that everybody reaches, whatever it is wrapped in.

    Args:
        text: As a resolver gives it.
    """
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv4Address):
        return _is_public(address)
    inside = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else address.ipv4_mapped
    if inside is not None:
        return _is_public(inside)
    # Tunnels of old, which lead wherever their inner address does.
    is_tunnel = address.sixtofour is not None or address.teredo is not None
    return _is_public(address) and not is_tunnel and not address.is_site_local


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    # `is_global` follows IANA's list of special addresses, and calls some multicast and reserved ones global.
    return address.is_global and not (address.is_multicast or address.is_reserved)
