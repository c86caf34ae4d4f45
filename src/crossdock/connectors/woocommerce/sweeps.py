"""What a proof asks of a shop: everything, lightly where that is enough (docs/decisions/0015-light-sweep.md).

WooCommerce shapes an answer by ``_fields``, top-level names alone: a dotted name goes into an object, but below a list
(``line_items.id``) WordPress finds no such key and answers empty members. So lines come whole, and the digest is made
over exactly what was asked for. An edit that moves ``date_modified`` is seen by that; what must be seen besides are
edits that do not move it: lines (their ids, products, quantities, totals), the order's totals, its refunds.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from crossdock.connect import paging
from crossdock.connect.client import Reply
from crossdock.connect.connector import Glance, Glimpse, Span
from crossdock.connectors.woocommerce import walk
from crossdock.connectors.woocommerce.fields import identifier, moment
from crossdock.connectors.woocommerce.mapper import observe
from crossdock.connectors.woocommerce.replies import absent, error_of
from crossdock.kit.digest import Volatile, digest
from crossdock.model.observation import Observation

SHOWN: Final[Mapping[str, tuple[str, ...]]] = {
    "order": (
        *("status", "currency", "customer_id", "total", "total_tax", "discount_total", "shipping_total"),
        *("line_items", "refunds"),
    ),
    "product": (
        *("status", "type", "name", "sku", "regular_price", "sale_price", "price", "manage_stock", "stock_quantity"),
        *("stock_status", "variations"),
    ),
}
"""What is digested, by stream. Customers come in full: little of one could be left out, and an account has no reliable
time of change."""
_BESIDE: Final = ("id", "date_created_gmt", "date_modified_gmt")
_VOLATILE: Final = {"order": Volatile.of(("line_items.*.image", "line_items.*.parent_name"))}
_NOTHING: Final = Volatile()
Get = Callable[[str, Mapping[str, str]], Awaitable[Reply]]


def fingerprint(stream: str, document: Mapping[str, Any]) -> bytes | None:
    """Return the digest over what a light reading shows of an entity; None for a stream that is read in full."""
    shown = SHOWN.get(stream)
    # a variation is told by its product: the list of products does not hold it
    if shown is None:
        return None
    return digest({name: document.get(name) for name in shown}, _VOLATILE.get(stream, _NOTHING))


def begin(stream: str, span: Span, born: str) -> walk.Cursor:
    """Return the cursor of a sweep by id; ``born``: the connection's start date, as the shop's filters take it."""
    reading = walk.READINGS[stream]
    after = walk.stamp(span.after) if span.after else ""
    return walk.Cursor(
        mode=walk.Mode.SWEEP,
        climb=walk.Climb(),
        born=max(after, born) if reading.dated else "",
        until=walk.stamp(span.before) if span.before and reading.dated else "",
    )


class Sweeps:
    """Light readings of one shop, and readings of certain entities."""

    def __init__(self, get: Get, rows: Callable[[Reply], Sequence[dict[str, Any]]], size: int) -> None:
        self._get = get
        self._rows = rows
        self._size = size

    async def glance(
        self, stream: str, place: walk.Cursor, shop_now: Callable[[Reply], Any], total: Callable[..., int | None]
    ) -> Glance:
        """Read one page lightly."""
        # what stands below a row is told by the row: no list below it is asked
        reading = msgspec.structs.replace(walk.READINGS[stream], children="")
        asked = walk.ask(reading, place, self._size) | {"_fields": ",".join((*_BESIDE, *SHOWN[stream]))}
        reply = await self._get(reading.path, asked)
        rows = [] if place.phase and error_of(reply)[0] == "rest_invalid_param" else self._rows(reply)
        moved, fresh = walk.take(reading, place, rows, shop_now(reply), self._size)
        items = tuple(_glimpse(stream, row) for row in fresh)
        return Glance(items, paging.save(moved), moved.done, total(reply, place))

    async def some(self, stream: str, external_ids: Sequence[str]) -> list[Observation]:
        """Read entities by id, a hundred a request, from each of the stream's lists until all are found."""
        reading = walk.READINGS[stream]
        found: list[Observation] = []
        for start in range(0, len(external_ids), self._size):
            left = dict.fromkeys(external_ids[start : start + self._size])
            for number, phase in enumerate(reading.phases):
                if not left:
                    break
                asked = {**reading.extra, **phase, "include": ",".join(left), "per_page": str(self._size)}
                reply = await self._get(reading.path, {**asked, "orderby": "id", "order": "asc"})
                rows = [] if number and error_of(reply)[0] == "rest_invalid_param" else self._rows(reply)
                for row in rows:
                    left.pop(identifier(row.get("id"), "id"), None)
                    found.append(observe(stream, row))
                    if row.get("variations"):
                        found += await self._below(stream, reading, identifier(row.get("id"), "id"), number)
        return found

    async def _below(self, stream: str, reading: walk.Reading, parent: str, phase: int) -> list[Observation]:
        place = walk.Cursor(parents=(parent,), under=phase)
        found: list[Observation] = []
        while place.parents:
            reply = await self._get(reading.children.format(id=parent), walk.ask_below(place, reading, self._size))
            if absent(reply):
                break
            place, fresh = walk.take_below(reading, place, self._rows(reply), self._size)
            found += [observe(stream, row, parent) for row in fresh]
        return found


def _glimpse(stream: str, row: Mapping[str, Any]) -> Glimpse:
    shown = fingerprint(stream, row)
    assert shown is not None
    below = row.get("variations") if stream == "product" else None
    return Glimpse(
        identifier(row.get("id"), "id"),
        shown,
        moment(row.get("date_modified_gmt")),
        moment(row.get("date_created_gmt")),
        tuple(str(child) for child in below) if isinstance(below, list) else (),
    )


__all__ = ["SHOWN", "Sweeps", "begin", "fingerprint"]
