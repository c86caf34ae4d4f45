"""Routes: which events go to which action of which connection, when, and how urgent they are."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.responses import Response

from crossdock.errors import BadInput, Conflict, CrossdockError, NotFound
from crossdock.govern.access import Role
from crossdock.govern.directory import HUB
from crossdock.govern.rollups import Slice, rows_of
from crossdock.kit.ids import Prefix, parse
from crossdock.model.connection import Connection
from crossdock.model.schedule import CANCELLED
from crossdock.web.desk import Desk
from crossdock.web.network.terms import (
    FIELDS,
    URGENCIES,
    canary_of,
    fields_in,
    fields_of,
    maps,
    name_of,
    only_of,
    terms_in,
    when_of,
)
from crossdock.web.page import Room
from crossdock.wiring import connector_named

ROOM = Room()
_AT_ONCE = 150
_EVENTS = "events"
_DAYS = 30
_NAMED = 10
_COLUMNS = (
    "id",
    "source",
    "stream",
    "destination",
    "action",
    "enabled",
    "priority",
    "only",
    "when",
    "canary",
    "mapping_version",
    "fallback",
)
_STATES = (("", "any"), ("on", "on"), ("off", "off"), ("filtered", "with a filter"), ("canary", "on a canary"))


@ROOM.page("/routes")
async def routes(desk: Desk) -> Response:
    """Show all routes."""
    every = await _rows(desk)
    found = [row for row in every if _meant(desk.query, row)]
    if "format" in desk.query:
        plain = [{**row, "fallback": (row["fallback"] or {}).get("fallback")} for row in found]
        return await desk.export("routes", _COLUMNS, plain)
    begin = next((i + 1 for i, row in enumerate(found) if row["id"] == desk.query.get("after")), 0)
    shown = found[begin : begin + _AT_ONCE]
    return desk.show(
        "routes/list.html",
        rows=shown,
        found=len(found),
        every=len(every),
        off=sum(not row["enabled"] for row in every),
        further=shown[-1]["id"] if len(found) > begin + _AT_ONCE else "",
        states=_STATES,
        connections=_named(await desk.hub.connections.list(desk.tenant_id)),
    )


async def _rows(desk: Desk) -> list[dict[str, Any]]:
    """Return the routes with their terms in words."""
    found = await desk.hub.connections.routes(desk.tenant_id)
    return [{**route, **await _said(desk, route)} for route in found]


async def _said(desk: Desk, route: dict[str, Any]) -> dict[str, Any]:
    config: dict[str, Any] = {}
    connector = None
    with contextlib.suppress(NotFound):
        to = await desk.hub.directory.connection(parse(Prefix.CONNECTION, route["destination_id"]))
        config, connector = to.config, desk.hub.directory.connector(to.connector)
    return {
        "only": only_of(route),
        "when": when_of(route),
        "canary": canary_of(config),
        "maps": maps(connector, route),
        "name": name_of(route),
    }


def _meant(given: Mapping[str, str], row: dict[str, Any]) -> bool:
    """Whether a filter takes a route."""
    text, state, one = (given.get(name, "") for name in ("q", "state", "connection"))
    fits = {
        "on": row["enabled"],
        "off": not row["enabled"],
        "filtered": bool(row["only"]),
        "canary": bool(row["canary"]),
    }
    return (
        text.strip().lower() in f"{row['name']} {row['action']}".lower()
        and fits.get(state, True)
        and (not one or one in (row["source_id"], row["destination_id"]))
    )


def _named(rows: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [("", "any"), *((row["id"], row["name"]) for row in rows if row["connector"] != HUB)]


@ROOM.page("/routes/bulk", role=Role.ADMIN)
async def ask_bulk(desk: Desk) -> Response:
    """Count and name what would be switched; nothing is done."""
    on = desk.query.get("do") == "on"
    chosen = await _switched(desk, desk.query, desk.request.query_params.getlist("id"), on=on)
    many = "1 route" if len(chosen) == 1 else f"{len(chosen):,} routes"
    if not chosen:
        return desk.go("/routes", said=f"All of them are {'on' if on else 'off'} already.", tone="warn")
    named = ", ".join(row["name"] for row in chosen[:_NAMED]) + (" and more" if len(chosen) > _NAMED else "")
    means = "What happens from now on goes along them." if on else "What waits on them ends as skipped (route removed)."
    return desk.confirm(
        title=f"Switch {many} {'on' if on else 'off'}?",
        said=f"{named}. {means}",
        action=desk.to("/routes/bulk"),
        label=f"Switch {many} {'on' if on else 'off'}",
        back=desk.to("/routes"),
        fields={"do": "on" if on else "off", "id": [row["id"] for row in chosen]},
    )


@ROOM.action("/routes/bulk", role=Role.ADMIN)
async def do_bulk(desk: Desk) -> Response:
    """Switch them."""
    on = desk.text("do") == "on"
    chosen = await _switched(desk, {}, desk.texts("id"), on=on)
    for row in chosen:
        wanted = parse(Prefix.ROUTE, row["id"])
        await desk.hub.connections.switch_route(desk.tenant_id, wanted, on=on, actor=desk.actor)
    many = "1 route is" if len(chosen) == 1 else f"{len(chosen):,} routes are"
    return desk.go("/routes", said=f"{many} {'on' if on else 'off'} now.")


async def _switched(desk: Desk, given: Mapping[str, str], picked: list[str], *, on: bool) -> list[dict[str, Any]]:
    every = await _rows(desk)
    meant = [row for row in every if (row["id"] in picked if picked else bool(given) and _meant(given, row))]
    return [row for row in meant if row["enabled"] is not on]


# --- a new one ----------------------------------------------------------------------------------------------------


@ROOM.page("/routes/new", role=Role.ADMIN)
async def new(desk: Desk) -> Response:
    """Show the form of a new route: first both ends, then what goes, and on which terms."""
    source, to = desk.query.get("source", ""), desk.query.get("to", "")
    return desk.show("routes/new.html", **await _asked(desk, source, to), fields=fields_of({}), what="")


async def _asked(desk: Desk, source: str, to: str) -> dict[str, Any]:
    rows = await desk.hub.connections.list(desk.tenant_id)
    ends = [row for row in rows if row["connector"] != HUB]
    writes = [row for row in ends if (found := connector_named(row["connector"])) is not None and found.destination]
    pairs: list[tuple[str, str]] = []
    if source and to:
        begin, end = await _end(desk, source, "source"), await _end(desk, to, "to")
        pairs = [(f"{stream} {action}", _pair(stream, action)) for stream, action in _fitting(desk, begin, end)]
    return {
        "sources": [("", "choose one"), (_EVENTS, "the hub's own events API"), *((r["id"], r["name"]) for r in ends)],
        "ends": [("", "choose one"), *((row["id"], row["name"]) for row in writes)],
        "source": source,
        "end": to,
        "pairs": pairs,
        **_choices(),
    }


def _fitting(desk: Desk, source: Connection, to: Connection) -> list[tuple[str, str]]:
    found = list(desk.hub.connections.fitting(source, to))
    # everything to one place is a choice of its own, so it stands last
    return sorted(dict.fromkeys(found), key=lambda pair: pair[0] == "*")


def _pair(stream: str, action: str) -> str:
    return f"{'everything' if stream == '*' else stream.replace('_', ' ')} → {action.replace('_', ' ')}"


async def _end(desk: Desk, text: str, field: str) -> Connection:
    if text == _EVENTS:
        return await desk.hub.connections.hub_source(desk.tenant_id)
    try:
        return await desk.hub.connections.one(desk.tenant_id, parse(Prefix.CONNECTION, text))
    except ValueError:
        raise BadInput("this is no connection", field=field, remedy="choose one of the list") from None


def _choices() -> dict[str, Any]:
    return {"urgencies": URGENCIES, "known": FIELDS, "cancelled": ", ".join(CANCELLED)}


@ROOM.action("/routes/new", role=Role.ADMIN)
async def add(desk: Desk) -> Response:
    """Make a route."""
    source, to, what = desk.text("source"), desk.text("to"), desk.text("what")
    desk.expect("routes/new.html", **await _asked(desk, source, to), fields=fields_in(desk), what=what)
    stream, _, action = what.partition(" ")
    if not action:
        raise BadInput("nothing was chosen", field="what", remedy="choose what goes along the route")
    begin, end = await _end(desk, source, "source"), await _end(desk, to, "to")
    terms = terms_in(desk)
    made = await desk.hub.connections.add_route(desk.tenant_id, begin, end, stream, action, desk.actor, terms)
    if made is None:
        raise Conflict("there is such a route already", field="what", remedy="change that one")
    route = (await desk.hub.connections.routes(desk.tenant_id, made))[0]
    return desk.go(f"/routes/{route['id']}", said="The route is made; what happens from now on goes along it.")


# --- one ----------------------------------------------------------------------------------------------------------


@ROOM.page("/routes/{route_id}")
async def one(desk: Desk) -> Response:
    """Show a route with its terms and figures."""
    return desk.show("routes/one.html", **await _one(desk))


async def _route(desk: Desk) -> dict[str, Any]:
    """Return the route of the address, with its name. Raises ``NotFound``."""
    route = (await desk.hub.connections.routes(desk.tenant_id, desk.id(Prefix.ROUTE, "route_id")))[0]
    return {**route, "name": name_of(route)}


async def _one(desk: Desk, fields: dict[str, str] | None = None) -> dict[str, Any]:
    route = await _route(desk)
    rows = await desk.hub.connections.list(desk.tenant_id)
    taken = {route["source_id"], route["destination_id"]}
    seconds = [row for row in rows if row["id"] not in taken and _writes(row["connector"])]
    return {
        "route": {**route, **await _said(desk, route)},
        "fields": fields or fields_of(route),
        "ended": await _counts(desk, desk.id(Prefix.ROUTE, "route_id")),
        "seconds": [("", "none"), *((row["id"], row["name"]) for row in seconds)],
        "own": route["source_id"] == route["destination_id"],
        **_choices(),
    }


def _writes(name: str) -> bool:
    connector = connector_named(name)
    return connector is not None and connector.destination is not None


async def _counts(desk: Desk, route_id: uuid.UUID) -> list[tuple[str, int]]:
    """Return how the route's deliveries of the last weeks have ended."""
    now = datetime.now(UTC)
    begin = (now - timedelta(days=_DAYS)).replace(hour=0, minute=0, second=0, microsecond=0)
    async with desk.hub.database.tenant(desk.tenant_id) as conn:
        rows = await rows_of(conn, desk.tenant_id, Slice(begin, now, route_id=route_id))
    found: dict[str, int] = {}
    for row in rows:
        if row["kind"] == "delivery":
            name = row["outcome"].partition(":")[0]
            found[name] = found.get(name, 0) + row["count"]
    return sorted(found.items())


