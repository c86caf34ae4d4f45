"""Partitions by the day inside a UUIDv7 key: made ahead, dropped when old and no longer needed.

A table takes part by being partitioned ``BY RANGE (id)`` with a uuid ``id``. Partitions are named
``<table>_pYYYYMMDD`` and ``<table>_default``; they belong to the owner, and only the parents are granted to the other
roles, so row-level security on the parents cannot be walked around.
"""

from __future__ import annotations

import asyncio
import re
import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg

from crossdock.kit.ids import floor_near, floor_of
from crossdock.store.queries import load

if TYPE_CHECKING:
    from crossdock.store.database import Database
    from crossdock.store.pools import Connection

SQL = load(Path(__file__).with_name("sql") / "partitions.sql")
DAYS_AHEAD = 7
_NAME = re.compile(r"_p(\d{8})$")
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_ATTEMPTS = 5
_PAUSE_S = 0.5
"""Between two attempts whoever waited behind the first goes on."""
_MEANWHILE_S = 2.0
"""All arrivals wait as long: well below the time after which they are refused."""


@dataclass(frozen=True, slots=True)
class Expiry:
    """How long a table's partitions are kept.

    ``pinned`` is a query run as the engine with ``$1`` and ``$2``, the first id of the partition and the first after
    it; it returns true while something still needs a row of that range (a live delivery, a record's body).
    ``pinned_meanwhile`` is asked once more while nobody can read the table (so it must not read it either, and gets
    :data:`_MEANWHILE_S`); its ``$3`` is an id made well before the first look.
    """

    table: str
    keep_days: int
    pinned: str | None = None
    pinned_meanwhile: str | None = None


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What one round did: names of partitions made, dropped, and old but still needed."""

    made: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    pinned: tuple[str, ...] = ()


def bounds(day: date) -> tuple[uuid.UUID, uuid.UUID]:
    """Return the first id of a day (UTC) and the first id after it."""
    start = datetime.combine(day, time(), tzinfo=UTC)
    return floor_of(start), floor_of(start + timedelta(days=1))


def name_of(table: str, day: date) -> str:
    """Return the name of a day's partition."""
    return f"{table}_p{day:%Y%m%d}"


def day_of(partition: str) -> date | None:
    """Return the day in a partition's name; None for the default partition."""
    found = _NAME.search(partition)
    return datetime.strptime(found[1], "%Y%m%d").replace(tzinfo=UTC).date() if found else None


async def ensure_ahead(owner: Connection, *, now: datetime | None = None, days: int = DAYS_AHEAD) -> tuple[str, ...]:
    """Make the partitions of today and ``days`` days ahead, for every table, and return the names of new ones.

    Rows that fell into a default partition meanwhile (no upkeep for a week, an id of another day) move to their own.
    """
    today = (now or datetime.now(UTC)).date()
    made: list[str] = []
    for row in await owner.fetch(SQL["partitioned_tables"]):
        table, present = row["name"], set(row["partitions"])
        if f"{table}_default" not in present:
            await _patiently(owner, _create_default, table)
            made.append(f"{table}_default")
        wanted = {today + timedelta(days=ahead) for ahead in range(days + 1)}
        wanted |= await _stray_days(owner, table, today + timedelta(days=days + 366))
        missing = [day for day in sorted(wanted) if name_of(table, day) not in present]
        made += [name_of(table, day) for day in missing if await _patiently(owner, _create, table, day)]
    return tuple(made)


async def keep_up(
    database: Database, expiries: tuple[Expiry, ...], *, now: datetime | None = None, days: int = DAYS_AHEAD
) -> Upkeep:
    """One round of upkeep: make partitions ahead, drop those beyond their time that nothing needs any more.

    Raises :class:`~crossdock.store.errors.ConnectionLost`, and ``asyncpg.LockNotAvailableError`` when a table stayed
    locked through several tries of a second.
    """
    moment = now or datetime.now(UTC)
    dropped: list[str] = []
    pinned: list[str] = []
    async with database.owner() as owner, database.engine() as engine:
        made = await ensure_ahead(owner, now=moment, days=days)
        tables = {row["name"]: row["partitions"] for row in await owner.fetch(SQL["partitioned_tables"])}
        for expiry in expiries:
            last_kept = moment.date() - timedelta(days=expiry.keep_days)
            for partition in sorted(tables.get(expiry.table, ())):
                day = day_of(partition)
                if day is None or day >= last_kept:
                    continue
                gone = await _patiently(owner, _drop, engine, expiry, day)
                (dropped if gone else pinned).append(partition)
    return Upkeep(made, tuple(dropped), tuple(pinned))


async def _patiently(owner: Connection, work: Any, *args: Any) -> bool:
    """Run one step in a transaction that waits briefly for locks, again when they were taken."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            async with owner.transaction():
                await owner.execute(SQL["lock"])
                await owner.execute(SQL["short_waits"])
                return bool(await work(owner, *args))
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
            if attempt == _ATTEMPTS:
                raise
            await asyncio.sleep(_PAUSE_S)
    return False


async def _create_default(owner: Connection, table: str) -> bool:
    await owner.execute(_fill("create_default", partition=f"{table}_default", table=table))
    return True


async def _create(owner: Connection, table: str, day: date) -> bool:
    partition = name_of(table, day)
    if await owner.fetchval(SQL["still_there"], partition):
        return False
    low, high = bounds(day)
    await owner.execute(_fill("create_loose", partition=partition, table=table))
    # nobody may add another row of that day to the default partition between the move and the attaching
    await owner.execute(_fill("lock_partition", partition=f"{table}_default"))
    await owner.execute(_fill("move_strays", source=f"{table}_default", partition=partition), low, high)
    attach = SQL["attach"].replace("{low}", str(low)).replace("{high}", str(high))
    await owner.execute(attach.replace("{table}", _quoted(table)).replace("{partition}", _quoted(partition)))
    return True


async def _stray_days(owner: Connection, table: str, before: date) -> set[date]:
    high, _ = bounds(before)
    rows = await owner.fetch(_fill("stray_days", partition=f"{table}_default"), floor_of(_EARLIEST), high)
    return {row["day"] for row in rows}


async def _drop(owner: Connection, engine: Connection, expiry: Expiry, day: date) -> bool:
    partition = name_of(expiry.table, day)
    if not await owner.fetchval(SQL["still_there"], partition):
        return True
    looked = floor_near(datetime.now(UTC))
    if expiry.pinned is not None and await engine.fetchval(expiry.pinned, *bounds(day)):
        return False
    # a replay that is reading the partition ends first, and the next one waits until it is gone
    await owner.execute(_fill("lock_parent", table=expiry.table))
    if expiry.pinned_meanwhile is not None:
        try:
            if await engine.fetchval(expiry.pinned_meanwhile, *bounds(day), looked, timeout=_MEANWHILE_S):
                return False
        except TimeoutError:
            return False  # too many deliveries wait to tell at once: the next round asks again
    await owner.execute(_fill("drop", partition=partition))
    return True


def _fill(query: str, **names: str) -> str:
    """Put table names into a statement: names cannot be parameters; they come from the catalogue, quoted."""
    text = SQL[query]
    for key, name in names.items():
        text = text.replace("{" + key + "}", _quoted(name))
    return text


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
