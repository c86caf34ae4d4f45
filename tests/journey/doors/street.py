"""The doors of a hub on a real server, and a caller in front of them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import asyncpg
import msgspec
import orjson

from crossdock.api.app import build_app
from crossdock.api.express import express
from crossdock.connect.sandbox import serving
from crossdock.kit.ids import Prefix, show
from crossdock.model.connection import Connection
from crossdock.web import page_routes
from crossdock.wiring import Hub
from tests.support.hub import signed

COUNTED = ("event", "record", "delivery", "doorbell", "arrival_key")


class Broken:
    """A place of the journey, or of a resource, that has a bug."""

    def __init__(self, place: str) -> None:
        self._place = place

    async def reach(self, name: str) -> None:
        """Break there."""
        if name == self._place:
            raise RuntimeError("canary of the inside")


class Answer(msgspec.Struct, frozen=True):
    """What a door answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


class Street:
    """A caller who stands in front of the doors."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self._session = session

    async def call(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
        async with self._session.request(method, self.url + path, data=body, headers=headers) as response:
            return Answer(response.status, response.headers, await response.read())

    async def get(self, path: str, key: str | None = None, **headers: str) -> Answer:
        return await self.call("GET", path, headers={**headers, **_bearer(key)})

    async def post(self, path: str, value: Any, key: str | None = None, **headers: str) -> Answer:
        body = value if isinstance(value, bytes) else orjson.dumps(value)
        return await self.call("POST", path, body, {"Content-Type": "application/json", **headers, **_bearer(key)})

    async def hook(self, connection: Connection, document: Any, topic: str = "order.updated") -> Answer:
        """Deliver a signed webhook."""
        headers, body = signed(document, topic)
        return await self.call("POST", door(connection), body, headers)

    async def raw(self, data: bytes, *, hang_up: bool = False) -> bytes:
        """Write bytes to a socket and read what comes back."""
        parts = urlsplit(self.url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        writer.write(data)
        await writer.drain()
        if hang_up:
            writer.transport.abort()
            return b""
        try:
            return await asyncio.wait_for(reader.read(), 10)
        finally:
            writer.close()


def _bearer(key: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"} if key else {}


def door(connection: Connection) -> str:
    """Return the path of a connection's webhook door."""
    return f"/webhooks/{connection.connector}/{show(Prefix.CONNECTION, connection.id)}"


@contextlib.asynccontextmanager
async def street(hub: Hub) -> AsyncIterator[Street]:
    """Open the doors on a free port of this machine."""
    app = build_app(hub, pages=page_routes(hub))
    timeout = aiohttp.ClientTimeout(total=30)
    connector = aiohttp.TCPConnector(force_close=True)
    protocol = express(30, app.webhooks)
    async with (
        serving(app, http=protocol) as server,
        aiohttp.ClientSession(timeout=timeout, connector=connector) as session,
    ):
        yield Street(server.url, session)


def is_problem(answer: Answer, status: int, code: str, field: str | None = None) -> dict[str, Any]:
    """Hold an answer to the form of every refusal, and return it."""
    assert answer.status == status, answer.body
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json
    assert problem["code"] == code
    assert problem["status"] == status
    assert problem["type"] == f"urn:crossdock:problem:{code}"
    assert problem["title"]
    assert problem["detail"]
    if field is not None:
        assert problem["field"] == field
    return problem


async def rows(hub: Hub, sql: str, *values: Any) -> list[asyncpg.Record]:
    async with hub.database.engine() as conn:
        return await conn.fetch(sql, *values)


async def stored(hub: Hub) -> dict[str, int]:
    """Return how many rows each table of the journey holds."""
    return {table: (await rows(hub, f"SELECT count(*) AS n FROM {table}"))[0]["n"] for table in COUNTED}
