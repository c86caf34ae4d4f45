"""Migrations: one at a time, known or refused, rolled back whole; roles by an ordinary user and by an administrator."""

from __future__ import annotations

import dataclasses
import textwrap
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from crossdock.store import migrate, roles, schema
from crossdock.store.database import Database
from crossdock.store.errors import ConnectionLost, MigrationFailed, RolesMissing, SchemaUnknown
from crossdock.store.settings import StoreSettings
from tests.support.database import TestServer, with_login


@pytest.fixture
def empty(postgres: TestServer) -> Iterator[str]:
    """The URL of an empty database."""
    name = postgres.create("template0")
    yield postgres.url(name)
    postgres.drop(name)


def write(home: Path, **files: str) -> Path:
    """Write migrations ``v0001_pre_x="SQL"`` with their thin revisions."""
    (home / "sql").mkdir(parents=True, exist_ok=True)
    (home / "versions").mkdir(exist_ok=True)
    before = None
    for name, sql in sorted(files.items()):
        version = name[1:5]
        (home / "sql" / f"{name[1:]}.sql").write_text(sql)
        (home / "versions" / f"{name}.py").write_text(
            textwrap.dedent(f"""
            from crossdock.store.migrations.run import run_sql
            revision = {version!r}
            down_revision = {before!r}
            def upgrade() -> None:
                run_sql(__file__)
            """)
        )
        before = version
    return home


def test_two_at_once_do_it_once(empty: str, tmp_path: Path) -> None:
    home = write(tmp_path, v0001_pre_one="CREATE TABLE one (id int); INSERT INTO one VALUES (1), (100 % 7);")
    together = threading.Barrier(3)

    def run(_number: int) -> str:
        together.wait()
        return migrate.upgrade(empty, migrations=home)

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(run, range(3))) == ["0001"] * 3
    with psycopg.connect(empty) as conn:
        assert conn.execute(
            "SELECT count(*), max(tableowner) FROM one, pg_tables WHERE tablename = 'one'"
        ).fetchone() == (
            2,
            "crossdock_owner",
        )


def test_a_failed_migration_leaves_nothing(empty: str, tmp_path: Path) -> None:
    home = write(tmp_path, v0001_pre_one="CREATE TABLE one (id int);")
    migrate.upgrade(empty, migrations=home)
    write(tmp_path, v0001_pre_one="", v0002_pre_bad="CREATE TABLE two (id int); SELECT 1/0;")
    with pytest.raises(MigrationFailed, match="division by zero"):
        migrate.upgrade(empty, migrations=home)
    with psycopg.connect(empty) as conn:
        assert conn.execute("SELECT to_regclass('two'), (SELECT version_num FROM alembic_version)").fetchone() == (
            None,
            "0001",
        )


def test_pre_runs_without_post_and_both_are_known(empty: str, tmp_path: Path) -> None:
    home = write(
        tmp_path,
        v0001_pre_one="CREATE TABLE one (id int, old int);",
        v0002_pre_two="ALTER TABLE one ADD fresh int;",
        v0003_post_three="ALTER TABLE one DROP old;",
    )
    assert migrate.known_versions(home) == ["0002", "0003"]
    assert migrate.upgrade(empty, stage="pre", migrations=home) == "0002"
    migrate.refuse_unknown("0002", home)
    assert migrate.upgrade(empty, migrations=home) == "0003"
    with pytest.raises(SchemaUnknown, match="older"):
        migrate.refuse_unknown("0001", home)
    with pytest.raises(SchemaUnknown, match="newer"):
        migrate.refuse_unknown("0004", home)
    assert migrate.upgrade(empty, stage="pre", migrations=home) == "0003"


def test_a_newer_schema_is_refused(empty: str, tmp_path: Path) -> None:
    newer = write(tmp_path / "newer", v0001_pre_one="SELECT 1;", v0002_pre_two="SELECT 1;")
    older = write(tmp_path / "older", v0001_pre_one="SELECT 1;")
    migrate.upgrade(empty, migrations=newer)
    with pytest.raises(SchemaUnknown, match="newer"):
        migrate.upgrade(empty, migrations=older)


def test_an_index_can_be_built_while_the_table_is_used(empty: str, tmp_path: Path) -> None:
    home = write(
        tmp_path,
        v0001_pre_one="CREATE TABLE one (id int);",
        v0002_pre_index="-- alone\nCREATE INDEX CONCURRENTLY one_id ON one (id);",
    )
    assert migrate.upgrade(empty, migrations=home) == "0002"


