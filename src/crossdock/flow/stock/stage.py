"""The parts of the stock stage, put together for the worker's loop."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg

from crossdock.connect.connector import Connector
from crossdock.flow.ports import Sources, Store
from crossdock.flow.stock.alerts import Alerts
from crossdock.flow.stock.announce import Announcer
from crossdock.flow.stock.count import SQL, Counter
from crossdock.flow.stock.doubt import Doubts, Patience
from crossdock.flow.stock.flights import Flights
from crossdock.flow.stock.fulfil import Fulfilments
from crossdock.flow.stock.ports import CHANNEL, Hubs, Recording, Words
from crossdock.flow.stock.push import Pusher, Timing

_PACE_S = 0.02
_SLOW_S = 1.0
_SWEEP_S = 600.0
"""How often doubts are looked into."""


class Stock:
    """One process's share of the work; any number of processes may do it at once."""

    channel = CHANNEL

    def __init__(
        self,
        store: Store,
        sources: Sources,
        words: Words,
        recording: Recording,
        hubs: Hubs,
        connectors: Callable[[str], Connector | None],
        ask_for_orders: Callable[[uuid.UUID, uuid.UUID], Awaitable[Any]],
        *,
        timing: Timing = Timing(),  # noqa: B008 - frozen
        patience: Patience = Patience(),  # noqa: B008 - frozen
        most_failures: int = 10,
    ) -> None:
        self._store = store
        self.pusher = Pusher(store, sources, recording, timing)
        self.counter = Counter(store, sources, words, timing)
        self.fulfilments = Fulfilments(store, sources, words)
        self.flights = Flights(store, hubs, recording, most_failures)
        self.doubts = Doubts(store, sources, connectors, ask_for_orders, patience)
        self.announcer = Announcer(store, hubs, recording)
        self.alerts = Alerts(store, hubs, recording)
        self.bell = asyncio.Event()
        """Set when there may be something to do."""
        self._recording = recording
        self._linked = False
        self._begun_at = 0.0
        self._slow_at = 0.0
        self._sweep_at = 0.0

    @property
    def attended(self) -> bool:
        """Whether this process does the stage's work."""
        return self._begun_at > 0

    def told(self, payload: str) -> None:
        """Take a NOTIFY of the channel: a change of a level or link is due at once, news may be worth counting."""
        if payload == "news":
            self.heard()
        else:
            self.bell.set()

    def heard(self) -> None:
        """Note that events were recorded; without any link there is nothing to count."""
        if self._linked:
            self.bell.set()

    async def work(self) -> bool:
        """Do what there is to do; False when nothing is left for now."""
        # under load one round takes what many commits have brought
        await asyncio.sleep(max(0.0, self._begun_at + _PACE_S - time.monotonic()))
        self._begun_at = time.monotonic()
        try:
            return await self._work()
        except (self._recording.again, asyncpg.DeadlockDetectedError, asyncpg.UniqueViolationError):
            return True

    async def _work(self) -> bool:
        worked = bool(await self.pusher.push())
        worked |= await self._count()
        worked |= bool(await self.flights.land())
        if time.monotonic() >= self._slow_at:
            self._slow_at = time.monotonic() + _SLOW_S
            worked |= bool(await self.doubts.settle())
        worked |= bool(await self.pusher.push())
        changed = await self.announcer.announce()
        for tenant_id in sorted({tenant for tenant, _ in changed}):
            await self.alerts.check(tenant_id, sorted({sku for tenant, sku in changed if tenant == tenant_id}))
        if time.monotonic() >= self._sweep_at:
            self._sweep_at = time.monotonic() + _SWEEP_S
            await self.alerts.sweep()
        return worked | bool(changed)

    async def _count(self) -> bool:
        async with self._store.engine() as conn:
            tenants = [row["tenant_id"] for row in await conn.fetch(SQL["counted_tenants"])]
        self._linked = bool(tenants)
        more = False
        for tenant_id in tenants:
            more |= await self.counter.count(tenant_id)
            more |= bool(await self.fulfilments.land(tenant_id))
        return more
