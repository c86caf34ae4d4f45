"""Pulls and backfills of a portal through the hub: everything once, in order, and nothing of what is switched off."""

from __future__ import annotations

from typing import Any

import pytest

from crossdock.flow.run import RunKind
from crossdock.kit.ids import Prefix, show
from tests.journey.hubspot.stage import ALL, Place, Portal
from tests.support.hub import until, working

pytestmark = pytest.mark.asyncio


async def ran(place: Place, connection: Any, kind: RunKind) -> dict[str, Any]:
    """Run a pull or backfill of all streams to its end; return its result."""
    run_id = await place.hub.runs.add(connection.tenant_id, connection.id, kind, ())

    async def done() -> Any:
        async with place.hub.database.engine() as conn:
            row = await conn.fetchrow("SELECT state, progress::text, problem FROM run WHERE id = $1", run_id)
        assert row["state"] not in ("failed", "cancelled"), row["problem"]
        return row if row["state"] == "done" else None

    return dict(await until(done))


async def presences(place: Place) -> dict[tuple[str, str], str]:
    """Return (stream, id) -> presence of all records."""
    async with place.hub.database.engine() as conn:
        rows = await conn.fetch("SELECT stream, external_id, presence FROM record")
    return {(row["stream"], row["external_id"]): row["presence"] for row in rows}


async def events(place: Place) -> list[tuple[str, str]]:
    """Return (type, id) of all events, oldest first."""
    async with place.hub.database.engine() as conn:
        rows = await conn.fetch("SELECT type, external_id FROM event ORDER BY id")
    return [(row["type"], row["external_id"]) for row in rows]


async def filled(portal: Portal) -> dict[tuple[str, str], str]:
    """Put people, firms and deals into a portal; return what is to be read of it."""
    wanted = {}
    for at in range(130):
        wanted["contact", await portal.make("contacts", email=f"p{at}@example.test")] = "live"
    for at in range(3):
        wanted["company", await portal.make("companies", name=f"Firm {at}")] = "live"
        wanted["deal", await portal.make("deals", dealname=f"Deal {at}")] = "live"
    gone = await portal.make("contacts", email="gone@example.test")
    await portal.act("archive", type="contacts", id=gone)
    return {**wanted, ("contact", gone): "trashed"}


async def test_a_backfill_then_pulls_bring_every_change_once(place: Place) -> None:
    """Everything there is, then what changed, was archived and was merged; a pull without a change makes no event."""
    portal = await place.portal(62515)
    wanted = await filled(portal)
    connection = await place.connected(portal)
    async with working(place.hub):
        await ran(place, connection, RunKind.BACKFILL)
        assert await presences(place) == wanted
        assert len(await events(place)) == len(wanted)
        people = [
            external_id for (stream, external_id), state in wanted.items() if (stream, state) == ("contact", "live")
        ]
        deal = next(external_id for stream, external_id in wanted if stream == "deal")
        await portal.act("edit", type="deals", id=deal, properties={"dealstage": "closedwon", "pipeline": "default"})
        await portal.act("merge", type="contacts", id=people[0], other=people[1])
        await portal.act("archive", type="contacts", id=people[2])
        await ran(place, connection, RunKind.PULL)
        wanted |= {("contact", people[1]): "deleted", ("contact", people[2]): "trashed"}

        async def read() -> bool:
            async with place.hub.database.engine() as conn:
                return not await conn.fetchval("SELECT count(*) FROM doorbell")

        await until(read)
        assert await presences(place) == wanted
        fresh = (await events(place))[130 + 7 :]
        assert {one for one in fresh if one[0] != "contact.updated"} == {
            ("deal.won", deal),
            ("contact.deleted", people[1]),
            ("contact.trashed", people[2]),
        }
        count = len(await events(place))
        await ran(place, connection, RunKind.PULL)
        await until(read)
        assert len(await events(place)) == count


async def test_a_portal_that_is_only_written_to_is_not_read(place: Place) -> None:
    """Without a stream switched on nothing is asked, and the choice is visible where connections are shown."""
    portal = await place.portal(62515)
    await portal.make("contacts", email="ada@example.test")
    connection = await place.connected(portal, streams={})
    await place.hub.schedule.ring(connection.id, connection.tenant_id)
    await place.hub.schedule()
    async with place.hub.database.engine() as conn:
        assert await conn.fetchval("SELECT count(*) FROM run") == 0
    changed = {"streams": {"deal": ALL["deal"]}, "rollout": {"first": 5}}
    await place.hub.upkeep.change(connection.tenant_id, connection.id, changed, actor="test")
    await place.hub.schedule()
    async with place.hub.database.engine() as conn:
        assert [row["streams"] for row in await conn.fetch("SELECT streams FROM run WHERE kind = 'pull'")] == [["deal"]]
    key = (await place.hub.keys.add(connection.tenant_id, "reader", ["read"]))[1]
    shown = (await place.doors.get(f"/api/v1/connections/{show(Prefix.CONNECTION, connection.id)}", key)).json
    assert '"first"' in str(shown).replace("'", '"')
