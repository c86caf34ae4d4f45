"""A hub with a public address, its open doors, and a paired site in front of them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from crossdock.settings import Settings
from crossdock.wiring import Hub
from tests.journey.doors.street import Street
from tests.journey.hubspot.stage import Place, placed
from tests.journey.plugin.stage import Site, paired


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Let the hub know an address of its own."""
    return settings.model_copy(update={"public_url": "https://hub.example"})


@pytest_asyncio.fixture
async def site(hub: Hub, doors: Street) -> Site:
    """A site without REST keys, paired."""
    return await paired(hub, doors)


@pytest_asyncio.fixture
async def place(hub: Hub) -> AsyncIterator[Place]:
    """Portals and people's hands in them."""
    async with placed(hub) as opened:
        yield opened
