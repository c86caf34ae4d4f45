"""A hub with terms of invoicing, and a CRM to have deals of."""

from __future__ import annotations

import uuid

import pytest_asyncio

from crossdock.flow.invoice import EXAMPLE
from crossdock.wiring import Hub
from tests.support.hub import add_connection


@pytest_asyncio.fixture
async def crm(hub: Hub) -> tuple[uuid.UUID, uuid.UUID]:
    """Set the example's terms; return tenant and CRM."""
    made = await add_connection(hub, "hubspot", "crm")
    await hub.invoicing.terms.put(made.tenant_id, EXAMPLE, actor="test")
    return made.tenant_id, made.id
