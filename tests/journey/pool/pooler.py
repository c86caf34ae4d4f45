"""A PgBouncer in transaction mode before the test's database, with logins that carry the hub's roles."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
import secrets
import shutil
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from crossdock.cli.demo.ground import free_port
from crossdock.settings import Settings
from tests.support.database import TestServer
from tests.support.hub import until

PROGRAM = shutil.which("pgbouncer", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


@contextlib.asynccontextmanager
async def pooled(settings: Settings, postgres: TestServer, folder: Path, size: int) -> AsyncIterator[Settings]:
    """Return settings by which a hub goes through a pooler of ``size`` server connections a role."""
    assert settings.database_url is not None
    direct = urlsplit(settings.database_url.get_secret_value())
    database = direct.path.lstrip("/")
    mark = secrets.token_hex(4)
    logins = {role: f"pooled_{role}_{mark}" for role in ("engine", "app")}
    for role, login in logins.items():
        postgres.admin(f"CREATE ROLE {login} LOGIN PASSWORD 'of-{role}' IN ROLE crossdock_{role}")
        postgres.admin(f"ALTER ROLE {login} SET role = 'crossdock_{role}'")
        postgres.admin(f"ALTER ROLE {login} SET timezone = 'UTC'")
    port = free_port()
    host, _, server_port = _address(settings.database_url.get_secret_value())
    _write(folder, database, f"host={host} port={server_port}", port, size, logins)
    process = await asyncio.create_subprocess_exec(*_as_somebody(folder), str(folder / "pgbouncer.ini"))
    try:
        await until(lambda: _listens(port))
        urls = {role: f"postgresql://{login}:of-{role}@127.0.0.1:{port}/{database}" for role, login in logins.items()}
        yield Settings(
            **{
                **settings.model_dump(),
                "database_url": urls["engine"],
                "app_url": urls["app"],
                "listen_url": settings.database_url,
                "transaction_pooling": True,
            }
        )
    finally:
        process.terminate()
        await process.wait()
        for login in logins.values():
            postgres.admin("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", login)
            postgres.admin(f"DROP ROLE {login}")


def _address(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    query = dict(item.partition("=")[::2] for item in parts.query.split("&") if item)
    host = unquote(query.get("host", parts.hostname or "127.0.0.1"))
    return host, unquote(parts.username or ""), int(query.get("port", parts.port or 5432))


def _write(folder: Path, database: str, server: str, port: int, size: int, logins: dict[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    (folder / "users.txt").write_text("".join(f'"{login}" "of-{role}"\n' for role, login in logins.items()))
    (folder / "pgbouncer.ini").write_text(
        f"""[databases]
{database} = {server} dbname={database}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = plain
auth_file = {folder / "users.txt"}
pool_mode = transaction
default_pool_size = {size}
max_client_conn = 500
log_connections = 0
log_disconnections = 0
verbose = 0
"""
    )


def _as_somebody(folder: Path) -> list[str]:
    """PgBouncer refuses to run as root."""
    assert PROGRAM is not None
    if os.geteuid() != 0:
        return [PROGRAM]
    with contextlib.suppress(KeyError):
        pwd.getpwnam("nobody")
        return [PROGRAM, "-u", "nobody"]
    return [PROGRAM]


async def _listens(port: int) -> bool:
    with socket.socket() as one:
        one.settimeout(1)
        return one.connect_ex(("127.0.0.1", port)) == 0
