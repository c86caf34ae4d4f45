"""Hints that a lane got work: written after the commit, gathered, at most twenty times a second a process."""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path

import structlog

from crossdock.flow.ports import Store
from crossdock.store.absence import TROUBLE
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("queue.sql"))
_PAUSE_S = 0.05
log = structlog.get_logger("crossdock.deliver")


class Hints:
    """Gathers lanes and tells every process. A hint that is lost costs one sweep, never a delivery."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lanes: set[uuid.UUID] = set()
        self._bells = False
        self._channels: set[str] = set()
        self._wake = asyncio.Event()
        self.sender = uuid.uuid4().hex[:12]
        """What its notifications carry, so that a process leaves alone those that it sent itself."""
        self.local = asyncio.Event()
        """Set for the pumps of this very process, once the lanes are marked: by their marks alone they are found."""
        self.local_bells = asyncio.Event()
        """Set at once."""

    def ring(self, lanes: set[uuid.UUID], doorbells: bool) -> None:
        """Note that lanes have work, or that doorbells were rung."""
        self._lanes |= lanes
        if doorbells:
            self._bells = True
            self.local_bells.set()
        if lanes or doorbells:
            self._wake.set()

    def tell(self, channel: str) -> None:
        """Let other processes know that there is news on a channel."""
        self._channels.add(channel)
        self._wake.set()

    async def run(self) -> None:
        """Write hints until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            lanes, self._lanes = sorted(self._lanes), set()
            bells, self._bells = self._bells, False
            channels, self._channels = sorted(self._channels), set()
            try:
                async with self._store.engine() as conn:
                    if lanes or bells:
                        await conn.execute(SQL["hint_lanes"], lanes, bells, self.sender)
                    for channel in channels:
                        await conn.execute(SQL["tell_channel"], channel)
            except TROUBLE:
                # the sweep finds what is due; the database's trouble is told where it matters
                await asyncio.sleep(1)
            except Exception as bug:
                # whatever it is: without this loop every later hint would be lost as well
                log.error("hints failed", problem=type(bug).__name__, exc_info=bug)
                await asyncio.sleep(1)
            if lanes:
                self.local.set()
            await asyncio.sleep(_PAUSE_S)
