"""Leases of processes that have died on this machine: given up at once instead of at their end.

It only saves waiting. A new owner raises the epoch as always, so whatever the dead one had begun stays fenced, and a
call that was under way is still waited for and looked up.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import structlog

from crossdock.kit.process import is_dead
from crossdock.store.database import Database
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("orphans.sql"))
log = structlog.get_logger("crossdock.worker")


async def release_orphans(database: Database) -> int:
    """Release what dead processes of this machine still hold; returns how many leases of them there were."""
    async with database.engine() as conn:
        owners = [row["owner"] for row in await conn.fetch(SQL["owners"])]
        dead = [owner for owner in owners if is_dead(owner.partition("/")[0])]
        if dead:
            await _release(conn, dead)
            log.warning("a worker has died; its work is taken over", leases=len(dead))
    return len(dead)


async def give_back(database: Database, owners: Sequence[str]) -> None:
    """Give up what is still ours, at the end of this process: others go on at once."""
    async with database.engine() as conn:
        await _release(conn, owners)


async def _release(conn: Any, owners: Sequence[str]) -> None:
    for name in ("release_lanes", "release_runs", "release_watches", "release_chores", "release_notices"):
        await conn.execute(SQL[name], list(owners))
