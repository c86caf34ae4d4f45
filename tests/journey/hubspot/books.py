"""A portal in euros whose deals become invoices."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from crossdock.flow.invoice import EXAMPLE
from crossdock.govern.route_terms import Terms
from crossdock.kit.ids import Prefix, show
from crossdock.model.connection import Connection
from tests.journey.hubspot.stage import Place, Portal
from tests.support.hub import until

MONEY = {"deal_currency_code": "EUR"}
NUMBER = "crossdock_invoice_number"
NOW = datetime.now(UTC).isoformat()


async def sold(portal: Portal, number: int = 1, **more: str) -> str:
    """A won deal with one line, a person and a company."""
    given = {"dealname": f"Tea for Ada {number}", "pipeline": "default", "dealstage": "closedwon", "amount": "20"}
    deal = await portal.make("deals", **{**given, "hubspot_owner_id": "77001", **more})
    line = await portal.make("line_items", name="Tea", price="10", quantity="2", hs_tax_rate_group_id="9101")
    person = await portal.make("contacts", email=f"ada{number}@tea.example", firstname="Ada", lastname="Person")
    firm = await portal.make("companies", name=f"Tea {number} Ltd", country="Germany", address="1 Leaf St", city="Ulm")
    for other, end in (("line_items", line), ("contacts", person), ("companies", firm)):
        path = f"/crm/associations/2026-09/deals/{other}/batch/associate/default"
        await portal.call("POST", path, {"inputs": [{"from": {"id": deal}, "to": {"id": end}}]})
    return deal


class Books:
    """A portal in euros, terms of invoicing, and keys."""

    def __init__(self, place: Place, portal: Portal, connection: Connection, keys: tuple[str, str]) -> None:
        self.place, self.portal, self.connection = place, portal, connection
        self.writer, self.admin = keys
        self.path = f"/api/v1/crm/{show(Prefix.CONNECTION, connection.id)}/deals"

    async def post(self, path: str, body: Any = None, key: str = "", once: str | None = None) -> Any:
        """POST with a key that writes; returns the answer."""
        more = {"Idempotency-Key": once} if once else {}
        return await self.place.doors.post(path, body, key or self.writer, **more)

    async def ended(self, run_id: str) -> dict[str, Any]:
        """Wait for a run to end; return it."""
        found: dict[str, Any] = {}

        async def over() -> bool:
            nonlocal found
            found = (await self.place.doors.get(f"/api/v1/runs/{run_id}", self.writer)).json
            return found["state"] not in ("waiting", "running")

        await until(over)
        return found

    async def numbers(self, count: int) -> dict[str, str]:
        """Wait until so many deals bear a number; return them by deal."""
        found: dict[str, str] = {}

        async def there() -> bool:
            deals = await self.portal.live("deals")
            found.update({one["id"]: one["crossdock_invoice_number"] for one in deals if one.get(NUMBER)})
            return len(found) >= count

        await until(there)
        return found

    async def issued(self) -> list[tuple[str, str]]:
        """Return (deal, number) of all issued invoices, in the order of their numbers."""
        async with self.place.hub.database.engine() as conn:
            rows = await conn.fetch("SELECT deal_id, number FROM invoice WHERE number IS NOT NULL ORDER BY number")
        return [(row["deal_id"], row["number"]) for row in rows]

    async def routed(self) -> None:
        """Add the route that makes invoices of won deals."""
        terms = Terms(types=("deal.won",))
        own = self.connection
        assert await self.place.hub.connections.add_route(own.tenant_id, own, own, "deal", "invoice", "test", terms)

    async def told(self, *, twice: bool = False) -> None:
        """Bring what the portal's app has to tell, the newest first (and twice); wait until it was read."""
        messages = await self.portal.messages()
        for message in (*reversed(messages), *(messages if twice else ())):
            assert (await self.place.send(message)).status == 200

        async def read() -> bool:
            return not await self.place.bells()

        await until(read)

    async def ends(self) -> list[tuple[str, str | None, str | None]]:
        """Return (state, rule, reason) of the route's deliveries, when none waits any more, oldest first."""
        sql = (
            "SELECT d.state, d.rule, d.reason FROM delivery_done d JOIN route r ON r.id = d.route_id"
            " WHERE r.action = 'invoice' ORDER BY d.id"
        )

        async def over() -> bool:
            async with self.place.hub.database.engine() as conn:
                return not await conn.fetchval("SELECT count(*) FROM delivery WHERE state <> 'dead'")

        await until(over)
        async with self.place.hub.database.engine() as conn:
            return [tuple(row) for row in await conn.fetch(sql)]


async def opened(place: Place, **config: Any) -> Books:
    """Open the books: a portal, terms, and keys."""
    portal = await place.portal(62515, currency="EUR")
    connection = await place.connected(portal, **config)
    tenant = connection.tenant_id
    await place.hub.invoicing.terms.put(tenant, EXAMPLE, actor="test")
    writer = (await place.hub.keys.add(tenant, "writer", ["read", "write"]))[1]
    admin = (await place.hub.keys.add(tenant, "admin", ["admin"]))[1]
    return Books(place, portal, connection, (writer, admin))
