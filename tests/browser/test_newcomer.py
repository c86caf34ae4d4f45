"""The newcomer's path in a real browser: from the login to the first proven order, against the sandboxes."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, Page

from crossdock.connectors.hubspot import sandbox as hubspot
from crossdock.connectors.woocommerce import sandbox as woocommerce
from crossdock.govern.access import Role
from tests.browser.eyes import Eyes
from tests.support.browsing import PASSWORD, made
from tests.support.hub import working
from tests.support.lively import between

MOST = 20


class Hand:
    """Clicks and types, and counts: a click is one, a field that is typed into is one."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.done: list[str] = []

    async def click(self, what: Locator | str) -> None:
        """Click a link or button, found by its words unless it is given."""
        if isinstance(what, str):
            what = self.page.get_by_role("link", name=what).or_(self.page.get_by_role("button", name=what)).first
        await what.click()
        self.done.append(f"click {what}")

    async def type(self, label: str, text: str) -> None:
        """Type into the field with a label."""
        await self.page.get_by_label(label).first.fill(text)
        self.done.append(f"type {label}")


async def test_from_login_to_the_first_proven_order(eyes: Eyes, capsys: pytest.CaptureFixture[str]) -> None:
    await made(eyes.hub, "ada@people.example", Role.OWNER)
    async with between(eyes.hub, orders=3) as sandboxes, working(eyes.hub):
        page = await eyes.page("/login", None)
        hand = Hand(page)
        await hand.type("E-mail", "ada@people.example")
        await hand.type("Password", PASSWORD)
        await hand.click("Log in")
        await eyes.check(page)
        await hand.click("WooCommerce")
        await connect_shop(hand, sandboxes.shop.url)
        await hand.click("Overview")
        await hand.click("HubSpot")
        await connect_crm(hand, sandboxes.portal.url)
        await hand.click("Overview")
        await hand.click("Read its orders")
        await hand.click("Prove it")
        steps = page.locator("#first-steps")
        await steps.wait_for(state="detached", timeout=60_000)
        await eyes.check(page)
        proofs = await eyes.hub.reports.listed(await eyes.hub.tenants.find(), None, None, 10)
        assert [one["ok"] for one in proofs] == [True]
    with capsys.disabled():
        print(f"\nfrom login to the first proven order: {len(hand.done)} actions (at most {MOST})")
    assert len(hand.done) <= MOST, "\n".join(hand.done)


async def connect_shop(hand: Hand, url: str) -> None:
    """Fill in the shop's form. The sandbox speaks plain http, which has to be allowed."""
    await hand.type("Address of the shop", url)
    await hand.type("Consumer key", woocommerce.DEFAULT_CONSUMER_KEY)
    await hand.type("Consumer secret", woocommerce.DEFAULT_CONSUMER_SECRET)
    await hand.click(hand.page.get_by_text("More choices"))
    await hand.click(hand.page.get_by_label("Allow plain http"))
    await hand.click("Try and connect it")


async def connect_crm(hand: Hand, url: str) -> None:
    """Fill in the CRM's form. The sandbox has an address of its own."""
    await hand.type("Access token", hubspot.TOKEN)
    await hand.click(hand.page.get_by_text("More choices"))
    await hand.type("Address of the API", url)
    await hand.click("Try and connect it")