@ROOM.action("/routes/{route_id}/terms", role=Role.ADMIN)
async def change(desk: Desk) -> Response:
    """Keep other terms."""
    wanted = desk.id(Prefix.ROUTE, "route_id")
    desk.expect("routes/one.html", **await _one(desk, fields_in(desk)))
    await desk.hub.connections.change_route(desk.tenant_id, wanted, terms_in(desk), actor=desk.actor)
    return desk.go(f"/routes/{desk.request.path_params['route_id']}", said="The terms are kept.")


@ROOM.action("/routes/{route_id}/fallback", role=Role.ADMIN)
async def second(desk: Desk) -> Response:
    """Name a second destination, or take it back."""
    wanted = desk.id(Prefix.ROUTE, "route_id")
    desk.expect("routes/one.html", **await _one(desk))
    given = desk.text("fallback_id")
    chosen = await _end(desk, given, "fallback_id") if given else None
    try:
        after = int(desk.text("after_s") or 300)
    except ValueError:
        raise BadInput("this is no number of seconds", field="after_s", remedy="write 300") from None
    await desk.hub.alerting.fallbacks.name(desk.tenant_id, wanted, chosen, after_s=after, actor=desk.actor)
    said = "The second destination is named." if chosen else "The route has no second destination any more."
    return desk.go(f"/routes/{desk.request.path_params['route_id']}", said=said)


