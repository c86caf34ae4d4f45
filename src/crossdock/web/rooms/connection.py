"""One connection: how it does, checks and runs, its streams, webhooks, schema, limits and history."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from starlette.responses import Response

from crossdock.connect.connector import CheckResult
from crossdock.errors import CrossdockError
from crossdock.flow.run import Listing, RunKind
from crossdock.flow.schema import shown as schema_shown
from crossdock.flow.watch import findings_of, health_of
from crossdock.govern.access import Role
from crossdock.govern.hook_list import HookList
from crossdock.govern.rollups import Slice, rows_of
from crossdock.kit.ids import Prefix
from crossdock.store.queries import load
from crossdock.web.desk import Desk
from crossdock.web.network.checking import line_of
from crossdock.web.network.opened import View, framed, opened
from crossdock.web.page import Room
from crossdock.web.records.asking import day
from crossdock.wiring.starting import prove, start

ROOM = Room()
SQL = load(Path(__file__).parents[1] / "network" / "network.sql")
_DAYS = 30
_LISTED = 50


@ROOM.page("/connections/{connection_id}")
async def connection(desk: Desk) -> Response:
    """Show how it does, and what can be done."""
    return await _overview(desk, await opened(desk))


@ROOM.action("/connections/{connection_id}/check")
async def check(desk: Desk) -> Response:
    """Try it now and show what was asked and what came back."""
    view = await opened(desk)
    result = await desk.hub.connections.check(desk.tenant_id, view.connection.id)
    return await _overview(desk, await opened(desk), result)


async def _overview(desk: Desk, view: View, result: CheckResult | None = None) -> Response:
    who = (desk.tenant_id, view.connection.id)
    async with desk.hub.database.tenant(desk.tenant_id) as conn:
        findings = await findings_of(conn, *who)
        health = await health_of(conn, *who)
    return desk.show(
        "connections/one.html",
        **framed(desk, view, ""),
        result=result,
        line=line_of(result, view.connection, view.connector) if result else [],
        findings=findings,
        health=health,
        routes=await routes_of(desk, view),
        runs=await desk.hub.runs.listed(desk.tenant_id, Listing(5, connection_id=view.connection.id)),
        streams=desk.hub.directory.streams(view.connection),
    )


async def routes_of(desk: Desk, view: View) -> list[dict[str, Any]]:
    """Return the routes that begin or end at a connection."""
    every = await desk.hub.connections.routes(desk.tenant_id)
    return [route for route in every if view.row.id in (route["source_id"], route["destination_id"])]


@ROOM.action("/connections/{connection_id}/pause")
async def pause(desk: Desk) -> Response:
    """Pause it."""
    view = await opened(desk)
    await desk.hub.upkeep.pause(desk.tenant_id, view.connection.id, actor=desk.actor)
    return desk.go(view.base, said=f"{view.row.name} is paused. What arrives is kept.")


@ROOM.action("/connections/{connection_id}/resume")
async def resume(desk: Desk) -> Response:
    """Let it go on."""
    view = await opened(desk)
    await desk.hub.upkeep.resume(desk.tenant_id, view.connection.id, actor=desk.actor)
    return desk.go(view.base, said=f"{view.row.name} goes on, and what was missed is read.")


@ROOM.action("/connections/{connection_id}/pull")
async def pull(desk: Desk) -> Response:
    """Read what changed since the last pull."""
    view = await opened(desk)
    run = await start(desk.hub, desk.tenant_id, view.connection.id, RunKind.PULL, desk.texts("streams"))
    return _running(desk, view, run, "The pull is queued.")


@ROOM.action("/connections/{connection_id}/backfill")
async def backfill(desk: Desk) -> Response:
    """Read all there is, or all since a day."""
    view = await opened(desk)
    since = day(desk.text("since"), "since")
    if since is not None:
        changes = {"start_date": since.isoformat()}
        await desk.hub.upkeep.change(desk.tenant_id, view.connection.id, changes, actor=desk.actor)
    run = await start(desk.hub, desk.tenant_id, view.connection.id, RunKind.BACKFILL, desk.texts("streams"))
    return _running(desk, view, run, "The backfill is queued; it goes on where it was if it is interrupted.")


@ROOM.action("/connections/{connection_id}/prove")
async def prove_it(desk: Desk) -> Response:
    """Compare the store with what was delivered, and repair."""
    view = await opened(desk)
    run = await prove(
        desk.hub, desk.tenant_id, view.connection.id, day(desk.text("first"), "first"), day(desk.text("last"), "last")
    )
    return _running(desk, view, run, "The proof is queued.")


def _running(desk: Desk, view: View, run: dict[str, Any], said: str) -> Response:
    return desk.go(view.base, said=said, link=desk.to(f"/runs/{run['id']}"), label="See the run")


@ROOM.page("/connections/{connection_id}/streams")
async def streams(desk: Desk) -> Response:
    """Show each stream: how far it is read, when it is read next, what came of it."""
    view = await opened(desk)
    who = (desk.tenant_id, view.connection.id)
    async with desk.hub.database.tenant(desk.tenant_id) as conn:
        places = await conn.fetch(SQL["checkpoints"], *who)
        arrivals = await conn.fetch(SQL["arrivals"], *who)
    read = desk.hub.directory.streams(view.connection)
    own = view.connection.config.get("streams") or {}
    rows = [
        {
            "name": one.name,
            "entity": one.entity,
            "on": one.name in read and (own.get(one.name) or {}).get("enabled") is not False,
            "pull": next((row for row in places if row["stream"] == one.name and row["kind"] == "pull"), None),
            "backfill": next((row for row in places if row["stream"] == one.name and row["kind"] == "backfill"), None),
            "came": sum(row["count"] for row in arrivals if row["stream"] == one.name),
            "changed": sum(r["count"] for r in arrivals if r["stream"] == one.name and r["verdict"] == "applied"),
        }
        for one in desk.hub.directory.readable(view.connection)
    ]
    return desk.show("connections/streams.html", **framed(desk, view, "streams"), rows=rows, days=_DAYS)


@ROOM.page("/connections/{connection_id}/webhooks")
async def webhooks(desk: Desk) -> Response:
    """Show our webhooks as we know them; ``look=1`` asks the account what it has."""
    return await _webhooks(desk, await opened(desk))


def _hook_list(desk: Desk) -> HookList:
    return HookList(desk.hub.database, desk.hub.directory, desk.hub.hooks)


async def _webhooks(desk: Desk, view: View, went: dict[str, Any] | None = None) -> Response:
    listing = _hook_list(desk)
    await desk.hub.journey.hearing.flush(desk.hub.database)
    there: dict[str, Any] | None = None
    trouble: CrossdockError | None = None
    if went is not None or desk.query.get("look"):
        try:
            there = await listing.listed(view.connection)
        except CrossdockError as told:
            trouble = told
    items = there["items"] if there else await listing.known(view.connection)
    wanted = desk.hub.hooks.topics_of(view.connection)
    return desk.show(
        "connections/webhooks.html",
        **framed(desk, view, "webhooks"),
        items=items,
        missing=there["missing"] if there else [t for t in wanted if t not in {one["topic"] for one in items}],
        removed=there["removed"] if there else [],
        looked=there is not None,
        trouble=trouble,
        went=went,
        address=desk.hub.hooks.url_of(view.connection),
    )


@ROOM.action("/connections/{connection_id}/webhooks")
async def register(desk: Desk) -> Response:
    """Register a webhook for every topic that has none of ours."""
    view = await opened(desk)
    return await _webhooks(desk, view, await _hook_list(desk).register(view.connection, actor=desk.actor))


@ROOM.page("/connections/{connection_id}/schema")
async def schema(desk: Desk) -> Response:
    """Show the fields of both sides; ``fresh=1`` asks the account anew. Samples about people stay masked."""
    view = await opened(desk)
    told: dict[str, Any] = {"source": [], "destination": []}
    at, trouble = None, None
    try:
        found = await desk.hub.mappings.schemas.of(view.connection.id, fresh=bool(desk.query.get("fresh")))
        told, at = schema_shown(found.schema, people=False), found.at
    except CrossdockError as problem:
        trouble = problem
    objects = [(way, one) for way in ("source", "destination") for one in told[way] if one["fields"]]
    chosen = desk.query.get("object", "")
    here = next((pair for pair in objects if f"{pair[0]}.{pair[1]['name']}" == chosen), objects[0] if objects else None)
    return desk.show(
        "connections/schema.html",
        **framed(desk, view, "schema"),
        objects=objects,
        here_now=here,
        at=at,
        trouble=trouble,
    )


@ROOM.page("/connections/{connection_id}/limits")
async def limits(desk: Desk) -> Response:
    """Show what the account may be asked, and what was asked of it in the last weeks."""
    view = await opened(desk)
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    asked = Slice(today - timedelta(days=_DAYS - 1), today + timedelta(days=1), connection_id=view.connection.id)
    async with desk.hub.database.tenant(desk.tenant_id) as conn:
        rows = [row for row in await rows_of(conn, desk.tenant_id, asked) if row["kind"] == "request"]
    days = [today - timedelta(days=back) for back in reversed(range(_DAYS))]
    calls = [sum(row["count"] for row in rows if row["at"] == at) for at in days]
    outcomes: dict[str, int] = {}
    for row in rows:
        outcomes[row["outcome"]] = outcomes.get(row["outcome"], 0) + row["count"]
    return desk.show(
        "connections/limits.html",
        **framed(desk, view, "limits"),
        own=view.connection.config.get("limits") or {},
        calls=calls,
        days=days,
        outcomes=sorted(outcomes.items()),
    )


@ROOM.page("/connections/{connection_id}/history")
async def history(desk: Desk) -> Response:
    """Show what was found and mended, and its runs."""
    view = await opened(desk)
    async with desk.hub.database.tenant(desk.tenant_id) as conn:
        findings = await findings_of(conn, desk.tenant_id, view.connection.id, ended=True, limit=_LISTED)
    before = desk.id(Prefix.RUN, "before") if desk.query.get("before") else None
    runs = await desk.hub.runs.listed(desk.tenant_id, Listing(_LISTED, connection_id=view.connection.id, before=before))
    return desk.show(
        "connections/history.html",
        **framed(desk, view, "history"),
        findings=findings,
        runs=runs,
        further=runs[-1]["id"] if len(runs) == _LISTED else "",
    )


@ROOM.page("/connections/{connection_id}/webhooks/{vendor_id}/remove", role=Role.ADMIN)
async def ask_remove_hook(desk: Desk) -> Response:
    """Ask before a webhook is deleted at its account."""
    view = await opened(desk)
    vendor_id = desk.request.path_params["vendor_id"]
    return desk.confirm(
        title=f"Delete webhook {vendor_id} at {view.row.name}?",
        said="Its topic is then read by pulls alone, every minute, until it is registered again.",
        action=desk.to(f"{view.base}/webhooks/{vendor_id}/remove"),
        label="Delete the webhook",
        back=desk.to(f"{view.base}/webhooks"),
        tone="bad",
    )


@ROOM.action("/connections/{connection_id}/webhooks/{vendor_id}/remove", role=Role.ADMIN)
async def remove_hook(desk: Desk) -> Response:
    """Delete one of our webhooks."""
    view = await opened(desk)
    await _hook_list(desk).remove(view.connection, desk.request.path_params["vendor_id"], actor=desk.actor)
    return desk.go(f"{view.base}/webhooks", said="The webhook is deleted; its topic is pulled from now on.")
