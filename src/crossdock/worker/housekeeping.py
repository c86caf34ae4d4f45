"""Housekeeping: partitions, retention, tallies, refusals and gauges, each at its own pace."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog

from crossdock import metrics
from crossdock.govern.budgets import SharedBoard
from crossdock.kit.clock import Clock, SystemClock
from crossdock.kit.ids import floor_of
from crossdock.store.absence import TROUBLE
from crossdock.store.queries import load
from crossdock.wiring import Hub

SQL = load(Path(__file__).with_name("housekeeping.sql"))
_AT_ONCE = 5_000
_ROUNDS = 100
_FIRST = uuid.UUID(int=0)
_ANEW_S = 86_400.0
log = structlog.get_logger("crossdock.housekeeping")


class Housekeeping:
    """Does each chore when its time has come."""

    def __init__(self, hub: Hub, clock: Clock | None = None) -> None:
        """``clock`` is the system's unless given: what is old is judged by it."""
        self._hub = hub
        self._clock = clock or SystemClock()
        self._bodies_from = _FIRST
        self._bodies_began = time.monotonic()
        self._chores: list[tuple[float, Callable[[], Awaitable[None]]]] = [
            (2.0, self._chain),
            (2.0, self._tally),
            (2.0, self._rollups),
            (5.0, self._gauges),
            (10.0, self._hearing),
            (15.0, self._tokens),
            (5.0, self._pace),
            (5.0, self._numbers),
            (60.0, self._refusals),
            (600.0, self.expire),
        ]

    async def run(self) -> None:
        """Run the chores until cancelled."""
        due = {chore: time.monotonic() + pace for pace, chore in self._chores}
        due[self.expire] = time.monotonic() + 5
        while True:
            await asyncio.sleep(1)
            for pace, chore in self._chores:
                if time.monotonic() < due[chore]:
                    continue
                due[chore] = time.monotonic() + pace
                await self.do(chore)

    async def do(self, chore: Callable[[], Awaitable[None]]) -> None:
        """Do one chore. Whatever is wrong with it, the others are done, and it comes again."""
        try:
            await chore()
        except TROUBLE as problem:
            log.warning("chore put off", chore=chore.__name__, problem=type(problem).__name__)
        except Exception as bug:
            log.error("chore failed", chore=chore.__name__, problem=type(bug).__name__, exc_info=bug)

    async def flush(self) -> None:
        """Write what is counted in memory."""
        await self._tally()
        await self._hearing()
        await self._pace()
        await self._refusals()
        await self._hub.rollups.note_calls()

    async def _chain(self) -> None:
        await self._hub.audit.chainer.tend()

    async def _tally(self) -> None:
        await self._hub.journey.tally.flush(self._hub.database)

    async def _hearing(self) -> None:
        await self._hub.journey.hearing.flush(self._hub.database)

    async def _pace(self) -> None:
        await self._hub.pump.paces.flush(self._hub.database)

    async def _tokens(self) -> None:
        await self._hub.directory.grants.tend()

    async def _numbers(self) -> None:
        await self._hub.deal_runs.maker.catch_up()

    async def _rollups(self) -> None:
        await self._hub.rollups.tend()

    async def _refusals(self) -> None:
        await self._hub.refusals.flush(self._hub.database)

    async def _gauges(self) -> None:
        for pool, (now, most) in self._hub.database.sizes().items():
            metrics.DB_CONNECTIONS.labels(pool, "open").set(now)
            metrics.DB_CONNECTIONS.labels(pool, "most").set(most)
        async with self._hub.database.engine() as conn:
            rows = await conn.fetch(SQL["gauges"])
            metrics.DOORBELLS.set(await conn.fetchval(SQL["bells"]))
            found = await conn.fetch(SQL["findings"])
        metrics.FINDINGS_OPEN.clear()
        for row in found:
            metrics.FINDINGS_OPEN.labels(row["code"]).set(row["n"])
        for row in rows:
            lane = str(row["id"])
            metrics.QUEUE_DEPTH.labels(lane).set(row["depth"])
            metrics.QUEUE_AGE.labels(lane).set(row["age"])
            metrics.BREAKER.labels(lane).set({"closed": 0, "half_open": 1, "open": 2}[row["breaker"]])

    async def expire(self) -> None:
        """Make partitions ahead; drop and forget what is past its time."""
        settings, now = self._hub.settings, self._clock.now()
        if settings.keep_audit_days is not None:
            await self._hub.audit.cutter.retain(settings.keep_audit_days, now)
        await self._hub.database.tend_partitions(
            {
                "event": settings.keep_events_days,
                "delivery_done": settings.keep_events_days,
                "attempt": settings.keep_attempts_days,
                "audit_entry": settings.keep_audit_days,
            },
            now,
        )
        await self._hub.alerting.alerts.forget(settings.keep_alerts_days)
        await self._hub.rollups.forget()
        await SharedBoard(self._hub.database).forget()
        await self._hub.runs.forget(timedelta(days=settings.keep_runs_days))
        await self._hub.reports.forget(timedelta(days=settings.keep_events_days))
        await self._hub.imports.forget()
        await self._hub.sites.forget()
        await self._hub.people.forget()
        await self._hub.mappings.restoring.forget(timedelta(days=settings.keep_attempts_days))
        async with self._hub.database.engine() as conn:
            # again while there is more: a busy hub makes more in ten minutes than one statement should take away
            for chore in ("forget_keys", "forget_intents"):
                for _ in range(_ROUNDS):
                    if await conn.fetchval(SQL[chore], _AT_ONCE) < _AT_ONCE:
                        break
            await self._forget_bodies(conn, floor_of(now - timedelta(days=settings.keep_bodies_days)))

    async def _forget_bodies(self, conn: Any, old: uuid.UUID) -> None:
        """Go on where the last time ended, so that no old event is read each time; what is pinned is seen daily."""
        if time.monotonic() - self._bodies_began > _ANEW_S:
            self._bodies_began, self._bodies_from = time.monotonic(), _FIRST
        for _ in range(_ROUNDS):
            last = await conn.fetchval(SQL["forget_bodies"], old, self._bodies_from, _AT_ONCE)
            if last is None:
                self._bodies_from = max(self._bodies_from, old)
                return
            self._bodies_from = last
