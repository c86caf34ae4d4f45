"""A shop and a CRM between which orders have gone, for the pages of records."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import msgspec

from crossdock.connectors.woocommerce import sandbox as woocommerce
from crossdock.flow.run import RunKind
from crossdock.kit.ids import Prefix, show
from crossdock.wiring import Hub
from tests.journey.reconcile.stage import Stage, Store, staged
from tests.support.browsing import Seen, Visitor, visiting
from tests.support.hub import working


class Scene(msgspec.Struct, frozen=True):
    """What a test of these pages has."""

    hub: Hub
    stage: Stage
    visitor: Visitor

    @property
    def store(self) -> Store:
        """The shop."""
        return self.stage.stores[0]

    @property
    def store_id(self) -> str:
        """Its name in addresses."""
        return show(Prefix.CONNECTION, self.store.id)

    async def order(self, number: int) -> str:
        """Return an order's address."""
        tenant = await self.hub.tenants.find()
        found: dict[str, Any] = await self.hub.finder.named(tenant, "order", "by_external_id", str(number), None)
        return f"/t/default/orders/{found['items'][0].id}"

    async def some_order(self) -> int:
        """Return the store's id of an order that was delivered."""
        return await self.store.pick("completed", "processing")

    async def proven(self, **asked: Any) -> None:
        """Prove the store."""
        await self.hub.runs.add(await self.hub.tenants.find(), self.store.id, RunKind.RECONCILE, (), asked)
        await self.stage.rest()


@contextlib.asynccontextmanager
async def scene(hub: Hub, *, orders: int = 12, fill: bool = True) -> AsyncIterator[Scene]:
    """Open a hub with a shop and a CRM, a worker, and somebody in front of the pages."""
    shop = woocommerce.generate(orders, seed=11)
    async with staged(hub, shop) as stage, working(hub), visiting(hub) as visitor:
        if fill:
            await stage.fill()
        yield Scene(hub, stage, visitor)


def rows(seen: Seen) -> list[list[str]]:
    """Return what the cells of each row of a page's tables say."""
    return [
        [" ".join(cell.text_content().split()) for cell in row.xpath("./th|./td")]
        for row in seen.doc.xpath("//main//tbody/tr")
    ]
