"""``events``: what came in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossdock.cli.answers import AsJson, Tenant, give, guarded, table
from crossdock.cli.asking import ask
from crossdock.cli.connecting import parse_id
from crossdock.cli.listing import Lists

if TYPE_CHECKING:
    import uuid

    from crossdock.wiring import Hub

events = typer.Typer(help="List events, or show one.", cls=Lists)

Limit = Annotated[int, typer.Option("--limit", min=1, max=10_000, help="How many to show, the newest first.")]
Stream = Annotated[str | None, typer.Option("--stream", help="Only of this stream.")]
External = Annotated[str | None, typer.Option("--of", help="Only of the entity with this id at the shop.")]


@events.command("list")
@guarded
def events_list(
    stream: Stream = None, of: External = None, limit: Limit = 20, tenant: Tenant = "default", as_json: AsJson = False
) -> None:
    """List events, the newest first."""
    from crossdock.cli.reading import queries
    from crossdock.kit.ids import Prefix, show

    async def work(hub: Hub, tenant_id: uuid.UUID) -> list[dict[str, Any]]:
        async with hub.database.engine() as conn:
            rows = await conn.fetch(queries()["events"], tenant_id, stream, of, limit)
        return [{**dict(row), "id": show(Prefix.EVENT, row["id"])} for row in rows]

    rows = ask(tenant, work)
    columns = ("id", "type", "external_id", "connection", "origin", "verdict", "status", "recorded_at")
    give(rows, as_json=as_json, people=lambda: table(rows, columns))


@events.command("show")
@guarded
def events_show(
    event: Annotated[str, typer.Argument(help="Its id.", metavar="EVENT")],
    body: Annotated[bool, typer.Option("--body", help="Show the whole document, people's data included.")] = False,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Show one event; its document is masked unless --body is given."""
    import orjson

    from crossdock.cli.reading import queries
    from crossdock.errors import NotFound
    from crossdock.kit import redact
    from crossdock.kit.ids import Prefix, parse, show

    identifier = parse_id(parse, Prefix.EVENT, event)

    async def work(hub: Hub, tenant_id: uuid.UUID) -> dict[str, Any]:
        async with hub.database.engine() as conn:
            row = await conn.fetchrow(queries()["event"], tenant_id, identifier)
            if row is None:
                raise NotFound("there is no such event", remedy="list them with: crossdock events")
            shown = {
                **dict(row),
                "id": show(Prefix.EVENT, row["id"]),
                "record_id": show(Prefix.RECORD, row["record_id"]),
            }
            shown["connection_id"] = show(Prefix.CONNECTION, row["connection_id"])
            sealed = shown.pop("body")
            if sealed:
                document = orjson.loads(hub.vault.open_body(sealed, row["id"].bytes))
                shown["document"] = document if body else redact.document(document)
            return shown

    shown = ask(tenant, work)
    give(shown, as_json=as_json, people=lambda: _facts(shown))


def _facts(shown: dict[str, Any]) -> str:
    import orjson

    from crossdock.cli.answers import cell

    plain = [f"{name:<14} {cell(v)}" for name, v in shown.items() if name not in ("document", "tries")]
    if "document" in shown:
        plain.append(orjson.dumps(shown["document"], option=orjson.OPT_INDENT_2).decode())
    return "\n".join(plain)
