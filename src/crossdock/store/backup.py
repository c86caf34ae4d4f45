"""Backups: a dump, and a manifest that says what is in it and which master keys open it. The keys are not in it."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

import asyncpg
import msgspec

from crossdock.store import binaries, migrate, partitions, programs, roles
from crossdock.store.absence import FAILED, TROUBLE
from crossdock.store.database import Database
from crossdock.store.embedded import EmbeddedServer
from crossdock.store.errors import BackupRefused, ConnectionLost, SchemaUnknown
from crossdock.store.pools import Connection, lost
from crossdock.store.queries import load
from crossdock.store.settings import StoreSettings

SQL = load(Path(__file__).with_name("sql") / "backup.sql")
DUMP = "crossdock.dump"
MANIFEST = "manifest.json"
_MINE = {"application_name": "backup", "timezone": "UTC"}


class KeyNeeded(msgspec.Struct, frozen=True):
    """A master key that rows are sealed with: its id, and a value (hex) that only this key gives."""

    key_id: str
    check_value: str


class Manifest(msgspec.Struct, frozen=True):
    """``manifest.json`` of a backup."""

    format: int
    crossdock_version: str
    schema_version: str
    server_version: str
    created_at: datetime
    keys: tuple[KeyNeeded, ...]
    rows: dict[str, int]
    """Rows by table, in the dump's own snapshot."""
    size: int
    """Bytes of the dump."""
    sha256: str
    """Of the dump, hex."""


async def backup(database: Database, target: Path) -> Manifest:
    """Write a consistent backup into the new directory ``target`` (0700) while everything goes on working.

    Raises :class:`BackupRefused` when ``target`` exists, the user does not see all rows, the server is newer than our
    pg_dump, or the dump fails (nothing is left behind), and :class:`~crossdock.store.errors.ConnectionLost`.
    """
    draft = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        await asyncio.to_thread(_begin, target, draft)
        manifest = await _dump(_admin_url(database.settings, database.server), draft)
        await asyncio.to_thread(_sync, draft)
        draft.rename(target)
    except OSError as problem:
        if isinstance(problem, ConnectionLost):
            raise
        raise BackupRefused(
            f"{target} cannot be written: {problem.strerror}", "free space or name another place"
        ) from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return manifest


def _begin(target: Path, draft: Path) -> None:
    if target.exists():
        raise BackupRefused(f"{target} already exists", "name a directory that does not exist yet")
    draft.mkdir(mode=0o700, parents=True)


async def _dump(url: str, draft: Path) -> Manifest:
    conn = await _connect(url)
    try:
        me = await conn.fetchrow(SQL["me"])
        if not me["sees_all"]:
            raise BackupRefused(
                "the database user does not see all rows (row-level security applies to it), so a dump would be empty",
                "give crossdock backup a CROSSDOCK_DATABASE_URL whose user has BYPASSRLS or is a superuser, or use the "
                "backups of your PostgreSQL provider",
            )
        if me["major"] > binaries.MAJOR:
            raise BackupRefused(
                f"the server is PostgreSQL {me['major']}, newer than our pg_dump {binaries.MAJOR}",
                "use the pg_dump of the server's version",
            )
        version = await migrate.require_known_schema(conn)
        async with conn.transaction(isolation="repeatable_read", readonly=True):
            snapshot = await conn.fetchval(SQL["snapshot"])
            file = draft / DUMP
            arguments = ["--format=custom", "--compress=zstd:3", f"--snapshot={snapshot}"]
            ran = await asyncio.to_thread(programs.run, "pg_dump", url, [*arguments, f"--file={file}"])
            if ran.returncode != 0 and "compression" in ran.stderr:
                arguments[1] = "--compress=gzip:3"
                ran = await asyncio.to_thread(programs.run, "pg_dump", url, [*arguments, f"--file={file}"])
            if ran.returncode != 0:
                raise BackupRefused(f"pg_dump failed: {programs.last_line(ran)}", "look at the server's log, try again")
            manifest = Manifest(
                format=1,
                crossdock_version=installed_version("crossdock"),
                schema_version=version,
                server_version=me["server_version"],
                created_at=datetime.now(UTC),
                keys=tuple(KeyNeeded(r["key_id"], r["check_value"].hex()) for r in await conn.fetch(SQL["keys"])),
                rows=await _count(conn),
                size=file.stat().st_size,
                sha256=await asyncio.to_thread(_digest, file),
            )
    except FAILED as problem:
        raise lost(problem) from problem
    finally:
        conn.terminate()
    file.chmod(0o600)
    written = draft / MANIFEST
    written.write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")
    written.chmod(0o600)
    return manifest


