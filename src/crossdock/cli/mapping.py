"""``schema`` and ``mappings``: what both sides have, and what of it goes where."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossdock.cli.answers import ACTOR, AsJson, Code, Tenant, give, guarded, note, table
from crossdock.cli.asking import ask, ask_about
from crossdock.cli.connecting import parse_id

if TYPE_CHECKING:
    import uuid
    from collections.abc import Awaitable, Callable

    from crossdock.model.connection import Connection
    from crossdock.wiring import Hub

schema = typer.Typer(help="Show the objects and fields of a connection.", no_args_is_help=True)

_FIELDS = ("object", "name", "label", "type", "required", "read_only", "custom", "sensitivity", "samples")


@schema.command("show")
@guarded
def schema_show(
    connection: Annotated[str, typer.Argument(help="Its id or name.", metavar="CONNECTION")],
    object_name: Annotated[str | None, typer.Option("--object", help="Only this object or stream.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Tell the other processes to ask the vendor anew.")] = False,
    people: Annotated[bool, typer.Option("--people", help="Show samples about people, too.")] = False,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Show what a connection is read by and what can be written to it: fields, types, options and samples."""
    from crossdock.flow.schema import shown

    async def work(hub: Hub, _: uuid.UUID, found: Connection) -> dict[str, Any]:
        told = await hub.mappings.schemas.of(found.id, fresh=fresh)
        return {"at": told.at, **shown(told.schema, people=people)}

    found = ask_about(connection, tenant, work)
    for side in ("source", "destination"):
        found[side] = [one for one in found[side] if object_name in (None, one["name"])]
    rows = [
        {"object": one["name"], **field}
        for side in ("source", "destination")
        for one in found[side]
        for field in one["fields"]
    ]
    give(found, as_json=as_json, people=lambda: table(rows, _FIELDS, empty="It has no fields that are known."))


mappings = typer.Typer(help="Show, check, add, choose or take back the mapping of a route.", no_args_is_help=True)
templates = typer.Typer(help="List, show, add or apply templates that stores share.", no_args_is_help=True)

RouteId = Annotated[str, typer.Argument(help="The route's id.", metavar="ROUTE")]
Version = Annotated[int | None, typer.Option("--version", min=0, help="Another version than the one that acts.")]
File = Annotated[str, typer.Argument(help="A file of YAML or JSON; - is standard input.", metavar="FILE")]
Activate = Annotated[bool, typer.Option("--activate", help="Let it act at once.")]
Why = Annotated[str, typer.Option("--reason", help="Why, for the history.")]
_RULES = ("object", "target", "from", "transforms", "when_missing", "owner", "when")
_PROBLEMS = ("weight", "object", "target", "rule", "problem", "remedy")
_VERSIONS = ("version", "active", "note", "actor", "created_at")


def on_route(route: str, tenant: str, act: Callable[[Hub, Any, Any], Awaitable[Any]]) -> Any:
    """Do something to a route's mapping."""
    from crossdock.kit.ids import Prefix, parse

    identifier = parse_id(parse, Prefix.ROUTE, route)
    return ask(tenant, lambda hub, tenant_id: act(hub, tenant_id, identifier))


def read_file(file: str) -> bytes:
    from pathlib import Path

    from crossdock.errors import BadInput

    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as problem:
        raise BadInput(f"the file cannot be read ({problem.strerror})", field="file", remedy="name another") from None


def _rows(told: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {**rule, "object": part["object"], "from": _source(rule)}
        for part in told["mapping"]["objects"]
        for rule in part["rules"]
    ]


def _source(rule: dict[str, Any]) -> str:
    return next((f"{kind} {rule[kind]}" for kind in ("path", "template", "expression", "constant") if kind in rule), "")


