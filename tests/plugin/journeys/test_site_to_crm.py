"""From a site to the CRM: what happens on the site is in the portal, once, whatever the hub does in between."""

from __future__ import annotations

import asyncio
from typing import Any

from crossdock.settings import Settings
from tests.plugin.journeys.stage import PRODUCT, Stage, checkout, checkout_block, opened
from tests.support.wordpress.site import Site


async def people(stage: Stage) -> list[str]:
    """The addresses in the portal."""
    return sorted(str(one.get("email")) for one in await stage.portal.live("contacts"))


async def test_an_order_of_a_guest_is_a_deal_in_the_crm(settings: Settings, shop: Site) -> None:
    async with opened(settings, shop) as stage:
        number = await stage.order("ada@example.com")
        assert (await stage.outbox())["waiting"] >= 1, "written in the request of the checkout"
        await stage.schedule()
        assert set(await stage.outbox()) == {"sent"}
        await stage.delivered()
        found = await stage.rows("SELECT stream, external_id, seq FROM record WHERE stream = 'order'")
        assert [(row["external_id"], row["seq"]) for row in found] == [(str(number), 1)]
        assert await people(stage) == ["ada@example.com"]
        deals = await stage.portal.live("deals")
        assert [deal["amount"] for deal in deals] == ["12.5"] or [deal["amount"] for deal in deals] == ["12.50"]


async def test_a_person_who_registers_is_a_contact_in_the_crm(settings: Settings, site: Site) -> None:
    async with opened(settings, site) as stage:
        await stage.php("return wp_create_user( 'ada', 'a-pass-word', 'ada@example.com' );")
        await stage.send()
        assert set(await stage.outbox()) == {"sent"}
        await stage.delivered()
        assert await people(stage) == ["ada@example.com"]
        kinds = [row["type"] for row in await stage.rows("SELECT type FROM event ORDER BY seq")]
        assert "customer.created" in kinds
        assert "user.registered" in kinds


async def test_while_the_hub_is_away_nothing_is_lost_and_nothing_is_doubled(settings: Settings, shop: Site) -> None:
    async with opened(settings, shop) as stage:
        await stage.shut()
        product = await stage.php(PRODUCT)
        numbers = [await asyncio.to_thread(checkout, shop, product, f"{person}@example.com") for person in "abc"]
        await stage.send()
        await stage.send()
        waiting = await stage.outbox()
        assert set(waiting) == {"waiting"}, waiting
        told = await stage.php("return get_option( 'crossdock_state' );")
        assert told["failures"] == 2
        assert told["last_failure"]["code"] == "unreachable"
        await stage.open()
        await settle(stage)
        await stage.delivered()
        found = await stage.rows("SELECT external_id FROM record WHERE stream = 'order' ORDER BY external_id::int")
        assert [int(row["external_id"]) for row in found] == numbers
        assert await people(stage) == ["a@example.com", "b@example.com", "c@example.com"]
        assert len(await stage.portal.live("deals")) == 3


async def settle(stage: Stage) -> None:
    """Let the schedule run until all is sent; what was put off is due at once."""
    for _ in range(20):
        if set(await stage.outbox()) <= {"sent"}:
            return
        await stage.send()
    raise AssertionError(f"not all was sent: {await stage.outbox()} {await log(stage)}")


async def log(stage: Stage) -> list[Any]:
    """What the plugin logged."""
    return await asyncio.to_thread(stage.site.sql, "SELECT level, code, message, context FROM wp_crossdock_log")


async def test_marketing_permission_is_what_was_ticked(settings: Settings, shop: Site) -> None:
    """By both checkouts; who does not tick is not subscribed."""
    async with opened(settings, shop) as stage:
        keep = "return count( \\Crossdock\\Plugin::container()->get( \\Crossdock\\Settings\\Settings::class )->keep( $given ) );"
        assert await stage.php(keep, given={"consent_checkout": True, "ga4": True}) == 0
        product = await stage.php(PRODUCT)
        orders = {}
        for way in (checkout, checkout_block):
            for consent in (True, False):
                visitor = shop.visitor()
                visitor.cookies.set("_ga", "GA1.1.1234567890.1700000000")
                visitor.cookies.set("_ga_ABC1234", "GS1.1.1700000001.1.0.1700000001.0.0.0")
                number = await asyncio.to_thread(
                    way,
                    shop,
                    product,
                    f"{way.__name__}-{consent}@example.com".lower(),
                    consent=consent,
                    visitor=visitor,
                )
                orders[number] = consent
        meta = await stage.php(
            """$found = array();
            foreach ( $ids as $id ) { $o = wc_get_order( $id ); $found[ $id ] = array( $o->get_meta( 'crossdock_marketing_consent' ), $o->get_meta( \\Crossdock\\Capture\\Visits::CLIENT ), $o->get_meta( \\Crossdock\\Capture\\Visits::SESSION ) ); }
            return $found;""",
            ids=list(orders),
        )
        for number, consent in orders.items():
            assert meta[str(number)] == ["yes" if consent else "", "1234567890.1700000000", "1700000001"], orders
        await settle(stage)
        given = await stage.rows("SELECT count(*) AS n FROM event WHERE type = 'consent.given'")
        assert given[0]["n"] == 2
