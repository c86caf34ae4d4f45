"""Stock on pages: levels, what moved them, counts that go out, rules, and pushes after a question."""

from __future__ import annotations

import csv
import io

import pytest

from crossdock.flow.stock.levels import Cause, Change
from crossdock.flow.stock.links import NewLink
from crossdock.govern.access import Role
from crossdock.kit.ids import Prefix, show
from crossdock.wiring import Hub
from tests.journey.web.records import Scene, rows, scene
from tests.support.hub import until

pytestmark = pytest.mark.asyncio


async def _linked(at: Scene) -> str:
    """Link one product of the shop and give its SKU a level; return the SKU."""
    tenant = await at.hub.tenants.find()
    item = next(one for one in await at.hub.links.items(tenant, at.store.id) if one.sku)
    link = NewLink(at.store.id, item.product_id, item.variation_id, "TEA-100", item.sku)
    await at.hub.links.put(tenant, [link])
    await at.hub.book.apply(tenant, [Change(sku="TEA-100", reference="first", cause=Cause.SET, on_hand=12)])
    return "TEA-100"


async def test_a_level_is_counted_and_its_movements_are_told(hub: Hub) -> None:
    async with scene(hub) as at:
        sku = await _linked(at)
        await at.visitor.enter(Role.ADMIN)
        listed = await at.visitor.get("/t/default/stock")
        assert [row[:3] for row in rows(listed) if row[0] == sku] == [[sku, "main", "12"]]
        one = await at.visitor.get(f"/t/default/stock/{sku}")
        assert "sold by 1 linked product" in one.words
        done = await at.visitor.submit(one, sku, on_hand="7")
        assert f"{sku} at main: 7 on the shelf" in done.words
        again = await at.visitor.submit(one, sku, on_hand="", delta="3")
        assert "10 on the shelf" in again.words
        twice = await at.visitor.submit(one, sku, on_hand="", delta="3")
        assert "10 on the shelf. Nothing changed" in twice.words, "the same form sent twice moves a level once"
        wrong = await at.visitor.submit(one, sku, on_hand="7", delta="3")
        assert wrong.status == 422
        assert "Give a count, or what came or went" in wrong.words
        moves = list(csv.DictReader(io.StringIO((await at.visitor.get(f"/t/default/stock/{sku}?format=csv")).text)))
        assert [row["on_hand"] for row in moves] == ["10", "7", "12"]
        assert len(rows(await at.visitor.get("/t/default/stock/moves"))) >= 3
        assert "No level yet" in (await at.visitor.get("/t/default/stock/NOTHING")).words
        async with hub.database.engine() as conn:
            crm = await conn.fetchval("SELECT id FROM connection WHERE connector = 'hubspot'")
        shown = await at.visitor.get(f"/t/default/connections/{show(Prefix.CONNECTION, crm)}")
        assert not shown.doc.xpath("//main//a[contains(@href, '/stock?')]"), "a CRM has no stock"
        refused = await at.visitor.get(f"/t/default/stock?store={show(Prefix.CONNECTION, crm)}")
        assert (refused.status, "Name a store" in refused.words) == (400, True)


async def test_what_runs_low_is_told_and_stores_get_their_share(hub: Hub) -> None:
    async with scene(hub) as at:
        sku = await _linked(at)
        await at.visitor.enter(Role.ADMIN)
        rules = await at.visitor.get("/t/default/stock/rules")
        done = await at.visitor.submit(rules, "/threshold", sku=sku, low_at="20")
        assert f"The threshold of {sku} is set" in done.words
        low = await at.visitor.get("/t/default/stock")
        assert "Runs low" in low.words
        assert "too few pieces" in low.words
        shared = await at.visitor.submit(rules, "/share", store=at.store_id, share="0.5", reserve="2")
        assert "is looked at again" in shared.words
        assert (await at.visitor.submit(rules, "/share", store=at.store_id, share="3")).status == 422
        one = await at.visitor.get(f"/t/default/stock/{sku}")
        store = (await hub.directory.connection(at.store.id)).name
        assert [row[2] for row in rows(one) if row[0] == store] == ["5"], rows(one)
        back = await at.visitor.submit(shared, "/unshare")
        assert "offers all places again" in back.words


async def test_levels_are_pushed_after_a_question_by_operators(hub: Hub) -> None:
    async with scene(hub) as at:
        sku = await _linked(at)
        await at.visitor.enter(Role.VIEWER)
        seen = await at.visitor.get(f"/t/default/stock/{sku}")
        assert not seen.doc.xpath("//main//form")
        csrf = seen.doc.xpath("//input[@name='csrf']/@value")[0]
        for path in ("push", "rules/share", "rules/threshold", sku):
            assert (await at.visitor.post(f"/t/default/stock/{path}", {"csrf": csrf})).status == 403, path
        await at.visitor.enter(Role.OPERATOR)
        asked = await at.visitor.get(f"/t/default/stock/push?store={at.store_id}")
        assert "Write 1 level to" in asked.words
        done = await at.visitor.submit(asked, "/push")
        assert "levels are being written" in done.words

        async def pushed() -> bool:
            return bool((await hub.links.page(await hub.tenants.find()))[0]["last_push_at"])

        await until(pushed)
