"""The proof calendar: for each store, destination and day what the newest proof that covers the day has found."""

from __future__ import annotations

import calendar
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import msgspec

from crossdock.flow.reconcile.by_day import DayRow
from crossdock.flow.reconcile.days import zone_of
from crossdock.flow.reconcile.reports import Covering
from crossdock.kit.ids import Prefix, parse, show
from crossdock.model.connection import Connection
from crossdock.wiring import Hub

STRIP: Final = 90
MOST_LINES: Final = 10
"""Lines of a calendar on one page."""


class Cell(msgspec.Struct, frozen=True):
    """One day of one line."""

    day: date
    tone: str
    """good, bad, warn, live or quiet."""
    icon: str
    number: str
    said: str
    """The whole finding, for those who cannot see the cell."""
    proof_id: str = ""


class Line(msgspec.Struct, frozen=True):
    """One store against one destination."""

    store_id: str
    store: str
    destination_id: str
    destination: str
    zone: str
    cells: tuple[Cell, ...]
    strip: tuple[tuple[str, int], ...]
    """The last days as (tone, how many in a row), the oldest first."""


class Opened(msgspec.Struct, frozen=True):
    """One day of one line, opened."""

    line: Line
    cell: Cell
    row: DayRow | None
    taken_at: datetime | None
    depth: str
    between: tuple[datetime, datetime]
    exceptions: tuple[dict[str, Any], ...]

    @property
    def open(self) -> list[dict[str, Any]]:
        """Return what is still wrong."""
        return [one for one in self.exceptions if one["state"] == "open"]


class Ledger:
    """What proofs tell of a tenant's days."""

    def __init__(self, stores: Mapping[uuid.UUID, Connection], told: Sequence[Covering], now: datetime) -> None:
        self._stores = stores
        self._now = now
        self._told: dict[uuid.UUID, list[Covering]] = {name: [] for name in stores}
        for one in told:
            self._told[one.connection_id].append(one)
        self._rows = {(one.id, row.destination_id, row.day): row for one in told for row in one.rows}

    def today(self, store_id: uuid.UUID) -> date:
        """Return which day it is at a store."""
        return self._now.astimezone(zone_of(self._stores[store_id].account)).date()

    def at(self, store_id: uuid.UUID, destination_id: str, day: date) -> tuple[Covering | None, DayRow | None]:
        """Return the newest proof that covers a day, and what it found of it; None: no orders, or nothing of it."""
        zone = zone_of(self._stores[store_id].account)
        for one in self._told[store_id]:
            if one.covers(day, one.ended_at.astimezone(zone).date()):
                return one, self._rows.get((one.id, destination_id, day.isoformat()))
        return None, None

    def destinations(self, store_id: uuid.UUID) -> dict[str, str]:
        """Return the destinations that proofs of a store have spoken of."""
        mine = [row for one in self._told[store_id] for row in one.rows]
        return {row.destination_id: row.destination for row in reversed(mine)}


async def lines(
    hub: Hub, tenant_id: uuid.UUID, month: date, only: uuid.UUID | None = None
) -> tuple[Ledger, list[Line]]:
    """Return a month of all stores and destinations, or of one store."""
    now = datetime.now(UTC)
    routes = [one for one in await hub.connections.routes(tenant_id) if _is_proven(one)]
    names = {parse(Prefix.CONNECTION, one["source_id"]) for one in routes}
    wanted = sorted(name for name in names if only in (None, name))
    stores = {name: await hub.directory.connection(name) for name in wanted}
    end = _next(month)
    until = min(now, datetime(end.year, end.month, 1, tzinfo=UTC) + timedelta(days=99)) + timedelta(days=1)
    told = [one for one in await hub.reports.calendar(tenant_id, until) if one.connection_id in stores]
    ledger = Ledger(stores, told, now)
    found = []
    for name, store in stores.items():
        goes = ledger.destinations(name)
        goes |= {
            r["destination_id"]: r["destination"] for r in routes if parse(Prefix.CONNECTION, r["source_id"]) == name
        }
        found += [_line(ledger, store, there, goes[there], month) for there in sorted(goes, key=lambda one: goes[one])]
    return ledger, sorted(found, key=lambda one: (one.store, one.destination))


