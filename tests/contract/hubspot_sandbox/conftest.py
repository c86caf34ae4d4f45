"""A sandbox portal on loopback and a caller with its token."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from crossdock.connect.sandbox import Receive, Scope, Send, serving
from crossdock.connectors.hubspot.sandbox import TOKEN, HubSpotSandbox, Settings

Answered = tuple[int, Any]


class Caller:
    """Calls one portal with a token; ``objects`` and the like stand for the newest version's paths."""

    def __init__(self, url: str, sandbox: HubSpotSandbox, session: aiohttp.ClientSession) -> None:
        self.url = url
        self.sandbox = sandbox
        self.session = session
        self.headers: dict[str, str] = {}
        self._numbers = itertools.count(1)

    async def call(self, method: str, path: str, body: Any = None, *, token: str = TOKEN) -> Answered:
        """Return status and JSON (None without a body). Paths without /crm are objects of 2026-09."""
        full = path if path.startswith("/") else f"/crm/objects/2026-09/{path}"
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with self.session.request(method, self.url + full, json=body, headers=headers) as answer:
            self.headers = dict(answer.headers)
            raw = await answer.read()
            return answer.status, await answer.json(content_type=None) if raw else None

    async def good(self, method: str, path: str, body: Any = None) -> Any:
        """Return the JSON of a call that must succeed."""
        status, answer = await self.call(method, path, body)
        assert status < 300, answer
        return answer

    async def refused(self, status: int, method: str, path: str, body: Any = None) -> Any:
        """Return the JSON of a call that must be refused with ``status``, checked for its shape."""
        got, answer = await self.call(method, path, body)
        assert got == status, answer
        assert answer["status"] == "error"
        assert answer["message"]
        assert answer["correlationId"]
        return answer

    async def make(self, kind: str, **properties: Any) -> str:
        """Create a record and return its id."""
        body = {"properties": properties, "associations": []}
        return str((await self.good("POST", kind, body))["id"])

    async def contact(self, email: str | None = None) -> str:
        """Create a contact with a fresh address and return its id."""
        return await self.make("contacts", email=email or f"person{next(self._numbers)}@shop.example")

    async def unique_property(self, kind: str, name: str = "shop_key") -> None:
        """Create a custom unique property."""
        groups = await self.good("GET", f"/crm/properties/2026-09/{kind}/groups")
        body = {"name": name, "label": name, "groupName": groups["results"][0]["name"], "type": "string"}
        await self.good("POST", f"/crm/properties/2026-09/{kind}", body | {"fieldType": "text", "hasUniqueValue": True})

    async def state(self, query: str = "") -> Any:
        """Return the ground truth."""
        return await self.good("GET", f"/_sandbox/state{query}")

    async def record(self, kind: str, record_id: str) -> Any:
        """Return one record of the ground truth."""
        state = await self.state(f"?type={kind}")
        return next(one for one in state["objects"][kind] if one["id"] == record_id)

    async def act(self, act: str, **more: Any) -> Any:
        """Do what a person in the CRM does."""
        return await self.good("POST", "/_sandbox/act", {"act": act, **more})

    async def advance(self, seconds: float) -> None:
        """Move the portal's clock."""
        await self.good("POST", "/_sandbox/clock", {"advance_s": seconds})


class Front:
    """The one server of this folder's tests; each test puts its own sandbox behind it."""

    def __init__(self) -> None:
        self.sandbox: HubSpotSandbox | None = None
        self.url = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.sandbox is not None
        await self.sandbox(scope, receive, send)


FRONT = Front()


ONE_LOOP = pytest.mark.asyncio(loop_scope="session")
"""These tests share one loop and one server: a server for each would cost a tenth of a second each."""


@contextlib.asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Caller]:
    """Serve a portal with these settings until the block ends."""
    before, FRONT.sandbox = FRONT.sandbox, HubSpotSandbox(settings)
    try:
        async with aiohttp.ClientSession() as session:
            yield Caller(FRONT.url, FRONT.sandbox, session)
    finally:
        FRONT.sandbox = before


@pytest_asyncio.fixture(scope="session", loop_scope="session", autouse=True)
async def served() -> AsyncIterator[None]:
    async with serving(FRONT) as front:
        FRONT.url = front.url
        yield


@pytest_asyncio.fixture(loop_scope="session")
async def portal() -> AsyncIterator[Caller]:
    """A portal with the default settings."""
    async with opened(Settings()) as caller:
        yield caller
