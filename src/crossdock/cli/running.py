"""``runs``: what reads, proves and pushes, under way and ended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossdock.cli.answers import ACTOR, AsJson, Tenant, give, guarded, table
from crossdock.cli.asking import ask, only
from crossdock.cli.connecting import parse_id
from crossdock.cli.listing import Lists

if TYPE_CHECKING:
    import uuid

    from crossdock.wiring import Hub

runs = typer.Typer(help="List runs, show or cancel one, or see how they end.", cls=Lists)

Kind = Annotated[
    str | None,
    typer.Option("--kind", help="pull, backfill, reconcile, stock_push, import, replay, mapping, invoice."),
]
State = Annotated[str | None, typer.Option("--state", help="waiting, running, done, partial, failed or cancelled.")]
Shop = Annotated[str | None, typer.Option("--store", help="Only of this shop (id, name or account).")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many to show.")]
RunId = Annotated[str, typer.Argument(help="Its id.", metavar="RUN")]
_COLUMNS = ("id", "connection", "kind", "state", "read", "error_count", "eta_s", "created_at", "ended_at", "problem")


@runs.command("list")
@guarded
def runs_list(
    kind: Kind = None,
    state: State = None,
    store: Shop = None,
    limit: Limit = 20,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """List runs, the newest first."""
    from crossdock.flow.run import Listing

    async def work(hub: Hub, tenant_id: uuid.UUID) -> list[dict[str, Any]]:
        one = await only(hub, tenant_id, store)
        return await hub.runs.listed(tenant_id, Listing(limit, kind, state, one))

    rows = [{**row, "read": row["counters"]["read"]} for row in ask(tenant, work)]
    give(rows, as_json=as_json, people=lambda: table(rows, _COLUMNS))


@runs.command("show")
@guarded
def runs_show(run_id: RunId, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Show one run: counters, progress, time left, and its first hundred errors."""
    import orjson

    found = _one(run_id, tenant)
    give(found, as_json=as_json, people=lambda: orjson.dumps(found, option=orjson.OPT_INDENT_2, default=str).decode())


def _one(run_id: str, tenant: str) -> dict[str, Any]:
    from crossdock.errors import NotFound
    from crossdock.kit.ids import Prefix, parse

    wanted = parse_id(parse, Prefix.RUN, run_id)

    async def work(hub: Hub, tenant_id: uuid.UUID) -> dict[str, Any]:
        found = await hub.runs.one(tenant_id, wanted)
        if found is None:
            raise NotFound("there is no such run", remedy="list them with: crossdock runs")
        return found

    return ask(tenant, work)


@runs.command("cancel")
@guarded
def runs_cancel(run_id: RunId, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """End a run. What it has read stays, and its place: the next one goes on there."""
    from crossdock.errors import Conflict
    from crossdock.kit.ids import Prefix, parse

    wanted = parse_id(parse, Prefix.RUN, run_id)

    if not ask(tenant, lambda hub, tenant_id: hub.runs.cancel(tenant_id, wanted, ACTOR)):
        raise Conflict(f"the run is {_one(run_id, tenant)['state']} already", remedy="nothing is left to cancel")
    give({"id": run_id, "state": "cancelled"}, as_json=as_json, people=lambda: f"{run_id} is cancelled")


@runs.command("stats")
@guarded
def runs_stats(
    days: Annotated[int, typer.Option("--days", min=1, max=90, help="How far back to look.")] = 30,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Show how the runs of each shop have ended, and what share of them succeeded."""
    rows = ask(tenant, lambda hub, tenant_id: hub.runs.rates(tenant_id, datetime.now(UTC) - timedelta(days=days)))
    columns = ("connection", "kind", "ended", "done", "partial", "failed", "cancelled", "success_rate", "last_done_at")
    give(rows, as_json=as_json, people=lambda: table(rows, columns))
