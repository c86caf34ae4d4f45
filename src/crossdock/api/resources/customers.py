"""Customers: registered ones by their account, guests by their newest order."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from crossdock.api.access import Access
from crossdock.api.problems import answer
from crossdock.api.schemas import one_of, page_of
from crossdock.govern.keys import Principal
from crossdock.govern.records import Asked, account_of
from crossdock.wiring import Hub


def router(hub: Hub, access: Access) -> APIRouter:
    """Return the routes."""
    api = APIRouter(tags=["customers"])
    reads = access.needs("read")
    finder, guests = hub.finder, hub.guests

    @api.get("/customers", responses=page_of("Customer"))
    async def list_customers(
        email: Annotated[str | None, Query(max_length=320, description="Whoever has this address.")] = None,
        store: Annotated[str | None, Query(description="A store by its id, account or name.")] = None,
        before: Annotated[str | None, Query(description="``next`` of the page before.")] = None,
        kind: Annotated[
            Literal["registered", "guest"], Query(description="guest: who bought without an account, last buyer first.")
        ] = "registered",
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        caller: Principal = reads,
    ) -> Any:
        """List registered customers, the newest first; with ``kind=guest`` the guests, by their newest order.

        With ``email`` also ``guest_orders``: the orders billed to that address, so that a guest, who has no account
        anywhere, is found too.
        """
        if kind == "guest" and email is None:
            return answer(await guests.page(caller.tenant_id, limit=limit, store=store, before=before))
        subject = hub.vault.subject(email.strip().lower()) if email else None
        page = await finder.page(
            caller.tenant_id, "customer", Asked(limit=limit, store=store, before=before, subject=subject)
        )
        if subject is not None and before is None:
            orders = await finder.page(caller.tenant_id, "order", Asked(limit=limit, store=store, subject=subject))
            page["guest_orders"] = [one for one in orders["items"] if account_of(one.data) is None]
        return answer(page)

    @api.get("/customers/{customer_id}", responses=one_of("Customer"))
    async def get_customer(customer_id: str, caller: Principal = reads) -> Any:
        """Return one registered customer with its copies at the destinations and its history."""
        return answer(await finder.one(caller.tenant_id, "customer", customer_id, "customer_id"))

    return api
