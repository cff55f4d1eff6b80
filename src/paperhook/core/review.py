"""Why a document is held back, and what a person decided about it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum

import pydantic

from .model import Model
from .result import Box


class Reason(Model):
    """One rule that a document does not meet; it never holds a value of the document."""

    #: The rule's name.
    rule: str
    #: What is wrong, for the person who looks at it.
    message: str
    #: The field's path, such as `total` or `line_items[2].amount`; None where it is about the whole document.
    field: str | None = None
    #: From 1.
    page_number: int | None = None
    #: Where the field stands on that page.
    box: Box | None = None

    def __str__(self) -> str:
        return f"{self.rule}: {self.message}"


def reasons_to_json(reasons: Iterable[Reason]) -> str:
    """Write reasons as one text, for a store."""
    return json.dumps([reason.model_dump() for reason in reasons])


def reasons_from_json(text: str) -> tuple[Reason, ...]:
    """Read what `reasons_to_json` wrote."""
    return tuple(Reason.model_validate(each) for each in json.loads(text))


class Decision(StrEnum):
    """What a person decided."""

    #: The document is right as it was read.
    ACCEPTED = "accepted"
    #: It is right with the corrections.
    CORRECTED = "corrected"
    #: Nothing is to be done with it.
    REJECTED = "rejected"


class Review(Model):
    """A document that was held back."""

    reasons: tuple[Reason, ...]
    opened_at: datetime
    #: None while it waits.
    decision: Decision | None = None
    decided_at: datetime | None = None
    #: Who decided; empty where nobody said.
    by: str = ""
    note: str = pydantic.Field(default="", repr=False)
    #: Field path to the value as text; None takes a value away.
    corrections: Mapping[str, str | None] = pydantic.Field(default_factory=dict[str, str | None], repr=False)
