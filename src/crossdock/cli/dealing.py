"""``deals``: what a CRM knows of sales, read now and made into invoices."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossdock.cli.answers import ACTOR, AsJson, Code, Tenant, give, guarded, table
from crossdock.cli.asking import ask_about

if TYPE_CHECKING:
    import uuid

    from crossdock.model.connection import Connection
    from crossdock.wiring import Hub

deals = typer.Typer(help="List a CRM's deals, show one, or make invoices of them.", no_args_is_help=True)

Crm = Annotated[str, typer.Argument(help="The CRM's connection: id, name or account.", metavar="CONNECTION")]
DealId = Annotated[str, typer.Argument(help="The deal's id at the CRM.", metavar="DEAL")]
Body = Annotated[bool, typer.Option("--body", help="Show people's data too.")]
Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Do it now, and wait until the deals are told.")]
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
    from rich.console import Group

    from crossdock.connect.deals import DealFilter

    closed_from = since.replace(tzinfo=UTC) if since else None
    asked = DealFilter(stage=stage, pipeline=pipeline, owner=owner, closed_from=closed_from, won=True if won else None)

    async def work(hub: Hub, _: uuid.UUID, found: Connection) -> Any:
        return msgspec.to_builtins(await hub.deals.page(found, asked, cursor, limit, people=body))

    told: dict[str, Any] = ask_about(connection, tenant, work)

    def people() -> Any:
        more = f"more: --cursor {told['next']}" if told["next"] else ""
        return Group(table(told["items"], _COLUMNS, empty="There are none."), more)

    give(told, as_json=as_json, people=people)


@deals.command("show")
@guarded
def deals_show(
    connection: Crm, deal: DealId, body: Body = False, tenant: Tenant = "default", as_json: AsJson = False
) -> None:
    """Show a deal with its lines, contacts and companies, as the CRM has it now, and the invoices made of it."""
    import orjson

    from crossdock.flow.deals.masking import masked
    from crossdock.wiring.dealing import noted

    async def work(hub: Hub, tenant_id: uuid.UUID, found: Connection) -> Any:
        shown = masked(await hub.deals.one(found, deal), people=body)
        return {**shown, "invoices": [noted(one) for one in await hub.invoicing.of_deal(tenant_id, found.id, deal)]}

    told = ask_about(connection, tenant, work)
    give(told, as_json=as_json, people=lambda: orjson.dumps(told, option=orjson.OPT_INDENT_2, default=str).decode())


@deals.command("invoice")
@guarded
def deals_invoice(
    connection: Crm,
    deal: DealId,
    preview: Annotated[bool, typer.Option("--preview", help="Show what would be made, and why.")] = False,
    kind: Annotated[str | None, typer.Option("--format", help="With --preview: rules of this format, too.")] = None,
    draft: Annotated[bool, typer.Option("--draft", help="Make a draft instead of issuing it.")] = False,
    again: Annotated[str, typer.Option("--again", help="Why the deal gets another invoice.")] = "",
    key: Annotated[str | None, typer.Option("--key", help="The same key is the same invoice.")] = None,
    wait: Wait = True,
    body: Body = False,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Make the invoice of a deal, as a run; its number is written to the deal."""
    import orjson
    from rich.console import Group

    from crossdock.cli.papering import format_of
    from crossdock.flow.deals import DealsAsked
    from crossdock.flow.invoice import asked_of
    from crossdock.wiring.dealing import by_hand, noted, previewed

    overrides, form = asked_of({"again": again} if again else {}), format_of(kind) if kind else None
    then: Any = "draft" if draft else "issue"
    asked = DealsAsked(deals=(deal,), then=then, again=again, actor=ACTOR, key=key)

    async def work(hub: Hub, tenant_id: uuid.UUID, found: Connection) -> Any:
        if preview:
            return await previewed(hub, found, deal, overrides, form, people=body)
        run = await _followed(hub, tenant_id, found, await by_hand(hub, found, asked, overrides), wait=wait)
        made = await hub.invoicing.of_deal(tenant_id, found.id, deal)
        return {**run, "invoices": [noted(one) for one in made]}

    told: dict[str, Any] = ask_about(connection, tenant, work)

    def people() -> Any:
        if preview:
            return orjson.dumps(told, option=orjson.OPT_INDENT_2, default=str).decode()
        columns = ("number", "state", "id", "due", "currency", "issued_on")
        return Group(_said(told), table(told["invoices"], columns, empty="None yet."))

    give(told, as_json=as_json, people=people)
    _exit(told if not preview else {})


@deals.command("process")
@guarded
def deals_process(
    connection: Crm,
    days: Annotated[int | None, typer.Option("--days", min=1, help="Those won in the last so many days.")] = None,
    deal: Annotated[list[str] | None, typer.Option("--deal", help="This one, by the CRM's id; repeatable.")] = None,
    record: Annotated[bool, typer.Option("--record", help="Read them into the record; make no invoices.")] = False,
    then: Annotated[str, typer.Option("--then", help="terms, issue or draft.")] = "terms",
    key: Annotated[str | None, typer.Option("--key", help="The same key is the same run.")] = None,
    wait: Wait = True,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Make the invoices of many deals as the terms say, or read them into the record again, as a run."""
    from crossdock.errors import BadInput
    from crossdock.flow.deals import DealsAsked

    if then not in ("terms", "issue", "draft"):
        raise BadInput("no such choice", field="then", remedy="terms, issue or draft")
    wanted: Any = "" if then == "terms" else then
    what: Any = "record" if record else "invoice"
    asked = DealsAsked(do=what, deals=tuple(deal or ()), days=days, then=wanted, actor=ACTOR, key=key)

    async def work(hub: Hub, tenant_id: uuid.UUID, found: Connection) -> Any:
        return await _followed(hub, tenant_id, found, await hub.deal_runs.ask(found, asked), wait=wait)

    told: dict[str, Any] = ask_about(connection, tenant, work)
    give(told, as_json=as_json, people=lambda: _said(told))
    _exit(told)


async def _followed(
    hub: Hub, tenant_id: uuid.UUID, found: Connection, run: dict[str, Any], *, wait: bool
) -> dict[str, Any]:
    """Do a queued run here, beside whatever worker there is, until the deals were told their numbers."""
    from crossdock.cli.reading import follow
    from crossdock.cli.working import working
    from crossdock.kit.ids import Prefix, parse

    if not wait:
        return run
    run_id = parse(Prefix.RUN, run["id"])
    async with working(hub):
        await follow(hub, tenant_id, found, run_id)
    ended = await hub.runs.one(tenant_id, run_id)
    assert ended is not None
    return ended


def _said(run: dict[str, Any]) -> str:
    counts = ", ".join(f"{number} {word}" for word, number in run["counters"].items())
    errors = "".join(f"\n{one['entity']}: {one['reason']}" for one in run["errors"])
    return f"{run['id']} is {run['state']}: {counts}{errors}"


def _exit(run: dict[str, Any]) -> None:
    if run.get("state") in ("failed", "cancelled"):
        raise typer.Exit(Code.VENDOR)
    if run.get("state") == "partial":
        raise typer.Exit(Code.NO)
