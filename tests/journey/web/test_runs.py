"""Runs on pages: the list, one with its progress and findings, and the end of one."""

from __future__ import annotations

import uuid
from typing import Any

import orjson
import pytest

from crossdock.flow.run import RunKind
from crossdock.govern.access import Role
from crossdock.kit.ids import Prefix, new_id, show
from crossdock.wiring import Hub
from tests.support.browsing import visiting
from tests.support.traffic import Street

pytestmark = pytest.mark.asyncio


async def under_way(street: Street, progress: dict[str, Any], **more: Any) -> str:
    """Put a backfill under way."""
    made: uuid.UUID = await street.hub.runs.add(street.tenant, street.shop.id, RunKind.BACKFILL, ("order",))
    values = {"state": "running", "owner": "w", **more}
    async with street.hub.database.transaction() as conn:
        await conn.execute(
            "UPDATE run SET state = $2, owner = $3, started_at = now() - interval '10 s', progress = $4::jsonb,"
            " until = now() + interval '1 hour' WHERE id = $1",
            made,
            values["state"],
            values["owner"],
            orjson.dumps(progress).decode(),
        )
    return show(Prefix.RUN, made)


async def test_no_run_yet(hub: Hub) -> None:
    async with visiting(hub) as visitor:
        await visitor.enter(Role.VIEWER)
        assert "No run yet" in (await visitor.get("/t/default/runs")).words


async def test_a_run_under_way_says_how_far_it_is_and_when_it_will_be_done(hub: Hub, street: Street) -> None:
    run = await under_way(street, {"order": {"read": 25, "total": 100, "verdicts": {"applied": 25}}})
    async with visiting(hub) as visitor:
        await visitor.enter(Role.VIEWER)
        listed = await visitor.get("/t/default/runs")
        assert "Backfill" in listed.rows()[0]
        assert "25 %" in listed.rows()[0]
        seen = await visitor.get(f"/t/default/runs/{run}")
        assert "25 %: 25 of 100" in seen.words
        assert "left" in seen.words
        assert seen.doc.xpath("//*[@data-topic='runs deliveries']"), "it loads itself anew"
        assert "Cancel" not in seen.words, "a viewer ends nothing"


async def test_an_operator_ends_it_and_what_is_done_stays(hub: Hub, street: Street) -> None:
    run = await under_way(street, {"order": {"read": 5}})
    async with visiting(hub) as visitor:
        await visitor.enter(Role.OPERATOR)
        seen = await visitor.get(f"/t/default/runs/{run}")
        done = await visitor.submit(seen, f"/t/default/runs/{run}/cancel")
        assert "The run is cancelled." in done.words
        assert "Cancelled" in done.words
        late = await visitor.submit(seen, f"/t/default/runs/{run}/cancel")
        assert late.status == 409


async def test_what_went_wrong_and_what_it_came_to(hub: Hub, street: Street) -> None:
    run = await under_way(street, {"order": {"read": 5, "done": True}})
    async with hub.database.transaction() as conn:
        await conn.execute(
            "UPDATE run SET state = 'partial', ended_at = now(), error_count = 1,"
            ' errors = \'[{"entity": "order 17", "reason": "no currency"}]\'::jsonb, result = \'{"orders": 5}\'::jsonb'
        )
    async with visiting(hub) as visitor:
        await visitor.enter(Role.VIEWER)
        seen = await visitor.get(f"/t/default/runs/{run}")
        assert "Done in part" in seen.words
        assert "order 17" in seen.words
        assert "no currency" in seen.words
        assert "Orders5" in seen.words.replace(" ", "")


async def test_the_file_holds_every_run_of_the_filter_and_the_page_the_newest(hub: Hub, street: Street) -> None:
    async with hub.database.transaction() as conn:
        await conn.executemany(
            "INSERT INTO run (id, tenant_id, kind, connection_id, streams, state, ended_at)"
            " VALUES ($1, $2, 'pull', $3, '{order}', 'done', now())",
            [(new_id(), street.tenant, street.shop.id) for _ in range(501)],
        )
    async with visiting(hub) as visitor:
        await visitor.enter(Role.VIEWER)
        assert len((await visitor.get("/t/default/runs?kind=pull")).rows()) == 50
        told = orjson.loads((await visitor.get("/t/default/runs?kind=pull&format=json")).text)
    assert len({one["id"] for one in told}) == len(told) == 501


async def test_runs_are_filtered_and_exported(hub: Hub, street: Street) -> None:
    run = await under_way(street, {})
    async with visiting(hub) as visitor:
        await visitor.enter(Role.VIEWER)
        assert len((await visitor.get("/t/default/runs?kind=backfill&state=running")).rows()) == 1
        assert (await visitor.get("/t/default/runs?kind=pull")).rows() == []
        assert orjson.loads((await visitor.get("/t/default/runs?format=json")).text)[0]["id"] == run
        assert (await visitor.get("/t/default/runs/run_00000000000000000000000000")).status == 404
