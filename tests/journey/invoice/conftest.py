"""A hub with a CRM, its doors, and a caller with keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
import pytest_asyncio

from crossdock.model.connection import Connection
from crossdock.wiring import Hub
from tests.journey.doors.street import Answer, Street
from tests.support.hub import add_connection


@pytest_asyncio.fixture
async def crm(hub: Hub) -> Connection:
    """A CRM that nobody calls."""
    return await add_connection(hub, "hubspot", "crm")


class Caller:
    """Calls the API with a key."""

    def __init__(self, doors: Street, key: str) -> None:
        self._doors = doors
        self._key = key

    async def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        told: Mapping[str, str] = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        data = None if body is None else orjson.dumps(body)
        return await self._doors.call(method, f"/api/v1{path}", data, {**told, **headers})


async def key_for(hub: Hub, *scopes: str) -> str:
    """Return a key of some scopes."""
    tenant = await hub.tenants.find()
    return (await hub.keys.add(tenant, f"key of {len(scopes)}", scopes))[1]


@pytest_asyncio.fixture
async def admin(hub: Hub, doors: Street) -> Caller:
    """Whoever may do all."""
    return Caller(doors, await key_for(hub, "admin"))


@pytest_asyncio.fixture
async def clerk(hub: Hub, doors: Street) -> Caller:
    """Whoever reads and writes, and sees no people."""
    return Caller(doors, await key_for(hub, "read", "write"))
