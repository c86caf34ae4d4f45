"""When each stream of each connection is read: by its own time, all that are due in one run."""

from __future__ import annotations

import random
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from crossdock.connect.manifest import CursorKind
from crossdock.errors import NotFound
from crossdock.flow.ports import Sources, Store
from crossdock.flow.pull.terms import terms_of
from crossdock.flow.run import RunKind, Runs
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("pull.sql"))
log = structlog.get_logger("crossdock.schedule")
_JITTER = 0.1
"""Shops connected at once do not stay in step."""


class Schedule:
    """Queues the regular pulls. Any number of processes may: one run is made."""

    def __init__(
        self, store: Store, sources: Sources, runs: Runs, *, usual_s: float, without_s: float, reachable: bool
    ) -> None:
        """``reachable`` False: no shop can ring (pull-only mode); times in seconds, see ``Terms.interval_s``."""
        self._store = store
        self._sources = sources
        self._runs = runs
        self._usual_s = usual_s
        self._without_s = without_s
        self._reachable = reachable

    async def __call__(self) -> int:
        """Queue a pull for every connection that has a due stream; returns how many."""
        await self._plan()
        async with self._store.engine() as conn:
            rows = await conn.fetch(SQL["due_streams"])
        made = 0
        for row in rows:
            made += await self._queue(row)
        return made

    async def ring(self, connection_id: uuid.UUID, tenant_id: uuid.UUID) -> None:
        """Make all streams of a connection due now (it is new, its config has changed, it was paused)."""
        async with self._store.engine() as conn:
            await conn.execute(SQL["plan_anew"], connection_id, tenant_id)

    async def _plan(self) -> None:
        async with self._store.engine() as conn:
            rows = await conn.fetch(SQL["unplanned"])
        for row in rows:
            try:
                connection = await self._sources.connection(row["connection_id"])
            except NotFound:
                continue
            streams = list(self._sources.streams(connection))
            async with self._store.transaction() as conn:
                await conn.execute(SQL["plan_streams"], connection.id, connection.tenant_id, streams)
                await conn.execute(SQL["planned"], connection.id)

    async def _queue(self, row: Any) -> int:
        try:
            connection = await self._sources.connection(row["connection_id"])
        except NotFound:
            return 0
        terms = terms_of(connection.config)
        rung = self._reachable and row["hooks_ok"]
        known = {stream.name: stream for stream in self._sources.described(connection)}
        due: Sequence[str] = [name for name in known if name in row["streams"]]
        gaps = {
            name: terms.interval_s(known[name], rung=rung, usual_s=self._usual_s, without_s=self._without_s)
            for name in due
        }
        quiet = terms.quiet.left(datetime.now(UTC)) if terms.quiet else None
        whole = [name for name in due if known[name].cursor is CursorKind.FULL]
        put_off = whole if quiet is not None else []
        bulk = [name for name in whole if known[name].bulk]
        async with self._store.transaction() as conn:
            # a backfill reads them anyway: twice the same lists would cost the shop twice and say nothing new
            doubled = await conn.fetch(SQL["being_read"], connection.id, bulk) if bulk else []
            left_out = {*terms.switched_off, *put_off, *(row["stream"] for row in doubled)}
            wanted = [name for name in due if name not in left_out]
            if wanted and not await self._runs.add_within(conn, connection, RunKind.PULL, wanted):
                return 0  # another scheduler was first
            spans = [
                timedelta(seconds=gap * random.uniform(1 - _JITTER, 1 + _JITTER))  # noqa: S311 - spreads load
                for gap in gaps.values()
            ]
            await conn.execute(SQL["next_times"], connection.id, list(gaps), spans)
            if put_off:  # lists that are read whole wait for the end of the shop's quiet hours
                await conn.execute(SQL["wait_until"], connection.id, put_off, quiet)
            forgotten = [name for name in row["streams"] if name not in known]
            if forgotten:  # a stream that this version of the connector does not have
                await conn.execute(SQL["forget_times"], connection.id, forgotten)
        return bool(wanted)
