"""A hub with a chain of entries, and somebody who has the database alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import pytest

from crossdock.govern.audit import Report
from crossdock.store.audit import audit
from crossdock.wiring import Hub

Intruder = Callable[..., list[tuple[Any, ...]]]


async def write(hub: Hub, count: int, tenant: Any = None, *, name: str = "entry") -> None:
    """Write entries, each in a transaction of its own."""
    owner = tenant or await hub.tenants.find()
    for number in range(count):
        async with hub.database.transaction() as conn:
            await audit(conn, owner, "key_test", f"test.{name}", f"{name}-{number}", {"number": number, "rate": 1.50})


@pytest.fixture
def intruder(database_url: str) -> Intruder:
    """Run statements as the server's superuser, with every trigger switched off: no master key, but all else."""

    def run(statement: str, *values: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(database_url, autocommit=True) as conn:
            conn.execute("SET session_replication_role = replica")
            cursor = conn.execute(statement.encode(), values or None)
            return cursor.fetchall() if cursor.description else []

    return run


Flaws = Callable[[], Awaitable[list[tuple[str, int | None]]]]


@pytest.fixture
def flaws(hub: Hub) -> Flaws:
    """Verify the tenant's chain and return what is wrong with it: kinds and places."""

    async def found() -> list[tuple[str, int | None]]:
        return told(await hub.audit.verify(await hub.tenants.find()))

    return found


def told(report: Report) -> list[tuple[str, int | None]]:
    """Return all flaws of a report: kinds and places."""
    assert report.ok == (not any(chain.flaws for chain in report.chains))
    return [(flaw.kind, flaw.seq) for chain in report.chains for flaw in chain.flaws]
