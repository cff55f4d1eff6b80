"""What a rule is: a frozen value with a name, which documents it is for, and what it finds wrong."""

from __future__ import annotations

import inspect
import unicodedata
from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import KW_ONLY, dataclass, replace
from datetime import datetime
from typing import Any, Self, TypeAlias

from typing_extensions import override

from ..core.event import DocumentCompleted
from ..core.result import Result
from ..core.review import Reason
from ..errors import ConfigurationError

#: What a rule of yours may give: nothing where it is met, else what is wrong.
Finding: TypeAlias = "str | Reason | Iterable[str | Reason] | None"
#: A rule of yours, sync or async.
Check: TypeAlias = "Callable[[DocumentCompleted], Finding | Awaitable[Finding]]"


@dataclass(frozen=True)
class Condition:
    """Which documents a rule is for; an empty member is for all."""

    document_types: frozenset[str] = frozenset()
    vendors: frozenset[str] = frozenset()
    providers: frozenset[str] = frozenset()
    test: Callable[[DocumentCompleted], bool] | None = None
    #: Whether it is for all others instead.
    is_inverted: bool = False

    def holds(self, event: DocumentCompleted) -> bool:
        """Tell whether the rule is for this document."""
        result = event.result
        vendor = result.fields.get("vendor")
        fits = (
            (not self.document_types or plain_word(result.document_type) in self.document_types)
            and (not self.vendors or plain_word(vendor and vendor.value) in self.vendors)
            and (not self.providers or plain_word(event.provider) in self.providers)
            and (self.test is None or self.test(event))
        )
        return fits != self.is_inverted


@dataclass(frozen=True)
class Rule:
    """What a document must meet.

    Args:
        name: In reasons and figures.
        conditions: All of them must hold, else the rule is not asked.
    """

    _: KW_ONLY
    name: str = ""
    conditions: tuple[Condition, ...] = ()

    def __post_init__(self) -> None:
        if not self.name:
            object.__setattr__(self, "name", type(self).__name__.lower())

    def named(self, name: str) -> Self:
        """Give the same rule under a name of yours."""
        return replace(self, name=name)

    def when(
        self,
        *,
        document_type: str | Collection[str] = (),
        vendor: str | Collection[str] = (),
        provider: str | Collection[str] = (),
        test: Callable[[DocumentCompleted], bool] | None = None,
    ) -> Self:
        """Give the same rule for some documents only; each argument is one word or several.

        Args:
            document_type: As in `result.document_type`.
            vendor: Who sent it; letters and digits count, not case, spaces or dots.
            provider: The provider's name.
            test: A function of the event that touches nothing outside.
        """
        return replace(self, conditions=(*self.conditions, _condition(document_type, vendor, provider, test)))

    def unless(
        self,
        *,
        document_type: str | Collection[str] = (),
        vendor: str | Collection[str] = (),
        provider: str | Collection[str] = (),
        test: Callable[[DocumentCompleted], bool] | None = None,
    ) -> Self:
        """Give the same rule for all other documents; arguments as for `when`."""
        condition = replace(_condition(document_type, vendor, provider, test), is_inverted=True)
        return replace(self, conditions=(*self.conditions, condition))

    def applies(self, event: DocumentCompleted) -> bool:
        """Tell whether the rule is for this document."""
        return all(condition.holds(event) for condition in self.conditions)

    def check(self, event: DocumentCompleted, *, now: datetime) -> Iterable[Reason]:
        """Give what is wrong with a document that the rule is for.

        Args:
            event: The document.
            now: Aware UTC.
        """
        raise NotImplementedError

    def reason(self, message: str, result: Result, field: str | None = None) -> Reason:
        """Make a reason; of a field with its place on the page."""
        found = result.find(field) if field is not None else None
        page_number, box = (found.page_number, found.box) if found is not None else (None, None)
        return Reason(rule=self.name, message=message, field=field, page_number=page_number, box=box)


@dataclass(frozen=True)
class Custom(Rule):
    """A rule that is a function of yours."""

    function: Check

    @override
    def check(self, event: DocumentCompleted, *, now: datetime) -> Iterable[Reason]:
        """Give what a sync function finds; the worker asks async ones by `function` and `reasons`."""
        return self.reasons(self.function(event), event)

    def reasons(self, finding: Any, event: DocumentCompleted) -> list[Reason]:
        """Make reasons of what the function gave.

        Raises:
            TypeError: If it gave neither nothing, a text, a reason, nor several of them; a bare True would not say which
                way round it is meant.
        """
        given = [finding] if finding is None or isinstance(finding, (str, Reason)) else finding
        if isinstance(given, bool) or not isinstance(given, Iterable):
            raise TypeError(f"the rule {self.name} gave {type(finding).__name__}: give None or what is wrong")
        return [self._reason(each, event) for each in given if each is not None]

    def _reason(self, given: Any, event: DocumentCompleted) -> Reason:
        if isinstance(given, Reason):
            return given
        if isinstance(given, str):
            return self.reason(given, event.result)
        raise TypeError(
            f"the rule {self.name} gave {type(given).__name__} as a reason: give a text or a Reason"
        )


async def ask(
    rules: Iterable[Rule | Check],
    event: DocumentCompleted,
    *,
    now: datetime,
    call: Callable[[Check, DocumentCompleted], Awaitable[Any]] | None = None,
) -> list[Reason]:
    """Ask rules about a document as the worker does, but for what other documents have: that is the inbox's to say.

    Args:
        rules: Those that are not for the document are not asked.
        event: The document.
        now: Aware UTC.
        call: Calls your functions, such as on a thread where they are sync.

    Raises:
        Exception: Whatever a function of yours raised.
    """
    reasons: list[Reason] = []
    for rule in map(rule_of, rules):
        if not rule.applies(event):
            continue
        if not isinstance(rule, Custom):
            reasons += rule.check(event, now=now)
            continue
        finding: Any = rule.function(event) if call is None else await call(rule.function, event)
        reasons += rule.reasons(await finding if inspect.isawaitable(finding) else finding, event)
    return reasons


def rule_of(given: Rule | Check) -> Rule:
    """Make a rule of a function; a rule stays what it is.

    Raises:
        ConfigurationError: If it is neither.
    """
    if isinstance(given, Rule):
        return given
    if not callable(given):
        raise ConfigurationError(f"a rule is made by paperhook.rules or is a function, not {given!r}")
    return Custom(given, name=getattr(given, "__name__", type(given).__name__))


def plain_word(text: Any) -> str:
    """Write a text so that case, spaces and punctuation make no difference."""
    folded = unicodedata.normalize("NFKC", str(text or "")).casefold()
    return "".join(character for character in folded if character.isalnum())


def _condition(
    document_type: str | Collection[str],
    vendor: str | Collection[str],
    provider: str | Collection[str],
    test: Callable[[DocumentCompleted], bool] | None,
) -> Condition:
    condition = Condition(_words(document_type), _words(vendor), _words(provider), test)
    if condition == Condition():
        raise ConfigurationError("when() and unless() need at least one argument")
    return condition


def _words(given: str | Collection[str]) -> frozenset[str]:
    return frozenset(map(plain_word, [given] if isinstance(given, str) else given))
