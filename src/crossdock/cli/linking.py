"""``sku-links``: which product of a store is which SKU of the hub."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossdock.cli.answers import AsJson, Tenant, give, guarded, table
from crossdock.cli.asking import ask, ask_about, only
from crossdock.cli.importing import AsRun, DryRun, File, import_file

if TYPE_CHECKING:
    import uuid

    from crossdock.model.connection import Connection
    from crossdock.wiring import Hub

sku_links = typer.Typer(help="Link products of stores with SKUs of the hub.", no_args_is_help=True)

Store = Annotated[str, typer.Argument(help="A store by its id, account or name.", metavar="STORE")]
InStore = Annotated[str | None, typer.Option("--store", help="Only of this store (id, account or name).")]
Link = Annotated[str, typer.Argument(help="Its id (skl_…).", metavar="LINK")]
PushStock = Annotated[bool | None, typer.Option("--push-stock/--no-push-stock", help="Levels go to the store.")]
PushPrice = Annotated[bool | None, typer.Option("--push-price/--no-push-price", help="Prices go to the store.")]
OnFulfilment = Annotated[
    bool | None,
    typer.Option("--push-on-fulfilment/--no-push-on-fulfilment", help="A fulfilment takes and pushes."),
]
Direction = Annotated[str | None, typer.Option("--direction", help="in, out or both.")]
Counts = Annotated[str | None, typer.Option("--counts", help="What moves the level: orders or quantity.")]
Active = Annotated[bool | None, typer.Option("--active/--inactive", help="Whether it does anything.")]
TakeLevels = Annotated[bool, typer.Option("--take-levels", help="A hub SKU without a level gets what the store shows.")]
_COLUMNS = ("id", "product_id", "variation_id", "store_sku", "hub_sku", "direction", "shown", "failures", "last_error")


@sku_links.command("list")
@guarded
def list_links(
    store: InStore = None,
    sku: Annotated[str | None, typer.Option("--sku", help="Only of this SKU of the hub.")] = None,
    state: Annotated[str | None, typer.Option("--state", help="active, inactive, suspended or failing.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000)] = 100,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """List links, the oldest first."""
    from crossdock.api.resources.sku_links import shown
    from crossdock.errors import BadInput

    if state not in (None, "active", "inactive", "suspended", "failing"):
        raise BadInput("that is no state", field="state", remedy="active, inactive, suspended or failing")

    async def work(hub: Hub, tenant_id: uuid.UUID) -> list[dict[str, Any]]:
        named = await only(hub, tenant_id, store)
        rows = await hub.links.page(tenant_id, connection_id=named, sku=sku, state=state, limit=limit)
        return [shown(row) for row in rows]

    rows = ask(tenant, work)
    hint = "There are none yet: crossdock sku-links match STORE finds them."
    give(rows, as_json=as_json, people=lambda: table(rows, _COLUMNS, empty=hint))


@sku_links.command("add")
@guarded
def add(
    store: Store,
    product: Annotated[str, typer.Argument(help="The store's id of the product.", metavar="PRODUCT")],
    sku: Annotated[str, typer.Argument(help="The hub's SKU.", metavar="SKU")],
    variation: Annotated[str | None, typer.Option("--variation", help="The store's id of the variation.")] = None,
    push_stock: PushStock = None,
    push_price: PushPrice = None,
    on_fulfilment: OnFulfilment = None,
    direction: Direction = None,
    counts: Counts = None,
    active: Active = None,
    take_levels: TakeLevels = False,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Link a product, or change its link."""
    from crossdock.flow.stock.links import NewLink
    from crossdock.kit.ids import Prefix, show

    options = _options(push_stock, push_price, on_fulfilment, direction, counts, active)

    async def work(hub: Hub, tenant_id: uuid.UUID, one: Connection) -> str:
        link = NewLink(one.id, product, variation, sku, "", options)
        ((made, _),) = await hub.links.put(tenant_id, [link], take_levels=take_levels)
        return show(Prefix.SKU_LINK, made)

    made = ask_about(store, tenant, work)
    give({"id": made}, as_json=as_json, people=lambda: f"linked: {made}")


