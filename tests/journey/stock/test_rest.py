"""Stock and links over HTTP, as a platform uses them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import orjson
import pytest
import pytest_asyncio

from crossdock.api import build_app
from crossdock.kit.ids import Prefix, show
from tests.journey.doors.street import serving
from tests.journey.stock.conftest import Floor

Ask = Any


@pytest_asyncio.fixture
async def ask(floor: Floor) -> AsyncIterator[Ask]:
    """Send a request with a key that may read and write; returns (status, document)."""
    _, key = await floor.hub.keys.add(floor.tenant, "platform", ["read", "write"])
    async with serving(build_app(floor.hub)) as base, aiohttp.ClientSession() as session:

        async def send(method: str, path: str, body: Any = None, kind: str = "application/json") -> tuple[int, Any]:
            data = body if isinstance(body, bytes) or body is None else orjson.dumps(body)
            headers = {"Authorization": f"Bearer {key}", "Content-Type": kind}
            async with session.request(method, f"{base.url}/api/v1{path}", data=data, headers=headers) as reply:
                text = await reply.read()
                return reply.status, orjson.loads(text) if "json" in reply.content_type else text.decode()

        yield send


async def test_one_level_or_thousands_each_with_its_own_result(ask: Ask, floor: Floor) -> None:
    status, first = await ask("PUT", "/stock", {"sku": "TEA", "on_hand": 12})
    assert (status, first["items"][0]["status"], first["items"][0]["version"]) == (200, "changed", 1)
    lines = b"\n".join(orjson.dumps({"sku": f"S-{n}", "on_hand": n}) for n in range(2500))
    status, many = await ask("PUT", "/stock", lines, "application/x-ndjson")
    assert status == 200
    assert len(many["items"]) == 2500
    assert {item["status"] for item in many["items"]} == {"changed"}
    _, again = await ask("PUT", "/stock", lines, "application/x-ndjson")
    assert {item["status"] for item in again["items"]} == {"unchanged"}
    seen, after = [], ""
    while after is not None:
        _, page = await ask("GET", f"/stock?limit=1000&after={after}")
        seen += [item["sku"] for item in page["items"]]
        after = page["next"]
    assert len(seen) == len(set(seen)) == 2501


async def test_a_wrong_item_is_refused_alone(ask: Ask, floor: Floor) -> None:
    items = [
        {"sku": "TEA", "on_hand": 5},
        {"sku": "TEA", "on_hand": 2.5},
        {"sku": "TEA", "delta": -1},
        {"sku": "TEA", "delta": -1, "reference": "pick-1"},
        {"sku": "TEA", "delta": -1, "reference": "pick-1"},
        {"sku": "TEA", "on_hand": 9, "expected_version": 1},
        {"sku": "NEW", "delta": 1, "reference": "pick-2"},
        {"sku": "TEA", "on_hand": 1, "colour": "red"},
        "TEA",
    ]
    status, found = await ask("PUT", "/stock", items)
    assert status == 200
    results = [item["status"] for item in found["items"]]
    assert results[:4] == ["changed", "refused", "refused", "changed"]
    assert results[4:] == ["duplicate", "conflict", "unknown", "refused", "refused"]
    assert found["items"][1]["problem"]["field"] == "items[1].on_hand"
    assert await floor.level("TEA") == (4, 0)
    _, moves = await ask("GET", "/stock/moves?sku=TEA")
    assert [(move["delta"], move["reference"].split(":")[0]) for move in moves["items"]] == [(-1, "api"), (5, "set")]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", orjson.dumps([{"sku": "A", "on_hand": 1}] * 10_001)])
async def test_a_body_that_cannot_be_read_is_refused_whole(ask: Ask, body: bytes) -> None:
    status, problem = await ask("PUT", "/stock", body)
    assert status == 400
    assert problem["remedy"]


async def test_what_a_store_may_offer(ask: Ask, floor: Floor) -> None:
    await ask("PUT", "/stock", [{"sku": "TEA", "on_hand": 10}, {"sku": "TEA", "location": "north", "on_hand": 5}])
    for shop, weight in ((floor.a, 2), (floor.b, 1)):
        await floor.link(shop, "TEA")
        status, _ = await ask("PUT", f"/stock/shares?store={shop.name}", {"items": [{"weight": weight, "reserve": 1}]})
        assert status == 200
    _, page = await ask("GET", "/stock?store=a&sku=TEA")
    assert [item["offered"] for item in page["items"]] == [7, 7]
    await floor.work()
    assert (await floor.told(floor.a), await floor.told(floor.b)) == ([7], [3])
    _, shares = await ask("GET", "/stock/shares?store=b")
    assert shares["items"][0]["weight"] == 1


async def test_links_by_hand(ask: Ask, floor: Floor) -> None:
    await ask("PUT", "/stock", {"sku": "TEA", "on_hand": 3})
    status, link = await ask("POST", "/sku-links", {"store": "a", "product_id": "7", "hub_sku": "TEA"})
    assert status == 201
    assert (link["direction"], link["push_stock"], link["push_price"]) == ("both", True, False)
    _, again = await ask("POST", "/sku-links", {"store": "a", "product_id": "7", "hub_sku": "MUG", "direction": "in"})
    assert (again["id"], again["hub_sku"], again["direction"]) == (link["id"], "MUG", "in")
    _, changed = await ask("PATCH", f"/sku-links/{link['id']}", {"hub_sku": "TEA", "direction": "out"})
    assert (changed["hub_sku"], changed["direction"]) == ("TEA", "out")
    await floor.work()
    assert await floor.told(floor.a) == [3]
    _, stats = await ask("GET", "/sku-links/stats")
    assert [(store["name"], store["links"], store["under_way"]) for store in stats["stores"]] == [("a", 1, 1)]
    assert (await ask("DELETE", f"/sku-links/{link['id']}"))[0] == 204
    assert (await ask("GET", f"/sku-links/{link['id']}"))[0] == 404
    assert (await ask("POST", "/sku-links", {"store": "a", "product_id": "7", "hub_sku": " "}))[0] == 400


async def test_products_are_matched_after_a_preview(ask: Ask, floor: Floor) -> None:
    """Nothing is linked by the preview; the store's own quantity becomes the level of a SKU that has none."""
    await ask(
        "PUT", "/stock", [{"sku": "tea-1", "on_hand": 4}, {"sku": "MUG", "on_hand": 1}, {"sku": "mug", "on_hand": 1}]
    )
    for number, sku, quantity in ((1, "WEB-TEA-1", 9), (2, "WEB-Mug", 2), (3, "", 1), (4, "WEB-CUP", 6)):
        await floor.shows(floor.a, quantity, number, sku=sku)
    asked = {"store": "a", "rules": {"strip_prefixes": ["web-"]}}
    status, preview = await ask("POST", "/sku-links/auto-match", asked)
    assert status == 200
    assert preview["counts"] == {"matched": 1, "ambiguous": 1, "unmatched": 2, "linked": 0, "applied": 0}
    assert preview["ambiguous"][0]["candidates"] == ["MUG", "mug"]
    assert (await ask("GET", "/sku-links"))[1]["items"] == []
    asked |= {"hub_skus": ["tea-1", "cup"], "apply": True, "take_levels": True, "options": {"push_price": True}}
    _, done = await ask("POST", "/sku-links/auto-match", asked)
    assert done["counts"]["applied"] == 2
    assert await floor.level("cup") == (6, 0)
    await floor.work()
    assert [(wish["sku"], wish["quantity"]) for wish in await floor.wishes(floor.a)] == [("WEB-TEA-1", 4)]
    _, later = await ask("POST", "/sku-links/auto-match", asked)
    assert later["counts"] == {"matched": 0, "ambiguous": 0, "unmatched": 2, "linked": 2, "applied": 0}


