"""A stage with one app, for all tests of reading HubSpot."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from crossdock.settings import Settings
from crossdock.wiring import Hub, open_hub
from tests.journey.hubspot.books import Books, opened
from tests.journey.hubspot.stage import PUBLIC, Place, placed


@pytest_asyncio.fixture
async def hub(settings: Settings) -> AsyncIterator[Hub]:
    """A hub that knows its own address."""
    async with open_hub(settings.model_copy(update={"public_url": PUBLIC, "report_at_hour": -1})) as opened:
        yield opened


@pytest_asyncio.fixture
async def place(hub: Hub) -> AsyncIterator[Place]:
    """The stage."""
    async with placed(hub) as made:
        yield made


@pytest_asyncio.fixture
async def books(place: Place) -> Books:
    """A portal in euros, terms of invoicing, and keys."""
    return await opened(place)
