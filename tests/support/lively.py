"""A hub with some of everything: two sandboxes that are connected, orders that arrived, letters that died, a proof.

For tests that look at pages and for the pictures of the documentation; slow enough to be made once a process.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import AsyncIterator
from typing import Any

import aiohttp

from crossdock.connect.sandbox import Asgi, Receive, Scope, Send, Serving, answer_json, serving
from crossdock.connectors.hubspot import sandbox as hubspot
from crossdock.connectors.woocommerce import sandbox as woocommerce
from crossdock.flow.run import RunKind
from crossdock.govern.access import Role
from crossdock.govern.alerts import NewChannel
from crossdock.govern.people import Kind
from crossdock.kit.ids import Prefix, show
from crossdock.wiring import Hub
from tests.support.hub import SINK_SECRET, until, working
from tests.support.lively_records import EXAMPLES as RECORDS
from tests.support.lively_records import add_records

PORTAL = {"streams": {name: {"enabled": True} for name in ("contact", "company", "deal")}}
_LEFT = """SELECT (SELECT count(*) FROM delivery d JOIN connection c ON c.id = d.lane_id WHERE c.state = 'active')
 + (SELECT count(*) FROM doorbell) + (SELECT count(*) FROM run WHERE state IN ('waiting', 'running'))"""


class Lively:
    """The hub between its sandboxes. ``ids`` holds one example of each thing, by its name in the pages' addresses."""

    def __init__(self, hub: Hub, shop: Serving, portal: Serving, http: aiohttp.ClientSession) -> None:
        self.hub, self.shop, self.portal, self.http = hub, shop, portal, http
        self.tenant_id = uuid.UUID(int=0)
        self.store = self.crm = self.sink = uuid.UUID(int=0)
        self.ids: dict[str, str] = {"slug": "default"}

    async def connect(self) -> None:
        """Connect the CRM and the shop, as a person does; routes come by themselves."""
        self.tenant_id = await self.hub.tenants.find()
        given = {"token": hubspot.TOKEN, "base_url": self.portal.url}
        connections = self.hub.connections
        crm = await connections.connect(self.tenant_id, "hubspot", given, name="Nordlicht CRM", actor="test")
        keys = {"key": woocommerce.DEFAULT_CONSUMER_KEY, "secret": woocommerce.DEFAULT_CONSUMER_SECRET}
        shop = {"url": self.shop.url, "plain_http": True, **keys}
        store = await connections.connect(self.tenant_id, "woocommerce", shop, name="Fennmoor Tea", actor="test")
        self.store, self.crm = store.id, crm.id

    async def add_sink(self, url: str, name: str = "Warehouse") -> None:
        """Connect a receiver of webhooks, and send it the shop's orders."""
        given = {"url": url, "secret": SINK_SECRET, "plain_http": True}
        made = await self.hub.connections.connect(self.tenant_id, "webhook", given, name=name, actor="test")
        self.sink = made.id

    async def run(self, kind: RunKind, asked: dict[str, Any] | None = None) -> uuid.UUID:
        """Start a run on the shop."""
        return await self.hub.runs.add(self.tenant_id, self.store, kind, [], asked or {})

    async def rested(self) -> None:
        """Wait until nothing is under way."""

        async def over() -> bool:
            async with self.hub.database.engine() as conn:
                return not await conn.fetchval(_LEFT)

        await until(over, patience_s=120)

    async def tell_whom(self, url: str) -> None:
        """Make a channel for alerts."""
        new = NewChannel("On call", "webhook", {"url": url, "secret": SINK_SECRET})
        await self.hub.alerting.channels.add(self.tenant_id, new, actor="test")

    async def look(self) -> None:
        """Let the hub look for what is wrong now."""

        async def looked() -> bool:
            async with self.hub.database.engine() as conn:
                await conn.execute("UPDATE chore SET next_at = now() WHERE name = 'alerts'")
                return bool(await conn.fetchval("SELECT count(*) > 1 FROM alert"))

        await until(looked)

    async def act(self, do: str, **more: Any) -> dict[str, Any]:
        """Let somebody do something in the shop."""
        async with self.http.post(f"{self.shop.url}/_sandbox/act", json={"do": do, **more}) as reply:
            done: dict[str, Any] = await reply.json()
        assert done.get("done"), done
        return done

    async def invite(self) -> None:
        """Have somebody invited who has not come in yet, and somebody who wants a new password."""
        people = self.hub.people
        invited = await people.members.invite(self.tenant_id, "invited@people.example", Role.VIEWER, actor="test")
        other = await people.members.invite(self.tenant_id, "forgetful@people.example", Role.VIEWER, actor="test")
        used = await people.links.use(Kind.INVITE, other.token, name="Fritz", password="a lamp and a bicycle")
        self.ids |= {
            "person_id": show(Prefix.USER, invited.person_id),
            "invite_token": invited.token,
            "reset_token": await people.links.make(Kind.RESET, person_id=used.person_id),
        }

    async def learn(self) -> None:
        """Note an example of everything."""
        await self.invite()
        key, _ = await self.hub.keys.add(self.tenant_id, "Warehouse terminal", ["read"], actor="test")
        async with self.hub.database.engine() as conn:
            for name, (prefix, statement) in (EXAMPLES | RECORDS).items():
                found = await conn.fetchval(statement)
                if found is not None:
                    self.ids[name] = show(prefix, found) if prefix else str(found)
        self.ids |= {
            "connection_id": show(Prefix.CONNECTION, self.store),
            "connector": "woocommerce",
            "vendor_id": "1",
            "key_id": show(Prefix.KEY, key),
        }
        if self.hub.settings.public_url:
            made = await self.hub.connect_links.make(self.tenant_id, "hubspot", actor="test")
            self.ids["token"] = made.url.rpartition("/")[2]
            self.ids["pairing"] = str((await self.hub.pairing.code(self.tenant_id, actor="test")).id)