def test_a_name_without_a_stage_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MigrationFailed, match="neither pre nor post"):
        migrate.steps(write(tmp_path, v0001_mid_one="SELECT 1;"))


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConnectionLost) as caught:
        migrate.upgrade(f"postgresql://me:hush@/none?host={tmp_path}")
    assert "hush" not in str(caught.value)
    with pytest.raises(ConnectionLost, match="malformed") as caught:
        migrate.upgrade("postgresql://me:hush@[/none")
    assert "hush" not in str(caught.value)


async def test_an_old_or_newer_schema_keeps_a_node_out(store_settings: StoreSettings, postgres: TestServer) -> None:
    known = migrate.steps()[-1].version
    postgres.admin("UPDATE alembic_version SET version_num = '9999'", database=store_settings.database)
    for migrating in (True, False):
        with pytest.raises(SchemaUnknown, match="9999, newer"):
            await Database.start(store_settings, migrate_schema=migrating)
    postgres.admin("DROP TABLE alembic_version", database=store_settings.database)
    with pytest.raises(SchemaUnknown, match=f"empty, older than this program's \\({known}\\)"):
        await Database.start(store_settings, migrate_schema=False)


def test_migrated_step_by_step_is_the_same_as_fresh(postgres: TestServer, store_settings: StoreSettings) -> None:
    name = postgres.create("template0")
    try:
        for step in migrate.steps():
            assert migrate.upgrade(postgres.url(name), to=step.version) == step.version
        stepped = schema.schema_dump(postgres.url(name))
        fresh = schema.schema_dump(str(store_settings.database_url))
        assert "FORCE ROW LEVEL SECURITY" in fresh
        assert stepped.splitlines() == fresh.splitlines()
    finally:
        postgres.drop(name)


async def test_an_ordinary_user_with_createrole_sets_everything_up(postgres: TestServer) -> None:
    user = f"maker_{uuid.uuid4().hex[:8]}"
    name = postgres.create("template0")
    postgres.admin(f"CREATE ROLE {user} LOGIN CREATEROLE PASSWORD 'x'")
    for role in roles.ALL:
        postgres.admin(f"GRANT {role} TO {user} WITH ADMIN OPTION")
    postgres.admin(f"ALTER DATABASE {name} OWNER TO {user}")
    url = with_login(postgres.url(name), user, "x")
    try:
        settings = StoreSettings(Path("/nonexistent"), database_url=url)
        async with Database.open(settings) as database, database.engine() as conn:
            assert await conn.fetchval("SELECT count(*) FROM tenant") == 0
    finally:
        postgres.drop(name)
        postgres.admin(f"DROP ROLE {user}")


def test_a_user_who_may_not_is_told_the_sql(postgres: TestServer) -> None:
    user = f"plain_{uuid.uuid4().hex[:8]}"
    name = postgres.create("template0")
    postgres.admin(f"CREATE ROLE {user} LOGIN PASSWORD 'x'")
    url = with_login(postgres.url(name), user, "x")
    try:
        with pytest.raises(RolesMissing) as caught:
            migrate.upgrade(url)
        statements = caught.value.remedy.partition("\n")[2].splitlines()
        assert f'GRANT crossdock_owner, crossdock_engine, crossdock_app TO "{user}";' in statements
        for statement in statements:
            if not statement.startswith("CREATE ROLE"):
                postgres.admin(statement, database=name)
        assert migrate.upgrade(url) == migrate.steps()[-1].version
    finally:
        postgres.drop(name)
        postgres.admin(f"DROP ROLE {user}")


def test_a_role_that_is_too_strong_is_refused(postgres: TestServer, empty: str) -> None:
    postgres.admin("ALTER ROLE crossdock_app BYPASSRLS")
    try:
        with pytest.raises(RolesMissing, match="crossdock_app is a superuser or bypasses"):
            migrate.upgrade(empty)
    finally:
        postgres.admin("ALTER ROLE crossdock_app NOBYPASSRLS")


async def test_the_same_code_on_an_external_server(database: Database) -> None:
    external = dataclasses.replace(database.settings, engine_pool=2)
    async with Database.open(external) as other:
        assert other.server is None
        async with other.engine() as conn:
            assert await conn.fetchval("SELECT current_user::text") == roles.ENGINE
