"""A stage of one shop whose orders stand in the CRM already."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from crossdock.connectors.woocommerce.sandbox import generate
from crossdock.wiring import Hub
from tests.journey.reconcile.stage import ORDERS, Stage, staged
from tests.support.hub import working


@pytest_asyncio.fixture
async def stage(hub: Hub) -> AsyncIterator[Stage]:
    """One shop, brought over; a worker runs."""
    async with staged(hub, generate(ORDERS, 5)) as made, working(hub):
        await made.fill()
        yield made
