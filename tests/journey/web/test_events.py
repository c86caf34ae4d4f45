"""The list of events: what it shows, how it is filtered and exported, and how events are delivered again."""

from __future__ import annotations

import csv
import io

import orjson
import pytest

from crossdock.govern.access import Role
from crossdock.wiring import Hub
from tests.support.browsing import visiting
from tests.support.hub import signed, until, working
from tests.support.traffic import Street

pytestmark = pytest.mark.asyncio


async def test_the_list_says_what_came_and_what_became_of_it(hub: Hub, street: Street) -> None:
    async with working(hub), visiting(hub) as visitor:
        for number in (1, 2, 3):
            await street.tell(number)
        await street.ended(3)
        await visitor.enter(Role.VIEWER)
        seen = await visitor.get("/t/default/events")
        assert seen.status == 200
        rows = seen.rows()
        assert len(rows) == 3
        assert "#3" in rows[0]
        assert "order.created" in rows[0]
        assert "webhook" in rows[0]
        assert all("Delivered sink" in row for row in rows)
        assert not seen.doc.xpath("//a[contains(@href, '/events/replay')]"), "a viewer replays nothing"
        assert (await visitor.get("/t/default/events/replay?since=2020-01-01")).status == 403


async def test_nothing_has_come_yet_and_the_page_says_what_to_do(hub: Hub) -> None:
    async with visiting(hub) as visitor:
        await visitor.enter(Role.VIEWER)
        seen = await visitor.get("/t/default/events")
        assert "Nothing has arrived yet" in seen.words
        assert "Connect a store" in seen.words


async def test_filters_narrow_and_a_wrong_one_is_told(hub: Hub, street: Street) -> None:
    async with visiting(hub) as visitor:
        await street.tell(1)
        await street.tell(2)
        await street.tell(2, 5, status="completed")
        await hub.journey.tally.flush(hub.database)
        await visitor.enter(Role.VIEWER)

        async def found(query: str) -> list[str]:
            return (await visitor.get(f"/t/default/events?{query}")).rows()

        assert len(await found("")) == 3
        assert len(await found("record=2")) == 2
        assert len(await found("record=%232")) == 2
        assert len(await found("type=order.created")) == 2
        assert len(await found("type=order.created&record=2")) == 1
        assert len(await found("stream=order&origin=webhook")) == 3
        assert await found("origin=pull") == []
        assert await found("until=2020-01-01") == []
        assert len(await found("since=2020-01-01")) == 3
        wrong = await visitor.get("/t/default/events?connection=nonsense")
        assert wrong.status in (400, 422)
        assert "con_" in wrong.words


async def test_pages_follow_each_other_and_leave_nothing_out(hub: Hub, street: Street) -> None:
    for number in range(1, 131):
        await street.tell(number)
    await hub.journey.tally.flush(hub.database)
    async with visiting(hub) as visitor:
        await visitor.enter(Role.VIEWER)
        path, seen_ids = "/t/default/events", []
        for _ in range(5):
            seen = await visitor.get(path)
            seen_ids += [a.get("href") for a in seen.doc.xpath("//main//tbody//th/a")]
            older = seen.doc.xpath("//nav[@aria-label='Pages']//a[contains(., 'Older')]/@href")
            if not older:
                break
            path = older[0]
    assert len(seen_ids) == len(set(seen_ids)) == 130


async def test_a_tenant_sees_its_own_alone(hub: Hub, street: Street) -> None:
    await street.tell(1)
    await hub.journey.tally.flush(hub.database)
    await hub.tenants.add("other")
    async with visiting(hub) as visitor:
        await visitor.enter(Role.OWNER, "other")
        assert "Nothing has arrived yet" in (await visitor.get("/t/other/events")).words
        (event,) = await street.events()
        assert (await visitor.get(f"/t/other/events/{event}")).status == 404


async def test_the_list_is_a_file(hub: Hub, street: Street) -> None:
    await street.tell(1)
    await street.tell(2)
    async with visiting(hub) as visitor:
        await visitor.enter(Role.VIEWER)
        seen = await visitor.get("/t/default/events?format=csv")
        rows = list(csv.DictReader(io.StringIO(seen.text)))
        assert [row["external_id"] for row in rows] == ["2", "1"]
        assert rows[0]["ends"] == "sink: waiting"
        assert "attachment" in seen.headers["Content-Disposition"]
        told = orjson.loads((await visitor.get("/t/default/events?format=json&record=1")).text)
        assert [row["code"] for row in told] == ["1"]


async def test_what_fits_a_filter_is_counted_and_delivered_again(hub: Hub, street: Street) -> None:
    async with working(hub), visiting(hub) as visitor:
        for number in (1, 2, 3):
            await street.tell(number)
        await street.ended(3)
        await visitor.enter(Role.OPERATOR)
        asked = await visitor.get("/t/default/events/replay?record=2")
        assert "Deliver 1 event again?" in asked.words
        done = await visitor.submit(asked, "/t/default/events/replay", follow=False, do="send")
        assert done.status == 303
        assert "/t/default/runs/run_" in done.headers["Location"]
        await street.ended(4)
        state = await street.received()
        assert (state["distinct"], state["requests"]) == (3, 4)
        by_time = await visitor.get("/t/default/events/replay?since=2020-01-01")
        assert "Deliver 4 deliveries again?" in by_time.words


async def test_a_dry_run_of_the_filter_sends_nothing(hub: Hub, street: Street) -> None:
    async with working(hub), visiting(hub) as visitor:
        await street.tell(1)
        await street.ended(1)
        await visitor.enter(Role.OPERATOR)
        asked = await visitor.get("/t/default/events/replay?record=1")
        await visitor.submit(asked, "/t/default/events/replay", follow=False, do="dry")

        async def over() -> bool:
            rows = await street.rows("SELECT state FROM run WHERE kind = 'replay'")
            return [row["state"] for row in rows] == ["done"]

        await until(over)
        assert (await street.received())["requests"] == 1


async def test_without_a_time_or_a_name_nothing_is_replayed(hub: Hub, street: Street) -> None:
    await street.tell(1)
    async with visiting(hub) as visitor:
        await visitor.enter(Role.OPERATOR)
        seen = await visitor.get("/t/default/events/replay")
        assert seen.status in (400, 422)
        assert "since" in seen.words


async def test_a_long_history_is_looked_through_in_pieces(
    hub: Hub, street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What fits none of so many is a short page that says so and goes on."""
    monkeypatch.setattr("crossdock.flow.record.events.MOST_LOOKED", 5)
    await hub.journey.webhook(street.shop, *_signed_product())
    for number in range(1, 9):
        await street.tell(number)
    await hub.journey.tally.flush(hub.database)
    async with visiting(hub) as visitor:
        await visitor.enter(Role.VIEWER)
        first = await visitor.get("/t/default/events?type=product.created")
        assert "Nothing fits" in first.words
        further = first.doc.xpath("//a[contains(., 'Look further back')]/@href")[0]
        assert len((await visitor.get(further)).rows()) == 1


def _signed_product() -> tuple[dict[str, str], bytes]:
    product = {"id": 7, "name": "Tea", "sku": "T-7", "type": "simple", "status": "publish", "price": "3.00"}
    dates = {"date_created_gmt": "2026-11-20T09:00:00", "date_modified_gmt": "2026-11-20T09:00:00"}
    return signed({**product, **dates, "meta_data": [], "categories": []}, "product.created")
