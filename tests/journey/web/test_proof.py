"""The proof calendar: days that add up, what is wrong with its cause and repair, and reports that are signed."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from zoneinfo import ZoneInfo

import orjson
import pytest

from crossdock.govern.access import Role
from crossdock.kit.ids import Prefix, show
from crossdock.wiring import Hub
from tests.journey.web.records import Scene, rows, scene
from tests.support.browsing import Seen

pytestmark = pytest.mark.asyncio


async def _day_of(at: Scene, number: int) -> str:
    """Return the store's own day of an order."""
    made = (await at.store.orders())[number]["date_created_gmt"]
    zone = (await at.hub.directory.connection(at.store.id)).account["time_zone"]
    return datetime.fromisoformat(made + "+00:00").astimezone(ZoneInfo(zone)).date().isoformat()


def _cell(seen: Seen, day: str) -> tuple[str, str]:
    """Return the address of a day, and what it says."""
    (found,) = seen.doc.xpath(f"//table[@class='cal']//a[contains(@href, 'day={day}&')]")
    return found.get("href").partition("#")[0], " ".join(found.text_content().split())


def _sum(seen: Seen) -> dict[str, int]:
    parts = seen.doc.xpath("//div[@class='sum']/div")
    return {one.xpath("string(small)"): int(one.xpath("string(b)").replace(",", "")) for one in parts}


async def test_a_day_adds_up_and_is_repaired(hub: Hub) -> None:
    async with scene(hub) as at:
        number = await at.store.pick("completed", "processing")
        day = await _day_of(at, number)
        await at.proven(repair=0)
        await at.visitor.enter(Role.OPERATOR)
        whole = await at.visitor.get(f"/t/default/proof?month={day[:7]}")
        address, said = _cell(whole, day)
        assert "orders proven" in said
        only = show(Prefix.CONNECTION, at.store.id)
        narrowed = await at.visitor.get(f"/t/default/proof?month={day[:7]}&only={only}")
        assert _cell(narrowed, day)[0] == address.replace("?", f"?only={only}&")
        deal = await at.stage.deal(at.store, number)
        await at.stage.crm("archive", type="deals", id=deal["id"])
        await at.proven(repair=0)
        broken = await at.visitor.get(f"/t/default/proof?month={day[:7]}")
        assert "missing" in _cell(broken, day)[1]
        seen = await at.visitor.get(f"/t/default/proof{address}")
        told = _sum(seen)
        assert told.pop("in the store") == sum(told.values()) >= 1
        assert told["missing"] == 1
        (row,) = [row for row in rows(seen) if row[0].startswith(f"order {number}")]
        assert "deleted or merged there" in row[2]
        repaired = await at.visitor.submit(seen, "/t/default/proof")
        assert "is being proven" in repaired.words
        await at.stage.rest()
        after = await at.visitor.get(f"/t/default/proof{address}")
        assert _sum(after)["missing"] == 0
        assert "orders proven" in _cell(after, day)[1]
        assert (await at.stage.deal(at.store, number))["properties"]["crossdock_key"]
        await _is_exported_and_signed(at, after)


async def _is_exported_and_signed(at: Scene, seen: Seen) -> None:
    month = seen.url.partition("day=")[2][:7]
    table = list(csv.DictReader(io.StringIO((await at.visitor.get(f"/t/default/proof?month={month}&format=csv")).text)))
    assert sum(int(row["in_store"] or 0) for row in table) >= 1
    listed = await at.visitor.get("/t/default/proof/all")
    path = listed.doc.xpath("//main//tbody//a/@href")[0]
    one = await at.visitor.get(path)
    assert "Genuine" in one.words
    document = orjson.loads((await at.visitor.get(f"{path}/report")).text)
    assert at.hub.reports.genuine(document["report"], document["signature"], document["exceptions"])
    document["report"]["ok"] = not document["report"]["ok"]
    assert not at.hub.reports.genuine(document["report"], document["signature"])


async def test_one_exception_is_sent_again(hub: Hub) -> None:
    async with scene(hub) as at:
        number = await at.store.pick("completed", "processing")
        deal = await at.stage.deal(at.store, number)
        await at.stage.crm("edit", type="deals", id=deal["id"], properties={"amount": "1.23"})
        await at.proven(repair=0)
        await at.visitor.enter(Role.OPERATOR)
        path = (await at.visitor.get("/t/default/proof/all")).doc.xpath("//main//tbody//a/@href")[0]
        seen = await at.visitor.get(f"{path}?kind=drifted")
        assert [row[1] for row in rows(seen) if "deals.amount" in row[1]]
        done = await at.visitor.submit(seen, "/repair")
        assert "One record is being delivered again" in done.words
        await at.stage.rest()
        assert (await at.stage.deal(at.store, number))["properties"]["amount"] != "1.23"
        await at.visitor.enter(Role.VIEWER)
        looked = await at.visitor.get(f"{path}?kind=drifted")
        assert not looked.doc.xpath("//main//form[@method='post']")
        csrf = looked.doc.xpath("//input[@name='csrf']/@value")[0]
        for address in (f"{path}/repair", "/t/default/proof"):
            assert (await at.visitor.post(address, {"csrf": csrf})).status == 403


async def test_nothing_is_claimed_before_a_proof(hub: Hub) -> None:
    async with scene(hub, fill=False) as at:
        await at.visitor.enter(Role.VIEWER)
        seen = await at.visitor.get("/t/default/proof")
        assert "not proven yet" in seen.words
        assert not seen.doc.xpath("//a[contains(@class, 'day') and contains(@class, 'is-good')]")
        assert (await at.visitor.get("/t/default/proof?month=lately")).status == 400
        assert (await at.visitor.get("/t/default/proof/prf_01m80brvrte1290gfd3nxqarh4")).status == 404
        earlier = await at.visitor.get("/t/default/proof?month=2020-02")
        assert len(earlier.doc.xpath("//table[@class='cal']//tbody//a")) == 29
