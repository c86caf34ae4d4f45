"""The desk at a shop whose orders stand in the CRM."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from crossdock.wiring import Hub
from tests.journey.mapping.stage import Desk, desk


@pytest_asyncio.fixture
async def filled(hub: Hub) -> AsyncIterator[Desk]:
    """A desk; everything was brought over."""
    async with desk(hub) as opened:
        yield opened
