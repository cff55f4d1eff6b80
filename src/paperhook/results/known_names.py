"""The names that a correction may use: the standard ones, and those that a document has; a typo is none of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher

from ..core.result import Result
from .names import ALIASES, COLUMNS, STANDARD, snake_case

#: How alike two names are, 0..1, for one to be told where the other was meant.
ALIKE = 0.7
#: How much less than the nearest others may be.
MARGIN = 0.1
#: How many of them are told.
TOLD = 3


@dataclass(frozen=True)
class KnownNames:
    """What fields and columns may be called in the corrections of one document."""

    #: None where it cannot be read here: then the provider's own names are not known.
    result: Result | None
    #: Paths that are known from elsewhere: those that a rule names, and those that were corrected before.
    paths: Collection[str] = ()
    #: Whether a name that nobody knows makes a new field.
    takes_new: bool = False

    def problem_of_field(self, name: str) -> str:
        """Say what is wrong with the name of a field; empty where nothing is."""
        own = self._own_names()
        if name in STANDARD or name in own or name in self.paths:
            return ""
        if name.isidentifier():
            return "" if self.takes_new else _unknown(name, {*STANDARD, *own}, ALIASES, "field")
        # A name of the provider's, which only its result knows; a new field could not be called so.
        if self.result is None:
            return ""
        return _unknown(name, {*STANDARD, *own}, ALIASES, "field", is_new_possible=False)

    def problem_of_column(self, member: str, name: str) -> str:
        """Say what is wrong with the name of a row's column; empty where nothing is.

        Args:
            member: `line_items`, or another of the result's members that are rows.
        """
        known = COLUMNS[member]
        rows = () if self.result is None else self.result.rows(member)
        own = {column for row in rows for column in row}
        own |= {path.rpartition(".")[2] for path in self.paths if path.startswith(f"{member}[")}
        if self.takes_new or name in known.standard or name in own:
            return ""
        return _unknown(name, known.standard | own, known.aliases, "column")

    def _own_names(self) -> set[str]:
        fields = {} if self.result is None else self.result.fields
        return {*fields, *(field.provider_name for field in fields.values() if field.provider_name)}


def _unknown(
    name: str, known: Collection[str], aliases: Mapping[str, str], what: str, *, is_new_possible: bool = True
) -> str:
    """Tell that a name is unknown, and which known ones are like it."""
    meant = {snake_case(each): each for each in sorted(known)} | dict(aliases)
    key = snake_case(name)
    ratios = {each: SequenceMatcher(None, key, each).ratio() for each in meant}
    nearly = max(ALIKE, max(ratios.values(), default=0.0) - MARGIN)
    like = sorted((each for each in meant if ratios[each] >= nearly), key=lambda each: -ratios[each])
    told = " or ".join(list(dict.fromkeys(meant[each] for each in like))[:TOLD])
    problem = f"no {what} has this name" + (f", did you mean {told}?" if told else "")
    return f"{problem} (new_fields allows a new one)" if is_new_possible else problem
