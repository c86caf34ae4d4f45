"""Doctor: green when all is well; each trouble is named with its remedy."""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from crossdock.store import locks
from crossdock.store.database import Database
from crossdock.store.doctor import Finding, examine, key_file
from crossdock.store.settings import StoreSettings
from tests.support.database import TestServer


def key_is_there() -> Finding:
    return Finding("master key", True)


async def wrong(settings: StoreSettings) -> dict[str, Finding]:
    return {finding.name: finding for finding in await examine(settings, key_is_there) if not finding.ok}


@pytest.fixture
def home(open_tmp: Path) -> Iterator[Path]:
    path = open_tmp / "doctor"
    yield path
    shutil.rmtree(path, ignore_errors=True)


async def test_all_is_well(home: Path, store_settings: StoreSettings) -> None:
    async with Database.open(StoreSettings(home)):
        assert await wrong(StoreSettings(home)) == {}
    names = [finding.name for finding in await examine(StoreSettings(home), key_is_there)]
    assert {"programs", "data directory", "disk space", "socket path", "locks", "server", "roles"} <= set(names)
    assert await wrong(store_settings) == {}


async def test_a_new_directory_has_no_schema_yet(home: Path) -> None:
    assert set(await wrong(StoreSettings(home))) <= {"schema", "roles"}


async def test_a_wrong_version_and_a_file_in_the_way(home: Path) -> None:
    async with Database.open(StoreSettings(home)):
        pass
    (home / "pgdata" / "PG_VERSION").write_text("16\n")
    assert "PostgreSQL 16" in (await wrong(StoreSettings(home)))["data directory"].problem
    file = home / "a file"
    file.write_text("")
    found = (await wrong(StoreSettings(file)))["data directory"]
    assert "CROSSDOCK_DATA_DIR" in found.remedy


async def test_a_held_lock_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Database.open(StoreSettings(home)):
        descriptor = locks.open_lock(home / "start.lock")
        try:
            assert locks.take(descriptor)
            monkeypatch.setattr("crossdock.store.embedded._LOCK_WAIT_S", 0.2)
            found = await wrong(StoreSettings(home))
        finally:
            os.close(descriptor)
    assert "start.lock" in found["locks"].problem
    assert "starting or stopping" in found["server"].problem


async def test_an_external_server_that_does_not_answer(tmp_path: Path) -> None:
    found = await wrong(StoreSettings(tmp_path, database_url=f"postgresql://me:hush@/x?host={tmp_path}"))
    assert "CROSSDOCK_DATABASE_URL" in found["server"].remedy
    assert "hush" not in repr(found)


async def test_durability_schema_and_partitions(store_settings: StoreSettings, postgres: TestServer) -> None:
    name = store_settings.database
    postgres.admin(f"ALTER DATABASE {name} SET synchronous_commit = off")
    for (partition,) in postgres.admin(
        "SELECT relname::text FROM pg_class WHERE relname LIKE 'event_p%%' AND relkind = 'r'", database=name
    ):
        postgres.admin(f"DROP TABLE {partition}", database=name)
    found = await wrong(store_settings)
    assert set(found) == {"durability", "partitions"}
    assert "synchronous_commit" in found["durability"].problem
    assert "event" in found["partitions"].problem
    postgres.admin("UPDATE alembic_version SET version_num = '9999'", database=name)
    assert "newer" in (await wrong(store_settings))["schema"].problem


def test_the_key_file(tmp_path: Path) -> None:
    file = tmp_path / "master.key"
    assert "does not exist" in key_file(file).problem
    file.write_text("secret")
    file.chmod(0o644)
    assert "chmod 600" in key_file(file).remedy
    file.chmod(0o600)
    assert key_file(file).ok


async def test_a_missing_key_comes_first(store_settings: StoreSettings, tmp_path: Path) -> None:
    findings = await examine(dataclasses.replace(store_settings), lambda: key_file(tmp_path / "none"))
    assert (findings[0].name, findings[0].ok) == ("master key", False)
