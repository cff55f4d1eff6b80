"""Several rules of which one is enough."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from typing_extensions import override

from ..core.event import DocumentCompleted
from ..core.review import Reason
from ..errors import ConfigurationError
from .base import Custom, Rule
from .unique import Unique


@dataclass(frozen=True)
class AnyOf(Rule):
    """Several rules of which one is enough."""

    rules: tuple[Rule, ...]

    @override
    def check(self, event: DocumentCompleted, *, now: datetime) -> Iterable[Reason]:
        """Give what is wrong by all of them, nothing where one is met."""
        found = [list(rule.check(event, now=now)) for rule in self.rules if rule.applies(event)]
        return [] if not all(found) else [each for reasons in found for each in reasons]


def any_of(*rules: Rule) -> AnyOf:
    """Ask for at least one of several rules; those that are not for a document do not count.

    Raises:
        ConfigurationError: If there is none, or one is `unique` or a function of yours: those are asked on their own.
    """
    if not rules or any(isinstance(rule, (Unique, Custom)) for rule in rules):
        raise ConfigurationError("any_of takes rules that look at nothing but the document, and at least one")
    return AnyOf(rules, name=" or ".join(dict.fromkeys(rule.name for rule in rules)))
