"""Migrations: Alembic keeps the order, the SQL stands in ``migrations/sql/NNNN_<pre|post>_<what>.sql``.

*pre* expands (old and new programs run on it), *post* contracts (only after every old program is gone). One migrator
at a time, by an advisory lock; statements wait at most five seconds for a lock of the tables, then the migration is
rolled back and tried again, so that it never queues up the traffic behind it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import psycopg

from crossdock.store import roles
from crossdock.store.errors import ConnectionLost, MigrationFailed, SchemaUnknown
from crossdock.store.pools import Connection
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("sql") / "migrate.sql")
MIGRATIONS = Path(__file__).with_name("migrations")
_LOCK_WAIT_S = 120.0
_ATTEMPTS = 6


@dataclass(frozen=True, slots=True)
class Step:
    """One migration: ``0001``, pre or post, and what it does."""

    version: str
    stage: Literal["pre", "post"]
    name: str


def steps(migrations: Path = MIGRATIONS) -> list[Step]:
    """Return the migrations this program knows, oldest first, by the names of their SQL files."""
    found = []
    for file in sorted((migrations / "sql").glob("*.sql")):
        version, stage, name = file.stem.split("_", 2)
        if stage not in ("pre", "post"):
            raise MigrationFailed(f"{file.name} is neither pre nor post", "name it NNNN_pre_... or NNNN_post_...")
        found.append(Step(version, "pre" if stage == "pre" else "post", name))
    return found


def known_versions(migrations: Path = MIGRATIONS) -> list[str]:
    """Return the schema versions this program can run on: its last *pre* migration and all *post* after it."""
    known = steps(migrations)
    last_pre = max(i for i, step in enumerate(known) if step.stage == "pre")
    return [step.version for step in known[last_pre:]]


async def current(conn: Connection) -> str | None:
    """Return the database's schema version; None when it has no schema yet."""
    if not await conn.fetchval(SQL["version_table"]):
        return None
    found: str | None = await conn.fetchval(SQL["version"])
    return found


async def require_known_schema(conn: Connection, migrations: Path = MIGRATIONS) -> str:
    """Return the version, or raise :class:`SchemaUnknown` when this program does not know it."""
    found = await current(conn)
    refuse_unknown(found, migrations)
    return found or ""


def refuse_unknown(found: str | None, migrations: Path = MIGRATIONS) -> None:
    """Raise :class:`SchemaUnknown` unless this program runs on schema version ``found``."""
    known = known_versions(migrations)
    if found in known:
        return
    if found is None or found < known[0]:
        raise SchemaUnknown(
            f"the database's schema is {found or 'empty'}, older than this program's ({known[-1]})",
            "run: crossdock serve (it migrates), or start one node with migrations switched on",
        )
    raise SchemaUnknown(
        f"the database's schema is {found}, newer than this program knows ({known[-1]})",
        "install the crossdock version that made it, or a newer one",
    )


def upgrade(
    url: str,
    *,
    login: bool = False,
    stage: Literal["pre", "all"] = "all",
    to: str | None = None,
    migrations: Path = MIGRATIONS,
) -> str:
    """Create the roles and bring the schema to the newest version; returns it. Safe to call from many at once.

    ``url`` is a direct one (no transaction pooler): the lock belongs to the session. ``stage="pre"`` leaves trailing
    *post* migrations for later; ``to`` stops at a version. A newer schema is refused. Blocking: call it in a thread.
    Raises :class:`ConnectionLost`, :class:`RolesMissing`, :class:`SchemaUnknown`, :class:`MigrationFailed`.
    """
    try:
        conn = psycopg.connect(url, autocommit=True, connect_timeout=10, application_name="crossdock/migrate")
    except psycopg.ProgrammingError:
        # libpq's text repeats a part of the URL
        raise ConnectionLost("the database's URL is malformed", "correct CROSSDOCK_DATABASE_URL") from None
    except psycopg.OperationalError as problem:
        raise ConnectionLost(
            f"the database cannot be reached: {_safe(problem)}", "check CROSSDOCK_DATABASE_URL"
        ) from None
    with conn:
        _lock(conn)
        try:
            roles.bootstrap(conn, login=login)
            known = steps(migrations)
            found = _current(conn)
            if found is not None and found > known[-1].version:
                refuse_unknown(found, migrations)
            wanted = to or (known_versions(migrations)[0] if stage == "pre" else known[-1].version)
            if found is None or found < wanted:
                conn.execute(f"SET ROLE {roles.OWNER}".encode())
                conn.execute(b"SET lock_timeout = '5s'")
                _run(conn, wanted, migrations)
                conn.autocommit = True
                conn.execute(SQL["show_version"].encode())
                conn.execute(b"RESET ROLE")
            _tend_feed(conn)
            return _current(conn) or ""
        finally:
            if not conn.closed:
                conn.autocommit = True
                conn.execute(SQL["unlock"].encode())


