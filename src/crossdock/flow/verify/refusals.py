"""Refused requests: counted in memory, written as one audit line a minute and key.

A flood of bad requests must not become a flood of rows; a key is a connection (or none) and a reason.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from typing import Any, Protocol
from uuid import UUID

from crossdock import metrics
from crossdock.kit.ids import Prefix, show
from crossdock.model.connection import Connection
from crossdock.store.audit import audit_all

_MOST_KEYS = 10_000


class Store(Protocol):
    """The database, as the refusals need it."""

    def engine(self) -> contextlib.AbstractAsyncContextManager[Any]:
        """Return an engine connection."""
        ...


class Refusals:
    """Counts refusals until they are flushed."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[UUID | None, str, str]] = Counter()

    def note(self, reason: str, connection: Connection | None = None, subject: str = "unknown") -> None:
        """Count one refusal."""
        metrics.REFUSALS.labels(reason).inc()
        tenant = connection.tenant_id if connection else None
        name = show(Prefix.CONNECTION, connection.id) if connection else subject
        if len(self._counts) < _MOST_KEYS:
            self._counts[tenant, name, reason] += 1

    async def flush(self, store: Store) -> int:
        """Write one audit line a key; returns how many. A failed write keeps the counts."""
        counts, self._counts = self._counts, Counter()
        if not counts:
            return 0
        rows = [
            (tenant, "door", "refused", name, {"reason": reason, "count": n})
            for (tenant, name, reason), n in counts.items()
        ]
        try:
            async with store.engine() as conn:
                await audit_all(conn, rows)
        except BaseException:
            self._counts.update(counts)
            raise
        return len(rows)
