"""Pools, roles, tenants and the loss of connections."""

from __future__ import annotations

import asyncio
import dataclasses
import uuid

import asyncpg
import pytest

from crossdock.kit.ids import new_id
from crossdock.store import migrate
from crossdock.store.database import Database
from crossdock.store.errors import ConnectionLost, RolesMissing
from crossdock.store.settings import StoreSettings
from tests.support.database import TestServer, with_login


async def _tenant(database: Database) -> uuid.UUID:
    tenant = new_id()
    async with database.engine() as conn:
        await conn.execute("INSERT INTO tenant (tenant_id, slug, name) VALUES ($1, $2, 'T')", tenant, tenant.hex)
    return tenant


async def test_each_pool_acts_in_its_role(database: Database) -> None:
    async with database.engine() as conn:
        assert await conn.fetchval("SELECT current_user::text") == "crossdock_engine"
    async with database.tenant(new_id()) as conn:
        assert await conn.fetchval("SELECT current_user::text") == "crossdock_app"
    async with database.owner() as conn:
        assert await conn.fetchval("SELECT current_user::text") == "crossdock_owner"


async def test_a_tenant_sees_its_own_rows_only(database: Database) -> None:
    one, other = await _tenant(database), await _tenant(database)
    async with database.tenant(one) as conn:
        assert [row["tenant_id"] for row in await conn.fetch("SELECT tenant_id FROM tenant")] == [one]
    async with database.tenant(other) as conn:
        assert [row["tenant_id"] for row in await conn.fetch("SELECT tenant_id FROM tenant")] == [other]
    async with database.tenant(new_id()) as conn:
        assert await conn.fetch("SELECT 1 FROM tenant") == []


async def test_the_tenant_does_not_outlive_its_transaction(database: Database) -> None:
    one = await _tenant(database)
    async with database.tenant(one) as conn:
        assert await conn.fetchval("SELECT count(*) FROM tenant") == 1
    connection = await database.connect("crossdock_app")
    try:
        assert await connection.fetchval("SELECT count(*) FROM tenant") == 0
    finally:
        await connection.close()


async def test_the_owner_sees_no_tenants_rows(database: Database) -> None:
    await _tenant(database)
    async with database.owner() as conn:
        assert await conn.fetchval("SELECT count(*) FROM tenant") == 0


async def test_a_transaction_rolls_back_on_error(database: Database) -> None:
    async def fail() -> None:
        async with database.transaction() as conn:
            await conn.execute("INSERT INTO tenant (tenant_id, slug, name) VALUES ($1, 'x', 'X')", new_id())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with database.engine() as conn:
        assert await conn.fetchval("SELECT count(*) FROM tenant") == 0


async def test_a_killed_connection_is_a_lost_one_and_the_next_use_connects_anew(
    database: Database, postgres: TestServer
) -> None:
    async def be_killed() -> None:
        async with database.engine() as conn:
            pid = await conn.fetchval("SELECT pg_backend_pid()")
            postgres.admin("SELECT pg_terminate_backend(%s, 2000)", pid)
            await conn.fetchval("SELECT 1")

    with pytest.raises(ConnectionLost) as caught:
        await be_killed()
    assert isinstance(caught.value, OSError)
    assert caught.value.remedy
    async with database.engine() as conn:
        assert await conn.fetchval("SELECT 1") == 1


async def test_errors_of_a_statement_stay_what_they_are(database: Database) -> None:
    with pytest.raises(asyncpg.UndefinedTableError):
        async with database.engine() as conn:
            await conn.execute("SELECT * FROM nowhere")


async def test_a_full_pool_is_told_as_such(store_settings: StoreSettings) -> None:
    small = dataclasses.replace(store_settings, engine_pool=1, connect_timeout_s=0.2)
    async with Database.open(small) as database, database.engine():
        with pytest.raises(ConnectionLost, match="came free"):
            await asyncio.create_task(_another(database))


async def _another(database: Database) -> None:
    async with database.engine():
        pass


async def test_listen_hears_and_survives_a_lost_connection(database: Database, postgres: TestServer) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()
    unlisten = await database.listen("crossdock_lane", heard.put_nowait)
    try:
        async with asyncio.timeout(60):
            assert await heard.get() == ""
            async with database.engine() as conn:
                await conn.execute("SELECT pg_notify('crossdock_lane', 'one')")
            assert await heard.get() == "one"
            postgres.admin(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%%' AND datname = %s",
                database.settings.database,
            )
            assert await heard.get() == ""
            async with database.engine() as conn:
                await conn.execute("SELECT pg_notify('crossdock_lane', 'two')")
            assert await heard.get() == "two"
    finally:
        await unlisten()


async def test_behind_a_transaction_pooler_logins_carry_the_roles(
    store_settings: StoreSettings, postgres: TestServer
) -> None:
    """What a pooler needs: no parameters of the session, no prepared statements by name, roles by login."""
    suffix = uuid.uuid4().hex[:8]
    urls = {}
    for role in ("engine", "app"):
        login = f"pooled_{role}_{suffix}"
        postgres.admin(f"CREATE ROLE {login} LOGIN PASSWORD 'of-{role}' IN ROLE crossdock_{role}")
        postgres.admin(f"ALTER ROLE {login} SET role = 'crossdock_{role}'")
        urls[role] = with_login(str(store_settings.database_url), login, f"of-{role}")
    pooled = dataclasses.replace(
        store_settings,
        database_url=urls["engine"],
        app_url=urls["app"],
        listen_url=store_settings.database_url,
        transaction_pooling=True,
    )
    try:
        async with Database.open(pooled) as database:
            async with database.engine() as conn:
                assert await conn.fetchval("SELECT current_user::text") == "crossdock_engine"
            async with database.tenant(new_id()) as tenants:
                assert await tenants.fetchval("SELECT current_user::text") == "crossdock_app"
        with pytest.raises(RolesMissing, match="crossdock_app"):
            async with Database.open(dataclasses.replace(pooled, app_url=None)):
                pass
    finally:
        for role in urls:
            postgres.admin(f"DROP ROLE pooled_{role}_{suffix}")


async def test_settings_do_not_show_passwords() -> None:
    shown = repr(StoreSettings(data_dir=migrate.MIGRATIONS, database_url="postgresql://u:hush@h/d"))
    assert "hush" not in shown
