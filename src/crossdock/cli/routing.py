"""``routes``: which events go where, how urgent they are, and when they go out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossdock.cli.answers import ACTOR, AsJson, Tenant, give, guarded, table
from crossdock.cli.asking import ask
from crossdock.cli.connecting import parse_id
from crossdock.cli.listing import Lists

if TYPE_CHECKING:
    import uuid
    from collections.abc import Awaitable, Callable

    from crossdock.wiring import Hub

routes = typer.Typer(help="List, add, change, switch or remove routes.", cls=Lists)

RouteId = Annotated[str, typer.Argument(help="Its id.", metavar="ROUTE")]
PriorityOption = Annotated[str | None, typer.Option(help="live, standard or bulk.")]
Historical = Annotated[
    bool | None, typer.Option("--historical/--not-historical", help="Messages for old orders of a backfill, too.")
]
Types = Annotated[list[str] | None, typer.Option("--type", help="Event types it takes; several may be given.")]
Statuses = Annotated[list[str] | None, typer.Option("--skip-status", help="Source states it leaves out.")]
Delay = Annotated[float | None, typer.Option("--delay", help="Seconds after the event.")]
At = Annotated[str | None, typer.Option("--at", help="JMESPath on the event's data that gives a time.")]
Offset = Annotated[float | None, typer.Option("--offset", help="Seconds added to that time; -86400: a day before.")]
Zone = Annotated[str | None, typer.Option("--zone", help="Time zone, such as Europe/Berlin.")]
ZoneAt = Annotated[str | None, typer.Option("--zone-at", help="JMESPath that gives the recipient's zone.")]
QuietHours = Annotated[str | None, typer.Option("--quiet", help="Hours in which nothing goes out: 21:00-08:00.")]
Changed = Annotated[str | None, typer.Option("--on-change", help="When the source changes: keep, replan or skip.")]
LateTime = Annotated[str | None, typer.Option("--late", help="When the time has passed already: send or skip.")]


def _terms(
    priority: str | None,
    historical: bool | None,
    types: list[str] | None,
    skip_statuses: list[str] | None,
    schedule: dict[str, Any],
) -> dict[str, Any]:
    given = {
        "priority": priority,
        "historical": historical,
        "types": types or None,
        "skip_statuses": skip_statuses or None,
        "schedule": {name: value for name, value in schedule.items() if value is not None} or None,
    }
    return {name: value for name, value in given.items() if value is not None}


def _quiet(text: str | None) -> dict[str, str] | None:
    if text is None:
        return None
    begin, _, end = text.partition("-")
    return {"from": begin.strip(), "to": end.strip()}


@routes.command("list")
@guarded
def routes_list(tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """List the tenant's routes."""
    rows = ask(tenant, lambda hub, tenant_id: hub.connections.routes(tenant_id))
    columns = ("id", "source", "stream", "destination", "action", "priority", "enabled")
    give(rows, as_json=as_json, people=lambda: table(rows, columns, empty="There is no route: connect both sides."))


