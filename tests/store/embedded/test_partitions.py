"""Partitions: ahead, moved out of the default, dropped by age, never while something needs them."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, date, datetime, timedelta

import asyncpg
import pytest

from crossdock.kit.ids import new_id
from crossdock.store import partitions
from crossdock.store.database import Database
from crossdock.store.partitions import Expiry, bounds, day_of, name_of
from tests.support.hub import until

PINS = (partitions.SQL["pinned_events"], partitions.SQL["pinned_meanwhile"])
NOW = datetime.now(UTC)


async def _event(database: Database, at: datetime) -> uuid.UUID:
    event = new_id(at)
    async with database.engine() as conn:
        await conn.execute(
            "INSERT INTO event (id, tenant_id, connection_id, record_id, seq, stream, external_id, type, origin,"
            " verdict, presence, status, digest) VALUES ($1, $2, $2, $2, 1, 'orders', '1', 'order.created', 'pull',"
            " 'applied', 'live', '', '')",
            event,
            new_id(),
        )
    return event


async def _where(database: Database, event: uuid.UUID) -> str:
    async with database.engine() as conn:
        found: str = await conn.fetchval("SELECT tableoid::regclass::text FROM event WHERE id = $1", event)
    return found


def test_bounds_are_the_utc_day_in_milliseconds() -> None:
    low, high = bounds(date(2026, 11, 21))
    assert (
        low < new_id(datetime(2026, 11, 21, tzinfo=UTC)) < new_id(datetime(2026, 11, 21, 23, 59, 59, tzinfo=UTC)) < high
    )
    assert low.int & ((1 << 80) - 1) == 0
    assert new_id(datetime(2026, 11, 22, tzinfo=UTC)) > high
    assert name_of("event", date(2026, 11, 21)) == "event_p20261121"
    assert day_of("event_p20261121") == date(2026, 11, 21)
    assert day_of("event_default") is None


async def test_a_week_is_ready_for_every_partitioned_table(database: Database) -> None:
    async with database.owner() as owner:
        rows = await owner.fetch(partitions.SQL["partitioned_tables"])
        assert {"event", "delivery_done", "attempt", "audit_entry"} <= {row["name"] for row in rows}
        for row in rows:
            wanted = {name_of(row["name"], NOW.date() + timedelta(days=n)) for n in range(7)}
            assert wanted | {f"{row['name']}_default"} <= set(row["partitions"])
        assert await partitions.ensure_ahead(owner, now=NOW) == ()


async def test_rows_go_to_their_day(database: Database) -> None:
    event = await _event(database, NOW + timedelta(days=2))
    assert await _where(database, event) == name_of("event", (NOW + timedelta(days=2)).date())


async def test_rows_in_the_default_partition_move_to_their_own(database: Database) -> None:
    late, early = NOW + timedelta(days=30), NOW - timedelta(days=3)
    events = [await _event(database, at) for at in (late, early, early)]
    assert {await _where(database, event) for event in events} == {"event_default"}
    async with database.owner() as owner:
        made = await partitions.ensure_ahead(owner, now=NOW)
    assert made == (name_of("event", early.date()), name_of("event", late.date()))
    assert [await _where(database, event) for event in events] == [
        name_of("event", late.date()),
        *[name_of("event", early.date())] * 2,
    ]


async def test_old_partitions_go_and_needed_ones_stay(database: Database) -> None:
    free, pinned = await _event(database, NOW - timedelta(days=20)), await _event(database, NOW - timedelta(days=21))
    kept = await _event(database, NOW - timedelta(days=9))
    async with database.engine() as conn:
        await conn.execute(
            "INSERT INTO delivery (id, tenant_id, lane_id, route_id, record_id, event_id, seq, occurrence,"
            " priority, head) SELECT $2, tenant_id, $2, $2, record_id, id, 1, false, 1, true FROM event WHERE id = $1",
            pinned,
            new_id(),
        )
    upkeep = await partitions.keep_up(database, (Expiry("event", 10, *PINS),), now=NOW)
    assert upkeep.dropped == (name_of("event", (NOW - timedelta(days=20)).date()),)
    assert upkeep.pinned == (name_of("event", (NOW - timedelta(days=21)).date()),)
    async with database.engine() as conn:
        left = [row["id"] for row in await conn.fetch("SELECT id FROM event ORDER BY id")]
        assert left == [pinned, kept]
        assert free not in left
        await conn.execute("DELETE FROM delivery")
    upkeep = await database.tend_partitions({"event": 10, "audit_entry": None})
    assert upkeep.dropped == (name_of("event", (NOW - timedelta(days=21)).date()),)


async def test_a_record_pins_its_event(database: Database) -> None:
    event = await _event(database, NOW - timedelta(days=50))
    async with database.engine() as conn:
        await conn.execute(
            "INSERT INTO record (id, tenant_id, connection_id, stream, external_id, seq, digest, digest_version,"
            " presence, status, seen_to, event_id)"
            " SELECT record_id, tenant_id, connection_id, 'orders', '1', 1, '', 1, 'live', '', now(), id"
            " FROM event WHERE id = $1",
            event,
        )
    upkeep = await database.tend_partitions({"event": 10})
    assert (upkeep.dropped, len(upkeep.pinned)) == ((), 1)


async def _somebody_waits_for(database: Database, table: str) -> None:
    async with asyncio.timeout(60), database.engine() as conn:
        while True:
            if await conn.fetchval(
                "SELECT EXISTS (SELECT FROM pg_locks l JOIN pg_class c ON c.oid = l.relation"
                " WHERE NOT l.granted AND c.relname = $1)",
                table,
            ):
                return
            await asyncio.sleep(0.01)


async def test_a_replay_that_begins_while_a_partition_is_checked_keeps_it(database: Database) -> None:
    event = await _event(database, NOW - timedelta(days=50))
    async with database.owner() as owner:
        await partitions.ensure_ahead(owner)
    async with database.transaction() as replay:
        await replay.execute(
            "INSERT INTO delivery (id, tenant_id, lane_id, route_id, record_id, event_id, seq, occurrence,"
            " priority, head) SELECT $2, tenant_id, $2, $2, record_id, id, 1, false, 1, true FROM event WHERE id = $1",
            event,
            new_id(),
        )
        tending = asyncio.create_task(database.tend_partitions({"event": 10}))
        await _somebody_waits_for(database, "event")
    upkeep = await tending
    assert (upkeep.dropped, len(upkeep.pinned)) == ((), 1)


_WAITING = """
SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE NOT l.granted AND a.datname = current_database()
"""


async def test_whoever_reads_while_a_partition_goes_is_not_sacrificed(database: Database) -> None:
    """A reader has the parent's lock and comes for the partitions, between the last look at one and its end."""
    day = (NOW - timedelta(days=50)).date()
    await _event(database, NOW - timedelta(days=50))
    async with database.owner() as owner:
        await partitions.ensure_ahead(owner)
    last_look = "SELECT pg_advisory_xact_lock(4711)::text <> '' FROM (SELECT $1::uuid, $2::uuid, $3::uuid) AS asked"
    gate = await database.connect("crossdock_engine")
    try:
        await gate.execute("SELECT pg_advisory_lock(4711)")

        async def one_waits() -> bool:
            return bool(await gate.fetchval(_WAITING))

        async def reads_or_waits() -> bool:
            return reading.done() or await gate.fetchval(_WAITING) > 1

        async with database.transaction() as reader:
            await reader.execute("LOCK TABLE ONLY event IN ACCESS SHARE MODE")
            expiry = Expiry("event", 10, pinned_meanwhile=last_look)
            tending = asyncio.create_task(partitions.keep_up(database, (expiry,), now=NOW))
            await until(one_waits)
            reading = asyncio.create_task(reader.fetchval("SELECT count(*) FROM event"))
            await until(reads_or_waits)
            await gate.execute("SELECT pg_advisory_unlock(4711)")
            assert await reading == 1
        assert (await tending).dropped == (name_of("event", day),)
    finally:
        await gate.close()


async def test_many_keepers_at_once(database: Database) -> None:
    for days in (40, 41, 42):
        await _event(database, NOW - timedelta(days=days))
    rounds = await asyncio.gather(*(database.tend_partitions({"event": 10}) for _ in range(3)))
    assert len({name for one in rounds for name in one.dropped}) == 3
    async with database.engine() as conn:
        assert await conn.fetchval("SELECT count(*) FROM event") == 0


@pytest.mark.parametrize("role", ["crossdock_engine", "crossdock_app"])
async def test_nobody_walks_around_the_parents_policies(database: Database, role: str) -> None:
    partition = name_of("event", NOW.date())
    conn = await database.connect(role)
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await conn.fetch(f"SELECT * FROM {partition}")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await conn.fetch("SELECT * FROM event_default")
    finally:
        await conn.close()