@mappings.command("show")
@guarded
def mappings_show(route: RouteId, version: Version = None, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Show the rules of a version; without one those that act."""
    told = on_route(route, tenant, lambda hub, t, one: hub.mappings.desk.one(t, one, version))
    give(told, as_json=as_json, people=lambda: table(_rows(told), _RULES, empty="It maps nothing."))


@mappings.command("versions")
@guarded
def mappings_versions(route: RouteId, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """List the versions, the newest first."""
    rows = on_route(route, tenant, lambda hub, t, one: hub.mappings.desk.versions(t, one))
    give(rows, as_json=as_json, people=lambda: table(rows, _VERSIONS))


@mappings.command("history")
@guarded
def mappings_history(route: RouteId, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """List which version was chosen when and by whom, the newest first."""
    rows = on_route(route, tenant, lambda hub, t, one: hub.mappings.desk.history(t, one))
    columns = ("at", "before", "version", "back", "actor", "reason")
    give(rows, as_json=as_json, people=lambda: table(rows, columns, empty="The connector's own has always acted."))


@mappings.command("diff")
@guarded
def mappings_diff(
    route: RouteId,
    before: Annotated[int, typer.Argument(min=0)],
    after: Annotated[int, typer.Argument(min=0)],
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Show the rules that differ between two versions."""
    told = on_route(route, tenant, lambda hub, t, one: hub.mappings.desk.diff(t, one, before, after))
    rows = told["differences"]
    columns = ("object", "target", "change", "before", "after")
    give(told, as_json=as_json, people=lambda: table(rows, columns, empty="They are the same."))


@mappings.command("validate")
@guarded
def mappings_validate(route: RouteId, file: File, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Compare a file with the schemas of both sides; nothing is kept."""
    import msgspec

    from crossdock.flow.mapping import draft_in

    draft = draft_in(read_file(file))

    async def act(hub: Hub, tenant_id: Any, route_id: Any) -> list[dict[str, Any]]:
        desk = hub.mappings.desk
        chosen = await desk.chosen(tenant_id, route_id)
        mapping, _ = await desk.drafted(chosen, draft)
        found: list[dict[str, Any]] = msgspec.to_builtins(await desk.problems(chosen, mapping))
        return found

    found = on_route(route, tenant, act)
    valid = all(one["weight"] != "error" for one in found)
    shown = {"valid": valid, "problems": found}
    give(shown, as_json=as_json, people=lambda: table(found, _PROBLEMS, empty="Nothing is wrong with it."))
    if not valid:
        raise typer.Exit(Code.NO)


@mappings.command("import")
@guarded
def mappings_import(
    route: RouteId, file: File, activate: Activate = False, tenant: Tenant = "default", as_json: AsJson = False
) -> None:
    """Keep a file as the next version; a file that does not fit both schemas is refused field by field."""
    from crossdock.flow.mapping import MappingRefused, draft_in

    draft = draft_in(read_file(file))
    try:
        made = on_route(
            route,
            tenant,
            lambda hub, t, one: hub.mappings.desk.add(t, one, draft, actor=ACTOR, activate=activate),
        )
    except MappingRefused as refused:
        note("\n".join(f"{one.weight}: {one.object}.{one.target}: {one.problem}" for one in refused.problems))
        raise
    give(made, as_json=as_json, people=lambda: f"Version {made['version']}{' acts.' if made['active'] else '.'}")


@mappings.command("export")
@guarded
def mappings_export(
    route: RouteId, version: Version = None, tenant: Tenant = "default", as_json: AsJson = False
) -> None:
    """Write a version to standard output as YAML (with --json as JSON)."""
    from crossdock.flow.mapping import exported

    told = on_route(route, tenant, lambda hub, t, one: hub.mappings.desk.one(t, one, version))
    give(told, as_json=as_json, people=lambda: exported(told).rstrip("\n"))


@mappings.command("activate")
@guarded
def mappings_activate(
    route: RouteId,
    version: Annotated[int, typer.Argument(min=0, help="0 is the connector's own.")],
    reason: Why = "",
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Let a version act, in every process within a second."""

    async def act(hub: Hub, tenant_id: Any, route_id: Any) -> dict[str, Any]:
        before = await hub.mappings.desk.activate(tenant_id, route_id, version, actor=ACTOR, reason=reason)
        return {"version": version, "before": before}

    done = on_route(route, tenant, act)
    give(done, as_json=as_json, people=lambda: f"Version {version} acts; it was {done['before']}.")


@mappings.command("rollback")
@guarded
def mappings_rollback(
    route: RouteId,
    to: Annotated[int | None, typer.Option("--to", min=0, help="Without: the version before this one.")] = None,
    restore: Annotated[bool, typer.Option("--restore", help="Put back what nobody has changed since.")] = False,
    reason: Why = "",
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Go back to the version that acted before, or to one that is named."""
    from crossdock.flow.mapping import WayBack

    way = WayBack(to=to, restore=restore, reason=reason)
    done = on_route(route, tenant, lambda hub, t, one: hub.mappings.runs.roll_back(t, one, way, actor=ACTOR))
    run = f" {done['run']['id']} restores what was written." if done["run"] else ""
    give(done, as_json=as_json, people=lambda: f"Version {done['version']} acts again; it was {done['before']}.{run}")


@mappings.command("transforms")
@guarded
def mappings_transforms(as_json: AsJson = False) -> None:
    """List the transforms with their arguments."""
    import msgspec

    from crossdock.flow.map.catalogue import TRANSFORMS

    rows = msgspec.to_builtins(TRANSFORMS)
    give(rows, as_json=as_json, people=lambda: table(rows, ("name", "does", "argument", "example")))


@templates.command("list")
@guarded
def templates_list(tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """List the templates and how many routes act by each."""
    rows = ask(tenant, lambda hub, t: hub.mappings.templates.listed(t))
    columns = ("name", "connector", "entity", "action", "version", "routes")
    give(rows, as_json=as_json, people=lambda: table(rows, columns))


@templates.command("show")
@guarded
def templates_show(name: str, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Show a template's newest version and the routes that act by it."""
    from crossdock.kit.yaml_text import dump

    told = ask(tenant, lambda hub, t: hub.mappings.templates.one(t, name))
    shown = {key: told[key] for key in ("name", "connector", "entity", "action", "note", "objects")}
    give(told, as_json=as_json, people=lambda: dump(shown).rstrip("\n"))


@templates.command("add")
@guarded
def templates_add(file: File, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Keep a file (name, connector, entity, action, objects) as a template, or as its next version."""
    from crossdock.flow.mapping import template_in

    new = template_in(read_file(file))
    told = ask(tenant, lambda hub, t: hub.mappings.templates.add(t, new, actor=ACTOR))
    give(told, as_json=as_json, people=lambda: f"{told['name']} is at version {told['version']}.")


@templates.command("apply")
@guarded
def templates_apply(name: str, activate: Activate = False, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Make the next version of every route that acts by it; each keeps what it has otherwise."""
    rows = ask(tenant, lambda hub, t: hub.mappings.apply(t, name, actor=ACTOR, activate=activate))
    give(rows, as_json=as_json, people=lambda: table(rows, ("route_id", "version", "problem")))
    if any(row["version"] is None for row in rows):
        raise typer.Exit(Code.NO)
