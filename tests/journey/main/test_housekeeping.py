"""A chore that fails as nothing should is done again; what is old is judged by the clock that was given."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from crossdock.kit.clock import SetClock
from crossdock.wiring import Hub
from crossdock.worker import Housekeeping

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
