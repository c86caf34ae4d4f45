"""``orders``, ``customers``, ``products`` and ``changes``: what the stores hold, in the hub's own words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from crossdock.cli.answers import AsJson, Tenant, give, guarded, table
from crossdock.cli.asking import ask

if TYPE_CHECKING:
    import uuid

    from crossdock.wiring import Hub

orders = typer.Typer(help="List orders, or show one.", no_args_is_help=True)
customers = typer.Typer(help="List registered customers, or show one.", no_args_is_help=True)
products = typer.Typer(help="List products, or show one.", no_args_is_help=True)

Store = Annotated[str | None, typer.Option("--store", help="Only of this store (id, account or name).")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many to show, the newest first.")]
Body = Annotated[bool, typer.Option("--body", help="Show the whole record, people's data included.")]
Email = Annotated[str | None, typer.Option("--email", help="Only of the person with this address.")]
Identifier = Annotated[str, typer.Argument(help="Its id in the hub.", metavar="ID")]


@orders.command("list")
@guarded
def orders_list(
    number: Annotated[str | None, typer.Option("--number", help="The number people know it by.")] = None,
    email: Email = None,
    store: Store = None,
    status: Annotated[str | None, typer.Option("--status", help="The store's own status.")] = None,
    since: Annotated[datetime | None, typer.Option("--since", help="Placed at this time (UTC) or later.")] = None,
    limit: Limit = 20,
    body: Body = False,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """List orders, the newest first."""
    others = {"email": email, "status": status, "since": since}
    begin = since.replace(tzinfo=UTC) if since else None
    _list("order", "number", number, others, store, limit, tenant, begin=begin, as_json=as_json, body=body)


@customers.command("list")
@guarded
def customers_list(
    email: Email = None,
    store: Store = None,
    limit: Limit = 20,
    body: Body = False,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """List registered customers, the newest first."""
    _list("customer", "", None, {"email": email}, store, limit, tenant, as_json=as_json, body=body)


@customers.command("guests")
@guarded
def customers_guests(
    store: Store = None, limit: Limit = 20, body: Body = False, tenant: Tenant = "default", as_json: AsJson = False
) -> None:
    """List who bought without an account, the last buyer first."""

    async def work(hub: Hub, tenant_id: uuid.UUID) -> list[dict[str, Any]]:
        page = await hub.guests.page(tenant_id, limit=limit, store=store, before=None)
        items = _plain(page)
        return items if body else [{n: one[n] for n in _GUEST} | {"store": one["store"]["name"]} for one in items]

    rows = ask(tenant, work)
    give(rows, as_json=as_json, people=lambda: table(rows, ("store", *_GUEST), empty="There are none."))


_GUEST = ("newest_order", "orders", "first_order_at", "last_order_at")


@products.command("list")
@guarded
def products_list(
    sku: Annotated[str | None, typer.Option("--sku", help="This SKU, in every store.")] = None,
    store: Store = None,
    status: Annotated[str | None, typer.Option("--status", help="publish, draft, private …")] = None,
    limit: Limit = 20,
    body: Body = False,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """List products and variations, the newest first."""
    _list("product", "sku", sku, {"status": status}, store, limit, tenant, as_json=as_json, body=body)


@orders.command("show")
@guarded
def orders_show(order: Identifier, body: Body = False, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Show an order with its refunds, its copies at the destinations and its history."""
    _show("order", order, tenant, body=body, as_json=as_json)


@customers.command("show")
@guarded
def customers_show(
    customer: Identifier, body: Body = False, tenant: Tenant = "default", as_json: AsJson = False
) -> None:
    """Show a registered customer with its copies at the destinations and its history."""
    _show("customer", customer, tenant, body=body, as_json=as_json)


@products.command("show")
@guarded
def products_show(product: Identifier, body: Body = False, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Show a product with its copies at the destinations and its history."""
    _show("product", product, tenant, body=body, as_json=as_json)


@guarded
def changes(
    after: Annotated[str | None, typer.Option("--after", help="`next` of the last answer, or: now.")] = None,
    stream: Annotated[list[str] | None, typer.Option("--stream", help="Only of this stream; may be repeated.")] = None,
    store: Store = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, help="How many at most.")] = 100,
    body: Body = False,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Show what changed after a place in the feed, deletions included: nothing is missed, nothing comes twice."""
    from crossdock.api.records import words
    from crossdock.api.resources.changes import Feed, place_of

    async def work(hub: Hub, tenant_id: uuid.UUID) -> dict[str, Any]:
        feed = Feed(hub)
        if after == "now":
            return {"items": [], "next": (await feed.newest(tenant_id)).shown(), "more": False}
        page = await feed.read(tenant_id, place_of(after), words(stream or []), store, limit, data=body)
        return {**page, "items": _plain(page)}

    page = ask(tenant, work)
    columns = ("type", "external_id", "store", "version", "status", "origin", "recorded_at")
    rows = [{**one, "store": one["store"]["name"]} for one in page["items"]]

    def people() -> Any:
        from rich.console import Group

        return Group(table(rows, columns), f"next: {page['next']}")

    give(page, as_json=as_json, people=people)


def _list(
    stream: str,
    name: str,
    code: str | None,
    others: dict[str, Any],
    store: str | None,
    limit: int,
    tenant: str,
    *,
    as_json: bool,
    body: bool,
    begin: datetime | None = None,
) -> None:
    from crossdock.api.records import only_one
    from crossdock.govern.records import FIRST, Asked

    named = only_one({name: code}, others)

    async def work(hub: Hub, tenant_id: uuid.UUID) -> list[dict[str, Any]]:
        finder = hub.finder
        if named is not None:
            return _plain(await finder.named(tenant_id, stream, "by_code", named[1], store))
        email = others.get("email")
        asked = Asked(
            limit=limit,
            store=store,
            status=others.get("status"),
            since=begin or FIRST,
            subject=hub.vault.subject(email) if email else None,
        )
        return _plain(await finder.page(tenant_id, stream, asked))

    rows = [_masked(row, body=body) for row in ask(tenant, work)]
    give(rows, as_json=as_json, people=lambda: table([_flat(row) for row in rows], _COLUMNS[stream]))


def _plain(page: dict[str, Any]) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = msgspec.to_builtins(page["items"])
    return items


_COLUMNS = {
    "order": ("id", "store", "number", "status", "payment_status", "total", "currency", "created_at"),
    "customer": ("id", "store", "external_id", "role", "created_at"),
    "product": ("id", "store", "sku", "name", "status", "price", "stock_quantity"),
}


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    return {**(row["data"] or {}), **{k: v for k, v in row.items() if k != "data"}, "store": row["store"]["name"]}


def _masked(row: dict[str, Any], *, body: bool) -> dict[str, Any]:
    from crossdock.kit import redact

    return row if body or row["data"] is None else {**row, "data": redact.document(row["data"])}


def _show(stream: str, shown: str, tenant: str, *, body: bool, as_json: bool) -> None:
    import orjson

    found = _masked(ask(tenant, lambda hub, tenant_id: hub.finder.one(tenant_id, stream, shown, stream)), body=body)
    if "refunds" in found:
        found["refunds"] = [_masked(refund, body=body) for refund in found["refunds"]]
    give(found, as_json=as_json, people=lambda: orjson.dumps(found, option=orjson.OPT_INDENT_2, default=str).decode())
