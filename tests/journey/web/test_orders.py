"""Orders: found, seen through, sent again and proven; who may not act is told so, and persons are masked."""

from __future__ import annotations

import csv
import io

import orjson
import pytest

from crossdock.flow.run import RunKind
from crossdock.govern.access import Role
from crossdock.wiring import Hub
from tests.journey.web.records import Scene, rows, scene
from tests.support.hub import until

pytestmark = pytest.mark.asyncio


async def test_an_order_is_seen_through_from_capture_to_proof(hub: Hub) -> None:
    async with scene(hub) as at:
        number = await at.some_order()
        path = await at.order(number)
        await at.visitor.enter(Role.OPERATOR)
        before = await at.visitor.get(path)
        assert "Not proven yet" in before.words
        done = await at.visitor.submit(before, f"{path.rpartition('/')[2]}/prove")
        assert "being read afresh and compared" in done.words
        await at.stage.rest()
        seen = await at.visitor.get(path)
        assert "Not proven yet" not in seen.words
        assert "once, and proven" in seen.words
        for word in ("Captured", "by backfill", "Mapped", "Sent", "Delivered", "Answered", "Proven", "Lines and money"):
            assert word in seen.words, word
        links = [one.get("href") or "" for one in seen.doc.xpath("//main//a")]
        assert f"{at.store.url}/wp-admin/post.php?post={number}&action=edit" in links
        assert any("/record/0-3/" in one for one in links), "the deal's own page"
        assert (await at.store.orders())[number]["total"] in seen.words
        assert "dealname" in seen.words, "the values that were written"
        await _refuses_who_only_looks(at, number, path)


async def _refuses_who_only_looks(at: Scene, number: int, path: str) -> None:
    billing = (await at.store.orders())[number]["billing"]
    assert billing["email"] in (await at.visitor.get(path)).text, "an operator sees persons"
    await at.visitor.enter(Role.VIEWER)
    for address in (path, f"{path}?format=json", "/t/default/orders", "/t/default/orders?format=csv"):
        text = (await at.visitor.get(address)).text
        assert billing["email"] not in text, address
        assert billing["last_name"] not in text, address
    seen = await at.visitor.get(path)
    assert not seen.doc.xpath("//main//form")
    csrf = seen.doc.xpath("//input[@name='csrf']/@value")[0]
    for address in (f"{path}/resend", "/t/default/orders/resend"):
        assert (await at.visitor.get(address)).status == 403
    for address in (f"{path}/resend", f"{path}/prove", "/t/default/orders/resend"):
        refused = await at.visitor.post(address, {"csrf": csrf})
        assert refused.status == 403, address
        assert "needs the role operator" in refused.words


async def test_an_edit_is_shown_and_an_order_is_sent_again_after_a_question(hub: Hub) -> None:
    async with scene(hub) as at:
        number = await at.store.pick("processing")
        await at.store.act("set_status", id=number, status="completed")
        await hub.runs.add(await hub.tenants.find(), at.store.id, RunKind.PULL, ("order",))
        await at.stage.rest()
        path = await at.order(number)
        await at.visitor.enter(Role.OPERATOR)
        seen = await at.visitor.get(path)
        assert "Version 2 by pull" in seen.words
        assert ["status", "processing", "completed"] in rows(seen)
        asked = await at.visitor.get(f"{path}/resend")
        assert f"Send order #{number} again?" in asked.words
        before = await at.stage.deal(at.store, number)
        done = await at.visitor.submit(asked, "/resend")
        assert "is being sent again" in done.words

        async def thrice() -> bool:
            return (await at.visitor.get(path)).words.count("Delivered") >= 3

        await until(thrice)
        assert (await at.stage.deal(at.store, number))["id"] == before["id"], "the same deal, not another one"


async def test_the_list_is_filtered_by_what_people_know_and_sent_again_as_it_is(hub: Hub) -> None:
    async with scene(hub) as at:
        number = await at.some_order()
        await at.visitor.enter(Role.OPERATOR)
        everything = await at.visitor.get("/t/default/orders")
        assert len(rows(everything)) == len(await at.store.orders())
        by_number = await at.visitor.get(f"/t/default/orders?number={number}")
        assert [row[0] for row in rows(by_number)] == [f"#{number}"]
        done = await at.visitor.get(f"/t/default/orders?status=completed&store={at.store_id}")
        count = len(rows(done))
        assert count > 1
        assert all(row[4] == "completed" for row in rows(done))
        nothing = await at.visitor.get("/t/default/orders?since=2019-01-01&until=2019-01-02")
        assert "No order fits this filter" in nothing.words
        wrong = await at.visitor.get("/t/default/orders?since=yesterday")
        assert wrong.status == 400
        assert "This is no day" in wrong.words
        named = await at.visitor.get(f"/t/default/orders/number/{number}")
        assert f"Order #{number} at" in named.words
        asked = await at.visitor.get("/t/default/orders/resend?status=completed")
        assert f"Send {count} orders again" in asked.words
        sent = await at.visitor.submit(asked, "/orders/resend")
        assert f"{count} orders are being sent again" in sent.words
        await at.stage.rest()
        async with hub.database.engine() as conn:
            assert await conn.fetchval("SELECT count(*) FROM delivery_done WHERE replay_id IS NOT NULL") >= count


async def test_pages_of_the_list_lead_on_without_a_gap_and_are_exported_whole(hub: Hub) -> None:
    async with scene(hub, orders=60) as at:
        await at.visitor.enter(Role.VIEWER)
        first = await at.visitor.get("/t/default/orders")
        older = first.doc.xpath("//nav[@aria-label='Pages']//a/@href")
        second = await at.visitor.get(older[-1])
        named = [row[0] for seen in (first, second) for row in rows(seen)]
        assert len(named) == len(set(named)) == len(await at.store.orders())
        table = list(csv.DictReader(io.StringIO((await at.visitor.get("/t/default/orders?format=csv")).text)))
        assert {f"#{row['number']}" for row in table} == set(named)
        assert len(orjson.loads((await at.visitor.get("/t/default/orders?format=json")).text)) == len(named)


async def test_what_is_not_there_is_said_so(hub: Hub) -> None:
    async with scene(hub, fill=False) as at:
        await at.visitor.enter(Role.VIEWER)
        assert "They come by webhook" in (await at.visitor.get("/t/default/orders")).words
        assert (await at.visitor.get("/t/default/orders/ord_01m80brvrte1290gfd3nxqarh4")).status == 404
        assert (await at.visitor.get("/t/default/orders/nonsense")).status == 400
        assert (await at.visitor.get("/t/default/orders/number/999")).status == 404
