"""The lease of a run: who does it, how far it has come, how it ended."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec
import orjson
import structlog

from crossdock.flow.ports import Store
from crossdock.flow.run.shown import shown
from crossdock.kit.backoff import full_jitter
from crossdock.kit.ids import Prefix, floor_of, new_id, show
from crossdock.kit.redact import text
from crossdock.model.connection import Connection
from crossdock.store.absence import TROUBLE
from crossdock.store.acting import note_act
from crossdock.store.audit import audit
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("run.sql"))
log = structlog.get_logger("crossdock.runs")
_MOST_FAILURES = {
    "pull": 1,
    "backfill": 50,
    "reconcile": 5,
    "stock_push": 5,
    "import": 3,
    "replay": 50,
    "mapping": 5,
    "invoice": 50,
}
"""A pull comes again by its interval; a backfill goes on through a bad night."""
_MOST_ERRORS = 100
"""Errors that are kept in full; all are counted."""

_PATIENCE = timedelta(minutes=5)


class RunKind(StrEnum):
    """What a run does."""

    PULL = "pull"
    BACKFILL = "backfill"
    RECONCILE = "reconcile"
    STOCK_PUSH = "stock_push"
    IMPORT = "import"
    REPLAY = "replay"
    MAPPING = "mapping"
    INVOICE = "invoice"


_READERS = [RunKind.PULL, RunKind.BACKFILL, RunKind.RECONCILE]
"""What reads a whole shop, at the pace its own process has found."""


class Run(msgspec.Struct):
    """A run under our lease. ``progress`` is shown to people and saved with every heartbeat."""

    id: uuid.UUID
    tenant_id: uuid.UUID
    connection_id: uuid.UUID
    kind: RunKind
    streams: tuple[str, ...]
    epoch: int
    failures: int
    progress: dict[str, Any]
    asked: dict[str, Any] = msgspec.field(default_factory=dict)
    """What was asked for beside streams."""
    errors: list[dict[str, Any]] = msgspec.field(default_factory=list)
    error_count: int = 0

    def note_error(self, entity: str, reason: str, *, link: str | None = None, **more: Any) -> None:
        """Note what went wrong without ending the run (``order 17``, without personal data); then it ends partial.

        ``link``: the API path of what it is about.
        """
        self.error_count += 1
        if len(self.errors) < _MOST_ERRORS:
            self.errors.append({"entity": entity, "reason": text(reason)[:300], **more, "link": link})


class Listing(msgspec.Struct, frozen=True):
    """Which runs are asked for."""

    limit: int
    kind: str | None = None
    state: str | None = None
    connection_id: uuid.UUID | None = None
    since: datetime | None = None
    before: uuid.UUID | None = None


class RunLost(Exception):
    """Another process goes on with the run."""


class PutOff(Exception):
    """The work waits until ``until`` (its bulk hours, tomorrow's budget): no failure, and the worker is free."""

    def __init__(self, until: datetime, reason: str) -> None:
        super().__init__(reason)
        self.until, self.reason = until, reason


Work = Callable[[Run], Coroutine[Any, Any, dict[str, Any] | None]]
NewRun = tuple[uuid.UUID, uuid.UUID, uuid.UUID, RunKind, Sequence[str], Mapping[str, Any]]
"""Id, tenant, connection, kind, streams, and what is asked for beside streams."""


class Runs:
    """Makes runs, takes them, keeps their lease and ends them."""

    def __init__(self, store: Store, lease: timedelta, patience: timedelta = _PATIENCE) -> None:
        """``patience``: how long a run may stand still before another worker goes on with it."""
        self._store = store
        self._lease = lease
        self._patience = patience
        self.due = asyncio.Event()
        """Set when this process has queued a run: its own worker begins it now and not at its next sweep."""

    async def add(
        self,
        tenant_id: uuid.UUID,
        connection_id: uuid.UUID,
        kind: RunKind,
        streams: Sequence[str] = (),
        asked: Mapping[str, Any] | None = None,
        run_id: uuid.UUID | None = None,
    ) -> Any:
        """Queue a run; one that is under way already is returned instead."""
        async with self._store.transaction() as conn:
            new = (run_id or new_id(), tenant_id, connection_id, kind, streams, asked or {})
            made = await self.add_asked(conn, new)
        self.due.set()
        return made

    async def add_asked(self, conn: Any, new: NewRun) -> Any:
        """Do the same inside the caller's transaction; set ``due`` after its commit."""
        _, tenant_id, connection_id, kind, *_ = new
        made = await self._insert(conn, new)
        if made is None:
            return await conn.fetchval(SQL["run_under_way"], connection_id, kind)
        about = show(Prefix.CONNECTION, connection_id)
        await note_act(conn, tenant_id, "run.add", show(Prefix.RUN, made), {"kind": kind, "connection": about})
        return made

    async def add_within(self, conn: Any, connection: Connection, kind: RunKind, streams: Sequence[str]) -> bool:
        """Queue a run that nobody asked for inside a transaction; False when one is under way."""
        new: NewRun = (new_id(), connection.tenant_id, connection.id, kind, streams, {})
        return await self._insert(conn, new) is not None

    async def _insert(self, conn: Any, new: NewRun) -> Any:
        *names, streams, asked = new
        return await conn.fetchval(SQL["add_run"], *names, list(streams), orjson.dumps(asked).decode())

    async def cancel(self, tenant_id: uuid.UUID, run_id: uuid.UUID, actor: str) -> bool:
        """End a run that is under way; what it has committed stays, and its checkpoint. False when it has ended."""
        async with self._store.transaction() as conn:
            ended = await conn.fetchval(SQL["cancel_run"], tenant_id, run_id, f"cancelled by {actor}") is not None
            if ended:
                await audit(conn, tenant_id, actor, "run.cancel", show(Prefix.RUN, run_id))
        return ended

    async def one(self, tenant_id: uuid.UUID, run_id: uuid.UUID) -> dict[str, Any] | None:
        """Return one run as people see it."""
        async with self._store.engine() as conn:
            row = await conn.fetchrow(SQL["one_run"], tenant_id, run_id)
        return shown(row) if row else None

    async def listed(self, tenant_id: uuid.UUID, asked: Listing) -> list[dict[str, Any]]:
        """Return runs, the newest first."""
        since = floor_of(asked.since) if asked.since else uuid.UUID(int=0)
        async with self._store.engine() as conn:
            rows = await conn.fetch(
                SQL["list_runs"],
                tenant_id,
                asked.before or uuid.UUID(int=(1 << 128) - 1),
                asked.kind,
                asked.state,
                asked.connection_id,
                since,
                asked.limit,
            )
        return [shown(row) for row in rows]

    async def rates(self, tenant_id: uuid.UUID, since: datetime) -> list[dict[str, Any]]:
        """Return how the runs of each connection and kind have ended since a moment."""
        async with self._store.engine() as conn:
            rows = await conn.fetch(SQL["run_rates"], tenant_id, floor_of(since))
        return [
            {
                **dict(row),
                "connection_id": show(Prefix.CONNECTION, row["connection_id"]),
                "success_rate": _rate(row["done"] + row["partial"], row["failed"]),
            }
            for row in rows
        ]

    async def plan_proofs(self, hour: int) -> int:
        """Queue the day's proof of every store whose own clock shows this hour; returns how many."""
        async with self._store.engine() as conn:
            due = await conn.fetch(SQL["plan_proofs"], hour)
            made = [
                await conn.fetchval(SQL["add_daily_proof"], new_id(), row["tenant_id"], row["id"], row["wait"])
                for row in due
            ]
        return sum(one is not None for one in made)

    async def forget(self, older: timedelta) -> None:
        """Drop runs that ended long ago."""
        async with self._store.engine() as conn:
            await conn.execute(SQL["forget_runs"], older)

    async def take(self, owner: str, kinds: Iterable[RunKind], *, beside: bool = False) -> Run | None:
        """Take one due run of these kinds. None when there is none.

        ``owner``: the process, or the process/one of its runners. ``beside``: only one of a connection that this
        process works for already, so that a shop's changes are read while a long run goes on.
        """
        terms = (self._lease, self._patience, list(kinds), beside, owner.partition("/")[0], _READERS)
        async with self._store.engine() as conn:
            row = await conn.fetchrow(SQL["take_run"], owner, *terms)
        if row is None:
            return None
        return Run(
            **{
                **dict(row),
                "kind": RunKind(row["kind"]),
                "streams": tuple(row["streams"]),
                **{name: orjson.loads(row[name]) for name in ("progress", "asked", "errors")},
            }
        )

    async def work_one(self, owner: str, works: Mapping[RunKind, Work], *, beside: bool = False) -> bool:
        """Take one due run (see :meth:`take`) and do it. False when there was none."""
        run = await self.take(owner, works, beside=beside)
        if run is None:
            return False
        await self.do(run, works)
        return True

    async def do(self, run: Run, works: Mapping[RunKind, Work]) -> None:
        """Do a run that was taken, by its kind: keep its lease meanwhile, and write how it ended."""
        doing = asyncio.create_task(works[run.kind](run))
        heart = asyncio.create_task(self._beat(run))
        try:
            await asyncio.wait({doing, heart}, return_when=asyncio.FIRST_COMPLETED)
            if doing.done():
                await self._end(run, doing)
        finally:
            for task in (doing, heart):
                task.cancel()
            await asyncio.gather(doing, heart, return_exceptions=True)

    async def fence(self, conn: Any, run: Run) -> None:
        """Make sure inside a transaction that the run is still ours. Raises :class:`RunLost`."""
        if await conn.fetchval(SQL["fence_run"], run.id, run.epoch) is None:
            raise RunLost(str(run.id))

    async def advance(self, conn: Any, run: Run, progress: Mapping[str, Any]) -> None:
        """Move a run's progress and errors and extend its lease inside a transaction. Raises :class:`RunLost`."""
        told, errors = orjson.dumps(progress).decode(), orjson.dumps(run.errors).decode()
        if (
            await conn.fetchval(SQL["advance_run"], run.id, run.epoch, self._lease, told, errors, run.error_count)
            is None
        ):
            raise RunLost(str(run.id))

    async def _beat(self, run: Run) -> None:
        pause = self._lease.total_seconds() / 4
        missed = 0
        while missed < 4:
            await asyncio.sleep(pause)
            try:
                async with self._store.engine() as conn:
                    progress, errors = _told(run)
                    kept = await conn.fetchval(
                        SQL["keep_run"], run.id, run.epoch, self._lease, progress, errors, run.error_count
                    )
                    if kept is None:
                        return
                missed = 0
            except TROUBLE:
                missed += 1

    async def _end(self, run: Run, doing: asyncio.Task[dict[str, Any] | None]) -> None:
        problem = doing.exception()
        if isinstance(problem, RunLost):
            return
        progress, errors = _told(run)
        async with self._store.engine() as conn:
            if isinstance(problem, PutOff):
                await conn.execute(SQL["put_off_run"], run.id, run.epoch, problem.until, problem.reason, progress)
                return
            if problem is None:
                result = orjson.dumps(doing.result()).decode()
                state = "partial" if run.error_count else "done"
                await conn.execute(
                    SQL["end_run"], run.id, run.epoch, state, None, result, progress, errors, run.error_count
                )
                return
            said = text(f"{type(problem).__name__}: {problem}")[:500]
            log.warning("run failed", kind=run.kind, connection=str(run.connection_id), problem=said)
            if run.failures + 1 >= _MOST_FAILURES[run.kind]:
                await conn.execute(
                    SQL["end_run"], run.id, run.epoch, "failed", said, None, progress, errors, run.error_count
                )
            else:
                wait = timedelta(seconds=1 + full_jitter(run.failures + 1, base_s=1, ceiling_s=60))
                await conn.execute(SQL["retry_run"], run.id, run.epoch, wait, said)


def _rate(good: int, failed: int) -> float | None:
    """Return the share of runs that came to their end by themselves; one that a person cancelled says nothing."""
    return round(good / (good + failed), 4) if good + failed else None


def _told(run: Run) -> tuple[str, str]:
    return orjson.dumps(run.progress).decode(), orjson.dumps(run.errors).decode()
