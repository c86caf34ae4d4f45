"""What comes back of our own writes is no news where it came from; what people change is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from crossdock.kit.ids import new_id
from tests.journey.hubspot.stage import ALL, APP, SECRET, Place
from tests.journey.hubspot.test_full import Sale, sold
from tests.support.hub import order, until, working

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def sale(place: Place) -> AsyncIterator[Sale]:
    """A portal that is written and read, with a route of its deals back to the shop."""
    made = await sold(place, app_id=str(APP), app_secret=SECRET)
    await place.hub.upkeep.change(made.crm.tenant_id, made.crm.id, {"streams": ALL}, actor="test")
    async with place.hub.database.transaction() as conn:
        await conn.execute(
            "INSERT INTO route (id, tenant_id, source_id, destination_id, stream, action, occurrence, priority)"
            " VALUES ($1, $2, $3, $4, 'deal', 'write_back', false, 0)",
            new_id(),
            made.crm.tenant_id,
            made.crm.id,
            made.shop.id,
        )
        await conn.execute("INSERT INTO lane (id, tenant_id) VALUES ($1, $2)", made.shop.id, made.shop.tenant_id)
        await conn.execute("UPDATE connection SET route_epoch = route_epoch + 1 WHERE id = $1", made.crm.id)
    yield made


async def told(sale: Sale) -> None:
    """Bring what the portal's app has to tell to the hub, and wait until it was read."""
    for message in await sale.portal.messages():
        assert (await sale.place.send(message)).status == 200

    async def read() -> bool:
        async with sale.place.hub.database.engine() as conn:
            return not await conn.fetchval("SELECT count(*) FROM doorbell")

    await until(read)


async def ends(sale: Sale) -> list[tuple[str, str | None]]:
    """Return the deal's events with the rule that ended their way back, oldest first."""
    async with sale.place.hub.database.engine() as conn:
        rows = await conn.fetch(
            "SELECT e.type, d.rule FROM event e LEFT JOIN delivery_done d ON d.event_id = e.id AND d.lane_id = $1"
            " WHERE e.stream = 'deal' ORDER BY e.seq",
            sale.shop.id,
        )
    return [(row["type"], row["rule"]) for row in rows]


async def delivered(sale: Sale, number: int) -> dict[str, Any]:
    """Wait until so many deliveries to the portal are done; return its deal."""

    async def done() -> bool:
        async with sale.place.hub.database.engine() as conn:
            count = await conn.fetchval("SELECT count(*) FROM delivery_done WHERE lane_id = $1", sale.crm.id)
        return bool(count >= number)

    await until(done)
    (deal,) = await sale.portal.live("deals")
    return deal


async def test_our_own_write_is_an_echo_and_a_persons_is_news(sale: Sale) -> None:
    """The order moves the deal: no news for the shop. Sales moves it: news. Both are recorded as events."""
    async with working(sale.place.hub):
        await sale.hook(order(1, status="pending"))
        deal = await delivered(sale, 1)
        await sale.portal.control(
            "PUT", "settings", {"webhook_url": "https://hub.example.test/webhooks/hubspot/app/54321"}
        )
        await told(sale)
        await sale.portal.act("edit", type="deals", id=deal["id"], properties={"hs_next_step": "call"})
        await told(sale)
        await sale.hook(order(1, status="processing", modified="2026-11-20T11:00:00", total="40.00"))
        deal = await delivered(sale, 2)
        assert deal["amount"] == "40.00"
        await told(sale)
        await sale.portal.act("edit", type="deals", id=deal["id"], properties={"amount": "41.00"})
        await told(sale)
        seen = await ends(sale)
    assert seen[-2] == ("deal.won", "echo"), seen
    assert [kind for kind, _ in seen[-2:]] == ["deal.won", "deal.updated"]
    assert "echo" not in [rule for _, rule in (*seen[:-2], seen[-1])], seen
    async with sale.place.hub.database.engine() as conn:
        kept = await conn.fetch("SELECT stream, sent::text, derived::text FROM write_intent")
    assert {row["stream"] for row in kept} >= {"deal"}
    everything = " ".join(row["sent"] for row in kept)
    assert "Person-Canary" not in everything
    assert "example.com" not in everything.lower()
