"""What a sheet of space-ocr extracts, as a user writes it.

Source: the vendor's published agent skill, where nothing else is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Column:
    """One field to extract, of a sheet or of a single call."""

    name: str
    #: `string`, or `array` for repeating rows such as line items.
    type: str = "string"
    #: What to look for, in plain words.
    description: str | None = None
    #: The columns of an array's rows.
    children: tuple[Column, ...] = ()

    def __post_init__(self) -> None:
        # As for a sheet, a list will do, and names.
        object.__setattr__(self, "children", columns_of(self.children))

    def to_wire(self) -> dict[str, Any]:
        """Give the member of `columns` and `fields`; what is not set is left out."""
        given: dict[str, Any] = {"name": self.name, "type": self.type}
        if self.description is not None:
            given["description"] = self.description
        if self.children:
            given["children"] = [child.to_wire() for child in self.children]
        return given


def columns_of(given: Sequence[Column | str] | str) -> tuple[Column, ...]:
    """Read columns, names, or names joined by commas."""
    names = [name.strip() for name in given.split(",")] if isinstance(given, str) else given
    return tuple(Column(name=each) if isinstance(each, str) else each for each in names if each)


#: What a new sheet extracts unless told otherwise: the standard fields of an invoice.
INVOICE_COLUMNS = (
    Column(name="vendor", description="who issued the document"),
    Column(name="customer", description="who has to pay"),
    *(Column(name=name) for name in ("invoice_number", "invoice_date", "due_date")),
    Column(name="currency", description="ISO 4217 code"),
    *(Column(name=name) for name in ("subtotal", "tax", "total")),
    Column(
        name="line_items",
        type="array",
        children=tuple(Column(name=name) for name in ("description", "quantity", "unit_price", "amount")),
    ),
    Column(
        name="taxes",
        type="array",
        description="one row for each rate of tax",
        children=tuple(Column(name=name) for name in ("tax_rate", "taxable_amount", "tax")),
    ),
)

#: Ids that `ocr_fields(template_id=)` takes; a newer one may be given as well.
TEMPLATE_IDS = (
    "invoice",
    "receipt",
    "business_card",
    "purchase_order",
    "delivery",
    "quote",
    "bankbook",
    "passport",
    "driver_license",
    "resident_card",
    "my_number_card",
    "residence_card",
    "india_electoral_roll_cover",
)
