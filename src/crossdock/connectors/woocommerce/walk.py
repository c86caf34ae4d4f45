"""How a shop's lists are read without losing a row while the shop goes on selling. Pure.

**Changes** move by the rows' own modified second, never by page number: the next page asks for everything from the
last second seen on (``modified_after`` is exclusive at one second, so one second less is asked), and reads that
second again. A row that is touched meanwhile moves to the end and is met there. A second that fills a page alone is
read through by id. A pull begins 120 s before the point the last one reached, because long saves commit late, and
never passes the shop's own time (Date header) minus 2 s.

**Sweeps** (a backfill; customers, whose list knows no modified filter) go up by id. WooCommerce has no "id greater
than", so pages are asked by offset and proved by id: a page must reach back to the highest id already read, else rows
were deleted before it and it is asked again further back. Rows at or below that id are dropped. So each id that stands
through the sweep is read exactly once, whatever is inserted or deleted between two pages; what changes meanwhile is
found by the pull of changes, which goes on from the sweep's beginning.

Both run through the list's phases: the default list leaves out the trash and drafts of the checkout (seen: 28 and 39 of
1,936 orders), which have lists of their own. Entities below a row (a product's variations, an order's refunds on
versions without a list of refunds, an order's notes) follow the page that named their parent.

**Notes** have no list of their own and move no order's modified time (seen), so they are read below each order that
changed; and, to find the rest and those deleted, below a few orders more at the end of every pull (the *tail*), which
goes through all orders by id in the course of days and then begins again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any, Final

import msgspec

from crossdock.connectors.woocommerce.fields import identifier, moment

OVERLAP_S: Final = 120
MARGIN_S: Final = 2
SKEW_S: Final = 900
"""A cursor stays this close to the newest row seen, or to the shop's time: the Date header may come from a proxy
whose clock is not the shop's."""
REREAD: Final = 5
"""Rows of the last page that a sweep's next page asks for again: so many deletions cost no extra request."""


class Reading(msgspec.Struct, frozen=True):
    """How one stream's list is asked."""

    path: str
    phases: tuple[dict[str, str], ...] = ({},)
    field: str = "date_modified_gmt"
    orderby: str = "modified"
    prefix: str = "modified_"
    """Of the ``after`` and ``before`` parameters."""
    filters: bool = True
    """False: the list knows no time filter, every pull is a sweep."""
    yields: bool = True
    """False: the rows only name parents."""
    extra: dict[str, str] = {}
    children: str = ""
    """Path of the entities below a row, with ``{id}``."""
    every: bool = False
    """Every row has children, whether it says so or not."""
    unpaged: bool = False
    """The list answers all rows at once and knows no page, size or order."""
    together: bool = False
    """All children of a row come in one answer."""
    tail: int = 0
    """So many more rows by id, for their children alone, end every pull."""
    dated: bool = False
    """A start date leaves out rows that were created before it."""


READINGS: Final = {
    "order": Reading("/wc/v3/orders", ({}, {"status": "trash"}, {"status": "checkout-draft"}), dated=True),
    "product": Reading("/wc/v3/products", ({}, {"status": "trash"}), children="/wc/v3/products/{id}/variations"),
    # without a status drafts and pending ones are left out; the parameter stands in no schema, but works (seen)
    "coupon": Reading("/wc/v3/coupons", ({"status": "any"}, {"status": "trash"})),
    "customer": Reading("/wc/v3/customers", filters=False, extra={"role": "all"}),
    # refunds never change, so the second they were made in is what moves
    "refund": Reading("/wc/v3/refunds", field="date_created_gmt", orderby="date", prefix="", dated=True),
    "note": Reading(
        "/wc/v3/orders",
        extra={"_fields": "id,date_modified_gmt"},
        yields=False,
        children="/wc/v3/orders/{id}/notes",
        every=True,
        together=True,
        tail=20,
        dated=True,
    ),
    "tax_rate": Reading("/wc/v3/taxes", filters=False),
    "shipping_zone": Reading(
        "/wc/v3/shipping/zones",
        filters=False,
        yields=False,
        children="/wc/v3/shipping/zones/{id}",
        every=True,
        unpaged=True,
        together=True,
    ),
    # their settings hold the keys of payment providers: never asked for
    "payment_gateway": Reading(
        "/wc/v3/payment_gateways", filters=False, unpaged=True, extra={"_fields": "id,title,description,order,enabled"}
    ),
}
REFUNDS_BY_ORDER: Final = Reading(
    "/wc/v3/orders",
    extra={"_fields": "id,refunds,date_modified_gmt"},
    yields=False,
    children="/wc/v3/orders/{id}/refunds",
    dated=True,
)
"""For versions that have no list of refunds: a new refund moves its order's modified time (seen)."""


