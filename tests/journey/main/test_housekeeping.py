"""A chore that fails as nothing should is done again; what is old is judged by the clock that was given."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from crossdock.kit.clock import SetClock
from crossdock.kit.ids import new_id
from crossdock.wiring import Hub
from crossdock.worker import Housekeeping

CONNECTION = """
INSERT INTO connection (id, tenant_id, connector, name, state, account_uid, config, account)
VALUES ($1, $2, 'woocommerce', 'old', 'paused', 'old', '{}', '{}')
"""
EVENTS = """
INSERT INTO event (id, tenant_id, connection_id, record_id, seq, stream, external_id, type, origin, verdict, presence,
                   status, digest, body)
SELECT id, $2, $3, $3, 1, 'order', '1', 'order.updated', 'webhook', 'applied', 'live', '', '\\x00', '\\x00'
FROM unnest($1::uuid[]) AS id
"""
RECORD = """
INSERT INTO record (id, tenant_id, connection_id, stream, external_id, seq, digest, digest_version, presence, status,
                    seen_to, event_id)
VALUES ($2, $1, $2, 'order', '1', 1, '\\x00', 1, 'live', '', now(), $3)
"""
PARTITIONS = "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'event'::regclass"


async def test_a_failing_chore_is_no_end_of_housekeeping(hub: Hub) -> None:
    housekeeping = Housekeeping(hub)
    done = []

    async def broken() -> None:
        done.append("broken")
        raise RuntimeError("what nobody expects")

    async def fine() -> None:
        done.append("fine")

    for chore in (broken, fine, broken):
        await housekeeping.do(chore)
    assert done == ["broken", "fine", "broken"]


async def test_what_is_old_is_judged_by_the_clock_it_was_given(hub: Hub) -> None:
    async with hub.database.engine() as conn:
        before = {row["name"] for row in await conn.fetch(PARTITIONS)}
    clock = SetClock(datetime.now(UTC) + timedelta(days=hub.settings.keep_events_days + 2))
    await Housekeeping(hub, clock).expire()
    async with hub.database.engine() as conn:
        after = {row["name"] for row in await conn.fetch(PARTITIONS)}
    today = f"event_p{datetime.now(UTC):%Y%m%d}"
    assert today in before
    assert today not in after
    assert f"event_p{clock.now():%Y%m%d}" in after


async def test_bodies_past_their_time_go_however_many_they_are_and_what_is_pinned_stays(hub: Hub) -> None:
    tenant, connection = await hub.tenants.find(), new_id()
    first = [new_id() for _ in range(12_000)]
    async with hub.database.transaction() as conn:
        await conn.execute(CONNECTION, connection, tenant)
        await conn.execute(EVENTS, first, tenant, connection)
        # the newest of a record is what the record shows
        pinned = first[7_000]
        await conn.execute(RECORD, tenant, connection, pinned)
    clock = SetClock(datetime.now(UTC) + timedelta(days=hub.settings.keep_bodies_days + 1))
    housekeeping = Housekeeping(hub, clock)
    await housekeeping.expire()
    assert await _with_bodies(hub, connection) == [pinned]
    async with hub.database.transaction() as conn:
        await conn.execute("UPDATE record SET event_id = gen_random_uuid() WHERE connection_id = $1", connection)
    await housekeeping.expire()
    assert await _with_bodies(hub, connection) == [pinned]  # looked at once a day
    await Housekeeping(hub, clock).expire()
    assert await _with_bodies(hub, connection) == []


async def _with_bodies(hub: Hub, connection: uuid.UUID) -> list[uuid.UUID]:
    async with hub.database.engine() as conn:
        rows = await conn.fetch("SELECT id FROM event WHERE connection_id = $1 AND body IS NOT NULL", connection)
    return [row["id"] for row in rows]
