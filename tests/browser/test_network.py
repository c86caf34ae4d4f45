"""The network in Chromium: a shop connected by its form, a portal by consent, a mapping edited, tried and published."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from playwright.async_api import Browser, Page, expect

from crossdock.cli.demo.ground import free_port
from crossdock.connect.sandbox import serving
from crossdock.connectors.hubspot.sandbox import AppFacts, HubSpotSandbox
from crossdock.connectors.hubspot.sandbox import Settings as PortalSettings
from crossdock.connectors.woocommerce import sandbox as woocommerce
from crossdock.settings import Settings
from crossdock.wiring import Hub, open_hub
from tests.browser.eyes import ALL, PHONE, Eyes, Screen
from tests.support.browsing import visiting
from tests.support.hub import working
from tests.support.lively import Lively, lively

NEW = "/t/default/connections/new"
WIDE = ALL


@contextlib.asynccontextmanager
async def seeing(hub: Hub, browser: Browser, port: int = 0) -> AsyncIterator[Eyes]:
    """Eyes at a hub of one's own; ``port`` is where it says that it is."""
    async with visiting(hub, port=port) as visitor:
        eyes = Eyes(hub, visitor.url, browser)
        yield eyes
        await eyes.close()


async def test_a_shop_is_connected_by_its_form(hub: Hub, eyes: Eyes) -> None:
    async with serving(woocommerce.build(woocommerce.generate(4, 1))) as shop:
        page = await eyes.page("/t/default/connections")
        await page.get_by_role("link", name="Choose what to connect").click()
        await eyes.check(page, *WIDE)
        await page.get_by_role("link", name="Connect WooCommerce").click()
        await eyes.check(page, *WIDE)
        await page.get_by_role("link", name="By keys").click()
        await page.get_by_label("Address of the shop").fill("https://nobody.invalid")
        await page.get_by_label("Consumer key").fill("ck_wrong")
        await page.get_by_label("Consumer secret").fill("cs_wrong")
        await page.get_by_role("button", name="Try and connect it").click()
        await expect(page.get_by_role("alert")).to_be_visible()
        eyes.noise(page)  # the refusal itself: 422
        await eyes.check(page, *WIDE)
        await page.get_by_label("Address of the shop").fill(shop.url)
        await page.get_by_label("Consumer key").fill(woocommerce.DEFAULT_CONSUMER_KEY)
        await page.get_by_label("Consumer secret").fill(woocommerce.DEFAULT_CONSUMER_SECRET)
        await page.get_by_text("More choices").click()
        await page.get_by_label("Allow plain http").check()
        await page.get_by_role("button", name="Try and connect it").click()
        await expect(page.get_by_role("heading", level=1)).to_contain_text("is connected")
        await eyes.check(page, *WIDE)
        await page.get_by_role("link", name="Open the connection").click()
        await page.get_by_role("button", name="Check now").click()
        await expect(page.get_by_text("Our key is taken")).to_be_visible()
        await eyes.check(page, *WIDE)


async def test_a_portal_is_connected_by_consent(settings: Settings, browser: Browser) -> None:
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    app = AppFacts("client-7", "portal-secret-77", [f"{base}/oauth/callback"])
    async with (
        serving(HubSpotSandbox(PortalSettings(apps=[app]))) as portal,
        open_hub(settings.model_copy(update={"public_url": base})) as hub,
        seeing(hub, browser, port) as eyes,
    ):
        page = await eyes.page(f"{NEW}/hubspot")
        await page.get_by_label("Client id of your app").fill("client-7")
        await page.locator("[name=client_secret]").fill("portal-secret-77")
        await page.get_by_label("What to call it").fill("Sales portal")
        await page.get_by_text("More choices").click()
        await page.locator("[name=base_url]").fill(portal.url)
        await page.get_by_role("button", name="Go on to HubSpot").click()
        await expect(page.get_by_text("Waiting for the answer")).to_be_visible()
        await eyes.check(page, *WIDE)
        async with page.context.expect_page() as opened:
            await page.get_by_role("link", name="Go to HubSpot").click()
        there = await opened.value
        await expect(there.get_by_text("Sales portal is connected")).to_be_visible()
        # the page that waits goes on by itself
        await expect(page.get_by_role("heading", name="Sales portal is connected")).to_be_visible()
        await eyes.check(page, *WIDE)


