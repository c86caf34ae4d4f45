"""Keys, tenants and the master key on a real database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from crossdock.errors import BadInput, Conflict, NotFound, Unauthenticated, WrongMasterKey
from crossdock.govern.vault import new_master_key
from crossdock.settings import Settings
from crossdock.store import migrate
from crossdock.wiring import Hub, open_hub
from tests.support.database import TestServer
from tests.support.hub import add_shop


async def test_tenants_have_names_of_their_own(hub: Hub) -> None:
    assert await hub.tenants.find() == await hub.tenants.find()
    made = await hub.tenants.add("north-1", "North")
    assert await hub.tenants.find("north-1") == made
    for wrong in ("", "Upper", "-a", "a-", "a b", "x" * 64, "a\n"):
        with pytest.raises(BadInput):
            await hub.tenants.add(wrong)
    with pytest.raises(Conflict):
        await hub.tenants.add("north-1")
    with pytest.raises(NotFound):
        await hub.tenants.find("south")
    assert {row["slug"] for row in await hub.tenants.list()} == {"default", "north-1"}


async def test_keys_are_kept_as_hashes_and_end(hub: Hub) -> None:
    tenant = await hub.tenants.find()
    key_id, key = await hub.keys.add(tenant, "robot", ("read",))
    assert (await hub.keys.verify(key)).key_id == key_id
    async with hub.database.engine() as conn:
        assert key.encode() not in await conn.fetchval("SELECT key_hash FROM api_key")
    assert key not in str(await hub.keys.list(tenant))
    for scopes in ((), ("wrong",)):
        with pytest.raises(BadInput):
            await hub.keys.add(tenant, "robot", scopes)
    _, past = await hub.keys.add(tenant, "past", ("read",), datetime.now(UTC) + timedelta(days=1))
    async with hub.database.engine() as conn:
        await conn.execute("UPDATE api_key SET expires_at = now() WHERE name = 'past'")
    other = await hub.tenants.add("other")
    with pytest.raises(NotFound):
        await hub.keys.revoke(other, key_id)
    await hub.keys.revoke(tenant, key_id)
    for ended in (key, past, "cdk_", "", key[4:]):
        with pytest.raises(Unauthenticated):
            await hub.keys.verify(ended)
    with pytest.raises(NotFound):
        await hub.keys.revoke(tenant, key_id)


async def test_a_database_sealed_with_another_key_is_not_touched(settings: Settings) -> None:
    tables = ("connection", "credential", "audit_entry", "vault_key", "tenant", "lane")

    async def kept(hub: Hub) -> list[int]:
        async with hub.database.engine() as conn:
            return [await conn.fetchval(f"SELECT count(*) FROM {table}") for table in tables]

    async with open_hub(settings) as hub:
        await add_shop(hub)
        before = await kept(hub)
    with pytest.raises(WrongMasterKey) as refused:
        async with open_hub(settings.model_copy(update={"master_key": SecretStr(new_master_key())})):
            pytest.fail("it was opened")
    assert "CROSSDOCK_MASTER_KEY" in refused.value.remedy
    async with open_hub(settings) as hub:
        assert await kept(hub) == before
    old = settings.master_key_file.read_text().strip()
    ring = SecretStr(f"{new_master_key()},{old}")
    async with open_hub(settings.model_copy(update={"master_key": ring})) as hub, hub.database.engine() as conn:
        assert await conn.fetchval("SELECT count(*) FROM vault_key") == 2


async def test_the_master_key_is_checked_before_the_schema_is_touched(postgres: TestServer, settings: Settings) -> None:
    name = postgres.create("template0")
    try:
        url = postgres.url(name)
        migrate.upgrade(url, login=postgres.embedded is not None, to="0008")
        postgres.admin("INSERT INTO vault_key VALUES ('00c0ffee', 'another key')", database=name)
        with pytest.raises(WrongMasterKey, match="00c0ffee"):
            async with open_hub(settings.model_copy(update={"database_url": SecretStr(url)})):
                pytest.fail("it was opened")
        assert postgres.admin("SELECT version_num FROM alembic_version", database=name) == [("0008",)]
    finally:
        postgres.drop(name)
