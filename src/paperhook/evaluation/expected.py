"""What documents state, as a person wrote it down in a manifest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, ClassVar

import pydantic

from ..errors import ConfigurationError
from ..results.names import ALIASES, DATES, ITEM_ALIASES, MONEY, NUMBERS, PERCENTAGES, snake_case

#: A plain decimal, an ISO date or text; None says that the document does not state the field.
Stated = Annotated[str | None, pydantic.Field(coerce_numbers_to_str=True)]


class _Model(pydantic.BaseModel):
    model_config: ClassVar[pydantic.ConfigDict] = pydantic.ConfigDict(frozen=True)


class ExpectedDocument(_Model):
    """One document and what it states."""

    #: Relative to the manifest's folder, once loaded absolute.
    file: Path
    kind: str | None = None
    #: ISO 639-1.
    language: str | None = None
    #: By standard name; None where only completeness can be told.
    expected: Mapping[str, Stated] | None = None
    #: In the order of the page; None where nobody wrote them down.
    line_items: tuple[Mapping[str, Stated], ...] | None = None
    #: By standard name: further values that count as right.
    also_accept: Mapping[str, tuple[Stated, ...]] = {}

    @property
    def name(self) -> str:
        """The file's base name."""
        return self.file.name

    @property
    def supplier(self) -> str | None:
        """The vendor that it states."""
        return (self.expected or {}).get("vendor")

    @pydantic.model_validator(mode="before")
    @classmethod
    def _rows_apart(cls, raw: object) -> object:
        """Take the rows out of `expected`, and give all fields their standard names."""
        if not isinstance(raw, dict) or not isinstance(raw.get("expected"), dict):
            return raw
        fields = {_name(name): value for name, value in raw["expected"].items()}
        rows = fields.pop("line_items", None)
        also = raw.get("also_accept") or {}
        if isinstance(rows, list):
            rows = [
                {_item_name(name): value for name, value in row.items()} if isinstance(row, dict) else row
                for row in rows
            ]
        return {
            **raw,
            "expected": fields,
            "line_items": rows,
            "also_accept": {_name(name): values for name, values in also.items()},
        }

    @pydantic.model_validator(mode="after")
    def _values_are_plain(self) -> ExpectedDocument:
        fields = self.expected or {}
        for name, value in fields.items():
            _check(name, value)
        for name, values in self.also_accept.items():
            for value in values:
                _check(name, value)
        for index, row in enumerate(self.line_items or ()):
            for name, value in row.items():
                _check(name, value, f"line_items[{index}].{name}")
        return self


class _Manifest(_Model):
    documents: tuple[ExpectedDocument, ...]


def load_manifest(path: str | Path) -> list[ExpectedDocument]:
    """Read a manifest: JSON with a list `documents`, each with `file`, `expected` and what `ExpectedDocument` has.

    Raises:
        ConfigurationError: If it is not there, no such JSON, or holds an amount that is no plain decimal, a date that is
            not ISO 8601, or a file that does not exist; the message names the entry, never a value.
    """
    path = Path(path)
    try:
        manifest = _Manifest.model_validate(json.loads(path.read_text(encoding="utf-8"), parse_float=str))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path.name}: cannot be read ({type(error).__name__})") from None
    except pydantic.ValidationError as error:
        raise ConfigurationError(f"{path.name}: {_problems(error)}") from None
    except ValueError as error:
        raise ConfigurationError(f"{path.name}: is not JSON ({error})") from None
    found = [
        document.model_copy(update={"file": path.parent / document.file}) for document in manifest.documents
    ]
    for document in found:
        if not document.file.is_file():
            raise ConfigurationError(f"{path.name}: there is no file {document.name} beside it")
    return found


def _name(name: str) -> str:
    plain = snake_case(name)
    return ALIASES.get(plain, plain)


def _item_name(name: str) -> str:
    plain = snake_case(name)
    return plain if plain == "amount" else ITEM_ALIASES.get(plain, plain)


def _check(name: str, value: str | None, path: str = "") -> None:
    if value is None or _is_plain(name, value):
        return
    wanted = "a date such as 2026-05-31" if name in DATES else "a plain decimal such as 1234.50"
    raise ValueError(f"{path or name}: not {wanted}")


def _is_plain(name: str, value: str) -> bool:
    try:
        if name in MONEY | NUMBERS | PERCENTAGES:
            return Decimal(value).is_finite()
        if name in DATES:
            date.fromisoformat(value)
    except (InvalidOperation, ValueError):
        return False
    return True


def _problems(error: pydantic.ValidationError) -> str:
    told = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in told[:5])
