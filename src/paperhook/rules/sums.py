"""The rule that a document's amounts add up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from itertools import product

from typing_extensions import override

from ..core.event import DocumentCompleted
from ..core.result import Field, Result
from ..core.review import Reason
from ..errors import ConfigurationError
from ..results.currencies import WITH_THREE_DECIMALS, WITHOUT_DECIMALS
from .base import Rule

#: What may stand between the subtotal with tax and the total, or be in the subtotal already.
_BETWEEN = {"charge": 1, "shipping": 1, "tip": 1, "deposit": 1, "rounding": 1, "discount": -1}
#: What an amount is the sum of.
_PARTS = {"discount": "allowances", "charge": "charges"}
#: Everything that is added or compared, as a field or as a column.
_COUNTED = frozenset({"subtotal", "tax", "total", "tax_rate", "taxable_amount", "amount", *_BETWEEN})
#: More digits than any amount has, as `paperhook.results.money.MAX_DIGITS`.
_MAX_DIGITS = 28


@dataclass(frozen=True)
class Sums(Rule):
    """Subtotal + tax = total, the line items are the subtotal, and each rate's tax is what the rate makes of its amount."""

    #: By ISO 4217 code; the empty one is for all others. A currency that is in neither: one of its smallest unit.
    tolerance: Mapping[str, Decimal] = field(default_factory=dict[str, Decimal], hash=False)
    #: Whether prices may hold the tax already, as on receipts.
    tax_included: bool = False

    @override
    def check(self, event: DocumentCompleted, *, now: datetime) -> Iterable[Reason]:
        """Give the sums that are wrong; one whose parts are not all stated cannot be."""
        result = event.result
        strange = [path for path, found in result.walk() if _is_counted(path) and _is_strange(found.value)]
        if strange:
            # Nothing can be added to it.
            yield from (self.reason(f"{path} is no amount", result, path) for path in strange)
            return
        within = self._within(result)
        if not any(abs(gap) <= within for gap in self._gaps_of_total(result)):
            yield self.reason("subtotal and tax are not the total", result, "total")
        rows = [item["amount"].value for item in result.line_items if "amount" in item]
        amounts = [amount for amount in rows if isinstance(amount, Decimal)]
        # Each row may have been rounded.
        slack = within * max(1, len(amounts))
        if amounts and not any(
            abs(gap) <= slack for gap in self._gaps_of_rows(result, sum(amounts, Decimal(0)))
        ):
            yield self.reason("the line items are not the subtotal", result, _first_of(result))
        # A tax may be the sum of the taxes of the rows, each rounded.
        yield from self._of_taxes(result, within * max(1, len(result.line_items)))
        for name, parts in _PARTS.items():
            stated, found = _stated(result, name), _column(result, parts, "amount")
            if stated is not None and found and abs(abs(stated) - abs(sum(found, Decimal(0)))) > within:
                yield self.reason(f"the {parts} are not the {name}", result, name)

    def _of_taxes(self, result: Result, slack: Decimal) -> Iterator[Reason]:
        """Give what is wrong with the breakdown by rates. Source: EN 16931-1, BR-CO-14, BR-CO-17 and BR-S-08 and its kind."""
        for index, row in enumerate(result.taxes):
            rate, base, tax = (_value_in(row, name) for name in ("tax_rate", "taxable_amount", "tax"))
            if rate is None or base is None or tax is None:
                continue
            shares = [rate / 100, *([rate / (100 + rate)] if self.tax_included and rate > -100 else [])]
            if not any(abs(abs(tax) - abs(base * share)) <= slack for share in shares):
                yield self.reason(
                    f"the tax is not {rate.normalize():f} % of the taxable amount",
                    result,
                    f"taxes[{index}].tax",
                )
        stated, taxes = _stated(result, "tax"), _column(result, "taxes", "tax")
        if stated is not None and taxes and abs(abs(stated) - abs(sum(taxes, Decimal(0)))) > slack:
            yield self.reason("the taxes of all rates are not the tax", result, "tax")
        bases = _column(result, "taxes", "taxable_amount")
        wholes = list(self._wholes(result))
        # Where several taxes are of the same amount, as those of a state and its city, each is of the whole.
        if (
            bases
            and wholes
            and not any(
                abs(whole - base) <= slack
                for whole in wholes
                for base in (sum(bases, Decimal(0)), *_same(bases))
            )
        ):
            yield self.reason("the taxable amounts are not the subtotal", result, "taxes[0].taxable_amount")

    def _wholes(self, result: Result) -> Iterator[Decimal]:
        """Give what the taxable amounts may add up to; nothing where it is not stated."""
        subtotal, tax, total = (_amount(result, name) for name in ("subtotal", "tax", "total"))
        if subtotal is not None:
            yield from (subtotal + extra for extra in _extras(result))
        if total is not None and tax is not None:
            yield from (total - tax - extra for extra in _extras(result))
        if total is not None and self.tax_included:
            yield total

    def _within(self, result: Result) -> Decimal:
        currency = _word(result, "currency")
        if currency in self.tolerance:
            return self.tolerance[currency]
        if "" in self.tolerance:
            return self.tolerance[""]
        if currency in WITHOUT_DECIMALS:
            return Decimal(1)
        return Decimal("0.001") if currency in WITH_THREE_DECIMALS else Decimal("0.01")

    def _gaps_of_total(self, result: Result) -> Iterator[Decimal]:
        """Give how far the total is off, by each way to count; 0 where it cannot be counted."""
        subtotal, tax, total = (_amount(result, name) for name in ("subtotal", "tax", "total"))
        if total is None or subtotal is None:
            yield Decimal(0)
        else:
            for extra in _extras(result):
                # Without a stated tax, nothing says that there is none.
                yield total - subtotal - extra - (Decimal(0) if tax is None else tax)
                if tax is None and total >= subtotal + extra:
                    yield Decimal(0)
                if self.tax_included:
                    yield total - subtotal - extra

    def _gaps_of_rows(self, result: Result, rows: Decimal) -> Iterator[Decimal]:
        """Give how far the line items are off; 0 where there is nothing to compare them with."""
        subtotal, tax, total = (_amount(result, name) for name in ("subtotal", "tax", "total"))
        if subtotal is None and total is None:
            yield Decimal(0)
        for extra in _extras(result):
            if subtotal is not None:
                yield subtotal - rows - extra
            if total is not None and (self.tax_included or subtotal is None):
                yield total - rows - extra
            if total is not None and subtotal is None:
                yield total - rows - extra - (tax or Decimal(0))