async def test_a_site_is_paired_with_a_code_that_is_shown(settings: Settings, browser: Browser) -> None:
    async with (
        open_hub(settings.model_copy(update={"public_url": "https://hub.example"})) as hub,
        seeing(hub, browser) as eyes,
    ):
        page = await eyes.page(f"{NEW}/wordpress")
        await page.get_by_label("Address of the site").fill("https://blog.example")
        await page.get_by_role("button", name="Make a code").click()
        code = str(await page.get_by_label("Pairing code").text_content()).strip()
        await eyes.check(page, *WIDE)
        await hub.pairing.pair(code, {"url": "https://blog.example", "name": "Blog", "instance": "i1"})
        await expect(page.get_by_role("heading", level=1)).to_contain_text("is connected")


async def opened(eyes: Eyes, network: Lively, *, scripts: bool = True, screen: Screen | None = None) -> Page:
    path = f"/t/default/routes/{network.ids['route_id']}/mapping"
    return await eyes.page(path, scripts=scripts, **({"screen": screen} if screen else {}))


async def test_a_mapping_is_edited_and_tried_with_scripts_and_without(hub: Hub, eyes: Eyes) -> None:
    async with lively(hub, orders=6) as made:
        for scripts in (True, False):
            await edited(hub, eyes, made, scripts=scripts)


async def edited(hub: Hub, eyes: Eyes, network: Lively, *, scripts: bool) -> None:
    page = await opened(eyes, network, scripts=scripts)
    await page.get_by_role("button", name="dealname", exact=True).click()
    await page.locator("#f-source").fill(f"Order {{number}} {'quick' if scripts else 'plain'}")
    await page.get_by_label("show people").check()
    await page.get_by_role("button", name="Close", exact=True).click()
    await expect(page.locator("li.rule", has_text="dealname")).to_contain_text("changed")
    await page.get_by_role("button", name="Compare with what it holds now").click()
    await expect(page.get_by_label("Before and after")).to_contain_text("+ Order")
    if scripts:
        await eyes.check(page, *WIDE)
    async with working(hub):
        await page.get_by_label("Past records to try it on").fill("5")
        await page.get_by_role("button", name="Keep and try on past records").click()
        await page.wait_for_url("**/trials/*")
        done = page.get_by_role("heading", name="5 would change")
        for _ in range(240):
            # the page goes on by itself where it has scripts
            if await done.count():
                break
            await page.wait_for_timeout(250)
            if not scripts:
                await page.reload()
        await expect(done).to_be_visible()
    if scripts:
        await eyes.check(page, *WIDE)


async def test_a_field_is_dragged_onto_another(lively_eyes: Eyes, network: Lively) -> None:
    page = await opened(lively_eyes, network)
    await page.get_by_placeholder("Find a field of").first.fill("customer_note")
    await page.keyboard.press("Enter")
    source = page.locator("#src [data-path]")
    await expect(source).to_have_count(1)
    await page.get_by_placeholder("Find a field of").nth(1).fill("description")
    await page.keyboard.press("Enter")
    target = page.locator("#dst [data-target]")
    await expect(target).to_have_count(1)
    await source.drag_to(target)
    await expect(page.locator("#f-source")).to_have_value("customer_note")
    await lively_eyes.check(page, *WIDE)


async def test_the_editor_goes_in_steps_on_a_phone(lively_eyes: Eyes, network: Lively) -> None:
    page = await opened(lively_eyes, network, screen=Screen(PHONE))
    steps = page.get_by_role("navigation", name="Parts of this page")
    await steps.get_by_role("link", name="3 To").click()
    await expect(page.get_by_placeholder("Find a field of").nth(1)).to_be_in_viewport()
    await lively_eyes.check(page, *WIDE)
