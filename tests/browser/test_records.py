"""Records in Chromium: from a deal to its paper, a day of proof repaired, a file imported; each page is well."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Page, expect

from crossdock.flow.invoice import EXAMPLE
from crossdock.flow.run import RunKind
from crossdock.govern.access import Role
from crossdock.wiring import Hub
from tests.browser.eyes import ALL, Eyes
from tests.journey.hubspot.books import MONEY, sold
from tests.journey.hubspot.stage import Portal
from tests.support.hub import until, working
from tests.support.lively import Lively, between
from tests.support.lively_records import SHEET


@pytest_asyncio.fixture(loop_scope="session")
async def scene(hub: Hub):  # type: ignore[no-untyped-def]
    """A shop brought over to a CRM, terms of invoicing, and a worker."""
    async with between(hub, orders=12) as made, working(hub):
        await made.connect()
        await made.run(RunKind.BACKFILL)
        await made.rested()
        yield made


async def test_a_deal_is_previewed_issued_and_handed_out_as_a_pdf(eyes: Eyes, scene: Lively) -> None:
    await scene.hub.invoicing.terms.put(scene.tenant_id, EXAMPLE, actor="test")
    await sold(Portal(scene.portal, 62515, scene.http), 1, **MONEY)
    page = await eyes.page("/t/default/deals", Role.ADMIN)

    async def listed() -> bool:
        # the CRM's search shows what is new after some seconds
        await page.reload()
        return bool(await page.get_by_role("link", name="Tea for Ada 1").count())

    await until(listed)
    await page.get_by_role("link", name="Tea for Ada 1").click()
    await expect(page.get_by_role("heading", name="The invoice that would be made now")).to_be_visible()
    await eyes.check(page, *ALL, name="deal")
    await page.get_by_role("link", name="Issue the invoice…").click()
    await eyes.check(page, *ALL, name="issue")
    await page.get_by_role("button", name="Make the invoice over 23.80 EUR").click()
    await expect(page.get_by_role("status")).to_contain_text("The invoice is being issued")
    await scene.rested()
    await page.goto("/t/default/invoices")
    await page.locator("tbody th a").first.click()
    await eyes.check(page, *ALL, name="invoice")
    async with page.expect_download() as waiting:
        await page.get_by_role("link", name="PDF", exact=True).first.click()
    paper = await (await waiting.value).path()
    assert (await asyncio.to_thread(paper.read_bytes)).startswith(b"%PDF-")


async def test_a_day_of_proof_is_opened_and_repaired(eyes: Eyes, scene: Lively) -> None:
    async with scene.http.get(f"{scene.portal.url}/_sandbox/state?type=deals&history=false") as reply:
        deals = [one for one in (await reply.json())["objects"]["deals"] if not one["archived"]]
    gone = {"act": "archive", "type": "deals", "id": deals[-1]["id"]}
    async with scene.http.post(f"{scene.portal.url}/_sandbox/act", json=gone) as reply:
        assert reply.status == 200
    await scene.run(RunKind.RECONCILE, {"repair": 0})
    await scene.rested()
    for scripts in (False, True):
        page = await eyes.page("/t/default/proof", Role.OPERATOR, scripts=scripts)
        await _to_the_day(page)
        if scripts:
            await eyes.check(page, *ALL, name="day")
    await page.get_by_role("button", name="Repair 1 record").click()
    await expect(page.get_by_role("status")).to_contain_text("is being proven")
    await scene.rested()
    await page.goto("/t/default/proof/all")
    await expect(page.locator("tbody tr").first).to_contain_text("Whole")


async def _to_the_day(page: Page) -> None:
    """Go back through the months to the day that is not whole, and open it."""
    for _ in range(4):
        if await page.locator("a.day.is-bad").count():
            break
        await page.locator("nav[aria-label=Month] a").first.click()
    await page.locator("a.day.is-bad").first.click()
    await expect(page.locator("#day")).to_contain_text("1 exception open")
    numbers = [int(one) for one in await page.locator("#day .sum > div > b").all_inner_texts()]
    assert numbers[0] == sum(numbers[1:])


async def test_a_file_of_links_is_read_through_and_imported(eyes: Eyes, scene: Lively, tmp_path: Path) -> None:
    items = await scene.hub.links.items(scene.tenant_id, scene.store)
    sku = next(one.sku for one in items if one.sku)
    sheet = tmp_path / "links.csv"
    sheet.write_bytes(SHEET.replace(b"7,,TEA-7", f",,{sku}".encode()))
    page = await eyes.page("/t/default/sku-links/import", Role.ADMIN)
    await page.get_by_label("File", exact=True).set_input_files(sheet)
    await page.get_by_role("button", name="Read the file through").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("1 line needs you")
    await eyes.check(page, *ALL, name="import")
    await page.get_by_role("button", name="Import 1 row").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("The file is imported")
    await page.get_by_role("link", name="See the links").click()
    await expect(page.locator("#list tbody tr")).to_have_count(1)
