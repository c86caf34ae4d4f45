"""Whether an order adds up, under the shop's own rounding. Pure; nothing is refused, only told.

What WooCommerce does (seen on 11.0.1): every amount is shown with the shop's price decimals. Where taxes are rounded
at each line (the default), goods are rounded line by line too, so the shown parts add up to the shown total exactly.
Where they are rounded at the subtotal, the total is made of unrounded parts, and each shown part may be half a unit
off. Fees are added unrounded in either case: a single one above zero makes no difference; several, or one below zero,
may. Where prices include tax, halves of taxes are rounded down but shown rounded up, rate by rate.

So each rule has a slack: none where every part is rounded before it is added, else half a unit for each part that may
be unrounded and half for the sum. Settings that are not known count as the tolerant one.

A shop that was given more decimals shows the parts of old orders with them, while their totals keep the old rounding
(seen: shipping of 5.55 in an order made with one decimal has a total of 5.60). Such an order has a last flag that says
so, ``other_decimals``. A shop that was given fewer shows old orders rounded anew, and flags name what no longer holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

import msgspec

from crossdock.model.commerce.lines import FeeLine, OrderLine, ShippingLine
from crossdock.model.commerce.order import Order
from crossdock.model.commerce.refund import Refund
from crossdock.model.commerce.violation import Violation

_ZERO: Final = Decimal(0)


class Rounding(msgspec.Struct, frozen=True):
    """How a shop rounds; None is not known."""

    decimals: int | None = None
    at_subtotal: bool | None = None
    prices_include_tax: bool | None = None


def rounding_of(account: Mapping[str, Any]) -> Rounding:
    """Read the account's facts ``price_decimals``, ``round_at_subtotal`` and ``prices_include_tax``."""
    decimals = account.get("price_decimals")
    return Rounding(
        decimals if isinstance(decimals, int) and not isinstance(decimals, bool) and 0 <= decimals <= 10 else None,
        _truth(account.get("round_at_subtotal")),
        _truth(account.get("prices_include_tax")),
    )


