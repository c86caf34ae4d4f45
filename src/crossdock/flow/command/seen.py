"""Which words of a shop its maps do not name: looked up when somebody asks, never on the way of an order."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import msgspec

from crossdock.flow.canonical import Canonical
from crossdock.flow.ports import Store
from crossdock.model.connection import Connection
from crossdock.model.maps import Maps, effective
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("command.sql"))
_STATUSES = 5000
_BODIES = 300


class MapsSeen(msgspec.Struct, frozen=True):
    """The maps that hold, and what the newest orders hold that no map names: word -> how many orders."""

    maps: Maps
    unmapped_statuses: dict[str, int]
    unmapped_shipping: dict[str, int]
    unmapped_payment: dict[str, int]
    statuses_looked_at: int
    orders_looked_at: int


async def maps_seen(store: Store, canonical: Canonical, connection: Connection) -> MapsSeen:
    """Look at the newest orders: at 5,000 for statuses, at 300 for shipping and payment methods."""
    maps = effective(connection.config)
    async with store.engine() as conn:
        counts = await conn.fetch(SQL["status_counts"], connection.tenant_id, connection.id, _STATUSES)
        rows = await conn.fetch(SQL["newest_bodies"], connection.tenant_id, connection.id, _BODIES)
    shipping: Counter[str] = Counter()
    payment: Counter[str] = Counter()
    for row in rows:
        document = canonical.document(row)
        payment.update({word for word in (document.get("payment_method"),) if isinstance(word, str) and word})
        shipping.update(_methods(document.get("shipping_lines")))
    return MapsSeen(
        maps=maps,
        unmapped_statuses={r["status"]: r["count"] for r in counts if r["status"] and not maps.names(r["status"])},
        unmapped_shipping={word: n for word, n in sorted(shipping.items()) if word not in maps.shipping},
        unmapped_payment={word: n for word, n in sorted(payment.items()) if word not in maps.payment},
        statuses_looked_at=sum(row["count"] for row in counts),
        orders_looked_at=len(rows),
    )


def _methods(lines: Any) -> set[str]:
    found = (line.get("method_id") for line in lines if isinstance(line, dict)) if isinstance(lines, list) else ()
    return {word for word in found if isinstance(word, str) and word}
