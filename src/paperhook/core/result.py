"""Normalised content of a document: the same names and types whatever the provider sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, TypeAlias, TypeVar

import pydantic

from ..errors import ResultInvalid
from .model import Model

#: x0, y0, x1, y1: integers 0..1000, origin top left of the displayed page.
Box: TypeAlias = tuple[int, int, int, int]
#: Money and quantities are Decimal, dates are date, everything else is what the provider sent.
Value: TypeAlias = Decimal | date | bool | str | None

M = TypeVar("M", bound=pydantic.BaseModel)


class Field(Model):
    """One value and where it stands on the page."""

    value: Any = pydantic.Field(default=None, repr=False)
    #: As printed, or as the provider sent it.
    text: str | None = pydantic.Field(default=None, repr=False)
    #: 0..1, how sure the provider is; None where it does not say.
    confidence: float | None = None
    #: From 1.
    page_number: int | None = None
    box: Box | None = None
    #: 0..1, how much of the value the provider found among the page's own words.
    match_ratio: float | None = None
    #: The provider's own name of the field.
    provider_name: str = ""


class Result(Model):
    """What a document says."""

    #: By the standard names of `paperhook.schemas`; a name without a standard one is kept as sent.
    fields: Mapping[str, Field] = pydantic.Field(default_factory=dict[str, Field])
    #: One mapping per line of the document, names as in `paperhook.schemas.LineItem`.
    line_items: tuple[Mapping[str, Field], ...] = ()
    #: Any other lists of rows, by the provider's name.
    tables: Mapping[str, Any] = pydantic.Field(default_factory=dict[str, Any], repr=False)
    #: The whole text, where the provider sends it.
    text: str | None = pydantic.Field(default=None, repr=False)
    #: Field path and reason, never a value.
    warnings: tuple[str, ...] = ()
    document_type: str | None = None
    #: 0..1, of the whole document, where the provider says it.
    confidence: float | None = None
    #: What the provider sent.
    raw: Any = pydantic.Field(default=None, repr=False)

    def values(self) -> dict[str, Any]:
        """Give plain values: field name to value, and `line_items` as a list of such mappings."""
        plain: dict[str, Any] = {name: field.value for name, field in self.fields.items()}
        if self.line_items:
            plain["line_items"] = [
                {name: field.value for name, field in item.items()} for item in self.line_items
            ]
        return plain

    def parse(self, model: type[M]) -> M:
        """Fill a pydantic model.

        Standard names fill fields of the same name or alias; the provider's own names are tried after them.

        Args:
            model: One of `paperhook.schemas` or any pydantic model of yours.

        Raises:
            ResultInvalid: If a value is missing or does not fit; `problems` names every path.
        """
        values = {field.provider_name: field.value for field in self.fields.values() if field.provider_name}
        values |= self.values()
        if self.document_type is not None:
            values.setdefault("document_type", self.document_type)
        try:
            return model.model_validate({name: values[name] for name in _wanted(model) if name in values})
        except pydantic.ValidationError as error:
            problems = tuple(
                f"{'.'.join(str(part) for part in problem['loc'])}: {problem['type']}"
                for problem in error.errors(include_url=False, include_context=False, include_input=False)
            )
            # The original error prints the values.
            raise ResultInvalid(f"{model.__name__}: {'; '.join(problems)}", problems=problems) from None


def _wanted(model: type[pydantic.BaseModel]) -> list[str]:
    """List the names under which a model takes values."""
    names: list[str] = []
    for name, field in model.model_fields.items():
        alias = field.validation_alias
        if isinstance(alias, pydantic.AliasChoices):
            names += [choice for choice in alias.choices if isinstance(choice, str)]
        elif isinstance(alias, str):
            names.append(alias)
        names.append(name)
    return names
