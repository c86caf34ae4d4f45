"""A site without REST keys that tells by the plugin: orders, people without ids, events, deletions, one moment twice.

It repeats a batch until it is answered, as the plugin does: the same ids, a new nonce. What is judged of it is the
ledger: each entity stands as it was told last, each event was recorded once.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import secrets
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import aiohttp
import orjson

from crossdock.kit.ids import Prefix, parse
from crossdock.kit.site_signing import Way, sign
from tests.support.hub import add_route

if TYPE_CHECKING:
    from tests.crash.campaign.world import World

URL = "http://127.0.0.1:9/campaign"
_BATCH = "/api/integrations/wordpress/batch"
_THINGS = 6
_PEOPLE = 3
_WRONG = """
SELECT k.external_id, k.status AS told, r.status, r.presence, r.contested
FROM unnest($2::text[], $3::text[]) AS k(external_id, status)
LEFT JOIN record r ON r.connection_id = $1 AND r.stream = 'order' AND r.external_id = k.external_id
WHERE r.status IS DISTINCT FROM k.status OR r.contested OR (r.presence = 'deleted') <> (k.status = 'deleted')
"""


class PluginSite:
    """The site and what it has told."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._key = self._secret = ""
        self._home = uuid.UUID(int=0)
        self._orders: dict[int, str] = {}
        self._gone = 0
        self._happened = 0
        self._at = datetime.now(UTC) - timedelta(hours=1)
        self.people: set[str] = set()

    async def pair(self) -> None:
        """Pair by a code; what it tells goes to a receiver that takes everything."""
        hub, tenant = self._world.hub, self._world.tenant
        code = await hub.pairing.code(tenant, actor="campaign")
        named = dict.fromkeys(("url", "site_url", "rest_url"), URL)
        facts = {"instance": str(uuid.uuid4()), "name": "Site", "wordpress": "6.9", "php": "8.2", "plugin": "1.0.0"}
        made = await hub.pairing.pair(code.code, {**facts, **named})
        self._key, self._secret, self._home = made.made.key, made.made.secret, made.connection.id
        for route in await hub.connections.routes(tenant):
            if parse(Prefix.CONNECTION, route["source_id"]) == self._home:
                await hub.connections.remove_route(tenant, parse(Prefix.ROUTE, route["id"]), actor="campaign")
        home = await hub.connections.one(tenant, self._home)
        await add_route(hub, home, self._world.annex.receiver, "order", "post")

    async def tell(self, dice: random.Random) -> None:
        """Tell of a few things, once more than once."""
        items = [self._item(dice) for _ in range(dice.randrange(1, 6))]
        await self._send(items)
        if dice.random() < 0.2:
            assert {one["status"] for one in await self._send(items)} <= {"duplicate"}

    def _item(self, dice: random.Random) -> dict[str, Any]:
        self._at += timedelta(microseconds=0 if dice.random() < 0.3 else 10)
        told = {"id": str(uuid.uuid4()), "occurred_at": self._at.isoformat(), "action": "saved"}
        match dice.choice(("order", "order", "order", "deleted", "person", "event", "sample")):
            case "deleted":
                # numbers are given once: what is gone stays gone
                number = min(self._orders.keys() - self._dead(), default=self._number(dice))
                self._at += timedelta(microseconds=10)
                self._orders[number] = "deleted"
                at = self._at.isoformat()
                return {**told, "kind": "order", "action": "deleted", "occurred_at": at, "data": {"id": number}}
            case "person":
                mail = f"person{dice.randrange(_PEOPLE)}@example.com"
                self.people.add(mail)
                return {**told, "kind": "customer", "data": {"email": mail, "first_name": secrets.token_hex(4)}}
            case "event":
                self._happened += 1
                return {**told, "kind": "event", "type": "user.login", "entity": "user:1", "data": {}}
            case "sample":
                return {**told, "kind": "order", "origin": "test", "data": self._order(1, "processing")}
        number, status = self._number(dice), dice.choice(("processing", "on-hold", "completed", "pending"))
        self._orders[number] = status
        return {**told, "kind": "order", "data": self._order(number, status)}

    def _dead(self) -> set[int]:
        return {number for number, status in self._orders.items() if status == "deleted"}

    def _number(self, dice: random.Random) -> int:
        first = max(self._dead(), default=0) + 1
        return first + dice.randrange(_THINGS)

    def _order(self, number: int, status: str) -> dict[str, Any]:
        billing = {"email": f"person{number % _PEOPLE}@example.com"}
        money = {"currency": "USD", "total": "5.00", "date_modified_gmt": "2026-01-01T00:00:00"}
        return {"id": number, "status": status, **money, "customer_id": number % 4, "billing": billing}

    async def _send(self, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Send a batch until each of its items has its final answer."""
        body = orjson.dumps({"items": items})
        while True:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
                headers = self._signed(body)
                async with self._world.http.post(self._world.api + _BATCH, data=body, headers=headers) as reply:
                    answer = await reply.read()
                if reply.status == 200:
                    results: list[dict[str, Any]] = orjson.loads(answer)["data"]["results"]
                    refused = [one["problem"] for one in results if one["problem"]]
                    assert all(one["retry"] for one in refused), refused
                    if not refused:
                        return results
                else:
                    assert reply.status >= 500 or reply.status == 429, answer
            await asyncio.sleep(0.1)

    def _signed(self, body: bytes) -> dict[str, str]:
        stamp, nonce = int(time.time()), secrets.token_urlsafe(18)
        signature = sign(self._secret, Way.TO_HUB, "POST", _BATCH, stamp, nonce, body)
        return {
            "Content-Type": "application/json",
            "X-Crossdock-Key": self._key,
            "X-Crossdock-Timestamp": str(stamp),
            "X-Crossdock-Nonce": nonce,
            "X-Crossdock-Signature": signature,
        }

    async def judge(self) -> list[str]:
        """Return what is wrong with what the ledger holds of the site."""
        if not self._key:
            return []
        orders = sorted(self._orders)
        told = (self._home, [str(one) for one in orders], [self._orders[one] for one in orders])
        rows = await self._world.ledger_of(lambda conn: conn.fetch(_WRONG, *told))
        # the end of an order that nobody ever told of is nothing
        wrong = [f"site: {dict(row)}" for row in rows if not (row["told"] == "deleted" and row["status"] is None)]
        events = "SELECT count(*) FROM event WHERE connection_id = $1 AND stream = 'event'"
        if (found := await self._world.value(events, self._home)) != self._happened:
            wrong.append(f"site: {self._happened} events were told, {found} are recorded")
        people = "SELECT count(*) FROM record WHERE connection_id = $1 AND stream = 'customer'"
        if (found := await self._world.value(people, self._home)) != len(self.people):
            wrong.append(f"site: {len(self.people)} people were told of, {found} are recorded")
        return wrong
