"""Products and their variations."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from crossdock.api.access import Access
from crossdock.api.problems import answer
from crossdock.api.records import only_one
from crossdock.api.remembered import Remembered
from crossdock.api.schemas import one_of, page_of
from crossdock.govern.keys import Principal
from crossdock.govern.records import Asked, Finder
from crossdock.wiring import Hub

_BY = {"sku": "by_code", "external_id": "by_external_id"}


def router(hub: Hub, access: Access) -> APIRouter:
    """Return the routes."""
    api = APIRouter(tags=["products"])
    reads = access.needs("read")
    finder = Finder(hub.database, hub.canonical.read, Remembered(hub.canonical.read).said)

    @api.get("/products", responses=page_of("Product"))
    async def list_products(
        sku: Annotated[str | None, Query(max_length=200, description="The same SKU in any of your stores.")] = None,
        external_id: Annotated[str | None, Query(max_length=200, description="The store's own id.")] = None,
        store: Annotated[str | None, Query(description="A store by its id, account or name.")] = None,
        status: Annotated[str | None, Query(max_length=100, description="publish, draft, private …")] = None,
        before: Annotated[str | None, Query(description="``next`` of the page before.")] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        caller: Principal = reads,
    ) -> Any:
        """List products and variations, the newest first."""
        named = only_one({"sku": sku, "external_id": external_id}, {"status": status, "before": before})
        if named is not None:
            return answer(await finder.named(caller.tenant_id, "product", _BY[named[0]], named[1], store))
        asked = Asked(limit=limit, store=store, status=status, before=before)
        return answer(await finder.page(caller.tenant_id, "product", asked))

    @api.get("/products/{product_id}", responses=one_of("Product"))
    async def get_product(product_id: str, caller: Principal = reads) -> Any:
        """Return one product with its copies at the destinations and its history."""
        return answer(await finder.one(caller.tenant_id, "product", product_id, "product_id"))

    return api
