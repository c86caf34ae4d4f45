"""Leases of processes that have died on this machine: given up at once instead of at their end.

It only saves waiting. A new owner raises the epoch as always, so whatever the dead one had begun stays fenced, and a
call that was under way is still waited for and looked up.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import structlog

from crossdock.kit.process import is_dead
from crossdock.store.database import Database
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("orphans.sql"))
log = structlog.get_logger("crossdock.worker")
_LOOK_S = 2.0


class Orphans:
    """Knows who holds leases, and sees within a fraction of a second when one of them on this machine has died."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._owners: frozenset[str] = frozenset()
        self._look_at = 0.0

    async def release(self) -> int:
        """Release what dead processes of this machine hold; returns how many leases of them there were.

        Who holds leases is asked of the database now and then; whether they live is asked of this machine.
        """
        if time.monotonic() < self._look_at and not any(map(is_dead, self._owners)):
            return 0
        async with self._database.engine() as conn:
            owners = [row["owner"] for row in await conn.fetch(SQL["owners"])]
            dead = [owner for owner in owners if is_dead(owner.partition("/")[0])]
            if dead:
                await _release(conn, dead)
                log.warning("a worker has died; its work is taken over", leases=len(dead))
        self._owners = frozenset(owner.partition("/")[0] for owner in owners if owner not in dead)
        self._look_at = time.monotonic() + _LOOK_S
        return len(dead)


async def give_back(database: Database, owners: Sequence[str]) -> None:
    """Give up what is still ours, at the end of this process: others go on at once."""
    async with database.engine() as conn:
        await _release(conn, owners)


async def _release(conn: Any, owners: Sequence[str]) -> None:
    for name in ("release_lanes", "release_runs", "release_watches", "release_chores", "release_notices"):
        await conn.execute(SQL[name], list(owners))
