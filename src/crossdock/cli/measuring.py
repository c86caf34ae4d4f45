"""``status`` and ``stats``: how every connection does now, and what happened by day."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossdock.cli.answers import AsJson, Tenant, give, guarded, table
from crossdock.cli.asking import ask

if TYPE_CHECKING:
    import uuid

    from crossdock.wiring import Hub


@guarded
def status(tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Show how every connection does: state, lag, queue, errors, breaker, quota, last success, open findings."""

    async def work(hub: Hub, tenant_id: uuid.UUID) -> dict[str, Any]:
        from crossdock.govern.budgets import SharedBoard
        from crossdock.govern.rollups import status_of
        from crossdock.wiring import connector_named

        return await status_of(hub.database.tenant, tenant_id, SharedBoard(hub.database).used, connector_named)

    found = ask(tenant, work)
    columns = (
        *("name", "state", "waiting", "lag_s", "error_share", "p95_ms", "dead", "breaker", "quota_left"),
        *("last_success_at", "findings"),
    )
    empty = "Nothing is connected yet. Begin with: crossdock connect woocommerce"
    give(
        found, as_json=as_json, people=lambda: table([_flat(one) for one in found["connections"]], columns, empty=empty)
    )


def _flat(one: dict[str, Any]) -> dict[str, Any]:
    left = one["quota"]["left_today"] if one["quota"] else None
    return {**one, "p95_ms": one["latency_ms"]["p95"], "quota_left": left}


@guarded
def stats(
    connection: Annotated[str | None, typer.Argument(help="Its id, name or account; all by default.")] = None,
    by: Annotated[str, typer.Option(help="day (kept two years) or hour (eight days).", metavar="day|hour")] = "day",
    since: Annotated[datetime | None, typer.Option("--from", help="The first day (UTC); 30 days back.")] = None,
    until: Annotated[datetime | None, typer.Option("--to", help="The end (UTC); now.")] = None,
    route: Annotated[str | None, typer.Option(help="A route's id.")] = None,
    outcome: Annotated[str | None, typer.Option(help="delivered, skipped, dead, retry, 2xx …")] = None,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Show counts, latencies and calls by day or hour, connection, route and outcome."""

    from datetime import UTC

    from crossdock.errors import BadInput
    from crossdock.govern.rollups import rows_of, slice_of
    from crossdock.kit.ids import Prefix, show

    if by not in ("day", "hour"):
        raise BadInput("by is day or hour", field="by", remedy="give one of them")
    first, last = (at.replace(tzinfo=UTC) if at else None for at in (since, until))

    async def work(hub: Hub, tenant_id: uuid.UUID) -> list[dict[str, Any]]:
        one = show(Prefix.CONNECTION, (await hub.connections.find(tenant_id, connection)).id) if connection else None
        asked = slice_of("hour" if by == "hour" else "day", first, last, one, route, outcome)
        async with hub.database.tenant(tenant_id) as conn:
            return await rows_of(conn, tenant_id, asked)

    rows = ask(tenant, work)
    columns = ("at", "connection_id", "route_id", "kind", "outcome", "count", "p50_ms", "p95_ms", "p99_ms")
    give(rows, as_json=as_json, people=lambda: table(rows, columns, empty="Nothing was counted in this time."))
