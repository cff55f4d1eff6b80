"""What the emulators share: the taste in which answers are written, and deliveries on their way."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Any

from tests.emulators.server import Asked, Reply

#: How an answer is written where the documents leave it open.
TASTES = ("full", "spare", "nulls", "texts", "generous")
#: A document with these bytes in it cannot be read.
UNREADABLE = b"UNREADABLE"


@dataclass(frozen=True)
class Pushed:
    """A webhook on its way."""

    headers: dict[str, str]
    body: bytes


class Refused(Exception):
    """The request is answered with this instead."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply


@dataclass
class Wire:
    """One provider's side; `answer` is called under a lock."""

    taste: str = "full"
    secret: str = "emulated-webhook-secret"
    outbox: list[Pushed] = field(default_factory=list)
    numbered: int = 0

    def answer(self, asked: Asked) -> Reply:
        try:
            return self.route(asked)
        except Refused as refused:
            return refused.reply

    def route(self, asked: Asked) -> Reply:
        raise NotImplementedError

    def next_id(self, prefix: str) -> str:
        self.numbered += 1
        return f"{prefix}{self.numbered:04x}"

    def say(self, members: dict[str, Any], optional: str = "") -> dict[str, Any]:
        """Write an object in the taste; `optional` names members that nothing promises."""
        names = optional.split()
        if self.taste == "spare":
            return {name: value for name, value in members.items() if name not in names}
        if self.taste == "nulls":
            return {name: None if name in names else value for name, value in members.items()}
        if self.taste == "texts":
            return {name: texts(value) for name, value in members.items()}
        if self.taste == "generous":
            return {"$schema": "v9", **members, "links": {"self": None}, "beta_flags": [1, "x", None]}
        return members

    def sign(self, body: bytes, secret: str | None = None) -> str:
        return hmac.new((secret or self.secret).encode(), body, hashlib.sha256).hexdigest()

    def push(self, body: Any) -> None:
        # Spacing and escapes are the sender's choice: a receiver has to hash the bytes, not what they mean.
        content = json.dumps(
            body, ensure_ascii=self.taste == "texts", indent=1 if self.taste == "full" else None
        )
        self.outbox.append(self.signed(content.encode()))

    def signed(self, body: bytes, secret: str | None = None) -> Pushed:
        raise NotImplementedError


def texts(value: Any) -> Any:
    """Write numbers as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | list):
        return value
    return [texts(one) for one in value] if isinstance(value, list) else str(value)
