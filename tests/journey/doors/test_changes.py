"""The feed of changes: whoever follows it has every version once, whatever commits late."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from crossdock.api.resources.changes import Feed, Place, place_of
from crossdock.errors import BadInput
from crossdock.flow.pull.bells import gone
from crossdock.kit.ids import new_id
from crossdock.model.observation import Observation
from crossdock.model.origin import Origin
from crossdock.wiring import Hub
from tests.journey.doors.street import Street, is_problem
from tests.support.hub import add_shop, order


@pytest.fixture
async def key(hub: Hub) -> str:
    """A key that may read."""
    return (await hub.keys.add(await hub.tenants.find(), "reads", ("read",)))[1]


async def follow(doors: Street, key: str, after: str = "", **more: Any) -> tuple[list[dict[str, Any]], str]:
    """Read until there is no more."""
    items: list[dict[str, Any]] = []
    query = "".join(f"&{name}={value}" for name, value in more.items())
    while True:
        page = (await doors.get(f"/api/v1/changes?limit=7{query}{f'&after={after}' if after else ''}", key)).json
        items += page["items"]
        after = page["next"]
        if not page["more"]:
            return items, after


async def test_every_version_comes_once_deletions_too(hub: Hub, doors: Street, key: str) -> None:
    shop = await add_shop(hub)
    for number in range(1, 11):
        await doors.hook(shop, order(number))
    first, after = await follow(doors, key)
    assert sorted(int(one["external_id"]) for one in first) == list(range(1, 11))
    assert (await follow(doors, key, after))[0] == []
    await doors.hook(shop, order(3, status="completed", modified="2026-11-20T11:00:00"))
    async with hub.database.transaction() as conn:
        at = await conn.fetchval("SELECT clock_timestamp()")
        await hub.journey.record(conn, shop, [gone("order", "4", None)], Origin.PULL, (at, at), fresh=True)
    second, after = await follow(doors, key, after)
    assert [(one["type"], one["external_id"], one["version"], one["deleted"]) for one in second] == [
        ("order.updated", "3", 2, False),
        ("order.deleted", "4", 2, True),
    ]
    assert second[0]["data"]["status"] == "completed"
    assert second[1]["data"] is None
    assert (await follow(doors, key, after))[0] == []


async def test_what_commits_late_is_not_missed(hub: Hub, doors: Street, key: str) -> None:
    """An event whose id is older, in a transaction that ends later than its neighbour's."""
    shop = await add_shop(hub)
    await doors.hook(shop, order(1))
    _, after = await follow(doors, key)
    late = Observation("order", "2", order(2), status="processing")
    async with hub.database.transaction() as conn:
        at = await conn.fetchval("SELECT clock_timestamp()")
        await hub.journey.record(conn, shop, [late], Origin.PULL, (at, at))
        assert (await doors.hook(shop, order(3))).status == 200
        meanwhile, after = await follow(doors, key, after)
        assert meanwhile == [], "order 3 may not be shown before it is certain that nothing comes before it"
    items, after = await follow(doors, key, after)
    assert [one["external_id"] for one in items] == ["2", "3"]
    assert (await follow(doors, key, after))[0] == []


async def test_a_follower_of_busy_writers_has_every_change_once(hub: Hub, doors: Street, key: str) -> None:
    shop = await add_shop(hub)
    dice = random.Random(11)
    writing = True

    async def write(first: int) -> None:
        for number in range(first, first + 25):
            async with hub.database.transaction() as conn:
                at = await conn.fetchval("SELECT clock_timestamp()")
                seen = Observation("order", str(number), order(number), status="processing")
                await hub.journey.record(conn, shop, [seen], Origin.PULL, (at, at))
                await asyncio.sleep(dice.random() * 0.02)

    async def read() -> list[str]:
        seen: list[str] = []
        after = ""
        while writing:
            items, after = await follow(doors, key, after)
            seen += [one["external_id"] for one in items]
        return seen + [one["external_id"] for one in (await follow(doors, key, after))[0]]

    reading = asyncio.create_task(read())
    await asyncio.gather(*(write(1000 * n) for n in range(1, 5)))
    writing = False
    seen = await reading
    assert sorted(seen) == sorted(str(1000 * n + i) for n in range(1, 5) for i in range(25))


async def test_filters_narrow_the_feed_and_its_place_moves_on(hub: Hub, doors: Street, key: str) -> None:
    shop, other = await add_shop(hub), await add_shop(hub, "second", "https://second.example")
    await doors.hook(shop, order(1))
    await doors.hook(other, order(2))
    items, after = await follow(doors, key, store="second", include="nothing")
    assert [(one["external_id"], one["data"]) for one in items] == [("2", None)]
    assert (await follow(doors, key, after))[0] == [], "what a filter left out lies behind its place"
    items, _ = await follow(doors, key, stream="product,customer")
    assert items == []
    assert (await doors.get("/api/v1/changes?after=now", key)).json["items"] == []


async def test_a_restore_into_another_cluster_begins_a_new_era(hub: Hub, doors: Street, key: str) -> None:
    shop = await add_shop(hub)
    await doors.hook(shop, order(1))
    tenant = await hub.tenants.find()
    # what a restored database looks like: its rows carry the old cluster's high transaction ids
    async with hub.database.owner() as owner:
        await owner.execute("UPDATE feed_era SET cluster_id = cluster_id + 1")
        async with hub.database.transaction() as conn:
            await conn.execute("UPDATE event SET xid = (xid::text::bigint + 1000000)::text::xid8")
        items = await Feed(hub).read(tenant, place_of(None), [], None, 10, data=False)
        assert items["items"] == [], "without a new era the old rows would hide until the counter has caught up"
        assert await owner.fetchval("SELECT tend_feed_era()") == 1
        assert await owner.fetchval("SELECT tend_feed_era()") == 1
    before, after = await follow(doors, key)
    assert [one["external_id"] for one in before] == ["1"]
    await doors.hook(shop, order(2))
    assert [one["external_id"] for one in (await follow(doors, key, after))[0]] == ["2"]
    beyond = Place(0, 2_000_000, new_id()).shown()
    assert [one["external_id"] for one in (await follow(doors, key, beyond))[0]] == ["2"], (
        "a place that the lost cluster had reached goes on with what is new"
    )


async def test_a_cursor_that_is_none_is_named(doors: Street, key: str) -> None:
    is_problem(await doors.get("/api/v1/changes?after=yesterday", key), 400, "bad-input", "after")
    with pytest.raises(BadInput):
        place_of("0-0-zz")


def test_places_are_read_as_they_are_shown() -> None:
    place = Place(3, 1 << 40, new_id())
    assert place_of(place.shown()) == place