@routes.command("show")
@guarded
def routes_show(route: RouteId, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Show one route with all that is chosen about it."""
    _done(route, tenant, as_json)


@routes.command("add")
@guarded
def routes_add(
    source: Annotated[str, typer.Option("--from", help="The source connection; events: the hub's own events API.")],
    to: Annotated[str, typer.Option("--to", help="The destination connection.")],
    stream: Annotated[str, typer.Option("--stream", help="The stream of the source; * takes all.")],
    action: Annotated[str, typer.Option("--action", help="What to do there.")],
    priority: PriorityOption = None,
    historical: Historical = None,
    types: Types = None,
    skip_statuses: Statuses = None,
    delay: Delay = None,
    at: At = None,
    offset: Offset = None,
    zone: Zone = None,
    zone_at: ZoneAt = None,
    quiet: QuietHours = None,
    on_change: Changed = None,
    late: LateTime = None,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Add a route from a source's stream to a destination's action."""
    from crossdock.errors import Conflict
    from crossdock.govern.route_terms import terms_of
    from crossdock.kit.ids import Prefix, show

    schedule = _schedule(delay, at, offset, zone, zone_at, quiet, on_change, late)
    terms = terms_of(_terms(priority, historical, types, skip_statuses, schedule))

    async def work(hub: Hub, tenant_id: uuid.UUID) -> str:
        desk = hub.connections
        begin = await (desk.hub_source(tenant_id) if source == "events" else desk.find(tenant_id, source))
        end = await desk.find(tenant_id, to)
        made = await desk.add_route(tenant_id, begin, end, stream, action, ACTOR, terms)
        if made is None:
            raise Conflict("there is such a route already", remedy="list them with: crossdock routes")
        return show(Prefix.ROUTE, made)

    made = ask(tenant, work)
    give({"id": made}, as_json=as_json, people=lambda: f"Added {made}.")


@routes.command("change")
@guarded
def routes_change(
    route: RouteId,
    priority: PriorityOption = None,
    historical: Historical = None,
    types: Types = None,
    skip_statuses: Statuses = None,
    delay: Delay = None,
    at: At = None,
    offset: Offset = None,
    zone: Zone = None,
    zone_at: ZoneAt = None,
    quiet: QuietHours = None,
    on_change: Changed = None,
    late: LateTime = None,
    at_once: Annotated[bool, typer.Option("--at-once", help="Take the schedule back.")] = False,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Change a route. A schedule is given as a whole; what waits for a time asks the new one for it."""
    from crossdock.govern.route_terms import terms_of

    schedule = _schedule(delay, at, offset, zone, zone_at, quiet, on_change, late)
    given = _terms(priority, historical, types, skip_statuses, schedule)
    terms = terms_of({**given, "schedule": None} if at_once else given)
    _done(
        route,
        tenant,
        as_json,
        lambda hub, tenant_id, one: hub.connections.change_route(tenant_id, one, terms, actor=ACTOR),
    )


@routes.command("enable")
@guarded
def routes_enable(route: RouteId, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Switch a route on again; what came meanwhile is not delivered by it."""
    _done(route, tenant, as_json, lambda hub, t, one: hub.connections.switch_route(t, one, on=True, actor=ACTOR))


@routes.command("disable")
@guarded
def routes_disable(route: RouteId, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Switch a route off; what still waits on it ends as skipped (route-removed)."""
    _done(route, tenant, as_json, lambda hub, t, one: hub.connections.switch_route(t, one, on=False, actor=ACTOR))


@routes.command("remove")
@guarded
def routes_remove(route: RouteId, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """End a route; what still waits on it ends as skipped (route-removed)."""
    from crossdock.kit.ids import Prefix, parse

    identifier = parse_id(parse, Prefix.ROUTE, route)

    ask(tenant, lambda hub, tenant_id: hub.connections.remove_route(tenant_id, identifier, actor=ACTOR))
    give({"id": route, "removed": True}, as_json=as_json, people=lambda: f"Removed {route}.")


def _done(
    route: str, tenant: str, as_json: bool, act: Callable[[Hub, Any, Any], Awaitable[None]] | None = None
) -> None:
    """Do something to a route, if anything, and show it as it is then."""
    from crossdock.kit.ids import Prefix, parse

    identifier = parse_id(parse, Prefix.ROUTE, route)

    async def work(hub: Hub, tenant_id: uuid.UUID) -> dict[str, Any]:
        if act is not None:
            await act(hub, tenant_id, identifier)
        return (await hub.connections.routes(tenant_id, identifier))[0]

    shown = ask(tenant, work)
    rows: list[dict[str, Any]] = []
    for name, value in shown.items():
        inner = value.items() if isinstance(value, dict) else ()
        rows += [{"choice": f"{name}.{key}", "value": one} for key, one in inner] or [{"choice": name, "value": value}]
    give(shown, as_json=as_json, people=lambda: table(rows, ("choice", "value")))


def _schedule(
    delay: float | None,
    at: str | None,
    offset: float | None,
    zone: str | None,
    zone_at: str | None,
    quiet: str | None,
    on_change: str | None,
    late: str | None,
) -> dict[str, Any]:
    return {
        "delay_s": delay,
        "at": at,
        "offset_s": offset,
        "zone": zone,
        "zone_at": zone_at,
        "quiet": _quiet(quiet),
        "on_change": on_change,
        "late": late,
    }


@routes.command("fallback")
@guarded
def routes_fallback(
    route: RouteId,
    to: Annotated[str | None, typer.Option("--to", help="The second destination; none: the route has none.")] = None,
    action: Annotated[str | None, typer.Option("--action", help="What to do there; by default what fits.")] = None,
    after_s: Annotated[int, typer.Option("--after", min=0, help="Seconds the first lane may stand.")] = 300,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Make a route critical: when its lane stands too long, a second destination takes what waits."""
    from crossdock.kit.ids import Prefix, parse

    identifier = parse_id(parse, Prefix.ROUTE, route)

    async def work(hub: Hub, tenant_id: uuid.UUID) -> dict[str, Any]:
        second = await hub.connections.find(tenant_id, to) if to else None
        return await hub.alerting.fallbacks.name(
            tenant_id, identifier, second, action=action, after_s=after_s, actor=ACTOR
        )

    found = ask(tenant, work)
    give(found, as_json=as_json, people=lambda: "\n".join(f"{name:<12} {value}" for name, value in found.items()))
