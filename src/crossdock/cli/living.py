"""``records``: what an account shows now, read from the vendor and recorded nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossdock.cli.answers import AsJson, Tenant, give, guarded, table
from crossdock.cli.asking import ask_about

if TYPE_CHECKING:
    import uuid

    from crossdock.model.connection import Connection
    from crossdock.wiring import Hub


@guarded
def records(
    connection: Annotated[str, typer.Argument(help="Its id, name or account.", metavar="CONNECTION")],
    stream: Annotated[str, typer.Argument(help="order, customer, product, contact, deal …", metavar="STREAM")],
    external_id: Annotated[str | None, typer.Argument(help="Only this one, by the account's id.", metavar="ID")] = None,
    cursor: Annotated[str | None, typer.Option("--cursor", help="Where the page before said to go on.")] = None,
    parent: Annotated[str | None, typer.Option("--parent", help="Id of the entity that ID belongs to.")] = None,
    body: Annotated[bool, typer.Option("--body", help="Show people's data too.")] = False,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Read a page of a stream, or one entity, from the account now. Nothing of it is recorded."""
    import msgspec
    from rich.console import Group

    async def work(hub: Hub, _: uuid.UUID, found: Connection) -> Any:
        if external_id is None:
            return msgspec.to_builtins(await hub.live.page(found, stream, cursor, people=body))
        return msgspec.to_builtins(await hub.live.one(found, stream, external_id, parent, people=body))

    told: dict[str, Any] = ask_about(connection, tenant, work)
    columns = ("external_id", "presence", "status", "modified_at", "created_at", "parent_id")

    def people() -> Any:
        more = f"more: --cursor {told['next']}" if told.get("next") else ""
        return Group(table(told["items"] if external_id is None else [told], columns, empty="There are none."), more)

    give(told, as_json=as_json, people=people)
