"""A shop, a receiver of messages and the street between them, for pages that show what goes along it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp

from crossdock.connect.sandbox import answer_json, serving
from crossdock.connectors.webhook import sandbox as receiver
from crossdock.kit.ids import Prefix, show
from crossdock.model.connection import Connection
from crossdock.wiring import Hub
from tests.support.hub import SINK_SECRET, add_route, add_shop, add_sink, order, signed, until


class Moody:
    """A receiver that answers everything with one status while it has one."""

    def __init__(self, words: str = "the plan has ended") -> None:
        self._app, self._words = receiver.app(SINK_SECRET), words
        self.status: int | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if self.status is not None and scope["type"] == "http" and "_sandbox" not in scope["path"]:
            while (await receive()).get("more_body"):
                pass
            await answer_json(send, self.status, {"error": self._words})
            return
        await self._app(scope, receive, send)


class Street:
    """What stands at both ends."""

    def __init__(
        self, hub: Hub, shop: Connection, sink: Connection, moody: Moody, url: str, http: aiohttp.ClientSession
    ) -> None:
        self.hub, self.shop, self.sink, self.moody, self._url, self._http = hub, shop, sink, moody, url, http
        self.tenant = shop.tenant_id

    async def tell(self, order_id: int, second: int = 0, **more: Any) -> None:
        """Let the shop tell of an order, as its webhook does."""
        document = {**order(order_id, modified=f"2026-11-20T10:00:{second:02}"), **more}
        await self.hub.journey.webhook(self.shop, *signed(document))

    async def dial(self, **dials: Any) -> None:
        """Turn the receiver's dials."""
        async with self._http.put(f"{self._url}/_sandbox/dials", json=dials) as reply:
            assert reply.status == 200

    async def dies(self, count: int, first: int = 101) -> list[str]:
        """Let so many messages be refused for good; returns their deliveries. Needs a worker."""
        before = len(await self.rows("SELECT 1 FROM delivery_done WHERE state = 'dead'"))
        self.moody.status = 422
        for number in range(first, first + count):
            await self.tell(number)
        died = await self.ended(before + count, "dead")
        self.moody.status = None
        return died[before:]

    async def received(self) -> dict[str, Any]:
        """Return what the receiver has seen."""
        async with self._http.get(f"{self._url}/_sandbox/state") as reply:
            found: dict[str, Any] = await reply.json()
            return found

    async def rows(self, sql: str, *values: Any) -> list[Any]:
        """Ask the database."""
        async with self.hub.database.engine() as conn:
            found: list[Any] = await conn.fetch(sql, *values)
            return found

    async def ended(self, count: int, state: str = "delivered") -> list[str]:
        """Wait until so many deliveries have ended so; returns their ids, the oldest first."""

        async def enough() -> Any:
            rows = await self.rows("SELECT id FROM delivery_done WHERE state = $1 ORDER BY id", state)
            return rows if len(rows) >= count else None

        return [show(Prefix.DELIVERY, row["id"]) for row in await until(enough)]

    async def events(self) -> list[str]:
        """Return the ids of all events, the oldest first."""
        return [show(Prefix.EVENT, row["id"]) for row in await self.rows("SELECT id FROM event ORDER BY id")]


@contextlib.asynccontextmanager
async def open_street(hub: Hub, *, stream: str = "*") -> AsyncIterator[Street]:
    """Open a street; its receiver answers 204 until its dials say otherwise."""
    async with contextlib.AsyncExitStack() as stack:
        served = await stack.enter_async_context(serving(moody := Moody()))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        shop, sink = await add_shop(hub), await add_sink(hub, f"{served.url}/hook")
        await add_route(hub, shop, sink, stream, "post")
        yield Street(hub, shop, sink, moody, served.url, http)
