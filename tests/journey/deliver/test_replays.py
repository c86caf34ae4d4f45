"""Replays as runs: what was delivered goes out again, once, behind what is live, and a dry run sends nothing."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import orjson
import pytest
import pytest_asyncio

from crossdock.errors import BadInput, KeyReused
from crossdock.flow.deliver import Ask, Filter, Replays
from crossdock.flow.deliver.replays import Measure
from crossdock.flow.run import RunKind
from crossdock.kit.failpoints import NONE, Failpoints
from crossdock.wiring import Hub
from tests.crash.stage import Stage, quiet, staged
from tests.support.hub import until, working


@pytest_asyncio.fixture
async def stage(hub: Hub) -> AsyncIterator[Stage]:
    async with staged(16) as made:
        await made.connect(hub)
        yield made


async def fetch(hub: Hub, sql: str, *values: Any) -> list[Any]:
    async with hub.database.engine() as conn:
        found: list[Any] = await conn.fetch(sql, *values)
        return found


async def ended(hub: Hub, replay_id: uuid.UUID) -> dict[str, Any]:
    """Wait until a replay has queued all, and all of it is delivered."""
    tenant = await hub.tenants.find()

    async def over() -> Any:
        found = await hub.replays.one(tenant, replay_id)
        return found if found["ended_at"] and not found["under_way"] else None

    found: dict[str, Any] = await until(over)
    return found


def everything() -> Filter:
    return Filter(since=datetime.now(UTC) - timedelta(days=1))


async def act(stage: Stage, do: str, **more: Any) -> dict[str, Any]:
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{stage.shop_url}/_sandbox/act", json={"do": do, **more}) as reply,
    ):
        done: dict[str, Any] = await reply.json()
    assert done.get("done"), done
    return done


async def whole(stage: Stage) -> bytes:
    """Return all that the portal holds, byte for byte, without its clocks."""
    truth = await stage.portal()
    for objects in truth["objects"].values():
        for one in objects:
            # its own clocks, and how often it was written
            for name in ("updatedAt", "createdAt", "writes"):
                one.pop(name, None)
            for clock in ("hs_lastmodifieddate", "lastmodifieddate"):
                one["properties"].pop(clock, None)
    return orjson.dumps({"objects": truth["objects"], "counts": truth["counts"]}, option=orjson.OPT_SORT_KEYS)


async def test_a_recorded_day_replayed_is_the_same_to_the_byte(hub: Hub, stage: Stage) -> None:
    tenant = await hub.tenants.find()
    async with working(hub):
        await quiet(hub)
        for _ in range(3):
            await act(stage, "silent_line_edit")
        await act(stage, "complete")
        await act(stage, "change_email")
        await act(stage, "refund")
        await act(stage, "trash")
        await hub.runs.add(tenant, stage.source, RunKind.RECONCILE, ())
        await quiet(hub)
        assert (await stage.proven(hub)).ok
        before = await whole(stage)
        delivered = (await fetch(hub, "SELECT count(*) AS n FROM delivery_done WHERE state = 'delivered'"))[0]["n"]
        first = await ended(hub, await hub.replays.ask(tenant, Ask(filter=everything()), actor="test"))
        after = await whole(stage)
        assert after == before
        assert first["seen"] == delivered
        assert first["deliveries"]["delivered"] == first["queued"] > 0
        assert set(first["deliveries"]) <= {"delivered", "skipped"}
        await stage.no_doubles_of("contacts", "products", "deals", "line_items")
        assert (await stage.proven(hub)).ok


async def test_of_many_versions_of_a_record_one_goes_out(hub: Hub, stage: Stage) -> None:
    tenant = await hub.tenants.find()
    async with working(hub):
        await quiet(hub)
        for _ in range(3):
            await act(stage, "place_order")
            await act(stage, "complete")
            await hub.runs.add(tenant, stage.source, RunKind.PULL, ())
            await quiet(hub)
        records = (await fetch(hub, "SELECT count(DISTINCT (route_id, record_id)) AS n FROM delivery_done"))[0]["n"]
        found = await ended(hub, await hub.replays.ask(tenant, Ask(filter=everything()), actor="test"))
    assert found["queued"] == records
    assert found["seen"] > records
    priorities = await fetch(hub, "SELECT DISTINCT replay_id FROM delivery_done WHERE replay_id IS NOT NULL")
    assert len(priorities) == 1


async def test_a_dry_run_sends_nothing_and_names_what_differs(hub: Hub, stage: Stage) -> None:
    tenant = await hub.tenants.find()
    async with working(hub):
        await quiet(hub)
        deals = [one for one in (await stage.portal())["objects"]["deals"] if not one["archived"]]
        async with (
            aiohttp.ClientSession() as http,
            http.post(
                f"{stage.portal_url}/_sandbox/act",
                json={"act": "edit", "type": "deals", "id": deals[0]["id"], "properties": {"amount": "1.23"}},
            ) as reply,
        ):
            assert reply.status == 200
        before = await whole(stage)
        asked = Ask(filter=everything(), dry_run=True)
        found = await ended(hub, await hub.replays.ask(tenant, asked, actor="test"))
        assert await whole(stage) == before
    preview = found["preview"]
    assert found["queued"] == 0
    assert preview["against"] == ["held"]
    assert (preview["changed"], preview["created"], preview["refused"]) == (1, 0, 0)
    assert preview["looked_at"] == preview["changed"] + preview["unchanged"] + preview["nothing"] + preview["archived"]
    (change,) = preview["differences"]
    assert (change["object"], change["field"], change["before"]) == ("deals", "amount", "1.23")
    assert change["after"] == deals[0]["properties"]["amount"]
    assert await fetch(hub, "SELECT 1 FROM delivery WHERE replay_id IS NOT NULL") == []


async def test_another_version_of_the_mapping_is_used_and_noted(hub: Hub, stage: Stage) -> None:
    tenant = await hub.tenants.find()
    (route,) = await fetch(hub, "SELECT id FROM route WHERE stream = 'product'")
    rules = [
        {"target": "name", "template": "New {name}"},
        {"target": "price", "path": "price"},
    ]
    document = {"entity": "product", "action": "product", "objects": [{"object": "products", "rules": rules}]}
    async with hub.database.transaction() as conn:
        await conn.execute(
            "INSERT INTO mapping_version (id, tenant_id, route_id, version, document)"
            " VALUES ($1, $2, $3, 1, $4::jsonb)",
            uuid.uuid4(),
            tenant,
            route["id"],
            orjson.dumps(document).decode(),
        )
    chosen = Filter(since=datetime.now(UTC) - timedelta(days=1), route_id=route["id"])
    async with working(hub):
        await quiet(hub)
        dry = await ended(
            hub, await hub.replays.ask(tenant, Ask(filter=chosen, mapping="newest", dry_run=True), actor="test")
        )
        assert dry["preview"]["changed"] > 0, dry["preview"]
        assert {change["field"] for change in dry["preview"]["differences"]} == {"name"}
        done = await ended(hub, await hub.replays.ask(tenant, Ask(filter=chosen, mapping=1), actor="test"))
        names = [one["properties"]["name"] for one in (await stage.portal())["objects"]["products"]]
        back = await ended(hub, await hub.replays.ask(tenant, Ask(filter=chosen, mapping=0), actor="test"))
        again = [one["properties"]["name"] for one in (await stage.portal())["objects"]["products"]]
    assert done["deliveries"]["delivered"] == back["deliveries"]["delivered"] == dry["preview"]["changed"]
    assert [name for name in names if name.startswith("New ")]
    assert not [name for name in again if name.startswith("New ")]
    versions = await fetch(
        hub, "SELECT DISTINCT mapping_version FROM delivery_done WHERE route_id = $1 ORDER BY 1", route["id"]
    )
    assert [row["mapping_version"] for row in versions] == [0, 1]
    with pytest.raises(BadInput):
        await hub.replays.ask(tenant, Ask(filter=chosen, mapping=2), actor="test")


async def test_asked_twice_it_is_one_replay(hub: Hub, stage: Stage) -> None:
    tenant = await hub.tenants.find()
    asked = Ask(filter=everything())
    first, second = await asyncio.gather(*(hub.replays.ask(tenant, asked, actor="test") for _ in range(2)))
    assert first == second
    keyed = Ask(filter=Filter(since=datetime.now(UTC) - timedelta(days=2)))
    one = await hub.replays.ask(tenant, keyed, actor="test", key="k")
    assert one != first
    async with working(hub):
        await ended(hub, one)
        assert await hub.replays.ask(tenant, keyed, actor="test", key="k") == one, "also after its end"
        with pytest.raises(KeyReused):
            await hub.replays.ask(tenant, asked, actor="test", key="k")


class Cut(Exception):
    """The process ends here."""


def small(hub: Hub, failpoints: Failpoints = NONE) -> Replays:
    """Return the same work in chunks of five, seven deliveries at once."""
    return Replays(
        hub.database, hub.runs, hub.replay, hub.letters, hub.replays.preview, failpoints, Measure(chunk=5, under_way=7)
    )


async def test_a_crash_half_way_queues_nothing_twice(hub: Hub, stage: Stage) -> None:
    tenant = await hub.tenants.find()
    async with working(hub):
        await quiet(hub)
    replay_id = await hub.replays.ask(tenant, Ask(filter=everything()), actor="test")
    passed = 0

    class Cutting:
        async def reach(self, name: str) -> None:
            nonlocal passed
            passed += name == "replay.chunk"
            if passed == 2:
                raise Cut

    # small chunks, so that there is a half way
    await hub.runs.work_one("first", {RunKind.REPLAY: small(hub, Cutting())})
    (half,) = await fetch(hub, "SELECT seen, queued, place FROM replay WHERE id = $1", replay_id)
    assert 0 < half["seen"] <= 10
    async with hub.database.engine() as conn:
        await conn.execute("UPDATE run SET due_at = now() WHERE id = $1", replay_id)
    async with working(hub):
        found = await ended(hub, replay_id)
    pairs = await fetch(
        hub,
        "SELECT count(*) AS n, count(DISTINCT (route_id, record_id)) AS d FROM delivery_done WHERE replay_id = $1",
        replay_id,
    )
    assert pairs[0]["n"] == pairs[0]["d"] == found["queued"]
    every = await fetch(hub, "SELECT count(DISTINCT (route_id, record_id)) AS n FROM delivery_done")
    assert every[0]["n"] == found["queued"], "nothing was left out"


async def test_it_waits_while_enough_of_it_is_under_way(hub: Hub, stage: Stage) -> None:
    tenant = await hub.tenants.find()
    async with working(hub):
        await quiet(hub)
    replay_id = await hub.replays.ask(tenant, Ask(filter=everything()), actor="test")
    await hub.runs.work_one("me", {RunKind.REPLAY: small(hub)})
    (row,) = await fetch(hub, "SELECT state, problem FROM run WHERE id = $1", replay_id)
    assert row["state"] == "waiting"
    assert "until what it has queued" in row["problem"]
    queued = await fetch(hub, "SELECT priority, head FROM delivery WHERE replay_id = $1", replay_id)
    assert 7 <= len(queued) <= 12
    assert {one["priority"] for one in queued} == {2}
    async with working(hub):
        assert (await ended(hub, replay_id))["state"] == "done"


async def test_a_cancelled_replay_queues_nothing_more_and_what_it_has_queued_goes_out(hub: Hub, stage: Stage) -> None:
    tenant = await hub.tenants.find()
    async with working(hub):
        await quiet(hub)
    replay_id = await hub.replays.ask(tenant, Ask(filter=everything()), actor="test")
    await hub.runs.work_one("me", {RunKind.REPLAY: small(hub)})
    assert await hub.runs.cancel(tenant, replay_id, "test")
    before = await hub.replays.one(tenant, replay_id)
    async with working(hub):
        after = await ended(hub, replay_id)
    assert (before["state"], after["state"]) == ("cancelled", "cancelled")
    assert after["queued"] == before["queued"] == after["deliveries"]["delivered"]
    assert after["seen"] < after["total"]
    async with hub.database.engine() as conn:
        await conn.execute("DELETE FROM run WHERE id = $1", replay_id)
    assert (await hub.replays.one(tenant, replay_id))["queued"] == before["queued"], "kept when its run is forgotten"
