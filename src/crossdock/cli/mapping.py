"""``schema`` and ``mappings``: what both sides have, and what of it goes where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossdock.cli.answers import AsJson, Tenant, give, guarded, table
from crossdock.cli.asking import ask_about

if TYPE_CHECKING:
    import uuid

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
