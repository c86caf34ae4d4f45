"""A backup holds invoices as they were issued, and their series goes on behind the last number."""

from __future__ import annotations

import uuid
from pathlib import Path

from pydantic import SecretStr

from crossdock.flow.invoice import credit_of
from crossdock.settings import Settings
from crossdock.store.backup import backup, restore
from crossdock.store.settings import StoreSettings
from crossdock.wiring import Hub, open_hub
from tests.support.database import TestServer
from tests.support.deals import deal


async def test_restored_invoices_are_the_same_and_numbers_go_on(
    hub: Hub, crm: tuple[uuid.UUID, uuid.UUID], settings: Settings, postgres: TestServer, tmp_path: Path
) -> None:
    tenant, connection = crm
    made = [await hub.invoicing.make(tenant, connection, deal(id=f"d{one}"), actor="test") for one in range(3)]
    await hub.invoicing.credit(tenant, made[0].id, credit_of({"reason": "all"}), actor="test")
    before = await hub.invoicing.page(tenant)
    await backup(hub.database, tmp_path / "copy")
    name = postgres.create("template0")
    try:
        empty = StoreSettings(tmp_path / "data", database_url=postgres.url(name), database=name)
        await restore(empty, tmp_path / "copy", opens=lambda *_: True)
        async with open_hub(settings.model_copy(update={"database_url": SecretStr(postgres.url(name))})) as again:
            assert await again.invoicing.page(tenant) == before
            assert all(one.whole for one in await again.invoicing.terms.series(tenant))
            last = await again.invoicing.make(tenant, connection, deal(id="d9"), actor="test")
            assert last.invoice.number.endswith("-00004")
            document = await hub.invoicing.document(tenant, made[1].id)
            assert await again.invoicing.document(tenant, made[1].id) == document
    finally:
        postgres.drop(name)
