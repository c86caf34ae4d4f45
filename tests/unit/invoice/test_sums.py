"""An invoice's sums hold to the last decimal: ten currencies, every rounding, with tax in the prices and without."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import event, example, given, reject
from hypothesis import strategies as st

from crossdock.flow.invoice import InvoiceRefused, Terms
from crossdock.flow.invoice.rounding import Coin, coin_of, exact, split, spread, unit_price
from crossdock.kit.money import minor_units
from crossdock.model.commerce.deal import Deal
from crossdock.model.commerce.invoice import Invoice, RoundingMode, RoundingPlace
from tests.support.deals import deal, line, terms
from tests.unit.invoice.making import CURRENCIES, any_terms, check_sums, deals, made

CENT = st.integers(-100_000, 100_000)


def outcome(of: Deal, by: Terms) -> Invoice | set[str]:
    """Return the invoice, or the rules that refuse it."""
    try:
        return made(of, by)
    except InvoiceRefused as refused:
        return {one.rule for one in refused.problems}


def made_or_not(of: Deal, by: Terms) -> Invoice:
    """Return the invoice; deals that come to less than nothing or are too far off are not what is asked here."""
    found = outcome(of, by)
    if isinstance(found, set):
        assert found <= {"totals.negative", "rounding.too-far", "charge.negative", "deal.negative"}
        event(min(found))
        reject()
    return found


@given(deals(), any_terms())
def test_all_sums_hold(of: Deal, by: Terms) -> None:
    with exact():
        check_sums(made_or_not(of, by))


def stated(of: Deal, currency: str, mode: RoundingMode) -> Decimal:
    """Return what a deal's lines come to in its own prices, reckoned as people do: line by line."""
    coin = coin_of(currency, mode)
    whole = Decimal(0)
    for one in of.lines:
        each = (one.unit_price - one.discount) * (100 - one.discount_percent) / 100
        if one.quantity < 0:
            whole += coin.round(one.quantity * each)
        else:
            off = coin.round(one.quantity * (one.unit_price - each))
            left = coin.round(one.quantity * one.unit_price - off)
            whole += left if left >= 0 else coin.round(one.quantity * each)
    return whole


@given(deals(), any_terms())
def test_what_is_due_is_what_the_deal_says_when_its_prices_include_tax(of: Deal, by: Terms) -> None:
    by = by.model_copy(update={"prices_include_tax": True})
    invoice = made_or_not(of, by)
    with exact():
        lines = stated(of, of.currency, by.rounding.mode)
        amount = None if of.amount is None else coin_of(of.currency, by.rounding.mode).round(of.amount)
        due = lines if amount is None or amount > lines else amount
        assert invoice.totals.due == due
        assert invoice.totals.gross + invoice.totals.rounding == due


@given(deals(), any_terms())
def test_the_net_is_what_the_deal_says_when_its_prices_do_not(of: Deal, by: Terms) -> None:
    invoice = made_or_not(of, by.model_copy(update={"prices_include_tax": False}))
    with exact():
        lines = stated(of, of.currency, by.rounding.mode)
        amount = None if of.amount is None else coin_of(of.currency, by.rounding.mode).round(of.amount)
        assert invoice.totals.net == (lines if amount is None or amount > lines else amount)
        assert invoice.totals.rounding == 0


@pytest.mark.parametrize("currency", CURRENCIES)
@pytest.mark.parametrize("place", RoundingPlace)
@pytest.mark.parametrize("mode", RoundingMode)
def test_every_currency_rounding_and_place(currency: str, mode: RoundingMode, place: RoundingPlace) -> None:
    """Each of the 140 is met, whatever the properties happen to draw."""
    lines = (
        line(id="a", quantity="3", unit_price="33.335", tax_rate="19", discount_percent="12.5"),
        line(id="b", quantity="0.333", unit_price="19.99", tax_rate="7"),
        line(id="c", quantity="-1", unit_price="1.005", tax_rate="19"),
        line(id="d", quantity="1", unit_price="0", tax_rate="7"),
        line(id="e", quantity="1", unit_price="4.9", tax_rate="19", sku="SHIP"),
    )
    for included in (False, True):
        by = terms(
            rounding={"mode": mode, "place": place},
            prices_include_tax=included,
            currency={"accepted": []},
            charges=[{"skus": ["SHIP"]}],
        )
        found = outcome(deal(*lines, currency=currency), by)
        if isinstance(found, set):
            # five lines may be a whole unit off where the unit has no decimals
            assert (found, place, minor_units(currency)) == ({"rounding.too-far"}, RoundingPlace.LINE, 0)
            continue
        with exact():
            check_sums(found)


@given(
    CENT, st.sampled_from([*map(Decimal, ("0", "5.5", "7", "19", "20", "27", "100"))]), st.sampled_from(RoundingMode)
)
@example(3, Decimal(20), RoundingMode.HALF_UP)
def test_a_gross_is_net_and_tax_and_at_most_one_coin(cents: int, rate: Decimal, mode: RoundingMode) -> None:
    coin = Coin(2, mode)
    gross = Decimal(cents).scaleb(-2)
    with exact():
        found = split(gross, rate, coin)
        assert found.net + found.tax + found.rest == gross
        assert found.tax == coin.tax(found.net, rate)
        assert abs(found.rest) <= coin.least
        possible = any(
            net + coin.tax(net, rate) == gross for net in (found.net + step * coin.least for step in range(-3, 4))
        )
        assert (found.rest == 0) == possible, "a coin is over only where no net fits"


@given(CENT, st.lists(st.integers(1, 10_000), min_size=1, max_size=30), st.integers(0, 3))
def test_parts_add_up_and_are_fair(amount: int, weights: list[int], decimals: int) -> None:
    coin = Coin(decimals)
    total = Decimal(amount).scaleb(-decimals)
    with exact():
        parts = spread(total, [Decimal(weight) for weight in weights], coin)
        assert sum(parts) == total
        for part, weight in zip(parts, weights, strict=True):
            assert abs(part - total * weight / sum(weights)) < coin.least


def test_the_coin_that_is_over_goes_where_most_was_lost() -> None:
    with exact():
        assert spread(Decimal("0.05"), [Decimal(6), Decimal(1)], Coin(2)) == [Decimal("0.04"), Decimal("0.01")]


@given(CENT, st.decimals("0.001", "5000", places=3), st.sampled_from(RoundingMode), st.booleans())
def test_a_unit_price_makes_its_total(cents: int, quantity: Decimal, mode: RoundingMode, back: bool) -> None:
    coin, total = Coin(2, mode), Decimal(cents).scaleb(-2)
    times = -quantity if back else quantity
    with exact():
        assert coin.round(times * unit_price(total, times, coin)) == total
