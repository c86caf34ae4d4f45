"""The overview: its answer, what needs somebody with the button that helps, the yard and the figures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from crossdock.govern.access import Role
from crossdock.kit.ids import new_id
from crossdock.wiring import Hub
from tests.support.browsing import visiting
from tests.support.hub import add_connection, working
from tests.support.traffic import Street

pytestmark = pytest.mark.asyncio


async def test_a_new_hub_says_how_to_begin(hub: Hub) -> None:
    async with visiting(hub) as visitor:
        await visitor.enter(Role.VIEWER)
        seen = await visitor.get("/t/default")
        assert seen.status == 200
        assert "Nothing is connected yet. Begin with a store." in seen.words
        assert "First steps" in seen.words


async def test_when_all_is_well_the_answer_says_so_and_the_figures_add_up(hub: Hub, street: Street) -> None:
    async with working(hub), visiting(hub) as visitor:
        for number in (1, 2, 3):
            await street.tell(number)
        await street.ended(3)
        await hub.journey.tally.flush(hub.database)
        await visitor.enter(Role.VIEWER)
        seen = await visitor.get("/t/default")
        assert "Nothing needs you. Everything is moving." in seen.words
        figures = {
            " ".join(one.xpath("dt")[0].text_content().split()): one.xpath("dd/b")[0].text_content()
            for one in seen.doc.xpath("//dl[@class='figures']/div")
        }
        assert figures["Recorded"] == "3"
        assert figures["Delivered"] == "3"
        assert figures["Waiting"] == "0"
        assert "1 route: shop to sink." in seen.text
        links = {a.get("href") for a in seen.doc.xpath("//dl[@class='figures']//a")}
        assert "/t/default/deliveries?state=waiting" in links, "every number leads on"


async def test_a_broken_connection_is_the_first_that_needs_somebody(hub: Hub, street: Street) -> None:
    async with hub.database.transaction() as conn:
        await conn.execute(
            "UPDATE connection SET state = 'broken', problem = 'the token was withdrawn' WHERE id = $1", street.sink.id
        )
    await street.tell(1)
    async with visiting(hub) as visitor:
        await visitor.enter(Role.VIEWER)
        seen = await visitor.get("/t/default")
        assert "One thing needs you. Everything else is moving." in seen.words
        need = seen.doc.xpath("//li[contains(@class, 'todo')]")[0].text_content()
        assert "sink is broken" in need
        assert "The token was withdrawn." in need
        assert "1 delivery waits, none is lost." in need
        assert "See the check" in need


async def test_the_part_that_loads_itself_anew_after_a_change_shows_it(hub: Hub, street: Street) -> None:
    """What was counted for the page a moment before is not what it was told of."""
    async with working(hub), visiting(hub) as visitor:
        await visitor.enter(Role.VIEWER)
        await street.tell(1)
        await street.ended(1)
        assert "Nothing needs you." in (await visitor.get("/t/default")).words
        await street.dies(1)
        assert "One thing needs you." in (await visitor.get("/t/default", **{"HX-Request": "true"})).words


async def test_dead_letters_are_told_by_cause_and_lead_there(hub: Hub, street: Street) -> None:
    async with working(hub), visiting(hub) as visitor:
        await street.dies(2)
        await visitor.enter(Role.VIEWER)
        seen = await visitor.get("/t/default")
        need = seen.doc.xpath("//li[contains(@class, 'todo')]")[0]
        assert "2 dead letters at sink" in " ".join(need.text_content().split())
        assert need.xpath(".//a[contains(@class, 'btn')]/@href")[0].startswith("/t/default/dead-letters?cause=cau_")


async def test_a_standing_alert_is_told_with_what_helps(hub: Hub, street: Street) -> None:
    async with hub.database.transaction() as conn:
        await conn.execute(
            "INSERT INTO alert (id, tenant_id, kind, subject, connection_id, severity, title, cause, remedy, command,"
            " link, count, since, raised_at, seen_at, remind_at) VALUES ($1, $2, 'silence', 's', $3, 'warning',"
            " 'shop is silent', 'nothing came for three hours', 'look at the shop', '', '', 1, now(), now(),"
            " now(), now())",
            new_id(),
            street.tenant,
            street.shop.id,
        )
    async with visiting(hub) as visitor:
        await visitor.enter(Role.VIEWER)
        need = (await visitor.get("/t/default")).doc.xpath("//li[contains(@class, 'todo')]")[0].text_content()
        assert "shop is silent" in need
        assert "Nothing came for three hours. Look at the shop." in need
        assert "Open the connection" in need


async def test_ninety_days_come_from_the_roll_ups(hub: Hub, street: Street) -> None:
    now = datetime.now(UTC)
    async with hub.database.transaction() as conn:
        for back in range(1, 90):
            day = (now - timedelta(days=back)).date()
            await conn.execute(
                "INSERT INTO arrival_tally (connection_id, tenant_id, day, stream, origin, verdict, count)"
                " VALUES ($1, $2, $3, 'order', 'webhook', 'applied', 10)",
                street.shop.id,
                street.tenant,
                day,
            )
            await conn.execute(
                "INSERT INTO rollup (tenant_id, connection_id, span, at, route_id, kind, outcome, count, sketch,"
                " last_at) VALUES ($1, $2, 'day', $3, $2, 'delivery', 'delivered', 7, '{0,0,0,7}', now())",
                street.tenant,
                street.sink.id,
                datetime(day.year, day.month, day.day, tzinfo=UTC),
            )
    async with visiting(hub) as visitor:
        await visitor.enter(Role.VIEWER)
        seen = await visitor.get("/t/default")
        assert "Events recorded a day in the last 90 days: at most 10, 890 in all." in seen.text
        assert "Deliveries a day in the last 90 days: at most 7, 623 in all." in seen.text
        assert "90 days without a proof" in seen.text


async def test_beyond_a_dozen_pairs_the_yard_is_a_table(hub: Hub, street: Street) -> None:
    for number in range(13):
        sink = await add_connection(hub, "webhook", f"sink {number}", {"url": "http://127.0.0.1:9/"}, destination=True)
        await hub.connections.add_route(street.tenant, street.shop, sink, "order", "post", "test")
    async with visiting(hub) as visitor:
        await visitor.enter(Role.VIEWER)
        seen = await visitor.get("/t/default")
        assert not seen.doc.xpath("//*[@class='tracks']")
        assert len(seen.rows()) == 14
