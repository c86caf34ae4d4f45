"""Deals of every kind, terms of every rounding, and the rules of EN 16931 about sums."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from crossdock.flow.invoice import Asked, Terms
from crossdock.flow.invoice.drafting import Drafted, drafted
from crossdock.flow.invoice.rounding import coin_of
from crossdock.kit.ids import new_id
from crossdock.model.commerce.deal import Deal, DealLine
from crossdock.model.commerce.invoice import Invoice, RoundingMode, RoundingPlace, TaxCategory
from tests.support.deals import COMPANY, terms

CURRENCIES = ("EUR", "USD", "GBP", "JPY", "CHF", "SEK", "KWD", "CLP", "HUF", "TND")
DAY = date(2026, 11, 21)
RATES = tuple(map(Decimal, ("19", "7", "20", "25", "5.5", "8.1", "27", "2.6", "50")))


def draft(deal: Deal, of: Terms | None = None, asked: Asked | None = None) -> Drafted:
    """Return the draft of a deal by terms (the example's)."""
    return drafted(deal, of or terms(), asked or Asked(), invoice_id=new_id(), connection_id=new_id(), today=DAY)


def made(deal: Deal, of: Terms | None = None, asked: Asked | None = None) -> Invoice:
    """Return the invoice of a draft."""
    return draft(deal, of, asked).invoice


def fired(deal: Deal, of: Terms | None = None, asked: Asked | None = None) -> set[str]:
    """Return the names of the rules that had a say."""
    return {rule.rule for rule in draft(deal, of, asked).rules}


def _decimal(most: str, places: int) -> st.SearchStrategy[Decimal]:
    return st.decimals(min_value=0, max_value=most, places=places, allow_nan=False, allow_infinity=False)


@st.composite
def lines(draw: st.DrawFn, number: int) -> DealLine:
    """Draw a line: quantities and prices with decimals, one discount or the other, free ones, ones that take back."""
    quantity = draw(st.one_of(st.integers(1, 500).map(Decimal), _decimal("50", 3)))
    price = draw(st.one_of(_decimal("2000", 2), _decimal("20", 4)))
    kind = draw(st.sampled_from(("none", "piece", "percent", "both", "free", "back")))
    share = draw(_decimal("100", 2))
    each = (price * share / 100).quantize(Decimal("0.01")) if price >= Decimal("0.01") else Decimal(0)
    given: dict[str, Any] = {}
    if kind in ("piece", "both"):
        given["discount"] = min(each, price)
    if kind in ("percent", "both") and not (kind == "both" and each):
        given["discount_percent"] = share
    if kind == "free":
        price = Decimal(0)
    if kind == "back":
        quantity = -quantity / 100
    return DealLine(
        id=f"l{number}",
        name=f"Thing {number}",
        quantity=quantity,
        unit_price=price,
        tax_rate=draw(st.sampled_from(RATES)),
        sku=draw(st.sampled_from(("T", "SHIP" if kind != "back" else "T"))),
        **given,
    )


@st.composite
def deals(draw: st.DrawFn) -> Deal:
    """Draw a deal of up to eight lines, now and then of less than they come to."""
    count = draw(st.integers(1, 8))
    listed = tuple(draw(lines(number)) for number in range(count))
    currency = draw(st.sampled_from(CURRENCIES))
    total = sum((one.quantity * one.unit_price for one in listed), Decimal(0))
    amount = None
    if draw(st.booleans()) and total > 0:
        amount = (total * draw(_decimal("1", 3))).quantize(Decimal("0.01"))
    return Deal(id="d1", currency=currency, lines=listed, companies=(COMPANY,), amount=amount, won=True)


@st.composite
def any_terms(draw: st.DrawFn) -> Terms:
    """Draw terms of every rounding, with and without tax in the prices."""
    return terms(
        rounding={"mode": draw(st.sampled_from(RoundingMode)), "place": draw(st.sampled_from(RoundingPlace))},
        prices_include_tax=draw(st.booleans()),
        currency={"accepted": []},
        less="allowance",
        more="ignore",
        charges=[{"skus": ["SHIP"]}],
    )


def least(invoice: Invoice) -> Decimal:
    """Return the smallest amount of its currency."""
    return coin_of(invoice.currency, RoundingMode.HALF_UP).least


def check_sums(invoice: Invoice) -> None:
    """Assert BR-CO-3 to BR-CO-18 and that nothing has more decimals than the currency."""
    totals, coin = invoice.totals, coin_of(invoice.currency, invoice.rounding_mode)
    nets = sum((line.net for line in invoice.lines), Decimal(0))
    less = sum((one.amount for one in invoice.allowances if not one.charge), Decimal(0))
    more = sum((one.amount for one in invoice.allowances if one.charge), Decimal(0))
    assert totals.lines == nets, "BR-CO-10"
    assert totals.allowances == less, "BR-CO-11"
    assert totals.charges == more, "BR-CO-12"
    assert totals.net == nets - less + more, "BR-CO-13"
    assert totals.tax == sum((tax.tax for tax in invoice.taxes), Decimal(0)), "BR-CO-14"
    assert totals.gross == totals.net + totals.tax, "BR-CO-15"
    assert totals.due == totals.gross - totals.prepaid + totals.rounding, "BR-CO-16"
    for tax in invoice.taxes:
        base = sum((line.net for line in invoice.lines if line.tax == tax.key), Decimal(0))
        for one in invoice.allowances:
            if one.tax == tax.key:
                base += one.amount if one.charge else -one.amount
        assert tax.base == base, "BR-S-08"
        # the last of several notes takes what rounding left over: without decimals that may be a coin more
        most = 1 if invoice.credits is None or coin.decimals else 3
        assert abs(tax.tax - base * tax.key.rate / 100) < most, "BR-CO-17 as its published test has it"
        if invoice.rounding_place is RoundingPlace.RATE and invoice.credits is None:
            assert tax.tax == coin.tax(base, tax.key.rate), "BR-CO-17 to the last decimal"
        if not tax.key.category.taxed:
            assert tax.tax == 0
        exempt = tax.key.category not in (TaxCategory.STANDARD, TaxCategory.ZERO)
        assert bool(tax.exemption or tax.exemption_code) == exempt
    assert len({tax.key for tax in invoice.taxes}) == len(invoice.taxes) >= 1, "BR-CO-18"
    assert invoice.lines, "BR-16"
    for line in invoice.lines:
        assert any(tax.key == line.tax for tax in invoice.taxes), "BR-S-01"
        assert line.unit_price >= 0, "BR-27"
        assert line.discount >= 0
        assert coin.round(line.quantity * line.unit_price - line.discount) == line.net
    amounts = [totals.due, totals.tax, totals.net, totals.rounding, *(line.net for line in invoice.lines)]
    amounts += [line.discount for line in invoice.lines] + [one.amount for one in invoice.allowances]
    assert all(coin.fits(amount) for amount in amounts)
    assert all(one.amount > 0 for one in invoice.allowances)
