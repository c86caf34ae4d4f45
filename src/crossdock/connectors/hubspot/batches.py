"""One batch after another: rows go out a hundred at a time, good rows pass whatever the others are."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from crossdock.connect.client import CallFailed, Reply
from crossdock.connect.outcomes import failed
from crossdock.connectors.hubspot.answers import Reader, Refusal, Row, delivered, read_batch
from crossdock.connectors.hubspot.client import BATCH
from crossdock.kit.clock import Clock
from crossdock.model.outcome import Delivered, Outcome, Refresh, Retry, Throttled, Unknown

Call = Callable[[Sequence[Row]], Awaitable[Reply]]
Found = dict[str, Outcome]
"""Trace id -> outcome."""

_SPLIT = frozenset({400, 404, 409})
"""Answers to a whole batch that may be the fault of one of its rows."""


class Sender:
    """Sends the rows of one ``perform``. ``splits`` bounds the calls that finding bad rows may cost."""

    def __init__(self, reader: Reader, clock: Clock, *, concurrency: int = 4, splits: int = 60) -> None:
        self._reader = reader
        self._clock = clock
        self._slots = asyncio.Semaphore(concurrency)
        self._splits = splits
        self._stop: Outcome | None = None
        self.refusals: dict[str, Refusal] = {}
        """Trace id -> HubSpot's words, of the rows that were refused."""

    async def send(self, rows: Sequence[Row], call: Call, absent: Outcome | None = None, *, size: int = BATCH) -> Found:
        """Send rows in batches; returns an outcome for every row.

        ``absent`` is what it means when an answer is silent about a row (a read: there is no such record); without it
        the row is sent again alone.
        """
        parts = [rows[at : at + size] for at in range(0, len(rows), size)]
        found: Found = {}
        for outcomes in await asyncio.gather(*(self._part(part, call, absent) for part in parts)):
            found.update(outcomes)
        return found

    def failed(self, problem: CallFailed) -> Outcome:
        """Return what it means that a call got no answer."""
        return failed(problem)

    def refused(self, reply: Reply) -> Outcome:
        """Return what it means that a whole call was refused."""
        return self._reader.whole(reply, self._clock.now())[0]

    async def _part(self, rows: Sequence[Row], call: Call, absent: Outcome | None = None) -> Found:
        async with self._slots:
            if self._stop is not None:
                # the account is out of calls, or the token out of use: every further call would meet the same answer
                return _all(rows, self._stop)
            try:
                reply = await call(rows)
            except CallFailed as problem:
                return _all(rows, failed(problem))
        if reply.ok:
            return await self._sorted(reply, rows, call, absent)
        outcome, refusal = self._reader.whole(reply, self._clock.now())
        if isinstance(outcome, Throttled | Refresh):
            self._stop = outcome
        elif reply.status in _SPLIT and len(rows) > 1:
            return await self._halves(rows, call, absent)
        self.refusals.update(dict.fromkeys((row.trace for row in rows), refusal))
        return _all(rows, outcome)

    async def _sorted(self, reply: Reply, rows: Sequence[Row], call: Call, absent: Outcome | None) -> Found:
        if reply.status == 204:
            return {row.trace: Delivered(row.id) for row in rows}
        try:
            batch = read_batch(reply, rows)
        except ValueError as unreadable:
            return _all(rows, Unknown(str(unreadable)))
        found: Found = {}
        left = []
        for row in rows:
            if row.trace in batch.done:
                found[row.trace] = delivered(batch.done[row.trace], row)
            elif row.trace in batch.refused:
                found[row.trace] = self._refused(reply, row, batch.refused[row.trace])
            elif absent is not None:
                found[row.trace] = absent
            else:
                left.append(row)
        if len(rows) > 1 and left:
            # an error that names no row, or a result that we cannot place: sent again alone, they cannot hide
            return found | (await self._halves(left, call) if len(left) > 1 else await self._again(left, call))
        for row in left:
            unnamed = batch.unnamed[0] if batch.unnamed else None
            nobody = Unknown("HubSpot's answer does not name the record")
            found[row.trace] = self._refused(reply, row, unnamed) if unnamed else nobody
        return found

    def _refused(self, reply: Reply, row: Row, refusal: Refusal) -> Outcome:
        self.refusals[row.trace] = refusal
        return self._reader.of(reply, refusal, self._clock.now())

    async def _halves(self, rows: Sequence[Row], call: Call, absent: Outcome | None = None) -> Found:
        middle = len(rows) // 2
        return await self._again(rows[:middle], call, absent) | await self._again(rows[middle:], call, absent)

    async def _again(self, rows: Sequence[Row], call: Call, absent: Outcome | None = None) -> Found:
        if self._splits <= 0:
            return _all(
                rows, Retry("another row of the batch is refused; sent again with fewer", after_s=1.0, ours=True)
            )
        self._splits -= 1
        return await self._part(rows, call, absent)


def _all(rows: Sequence[Row], outcome: Outcome) -> Found:
    return {row.trace: outcome for row in rows}
