"""``events``: what came in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossdock.cli.answers import AsJson, Tenant, give, guarded, table
from crossdock.cli.asking import ask, check_word, only
from crossdock.cli.connecting import parse_id
from crossdock.cli.listing import Lists

if TYPE_CHECKING:
    import uuid

    from crossdock.wiring import Hub

events = typer.Typer(help="List events, or show one.", cls=Lists)

Limit = Annotated[int, typer.Option("--limit", min=1, max=10_000, help="How many to show, the newest first.")]
Connection = Annotated[str | None, typer.Option("--connection", help="Only of this source: its id, name or account.")]
Stream = Annotated[str | None, typer.Option("--stream", help="Only of this stream.")]
Type = Annotated[str | None, typer.Option("--type", help="Only of this type: order.created, order.updated …")]
Origin = Annotated[
    str | None,
    typer.Option("--origin", help="Only through this door: webhook, pull, plugin, api, backfill, reconcile or replay."),
]
External = Annotated[
    str | None, typer.Option("--of", help="Only of the record with this id at its source, or this number or SKU.")
]
Since = Annotated[str | None, typer.Option("--since", help="Recorded at or after: 2026-11-21 or 2026-11-21T10:00Z.")]
Until = Annotated[str | None, typer.Option("--until", help="Recorded before.")]
Place = Annotated[str | None, typer.Option("--before", help="Go on below this event.")]
_COLUMNS = ("id", "type", "external_id", "connection", "origin", "verdict", "status", "recorded_at", "deliveries")


@events.command("list")
@guarded
def events_list(
    connection: Connection = None,
    stream: Stream = None,
    type_: Type = None,
    origin: Origin = None,
    of: External = None,
    since: Since = None,
    until: Until = None,
    before: Place = None,
    limit: Limit = 20,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """List events, the newest first, and what became of each."""
    from crossdock.cli.delivering import moment
    from crossdock.flow.record.events import EventFilter, Events, known_by, listed, told
    from crossdock.kit.ids import Prefix, parse
    from crossdock.model.origin import Origin as Doors

    check_word("origin", origin, Doors)
    times = moment(since), moment(until)
    below = parse_id(parse, Prefix.EVENT, before) if before else None

    async def work(hub: Hub, tenant_id: uuid.UUID) -> list[dict[str, Any]]:
        asked = EventFilter(
            connection_id=await only(hub, tenant_id, connection),
            stream=stream,
            type=type_,
            origin=origin,
            external_id=known_by(of),
            since=times[0],
            until=times[1],
        )
        reader, place = Events(hub.database), below
        rows: list[dict[str, Any]] = []
        while len(rows) < limit:
            # a page looks only so far back, whatever it has found
            page = await reader.page(tenant_id, asked, limit - len(rows), place)
            rows += [listed(item) for item in page.items]
            place = page.next
            if place is None:
                break
        return rows

    def people() -> Any:
        return table([{**row, "deliveries": told(row["deliveries"]) or None} for row in rows], _COLUMNS)

    rows = ask(tenant, work)
    give(rows, as_json=as_json, people=people)


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