async def test_links_as_csv_there_and_back(ask: Ask, floor: Floor) -> None:
    await floor.shows(floor.a, 9, 1, sku="T-1")
    rows = [
        "store_sku,product_id,hub_sku,direction,push_price",
        "T-1,,TEA,both,yes",
        ",22,MUG,,",
        ",22,CUP,,",
        "T-9,,CUP,,",
        ",23,,,",
        ',24,"CUP,,',
        ",25,CUP,sideways,",
        ",26,CUP,out,maybe",
        "",
        ',27,"BIG, CUP",out,no',
    ]
    body = "\r\n".join(rows).encode()
    for dry in ("true", "false"):
        status, done = await ask("POST", f"/sku-links/import?store=a&dry_run={dry}", body, "text/csv")
        assert status == 200
        assert (done["rows"], done["created"], done["changed"], done["failed"]) == (9, 3, 0, 6)
        assert [error["line"] for error in done["errors"]] == [4, 5, 6, 7, 8, 9]
        assert len((await ask("GET", "/sku-links"))[1]["items"]) == (0 if dry == "true" else 3)
    status, text = await ask("GET", "/sku-links/export?store=a")
    assert status == 200
    assert text.splitlines()[1] == "1,,T-1,TEA,yes,yes,no,both,orders,no,yes"
    _, again = await ask("POST", "/sku-links/import?store=a", text.encode(), "text/csv")
    assert (again["created"], again["changed"], again["failed"]) == (0, 3, 0)
    status, problem = await ask("POST", "/sku-links/import?store=a", b"sku,amount\n", "text/csv")
    assert status == 400
    assert "unknown columns" in problem["detail"]


