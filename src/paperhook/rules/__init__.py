"""Rules that a document must meet before handlers act on it: `Webhooks(provider, rules=[required("total"), sums()])`.

Rules are frozen values. Each has a name, and gives a reason with field and box for everything that does not meet it. They
look at a document and touch nothing; only `unique` needs the inbox, and the worker asks it.
"""

from __future__ import annotations

from ..core.review import Reason
from .alternatives import any_of
from .base import Custom, Rule, ask, rule_of
from .dates import NotAfter, NotBefore, not_after, not_before
from .sums import Sums, sums
from .unique import Unique, unique
from .values import Confident, Matched, Required, confident, matched, required

__all__ = [
    "Confident",
    "Custom",
    "Matched",
    "NotAfter",
    "NotBefore",
    "Reason",
    "Required",
    "Rule",
    "Sums",
    "Unique",
    "any_of",
    "ask",
    "confident",
    "matched",
    "not_after",
    "not_before",
    "required",
    "rule_of",
    "sums",
    "unique",
]
