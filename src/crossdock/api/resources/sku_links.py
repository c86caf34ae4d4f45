"""SKU links: which product of a store is which SKU of the hub."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from crossdock.api.access import Access
from crossdock.api.importing import HOW, ImportResult, taken
from crossdock.api.parsing import parsed
from crossdock.errors import NotFound
from crossdock.flow.stock import Sheet
from crossdock.flow.stock.imports import What
from crossdock.flow.stock.links import NewLink, Options
from crossdock.flow.stock.matching import Doubtful, Item, Rules
from crossdock.flow.stock.sheet import COLUMNS
from crossdock.govern.keys import Principal
from crossdock.kit import ids
from crossdock.wiring import Hub

_SKU = Field(min_length=1, max_length=200, examples=["TEA-100"])
_STORE = Field(description="the store by its id, account or name", examples=["tea-shop"])
_CSV = f"{','.join(COLUMNS)}\n7,,TEA-100,TEA-100,yes,no,no,both,orders,no,yes\n"
Store = Annotated[str | None, Query(description="a store by its id, account or name")]


class Strict(BaseModel):
    """A body whose fields are all known."""

    model_config = ConfigDict(extra="forbid")


class LinkOptions(Strict):
    """What a link carries; what is left out stays, or is the default of a new link."""

    push_stock: bool | None = Field(default=None, description="levels go to the store (default true)")
    push_price: bool | None = Field(default=None, description="prices go to the store (default false)")
    push_on_fulfilment: bool | None = Field(
        default=None, description="sales reserve, a fulfilment takes from the shelf and pushes (default false)"
    )
    direction: Literal["in", "out", "both"] | None = Field(default=None, description="default both")
    counts: Literal["orders", "quantity"] | None = Field(default=None, description="what moves levels; default orders")
    backorders: bool | None = Field(default=None, description="the store is told how far below zero (default false)")
    active: bool | None = None

    def options(self) -> Options:
        """Return them as the stock stage takes them."""
        return Options(**{name: getattr(self, name) for name in LinkOptions.model_fields})


class LinkMade(LinkOptions):
    """A link to be made; a product that is linked already is changed."""

    store: str = _STORE
    product_id: str = Field(examples=["7"])
    variation_id: str | None = None
    hub_sku: str = _SKU
    store_sku: str = ""
    take_level: bool = Field(default=False, description="a hub SKU without a level gets what the store shows")


class LinkChanged(LinkOptions):
    """What is to be changed of a link."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"direction": "out"}]})

    hub_sku: str | None = Field(default=None, min_length=1, max_length=200)


class GivenRules(Strict):
    """How SKUs are made comparable."""

    trim: bool = True
    ignore_case: bool = True
    strip_prefixes: list[str] = Field(default=[], max_length=20, examples=[["WEB-"]])
    strip_suffixes: list[str] = Field(default=[], max_length=20)
    replace: list[tuple[str, str]] = Field(default=[], max_length=20, examples=[[["[^a-z0-9]", ""]]])


class AutoMatch(Strict):
    """Match a store's products with hub SKUs; nothing is linked unless ``apply``."""

    store: str = _STORE
    hub_skus: list[str] | None = Field(default=None, max_length=100_000, description="null: SKUs with a level or link")
    like_store: str | None = Field(default=None, description="take another store's SKUs as the hub's")
    rules: GivenRules = GivenRules()
    apply: bool = False
    take_levels: bool = Field(default=False, description="hub SKUs without a level get what the store shows")
    options: LinkOptions = LinkOptions()
    show: int = Field(default=100, ge=0, le=10_000, description="how many of each kind are listed")


class LinkShown(BaseModel):
    """A link and how it does."""

    id: str
    store: str
    product_id: str
    variation_id: str | None
    store_sku: str
    hub_sku: str
    push_stock: bool
    push_price: bool
    push_on_fulfilment: bool
    direction: str
    counts: str
    backorders: bool
    active: bool
    suspended_at: datetime | None
    suspended_reason: str | None
    failures: int
    last_error: str | None
    last_push_at: datetime | None
    last_pushed: int | None
    shown: int | None = Field(description="what the store is believed to show")
    in_doubt: int | None = Field(description="a quantity the store showed that nothing explains yet")
    created_at: datetime


class LinkPage(BaseModel):
    """A page of links, the oldest first; ``next`` goes into ``after``."""

    items: list[LinkShown]
    next: str | None