async def test_prices_follow_their_links(ask: Ask, floor: Floor) -> None:
    await floor.route(floor.a, "price_level")
    await floor.link(floor.a, "TEA", push_price=True)
    prices = {"items": [{"sku": "TEA", "currency": "USD", "regular_price": "12.50", "sale_price": "9.00"}]}
    assert (await ask("PUT", "/prices", prices))[1] == {"changed": 1}
    assert (await ask("PUT", "/prices", prices))[1] == {"changed": 0}
    await floor.work()
    (wish,) = await floor.wishes(floor.a, "price_level")
    assert (wish["regular_price"], wish["sale_price"]) == ("12.50", "9.00")
    prices["items"][0] |= {"sale_price": "13.00"}
    assert (await ask("PUT", "/prices", prices))[0] == 400


async def test_low_stock_is_told_once_and_its_end_too(ask: Ask, floor: Floor) -> None:
    await floor.put("TEA", 10)
    await floor.link(floor.a, "TEA")
    limits = {"items": [{"low_at": 3}, {"sku": "MUG", "cover_days": "7", "window_days": 10}]}
    assert (await ask("PUT", "/stock/thresholds", limits))[0] == 200
    for number, taken in ((1, 5), (2, 2), (3, 1)):
        await floor.sale(floor.a, number, taken)
        await floor.work()
    _, page = await ask("GET", "/stock/alerts?open=true")
    assert [(alert["sku"], alert["reason"], alert["available"]) for alert in page["items"]] == [("TEA", "low", 3)]
    assert len(await floor.events("stock.low")) == 1
    await floor.put("TEA", 50)
    await floor.work()
    (told,) = await floor.events("stock.recovered")
    assert told["available"] == 50
    assert (await ask("GET", "/stock/alerts?open=true"))[1]["items"] == []
    await floor.put("MUG", 40)
    await floor.link(floor.a, "MUG", "8")
    await floor.sale(floor.a, 9, 20, product=8)
    await floor.work()
    assert (await floor.events("stock.low"))[1:] == []
    await floor.sale(floor.a, 10, 10, product=8)
    await floor.work()
    (low,) = (await floor.events("stock.low"))[1:]
    assert (low["reason"], low["units_per_day"], low["days_of_cover"]) == ("cover", 3.0, 3.3)


async def test_a_link_that_keeps_failing_is_suspended_and_resumed(ask: Ask, floor: Floor) -> None:
    """Ten failures of one cause; levels accumulate meanwhile and go out at the end."""
    await floor.put("TEA", 10)
    link = show(Prefix.SKU_LINK, await floor.link(floor.a, "TEA"))
    for number in range(10):
        await floor.work()
        assert await floor.answer(floor.a, "dead", f"product 7 is not there, request {number}") == 1
        await floor.work()
        await floor.later()
    _, found = await ask("GET", f"/sku-links/{link}")
    assert found["failures"] == 10
    assert found["suspended_reason"].startswith("product 7 is not there")
    (event,) = await floor.events("sku_link.suspended")
    assert (event["id"], event["failures"]) == (link, 10)
    told = len(await floor.told(floor.a))
    await floor.put("TEA", 4)
    await floor.work()
    assert len(await floor.told(floor.a)) == told
    _, resumed = await ask("POST", f"/sku-links/{link}/resume")
    assert (resumed["suspended_at"], resumed["failures"]) == (None, 0)
    await floor.work()
    assert (await floor.told(floor.a))[told:] == [4]


async def test_a_full_push_writes_everything_again(ask: Ask, floor: Floor) -> None:
    await floor.put("TEA", 10)
    await floor.link(floor.a, "TEA")
    await floor.work()
    await floor.answer(floor.a)
    assert (await ask("POST", "/stock/push?store=a"))[1] == {"links": 1}
    await floor.work()
    assert await floor.told(floor.a) == [10, 10]


async def test_a_store_that_takes_no_stock_says_so(ask: Ask, floor: Floor) -> None:
    async with floor.hub.database.engine() as conn:
        await conn.execute("UPDATE route SET enabled = false WHERE source_id = $1", floor.a.id)
    await floor.put("TEA", 10)
    await floor.link(floor.a, "TEA")
    await floor.work()
    assert await floor.told(floor.a) == []
    _, page = await ask("GET", "/sku-links?store=a")
    assert "takes no stock" in page["items"][0]["last_error"]
