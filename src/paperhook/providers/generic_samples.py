"""Deliveries made up from a declaration: what its paths lead to is put where they lead, so any declared API can be tried."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..core.delivery import Delivery
from ..core.headers import Headers
from ..errors import ConfigurationError, MalformedDelivery
from .declaration import Declaration
from .generic_events import BATCH, COMPLETED, FAILED, EventReader
from .paths import HEADER, WHOLE, find

_RESULT = {
    "vendor": "Example Ltd",
    "invoice_number": "T-1001",
    "invoice_date": "2026-05-01",
    "currency": "EUR",
    "total": "45.50",
}


def event_types(declaration: Declaration) -> tuple[str, ...]:
    """Name the events that a declared API pushes, in our words."""
    return tuple(dict.fromkeys(declaration.events.words.values()))


def made_up(
    declaration: Declaration, event: str, mark: str, change: Mapping[str, Any]
) -> tuple[Any, dict[str, str]]:
    """Make up a delivery.

    Args:
        declaration: What the API calls things.
        event: Our word, such as `document.completed`.
        mark: Makes the ids of this delivery its own.
        change: Merged over the event, see `merged`.

    Returns:
        The JSON value of the body and the API's own headers, unsigned.

    Raises:
        ConfigurationError: If the API pushes no such event, or nothing that is declared leads to one.
    """
    words = [word for word, meaning in declaration.events.words.items() if meaning == event]
    if not words:
        pushed = ", ".join(event_types(declaration)) or "nothing that we have a word for"
        raise ConfigurationError(f"{declaration.name} pushes no {event}: it pushes {pushed}")
    for word in words:
        body, headers = _Sample(declaration, event, mark).of(word)
        if _type_of(declaration, _wrapped(declaration, body), headers) == event:
            return _wrapped(declaration, merged(body, change)), headers
    raise ConfigurationError(f"{declaration.name}: no {event} can be made up from its declaration: use send")


def merged(value: Any, change: Any) -> Any:
    """Merge a change over a JSON value: members replace members, null removes.

    Source: RFC 7396, JSON Merge Patch.
    """
    if not isinstance(change, Mapping):
        return change
    kept = dict(value) if isinstance(value, Mapping) else {}
    for name, each in change.items():
        if each is None:
            kept.pop(name, None)
        else:
            kept[name] = merged(kept.get(name), each)
    return kept


def _wrapped(declaration: Declaration, body: Any) -> Any:
    if declaration.body == "array":
        return [body]
    if declaration.body == "sns":
        return {"Type": "Notification", "MessageId": "m-1", "Message": json.dumps(body)}
    return body


def _type_of(declaration: Declaration, body: Any, headers: Mapping[str, str]) -> str | None:
    delivery = Delivery(Headers(headers), json.dumps(body).encode())
    try:
        return EventReader(declaration).envelopes(delivery)[0].type
    except MalformedDelivery:
        return None


class _Sample:
    """One event being put together."""

    def __init__(self, declaration: Declaration, event: str, mark: str) -> None:
        self._told, self._event, self._mark = declaration, event, mark
        self._body: dict[str, Any] = {}
        self._headers: dict[str, str] = {}

    def of(self, word: str) -> tuple[dict[str, Any], dict[str, str]]:
        """Give body and headers of an event that the API calls by this word."""
        self._put_content()
        ids, marks = self._told.ids, self._mark
        self._put(self._told.payload.occurred_at, "2026-06-02T10:00:00Z")
        for paths, name in (
            (ids.document, "doc"),
            (ids.batch, "batch"),
            (ids.job, "job"),
            (ids.event, "evt"),
        ):
            self._put(paths, f"{name}_{marks}")
        self._put_word(word)
        return self._body, self._headers

    def _put_content(self) -> None:
        paths = self._told.payload
        if self._event == COMPLETED:
            theirs = {ours: name for name, ours in paths.names.items()}
            result = {theirs.get(name, name): value for name, value in _RESULT.items()}
            if WHOLE in paths.result[:1]:
                self._body |= result
            else:
                self._put(paths.result, result)
            if not paths.result and self._told.references is not None:
                self._put(self._told.references.url, f"{self._told.base_url}/results/{self._mark}")
        if self._event == FAILED:
            self._put(paths.error_code, "CORRUPT_FILE")
            self._put(paths.error_message, "the file cannot be opened")
        if self._event == BATCH:
            for places, count in ((paths.total, 3), (paths.succeeded, 2), (paths.failed, 1)):
                self._put(places, count)

    def _put_word(self, word: str) -> None:
        events = self._told.events
        for path in (path for path, named in events.present.items() if named == word):
            if find(self._body, (path,)) is None:
                self._put((path,), {"made_up": True})
            return
        whole, _, qualifier = word.rpartition(".")
        if events.qualifier and whole and word != events.constant:
            self._put(events.qualifier, qualifier)
            word = whole
        self._put(events.type, word)

    def _put(self, paths: Sequence[str], value: Any) -> None:
        """Put a value at the first place where there is room for it: in the body, else in a header."""
        for path in paths:
            if not path.startswith(HEADER) and path != WHOLE and _place(self._body, path.split("."), value):
                return
        for path in paths:
            if path.startswith(HEADER):
                self._headers[path.removeprefix(HEADER)] = str(value)
                return


def _place(body: Any, names: Sequence[str], value: Any) -> bool:
    """Put a value where names lead; False where something else stands in the way."""
    place: Any = body
    for name, following in zip(names, (*names[1:], ""), strict=True):
        key = _key(place, name)
        if key is None:
            return False
        if not following:
            is_free = not isinstance(place[key], dict)
            place[key] = value if is_free else place[key]
            return is_free
        if place[key] is None:
            place[key] = [] if following == "0" else {}
        place = place[key]
    return False  # pragma: no cover - a path has at least one name


def _key(place: Any, name: str) -> Any:
    """Make room for a member, or for the first element of a list."""
    if isinstance(place, dict):
        place.setdefault(name, None)
        return name
    if not isinstance(place, list) or name != "0":
        return None
    place[:] = place or [None]
    return 0
