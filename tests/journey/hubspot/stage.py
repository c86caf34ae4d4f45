"""A hub with its doors open, and sandbox portals behind one app."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import orjson

from crossdock.connect.sandbox import Serving, serving
from crossdock.connectors.hubspot import sandbox as hubspot
from crossdock.govern.directory import APP_SECRET
from crossdock.model.connection import Connection
from crossdock.wiring import Hub
from tests.journey.doors.street import Answer, Street, street
from tests.support.hub import add_connection

PUBLIC = "https://hub.example.test"
APP = 54321
SECRET = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"
DOOR = f"/webhooks/hubspot/app/{APP}"
ALL = {name: {"enabled": True} for name in ("contact", "company", "deal")}


class Portal:
    """One sandbox portal and people's hands in it."""

    def __init__(self, served: Serving, number: int, http: aiohttp.ClientSession) -> None:
        self.url, self.number = served.url, number
        self._http = http

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        """Use the control door."""
        async with self._http.request(method, f"{self.url}/_sandbox/{path}", json=body) as reply:
            assert reply.status == 200, await reply.text()
            return await reply.json()

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        """Call the portal's API as another program."""
        headers = {"Authorization": f"Bearer {hubspot.TOKEN}"}
        async with self._http.request(method, self.url + path, json=body, headers=headers) as reply:
            assert reply.status < 300, await reply.text()
            return await reply.json(content_type=None)

    async def act(self, act: str, **what: Any) -> Any:
        """Do what a person does in the CRM."""
        return await self.control("POST", "act", {"act": act, **what})

    async def make(self, kind: str, **properties: str) -> str:
        """Create a record; return its id."""
        return str((await self.act("create", type=kind, properties=properties))["id"])

    async def live(self, kind: str) -> list[dict[str, Any]]:
        """Return the properties of the live records of a kind, with their id."""
        held = (await self.control("GET", f"state?type={kind}&history=false"))["objects"][kind]
        return [{"id": one["id"], **one["properties"]} for one in held if not one["archived"]]

    async def messages(self) -> list[dict[str, Any]]:
        """Return what the portal's app has to tell, signed."""
        told: list[dict[str, Any]] = (await self.control("POST", "webhooks"))["messages"]
        return told


class Place:
    """The stage: doors, portals, and the hub."""

    def __init__(self, hub: Hub, doors: Street, http: aiohttp.ClientSession, stack: contextlib.AsyncExitStack) -> None:
        self.hub, self.doors = hub, doors
        self._http, self._stack = http, stack

    async def portal(self, number: int, **settings: Any) -> Portal:
        """Start a portal that has the app."""
        told = {
            "portal_id": number,
            "webhook_url": PUBLIC + DOOR,
            "search_lag_s": 0,
            "per_10s": 100_000,
            "search_per_s": 1_000,
            **settings,
        }
        served = await self._stack.enter_async_context(serving(hubspot.HubSpotSandbox(hubspot.Settings(**told))))
        return Portal(served, number, self._http)

    async def connected(self, portal: Portal, secret: str = SECRET, **config: Any) -> Connection:
        """Connect a portal whose contacts, companies and deals are read."""
        name = f"hubspot-{portal.number}"
        given = {"base_url": portal.url, "app_id": str(APP), "streams": ALL, **config}
        secrets = {"token": hubspot.TOKEN, APP_SECRET: secret}
        return await add_connection(self.hub, "hubspot", name, given, secrets, destination=True)

    async def send(self, message: dict[str, Any]) -> Answer:
        """Post what an app sends to our door."""
        path = message["url"].removeprefix(PUBLIC)
        return await self.doors.call("POST", path, message["body"].encode(), message["headers"])

    async def signed(self, portal: Portal, events: list[dict[str, Any]]) -> dict[str, Any]:
        """Return a message of these events, signed by the portal's app."""
        told: dict[str, Any] = await portal.control("POST", "sign", {"body": orjson.dumps(events).decode()})
        return told

    async def bells(self) -> list[tuple[str, str]]:
        """Return (stream, id) of the doorbells that ring."""
        async with self.hub.database.engine() as conn:
            rows = await conn.fetch("SELECT stream, external_id FROM doorbell ORDER BY stream, external_id")
        return [(row["stream"], row["external_id"]) for row in rows]


@contextlib.asynccontextmanager
async def placed(hub: Hub) -> AsyncIterator[Place]:
    """Open a stage."""
    async with contextlib.AsyncExitStack() as stack:
        doors = await stack.enter_async_context(street(hub))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        yield Place(hub, doors, http, stack)