def sums(
    tolerance: Decimal | str | Mapping[str, Decimal | str] | None = None, *, tax_included: bool = False
) -> Sums:
    """Ask that the amounts add up.

    Subtotal + tax must be the total, charge, shipping, tip, deposit, rounding and discount each counted or not; the line items must
    be the subtotal. Of a breakdown by rates each tax must be its rate of its taxable amount, and all of them the tax and the
    subtotal; allowances and charges must be the discount and the charge. What is not stated is not asked for: that is what
    `required` is for.

    Args:
        tolerance: How far off is good enough, for all currencies, or by ISO 4217 code; by default one of the smallest unit,
            0.01 EUR or 1 JPY, for the line items times their number.
        tax_included: Whether the subtotal and the rows may hold the tax already, as on receipts.

    Raises:
        ConfigurationError: If a tolerance is below 0 or no finite amount.
    """
    given = tolerance if isinstance(tolerance, Mapping) else {} if tolerance is None else {"": tolerance}
    try:
        exact = {code: Decimal(within) for code, within in given.items()}
    except (InvalidOperation, TypeError, ValueError):
        raise ConfigurationError("sums(tolerance): it must be an amount, such as 0.05") from None
    if any(not (within.is_finite() and within >= 0) for within in exact.values()):
        raise ConfigurationError("sums(tolerance): it must be finite and not below 0")
    return Sums(exact, tax_included)


def _is_counted(path: str) -> bool:
    return path.rpartition(".")[2] in _COUNTED


def _is_strange(value: object) -> bool:
    """Whether a value is NaN, infinity or beyond all amounts; `read_result` gives none of these."""
    return isinstance(value, Decimal) and (not value.is_finite() or value.adjusted() >= _MAX_DIGITS)


def _amount(result: Result, name: str) -> Decimal | None:
    """Give an amount; one that is not stated is the sum of its parts, where they are."""
    stated = _stated(result, name)
    if stated is not None:
        return stated
    column = "tax" if name == "tax" else "amount"
    parts = _column(result, "taxes" if name == "tax" else _PARTS.get(name, ""), column)
    return sum(parts, Decimal(0)) if parts else None


def _stated(result: Result, name: str) -> Decimal | None:
    return _value_in(result.fields, name)


def _value_in(fields: Mapping[str, Field], name: str) -> Decimal | None:
    found = fields.get(name)
    return found.value if found is not None and isinstance(found.value, Decimal) else None


def _column(result: Result, rows: str, name: str) -> list[Decimal]:
    """Give a column of amounts; nothing where one of the rows has none."""
    found = [_value_in(row, name) for row in result.rows(rows)] if rows else []
    amounts = [amount for amount in found if amount is not None]
    return amounts if len(amounts) == len(found) else []


def _same(amounts: Sequence[Decimal]) -> Sequence[Decimal]:
    return amounts[:1] if len(set(amounts)) == 1 else ()


def _word(result: Result, name: str) -> str:
    found = result.fields.get(name)
    return found.value if found is not None and isinstance(found.value, str) else ""


def _extras(result: Result) -> Iterator[Decimal]:
    """Give the sum of every choice of what may stand between; a discount may be stated with or without its minus."""
    stated = [(sign, _amount(result, name)) for name, sign in _BETWEEN.items()]
    choices = [
        (Decimal(0), amount if sign > 0 else -abs(amount)) for sign, amount in stated if amount is not None
    ]
    for chosen in product(*choices):
        yield sum(chosen, Decimal(0))


def _first_of(result: Result) -> str:
    index = next(place for place, item in enumerate(result.line_items) if "amount" in item)
    return "subtotal" if "subtotal" in result.fields else f"line_items[{index}].amount"
