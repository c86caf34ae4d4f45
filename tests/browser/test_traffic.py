"""The pages of traffic in Chromium: dead letters tried dry and replayed, with scripts and without; sections that load
themselves anew; and nothing wrong with any of them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import expect

from crossdock.govern.access import Role
from crossdock.wiring import Hub
from tests.browser.eyes import ALL, Eyes
from tests.support.hub import until, working
from tests.support.lively import Lively
from tests.support.traffic import Street, open_street

PAGES = (
    "/t/default",
    "/t/default/events",
    "/t/default/events?record=nothing",
    "/t/default/events/{event_id}",
    "/t/default/events/replay?since=2020-01-01",
    "/t/default/deliveries",
    "/t/default/deliveries/{delivery_id}",
    "/t/default/deliveries/act?do=discard",
    "/t/default/dead-letters",
    "/t/default/runs",
    "/t/default/runs/{run_id}",
    "/t/default/find?q=e",
)


@pytest_asyncio.fixture(loop_scope="session")
async def street(hub: Hub) -> AsyncIterator[Street]:
    async with open_street(hub) as opened:
        yield opened


@pytest.mark.parametrize("path", PAGES)
async def test_nothing_is_wrong_with_a_page(lively_eyes: Eyes, network: Lively, path: str) -> None:
    page = await lively_eyes.page(path.format(**network.ids))
    await page.evaluate("() => document.querySelectorAll('main details').forEach((one) => { one.open = true; })")
    await lively_eyes.check(page, *ALL, name=path)


@pytest.mark.parametrize("scripts", [True, False])
async def test_letters_are_tried_dry_then_replayed(hub: Hub, street: Street, eyes: Eyes, scripts: bool) -> None:
    async with working(hub):
        await street.dies(3)
        page = await eyes.page("/t/default", Role.OPERATOR, scripts=scripts)
        await page.get_by_role("link", name="Open 3 letters").last.click()
        await page.locator("td.pick input").nth(0).check()
        await page.locator("td.pick input").nth(1).check()
        if scripts:
            await expect(page.locator("[data-chosen]")).to_have_text("2")
        await page.get_by_role("button", name="Dry run", exact=True).click()
        await expect(page.get_by_role("heading", name="Replay, dry run")).to_be_visible()

        async def found() -> bool:
            if not scripts:
                await page.reload()
            return await page.get_by_text("What would be sent").is_visible()

        await until(found)
        assert (await street.received())["requests"] == 0
        await page.goto("/t/default/dead-letters")
        await page.get_by_role("button", name="Replay all 3").click()
        await expect(page.get_by_role("heading", name="Replay of dead letters")).to_be_visible()
        await street.ended(3)
        await page.goto("/t/default/dead-letters")
        await expect(page.get_by_role("heading", name="No dead letters")).to_be_visible()
        assert eyes.noise(page) == []


async def test_a_list_loads_itself_anew_and_leaves_what_is_chosen_alone(hub: Hub, street: Street, eyes: Eyes) -> None:
    async with working(hub):
        await street.tell(1)
        await street.ended(1)
        page = await eyes.page("/t/default/events", Role.VIEWER)
        rows = page.locator("#events tbody tr")
        await expect(rows).to_have_count(1)
        await street.tell(2)
        await expect(rows).to_have_count(2)
        await street.ended(2)
        await page.goto("/t/default")
        await expect(page.get_by_role("heading", name="Nothing needs you.")).to_be_visible()
        await street.dies(1)
        await expect(page.get_by_role("heading", name="One thing needs you.")).to_be_visible()
        assert eyes.noise(page) == []


async def test_a_discard_asks_for_a_reason_and_a_name(hub: Hub, street: Street, eyes: Eyes) -> None:
    async with working(hub):
        await street.dies(2)
        page = await eyes.page("/t/default/dead-letters", Role.OPERATOR)
        await page.get_by_role("button", name="Discard all…").click()
        await eyes.check(page, name="discard")
        await page.get_by_label("Why").fill("a test shop")
        await page.get_by_label("to confirm").fill("sink")
        await page.get_by_role("button", name="Discard 2 letters").click()
        await expect(page.get_by_role("heading", name="Replay of dead letters").or_(page.locator("h1"))).to_be_visible()

        async def gone() -> bool:
            return len(await street.rows("SELECT 1 FROM delivery_done WHERE rule = 'discarded'")) == 2

        await until(gone)


async def test_the_field_in_the_head_finds_an_event_by_the_keyboard(hub: Hub, street: Street, eyes: Eyes) -> None:
    await street.tell(1)
    (event,) = await street.events()
    page = await eyes.page("/t/default", Role.VIEWER)
    await page.keyboard.press("/")
    await page.keyboard.type(event)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Order #1 was created at shop")).to_be_visible()
    assert page.url.endswith(f"/t/default/events/{event}")