def _tend_feed(conn: psycopg.Connection[Any]) -> None:
    """Begin a new era of the feed of changes when the database stands in another cluster than before (a restore)."""
    present = conn.execute(SQL["feed_of_changes"].encode()).fetchone()
    if present is not None and present[0]:
        conn.execute(f"SET ROLE {roles.OWNER}".encode())
        conn.execute(SQL["tend_feed_era"].encode())
        conn.execute(b"RESET ROLE")


def _lock(conn: psycopg.Connection[Any]) -> None:
    end = time.monotonic() + _LOCK_WAIT_S
    # asked again and again instead of waiting inside one statement: a waiting statement holds a snapshot, which would
    # stop the other migrator's CREATE INDEX CONCURRENTLY for ever
    while True:
        row = conn.execute(SQL["try_lock"].encode()).fetchone()
        if row is not None and row[0]:
            return
        if time.monotonic() > end:
            raise MigrationFailed(
                f"another process has been migrating for {_LOCK_WAIT_S:.0f} s", "wait for it to end, then start again"
            )
        time.sleep(0.05)


def _current(conn: psycopg.Connection[Any]) -> str | None:
    present = conn.execute(SQL["version_table"].encode()).fetchone()
    if present is None or not present[0]:
        return None
    row = conn.execute(SQL["version"].encode()).fetchone()
    return str(row[0]) if row else None


def _run(conn: psycopg.Connection[Any], wanted: str, migrations: Path) -> None:
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            _alembic(conn, wanted, migrations)
        except Exception as problem:
            cause = _database_error(problem)
            if cause is None:
                raise
            if isinstance(cause, psycopg.errors.LockNotAvailable) and attempt < _ATTEMPTS:
                conn.rollback()
                time.sleep(0.2 * attempt)
                continue
            if not conn.closed:
                conn.rollback()
            raise MigrationFailed(
                f"a migration towards {wanted} failed and was rolled back: {_safe(cause)}",
                "nothing of it was kept; start again when the cause is gone",
            ) from cause
        else:
            return


def _alembic(conn: psycopg.Connection[Any], wanted: str, migrations: Path) -> None:
    # imported late: a start that has nothing to migrate does not pay for it
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine
    from sqlalchemy.pool import StaticPool

    conn.autocommit = False
    engine = create_engine("postgresql+psycopg://", creator=lambda: conn, poolclass=StaticPool)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", str(migrations / "versions").replace("%", "%%"))
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, wanted)
        connection.commit()


def _database_error(problem: BaseException) -> psycopg.Error | None:
    seen: BaseException | None = problem
    while seen is not None:
        if isinstance(seen, psycopg.Error):
            return seen
        seen = getattr(seen, "orig", None) or seen.__cause__
    return None


def _safe(problem: psycopg.Error) -> str:
    """Return the server's own first line: libpq's text may repeat the URL's parts, its password never."""
    return (problem.diag.message_primary or str(problem).splitlines()[0] if str(problem) else type(problem).__name__)[
        :300
    ]


def ensure_database(admin_url: str, name: str) -> None:
    """Create a database unless there is one of that name (the embedded server's superuser calls it)."""
    with psycopg.connect(admin_url, autocommit=True) as conn:
        row = conn.execute(b"SELECT 1 FROM pg_catalog.pg_database WHERE datname = %s", (name,)).fetchone()
        if row is None:
            quoted = '"' + name.replace('"', '""') + '"'
            try:
                conn.execute(f"CREATE DATABASE {quoted}".encode())
            except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                return
