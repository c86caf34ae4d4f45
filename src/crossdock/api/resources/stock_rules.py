"""What stock goes by: prices, stores' shares of locations, thresholds and alerts; and a full push."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, model_validator

from crossdock.api.access import Access
from crossdock.api.parsing import parsed
from crossdock.errors import BadInput
from crossdock.flow.stock.book import Price, Threshold
from crossdock.flow.stock.offer import Share
from crossdock.flow.stock.shelf import SQL
from crossdock.govern.keys import Principal
from crossdock.kit import ids
from crossdock.wiring import Hub

Store = Annotated[str, Query(description="a store by its id, account or name", examples=["tea-shop"])]
_SKU = Field(min_length=1, max_length=200, pattern=r"^\S(.*\S)?$", examples=["TEA-100"])
_MONEY = Field(default=None, ge=0, max_digits=18, decimal_places=6, examples=["12.50"])


_PRICE: dict[str, Any] = {"sku": "TEA-100", "currency": "EUR", "regular_price": "12.50", "sale_price": "9.90"}
_SHARE: dict[str, Any] = {"location": "main", "reserve": 2, "share": "0.5"}


class Strict(BaseModel):
    """A body whose fields are all known."""

    model_config = ConfigDict(extra="forbid")


class NewPrice(Strict):
    """A SKU's prices in one currency; null leaves the store's own price."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_PRICE]})

    sku: str = _SKU
    currency: str = Field(pattern=r"^[A-Z]{3}$", examples=["EUR"])
    regular_price: Decimal | None = _MONEY
    sale_price: Decimal | None = _MONEY

    @model_validator(mode="after")
    def _sale_is_lower(self) -> NewPrice:
        # a store answers such a sale price with silence and shows no sale
        if self.sale_price is not None and self.regular_price is not None and self.sale_price >= self.regular_price:
            raise ValueError("sale_price is not below regular_price")
        return self


class NewPrices(Strict):
    """Up to 10,000 prices at once."""

    items: list[NewPrice] = Field(min_length=1, max_length=10_000)


class Changed(BaseModel):
    """How many changed."""

    changed: int


class GivenShare(Strict):
    """A store's part of a location: see the how-to about stock for the arithmetic."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_SHARE]})

    location: str = Field(default="main", min_length=1, max_length=64, pattern=r"^\S+$")
    weight: int = Field(default=0, ge=0, le=1_000_000, description="above 0: an exclusive part in this proportion")
    reserve: int = Field(default=0, ge=0, le=2_000_000_000, description="pieces the store never offers")
    share: Decimal = Field(default=Decimal(1), ge=0, le=1, decimal_places=5, examples=["1"])


class Shares(Strict):
    """A store's shares; none: it offers all locations."""

    items: list[GivenShare] = Field(max_length=200)


