"""What a person has bought, as the ledger has it: exact sums by currency, counted the same way whenever asked."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal

import msgspec

from crossdock.kit.money import minor_units
from crossdock.model.commerce.order import Order

_LONG_AGO = datetime.min.replace(tzinfo=UTC)
COUNTED = frozenset({"processing", "completed"})
"""States of an order that is a purchase; one that was refunded in full, cancelled or never paid is none."""


class Bought(msgspec.Struct, frozen=True):
    """The purchases of one person."""

    orders: int = 0
    spent: tuple[tuple[str, Decimal], ...] = ()
    """(ISO currency, sum of totals without what was refunded), by currency; never added up over currencies."""
    counts: tuple[tuple[str, int], ...] = ()
    """(ISO currency, orders in it)."""
    currency: str = ""
    """Of the newest purchase: the one that single figures are told in."""
    first_at: datetime | None = None
    last_at: datetime | None = None
    categories: tuple[str, ...] = ()

    @property
    def total(self) -> Decimal:
        """What was spent in :attr:`currency`."""
        return dict(self.spent).get(self.currency, Decimal(0))

    @property
    def average(self) -> Decimal | None:
        """The average purchase in :attr:`currency`, to its smallest unit, halves to even; None without a purchase."""
        count = dict(self.counts).get(self.currency, 0)
        if not count:
            return None
        unit = Decimal(1).scaleb(-minor_units(self.currency))
        return (self.total / count).quantize(unit, ROUND_HALF_EVEN)


def bought(
    orders: Iterable[tuple[uuid.UUID, Order]], categories: Mapping[tuple[uuid.UUID, str], tuple[str, ...]]
) -> Bought:
    """Sum (shop, order) up, whatever order they come in; ``categories`` by shop and product id."""
    counted = sorted(
        ((store, one) for store, one in orders if one.status in COUNTED and one.presence == "live"),
        key=lambda found: (found[1].created_at or _LONG_AGO, found[0], len(found[1].id), found[1].id),
    )
    spent: dict[str, Decimal] = {}
    counts: dict[str, int] = {}
    names: set[str] = set()
    for store, one in counted:
        spent[one.currency] = spent.get(one.currency, Decimal(0)) + one.net_total
        counts[one.currency] = counts.get(one.currency, 0) + 1
        for line in one.lines:
            names.update(categories.get((store, line.product_id or ""), ()))
    times = [one.created_at for _, one in counted if one.created_at is not None]
    return Bought(
        orders=len(counted),
        spent=tuple(sorted(spent.items())),
        counts=tuple(sorted(counts.items())),
        currency=counted[-1][1].currency if counted else "",
        first_at=min(times, default=None),
        last_at=max(times, default=None),
        categories=tuple(sorted(names)),
    )
