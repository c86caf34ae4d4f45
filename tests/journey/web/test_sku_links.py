"""SKU links on pages: matched after a look, imported line by line, changed alone and by filter."""

from __future__ import annotations

import csv
import io

import aiohttp
import orjson
import pytest

from crossdock.govern.access import Role
from crossdock.wiring import Hub
from tests.journey.web.records import Scene, rows, scene
from tests.support.browsing import Seen
from tests.support.hub import until

pytestmark = pytest.mark.asyncio


async def _upload(at: Scene, text: str) -> Seen:
    page = await at.visitor.get("/t/default/sku-links/import")
    form = aiohttp.FormData()
    form.add_field("csrf", page.doc.xpath("//input[@name='csrf']/@value")[0])
    form.add_field("store", at.store_id)
    form.add_field("file", text.encode(), filename="links.csv", content_type="text/csv")
    return await at.visitor.post("/t/default/sku-links/import", form)


async def _ended(at: Scene, path: str) -> Seen:
    seen: list[Seen] = []

    async def over() -> bool:
        seen.append(await at.visitor.get(path))
        return "looks again by itself" not in seen[-1].words

    await until(over)
    return seen[-1]


async def test_links_are_matched_after_a_look_and_changed_by_filter(hub: Hub) -> None:
    async with scene(hub) as at:
        await at.visitor.enter(Role.ADMIN)
        assert "Until products are linked" in (await at.visitor.get("/t/default/sku-links")).words
        asked = await at.visitor.get(f"/t/default/sku-links/match?store={at.store_id}&like={at.store_id}")
        assert "These would be linked" in asked.words
        assert not rows(await at.visitor.get("/t/default/sku-links")), "looking links nothing"
        done = await at.visitor.submit(asked, "/match/apply")
        assert "are linked" in done.words
        count = len(await hub.links.page(await hub.tenants.find()))
        assert count > 3
        question = await at.visitor.get("/t/default/sku-links/many?do=deactivate&state=active")
        assert f"Deactivate {count} links?" in question.words
        after = await at.visitor.submit(question, "/many")
        assert f"{count} links: deactivate is done" in after.words
        assert not await hub.links.page(await hub.tenants.find(), state="active")
        asked = question.form("/sku-links/many").form_values()
        unknown = await at.visitor.post("/t/default/sku-links/many", {**dict(asked), "do": "burn"})
        assert unknown.status == 400, "what is not on the list is not done"
        async with hub.database.engine() as conn:
            entries = await conn.fetch("SELECT subject, detail FROM audit_entry WHERE action = 'sku_link.change'")
        assert len(entries) == 1, "one entry tells of them all"
        assert orjson.loads(entries[0]["detail"]) == {"fields": ["active"], "links": count}
        path = after.doc.xpath("//section[@id='list']//tbody//th/a/@href")[0]
        one = await at.visitor.get(path)
        changed = await at.visitor.submit(one, path.rpartition("/")[2], hub_sku="TEA-1", direction="out")
        assert "The link is changed" in changed.words
        refused = await at.visitor.submit(one, path.rpartition("/")[2], hub_sku=" ")
        assert refused.status in (200, 422)
        removing = await at.visitor.get(f"{path}/remove")
        assert (await at.visitor.submit(removing, "/remove", confirm="TEA")).status == 400
        gone = await at.visitor.submit(removing, "/remove", confirm="TEA-1")
        assert "The link of TEA-1 is ended" in gone.words
        sheet = list(csv.DictReader(io.StringIO((await at.visitor.get("/t/default/sku-links/sheet")).text)))
        assert len(sheet) == count - 1
        question = await at.visitor.get("/t/default/sku-links/many?do=remove")
        assert (await at.visitor.submit(question, "/many", confirm="7777")).status == 400
        after = await at.visitor.submit(question, "/many", confirm=str(count - 1))
        assert f"{count - 1} links: remove is done" in after.words
        assert not await hub.links.page(await hub.tenants.find())


async def test_a_file_is_read_through_before_it_is_imported(hub: Hub) -> None:
    async with scene(hub) as at:
        await at.visitor.enter(Role.ADMIN)
        products = [one for one in at.store.shop.truth()["products"] if one.get("sku")][:3]
        good = "".join(f"{one['id']},,{one['sku']},HUB-{one['id']}\n" for one in products)
        seen = await _upload(at, f"product_id,variation_id,store_sku,hub_sku\n{good},,NO-SUCH-SKU,HUB-9\n")
        told = await _ended(at, seen.url)
        assert "1 line needs you" in told.words
        assert "NO-SUCH-SKU" in told.words, "the line as it came"
        assert not await hub.links.page(await hub.tenants.find()), "nothing is linked yet"
        going = await at.visitor.submit(told, told.url.rpartition("/")[2])
        done = await _ended(at, going.url)
        assert "The file is imported" in done.words
        assert len(await hub.links.page(await hub.tenants.find())) == 3
        wrong = await _upload(at, "what,ever\n1,2\n")
        assert wrong.status in (400, 422)
        assert "hub_sku" in wrong.words


async def test_links_are_changed_by_admins_alone(hub: Hub) -> None:
    async with scene(hub, fill=False) as at:
        for role in (Role.VIEWER, Role.OPERATOR):
            await at.visitor.enter(role)
            listed = await at.visitor.get("/t/default/sku-links")
            assert listed.status == 200
            csrf = listed.doc.xpath("//input[@name='csrf']/@value")[0]
            for path in ("new", "match", "import", "many"):
                assert (await at.visitor.get(f"/t/default/sku-links/{path}")).status == 403, path
            for path in ("new", "match/apply", "import", "many"):
                assert (await at.visitor.post(f"/t/default/sku-links/{path}", {"csrf": csrf})).status == 403, path
