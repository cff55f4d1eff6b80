"""What documents say, prepared by the test: reading real ones takes longer than everything else in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from ..errors import ConfigurationError
from ..reading.extraction import CODES, FIELDS, ExtractedField, Extraction, ReadingFailed

#: What a document says of which nothing was prepared.
INVOICE: Mapping[str, str] = MappingProxyType(
    {
        "vendor": "Example Ltd",
        "invoice_number": "T-1001",
        "invoice_date": "2026-05-01",
        "currency": "EUR",
        "subtotal": "42.00",
        "tax": "3.50",
        "total": "45.50",
    }
)


class PreparedReader:
    """Gives what a test prepared in place of reading: a `reader=` of the local providers.

    Args:
        documents: A file name to what the document says: fields by their standard names, dates as ISO 8601 and amounts as
            plain decimals; or a word such as `no_text`, `corrupt` or `encrypted` for one that cannot be read.
        default: What every other document says, or why it cannot be read.
        line_items: Of every document; `description`, `quantity`, `unit_price` and `amount` of each.

    Raises:
        ConfigurationError: If a field is none of the standard ones or no text, or a word is no reason.
    """

    def __init__(
        self,
        documents: Mapping[str, Mapping[str, str] | str] = MappingProxyType({}),
        *,
        default: Mapping[str, str] | str = INVOICE,
        line_items: Sequence[Mapping[str, str]] = (),
    ) -> None:
        self._items = tuple(_fields(item) for item in line_items)
        self._default = self._prepared(default)
        self._documents = {name: self._prepared(said) for name, said in documents.items()}

    async def aread(self, content: bytes, *, filename: str) -> Extraction:
        """Give what was prepared for a file of this name.

        Raises:
            ReadingFailed: If that is a reason why it cannot be read.
        """
        found = self._documents.get(filename, self._default)
        if isinstance(found, str):
            raise ReadingFailed(found, "the test says that it cannot be read")
        return found

    def _prepared(self, said: Mapping[str, str] | str) -> Extraction | str:
        if isinstance(said, str):
            if said not in CODES:
                raise ConfigurationError(
                    f"no document is {said!r}: write {', '.join(sorted(CODES))}, or fields"
                )
            return said
        unknown = sorted(set(said) - set(FIELDS))
        if unknown:
            raise ConfigurationError(
                f"a document has no field {unknown[0]!r}: it may have {', '.join(FIELDS)}"
            )
        for name, value in said.items():
            if not isinstance(value, str):
                raise ConfigurationError(f"{name} is {value!r}: write text, such as {str(value)!r}")
        text = "\n".join(said.values())
        return Extraction("invoice", "en", 1, text, _fields(said), self._items, ())


def _fields(said: Mapping[str, str]) -> dict[str, ExtractedField]:
    return {
        name: ExtractedField(value, value, 0.99, 1.0, 1, (100, 100, 300, 120)) for name, value in said.items()
    }
