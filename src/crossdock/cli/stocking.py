"""``stock``: levels, movements, shares, thresholds and alerts; and a full push."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossdock.cli.answers import AsJson, Tenant, give, guarded, table
from crossdock.cli.asking import ask, ask_about
from crossdock.cli.importing import AsRun, DryRun, File, import_file

if TYPE_CHECKING:
    import uuid

    from crossdock.wiring import Hub

stock = typer.Typer(help="What lies on the shelf, what moved it, and what stores are told.", no_args_is_help=True)

Store = Annotated[str, typer.Argument(help="A store by its id, account or name.", metavar="STORE")]
Sku = Annotated[str, typer.Argument(help="A SKU of the hub.", metavar="SKU")]
Place = Annotated[str, typer.Option("--location", help="Where it lies.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many to show.")]
_LEVEL = ("sku", "location", "on_hand", "reserved", "available", "offered", "version", "changed_at")
_MOVE = ("made_at", "hub_sku", "location", "delta", "reserved_delta", "on_hand", "cause", "reference")


@stock.command("list")
@guarded
def list_stock(
    sku: Annotated[list[str] | None, typer.Option("--sku", help="Only this SKU; may be given several times.")] = None,
    store: Annotated[str | None, typer.Option("--store", help="What this store sells and offers.")] = None,
    after: Annotated[str | None, typer.Option("--after", help="Go on behind this (next of the page before).")] = None,
    limit: Limit = 100,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """List levels by SKU and location."""
    from crossdock.api.resources.stock import list_levels

    page = ask(tenant, lambda hub, tenant_id: list_levels(hub, tenant_id, sku, store, after, limit))
    give(page, as_json=as_json, people=lambda: table(page["items"], _LEVEL, empty="No level is known yet."))


@stock.command("set")
@guarded
def set_level(
    sku: Sku,
    on_hand: Annotated[int, typer.Argument(help="Pieces on the shelf.", metavar="ON_HAND")],
    location: Place = "main",
    reserved: Annotated[int | None, typer.Option("--reserved", min=0, help="Pieces promised to somebody.")] = None,
    confirmed: Annotated[bool | None, typer.Option("--confirmed", help="A zero is meant.")] = None,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Set a level; linked stores are told."""
    item = {"sku": sku, "location": location, "on_hand": on_hand, "reserved": reserved, "confirmed": confirmed}
    _put([item], tenant, as_json=as_json)


