"""One webhook request, before and after it is trusted.

Nothing changes these values once they are made; `inbox.values` says why they are not frozen.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NoReturn

from pydantic_core import from_json

from ..errors import MalformedDelivery
from .headers import Headers


def _no_constants(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def without_lone_surrogates(value: Any) -> Any:
    """Replace half characters, which no database and no UTF-8 can hold, by `?`."""
    return json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))


@dataclass(slots=True)
class Delivery:
    """One raw webhook request, untrusted."""

    headers: Headers
    #: The exact bytes.
    body: bytes = field(repr=False)
    method: str = "POST"

    def __post_init__(self) -> None:
        if not isinstance(self.body, bytes):
            raise TypeError(
                f"the body must be the exact bytes that were received, not {type(self.body).__name__}"
            )
        # A plain mapping would compare names with case, and show signatures in its `repr`.
        if not isinstance(self.headers, Headers):
            self.headers = Headers(self.headers)

    def json(self) -> Any:
        """Decode the body as strict JSON.

        Raises:
            MalformedDelivery: If it is not UTF-8 JSON, holds NaN or Infinity, or nests too deeply.
        """
        try:
            # What it takes it reads as Python's reader does, in half the time; "keys", so that no content is kept.
            return from_json(self.body, allow_inf_nan=False, cache_strings="keys")
        except ValueError:
            return self._json_strictly()

    def _json_strictly(self) -> Any:
        """Read what pydantic's reader refuses: a BOM, half characters, deep nesting; or say what is wrong."""
        try:
            value = json.loads(self.body.decode("utf-8-sig"), parse_constant=_no_constants)
            return without_lone_surrogates(value) if b"\\ud" in self.body.lower() else value
        except UnicodeDecodeError:
            raise MalformedDelivery("the body is not UTF-8") from None
        except RecursionError:
            raise MalformedDelivery("the body nests too deeply") from None
        except ValueError:
            raise MalformedDelivery("the body is not JSON") from None

    def json_object(self) -> dict[str, Any]:
        """Decode the body as a JSON object.

        Raises:
            MalformedDelivery: If it is anything else.
        """
        value = self.json()
        if not isinstance(value, dict):
            raise MalformedDelivery(f"the body is a JSON {type(value).__name__}, not an object")
        return value


@dataclass(frozen=True, slots=True)
class Handshake:
    """What a provider wants to read before it sends events."""

    content: bytes = field(default=b"", repr=False)
    content_type: str = "text/plain"
    #: May hold a secret, so they are not shown.
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)


@dataclass(slots=True)
class Envelope:
    """What identity and routing need to know of one event, before its content is read."""

    #: Deliveries and polls that mean the same event have the same key.
    key: str
    #: Our word, such as `document.completed`; the provider's own where we have none.
    type: str
    #: The provider's word.
    provider_type: str
    #: The part of the body that holds result, error or summary.
    payload: Any = field(repr=False)
    #: The whole decoded body.
    raw: Any = field(repr=False)
    job_id: str | None = None
    document_id: str | None = None
    batch_id: str | None = None
    occurred_at: datetime | None = None
    #: Of what polling found: other keys under which a webhook may have told it, where it names its job otherwise or not.
    aliases: tuple[str, ...] = ()
