"""Which standard name each member gets; of two that mean the same field one wins, and the other keeps its own name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..core.result import ROWS
from .layout import Entry
from .names import ALIASES, STANDARD, Columns

#: The names of a document's own fields.
DOCUMENT = Columns(STANDARD, ALIASES)


def name_entries(
    entries: Sequence[Entry], names: Mapping[str, str], known: Columns, warnings: list[str]
) -> list[Entry]:
    """Give each entry a name of its own, in the order sent; one whose names are all taken is a warning.

    Args:
        entries: The members of a document, or of one row.
        names: The provider's table.
        known: The standard names and what else means them.
        warnings: Where a doubt is told.
    """
    ranked = sorted(
        ((*_standard_names(entry, names, known), index) for index, entry in enumerate(entries)), key=_rank
    )
    taken: dict[str, int] = {}
    for wanted, _, index in ranked:
        entry = entries[index]
        # Two members that mean the same field keep apart under their own names.
        free = next((each for each in (*wanted, entry.key, entry.path) if each not in taken), None)
        if free is None:
            warnings.append(f"{entry.key}: given twice")
        else:
            entry.name = free
            taken[free] = index
    return [entries[index] for index in sorted(taken.values())]


def _rank(claim: tuple[Sequence[str], int, int]) -> tuple[int, int]:
    return claim[1:]


def _standard_names(entry: Entry, names: Mapping[str, str], known: Columns) -> tuple[Sequence[str], int]:
    """Find our names and how sure they are: 0 the provider's table, 1 the exact name, 2 an alias, 3 a word, 4 none."""
    told = names.get(entry.path)
    if told is not None and told not in ROWS:
        return (told,), 0
    name = entry.key
    if name in known.standard:
        return (name,), 1
    if name in known.aliases:
        # {"vendor": {"name": …}} is vendor_name.
        return (known.aliases[name],), 2
    return (known.words[name], 3) if name in known.words else ((), 4)