class Matched(BaseModel):
    """A product of a store, and the hub SKU it fits, or why none does."""

    product_id: str
    variation_id: str | None
    store_sku: str
    name: str
    hub_sku: str | None = None
    reason: str | None = None
    candidates: list[str] = []


class MatchResult(BaseModel):
    """What matching found."""

    counts: dict[str, int]
    matched: list[Matched]
    ambiguous: list[Matched]
    unmatched: list[Matched]


class StoreLinks(BaseModel):
    """How the links of one store do."""

    store: str
    name: str
    links: int
    active: int
    inactive: int
    suspended: int
    failing: int
    waiting: int
    under_way: int
    in_doubt: int
    skus: int
    without_level: int
    last_push_at: datetime | None


class LinkStats(BaseModel):
    """How links do, by store."""

    stores: list[StoreLinks]


class Resumed(BaseModel):
    """How many links were resumed."""

    resumed: int


def router(hub: Hub, access: Access) -> APIRouter:
    """Return the routes."""
    api = APIRouter(tags=["sku-links"])
    _sheets(api, hub, access)
    _many(api, hub, access)
    _one(api, hub, access)
    return api


def _many(api: APIRouter, hub: Hub, access: Access) -> None:
    reads, operates, writes = (access.needs(scope) for scope in ("read", "operate", "write"))

    @api.get("/sku-links", response_model=LinkPage)
    async def list_links(
        store: Store = None,
        hub_sku: Annotated[str | None, Query(max_length=200)] = None,
        state: Literal["active", "inactive", "suspended", "failing"] | None = None,
        after: str | None = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
        caller: Principal = reads,
    ) -> Any:
        """List links."""
        named = await _store(hub, caller.tenant_id, store)
        place = parsed(ids.Prefix.SKU_LINK, after, "after") if after else None
        rows = await hub.links.page(
            caller.tenant_id, connection_id=named, sku=hub_sku, state=state, after=place, limit=limit
        )
        items = [shown(row) for row in rows]
        return {"items": items, "next": items[-1]["id"] if len(items) == limit else None}

    @api.post("/sku-links", response_model=LinkShown, status_code=201)
    async def make_link(given: LinkMade, caller: Principal = writes) -> Any:
        """Link a product with a hub SKU."""
        store = (await hub.connections.find(caller.tenant_id, given.store)).id
        link = NewLink(store, given.product_id, given.variation_id, given.hub_sku, given.store_sku, given.options())
        made = await hub.links.put(caller.tenant_id, [link], take_levels=given.take_level)
        return await _found(hub, caller.tenant_id, made[0][0])

    @api.get("/sku-links/stats", response_model=LinkStats)
    async def link_stats(caller: Principal = reads) -> Any:
        """Count links by store and state."""
        rows = await hub.links.stats(caller.tenant_id)
        return {"stores": [{**dict(r), "store": ids.show(ids.Prefix.CONNECTION, r["connection_id"])} for r in rows]}

    @api.post("/sku-links/auto-match", response_model=MatchResult)
    async def auto_match(given: AutoMatch, caller: Principal = writes) -> Any:
        """Match products with hub SKUs by rules: a preview, or with ``apply`` the links."""
        return await matched(hub, caller.tenant_id, given)

    @api.post("/sku-links/resume", response_model=Resumed)
    async def resume_all(caller: Principal = operates) -> Any:
        """Resume all suspended links; what has accumulated goes out."""
        return {"resumed": await hub.links.resume(caller.tenant_id)}


def _one(api: APIRouter, hub: Hub, access: Access) -> None:
    reads, operates, writes = (access.needs(scope) for scope in ("read", "operate", "write"))

    @api.get("/sku-links/{link_id}", response_model=LinkShown)
    async def get_link(link_id: str, caller: Principal = reads) -> Any:
        """Return one link."""
        return await _found(hub, caller.tenant_id, parsed(ids.Prefix.SKU_LINK, link_id, "link_id"))

    @api.patch("/sku-links/{link_id}", response_model=LinkShown)
    async def change_link(link_id: str, given: LinkChanged, caller: Principal = writes) -> Any:
        """Change a link."""
        name = parsed(ids.Prefix.SKU_LINK, link_id, "link_id")
        await hub.links.change(caller.tenant_id, name, given.options(), given.hub_sku)
        return await _found(hub, caller.tenant_id, name)

    @api.delete("/sku-links/{link_id}", status_code=204)
    async def remove_link(link_id: str, caller: Principal = writes) -> Response:
        """End a link; the level and its history stay."""
        await hub.links.remove(caller.tenant_id, parsed(ids.Prefix.SKU_LINK, link_id, "link_id"))
        return Response(status_code=204)

    @api.post("/sku-links/{link_id}/resume", response_model=LinkShown)
    async def resume_link(link_id: str, caller: Principal = operates) -> Any:
        """Resume a suspended link; what has accumulated goes out."""
        name = parsed(ids.Prefix.SKU_LINK, link_id, "link_id")
        await hub.links.resume(caller.tenant_id, [name])
        return await _found(hub, caller.tenant_id, name)


