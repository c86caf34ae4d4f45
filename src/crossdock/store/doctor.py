"""What is wrong with the database, in plain words. Looking changes nothing, except that a stopped server is started."""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg

from crossdock.store import binaries, cluster, layout, locks, migrate, partitions, roles
from crossdock.store.absence import TROUBLE
from crossdock.store.database import Database
from crossdock.store.embedded import EmbeddedServer
from crossdock.store.errors import StoreError
from crossdock.store.pools import Connection
from crossdock.store.queries import load
from crossdock.store.settings import StoreSettings

SQL = load(Path(__file__).with_name("sql") / "doctor.sql")
_LEAST_FREE = 1 << 30
_MOST_SKEW = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: ``ok``, or what is wrong and what to do. ``seen`` says what was found when all is well."""

    name: str
    ok: bool
    problem: str = ""
    remedy: str = ""
    seen: str = ""


async def examine(settings: StoreSettings, master_key: Callable[[], Finding]) -> list[Finding]:
    """Run every check that makes sense and return the findings, in the order in which to mend them.

    ``master_key`` looks at the key (the store does not know where it is kept); see :func:`key_file`.
    """
    findings = [master_key()]
    server: EmbeddedServer | None = None
    if settings.database_url is None:
        found, place = _data_dir(settings)
        findings += [_programs(), found]
        if place is not None:
            findings += list(_surroundings(place))
            server = EmbeddedServer(settings.data_dir, run_as=settings.run_as)
    if not all(finding.ok for finding in findings if finding.name in ("programs", "data directory")):
        return findings
    try:
        if server is not None:
            await asyncio.to_thread(server.start)
        findings += await _server(settings, server)
    except StoreError as problem:
        findings.append(Finding("server", False, problem.problem, problem.remedy))
    finally:
        if server is not None:
            await asyncio.to_thread(server.stop)
    return findings


def key_file(path: Path) -> Finding:
    """Check a master key file: it is there, private to its owner, and not beside the data."""
    try:
        info = path.stat()
    except FileNotFoundError:
        return Finding(
            "master key", False, f"{path} does not exist", "put the key back, or start once to make a new one"
        )
    except OSError as problem:
        return Finding("master key", False, f"{path}: {problem.strerror}", "let this user read it")
    if info.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return Finding("master key", False, f"other users may read {path}", f"run: chmod 600 {path}")
    if not os.access(path, os.R_OK):
        return Finding("master key", False, f"this user may not read {path}", "run as the file's owner")
    return Finding("master key", True, seen=str(path))


def _programs() -> Finding:
    try:
        return Finding("programs", True, seen=binaries.version())
    except StoreError as problem:
        return Finding("programs", False, problem.problem, problem.remedy)


def _data_dir(settings: StoreSettings) -> tuple[Finding, layout.Layout | None]:
    try:
        place = layout.settle(settings.data_dir, settings.run_as)
        cluster.check_version(place.pgdata)
    except StoreError as problem:
        return Finding("data directory", False, problem.problem, problem.remedy), None
    return Finding("data directory", True, seen=str(place.data_dir)), place


def _surroundings(place: layout.Layout) -> Iterator[Finding]:
    free = shutil.disk_usage(place.data_dir).free
    yield Finding(
        "disk space",
        free >= _LEAST_FREE,
        f"only {free >> 20} MB are free on the disk of {place.data_dir}",
        "free some space: at 0 nothing more is accepted (nothing is lost)",
        f"{free >> 30} GB free",
    )
    sockets = place.socket_dir()
    yield Finding(
        "socket path",
        layout.fits(sockets),
        f"the socket's path is too long for this system: {sockets}",
        "set CROSSDOCK_DATA_DIR to a shorter path",
        str(sockets),
    )
    yield _locks(place)


def _locks(place: layout.Layout) -> Finding:
    """A leftover pid file or lock file blocks nothing; a lock that is held for long does."""
    if not place.start_lock.exists():
        return Finding("locks", True, seen="never started yet")
    descriptor = locks.open_lock(place.start_lock, place.file_owner)
    try:
        if not locks.take_within(descriptor, 3.0):
            return Finding(
                "locks",
                False,
                f"another process holds {place.start_lock}: it is starting or stopping the server",
                f"wait; if it stays so, find it with: fuser {place.start_lock}",
            )
    finally:
        os.close(descriptor)
    stale = cluster.read_pid_file(place.pgdata)
    return Finding("locks", True, seen="free" if stale is None else f"server pid {stale.pid} on file")


async def _server(settings: StoreSettings, server: EmbeddedServer | None) -> list[Finding]:
    if server is not None:
        await asyncio.to_thread(migrate.ensure_database, server.url(), settings.database)
    url = server.url(settings.database) if server else settings.listen_url or settings.database_url
    try:
        conn = await asyncpg.connect(url, timeout=settings.connect_timeout_s)
    except (*TROUBLE, ValueError) as problem:
        said = type(problem).__name__
        return [Finding("server", False, f"the server does not let us in: {said}", "check CROSSDOCK_DATABASE_URL")]
    try:
        findings = [Finding("server", True, seen=f"PostgreSQL {conn.get_server_version().major}")]
        findings += [
            await _durability(conn),
            await _connections(conn, settings),
            await _clock(conn),
            await _roles(conn),
        ]
        findings += await _schema(conn, settings, server)
    finally:
        conn.terminate()
    return findings


async def _durability(conn: Connection) -> Finding:
    row = await conn.fetchrow(SQL["durability"])
    off = [name for name in ("fsync", "full_page_writes", "synchronous_commit") if row[name] == "off"]
    return Finding(
        "durability",
        not off,
        f"{', '.join(off)} is off: what was acknowledged can be lost in a crash",
        "switch it on in the server's configuration",
        "fsync and synchronous_commit are on",
    )


async def _connections(conn: Connection, settings: StoreSettings) -> Finding:
    each = settings.engine_pool + settings.app_pool + 2
    row = await conn.fetchrow(SQL["connections"])
    return Finding(
        "connections",
        row["used"] < row["most"] * 0.9,
        f"{row['used']} of {row['most']} connections are in use",
        "raise max_connections, lower CROSSDOCK_POOL_SIZE, or put a pooler in front",
        f"{row['used']} of {row['most']} are in use; one process opens at most {each} (pools {settings.engine_pool} and"
        f" {settings.app_pool}, ears, maintenance)",
    )


async def _clock(conn: Connection) -> Finding:
    before = datetime.now(UTC)
    theirs: datetime = await conn.fetchval(SQL["clock"])
    skew = max(before - theirs, theirs - datetime.now(UTC), timedelta())
    return Finding(
        "clock",
        skew <= _MOST_SKEW,
        f"this machine's clock and the database's differ by {skew.total_seconds():.1f} s",
        "let both use NTP",
        "in step with the database",
    )


async def _roles(conn: Connection) -> Finding:
    rows = {row["name"]: row["too_strong"] for row in await conn.fetch(SQL["roles"])}
    strong = [name for name, too in rows.items() if too]
    missing = [name for name in roles.ALL if name not in rows]
    if strong:
        remedy = f"run: ALTER ROLE {strong[0]} NOSUPERUSER NOBYPASSRLS"
        return Finding("roles", False, f"{', '.join(strong)} bypasses row-level security", remedy)
    return Finding(
        "roles",
        not missing,
        f"{', '.join(missing)} does not exist",
        "start crossdock once with a user that may create roles",
        "none is a superuser",
    )


async def _schema(conn: Connection, settings: StoreSettings, server: EmbeddedServer | None) -> list[Finding]:
    try:
        version = await migrate.require_known_schema(conn)
    except StoreError as problem:
        return [Finding("schema", False, problem.problem, problem.remedy)]
    checks: list[Finding] = [Finding("schema", True, seen=version)]
    lookers: tuple[Callable[[], Awaitable[Finding]], ...] = (
        lambda: _partitions(conn),
        lambda: _owner(settings, server),
    )
    checks += [await look() for look in lookers]
    return checks


async def _partitions(conn: Connection) -> Finding:
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    behind = [
        row["name"]
        for row in await conn.fetch(partitions.SQL["partitioned_tables"])
        if partitions.name_of(row["name"], tomorrow) not in row["partitions"]
    ]
    return Finding(
        "partitions",
        not behind,
        f"no partition is made ahead for {', '.join(behind)} (rows go to the default partition, nothing is lost)",
        "keep a worker running: it makes them",
        "made ahead",
    )


async def _owner(settings: StoreSettings, server: EmbeddedServer | None) -> Finding:
    try:
        async with Database(settings, server).owner():
            return Finding("maintenance", True, seen="the owner's role can be taken")
    except StoreError as problem:
        return Finding("maintenance", False, f"crossdock_owner cannot be used: {problem.problem}", problem.remedy)
