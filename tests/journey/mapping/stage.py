"""A shop whose orders stand in the CRM, its hub's doors, and keys of two roles."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import AsyncIterator
from typing import Any

from crossdock.connectors.woocommerce.sandbox import generate
from crossdock.kit.ids import Prefix, parse, show
from crossdock.wiring import Hub
from tests.journey.doors.street import Answer, Street, street
from tests.journey.reconcile.stage import Stage, Store, staged
from tests.support.hub import until, working

VAT = "_billing_vat"


class Desk:
    """Who works with mappings."""

    def __init__(self, stage: Stage, doors: Street, admin: str, reader: str) -> None:
        self.stage, self.doors, self.admin, self.reader = stage, doors, admin, reader
        self.hub: Hub = stage.hub
        self.store: Store = stage.stores[0]
        self.portal_id = uuid.UUID(int=0)
        self.routes: dict[str, str] = {}

    async def find(self) -> None:
        """Look the ids up."""
        tenant = await self.hub.tenants.find()
        (portal,) = [one for one in await self.hub.connections.list(tenant) if one["connector"] == "hubspot"]
        self.portal_id = portal["uuid"]
        for one in await self.hub.connections.routes(tenant):
            if one["destination_id"] == show(Prefix.CONNECTION, self.portal_id):
                self.routes[one["stream"]] = one["id"]

    async def get(self, path: str, key: str | None = None) -> Answer:
        return await self.doors.get(f"/api/v1{path}", key or self.admin)

    async def post(self, path: str, body: Any = None, key: str | None = None) -> Answer:
        return await self.doors.post(f"/api/v1{path}", body if body is not None else {}, key or self.admin)

    def shown(self, connection: uuid.UUID) -> str:
        return show(Prefix.CONNECTION, connection)

    async def dials(self, **dials: Any) -> None:
        """Turn the portal's faults."""
        async with self.stage.http.put(f"{self.stage.portal_url}/_sandbox/dials", json=dials) as reply:
            assert reply.status == 200, await reply.text()

    async def ended(self, run: str) -> dict[str, Any]:
        """Wait until a run has ended."""
        tenant = await self.hub.tenants.find()
        identifier = parse(Prefix.RUN, run)

        async def over() -> Any:
            found = await self.hub.runs.one(tenant, identifier)
            return found if found and found["state"] not in ("waiting", "running") else None

        found: dict[str, Any] = await until(over)
        return found


@contextlib.asynccontextmanager
async def desk(hub: Hub, *, orders: int = 8, fill: bool = True) -> AsyncIterator[Desk]:
    """Open the stage; every third order has a VAT number among its meta."""
    shop = generate(orders, 5)
    for number, row in enumerate(shop.orders.rows.values()):
        row.setdefault("meta_data", [])
        if number % 3 == 0:
            row["meta_data"].append({"id": 90_000 + number, "key": VAT, "value": f"DE81234567{number}"})
    async with staged(hub, shop) as stage, working(hub), street(hub) as doors:
        tenant = await hub.tenants.find()
        admin = (await hub.keys.add(tenant, "admin", ("read", "write", "admin")))[1]
        reader = (await hub.keys.add(tenant, "reads", ("read", "write")))[1]
        made = Desk(stage, doors, admin, reader)
        await made.find()
        if fill:
            await stage.fill()
        yield made
