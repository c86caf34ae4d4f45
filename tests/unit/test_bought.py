"""What a person has bought: exact, the same whatever order the ledger is read in, never added up over currencies."""

from __future__ import annotations

import random
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from crossdock.model.bought import Bought, bought
from crossdock.model.commerce.lines import OrderLine
from crossdock.model.commerce.order import Order

SHOP, OTHER = uuid.UUID(int=1), uuid.UUID(int=2)
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def sale(number: int, total: str, currency: str = "EUR", status: str = "completed", product: str = "7") -> Order:
    """Return an order of a day."""
    return Order(
        id=str(number),
        number=str(number),
        status=status,
        currency=currency,
        total=Decimal(total),
        net_total=Decimal(total),
        created_at=BEGAN + timedelta(days=number),
        lines=(OrderLine(id="1", name="Tea", quantity=Decimal(1), product_id=product),),
    )


@given(
    cents=st.lists(st.tuples(st.integers(0, 10**9), st.sampled_from(["EUR", "USD", "JPY"])), max_size=40),
    seed=st.integers(0, 2**16),
)
def test_sums_are_exact_and_know_no_order(cents: list[tuple[int, str]], seed: int) -> None:
    """To the cent, by currency; shuffled input gives the same answer."""
    orders = [(SHOP, sale(at, str(Decimal(c).scaleb(-2)), currency)) for at, (c, currency) in enumerate(cents)]
    told = bought(orders, {})
    random.Random(seed).shuffle(orders)
    assert bought(orders, {}) == told
    for currency in {currency for _, currency in cents}:
        assert dict(told.spent)[currency] == Decimal(sum(c for c, one in cents if one == currency)).scaleb(-2)
    assert told.orders == len(cents)


def test_only_purchases_count_and_refunds_lower_them() -> None:
    """Cancelled, failed, pending and fully refunded orders are no purchases; a part refund is taken off."""
    orders = [(SHOP, sale(1, "10.00")), (SHOP, sale(2, "5.50", status="processing"))]
    orders += [(SHOP, sale(3, "99", status=one)) for one in ("cancelled", "failed", "pending", "refunded", "on-hold")]
    told = bought(orders, {})
    assert (told.orders, told.total, told.average) == (2, Decimal("15.50"), Decimal("7.75"))
    assert (told.first_at, told.last_at) == (BEGAN + timedelta(days=1), BEGAN + timedelta(days=2))


def test_the_newest_purchase_says_the_currency_of_single_figures() -> None:
    """An average of euros and yen would be no figure at all."""
    told = bought([(SHOP, sale(1, "10.00")), (SHOP, sale(3, "500", "JPY")), (SHOP, sale(2, "301", "JPY"))], {})
    assert (told.currency, told.total, told.average) == ("JPY", Decimal(801), Decimal(400))  # halves to even
    assert told.spent == (("EUR", Decimal("10.00")), ("JPY", Decimal(801)))


def test_categories_are_those_of_the_shop_the_order_was_made_at() -> None:
    """Two shops may have a product of one id."""
    categories = {(SHOP, "7"): ("Tea", "Hot"), (OTHER, "7"): ("Shoes",)}
    assert bought([(SHOP, sale(1, "1"))], categories).categories == ("Hot", "Tea")
    assert bought([(OTHER, sale(1, "1"))], categories).categories == ("Shoes",)


def test_nothing_bought_is_nothing() -> None:
    """No purchase, no average, no dates."""
    assert bought([], {}) == Bought()
    assert Bought().average is None
