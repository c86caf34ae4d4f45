"""A portal that answers what a test tells it to, over real loopback HTTP: for answers the sandbox never gives."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import orjson

from crossdock.connect.client import Transport
from crossdock.connect.connector import Access, Destination
from crossdock.connect.egress import Guard
from crossdock.connect.sandbox import Message, Receive, Scope, Send, serving
from crossdock.connectors.hubspot import CONNECTOR
from crossdock.kit.clock import SetClock
from crossdock.model.connection import Connection, ConnectionState

TOKEN = "pat-na1-canary-7f3d2c"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


class Asked(msgspec.Struct, frozen=True):
    """One request as it came in."""

    method: str
    path: str
    query: str
    body: Any

    @property
    def ids(self) -> list[str]:
        """Return the ids of its inputs."""
        return [each["id"] for each in self.body["inputs"]]


class Answer(msgspec.Struct, frozen=True):
    """What the portal says; ``cut`` drops the connection instead."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    cut: bool = False


Script = Callable[[Asked], Answer]


class Portal:
    """Answers by ``script`` and remembers what it was asked."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.asked: list[Asked] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = b""
        more = True
        while more:
            message: Message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        asked = Asked(scope["method"], scope["path"], scope["query_string"].decode(), orjson.loads(body or b"null"))
        self.asked.append(asked)
        answer = self.script(asked)
        if answer.cut:
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})
            raise ConnectionAbortedError("the script cuts the connection")
        headers = {"content-type": "application/json", **answer.headers}
        raw = [(k.encode(), v.encode()) for k, v in headers.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": raw})
        await send({"type": "http.response.body", "body": b"" if answer.body is None else orjson.dumps(answer.body)})

    def paths(self) -> list[str]:
        """Return the last two parts of every path asked, with the method."""
        return [f"{each.method} {'/'.join(each.path.split('/')[-3:])}" for each in self.asked]


def access(url: str, transport: Transport, *, token: str = TOKEN, **config: Any) -> Access:
    """Return access to a portal at ``url``."""
    connection = Connection(
        id=uuid.uuid4(),
        tenant_id=uuid.uuid4(),
        connector="hubspot",
        name="Portal",
        state=ConnectionState.ACTIVE,
        account_uid="hubspot-1",
        config={"base_url": url, **config},
        account={"time_zone": "Europe/Berlin"},
    )
    return Access(connection, {"token": token}, transport, SetClock(NOW))


@contextlib.asynccontextmanager
async def portal(script: Script, **config: Any) -> AsyncIterator[tuple[Portal, Destination]]:
    """Serve a scripted portal and open our destination on it."""
    app = Portal(script)
    guard = Guard(allow=("127.0.0.1/32",), production=False)
    assert CONNECTOR.destination is not None
    async with serving(app) as running, Transport(guard) as transport:
        yield app, CONNECTOR.destination(access(running.url, transport, **config))
