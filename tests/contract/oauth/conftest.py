"""The server of another author, one for each test: what it has seen is counted."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.contract.oauth.server import Server, authorization_server


@pytest_asyncio.fixture
async def server() -> AsyncIterator[Server]:
    async with authorization_server() as running:
        yield running
