"""Live pages: one look at the newest rows of a tenant every other second, shared by all who watch it."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from starlette.responses import StreamingResponse

from crossdock.govern.people.seat import Seat
from crossdock.kit.ids import floor_of
from crossdock.store.absence import TROUBLE
from crossdock.store.queries import load
from crossdock.wiring import Hub

SQL = load(Path(__file__).with_name("live.sql"))
EVERY_S = 2.0
_KEEP_S = 15.0
_LONGEST_S = 900.0
"""A channel ends by then; the browser opens the next one, and who may see it is asked anew."""
_LOOKED = timedelta(days=4)
"""How far back changes are looked for: a delivery that is retried ends within three days."""
_ALL = "*"
"""The topic of whoever begins to listen: what changed between the page and the first look was told to nobody."""


class _Watch:
    """One tenant, while somebody watches it."""

    def __init__(self) -> None:
        self.ears: set[asyncio.Queue[str]] = set()
        self.task: asyncio.Task[None] | None = None
        self.before: dict[str, Any] | None = None
        """What the last look found; None: no change is seen yet."""


class Live:
    """Tells who watches which topics of their tenant have changed."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._watches: dict[uuid.UUID, _Watch] = {}

    def stream(self, seat: Seat) -> StreamingResponse:
        """Answer the channel of a tenant."""
        return StreamingResponse(
            self._told(seat.tenant_id), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"}
        )

    async def _told(self, tenant_id: uuid.UUID) -> AsyncIterator[str]:
        watch = self._watches.setdefault(tenant_id, _Watch())
        ear: asyncio.Queue[str] = asyncio.Queue(64)
        watch.ears.add(ear)
        if watch.before is not None:
            ear.put_nowait(_ALL)
        if watch.task is None:
            watch.task = asyncio.create_task(self._look(tenant_id, watch))
        loop = asyncio.get_running_loop()
        until = loop.time() + _LONGEST_S
        try:
            yield "retry: 3000\n\n"
            while loop.time() < until:
                try:
                    topic = await asyncio.wait_for(ear.get(), _KEEP_S)
                    yield f"event: changed\ndata: {topic}\n\n"
                except TimeoutError:
                    yield ": still here\n\n"
        finally:
            watch.ears.discard(ear)
            if not watch.ears and watch.task is not None:
                watch.task.cancel()
                self._watches.pop(tenant_id, None)

    async def _look(self, tenant_id: uuid.UUID, watch: _Watch) -> None:
        while True:
            try:
                async with self._hub.database.engine() as conn:
                    now = dict(await conn.fetchrow(SQL["newest"], tenant_id, floor_of(datetime.now(UTC) - _LOOKED)))
            except TROUBLE:
                await asyncio.sleep(EVERY_S)
                continue
            before, watch.before = watch.before, now
            for topic in [_ALL] if before is None else [name for name in now if now[name] != before[name]]:
                for ear in watch.ears:
                    if not ear.full():
                        ear.put_nowait(topic)
            await asyncio.sleep(EVERY_S)