EXAMPLES: dict[str, tuple[Prefix | None, str]] = {
    "run_id": (Prefix.RUN, "SELECT id FROM run ORDER BY id LIMIT 1"),
    "event_id": (Prefix.EVENT, "SELECT id FROM event WHERE type LIKE 'order.%' ORDER BY id LIMIT 1"),
    "delivery_id": (Prefix.DELIVERY, "SELECT id FROM delivery_done ORDER BY id LIMIT 1"),
    "route_id": (Prefix.ROUTE, "SELECT id FROM route WHERE stream = 'order' AND action = 'order' LIMIT 1"),
    "alert_id": (Prefix.ALERT, "SELECT id FROM alert ORDER BY id LIMIT 1"),
    "channel_id": (Prefix.CHANNEL, "SELECT id FROM alert_channel ORDER BY id LIMIT 1"),
    "proof_id": (Prefix.PROOF, "SELECT id FROM proof ORDER BY id LIMIT 1"),
    "kind": (None, "SELECT 'silence'"),
}
"""One of each thing by its name in the pages' addresses; a room adds its own."""


def refusing(status: int = 422) -> Asgi:
    """Return a receiver that wants nothing of it."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            pass
        await answer_json(send, status, {"error": "unknown article"})

    return answer


@contextlib.asynccontextmanager
async def between(hub: Hub, *, orders: int = 30, seed: int = 5) -> AsyncIterator[Lively]:
    """A hub between a shop and a CRM that it does not know yet."""
    async with contextlib.AsyncExitStack() as stack:
        settings = woocommerce.Settings(seed=seed)
        shop = await stack.enter_async_context(serving(woocommerce.build(woocommerce.generate(orders, seed), settings)))
        portal = await stack.enter_async_context(serving(hubspot.HubSpotSandbox(hubspot.Settings())))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        yield Lively(hub, shop, portal, http)


@contextlib.asynccontextmanager
async def lively(hub: Hub, *, orders: int = 30) -> AsyncIterator[Lively]:
    """A hub with some of everything, at rest."""
    async with between(hub, orders=orders) as made, serving(refusing()) as picky, serving(refusing(410)) as gone:
        await made.connect()
        async with working(hub):
            await made.run(RunKind.BACKFILL)
            await made.rested()
            await made.run(RunKind.RECONCILE, {"repair": 0})
            await made.rested()
            await made.add_sink(f"{picky.url}/hook")
            await made.add_sink(f"{gone.url}/hook", "Old till")
            for _ in range(3):
                await made.act("place_order")
            await made.run(RunKind.PULL)
            await made.rested()
            await add_records(made)
            await made.tell_whom(f"{picky.url}/hook")
            await made.look()
        await made.learn()
        yield made
