"""Runs: pulls, backfills, proofs and pushes under way and ended."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from crossdock.api.access import Access
from crossdock.api.parsing import parsed
from crossdock.api.problems import answer
from crossdock.api.records import instant
from crossdock.errors import Conflict, NotFound
from crossdock.flow.run import Listing, RunKind
from crossdock.govern.keys import Principal
from crossdock.kit.ids import Prefix
from crossdock.wiring import Hub
from crossdock.wiring.starting import start as start_run

Kind = Literal["pull", "backfill", "reconcile", "stock_push", "import", "replay", "mapping", "invoice"]
State = Literal["waiting", "running", "done", "partial", "failed", "cancelled"]


class Wanted(BaseModel):
    """What a run shall read; all streams by default."""

    streams: list[str] = Field(default=[], examples=[["order", "product"]])


async def start(
    hub: Hub, tenant_id: uuid.UUID, shown: str, kind: RunKind, streams: list[str], asked: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Queue a run of a store; one that is under way already is returned instead."""
    wanted = parsed(Prefix.CONNECTION, shown, "connection_id")
    return await start_run(hub, tenant_id, wanted, kind, streams, asked)


def router(hub: Hub, access: Access) -> APIRouter:
    """Return the routes."""
    api = APIRouter(tags=["runs"])
    _add_reading(api, hub, access.needs("read"))
    _add_doing(api, hub, access.needs("operate"))
    return api


def _add_reading(api: APIRouter, hub: Hub, reads: Any) -> None:
    @api.get("/runs")
    async def list_runs(
        kind: Kind | None = None,
        state: State | None = None,
        connection_id: Annotated[str | None, Query(description="con_…")] = None,
        since: Annotated[datetime | None, Query(description="Asked for at this time or later.")] = None,
        before: Annotated[str | None, Query(description="``next`` of the page before.")] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        caller: Principal = reads,
    ) -> Any:
        """List runs, the newest first."""
        asked = Listing(
            limit=limit,
            kind=kind,
            state=state,
            connection_id=parsed(Prefix.CONNECTION, connection_id, "connection_id") if connection_id else None,
            since=instant(since, "since"),
            before=parsed(Prefix.RUN, before, "before") if before else None,
        )
        items = await hub.runs.listed(caller.tenant_id, asked)
        return answer({"items": items, "next": items[-1]["id"] if len(items) == limit else None})

    @api.get("/runs/stats")
    async def run_stats(
        days: Annotated[int, Query(ge=1, le=90, description="How far back to look.")] = 30, caller: Principal = reads
    ) -> Any:
        """Tell how the runs of each connection have ended, and what share of them succeeded."""
        items = await hub.runs.rates(caller.tenant_id, datetime.now(UTC) - timedelta(days=days))
        return answer({"items": items})

    @api.get("/runs/{run_id}")
    async def get_run(run_id: str, caller: Principal = reads) -> Any:
        """Return one run: counters, progress, time left, and the first hundred errors."""
        found = await hub.runs.one(caller.tenant_id, parsed(Prefix.RUN, run_id, "run_id"))
        if found is None:
            raise NotFound("there is no such run", field="run_id")
        return answer(found)

    @api.get("/runs/{run_id}/lines/{line}")
    async def get_line(run_id: str, line: Annotated[int, Path(ge=1, le=10_000_000)], caller: Principal = reads) -> Any:
        """Return one line of the file that a run imports, as it came; the heading is line 1."""
        wanted = parsed(Prefix.RUN, run_id, "run_id")
        return answer({"line": line, "text": await hub.imports.line(caller.tenant_id, wanted, line)})


def _add_doing(api: APIRouter, hub: Hub, operates: Any) -> None:
    @api.post("/connections/{connection_id}/pull", status_code=202)
    async def pull(connection_id: str, wanted: Wanted | None = None, caller: Principal = operates) -> Any:
        """Read what changed at a store since its last pull."""
        streams = wanted.streams if wanted else []
        return answer(await start(hub, caller.tenant_id, connection_id, RunKind.PULL, streams), 202)

    @api.post("/connections/{connection_id}/backfill", status_code=202)
    async def backfill(connection_id: str, wanted: Wanted | None = None, caller: Principal = operates) -> Any:
        """Read all that a store has, and deliver it; a run that was interrupted goes on where it was."""
        streams = wanted.streams if wanted else []
        return answer(await start(hub, caller.tenant_id, connection_id, RunKind.BACKFILL, streams), 202)

    @api.post("/connections/{connection_id}/reconcile", status_code=202)
    async def reconcile(connection_id: str, caller: Principal = operates) -> Any:
        """Prove a store and repair what is missing or drifted; the same as ``POST /proofs`` for all its days."""
        asked = {"first": None, "last": None, "repair": 2}
        return answer(await start(hub, caller.tenant_id, connection_id, RunKind.RECONCILE, [], asked), 202)

    @api.post("/connections/{connection_id}/stock-push", status_code=202)
    async def push_stock(connection_id: str, caller: Principal = operates) -> Any:
        """Write every linked level and price of a store again, changed or not."""
        return answer(await start(hub, caller.tenant_id, connection_id, RunKind.STOCK_PUSH, []), 202)

    @api.post("/runs/{run_id}/cancel")
    async def cancel(run_id: str, caller: Principal = operates) -> Any:
        """End a run. What it has read stays, and its place: the next one goes on there."""
        wanted = parsed(Prefix.RUN, run_id, "run_id")
        ended = await hub.runs.cancel(caller.tenant_id, wanted, caller.actor)
        found = await hub.runs.one(caller.tenant_id, wanted)
        if found is None:
            raise NotFound("there is no such run", field="run_id")
        if not ended:
            raise Conflict(f"the run is {found['state']} already", remedy="nothing is left to cancel")
        return answer(found)
