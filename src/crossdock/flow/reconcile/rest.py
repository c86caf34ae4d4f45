"""Waiting until what a proof is about has come to rest, with a clear end."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from crossdock.flow.ports import Store
from crossdock.flow.reconcile.ports import Job
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("reconcile.sql"))
_LONG_AGO: Final = datetime.fromtimestamp(0, UTC)
_LOOK_S: Final = (0.05, 0.5)
_STUCK_S: Final = 5.0
"""What did not move for all of the patience gets no more than this the next time."""


class Rest:
    """Waits for the deliveries and doorbells that were there when the waiting began.

    What comes later is not waited for: a store that goes on selling would keep a proof waiting for ever. The end is
    when all of them have ended, or when none has for as long as the patience goes.
    """

    def __init__(self, store: Store, job: Job) -> None:
        self._store = store
        self._job = job
        self._stuck = False
        self.cut = _LONG_AGO
        """What was queued later is on its way. When all that stood there has ended, that is all there is: a row's time
        is that of its transaction's beginning, so one that is seen only now may bear an earlier one."""

    async def come(self) -> None:
        """Wait."""
        async with self._store.engine() as conn:
            began = await conn.fetchval(SQL["now"])
        patience = min(_STUCK_S, self._job.asked.patience_s) if self._stuck else self._job.asked.patience_s
        last, moved, pause = -1, time.monotonic(), _LOOK_S[0]
        while True:
            async with self._store.engine() as conn:
                row = await conn.fetchrow(SQL["under_way"], self._job.connection.id, began)
            left = row["deliveries"] + row["doorbells"]
            if left == 0:
                self.cut = _LONG_AGO
                return
            if left != last:
                last, moved = left, time.monotonic()
                self._job.asked.tell(f"waiting for {row['deliveries']} deliveries and {row['doorbells']} doorbells")
            if time.monotonic() - moved >= patience:
                self._stuck, self.cut = True, began
                return
            await asyncio.sleep(pause)
            pause = min(_LOOK_S[1], pause * 1.5)
