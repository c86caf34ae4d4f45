"""Natural group commit: no timer, a few flushes in flight, each takes all that waits and all that is just coming in."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Protocol
from uuid import UUID

import asyncpg
import msgspec
import structlog

from crossdock import metrics
from crossdock.errors import BadInput, CrossdockError, Overloaded
from crossdock.flow.record.ledger import Ledger, Redo
from crossdock.flow.record.parcel import Parcel, Receipt
from crossdock.flow.record.tally import Tally
from crossdock.kit.clock import Clock
from crossdock.model.observation import Doorbell
from crossdock.store.absence import TROUBLE

log = structlog.get_logger("crossdock.record")
_TRIES = 6
_TURNS = 3
"""So many turns of the loop bring nothing more: what had come is there."""
_NO_ROOM = (asyncpg.DiskFullError, asyncpg.OutOfMemoryError, asyncpg.TooManyConnectionsError)
_OF_ALL = (*TROUBLE, Redo)
_AGAIN = (Redo, asyncpg.DeadlockDetectedError, asyncpg.SerializationError, asyncpg.UniqueViolationError)


class IntakeLimits(msgspec.Struct, frozen=True):
    """How much may wait for a commit. Beyond it nothing is accepted."""

    rows: int = 20_000
    bytes: int = 128_000_000
    age_s: float = 5.0
    batch: int = 128
    flushers: int = 2


class Transactions(Protocol):
    """The database, as the intake needs it."""

    def transaction(self) -> contextlib.AbstractAsyncContextManager[Any]:
        """Return a context in which an engine connection has an open transaction."""
        ...


class _Waiting(msgspec.Struct):
    parcel: Parcel
    done: asyncio.Future[Receipt]
    since: float


class Intake:
    """Takes parcels, gives each a receipt once it is committed and fsynced."""

    def __init__(
        self,
        ledger: Ledger,
        database: Transactions,
        clock: Clock,
        limits: IntakeLimits,
        rung: Callable[[set[UUID], bool], None],
        tally: Tally,
    ) -> None:
        """``rung(lanes, doorbells)`` is told after each commit who got work."""
        self._ledger = ledger
        self._database = database
        self._clock = clock
        self._limits = limits
        self._rung = rung
        self._tally = tally
        self._queue: deque[_Waiting] = deque()
        self._bytes = 0
        self._busy: set[tuple[UUID, str, str]] = set()
        self._wake = asyncio.Event()
        self._flushers: list[asyncio.Task[None]] = []
        self._closing = False

    async def __aenter__(self) -> Intake:
        self._flushers = [asyncio.create_task(self._flush_for_ever()) for _ in range(self._limits.flushers)]
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Commit what waits, then stop."""
        self._closing = True
        self._wake.set()
        await asyncio.gather(*self._flushers)

    def admit(self, size: int) -> None:
        """Refuse a body before it is read when too much waits. Raises :class:`Overloaded`."""
        oldest = self._clock.monotonic() - self._queue[0].since if self._queue else 0.0
        full = len(self._queue) >= self._limits.rows or self._bytes + size > self._limits.bytes
        if full or oldest > self._limits.age_s or self._closing:
            metrics.REFUSALS.labels("overloaded").inc()
            raise Overloaded("too many arrivals wait for the database")

    async def submit(self, parcel: Parcel) -> Receipt:
        """Wait for the parcel's commit. Raises :class:`CrossdockError` when it was not recorded."""
        return await self.enqueue(parcel)

    def enqueue(self, parcel: Parcel) -> asyncio.Future[Receipt]:
        """Queue a parcel; the future holds its receipt."""
        done: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self._queue.append(_Waiting(parcel, done, self._clock.monotonic()))
        self._bytes += parcel.size
        self._wake.set()
        return done

    async def _flush_for_ever(self) -> None:
        while True:
            await self._gather()
            batch = self._take()
            if batch:
                try:
                    await self._commit(batch)
                finally:
                    self._busy.difference_update(w.parcel.key for w in batch)
                    self._wake.set()
            elif self._closing and not self._queue:
                return
            else:
                # nothing is awaited since the look: what comes after it wakes
                self._wake.clear()
                await self._wake.wait()

    async def _gather(self) -> None:
        """Let the loop read on as long as that brings more: a commit costs about as much as eight of its arrivals."""
        waiting = turns = 0
        while turns < _TURNS and 0 < len(self._queue) < self._limits.batch:
            turns = turns + 1 if len(self._queue) == waiting else 0
            waiting = len(self._queue)
            await asyncio.sleep(0)

    def _take(self) -> list[_Waiting]:
        """Take what waits, but nothing whose entity another flush is writing: arrivals keep their order."""
        taken: list[_Waiting] = []
        kept: list[_Waiting] = []
        while self._queue and len(taken) < self._limits.batch and len(kept) < self._limits.batch:
            waiting = self._queue.popleft()
            if waiting.parcel.key in self._busy:
                kept.append(waiting)
            else:
                taken.append(waiting)
                self._bytes -= waiting.parcel.size
        self._queue.extendleft(reversed(kept))
        self._busy.update(w.parcel.key for w in taken if w.parcel.key[2])
        metrics.INGEST_WAITING.set(len(self._queue))
        return taken

    async def _commit(self, batch: list[_Waiting]) -> None:
        metrics.FLUSH_ROWS.observe(len(batch))
        try:
            receipts = await self._write([w.parcel for w in batch])
        except Exception as problem:  # noqa: BLE001 - whoever waits has to hear of it, whatever it is
            if _of_one(problem) and len(batch) > 1:
                half = len(batch) // 2
                await self._commit(batch[:half])
                await self._commit(batch[half:])
                return
            receipts = [_shown(problem)] * len(batch)
        now = self._clock.monotonic()
        for waiting, receipt in zip(batch, receipts, strict=True):
            if waiting.done.cancelled():
                continue
            if isinstance(receipt, Exception):
                waiting.done.set_exception(receipt)
            else:
                waiting.done.set_result(receipt)
                self._tally.note(waiting.parcel, receipt)
                metrics.INGEST_SECONDS.observe(now - waiting.since)

    async def _write(self, parcels: Sequence[Parcel]) -> list[Receipt | Exception]:
        for left in reversed(range(_TRIES)):
            try:
                async with self._database.transaction() as conn:
                    receipts, lanes = await self._ledger.append(conn, parcels)
            except _AGAIN:
                if not left:
                    raise
                continue
            doorbells = any(isinstance(p.arrived, Doorbell) for p in parcels) or any(
                isinstance(r, Receipt) and r.verdict in ("contested", "stale") for r in receipts
            )
            self._rung(lanes, doorbells)
            return receipts
        raise Overloaded("others write the same entities")


def _is_data(problem: Exception) -> bool:
    return isinstance(problem, asyncpg.DataError | asyncpg.IntegrityConstraintViolationError | ValueError)


def _of_one(problem: Exception) -> bool:
    """Whether it is the fault of a single arrival, and not the database's, which all of them share."""
    return _is_data(problem) or not isinstance(problem, (*_OF_ALL, Overloaded))


def _shown(problem: Exception) -> Exception:
    if isinstance(problem, CrossdockError):
        return problem
    if isinstance(problem, _NO_ROOM):
        return Overloaded("the database has no room", retry_after_s=30, remedy="free disk space; nothing was accepted")
    if _is_data(problem):
        return BadInput(
            "the arrival holds data the database does not take",
            field="body",
            remedy="nothing of it was stored; send it without NUL characters and impossible dates",
        )
    if isinstance(problem, _OF_ALL):
        return Overloaded("the database does not answer", retry_after_s=5)
    log.error("recording failed", problem=type(problem).__name__, exc_info=problem)
    return Overloaded(f"an unexpected {type(problem).__name__} while recording; the log has more", retry_after_s=30)
