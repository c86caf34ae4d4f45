"""The first steps: each stop follows from what is there, with the one button that helps; the list leaves when done."""

from __future__ import annotations

from crossdock.flow.run import RunKind
from crossdock.govern.access import Role
from crossdock.web.page import Page
from crossdock.web.rooms import all_pages
from crossdock.wiring import Hub
from tests.support.browsing import Seen, visiting
from tests.support.hub import add_connection, add_sink, until, working
from tests.support.lively import between

HOME = "/t/default"


def stops(seen: Seen) -> list[str]:
    """Return the stops of the list: ``done``, ``now``, ``busy`` or ``later``."""
    found = []
    for stop in seen.doc.xpath("//section[@id='first-steps']//li"):
        told = stop.get("class")
        found.append(
            "done" if "is-good" in told else "later" if "is-quiet" in told else "busy" if "is-hold" in told else "now"
        )
    return found


def button(seen: Seen) -> str:
    """Return what the one button of the list says."""
    (words,) = seen.doc.xpath("//section[@id='first-steps']//li//*[contains(@class, 'is-main')]")
    return " ".join(words.text_content().split())


async def test_an_empty_yard_begins_with_the_store(hub: Hub) -> None:
    async with visiting(hub) as visitor:
        await visitor.enter(Role.OWNER)
        seen = await visitor.get(HOME)
        assert stops(seen) == ["now", *["later"] * 5]
        assert button(seen) == "WooCommerce"
        assert seen.doc.xpath(
            "//section[@id='first-steps']//a[@href='/t/default/connections/new/woocommerce?way=keys']"
        )
        assert seen.doc.xpath("//section[@id='first-steps']//a[@href='/t/default/connections/new']")
        await visitor.submit(seen, "/first-steps/away")
        assert stops(await visitor.get(HOME)) == []


async def test_whoever_may_not_is_told_so(hub: Hub) -> None:
    async with visiting(hub) as visitor:
        await visitor.enter(Role.VIEWER)
        seen = await visitor.get(HOME)
        assert "This needs the role admin; yours is viewer" in seen.words
        csrf = seen.doc.xpath("//input[@name='csrf']/@value")[0]
        assert (await visitor.post(f"{HOME}/first-steps/read", {"csrf": csrf})).status == 403
        assert (await visitor.post(f"{HOME}/first-steps/prove", {"csrf": csrf})).status == 403


async def test_reading_without_a_store_is_refused(hub: Hub) -> None:
    async with visiting(hub) as visitor:
        await visitor.enter(Role.OPERATOR)
        csrf = (await visitor.get(HOME)).doc.xpath("//input[@name='csrf']/@value")[0]
        refused = await visitor.post(f"{HOME}/first-steps/read", {"csrf": csrf})
        assert refused.status == 409
        assert "No store is connected yet" in refused.words


async def test_a_destination_alone_is_no_store(hub: Hub) -> None:
    await add_sink(hub, "http://127.0.0.1:9/hook")
    async with visiting(hub) as visitor:
        await visitor.enter(Role.OWNER)
        assert stops(await visitor.get(HOME)) == ["now", "done", *["later"] * 4]
        await add_connection(hub, "woocommerce", "shop", {"url": "https://shop.example"})
        seen = await visitor.get(HOME)
        assert stops(seen) == ["done", "done", "now", "later", "later", "later"]
        assert button(seen) == "See what fits"


async def test_from_the_sandboxes_to_the_first_proven_order(hub: Hub) -> None:
    async with between(hub, orders=3) as made, visiting(hub) as visitor:
        await visitor.enter(Role.OPERATOR)
        await made.connect()
        seen = await visitor.get(HOME)
        assert stops(seen) == ["done", "done", "done", "now", "later", "later"]
        seen = await visitor.submit(seen, "/first-steps/read")
        assert stops(seen) == ["done", "done", "done", "busy", "later", "later"]
        assert "under way" in seen.words
        async with working(hub):
            await made.rested()
            seen = await visitor.get(HOME)
            assert stops(seen) == ["done", "done", "done", "done", "done", "now"]
            assert button(seen) == "Prove it"
            await visitor.submit(seen, "/first-steps/prove")

            async def left() -> bool:
                return stops(await visitor.get(HOME)) == []

            await until(left)


async def test_an_order_that_waits_is_under_way(hub: Hub) -> None:
    async with between(hub, orders=2) as made, visiting(hub) as visitor:
        await visitor.enter(Role.OPERATOR)
        await made.connect()
        async with hub.database.engine() as conn:
            await conn.execute("UPDATE connection SET state = 'paused' WHERE connector = 'hubspot'")
        await made.run(RunKind.BACKFILL)
        async with working(hub):
            await made.rested()
        assert stops(await visitor.get(HOME)) == ["done", "done", "done", "done", "busy", "later"]


def test_its_actions_are_posts() -> None:
    own: list[Page] = [page for page in all_pages() if page.path.startswith("/first-steps/")]
    assert len(own) == 3
    assert all(page.acts for page in own)
