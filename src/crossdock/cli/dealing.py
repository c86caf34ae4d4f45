"""``deals``: what a CRM knows of sales, read now and made into invoices."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossdock.cli.answers import AsJson, Tenant, give, guarded, table
from crossdock.cli.asking import ask_about

if TYPE_CHECKING:
    import uuid

    from crossdock.model.connection import Connection
    from crossdock.wiring import Hub

deals = typer.Typer(help="List a CRM's deals, or show one.", no_args_is_help=True)

Crm = Annotated[str, typer.Argument(help="The CRM's connection: id, name or account.", metavar="CONNECTION")]
DealId = Annotated[str, typer.Argument(help="The deal's id at the CRM.", metavar="DEAL")]
Body = Annotated[bool, typer.Option("--body", help="Show people's data too.")]
_COLUMNS = ("id", "name", "stage_label", "amount", "currency", "close_at", "invoice_number")


@deals.command("list")
@guarded
def deals_list(
    connection: Crm,
    stage: Annotated[str, typer.Option("--stage", help="Only in this stage (id or label).")] = "",
    pipeline: Annotated[str, typer.Option("--pipeline", help="Only of this pipeline (id or label).")] = "",
    owner: Annotated[str, typer.Option("--owner", help="Only of this owner (id or address).")] = "",
    since: Annotated[datetime | None, typer.Option("--since", help="Close date at this time (UTC) or later.")] = None,
    won: Annotated[bool, typer.Option("--won", help="Only won ones.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100, help="How many to show, the newest first.")] = 20,
    cursor: Annotated[str | None, typer.Option("--cursor", help="Where the page before said to go on.")] = None,
    body: Body = False,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """List deals from the CRM now, the newest first. Nothing of it is recorded."""
    import msgspec

    from crossdock.connect.deals import DealFilter

    closed_from = since.replace(tzinfo=UTC) if since else None
    asked = DealFilter(stage=stage, pipeline=pipeline, owner=owner, closed_from=closed_from, won=True if won else None)

    async def work(hub: Hub, _: uuid.UUID, found: Connection) -> Any:
        return msgspec.to_builtins(await hub.deals.page(found, asked, cursor, limit, people=body))

    told: dict[str, Any] = ask_about(connection, tenant, work)

    def people() -> str:
        more = f"\nmore: --cursor {told['next']}" if told["next"] else ""
        rows: str = table(told["items"], _COLUMNS, empty="There are none.")
        return rows + more

    give(told, as_json=as_json, people=people)


@deals.command("show")
@guarded
def deals_show(
    connection: Crm, deal: DealId, body: Body = False, tenant: Tenant = "default", as_json: AsJson = False
) -> None:
    """Show a deal with its lines, contacts and companies, as the CRM has it now."""
    import orjson

    from crossdock.flow.deals.masking import masked

    async def work(hub: Hub, _: uuid.UUID, found: Connection) -> Any:
        return masked(await hub.deals.one(found, deal), people=body)

    told = ask_about(connection, tenant, work)
    give(told, as_json=as_json, people=lambda: orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())
