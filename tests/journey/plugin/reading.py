"""A paired site beside a CRM and another store of the same tenant, for what the site may read."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from crossdock.connect.sandbox import serving
from crossdock.connectors.hubspot import sandbox as hubspot
from crossdock.kit.ids import Prefix, parse, show
from crossdock.model.connection import Connection
from crossdock.wiring import Hub
from tests.journey.doors.street import Answer, Street, rows
from tests.journey.plugin.stage import Site, customer, item, paired
from tests.support.hub import add_route, add_shop, add_sink, order, until, working


class Town:
    """The site, its home, and the other store that it must not see."""

    def __init__(self, hub: Hub, doors: Street, site: Site, home: Connection, other: Connection) -> None:
        self.hub, self.doors, self.site, self.home, self.other = hub, doors, site, home, other

    async def get(self, path: str) -> Any:
        """Return the data of a page that must be there."""
        answer = await self.site.call("GET", path)
        assert answer.status == 200, answer.body
        return answer.json["data"]

    async def tell(self, count: int, first: int = 1) -> list[str]:
        """Tell of customers; return their events, the oldest first."""
        told = [item("customer", customer(n, f"user{n}@example.com")) for n in range(first, first + count)]
        results = await self.site.tell(*told)
        assert {one["status"] for one in results} == {"recorded"}
        return [one["event"] for one in results]

    async def settled(self) -> None:
        """Wait until nothing is under way any more."""

        async def done() -> bool:
            (found,) = await rows(self.hub, "SELECT count(*) AS n FROM delivery")
            return not found["n"]

        await until(done)

    async def foreign(self) -> dict[str, str]:
        """Let the other store have an event, a route and a record; return their ids."""
        answer = await self.doors.hook(self.other, order(77))
        assert answer.status == 200
        (event,) = await rows(self.hub, "SELECT id FROM event WHERE connection_id = $1", self.other.id)
        routes = await rows(self.hub, "SELECT id FROM route WHERE source_id = $1 AND stream = 'order'", self.other.id)
        return {"event": show(Prefix.EVENT, event["id"]), "route": show(Prefix.ROUTE, routes[0]["id"])}


@contextlib.asynccontextmanager
async def town(hub: Hub, doors: Street, *, crm: bool = True) -> AsyncIterator[Town]:
    """Open it; with ``crm`` both stores' records go to a sandbox portal, else to a receiver that is not there."""
    tenant = await hub.tenants.find()
    async with contextlib.AsyncExitStack() as stack:
        other = await add_shop(hub, "other-store", "https://other.example")
        if crm:
            portal = hubspot.HubSpotSandbox(hubspot.Settings(per_10s=100_000))
            served = await stack.enter_async_context(serving(portal))
            form = {"token": hubspot.TOKEN, "base_url": served.url}
            made = await hub.connections.connect(tenant, "hubspot", form, actor="test")
            target = await hub.connections.one(tenant, made.id)
        else:
            target = await add_sink(hub, "http://127.0.0.1:9/")
            await add_route(hub, other, target, "order", "post")
        site = await paired(hub, doors)
        home = await hub.directory.connection(parse(Prefix.CONNECTION, site.told["connection"]["id"]))
        yield Town(hub, doors, site, home, other)


__all__ = ["Answer", "Town", "town", "working"]