def read_manifest(source: Path) -> Manifest:
    """Read a backup's manifest. Raises :class:`BackupRefused` when ``source`` holds no backup we can read."""
    try:
        manifest = msgspec.json.decode((source / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.MsgspecError) as problem:
        raise BackupRefused(
            f"{source} holds no readable {MANIFEST}", "name the directory a backup was written to"
        ) from problem
    if manifest.format != 1:
        raise BackupRefused(f"the backup has format {manifest.format}, this program reads 1", "use a newer crossdock")
    return manifest


async def restore(
    settings: StoreSettings, source: Path, *, opens: Callable[[str, bytes], bool], force: bool = False
) -> Manifest:
    """Put a backup into an empty database, with roles, policies and grants, and migrate it to this program's schema.

    ``opens(key_id, check_value)`` tells whether a master key at hand has this id and check value. Nothing is touched
    before the manifest, the dump's digest and the keys have been checked. ``force`` empties a database that is not.
    Sessions and one-time links of the backup end: some may have been ended after it was made.
    Raises :class:`BackupRefused`, :class:`SchemaUnknown` and the errors of a start.
    """
    manifest = read_manifest(source)
    await asyncio.to_thread(_check, manifest, source, opens)
    server = None
    if settings.database_url is None:
        server = EmbeddedServer(settings.data_dir, run_as=settings.run_as)
        await asyncio.to_thread(server.start)
    try:
        if server is not None:
            await asyncio.to_thread(migrate.ensure_database, server.url(), settings.database)
        url = _admin_url(settings, server)
        conn = await _connect(url)
        try:
            await _refill(conn, url, source, force=force, login=server is not None)
            rows = await _count_as(conn, manifest)
        except FAILED as problem:
            raise lost(problem) from problem
        finally:
            conn.terminate()
        if rows != manifest.rows:
            wrong = sorted(name for name in manifest.rows if rows.get(name) != manifest.rows[name])
            raise BackupRefused(
                f"after the restore these tables have other row counts: {', '.join(wrong)}", "try again"
            )
        await asyncio.to_thread(migrate.upgrade, url, login=server is not None)
        await _settle(Database(settings, server))
    finally:
        if server is not None:
            await asyncio.to_thread(server.stop)
    return manifest


async def _settle(database: Database) -> None:
    """Make partitions ahead, and let everybody log in anew."""
    async with database.owner() as owner:
        await partitions.ensure_ahead(owner)
    conn = await database.connect(roles.ENGINE)
    try:
        for statement in ("end_logins", "end_links", "withdraw_connect_links"):
            await conn.execute(SQL[statement])
    except FAILED as problem:
        raise lost(problem) from problem
    finally:
        conn.terminate()


def _check(manifest: Manifest, source: Path, opens: Callable[[str, bytes], bool]) -> None:
    missing = [key.key_id for key in manifest.keys if not opens(key.key_id, bytes.fromhex(key.check_value))]
    if missing:
        raise BackupRefused(
            f"the backup is sealed with master key {', '.join(missing)}, which is not at hand (backups never hold it)",
            "set CROSSDOCK_MASTER_KEY or put back the key file that was kept apart, then restore again",
        )
    if manifest.schema_version not in [step.version for step in migrate.steps()]:
        raise SchemaUnknown(
            f"the backup has schema {manifest.schema_version}, which this program does not know",
            f"install crossdock {manifest.crossdock_version} or newer",
        )
    file = source / DUMP
    if not file.is_file() or file.stat().st_size != manifest.size or _digest(file) != manifest.sha256:
        raise BackupRefused(f"{file} is not the file the manifest describes (cut short or changed)", "copy it again")


async def _refill(conn: Connection, url: str, source: Path, *, force: bool, login: bool) -> None:
    if await conn.fetch(SQL["tables"]):
        if not force:
            raise BackupRefused("the database is not empty", "restore with --force to replace all that is in it")
        if await conn.fetchval(SQL["others"]):
            raise BackupRefused("crossdock is running on this database", "stop serve and every worker first")
        await conn.execute(f"SET ROLE {roles.OWNER}")
        await conn.execute(SQL["drop_all"])
        await conn.execute("RESET ROLE")
    await asyncio.to_thread(_bootstrap, url, login)
    me = await conn.fetchrow(SQL["me"])
    arguments: list[str | Path] = ["--single-transaction", "--exit-on-error"]
    if not me["is_superuser"]:
        arguments += [f"--role={roles.OWNER}", "--no-owner"]
    ran = await asyncio.to_thread(programs.run, "pg_restore", url, [*arguments, source / DUMP])
    if ran.returncode != 0:
        raise BackupRefused(
            f"pg_restore failed and was rolled back: {programs.last_line(ran)}", "look at the server's log"
        )


def _bootstrap(url: str, login: bool) -> None:
    import psycopg

    with psycopg.connect(url, autocommit=True) as conn:
        roles.bootstrap(conn, login=login)


def _admin_url(settings: StoreSettings, server: EmbeddedServer | None) -> str:
    if server is not None:
        return server.url(settings.database)
    return settings.listen_url or settings.database_url or ""


async def _connect(url: str) -> Connection:
    try:
        return await asyncpg.connect(url, timeout=10, server_settings=_MINE)
    except TROUBLE as problem:
        raise lost(problem) from problem


async def _count(conn: Connection) -> dict[str, int]:
    names: list[Any] = [row["name"] for row in await conn.fetch(SQL["tables"])]
    return {name: await conn.fetchval(SQL["count"].replace("{table}", f'"{name}"')) for name in names}


async def _count_as(conn: Connection, manifest: Manifest) -> dict[str, int]:
    """Count as the engine, which sees every tenant's rows whatever the connecting user may see."""
    me = await conn.fetchrow(SQL["me"])
    if not me["sees_all"]:
        await conn.execute(f"SET ROLE {roles.ENGINE}")
    counted = {name: await conn.fetchval(SQL["count"].replace("{table}", f'"{name}"')) for name in manifest.rows}
    await conn.execute("RESET ROLE")
    return counted


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _sync(directory: Path) -> None:
    for path in (*directory.iterdir(), directory):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