def _truth(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


class _Slack:
    """How far a sum may be off, by the unit that totals are rounded to and by whether lines are."""

    def __init__(self, decimals: int, *, strict: bool) -> None:
        self.unit = Decimal(1).scaleb(-decimals)
        self.strict = strict

    def of(self, loose: int, always: int = 0) -> Decimal:
        """Return the slack of a sum with ``loose`` parts that strict shops round, and ``always`` that none does."""
        parts = always if self.strict else loose + always
        return (self.unit * (parts + 1) / 2).quantize(self.unit, rounding="ROUND_FLOOR") if parts else _ZERO


def _totals(order: Order) -> tuple[Decimal, ...]:
    return (order.total, order.shipping_total, order.discount_total)


def _shown(order: Order) -> int:
    lines = (amount for line in order.lines for amount in (line.total, line.subtotal))
    return max(_places(amount) for amount in (*_totals(order), order.tax_total, *lines))


def _places(amount: Decimal) -> int:
    exponent = amount.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def parts_of(order: Order) -> Decimal:
    """Return goods after discounts + fees + shipping + taxes."""
    return sum([line.total for line in order.lines], _ZERO) + order.fee_total + order.shipping_total + order.tax_total


def violations(order: Order, rounding: Rounding) -> tuple[Violation, ...]:
    """Return every rule an order breaks: ``total``, ``tax_total``, ``tax_lines``, ``line_tax``, ``shipping_total``,
    ``discount_total``, ``refunds``; and ``other_decimals`` after them, when fewer decimals explain them all."""
    unequal = list(_unequal(order, rounding))
    if not unequal:
        # the usual order adds up exactly: how it was rounded does not matter
        return ()
    shown = _shown(order)
    known = shown if rounding.decimals is None else rounding.decimals
    strict = rounding.at_subtotal is False and rounding.decimals == shown
    found = _broken(unequal, _Slack(min(shown, known), strict=strict))
    # taxes are not asked: rounded at the subtotal they keep their decimals
    for decimals in reversed(range(min(shown, known))) if found else ():
        if any(amount % Decimal(1).scaleb(-decimals) for amount in _totals(order)):
            break
        if not _broken(unequal, _Slack(decimals, strict=False)):
            expected = parts_of(order)
            difference = order.total - expected
            reason = Violation(rule="other_decimals", expected=expected, found=order.total, difference=difference)
            return (*found, reason)
    return found


class _Rule(NamedTuple):
    """Two amounts that should be one, and of how many parts the sum is made (see :class:`_Slack`)."""

    name: str
    expected: Decimal
    found: Decimal
    loose: int
    always: int = 0
    where: str = ""


def _broken(rules: Sequence[_Rule], slack: _Slack) -> tuple[Violation, ...]:
    return tuple(
        _told(rule.name, rule.expected, rule.found, rule.where)
        for rule in rules
        if abs(rule.found - rule.expected) > slack.of(rule.loose, rule.always)
    )


def _unequal(order: Order, rounding: Rounding) -> Iterator[_Rule]:
    """Yield what differs at all, whether or not rounding explains it."""
    with_tax = order.prices_include_tax or rounding.prices_include_tax is not False
    if (parts := parts_of(order)) != order.total:
        lines, fees = len(order.lines), len(order.fees)
        several = fees if fees > 1 or order.fee_total < 0 else 0
        yield _Rule("total", parts, order.total, lines + fees - several + 1, several)
    if (taxes := order.cart_tax + order.shipping_tax) != order.tax_total:
        yield _Rule("tax_total", taxes, order.tax_total, 2)
    if (rates := sum([tax.tax_total + tax.shipping_tax_total for tax in order.taxes], _ZERO)) != order.tax_total:
        yield _Rule("tax_lines", rates, order.tax_total, 2 * len(order.taxes))
    yield from _line_taxes("lines", order.lines, halves_down=with_tax)
    yield from _line_taxes("fees", order.fees, halves_down=with_tax)
    yield from _line_taxes("shipping_lines", order.shipping_lines, halves_down=with_tax)
    if (shipping := sum([line.total for line in order.shipping_lines], _ZERO)) != order.shipping_total:
        yield _Rule("shipping_total", shipping, order.shipping_total, len(order.shipping_lines))
    if (taken := order.subtotal - sum([line.total for line in order.lines], _ZERO)) != order.discount_total:
        # at the checkout discounts are taken from prices with tax, and lose it line by line
        of = (0, 2 * len(order.lines)) if with_tax and order.coupons else (2 * len(order.lines), 0)
        yield _Rule("discount_total", taken, order.discount_total, *of)
    if order.refunded_total > max(order.total, _ZERO):
        yield _Rule("refunds", order.total, order.refunded_total, 1)


def _line_taxes(
    kind: str, taxed: Sequence[OrderLine | FeeLine | ShippingLine], *, halves_down: bool
) -> Iterator[_Rule]:
    for line in taxed:
        if (shares := sum([share.total for share in line.taxes], _ZERO)) != line.total_tax:
            parts = 1 + len(line.taxes)
            of = (0, parts) if halves_down else (parts, 0)
            yield _Rule("line_tax", shares, line.total_tax, *of, where=f"{kind}.{line.id}")


def _told(rule: str, expected: Decimal, found: Decimal, where: str = "") -> Violation:
    return Violation(rule=rule, expected=expected, found=found, difference=found - expected, where=where)


def refund_violations(refund: Refund) -> tuple[Violation, ...]:
    """Return what does not hold of a refund: its lines, where it has any, add up to its amount (``refund_lines``).

    Each line may be half a unit off: shops do not always round them.
    """
    if not refund.lines:
        return ()
    parts = sum((line.total + line.total_tax for line in refund.lines), _ZERO)
    unit = Decimal(1).scaleb(-_places(refund.amount))
    slack = unit * (2 * len(refund.lines) + 1) / 2
    return (_told("refund_lines", parts, refund.amount),) if abs(refund.amount - parts) > slack else ()