def _is_proven(route: Mapping[str, Any]) -> bool:
    own = route["destination_id"] == route["source_id"]
    return route["stream"] == "order" and not route["occurrence"] and bool(route["enabled"]) and not own


def _next(month: date) -> date:
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)


def _line(ledger: Ledger, store: Connection, there: str, name: str, month: date) -> Line:
    today = ledger.today(store.id)
    last = calendar.monthrange(month.year, month.month)[1]
    days = [month.replace(day=number) for number in range(1, last + 1)]
    cells = tuple(cell(*ledger.at(store.id, there, day), day) for day in days if day <= today)
    strip = _runs([cell(*ledger.at(store.id, there, today - timedelta(days=back)), today).tone
                   for back in range(STRIP - 1, -1, -1)])  # fmt: skip
    zone = str(store.account.get("time_zone") or "UTC")
    return Line(show(Prefix.CONNECTION, store.id), store.name, there, name, zone, cells, strip)


def _runs(tones: Sequence[str]) -> tuple[tuple[str, int], ...]:
    runs: list[tuple[str, int]] = []
    for tone in tones:
        if runs and runs[-1][0] == tone:
            runs[-1] = (tone, runs[-1][1] + 1)
        else:
            runs.append((tone, 1))
    return tuple(runs)


def cell(proof: Covering | None, row: DayRow | None, day: date) -> Cell:
    """Return how a day is shown."""
    said = f"{day:%a} {day.day} {day:%b}: "
    if proof is None:
        return Cell(day, "quiet", "open", "", f"{said}not proven yet")
    name = show(Prefix.PROOF, proof.id)
    if row is None or not (row.in_store or row.recorded):
        return Cell(day, "quiet", "none", "", f"{said}no orders", name)
    total = max(row.in_store, row.recorded)
    lost = row.missing + row.duplicate + row.dead + max(0, row.in_store - row.recorded)
    if lost:
        told = f"{said}{lost} of {total} orders missing, doubled or dead"
        return Cell(day, "bad", "gap" if row.missing or row.in_store > row.recorded else "dead", f"{lost}", told, name)
    if row.drifted:
        return Cell(day, "warn", "alert", f"{row.drifted}", f"{said}{row.drifted} of {total} orders drifted", name)
    if row.moving:
        return Cell(day, "live", "waiting", f"{row.moving}", f"{said}{row.moving} of {total} orders on their way", name)
    if row.repaired:
        told = f"{said}{total} of {total} orders proven, {row.repaired} after a repair"
        return Cell(day, "live", "repair", f"{total}", told, name)
    return Cell(day, "good", "delivered", f"{total}", f"{said}{total} of {total} orders proven", name)


async def opened(hub: Hub, ledger: Ledger, line: Line, day: date, tenant_id: uuid.UUID) -> Opened | None:
    """Return one day of a line with its exceptions; None for a day that is not on the page."""
    found = next((one for one in line.cells if one.day == day), None)
    if found is None:
        return None
    store_id = parse(Prefix.CONNECTION, line.store_id)
    proof, row = ledger.at(store_id, line.destination_id, day)
    zone = zone_of((await hub.directory.connection(store_id)).account)
    span = tuple(datetime.combine(one, datetime.min.time(), zone).astimezone(UTC) for one in (day, day + timedelta(1)))
    between = (span[0], span[1])
    exceptions: list[dict[str, Any]] = []
    if proof is not None:
        there = parse(Prefix.CONNECTION, line.destination_id)
        exceptions = await hub.reports.exceptions.of_day(tenant_id, proof.id, there, between)
    at, depth = (proof.ended_at, proof.depth) if proof else (None, "")
    return Opened(line, found, row, at, depth, between, tuple(exceptions))
