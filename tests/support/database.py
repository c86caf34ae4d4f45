"""A real PostgreSQL for the tests: one embedded server a run, a fresh migrated database a test.

Set ``CROSSDOCK_TEST_DATABASE_URL`` to a superuser's URL to run the same tests on an external server. A database a test
is a copy of a migrated one (CREATE DATABASE ... TEMPLATE), so it costs tens of milliseconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
import pytest_asyncio

from crossdock.store import migrate, partitions
from crossdock.store.database import Database
from crossdock.store.embedded import EmbeddedServer
from crossdock.store.settings import StoreSettings
from tests.support import machine
from tests.support.process import running

_AT_THE_END = """
trap 'pid=$(head -n 1 "$0"/postmaster.pid) && kill -QUIT "$pid" && sleep 1; exit' TERM
tail -f /dev/null & wait
"""
"""Ends a server that nobody has stopped: then its folder can be removed."""


@dataclass(frozen=True)
class TestServer:
    """A server that tests make databases on; ``embedded`` is None when it is external."""

    __test__ = False

    admin_url: str
    template: str
    embedded: EmbeddedServer | None

    def url(self, database: str) -> str:
        """Return the admin's URL of another database of the server."""
        return with_database(self.admin_url, database)

    def admin(self, statement: str, *values: object, database: str | None = None) -> list[tuple[Any, ...]]:
        """Run a statement as the server's superuser and return its rows."""
        url = self.url(database) if database else self.admin_url
        with psycopg.connect(url, autocommit=True) as conn:
            cursor = conn.execute(statement.encode(), values or None)
            return cursor.fetchall() if cursor.description else []

    def create(self, template: str | None = None) -> str:
        """Make a database (a copy of the migrated template) and return its name."""
        name = f"test_{uuid.uuid4().hex[:12]}"
        self.admin(f"CREATE DATABASE {name} TEMPLATE {template or self.template}")
        return name

    def drop(self, name: str) -> None:
        """Remove a database, whoever is still connected."""
        self.admin(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def with_database(url: str, database: str) -> str:
    """Return the URL with another database name."""
    parts = urlsplit(url)
    # not _replace: urlunsplit drops the // of an empty host
    return urlunsplit((parts.scheme, parts.netloc, f"/{database}", parts.query, ""))


def with_login(url: str, user: str, password: str) -> str:
    """Return the URL with another user."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, f"{user}:{password}@{host}", parts.path, parts.query, ""))


@pytest.fixture(scope="session")
def open_tmp() -> Iterator[Path]:
    """A temporary directory that other users may enter: as root, PostgreSQL runs as another user."""
    # /var/tmp is on a disk where /tmp may be memory
    path = Path(tempfile.mkdtemp(prefix="crossdock-test-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[TestServer]:
    """The server of this test run, with a migrated template database."""
    with passing_server() as server:
        yield server


@contextlib.contextmanager
def passing_server() -> Iterator[TestServer]:
    """Serve databases from a folder that goes, and its server with it, even when this process is killed."""
    with contextlib.ExitStack() as stack:
        home = stack.enter_context(machine.quick_folder("crossdock-test-"))
        command = ["sh", "-c", _AT_THE_END, str(home / "server" / "pgdata")]
        stack.enter_context(running(command, Path(os.devnull), remove=home))
        yield stack.enter_context(serving_databases(home))


@contextlib.contextmanager
def serving_databases(home: Path, *, own: bool = False) -> Iterator[TestServer]:
    """Serve databases from a directory that other users may enter, or from the external server that is given.

    ``own``: an embedded one in any case, for whoever is going to kill it.
    """
    given = None if own else os.environ.get("CROSSDOCK_TEST_DATABASE_URL")
    template = f"template_{uuid.uuid4().hex[:12]}"
    if given:
        server = TestServer(given, template, None)
        try:
            _make_template(server)
            yield server
        finally:
            server.drop(template)
        return
    with EmbeddedServer(home / "server") as embedded:
        server = TestServer(embedded.url(), template, embedded)
        _make_template(server)
        yield server


def _make_template(server: TestServer) -> None:
    migrate.ensure_database(server.admin_url, server.template)
    migrate.upgrade(server.url(server.template), login=server.embedded is not None)
    settings = StoreSettings(Path("/nonexistent"), database_url=server.url(server.template))

    async def ahead() -> None:
        database = Database(settings, None)
        async with database.owner() as owner:
            await partitions.ensure_ahead(owner)

    asyncio.run(ahead())


@pytest.fixture
def store_settings(postgres: TestServer, tmp_path: Path) -> Iterator[StoreSettings]:
    """Settings of a fresh, migrated database (over its URL; usable from other processes too)."""
    name = postgres.create()
    yield StoreSettings(tmp_path / "data", database_url=postgres.url(name), database=name, engine_pool=6, app_pool=2)
    postgres.drop(name)


@pytest.fixture
def database_url(store_settings: StoreSettings) -> str:
    """The URL of the test's own database, as ``CROSSDOCK_DATABASE_URL`` takes it."""
    assert store_settings.database_url is not None
    return store_settings.database_url


@pytest_asyncio.fixture
async def database(store_settings: StoreSettings) -> AsyncIterator[Database]:
    """An open database, fresh and migrated."""
    async with Database.open(store_settings, migrate_schema=False) as opened:
        yield opened
