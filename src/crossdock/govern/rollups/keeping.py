"""Adding up: deltas into hours and days, the queue into gauges. One process does each round for all.

A delta is written by the statement that ends deliveries or notes attempts (a trigger), so it commits or vanishes with
them; adding up deletes deltas and raises sums in one transaction. Nothing is counted twice or lost by a crash, whenever
it comes. Calls to vendors are counted in memory and written every two seconds: a killed process loses those.
"""

from __future__ import annotations

import contextlib
import time
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Protocol

from crossdock.connect.metering import Meter
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("keeping.sql"))
KEEP_HOURS: Final = timedelta(days=8)
KEEP_DAYS: Final = timedelta(days=731)
_ADD_EVERY = timedelta(seconds=2)
_RATE_EVERY = timedelta(seconds=5)
_COUNT_EVERY = timedelta(seconds=5)
_COUNT_SHARE: Final = 50
"""Counting the queue takes at most one fiftieth of the time."""
_AT_ONCE = 5000


class Store(Protocol):
    """The database, as the roll-ups need it."""

    def engine(self) -> contextlib.AbstractAsyncContextManager[Any]:
        """Return an engine connection."""
        ...

    def transaction(self) -> contextlib.AbstractAsyncContextManager[Any]:
        """Return an engine connection with an open transaction."""
        ...


class Rollups:
    """Keeps the sums and the gauges."""

    def __init__(self, store: Store, meter: Meter) -> None:
        self._store = store
        self._meter = meter

    async def tend(self) -> None:
        """Do every round whose time has come, unless another process does it."""
        await self.note_calls()
        if await self._turn("add", _ADD_EVERY):
            await self.add_up()
        if await self._turn("rate", _RATE_EVERY):
            await self.rate()
        if await self._turn("count_queue", _COUNT_EVERY):
            await self.count_queue()

    async def note_calls(self) -> None:
        """Write what was called since the last time; a failed write keeps it."""
        counts = self._meter.taken()
        if not counts:
            return
        rows = [(*key, count) for key, count in sorted(counts.items())]
        try:
            async with self._store.engine() as conn:
                await conn.execute(SQL["note_calls"], *map(list, zip(*rows, strict=True)))
        except BaseException:
            self._meter.put_back(counts)
            raise

    async def add_up(self) -> int:
        """Add all deltas to their hours and days; returns how many there were."""
        total = 0
        while True:
            async with self._store.engine() as conn:
                added: int = await conn.fetchval(SQL["add_up"], _AT_ONCE)
            total += added
            if added < _AT_ONCE:
                return total

    async def rate(self) -> None:
        """Work out the rates and latencies of the hour under way and the one before it, of every connection."""
        async with self._store.engine() as conn:
            await conn.execute(SQL["rate"])

    async def count_queue(self) -> None:
        """Count the live queue and the dead letters by lane; the longer it takes, the later it comes again."""
        began = time.monotonic()
        async with self._store.engine() as conn:
            await conn.execute(SQL["count_queue"])
            took = timedelta(seconds=time.monotonic() - began)
            await conn.execute(SQL["done"], "count_queue", max(_COUNT_EVERY, took * _COUNT_SHARE))

    async def forget(self) -> None:
        """Drop hours after eight days and days after two years."""
        async with self._store.engine() as conn:
            for span, keep in (("hour", KEEP_HOURS), ("day", KEEP_DAYS)):
                await conn.execute(SQL["forget"], span, keep)

    async def _turn(self, name: str, pause: timedelta) -> bool:
        """Take a round for all processes; it is ours alone until it is due again."""
        async with self._store.engine() as conn:
            return await conn.fetchval(SQL["turn"], name, pause) is not None
