"""The street between a shop and a receiver, for pages that show what goes along it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from crossdock.wiring import Hub
from tests.support.traffic import Street, open_street


@pytest_asyncio.fixture
async def street(hub: Hub) -> AsyncIterator[Street]:
    """A street on the test's own hub."""
    async with open_street(hub) as opened:
        yield opened
