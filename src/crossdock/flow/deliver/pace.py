"""How the last minutes of each lane went: counted in memory when attempts are settled, written every few seconds.

What rules about lateness and failures look at. A killed process loses its last seconds of counts, never a delivery.
The roll-ups (govern/rollups) cannot stand for it: they know hours and days, these are the minutes a rule looks back.
Bulk (a backfill) is expected to wait, so its lateness is not counted; its failures are.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from crossdock.flow.deliver.job import Job
from crossdock.flow.ports import Store
from crossdock.kit.lateness import FAILED, bucket_of
from crossdock.model.outcome import Delivered, Rejected, Retry, Unknown
from crossdock.model.route import Priority
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("pace.sql"))


class Paces:
    """The counts of one process."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[uuid.UUID, uuid.UUID, int]] = Counter()

    def note(self, lane_id: uuid.UUID, tenant_id: uuid.UUID, jobs: Sequence[Job], now: datetime) -> None:
        """Count a batch that was settled."""
        counts: Counter[int] = Counter()
        for job in jobs:
            match job.outcome:
                case Delivered() if job.claim.priority < Priority.BULK:
                    counts[bucket_of((now - job.claim.created_at).total_seconds())] += 1
                case Delivered():
                    counts[0] += 1
                case Retry() | Unknown() | Rejected():
                    counts[FAILED] += 1
        for bucket, count in counts.items():
            self._counts[lane_id, tenant_id, bucket] += count

    async def flush(self, store: Store) -> None:
        """Add the counts to the minute that it is; a failed write keeps them."""
        counts, self._counts = self._counts, Counter()
        if not counts:
            return
        rows = [(*key, count) for key, count in sorted(counts.items())]
        try:
            async with store.engine() as conn:
                await conn.execute(SQL["note_pace"], *map(list, zip(*rows, strict=True)))
        except BaseException:
            self._counts.update(counts)
            raise
