"""What space-ocr's own endpoints answer, as typed values; members it adds later are kept.

Source: the vendor's published agent skill, where nothing else is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias

import pydantic

from ..core.answers import number_in
from ..core.instants import instant
from ..core.model import CamelModel
from .space_ocr_columns import Column


def _milliseconds(value: Any) -> int | None:
    number = number_in(value)
    if number is None and isinstance(value, str) and (moment := instant(value)) is not None:
        number = moment.timestamp() * 1000
    return None if number is None else round(number)


#: Since the epoch, also where the answer has ISO 8601 text: only /health shows a number. None for what is no moment.
Milliseconds: TypeAlias = Annotated[int | None, pydantic.BeforeValidator(_milliseconds)]


def _column(given: Any) -> Any:
    """Read a column, of which an answer may give the name alone (assumed); null is taken for absent, as elsewhere."""
    if isinstance(given, str):
        return Column(name=given)
    if not isinstance(given, Mapping):
        return given
    told = {name: value for name, value in given.items() if value is not None}
    children = told.get("children")
    return told | {"children": [_column(each) for each in children]} if isinstance(children, list) else told


#: A column as an answer has it.
Told: TypeAlias = Annotated[Column, pydantic.BeforeValidator(_column)]


class Health(CamelModel):
    """Answer of `health`."""

    status: str
    version: str = ""
    #: Milliseconds since the epoch.
    time: int = 0


class FreeScans(CamelModel):
    """Scans that cost nothing, by month."""

    used: int = 0
    limit: int = 0
    remaining: int = 0
    #: Milliseconds since the epoch.
    cycle_start: Milliseconds = None
    cycle_end: Milliseconds = None


class FlatFee(CamelModel):
    """Scans of a monthly plan."""

    enabled: bool = False
    used: int = 0
    limit: int = 0
    remaining: int = 0
    #: Milliseconds since the epoch.
    next_billing_at: Milliseconds = None


class Amount(CamelModel):
    """Answer of `amount`: what is left to spend, in scans."""

    free: FreeScans = pydantic.Field(default_factory=FreeScans)
    flatfee: FlatFee = pydantic.Field(default_factory=FlatFee)
    #: Scans bought on top.
    balance: int = 0
    currency: str = "scans"
    per_call_cost: int = 1

    @property
    def runnable_scans(self) -> int:
        """How many images can be read now; a plan that is not enabled does not count."""
        plan = self.flatfee.remaining if self.flatfee.enabled else 0
        return self.free.remaining + plan + self.balance


class Suggestion(CamelModel):
    """Answer of `suggest_fields`; the endpoint is only named, its members are assumed."""

    fields: tuple[Told, ...] = ()


class Node(CamelModel):
    """A folder, sheet, memo or image of the space."""

    path: str
    name: str = ""
    type: str
    unique_key: str | None = None
    extensions: Any = None
    #: Milliseconds since the epoch.
    created_at: Milliseconds = None


class Created(CamelModel):
    """Answer of `create`; `path` may end in the unique key instead of the name."""

    path: str
    type: str = ""
    unique_key: str | None = None


class Row(CamelModel):
    """One image of a sheet and what was read from it."""

    row_key: str
    name: str = ""
    image_url: str | None = None
    #: The words of a job's status.
    ocr_status: str = ""
    #: By column, with `field_bboxes` unless boxes were left out.
    values: dict[str, Any] = pydantic.Field(default_factory=dict[str, Any], repr=False)


class View(CamelModel):
    """Answer of `view`; which members are set depends on `type`."""

    #: `folder`, `sheet`, `memo` or `img`.
    type: str
    path: str = ""
    name: str = ""
    #: Of a folder.
    items: tuple[Node, ...] = ()
    #: Of a sheet.
    columns: tuple[Told, ...] = ()
    #: Rows of the sheet, before and after `where`.
    total: int | None = None
    matched: int | None = None
    offset: int | None = None
    limit: int | None = None
    #: None after the last row.
    next_offset: int | None = None
    rows: tuple[Row, ...] = ()
    #: Of a memo.
    text: str | None = pydantic.Field(default=None, repr=False)
    #: Of an image.
    image_url: str | None = None
    ocr_status: str | None = None


class WebhookSettings(CamelModel):
    """The one webhook of the space (members assumed)."""

    url: str | None = None
    #: Told when the webhook is set; keep it as `webhook_secret`.
    secret: str | None = pydantic.Field(default=None, repr=False)
    enabled: bool = False


class WebhookDelivery(CamelModel):
    """One entry of the delivery log (members assumed, others are kept)."""

    id: str
    event: str | None = None
    status: Any = None
    attempts: Any = None
    created_at: Any = None
