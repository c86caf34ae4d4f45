"""``mappings preview`` and ``mappings dry-run``: what a mapping would do, before it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossdock.cli.answers import ACTOR, AsJson, Tenant, give, guarded, table
from crossdock.cli.mapping import RouteId, Version, on_route, read_file

if TYPE_CHECKING:
    from crossdock.wiring import Hub

_CHANGES = ("external_id", "object", "field", "before", "after", "effect", "changed_there")


@guarded
def mappings_preview(
    route: RouteId,
    record: Annotated[str, typer.Argument(help="The record's id, or the store's own.", metavar="RECORD")],
    file: Annotated[str | None, typer.Option("--file", help="A draft of YAML or JSON.")] = None,
    version: Version = None,
    people: Annotated[bool, typer.Option("--people", help="Show values about people, too.")] = False,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Show what a mapping makes of one record, and what would differ at the destination; nothing is sent."""
    from crossdock.flow.mapping import draft_in, record_named

    draft = draft_in(read_file(file)) if file else None

    async def act(hub: Hub, tenant_id: Any, route_id: Any) -> dict[str, Any]:
        desk = hub.mappings.desk
        chosen = await desk.chosen(tenant_id, route_id)
        if draft is not None:
            mapping, _ = await desk.drafted(chosen, draft)
        else:
            mapping = await desk.mapping(chosen, chosen.route.mapping_version if version is None else version)
        return await hub.mappings.trials.preview(chosen, mapping, record_named(record), people=people)

    told = on_route(route, tenant, act)
    give(told, as_json=as_json, people=lambda: table(told["differences"], _CHANGES, empty="Nothing would change."))


@guarded
def mappings_dry_run(
    route: RouteId,
    version: Version = None,
    last: Annotated[int, typer.Option("--last", min=1, max=5_000, help="Of the newest records.")] = 100,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Try a version on the newest records, as a run; nothing is sent. Look at it with: crossdock runs show."""
    told = on_route(route, tenant, lambda hub, t, one: hub.mappings.runs.dry_run(t, one, version, last, actor=ACTOR))
    give(told, as_json=as_json, people=lambda: f"{told['id']} is queued; crossdock runs show {told['id']}")
