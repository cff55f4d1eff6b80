"""What every adapter asks of a request before and while it reads the body."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from urllib.parse import unquote

from ..core.headers import HeaderText
from ..errors import DeliveryTooLarge, MalformedDelivery, WrongContentType, WrongMethod

#: Read at a time.
CHUNK_BYTES = 64 * 1024
#: A length with more digits is over any bound; Python refuses to read thousands of them.
_MAX_DIGITS = 18


def provider_in(path: str) -> str | None:
    """Give the last part of a path, None where there is none; what stands before it is a route's own path."""
    return unquote(path).strip("/").rpartition("/")[2] or None


def check_announced(
    method: str, headers: Iterable[tuple[HeaderText, HeaderText]], max_body_bytes: int
) -> int | None:
    """Refuse what need not be read at all.

    A compressed body is refused here, because some frameworks would unpack it before anybody counts its bytes.

    Returns:
        How many bytes are announced, None where nothing is: then the body is chunked, or there is none.

    Raises:
        WrongMethod: If it is not a POST.
        WrongContentType: If the body is compressed.
        MalformedDelivery: If a length is no number, or two differ.
        DeliveryTooLarge: If more is announced than `max_body_bytes`.
    """
    if method != "POST":
        raise WrongMethod("a delivery is a POST, this is another method")
    announced: int | None = None
    for name, value in headers:
        known = _text(name).lower()
        if known == "content-encoding" and _text(value).strip().lower() not in ("", "identity"):
            raise WrongContentType("compressed deliveries are refused, no provider sends them")
        if known == "content-length" and (text := _text(value).strip()):
            length = _length_of(text)
            if announced not in (None, length):
                raise MalformedDelivery("two lengths are announced")
            announced = length
    if announced is not None and announced > max_body_bytes:
        raise DeliveryTooLarge(f"the body has {announced} bytes, the bound is {max_body_bytes}")
    return announced


def _text(value: HeaderText) -> str:
    return value if isinstance(value, str) else value.decode("latin-1")


def _length_of(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise MalformedDelivery("content-length is not a number")
    return int(text) if len(text) <= _MAX_DIGITS else 10**_MAX_DIGITS


class Body:
    """Collects a body and refuses it as soon as it is too large.

    Args:
        max_body_bytes: The bound.
        announced: How many bytes have to come; None takes any number.
    """

    def __init__(self, max_body_bytes: int, announced: int | None = None) -> None:
        self._max_body_bytes = max_body_bytes
        self._announced = announced
        self._chunks: list[bytes] = []
        self._size_bytes = 0

    def add(self, chunk: bytes) -> None:
        """Take the next bytes.

        Raises:
            DeliveryTooLarge: If they are too many.
        """
        self._size_bytes += len(chunk)
        if self._size_bytes > self._max_body_bytes:
            self._chunks.clear()
            raise DeliveryTooLarge(f"the body has more than {self._max_body_bytes} bytes")
        self._chunks.append(chunk)

    def read_from(self, read: Callable[[int], bytes]) -> bytes:
        """Read a file to its end, or as far as announced; some servers block beyond that.

        Raises:
            DeliveryTooLarge: As soon as it is.
            MalformedDelivery: If it breaks off.
        """
        while size_bytes := self._wanted_bytes():
            try:
                chunk = read(size_bytes)
            except OSError as error:
                raise MalformedDelivery("the body could not be read to its end") from error
            if not chunk:
                break
            self.add(chunk)
        return self.whole()

    def _wanted_bytes(self) -> int:
        if self._announced is None:
            return CHUNK_BYTES
        return min(CHUNK_BYTES, self._announced - self._size_bytes)

    def whole(self) -> bytes:
        """Give all that came.

        Raises:
            MalformedDelivery: If less came than was announced.
        """
        if self._announced is not None and self._size_bytes < self._announced:
            raise MalformedDelivery(f"the body broke off after {self._size_bytes} of {self._announced} bytes")
        return b"".join(self._chunks)
