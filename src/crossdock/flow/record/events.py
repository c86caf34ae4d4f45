"""Events as people look for them: pages by connection, stream, type, record and time; one with what stands beside it.

A page looks at no more than :data:`MOST_LOOKED` events and so many days, whatever is asked for: what fits none of
them is a short page that says how far it has looked, and goes on there.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec

from crossdock.errors import NotFound
from crossdock.flow.ports import Store
from crossdock.kit.ids import Prefix, floor_near, floor_of, show, time_of
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("events.sql"))
FIRST, LAST = uuid.UUID(int=0), uuid.UUID(int=(1 << 128) - 1)
MOST_LOOKED: Final = 10_000
_DAYS: Final = 60
_USUAL: Final = ("order", "customer", "product", "refund")
"""Streams that a record may be of before anything of theirs was counted."""
_DAY: Final = timedelta(days=1)
_TOP: Final = (32_767, str((1 << 63) - 1), LAST)
_PAGE: Final = 500
_LATEST_MS: Final = 250_000_000_000_000
"""An id beyond the year 9,800 is nobody's."""
_LATEST: Final = uuid.UUID(int=_LATEST_MS << 80)


class EventFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which events are asked for; what is None does not matter."""

    connection_id: uuid.UUID | None = None
    stream: str | None = None
    type: str | None = None
    origin: str | None = None
    external_id: str | None = None
    """The source's id of the record, or what people call it: an order's number, a SKU."""
    since: datetime | None = None
    until: datetime | None = None

    @property
    def floor(self) -> uuid.UUID:
        """The lowest id it can have."""
        return floor_of(self.since) if self.since else FIRST

    @property
    def ceiling(self) -> uuid.UUID:
        """The first id it cannot have any more."""
        return floor_of(self.until) if self.until else LAST


def known_by(text: str | None) -> str | None:
    """Return an id, a number or a SKU as a filter takes it: without the # that people put before it, None if empty."""
    return (text or "").removeprefix("#") or None


class EventPage(msgspec.Struct, frozen=True):
    """A page, the newest first. ``next`` goes into ``before``; it may follow a page that is short."""

    items: list[dict[str, Any]]
    next: uuid.UUID | None
    looked_to: datetime | None = None
    """How far back was looked, where the page is short and there may be more."""


