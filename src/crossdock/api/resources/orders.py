"""Orders, read in the hub's own words."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query

from crossdock.api.access import Access
from crossdock.api.problems import answer
from crossdock.api.records import instant, only_one
from crossdock.api.remembered import Remembered
from crossdock.api.schemas import one_of, page_of
from crossdock.govern.keys import Principal
from crossdock.govern.records import FIRST, Asked, Finder
from crossdock.wiring import Hub

_BY = {"number": "by_code", "external_id": "by_external_id"}


def router(hub: Hub, access: Access) -> APIRouter:
    """Return the routes."""
    api = APIRouter(tags=["orders"])
    reads = access.needs("read")
    finder = Finder(hub.database, hub.canonical.read, Remembered(hub.canonical.read).said)

    @api.get("/orders", responses=page_of("Order"))
    async def list_orders(
        number: Annotated[str | None, Query(max_length=200, description="The number people know it by.")] = None,
        external_id: Annotated[str | None, Query(max_length=200, description="The store's own id.")] = None,
        email: Annotated[str | None, Query(max_length=320, description="Orders billed to this address.")] = None,
        store: Annotated[str | None, Query(description="A store by its id, account or name.")] = None,
        status: Annotated[str | None, Query(max_length=100, description="The store's own status.")] = None,
        since: Annotated[datetime | None, Query(description="Placed at this time or later.")] = None,
        until: Annotated[datetime | None, Query(description="Placed before this time.")] = None,
        before: Annotated[str | None, Query(description="``next`` of the page before.")] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        caller: Principal = reads,
    ) -> Any:
        """List orders, the newest first; filters that name orders by themselves exclude each other."""
        others = {"email": email, "status": status, "since": since, "until": until, "before": before}
        named = only_one({"number": number, "external_id": external_id}, others)
        if named is not None:
            return answer(await finder.named(caller.tenant_id, "order", _BY[named[0]], named[1], store))
        asked = Asked(
            limit=limit,
            store=store,
            status=status,
            since=instant(since, "since") or FIRST,
            until=instant(until, "until"),
            before=before,
            subject=hub.vault.subject(email.strip().lower()) if email else None,
        )
        return answer(await finder.page(caller.tenant_id, "order", asked))

    @api.get("/orders/{order_id}", responses=one_of("Order"))
    async def get_order(order_id: str, caller: Principal = reads) -> Any:
        """Return one order with its refunds, its copies at the destinations and its history."""
        return answer(await finder.one(caller.tenant_id, "order", order_id, "order_id"))

    return api