class GivenThreshold(Strict):
    """When a SKU is low; an empty sku is the default for all others. Both limits null drop the threshold."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"sku": "TEA-100", "low_at": 5}]})

    sku: str = Field(default="", max_length=200, examples=["TEA-100"])
    low_at: int | None = Field(default=None, ge=0, description="alert at this many pieces or fewer")
    cover_days: Decimal | None = Field(default=None, gt=0, le=3650, description="alert when they last fewer days")
    window_days: int = Field(default=28, ge=1, le=365, description="days of sales the pace is taken from")


class Thresholds(Strict):
    """Thresholds by SKU."""

    items: list[GivenThreshold] = Field(max_length=10_000)


class AlertShown(BaseModel):
    """A SKU that runs low."""

    id: str
    sku: str
    reason: str = Field(description="low: too few pieces; cover: they last too few days")
    available: int
    units_per_day: float
    since: datetime
    ended_at: datetime | None


class AlertPage(BaseModel):
    """A page of alerts, newest first; ``next`` goes into ``before``."""

    items: list[AlertShown]
    next: str | None


class PriceShown(NewPrice):
    """A price as it is to stand in the stores."""

    version: int
    changed_at: datetime


class PricePage(BaseModel):
    """A page of prices by SKU; ``next`` goes into ``after``."""

    items: list[PriceShown]
    next: str | None


class Marked(BaseModel):
    """How many links are pushed."""

    links: int


def router(hub: Hub, access: Access) -> APIRouter:
    """Return the routes."""
    api = APIRouter(tags=["stock"])
    _prices(api, hub, access)
    _shares(api, hub, access)
    _alerts(api, hub, access)
    return api


def _prices(api: APIRouter, hub: Hub, access: Access) -> None:
    reads, operates, writes = (access.needs(scope) for scope in ("read", "operate", "write"))

    @api.put("/prices", response_model=Changed)
    async def put_prices(given: NewPrices, caller: Principal = writes) -> Any:
        """Set prices; links with push_price in stores of the currency write them."""
        prices = [Price(p.sku, p.currency, p.regular_price, p.sale_price) for p in given.items]
        return {"changed": await hub.book.price(caller.tenant_id, prices)}

    @api.get("/prices", response_model=PricePage)
    async def get_prices(
        sku: Annotated[str | None, Query(max_length=200)] = None,
        after: Annotated[str | None, Query(max_length=300)] = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        caller: Principal = reads,
    ) -> Any:
        """List prices."""
        name, found, currency = (after or "@").rpartition("@")
        if not found:
            raise BadInput("that is no cursor of this list", field="after", remedy="give back next as it came")
        async with hub.database.tenant(caller.tenant_id) as conn:
            rows = await conn.fetch(SQL["prices"], caller.tenant_id, sku, name, currency, limit)
        items = [{**dict(row), "sku": row["hub_sku"]} for row in rows]
        last = f"{items[-1]['sku']}@{items[-1]['currency']}" if len(items) == limit else None
        return {"items": [{k: v for k, v in item.items() if k != "hub_sku"} for item in items], "next": last}

    @api.post("/stock/push", response_model=Marked, status_code=202)
    async def push_stock(store: Store, caller: Principal = operates) -> Any:
        """Write every level and price of a store again, changed or not."""
        connection = await hub.connections.find(caller.tenant_id, store)
        return {"links": await hub.links.push_all(caller.tenant_id, connection.id)}


def _shares(api: APIRouter, hub: Hub, access: Access) -> None:
    reads, writes = access.needs("read"), access.needs("write")

    @api.get("/stock/shares", response_model=Shares)
    async def get_shares(store: Store, caller: Principal = reads) -> Any:
        """Return what a store may offer of which location."""
        connection = await hub.connections.find(caller.tenant_id, store)
        return {"items": await hub.shelf.shares(caller.tenant_id, connection.id)}

    @api.put("/stock/shares", response_model=Shares)
    async def put_shares(store: Store, given: Shares, caller: Principal = writes) -> Any:
        """Replace a store's shares; what all stores offer is looked at again."""
        connection = await hub.connections.find(caller.tenant_id, store)
        shares = [Share(s.location, s.weight, s.reserve, s.share) for s in given.items]
        await hub.book.share(caller.tenant_id, connection.id, shares)
        return given


def _alerts(api: APIRouter, hub: Hub, access: Access) -> None:
    reads, writes = access.needs("read"), access.needs("write")

    @api.get("/stock/thresholds", response_model=Thresholds)
    async def get_thresholds(caller: Principal = reads) -> Any:
        """List thresholds."""
        names = ("low_at", "cover_days", "window_days")
        rows = await hub.shelf.thresholds(caller.tenant_id)
        return {"items": [{"sku": row["hub_sku"], **{n: row[n] for n in names}} for row in rows]}

    @api.put("/stock/thresholds", response_model=Thresholds)
    async def put_thresholds(given: Thresholds, caller: Principal = writes) -> Any:
        """Set thresholds; those that are not named stay."""
        found = [Threshold(t.sku, t.low_at, t.cover_days, t.window_days) for t in given.items]
        await hub.book.watch(caller.tenant_id, found)
        await hub.stock.alerts.check(caller.tenant_id)
        return given

    @api.get("/stock/alerts", response_model=AlertPage)
    async def get_alerts(
        is_open: Annotated[bool | None, Query(alias="open")] = None,
        before: str | None = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
        caller: Principal = reads,
    ) -> Any:
        """List alerts, the newest first."""
        upper = parsed(ids.Prefix.ALERT, before, "before") if before else None
        rows = await hub.shelf.alerts(caller.tenant_id, is_open, upper, limit)
        items = [{**row, "sku": row["hub_sku"], "units_per_day": row["per_day"]} for row in rows]
        return {"items": items, "next": items[-1]["id"] if len(items) == limit else None}