def _sheets(api: APIRouter, hub: Hub, access: Access) -> None:
    reads, writes = access.needs("read"), access.needs("write")
    text = {"text/csv": {"schema": {"type": "string"}, "example": _CSV}}

    @api.post(
        "/sku-links/import",
        response_model=ImportResult,
        responses={202: {"description": "a large file: the run that imports it"}},
        description=f"Import links of a store from CSV; lines that are wrong are listed and left out. {HOW}",
        openapi_extra={"requestBody": {"required": True, "content": text}},
    )
    async def import_links(
        request: Request,
        store: Annotated[str, Query(description="a store by its id, account or name", examples=["tea-shop"])],
        dry_run: bool = False,
        caller: Principal = writes,
    ) -> Any:
        named = (await hub.connections.find(caller.tenant_id, store)).id
        return await taken(hub, caller.tenant_id, named, What.LINKS, request, dry_run=dry_run)

    @api.get("/sku-links/export", response_class=StreamingResponse, responses={200: {"content": text}})
    async def export_links(store: Store = None, caller: Principal = reads) -> StreamingResponse:
        """Export links as CSV."""
        named = await _store(hub, caller.tenant_id, store)
        return StreamingResponse(Sheet(hub.links).give(caller.tenant_id, named), media_type="text/csv")


async def matched(hub: Hub, tenant_id: uuid.UUID, given: AutoMatch) -> dict[str, Any]:
    """Match, and link when asked to."""
    store = (await hub.connections.find(tenant_id, given.store)).id
    skus = given.hub_skus
    if skus is None:
        like = await _store(hub, tenant_id, given.like_store)
        skus = await hub.links.hub_skus(tenant_id, like)
    rules = Rules(
        trim=given.rules.trim,
        ignore_case=given.rules.ignore_case,
        strip_prefixes=tuple(given.rules.strip_prefixes),
        strip_suffixes=tuple(given.rules.strip_suffixes),
        replace=tuple(given.rules.replace),
    )
    options = given.options.options() if given.apply else None
    found = await hub.links.match(tenant_id, store, skus, rules, apply=options, take_levels=given.take_levels)
    matching = found.matching
    return {
        "counts": {
            "matched": len(matching.matched),
            "ambiguous": len(matching.ambiguous),
            "unmatched": len(matching.unmatched),
            "linked": found.linked,
            "applied": found.applied,
        },
        "matched": [{**_item(item), "hub_sku": sku} for item, sku in matching.matched[: given.show]],
        "ambiguous": [_doubtful(one) for one in matching.ambiguous[: given.show]],
        "unmatched": [_doubtful(one) for one in matching.unmatched[: given.show]],
    }


def _item(item: Item) -> dict[str, Any]:
    named = {"product_id": item.product_id, "variation_id": item.variation_id}
    return {**named, "store_sku": item.sku, "name": item.name}


def _doubtful(one: Doubtful) -> dict[str, Any]:
    return {**_item(one.item), "reason": one.reason, "candidates": list(one.candidates)}


async def _store(hub: Hub, tenant_id: uuid.UUID, store: str | None) -> uuid.UUID | None:
    return (await hub.connections.find(tenant_id, store)).id if store else None


async def _found(hub: Hub, tenant_id: uuid.UUID, link_id: uuid.UUID) -> dict[str, Any]:
    rows = await hub.links.page(tenant_id, link_id=link_id, limit=1)
    if not rows:
        raise NotFound("there is no such link", remedy="list them with GET /sku-links")
    return shown(rows[0])


def shown(row: Any) -> dict[str, Any]:
    """Return a link as the API shows it."""
    return {
        **dict(row),
        "id": ids.show(ids.Prefix.SKU_LINK, row["id"]),
        "store": ids.show(ids.Prefix.CONNECTION, row["connection_id"]),
        "in_doubt": row["doubt"],
    }
