"""The doors of the test's own hub, for every journey that comes through them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from crossdock.wiring import Hub
from tests.journey.doors.street import Street, street


@pytest_asyncio.fixture
async def doors(hub: Hub) -> AsyncIterator[Street]:
    """A caller in front of the hub's open doors."""
    async with street(hub) as opened:
        yield opened
