"""Echoes on a real database: what comes back of a write is skipped where it came from, and nowhere else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest_asyncio

from crossdock.flow.watch import findings_of
from crossdock.kit.ids import new_id
from crossdock.model.connection import Connection
from crossdock.model.observation import Observation
from crossdock.model.origin import Origin
from crossdock.wiring import Hub
from tests.support.hub import add_connection, add_route, add_shop, estrange, order


class Scene:
    """A shop that goes to a CRM and a second one; the hub writes into the shop what the CRM said."""

    def __init__(self, hub: Hub, shop: Connection, crm: Connection, other: Connection) -> None:
        self.hub, self.shop, self.crm, self.other = hub, shop, crm, other

    async def hook(self, document: dict[str, Any]) -> str:
        seen = observed(document)
        parcel = self.hub.journey.parcel(self.shop, seen, Origin.WEBHOOK, orjson.dumps(document))
        return str((await self.hub.journey.intake.submit(parcel)).verdict)

    async def get(self, document: dict[str, Any]) -> str:
        async with self.hub.database.transaction() as conn:
            began = await conn.fetchval("SELECT clock_timestamp()")
            seen = [observed(document)]
            counts = await self.hub.journey.record(conn, self.shop, seen, Origin.PULL, (began, began), fresh=True)
        return next(iter(counts))

    async def intend(self, status: str, *, answered: bool = True, hops: int = 0, ago: float = 0, **more: Any) -> None:
        now = datetime.now(UTC) - timedelta(seconds=ago)
        async with self.hub.database.transaction() as conn:
            await conn.execute(
                "INSERT INTO write_intent (connection_id, stream, external_id, delivery_id, tenant_id, origin_id,"
                " caused_at, sent, derived, hops, at, answered_at)"
                " VALUES ($1, 'order', '1', $2, $3, $4, $5, $6::jsonb, '{date_completed_gmt}', $7, $8, $9)",
                self.shop.id,
                new_id(),
                self.shop.tenant_id,
                more.get("origin", self.crm.id),
                more.get("caused_at", now),
                orjson.dumps({"status": status}).decode(),
                hops,
                now,
                now if answered else None,
            )
            await conn.execute(
                "UPDATE connection SET writes_until = now() + interval '5 min' WHERE id = $1", self.shop.id
            )

    async def deliveries(self) -> list[tuple[str, int, str]]:
        """(destination, seq, what became of it), in order."""
        async with self.hub.database.engine() as conn:
            rows = await conn.fetch(
                "SELECT lane_id, seq, state AS what FROM delivery UNION ALL"
                " SELECT lane_id, seq, coalesce(rule, state) FROM delivery_done ORDER BY seq"
            )
        names = {self.crm.id: "crm", self.other.id: "other"}
        return sorted((names[row["lane_id"]], row["seq"], row["what"]) for row in rows)

    async def deliver_all(self) -> None:
        """End all that waits as delivered."""
        async with self.hub.database.transaction() as conn:
            await conn.execute(
                "WITH gone AS (DELETE FROM delivery RETURNING *) INSERT INTO delivery_done (id, tenant_id, lane_id,"
                " route_id, record_id, event_id, seq, state, attempts, created_at)"
                " SELECT id, tenant_id, lane_id, route_id, record_id, event_id, seq, 'delivered', 1, created_at"
                " FROM gone"
            )


def observed(document: dict[str, Any]) -> Observation:
    modified = datetime.fromisoformat(document["date_modified_gmt"]).replace(tzinfo=UTC)
    return Observation("order", str(document["id"]), document, status=document["status"], modified_at=modified)


@pytest_asyncio.fixture
async def scene(hub: Hub) -> Scene:
    shop = await add_shop(hub)
    crm = await add_connection(hub, "hubspot", "crm", destination=True)
    other = await add_connection(hub, "hubspot", "other", destination=True)
    for destination in (crm, other):
        await add_route(hub, shop, destination, "order", "order")
    made = Scene(hub, shop, crm, other)
    assert await made.hook(order()) == "applied"
    await made.deliver_all()
    return made


def later(second: int = 5, **more: Any) -> dict[str, Any]:
    return order(modified=f"2026-11-20T10:00:{second:02}", **more)


async def test_an_echo_reaches_everybody_but_its_origin(scene: Scene) -> None:
    await scene.intend("completed")
    assert await scene.hook(later(status="completed", date_completed_gmt="x")) == "applied"
    assert await scene.deliveries() == [
        ("crm", 1, "delivered"),
        ("crm", 2, "echo"),
        ("other", 1, "delivered"),
        ("other", 2, "waiting"),
    ]
    async with scene.hub.database.engine() as conn:
        assert (await conn.fetchrow("SELECT status, seq FROM record"))["status"] == "completed"
        assert await conn.fetchval("SELECT hops FROM event ORDER BY seq DESC LIMIT 1") == 1


async def test_a_record_whose_body_cannot_be_opened_takes_what_comes_next(scene: Scene) -> None:
    await scene.intend("completed")
    await estrange(scene.hub, "1")
    assert await scene.hook(later(status="completed")) == "applied"
    # what it was before cannot be told, so nobody can tell an echo: it goes to everybody
    assert ("crm", 2, "waiting") in await scene.deliveries()


async def test_another_change_beside_it_is_news(scene: Scene) -> None:
    await scene.intend("completed")
    await scene.hook(later(status="completed", total="99.00"))
    assert ("crm", 2, "waiting") in await scene.deliveries()


async def test_what_a_program_asked_for_goes_everywhere(scene: Scene) -> None:
    await scene.intend("completed", origin=None)
    await scene.hook(later(status="completed"))
    assert ("crm", 2, "waiting") in await scene.deliveries()


async def test_inside_an_unanswered_write_a_get_decides(scene: Scene) -> None:
    await scene.intend("completed", answered=False)
    assert await scene.hook(later(status="on-hold")) == "contested"
    async with scene.hub.database.engine() as conn:
        assert await conn.fetchval("SELECT count(*) FROM doorbell") == 1
    assert await scene.get(later(7, status="completed")) == "applied"
    assert ("crm", 2, "echo") in await scene.deliveries()


async def test_an_echo_is_news_when_something_else_went_there_since(scene: Scene) -> None:
    await scene.intend("completed", caused_at=datetime.now(UTC) - timedelta(minutes=1))
    await scene.hook(later(status="completed"))
    assert ("crm", 2, "waiting") in await scene.deliveries()


async def test_an_echo_is_news_while_something_else_is_on_its_way_there(scene: Scene) -> None:
    await scene.hook(later(3, total="1.00"))
    await scene.intend("completed")
    await scene.hook(later(5, total="1.00", status="completed"))
    shown = await scene.deliveries()
    assert ("crm", 3, "waiting") in shown
    assert ("crm", 2, "superseded") in shown


async def test_old_intents_are_forgotten_and_a_silent_connection_is_not_asked(scene: Scene) -> None:
    await scene.intend("completed", ago=16 * 60)
    await scene.hook(later(status="completed"))
    assert ("crm", 2, "waiting") in await scene.deliveries()
    async with scene.hub.database.transaction() as conn:
        await conn.execute("UPDATE connection SET writes_until = now() - interval '1 s'")
    await scene.intend("on-hold")
    async with scene.hub.database.transaction() as conn:
        await conn.execute("UPDATE connection SET writes_until = NULL")
    await scene.hook(later(6, status="on-hold"))
    assert ("crm", 3, "waiting") in await scene.deliveries()


async def test_the_sixth_hop_ends(scene: Scene) -> None:
    await scene.intend("completed", hops=4)
    await scene.hook(later(status="completed"))
    assert [what for _, seq, what in await scene.deliveries() if seq == 2] == ["hop-limit", "hop-limit"]


async def test_a_ping_pong_that_was_ended_is_found_until_it_is_over(scene: Scene) -> None:
    """One row with cause and remedy, however often; half an hour after the last time it is resolved by itself."""
    await scene.intend("completed", hops=4)
    await scene.hook(later(status="completed"))
    await scene.hook(later(9, status="completed", total="1.00"))
    hub, tenant, shop = scene.hub, scene.shop.tenant_id, scene.shop.id
    async with hub.database.engine() as conn:
        (found,) = await findings_of(conn, tenant, shop)
    assert (found.code, found.severity, found.state, found.seen) == ("ping-pong", "error", "open", 1)
    assert found.evidence | {"destination": ""} == {"stream": "order", "entity": "1", "destination": "", "hops": 5}
    assert found.cause
    assert "owner" in found.remedy
    await hub.watch.plan()
    await scene.intend("on-hold", hops=7)
    await scene.hook(later(12, status="on-hold", total="1.00"))
    async with hub.database.engine() as conn:
        assert [one.seen for one in await findings_of(conn, tenant, shop)] == [2]
        await conn.execute("UPDATE finding SET last_seen = now() - interval '31 min'")
    await hub.watch.plan()
    async with hub.database.engine() as conn:
        assert await findings_of(conn, tenant, shop) == []
        assert [one.state for one in await findings_of(conn, tenant, shop, ended=True)] == ["resolved"]
