"""A run that stands still is taken over although its owner beats; one that waits on purpose is nobody's failure."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crossdock.flow.run import PutOff, Run, RunKind, RunLost, Runs, Work
from crossdock.wiring import Hub
from tests.support.hub import add_shop, until

BRIEFLY = timedelta(seconds=0.6)


def each(work: Work) -> dict[RunKind, Work]:
    """Every kind of run is done by this."""
    return dict.fromkeys(RunKind, work)


async def epoch_of(hub: Hub) -> int:
    async with hub.database.engine() as conn:
        return int(await conn.fetchval("SELECT epoch FROM run"))


async def test_a_stuck_run_is_taken_over_and_fenced_though_its_owner_beats(hub: Hub) -> None:
    shop = await add_shop(hub)
    runs = Runs(hub.database, lease=timedelta(seconds=0.4), patience=BRIEFLY)
    await runs.add(shop.tenant_id, shop.id, RunKind.BACKFILL, ())
    begun, stuck = asyncio.Event(), []

    async def stand_still(run: Run) -> dict[str, Any]:
        stuck.append(run)
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError("it never ends by itself")

    async def finish(run: Run) -> dict[str, Any]:
        async with hub.database.transaction() as conn:
            await runs.fence(conn, run)
        return {"by": "the second"}

    first = asyncio.create_task(runs.work_one("first", each(stand_still)))
    await begun.wait()
    assert await until(lambda: runs.work_one("second", each(finish))), "taken over"
    await asyncio.wait_for(first, 60)  # its beat has told it that the run is another's
    async with hub.database.transaction() as conn:
        with pytest.raises(RunLost):
            await runs.fence(conn, stuck[0])
        row = await conn.fetchrow("SELECT state, epoch, result->>'by' AS by FROM run")
    assert tuple(row) == ("done", 2, "the second")


async def test_a_run_that_gets_on_keeps_its_owner_for_longer_than_the_patience(hub: Hub) -> None:
    shop = await add_shop(hub)
    runs = Runs(hub.database, lease=timedelta(seconds=0.4), patience=BRIEFLY)
    await runs.add(shop.tenant_id, shop.id, RunKind.BACKFILL, ())
    ended = asyncio.Event()

    async def get_on(run: Run) -> dict[str, Any]:
        for page in range(20):
            run.progress["order"] = {"pages": page}
            await asyncio.sleep(0.1)
        ended.set()
        return {}

    async def never(run: Run) -> dict[str, Any]:
        raise AssertionError(f"taken over at {run.progress}")

    owner = asyncio.create_task(runs.work_one("owner", each(get_on)))
    await until(lambda: epoch_is(hub, 1))
    while not ended.is_set():
        assert not await runs.work_one("other", each(never))
        await asyncio.sleep(0.05)
    assert await owner
    assert await epoch_of(hub) == 1


async def epoch_is(hub: Hub, wanted: int) -> bool:
    return await epoch_of(hub) == wanted


async def test_a_run_that_is_put_off_frees_its_worker_and_counts_no_failure(hub: Hub) -> None:
    shop = await add_shop(hub)
    later = datetime.now(UTC) + timedelta(hours=8)
    await hub.runs.add(shop.tenant_id, shop.id, RunKind.BACKFILL, ())

    async def wait(run: Run) -> dict[str, Any]:
        run.progress["order"] = {"read": 7}
        raise PutOff(later, "quiet hours")

    assert await hub.runs.work_one("one", each(wait))
    assert not await hub.runs.work_one("one", each(wait)), "not due before its time"
    async with hub.database.engine() as conn:
        row = await conn.fetchrow(
            "SELECT state, failures, due_at, problem, progress->'order'->>'read' AS read FROM run"
        )
    assert tuple(row) == ("waiting", 0, later, "quiet hours", "7")


async def test_one_process_reads_a_shop_and_pulls_go_on_beside_a_long_run_of_it(hub: Hub) -> None:
    shop, other = await add_shop(hub), await add_shop(hub, "other", "https://other.example")
    begun, over = asyncio.Event(), asyncio.Event()
    done: list[tuple[RunKind, uuid.UUID]] = []

    async def long(run: Run) -> dict[str, Any]:
        begun.set()
        await over.wait()
        return {}

    async def short(run: Run) -> dict[str, Any]:
        done.append((run.kind, run.connection_id))
        return {}

    works = {RunKind.BACKFILL: long, RunKind.PULL: short}
    await hub.runs.add(shop.tenant_id, shop.id, RunKind.BACKFILL, ())
    backfill = asyncio.create_task(hub.runs.work_one("one/0", works))
    await begun.wait()
    await hub.runs.add(shop.tenant_id, shop.id, RunKind.PULL, ())
    assert not await hub.runs.work_one("two/0", works), "another process leaves this shop alone"
    await hub.runs.add(other.tenant_id, other.id, RunKind.PULL, ())
    assert await hub.runs.work_one("one/9", works, beside=True)
    assert not await hub.runs.work_one("one/9", works, beside=True), "it does not read the other shop"
    assert await hub.runs.work_one("two/0", works)
    assert done == [(RunKind.PULL, shop.id), (RunKind.PULL, other.id)]
    over.set()
    assert await backfill
    await hub.runs.add(shop.tenant_id, shop.id, RunKind.PULL, ())
    assert await hub.runs.work_one("two/0", works)