@sku_links.command("change")
@guarded
def change(
    link: Link,
    sku: Annotated[str | None, typer.Option("--sku", help="Another SKU of the hub.")] = None,
    push_stock: PushStock = None,
    push_price: PushPrice = None,
    on_fulfilment: OnFulfilment = None,
    direction: Direction = None,
    counts: Counts = None,
    active: Active = None,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Change a link; what is not named stays."""
    options = _options(push_stock, push_price, on_fulfilment, direction, counts, active)
    _with_link(link, tenant, lambda hub, tenant_id, name: hub.links.change(tenant_id, name, options, sku))
    give({"id": link}, as_json=as_json, people=lambda: "changed")


@sku_links.command("remove")
@guarded
def remove(link: Link, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """End a link; the level and its history stay."""
    _with_link(link, tenant, lambda hub, tenant_id, name: hub.links.remove(tenant_id, name))
    give({"id": link}, as_json=as_json, people=lambda: "removed")


@sku_links.command("resume")
@guarded
def resume(
    link: Annotated[str | None, typer.Argument(help="Its id; all suspended ones without it.", metavar="LINK")] = None,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Resume suspended links; what has accumulated goes out."""
    from crossdock.cli.connecting import parse_id
    from crossdock.kit.ids import Prefix, parse

    names = None if link is None else [parse_id(parse, Prefix.SKU_LINK, link)]

    done = ask(tenant, lambda hub, tenant_id: hub.links.resume(tenant_id, names))
    give({"resumed": done}, as_json=as_json, people=lambda: f"{done} resumed")


@sku_links.command("match")
@guarded
def match(
    store: Store,
    apply: Annotated[bool, typer.Option("--apply", help="Link what matches; without it this is a preview.")] = False,
    like: Annotated[str | None, typer.Option("--like", help="Take this store's SKUs as the hub's.")] = None,
    prefix: Annotated[list[str] | None, typer.Option("--strip-prefix", help="Cut off the front.")] = None,
    suffix: Annotated[list[str] | None, typer.Option("--strip-suffix", help="Cut off the end.")] = None,
    replace: Annotated[
        list[str] | None, typer.Option("--replace", help="A regular expression and what stands for it: '[^a-z0-9]='")
    ] = None,
    exact_case: Annotated[bool, typer.Option("--exact-case", help="A and a are different.")] = False,
    take_levels: TakeLevels = False,
    show: Annotated[int, typer.Option("--show", min=0, max=10_000, help="How many of each kind are listed.")] = 20,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Match a store's products with the hub's SKUs: a preview with counts, or with --apply the links."""
    from crossdock.api.resources.sku_links import AutoMatch, GivenRules, matched

    rules = GivenRules(
        ignore_case=not exact_case,
        strip_prefixes=prefix or [],
        strip_suffixes=suffix or [],
        replace=[(one.rpartition("=")[0], one.rpartition("=")[2]) for one in replace or []],
    )
    asked = AutoMatch(store=store, like_store=like, rules=rules, apply=apply, take_levels=take_levels, show=show)

    found = ask(tenant, lambda hub, tenant_id: matched(hub, tenant_id, asked))
    give(found, as_json=as_json, people=lambda: _matches(found))


def _matches(found: dict[str, Any]) -> Any:
    from rich.console import Group

    counts = " · ".join(f"{name} {count}" for name, count in found["counts"].items())
    rows = [{**row, "result": kind} for kind in ("matched", "ambiguous", "unmatched") for row in found[kind]]
    return Group(counts, table(rows, ("result", "product_id", "variation_id", "store_sku", "hub_sku", "reason")))


@sku_links.command("import")
@guarded
def import_links(
    store: Store,
    file: File,
    dry_run: DryRun = False,
    queue: AsRun = False,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Import links from CSV, read as it comes; wrong lines are listed and left out (exit code 1)."""
    import_file("sku-links", file, store, tenant, dry_run=dry_run, queue=queue, as_json=as_json)


@sku_links.command("export")
@guarded
def export(store: InStore = None, tenant: Tenant = "default") -> None:
    """Write links to standard output as CSV."""
    from crossdock.flow.stock import Sheet

    async def work(hub: Hub, tenant_id: uuid.UUID) -> None:
        named = await only(hub, tenant_id, store)
        async for chunk in Sheet(hub.links).give(tenant_id, named):
            sys.stdout.write(chunk.decode())
        sys.stdout.flush()

    ask(tenant, work)


@sku_links.command("stats")
@guarded
def stats(tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Count links by store and state."""

    async def work(hub: Hub, tenant_id: uuid.UUID) -> list[dict[str, Any]]:
        return [dict(row) for row in await hub.links.stats(tenant_id)]

    rows = [{name: value for name, value in row.items() if name != "connection_id"} for row in ask(tenant, work)]
    give(rows, as_json=as_json, people=lambda: table(rows, tuple(rows[0]) if rows else ()))


def _with_link(link: str, tenant: str, act: Any) -> None:
    from crossdock.cli.connecting import parse_id
    from crossdock.kit.ids import Prefix, parse

    name = parse_id(parse, Prefix.SKU_LINK, link)

    ask(tenant, lambda hub, tenant_id: act(hub, tenant_id, name))


def _options(
    push_stock: bool | None,
    push_price: bool | None,
    on_fulfilment: bool | None,
    direction: str | None,
    counts: str | None,
    active: bool | None,
) -> Any:
    from crossdock.errors import BadInput
    from crossdock.flow.stock.links import Options

    for name, value, words in (
        ("direction", direction, ("in", "out", "both")),
        ("counts", counts, ("orders", "quantity")),
    ):
        if value not in (None, *words):
            raise BadInput(f"expected {', '.join(words)}", field=name, remedy=f"--{name} {words[0]}")
    return Options(
        push_stock=push_stock,
        push_price=push_price,
        push_on_fulfilment=on_fulfilment,
        direction=direction,  # type: ignore[arg-type]
        counts=counts,  # type: ignore[arg-type]
        active=active,
    )
