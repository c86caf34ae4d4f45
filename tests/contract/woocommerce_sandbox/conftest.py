"""A sandbox shop on loopback, a receiver of webhooks, and a client with the shop's key."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest

from crossdock.connect.sandbox import Message, Receive, Scope, Send, serving
from crossdock.connectors.woocommerce.sandbox import (
    DEFAULT_CONSUMER_KEY,
    DEFAULT_CONSUMER_SECRET,
    Settings,
    Shop,
    build,
    generate,
)


class Receiver:
    """An HTTP endpoint that keeps what it is sent and answers with ``status``."""

    def __init__(self) -> None:
        self.status = 200
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.url = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        message: Message = await receive()
        headers = {n.decode().lower(): v.decode() for n, v in scope["headers"]}
        self.got.append((headers, message.get("body", b"")))
        await send({"type": "http.response.start", "status": self.status, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})

    def topics(self) -> list[str]:
        """Return the topics of what came (pings are "ping")."""
        return [headers.get("x-wc-webhook-topic", "ping") for headers, _ in self.got]


class Client:
    """A caller of one sandbox shop over https-as-a-setting with Basic authentication."""

    def __init__(self, url: str, shop: Shop, app: Any, session: aiohttp.ClientSession) -> None:
        self.url, self.shop, self.app, self._session = url, shop, app, session

    async def call(self, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, Any, Any]:
        """Return status, body and headers of a REST call."""
        async with self._session.request(method, f"{self.url}/wp-json/wc/v3/{path}", json=body, **more) as answer:
            return answer.status, await answer.json() if method != "HEAD" else None, answer.headers

    async def get(self, path: str) -> Any:
        """Return the body of a GET that must be a 200."""
        status, body, _ = await self.call("GET", path)
        assert status == 200, body
        return body

    async def door(self, method: str, name: str, body: Any = None) -> Any:
        """Return the body of a control-door call that must be a 200."""
        async with self._session.request(method, f"{self.url}/_sandbox/{name}", json=body) as answer:
            found = await answer.json()
            assert answer.status == 200, found
            return found

    async def act(self, do: str, **more: Any) -> dict[str, Any]:
        """Do something in the shop."""
        return await self.door("POST", "act", {"do": do, **more})

    async def hook(self, topic: str, url: str, **more: Any) -> dict[str, Any]:
        """Register a webhook."""
        status, body, _ = await self.call("POST", "webhooks", {"topic": topic, "delivery_url": url, **more})
        assert status == 201, body
        return body


@contextlib.asynccontextmanager
async def opened(shop: Shop, settings: Settings) -> AsyncIterator[Client]:
    """Serve a shop and yield a client of it."""
    app = build(shop, settings)
    header = {"Authorization": aiohttp.encode_basic_auth(DEFAULT_CONSUMER_KEY, DEFAULT_CONSUMER_SECRET)}
    async with serving(app) as served, aiohttp.ClientSession(headers=header) as session:
        yield Client(served.url, shop, app, session)


async def until(true: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until something is true, at most ``seconds``."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it never came true"
        await asyncio.sleep(0.005)


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    """A generated shop of 120 orders behind TLS."""
    async with opened(generate(120, 7), Settings(https=True, webhook_delay_s=0.0)) as found:
        yield found


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A receiver of webhooks."""
    found = Receiver()
    async with serving(found) as served:
        found.url = served.url
        yield found