@stock.command("move")
@guarded
def move(
    sku: Sku,
    delta: Annotated[int, typer.Option("--by", help="Pieces that came (or, below zero, went).")],
    reference: Annotated[str, typer.Option("--reference", help="What moved it: the same moves it once.")],
    location: Place = "main",
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Move a level by some pieces, once."""
    item = {"sku": sku, "location": location, "delta": delta, "reference": reference}
    _put([item], tenant, as_json=as_json)


@stock.command("load")
@guarded
def load(
    file: Annotated[Path, typer.Argument(help="A line of JSON each, as PUT /stock takes it.", metavar="FILE")],
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Set or move thousands of levels from a file (NDJSON)."""
    from crossdock.api.resources.stock import read_items
    from crossdock.errors import BadInput

    if not file.is_file():
        raise BadInput(f"there is no file {file}", field="file", remedy="name a file with a line of JSON each")
    _put(read_items(file.read_bytes(), "application/x-ndjson"), tenant, as_json=as_json)


@stock.command("import")
@guarded
def import_levels(
    file: File, dry_run: DryRun = False, queue: AsRun = False, tenant: Tenant = "default", as_json: AsJson = False
) -> None:
    """Set or move levels from CSV, read as it comes; wrong lines are listed and left out (exit code 1)."""
    import_file("stock", file, None, tenant, dry_run=dry_run, queue=queue, as_json=as_json)


def _put(items: list[dict[str, Any]], tenant: str, *, as_json: bool) -> None:
    from crossdock.api.resources.stock import set_levels
    from crossdock.cli.answers import Code

    async def work(hub: Hub, tenant_id: uuid.UUID) -> list[dict[str, Any]]:
        return [result.model_dump() for result in await set_levels(hub, tenant_id, items)]

    results = ask(tenant, work)
    wrong = [result for result in results if result["status"] in ("refused", "conflict", "unknown")]
    shown = wrong or results[:20]
    for result in wrong:
        result["problem"] = (result["problem"] or {}).get("detail")
    columns = ("status", "sku", "location", "on_hand", "reserved", "version", "problem")
    give({"items": results}, as_json=as_json, people=lambda: table(shown, columns))
    raise typer.Exit(Code.NO if wrong else Code.OK)


@stock.command("moves")
@guarded
def moves(
    sku: Annotated[str | None, typer.Option("--sku", help="Only of this SKU.")] = None,
    limit: Limit = 50,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """List movements, the newest first."""
    rows = ask(tenant, lambda hub, tenant_id: hub.shelf.moves(tenant_id, sku, limit=limit))
    give(rows, as_json=as_json, people=lambda: table(rows, _MOVE))


@stock.command("push")
@guarded
def push(store: Store, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Write every level and price of a store again; a running worker does it."""

    links = ask_about(store, tenant, lambda hub, tenant_id, one: hub.links.push_all(tenant_id, one.id))
    give({"links": links}, as_json=as_json, people=lambda: f"{links} links are pushed by a running worker")


@stock.command("share")
@guarded
def share(
    store: Store,
    location: Place = "main",
    weight: Annotated[int, typer.Option("--weight", min=0, help="Above 0: an exclusive part in this proportion.")] = 0,
    reserve: Annotated[int, typer.Option("--reserve", min=0, help="Pieces the store never offers.")] = 0,
    part: Annotated[float, typer.Option("--share", min=0, max=1, help="The part of the rest it offers.")] = 1.0,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Say what a store may offer of one location; it offers nothing of locations it has no share in then."""
    from decimal import Decimal

    from crossdock.flow.stock.offer import Share

    offered = Share(location, weight, reserve, Decimal(str(part)))
    ask_about(store, tenant, lambda hub, tenant_id, one: hub.book.share_one(tenant_id, one.id, offered))
    give({"location": location, "weight": weight, "reserve": reserve, "share": part}, as_json=as_json)


@stock.command("threshold")
@guarded
def threshold(
    sku: Annotated[str, typer.Argument(help="A SKU; none: the default for all others.", metavar="SKU")] = "",
    low_at: Annotated[int | None, typer.Option("--low-at", min=0, help="Alert at this many pieces or fewer.")] = None,
    cover: Annotated[float | None, typer.Option("--cover-days", min=0.1, help="Alert when it lasts less.")] = None,
    window: Annotated[int, typer.Option("--window-days", min=1, max=365, help="Days the pace is taken from.")] = 28,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Say when a SKU is low; without a limit the threshold is dropped."""
    from decimal import Decimal

    from crossdock.flow.stock.book import Threshold

    days = None if cover is None else Decimal(str(cover))

    async def work(hub: Hub, tenant_id: uuid.UUID) -> None:
        await hub.book.watch(tenant_id, [Threshold(sku, low_at, days, window)])
        await hub.stock.alerts.check(tenant_id)

    ask(tenant, work)
    give({"sku": sku, "low_at": low_at, "cover_days": cover, "window_days": window}, as_json=as_json)


@stock.command("alerts")
@guarded
def alerts(
    all_of_them: Annotated[bool, typer.Option("--all", help="Those that have ended too.")] = False,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """List SKUs that run low (exit code 1 when there are any)."""
    from crossdock.cli.answers import Code

    rows = ask(tenant, lambda hub, tenant_id: hub.shelf.alerts(tenant_id, None if all_of_them else True, limit=500))
    columns = ("hub_sku", "reason", "available", "per_day", "since", "ended_at")
    give(rows, as_json=as_json, people=lambda: table(rows, columns, empty="Nothing runs low."))
    raise typer.Exit(Code.NO if any(row["ended_at"] is None for row in rows) else Code.OK)
