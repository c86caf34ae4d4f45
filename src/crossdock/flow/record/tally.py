"""What came in, by verdict: counted in memory at the commit, written every few seconds.

Arrivals that change nothing make no event; here they are counted. A killed process loses at most the last seconds of
these counts, never an arrival.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from pathlib import Path
from typing import Any, Protocol

from crossdock import metrics
from crossdock.flow.record.parcel import Parcel, Receipt
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("tally.sql"))


class Store(Protocol):
    """The database, as the tally needs it."""

    def engine(self) -> contextlib.AbstractAsyncContextManager[Any]:
        """Return an engine connection."""
        ...


class Tally:
    """Counts committed arrivals."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[Any, ...]] = Counter()
        self._arrivals: dict[tuple[str, str], Any] = {}
        """The metric by its labels: to look one up costs as much as to count three arrivals."""

    def note(self, parcel: Parcel, receipt: Receipt) -> None:
        """Count one arrival."""
        labels = (parcel.origin, receipt.verdict)
        arrivals = self._arrivals.get(labels)
        if arrivals is None:
            arrivals = self._arrivals[labels] = metrics.ARRIVALS.labels(*labels)
        arrivals.inc()
        key = (parcel.connection_id, parcel.tenant_id, parcel.arrived.stream, parcel.origin, receipt.verdict)
        self._counts[key] += 1

    async def flush(self, store: Store) -> None:
        """Add the counts to the table; a failed write keeps them."""
        counts, self._counts = self._counts, Counter()
        if not counts:
            return
        rows = [(*key, count) for key, count in sorted(counts.items(), key=lambda item: tuple(map(str, item[0])))]
        try:
            async with store.engine() as conn:
                await conn.execute(SQL["add_tally"], *map(list, zip(*rows, strict=True)))
        except BaseException:
            self._counts.update(counts)
            raise