class Mode(StrEnum):
    """idle: the last pull is done. changes, sweep and tail: inside one."""

    IDLE = "idle"
    CHANGES = "changes"
    SWEEP = "sweep"
    TAIL = "tail"


class Climb(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a walk by id stands: ``edge`` is the highest id read, ``offset`` where the next page is asked."""

    edge: int = 0
    offset: int = 0


class Cursor(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a stream's reading stands. Times are the shop's, UTC, to the second, without a zone."""

    mode: Mode = Mode.IDLE
    since: str = ""
    """Everything before is read; the next pull of changes begins here, less the overlap."""
    floor: str = ""
    """Sweeps leave out rows that neither came nor changed since (a connection that began at "now")."""
    phase: int = 0
    at: str = ""
    ceiling: str = ""
    newest: str = ""
    bounded: bool = False
    """The list's first page is read: from now on nothing past the ceiling is asked, so that the rest only shrinks."""
    climb: Climb | None = None
    parents: tuple[str, ...] = ()
    below: Climb | None = None
    under: int = 0
    """Phase the parents were met in."""
    by_order: bool = False
    """Refunds are read order by order."""
    tail: Climb | None = None
    """Where the slow walk through all rows stands between two pulls."""
    born: str = ""
    """A backfill leaves out rows created before."""
    until: str = ""
    """A proof of some days leaves out rows created from here on."""
    swept: bool = False
    """A sweep has met all there is; only the last rows' children may be missing."""

    @property
    def done(self) -> bool:
        """Whether nothing more is to be read for now."""
        return self.mode is Mode.IDLE and not self.parents


class Disordered(ValueError):
    """A list does not come as it was asked for: going on would lose rows or never end."""


def reading_of(stream: str, cursor: Cursor) -> Reading:
    """Return how a stream is asked. Raises ``KeyError`` for a stream the shop does not have."""
    return REFUNDS_BY_ORDER if cursor.by_order else READINGS[stream]


def resume(reading: Reading, cursor: Cursor, *, full: bool, born: str = "") -> Cursor:
    """Return the cursor inside a reading: an idle one begins anew. ``born``: a backfill's start date, if any."""
    if cursor.mode is not Mode.IDLE or cursor.parents:
        return cursor
    begun = msgspec.structs.replace(
        cursor, phase=0, newest="", ceiling="", at="", climb=None, bounded=False, swept=False
    )
    if full:
        born = born if reading.dated else ""
        return msgspec.structs.replace(begun, mode=Mode.SWEEP, since="", floor="", climb=Climb(), born=born)
    if not reading.filters:
        return msgspec.structs.replace(begun, mode=Mode.SWEEP, climb=Climb())
    return msgspec.structs.replace(begun, mode=Mode.CHANGES, at=shift(cursor.since, -OVERLAP_S))


def start_at(shop_now: datetime) -> Cursor:
    """Return the idle cursor of a stream that begins now: nothing before is read."""
    since = stamp(shop_now - timedelta(seconds=MARGIN_S))
    return Cursor(since=since, floor=since)


def ask(reading: Reading, cursor: Cursor, size: int) -> dict[str, str]:
    """Return the query of the next page."""
    if reading.unpaged:
        return dict(reading.extra)
    if cursor.mode is Mode.TAIL:
        return {**reading.extra, "per_page": str(reading.tail), "order": "asc", **_by_id(cursor.tail or Climb())}
    asked = {**reading.extra, **reading.phases[cursor.phase], "per_page": str(size), "order": "asc"}
    if cursor.mode is Mode.CHANGES:
        asked["dates_are_gmt"] = "true"
        asked[f"{reading.prefix}after"] = shift(cursor.at, -1)
        if cursor.climb is not None or cursor.bounded:
            until = cursor.at if cursor.climb is not None else cursor.ceiling
            asked[f"{reading.prefix}before"] = shift(until, 1)
    if cursor.born:
        asked |= {"dates_are_gmt": "true", "after": shift(cursor.born, -1)}
    if cursor.until:
        asked |= {"dates_are_gmt": "true", "before": cursor.until}
    if cursor.climb is None:
        return {**asked, "orderby": reading.orderby}
    return {**asked, **_by_id(cursor.climb)}


def ask_below(cursor: Cursor, reading: Reading, size: int) -> dict[str, str]:
    """Return the query of the next page of the first parent's entities."""
    if reading.together:
        return {}
    return {**reading.phases[cursor.under], "per_page": str(size), "order": "asc", **_by_id(cursor.below or Climb())}


def _by_id(climb: Climb) -> dict[str, str]:
    return {"orderby": "id", **({"offset": str(climb.offset)} if climb.offset else {})}


def take(
    reading: Reading, cursor: Cursor, rows: Sequence[Mapping[str, Any]], shop_now: datetime, size: int
) -> tuple[Cursor, list[Mapping[str, Any]]]:
    """Return the cursor after a page, and the rows that are new to this reading.

    Raises :class:`Disordered` when a walk by id does not come sorted, or the time filter is ignored.
    """
    if cursor.mode is Mode.TAIL:
        moved, fresh = _tail(reading, cursor, rows)
    elif cursor.mode is Mode.SWEEP:
        moved, fresh = _sweep(reading, cursor, rows, shop_now, size)
    else:
        moved, fresh = _changes(reading, cursor, rows, shop_now, size)
    if reading.children:
        parents = tuple(str(row["id"]) for row in fresh if reading.every or _has_children(row))
        moved = msgspec.structs.replace(moved, parents=parents, under=cursor.phase if parents else 0)
    return moved, fresh if reading.yields else []


def _has_children(row: Mapping[str, Any]) -> bool:
    return bool(row.get("variations") or row.get("refunds") or str(row.get("type", "")).startswith("variable"))


def take_below(
    reading: Reading, cursor: Cursor, rows: Sequence[Mapping[str, Any]], size: int
) -> tuple[Cursor, list[Mapping[str, Any]]]:
    """Return the cursor after a page of the first parent's entities, and those that are new."""
    if reading.together:
        return leave(cursor), sorted(rows, key=_id)
    climb, fresh = _climb(cursor.below or Climb(), rows, size)
    parents = cursor.parents if climb is not None else cursor.parents[1:]
    return msgspec.structs.replace(cursor, below=climb, parents=parents), fresh


def leave(cursor: Cursor) -> Cursor:
    """Return the cursor after the first parent."""
    return msgspec.structs.replace(cursor, parents=cursor.parents[1:], below=None)


def _tail(
    reading: Reading, cursor: Cursor, rows: Sequence[Mapping[str, Any]]
) -> tuple[Cursor, list[Mapping[str, Any]]]:
    climb, fresh = _climb(cursor.tail or Climb(), rows, reading.tail)
    again = climb is not None and not fresh and bool(cursor.tail)
    return msgspec.structs.replace(cursor, mode=Mode.TAIL if again else Mode.IDLE, tail=climb), fresh


def _sweep(
    reading: Reading, cursor: Cursor, rows: Sequence[Mapping[str, Any]], shop_now: datetime, size: int
) -> tuple[Cursor, list[Mapping[str, Any]]]:
    since = cursor.since or stamp(shop_now - timedelta(seconds=MARGIN_S))
    climb, fresh = (None, list(rows)) if reading.unpaged else _climb(cursor.climb or Climb(), rows, size)
    if cursor.floor:
        fresh = [row for row in fresh if (_newest(row) or "9") >= shift(cursor.floor, -OVERLAP_S)]
    if climb is not None:
        return msgspec.structs.replace(cursor, since=since, climb=climb), fresh
    if cursor.phase + 1 < len(reading.phases):
        return msgspec.structs.replace(cursor, since=since, phase=cursor.phase + 1, climb=Climb()), fresh
    kept = Cursor(since=since, floor=cursor.floor, by_order=cursor.by_order, tail=cursor.tail)
    return msgspec.structs.replace(kept, swept=not cursor.born), fresh


def _newest(row: Mapping[str, Any]) -> str:
    return max(_stamp_of(row, "date_modified_gmt"), _stamp_of(row, "date_created_gmt"))


def _climb(climb: Climb, rows: Sequence[Mapping[str, Any]], size: int) -> tuple[Climb | None, list[Mapping[str, Any]]]:
    back = msgspec.structs.replace(climb, offset=max(0, climb.offset - size))
    if not rows:
        return (back if climb.offset else None), []
    whole = not climb.offset and len(rows) < size
    if whole:  # all there is: its order says nothing
        rows = sorted(rows, key=_id)
    ids = [_id(row) for row in rows]
    if any(a >= b for a, b in pairwise(ids)):
        raise Disordered("the list does not come in the order of ids that was asked for")
    if climb.offset and ids[0] > climb.edge:
        return back, []
    fresh = [row for row, at in zip(rows, ids, strict=True) if at > climb.edge]
    if len(rows) < size:
        return None, fresh
    return Climb(max(climb.edge, ids[-1]), climb.offset + len(rows) - min(REREAD, size // 2)), fresh


def _id(row: Mapping[str, Any]) -> int:
    return int(identifier(row.get("id"), "id"))


def _changes(
    reading: Reading, cursor: Cursor, rows: Sequence[Mapping[str, Any]], shop_now: datetime, size: int
) -> tuple[Cursor, list[Mapping[str, Any]]]:
    ceiling = cursor.ceiling or stamp(shop_now - timedelta(seconds=MARGIN_S))
    newest = max([cursor.newest, *(_stamp_of(row, reading.field) for row in rows)])
    here = msgspec.structs.replace(cursor, ceiling=ceiling, newest=newest, bounded=True)
    if cursor.climb is not None:
        climb, fresh = _climb(cursor.climb, rows, size)
        at = cursor.at if climb is not None else shift(cursor.at, 1)
        return msgspec.structs.replace(here, climb=climb, at=at), fresh
    fresh = list(rows)
    if len(rows) < size:
        return _next_phase(reading, here), fresh
    # a row touched between the shop's query and its loading shows a time past the ceiling and says nothing of the
    # place it stood at; when all do, they have left this place and the same question brings the next ones
    stamps = [at for at in (_stamp_of(row, reading.field) for row in rows) if at]
    if not stamps or max(stamps) < cursor.at:
        raise Disordered(f"the list does not keep to the {reading.prefix}after that was asked for")
    seen = [at for at in stamps if at <= ceiling]
    if not seen:
        return here, fresh
    if max(seen) > cursor.at:
        return msgspec.structs.replace(here, at=max(seen)), fresh
    return msgspec.structs.replace(here, climb=Climb()), fresh


def _next_phase(reading: Reading, cursor: Cursor) -> Cursor:
    if cursor.phase + 1 < len(reading.phases):
        at = shift(cursor.since, -OVERLAP_S)
        return msgspec.structs.replace(cursor, phase=cursor.phase + 1, at=at, climb=None, bounded=False)
    reached = min(cursor.ceiling, max(cursor.newest, shift(cursor.ceiling, -SKEW_S)))
    mode = Mode.TAIL if reading.tail else Mode.IDLE
    since = max(cursor.since, reached)
    return Cursor(mode=mode, since=since, floor=cursor.floor, by_order=cursor.by_order, tail=cursor.tail)


def stamp(at: datetime) -> str:
    """Return a time as the shop's filters take it: UTC, to the second, without a zone."""
    return at.astimezone(UTC).replace(tzinfo=None, microsecond=0).isoformat()


def shift(at: str, seconds: int) -> str:
    """Return a stamp moved by seconds."""
    return (datetime.fromisoformat(at) + timedelta(seconds=seconds)).isoformat()


def _stamp_of(row: Mapping[str, Any], field: str) -> str:
    at = moment(row.get(field))
    return "" if at is None else stamp(at)
