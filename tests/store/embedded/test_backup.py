"""Backup and restore: the same rows, roles and policies; the right key is asked for before anything is touched."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path

import asyncpg
import pytest

from crossdock.kit.ids import new_id
from crossdock.store import schema
from crossdock.store.backup import DUMP, MANIFEST, backup, read_manifest, restore
from crossdock.store.database import Database
from crossdock.store.errors import BackupRefused, SchemaUnknown
from crossdock.store.settings import StoreSettings
from tests.support.database import TestServer, with_login

CHECK = b"0123456789abcdef"


def right_key(key_id: str, check_value: bytes) -> bool:
    return (key_id, check_value) == ("00c0ffee", CHECK)


async def _fill(database: Database) -> None:
    tenant, record = new_id(), new_id()
    async with database.engine() as conn:
        await conn.execute("INSERT INTO tenant (tenant_id, slug, name) VALUES ($1, 'shop', 'Ümlaut')", tenant)
        await conn.execute("INSERT INTO vault_key (key_id, check_value) VALUES ('00c0ffee', $1)", CHECK)
        for number in range(5):
            await conn.execute(
                "INSERT INTO event (id, tenant_id, connection_id, record_id, seq, stream, external_id, type, origin,"
                " verdict, presence, status, digest, body) VALUES ($1, $2, $2, $3, $4, 'orders', '1', 'order.created',"
                " 'pull', 'applied', 'live', '', '', $5)",
                new_id(),
                tenant,
                record,
                number,
                bytes([number]) * 1000,
            )


async def _state(settings: StoreSettings) -> tuple[list[asyncpg.Record], list[asyncpg.Record]]:
    async with Database.open(settings, migrate_schema=False) as database, database.engine() as conn:
        return (
            await conn.fetch("SELECT * FROM tenant ORDER BY tenant_id"),
            await conn.fetch("SELECT * FROM event ORDER BY id"),
        )


@pytest.fixture
def empty(store_settings: StoreSettings, postgres: TestServer) -> StoreSettings:
    name = postgres.create("template0")
    return dataclasses.replace(store_settings, database_url=postgres.url(name), database=name)


async def test_a_restored_database_is_the_same(
    database: Database, empty: StoreSettings, postgres: TestServer, tmp_path: Path
) -> None:
    await _fill(database)
    manifest = await backup(database, tmp_path / "a copy")
    assert (manifest.rows["tenant"], manifest.rows["event"]) == (1, 5)
    assert {path.stat().st_mode & 0o077 for path in (tmp_path / "a copy").iterdir()} == {0}
    assert read_manifest(tmp_path / "a copy") == manifest

    await restore(empty, tmp_path / "a copy", opens=right_key)
    assert await _state(empty) == await _state(database.settings)
    assert schema.schema_dump(str(empty.database_url)) == schema.schema_dump(str(database.settings.database_url))
    async with Database.open(empty) as restored, restored.tenant(new_id()) as conn:
        assert await conn.fetchval("SELECT count(*) FROM event") == 0
    postgres.drop(empty.database)


async def test_nobody_is_logged_in_after_a_restore_and_no_link_is_good(
    database: Database, empty: StoreSettings, postgres: TestServer, tmp_path: Path
) -> None:
    await _fill(database)
    person = new_id()
    async with database.engine() as conn:
        await conn.execute(
            "INSERT INTO person (id, email_hash, key_id, sealed) VALUES ($1, 'x', '00c0ffee', 'x')", person
        )
        await conn.execute(
            "INSERT INTO person_session (id, person_id, token_hash, agent, expires_at)"
            " VALUES ($1, $1, 'x', '', now() + interval '1 day')",
            person,
        )
        await conn.execute(
            "INSERT INTO person_link (id, kind, token_hash, person_id, tenant_id, made_by, expires_at)"
            " SELECT $1, 'invite', 'x', $1, tenant_id, '', now() + interval '1 day' FROM tenant",
            person,
        )
        await conn.execute(
            "INSERT INTO connect_link (id, tenant_id, connector, name, return_url, token_hash, made_by, expires_at)"
            " SELECT $1, tenant_id, 'woocommerce', 'shop', '', 'x', '', now() + interval '1 day' FROM tenant",
            person,
        )
    await backup(database, tmp_path / "copy")
    await restore(empty, tmp_path / "copy", opens=right_key)
    async with Database.open(empty) as restored, restored.engine() as conn:
        assert await conn.fetchval("SELECT count(*) FROM connect_link WHERE revoked_at IS NOT NULL") == 1
        for table, count in (("person", 1), ("person_session", 0), ("person_link", 0)):
            assert await conn.fetchval(f"SELECT count(*) FROM {table}") == count, table
    postgres.drop(empty.database)


async def test_the_missing_key_is_named_before_anything_is_touched(
    database: Database, empty: StoreSettings, postgres: TestServer, tmp_path: Path
) -> None:
    await _fill(database)
    await backup(database, tmp_path / "copy")
    with pytest.raises(BackupRefused, match="00c0ffee"):
        await restore(empty, tmp_path / "copy", opens=lambda _key, _check: False, force=True)
    assert postgres.admin("SELECT count(*) FROM pg_class WHERE relname = 'tenant'", database=empty.database) == [(0,)]
    postgres.drop(empty.database)


async def test_a_full_database_is_replaced_only_by_force(
    database: Database, postgres: TestServer, tmp_path: Path
) -> None:
    await _fill(database)
    settings = database.settings
    await backup(database, tmp_path / "copy")
    async with database.engine() as conn:
        await conn.execute("UPDATE tenant SET name = 'changed'")
    with pytest.raises(BackupRefused, match="not empty"):
        await restore(settings, tmp_path / "copy", opens=right_key)
    with pytest.raises(BackupRefused, match="running"):
        await restore(settings, tmp_path / "copy", opens=right_key, force=True)
    await database.close()
    await restore(settings, tmp_path / "copy", opens=right_key, force=True)
    tenants, events = await _state(settings)
    assert [row["name"] for row in tenants] == ["Ümlaut"]
    assert len(events) == 5


async def test_a_damaged_backup_is_refused(database: Database, empty: StoreSettings, tmp_path: Path) -> None:
    await backup(database, tmp_path / "copy")
    dump = tmp_path / "copy" / DUMP
    whole = dump.read_bytes()
    dump.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(BackupRefused, match="cut short or changed"):
        await restore(empty, tmp_path / "copy", opens=right_key)
    manifest = json.loads((tmp_path / "copy" / MANIFEST).read_text())
    (tmp_path / "copy" / MANIFEST).write_text(json.dumps({**manifest, "schema_version": "9999"}))
    with pytest.raises(SchemaUnknown, match="9999"):
        await restore(empty, tmp_path / "copy", opens=right_key)
    (tmp_path / "copy" / MANIFEST).write_text("{}")
    with pytest.raises(BackupRefused, match="no readable"):
        await restore(empty, tmp_path / "copy", opens=right_key)


async def test_an_existing_target_is_not_overwritten(database: Database, tmp_path: Path) -> None:
    with pytest.raises(BackupRefused, match="already exists"):
        await backup(database, tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(BackupRefused, match="cannot be written"):
        await backup(database, tmp_path / "file" / "below")


async def test_a_user_who_does_not_see_all_rows_cannot_back_up(
    database: Database, postgres: TestServer, tmp_path: Path
) -> None:
    postgres.admin("CREATE ROLE plain_user LOGIN PASSWORD 'x' IN ROLE crossdock_owner, crossdock_engine, crossdock_app")
    try:
        url = with_login(str(database.settings.database_url), "plain_user", "x")
        async with Database.open(dataclasses.replace(database.settings, database_url=url)) as plain:
            with pytest.raises(BackupRefused, match="does not see all rows"):
                await backup(plain, tmp_path / "copy")
        assert not [name for name in os.listdir(tmp_path) if "copy" in name]  # noqa: PTH208
    finally:
        postgres.admin("DROP ROLE plain_user")


async def test_an_embedded_server_is_restored_into_a_new_data_directory(
    database: Database, open_tmp: Path, tmp_path: Path
) -> None:
    await _fill(database)
    await backup(database, tmp_path / "copy")
    fresh = StoreSettings(open_tmp / "restored here")
    await restore(fresh, tmp_path / "copy", opens=right_key)
    assert await _state(fresh) == await _state(database.settings)