class Events:
    """Reads events of a tenant."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def page(
        self,
        tenant_id: uuid.UUID,
        asked: EventFilter,
        limit: int,
        before: uuid.UUID | None = None,
        *,
        ends: bool = True,
    ) -> EventPage:
        """Return events below ``before``, the newest first; with ``ends`` what became of each."""
        before = None if before is not None and before.int >> 80 > _LATEST_MS else before
        async with self._store.engine() as conn:
            if asked.external_id is not None:
                ids = await self._of_records(conn, tenant_id, asked, limit, before)
                after, looked = (ids[-1] if len(ids) == limit else None), None
            else:
                ids, after, looked = await self._by_day(conn, tenant_id, asked, limit, before)
            found = await conn.fetch(SQL["show"], tenant_id, ids, min(ids), max(ids)) if ids else ()
            rows = {row["id"]: row for row in found}
            items = [_shown(rows[one]) for one in ids if one in rows]
            if ends:
                await self._end(conn, tenant_id, items)
        return EventPage(items, after, looked if len(items) < limit else None)

    async def all(self, tenant_id: uuid.UUID, asked: EventFilter) -> AsyncIterator[dict[str, Any]]:
        """Yield all events, the newest first; one page is in memory."""
        before: uuid.UUID | None = None
        while True:
            page = await self.page(tenant_id, asked, _PAGE, before)
            for item in page.items:
                yield item
            if page.next is None:
                return
            before = page.next

    async def one(self, tenant_id: uuid.UUID, event_id: uuid.UUID) -> tuple[Any, Any, Any]:
        """Return the rows of an event, of the state before it and of the one after it. Raises ``NotFound``."""
        async with self._store.engine() as conn:
            row = await conn.fetchrow(SQL["one"], tenant_id, event_id)
            if row is None:
                raise NotFound("there is no such event", field="event_id", remedy="it may be older than what is kept")
            beside = {
                one["earlier"]: one
                for one in await conn.fetch(SQL["beside"], tenant_id, row["record_id"], row["seq"], *_bounds(row))
            }
        return row, beside.get(True), beside.get(False)

    async def streams(self, tenant_id: uuid.UUID) -> list[str]:
        """Return the streams of which anything ever arrived."""
        async with self._store.engine() as conn:
            return [row["stream"] for row in await conn.fetch(SQL["streams"], tenant_id)]

    async def _of_records(
        self, conn: Any, tenant_id: uuid.UUID, asked: EventFilter, limit: int, before: uuid.UUID | None
    ) -> list[uuid.UUID]:
        if asked.stream:
            streams = [asked.stream]
        else:
            streams = sorted({*_USUAL, *(row["stream"] for row in await conn.fetch(SQL["streams"], tenant_id))})
        found = await conn.fetch(SQL["records"], tenant_id, asked.external_id, streams, asked.connection_id)
        if not found:
            return []
        below = min(before or LAST, asked.ceiling)
        ids = [row["id"] for row in found]
        narrowed = (ids, below, max(asked.floor, _since(min(ids))), limit, asked.type, asked.origin)
        return [row["id"] for row in await conn.fetch(SQL["of_records"], tenant_id, *narrowed)]

    async def _by_day(
        self, conn: Any, tenant_id: uuid.UUID, asked: EventFilter, limit: int, before: uuid.UUID | None
    ) -> tuple[list[uuid.UUID], uuid.UUID | None, datetime | None]:
        top, ceiling = _TOP, asked.ceiling
        if before is not None:
            place = await conn.fetchrow(SQL["place"], tenant_id, before)
            if place is not None:
                top = (place["era"], place["xid"], place["id"])
            else:
                # the bound of a day, an event that is no longer kept, one of another tenant: its id has to do
                ceiling = min(ceiling, before)
        days, all_days = await self._days(conn, tenant_id, asked, before)
        ids: list[uuid.UUID] = []
        left = MOST_LOOKED
        for day in days:
            low = max(_floor(day), asked.floor)
            high = min(_floor(day + _DAY), ceiling)
            sought = (asked.connection_id, asked.stream, asked.type, asked.origin)
            # nobody filters: what is looked at fits
            most = min(left, limit - len(ids)) if sought == (None, None, None, None) else left
            row = await conn.fetchrow(SQL["of_day"], tenant_id, *top, low, high, most, limit - len(ids), *sought)
            ids += row["ids"]
            left -= row["looked"]
            if len(ids) >= limit:
                return ids, ids[-1], None
            if left <= 0:
                return ids, row["low"], time_of(row["low"])
        if all_days:
            return ids, None, None
        below = _floor(days[-1])
        return ids, below, time_of(below)

    async def _days(
        self, conn: Any, tenant_id: uuid.UUID, asked: EventFilter, before: uuid.UUID | None
    ) -> tuple[list[date], bool]:
        """Return the days to look at, the newest first, and whether there are no others.

        They are those with arrivals, and those whose count may still come.
        """
        newest = min(datetime.now(UTC), _time(asked.ceiling), _time(before or LAST)) + _DAY
        oldest = max((_time(asked.floor) - _DAY).date(), date(2000, 1, 1))
        rows = await conn.fetch(SQL["days"], tenant_id, newest.date(), oldest, asked.connection_id, asked.stream, _DAYS)
        known = {row["day"] for row in rows}
        # a count is written a moment after its events, and by the clock of another minute
        known |= {day - _DAY for day in known} | {newest.date() - _DAY * n for n in range(3)}
        return sorted((day for day in known if oldest <= day <= newest.date()), reverse=True), len(rows) < _DAYS

    async def _end(self, conn: Any, tenant_id: uuid.UUID, items: Sequence[dict[str, Any]]) -> None:
        """Put the deliveries that were made with each event beside it; those of later replays stand in its story."""
        by_id = {item["uuid"]: item for item in items}
        for item in items:
            item["ends"] = []
        if not by_id:
            return
        low, high = floor_near(time_of(min(by_id))), floor_of(time_of(max(by_id)) + _DAY)
        records = sorted({item["record_uuid"] for item in items})
        for row in await conn.fetch(SQL["ends"], tenant_id, records, list(by_id), low, high):
            by_id[row["event_id"]]["ends"].append(
                {name: row[name] for name in ("state", "rule", "attempts", "replayed", "destination")}
            )


def listed(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item of a page, read with its ends, as the API and the command line list it."""
    shown = {name: value for name, value in item.items() if name not in ("uuid", "record_uuid", "connector", "ends")}
    return {**shown, "code": item["code"] or None, "deliveries": item["ends"]}


def told(ends: Iterable[Mapping[str, Any]]) -> str:
    """Return what became of an event, in words: at each destination the rule that skipped it, or the state."""
    return "; ".join(f"{one['destination']}: {one['rule'] or one['state']}" for one in ends)


def _since(record_id: uuid.UUID) -> uuid.UUID:
    """Return the least id of an event of a record: none is older than the record itself, but for clocks that differ."""
    return floor_near(time_of(record_id))


def _time(bound: uuid.UUID) -> datetime:
    """Return the moment of a bound. One beyond all that can be counted with is drawn in to the last that can."""
    return time_of(min(bound, _LATEST))


def _bounds(row: Any) -> tuple[uuid.UUID, uuid.UUID, uuid.UUID]:
    """Return where the states before and after an event are sought; nowhere where it is the newest."""
    newer = row["newest_seq"] is not None and row["newest_seq"] > row["seq"]
    here = floor_near(time_of(row["id"]))
    return _since(row["record_id"]), here, LAST if newer else here


def _floor(day: date) -> uuid.UUID:
    return floor_of(datetime(day.year, day.month, day.day, tzinfo=UTC))


def _shown(row: Any) -> dict[str, Any]:
    shown = dict(row)
    return {
        **shown,
        "id": show(Prefix.EVENT, row["id"]),
        "connection_id": show(Prefix.CONNECTION, row["connection_id"]),
        "uuid": row["id"],
        "record_uuid": row["record_id"],
        "record_id": show(Prefix.RECORD, row["record_id"]) if row["record_id"] else None,
    }