@ROOM.action("/routes/{route_id}/enable", role=Role.ADMIN)
async def enable(desk: Desk) -> Response:
    """Switch it on."""
    await _switch(desk, on=True)
    return desk.go(f"/routes/{desk.request.path_params['route_id']}", said="The route is on.")


@ROOM.page("/routes/{route_id}/disable", role=Role.ADMIN)
async def ask_disable(desk: Desk) -> Response:
    """Ask before it is switched off."""
    route = await _route(desk)
    return desk.confirm(
        title=f"Switch {route['name']} off?",
        said="What waits on it ends as skipped (route removed). It can be switched on again.",
        action=desk.to(f"/routes/{route['id']}/disable"),
        label="Switch it off",
        back=desk.to(f"/routes/{route['id']}"),
    )


@ROOM.action("/routes/{route_id}/disable", role=Role.ADMIN)
async def disable(desk: Desk) -> Response:
    """Switch it off."""
    await _switch(desk, on=False)
    return desk.go(f"/routes/{desk.request.path_params['route_id']}", said="The route is off.")


async def _switch(desk: Desk, *, on: bool) -> None:
    wanted = desk.id(Prefix.ROUTE, "route_id")
    await desk.hub.connections.switch_route(desk.tenant_id, wanted, on=on, actor=desk.actor)


@ROOM.page("/routes/{route_id}/remove", role=Role.ADMIN)
async def ask_remove(desk: Desk) -> Response:
    """Ask before it ends, by its name."""
    return _asked_name(desk, await _route(desk))


def _asked_name(desk: Desk, route: dict[str, Any], problem: CrossdockError | None = None) -> Response:
    return desk.confirm(
        title=f"Remove the route {route['name']}?",
        said="It ends for good, with its mapping; what waits on it ends as skipped. What was delivered stays.",
        action=desk.to(f"/routes/{route['id']}/remove"),
        label="Remove the route",
        back=desk.to(f"/routes/{route['id']}"),
        name=route["name"],
        tone="bad",
        problem=problem,
    )


@ROOM.action("/routes/{route_id}/remove", role=Role.ADMIN)
async def remove(desk: Desk) -> Response:
    """End it."""
    route = await _route(desk)
    if desk.text("confirm") != route["name"]:
        wrong = BadInput("this is not its name", field="confirm", remedy=f"type {route['name']}")
        return _asked_name(desk, route, wrong)
    wanted = desk.id(Prefix.ROUTE, "route_id")
    await desk.hub.connections.remove_route(desk.tenant_id, wanted, actor=desk.actor)
    return desk.go("/routes", said=f"{route['name']} is removed.")
