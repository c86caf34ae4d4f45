"""Read streams page by page; each page and its checkpoint are one transaction.

While a page is saved the next one is fetched, one page ahead at most. A crash loses what was fetched and not saved:
the checkpoint names the last page saved, and reading goes on from there.
"""

from __future__ import annotations

import asyncio
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import orjson

from crossdock import metrics
from crossdock.connect.connector import Page, Source
from crossdock.flow.ports import Recorder, Sources, Store
from crossdock.flow.pull.terms import Terms, terms_of
from crossdock.flow.pull.turns import Turns
from crossdock.flow.run import PutOff, Run, RunKind, Runs
from crossdock.kit.failpoints import Failpoints
from crossdock.model.connection import Connection
from crossdock.model.origin import Origin
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("pull.sql"))
_TRIES = 6
_REST = 20
"""A stream rests this many times as long as its last pull took, so that a sweep of many customers (they have no
modified filter) keeps a shop busy for at most a twentieth of its time."""
_LONGEST_REST_S = 3600.0
_MOST_RUNG = 10_000
"""So many entities that a sweep has missed are asked for at once; the next sweep finds the others."""
_ORIGIN = {RunKind.PULL: Origin.PULL, RunKind.BACKFILL: Origin.BACKFILL}


class Progress(msgspec.Struct):
    """How far one stream has come."""

    read: int = 0
    total: int | None = None
    verdicts: dict[str, int] = msgspec.field(default_factory=dict)
    done: bool = False
    pages: int = 0
    rung: int = 0
    """Entities that a sweep has not met; a GET decides whether they are gone."""


class Job(msgspec.Struct, frozen=True):
    """A run with what it reads by."""

    run: Run
    connection: Connection
    source: Source
    terms: Terms


class Fetched(msgspec.Struct, frozen=True):
    """A page and the interval of database time it was read in."""

    page: Page
    began: datetime
    ended: datetime


class Reading:
    """Does the reading of a run, resumable after every page."""

    def __init__(
        self, store: Store, sources: Sources, recorder: Recorder, runs: Runs, turns: Turns, failpoints: Failpoints
    ) -> None:
        self._store = store
        self._sources = sources
        self._recorder = recorder
        self._runs = runs
        self._turns = turns
        self._failpoints = failpoints

    async def __call__(self, run: Run) -> dict[str, Any]:
        """Read all streams of a run. Raises what the source raises; what was committed stays."""
        connection = await self._sources.connection(run.connection_id)
        source = await self._sources.source(run.connection_id)
        job = Job(run, connection, source, terms_of(connection.config))
        streams = run.streams or self._all(job)
        async with self._store.engine() as conn:
            if run.kind is RunKind.PULL:
                known = list(self._sources.streams(connection))
                await conn.execute(SQL["plan_missing"], connection.id, connection.tenant_id, known)
            rows = await conn.fetch(SQL["checkpoints"], connection.id)
        cursors = {(row["stream"], row["kind"]): orjson.loads(row["cursor"]) for row in rows}
        for stream in streams:
            began = time.monotonic()
            progress = msgspec.convert(run.progress.get(stream, {}), Progress)
            if progress.done:
                continue
            if run.kind is not RunKind.PULL and (stream, "pull") not in cursors:
                # the pull goes on from where the backfill began, so what changes meanwhile is not missed
                await self._keep(
                    job, stream, RunKind.PULL, await self._fetch(job, stream, RunKind.PULL, None), Progress()
                )
            await self._stream(job, stream, cursors.get((stream, run.kind)), progress)
            progress.done = True
            if run.kind is RunKind.PULL:
                rest = timedelta(seconds=min(_REST * (time.monotonic() - began), _LONGEST_REST_S))
                async with self._store.engine() as conn:
                    await conn.execute(SQL["rest"], connection.id, stream, rest)
            run.progress[stream] = msgspec.to_builtins(progress)
        return {stream: run.progress[stream] for stream in streams}

    def _all(self, job: Job) -> tuple[str, ...]:
        """Return the streams of a run that names none; who asks for one by its name gets it, switched off or not."""
        return tuple(
            stream.name
            for stream in self._sources.described(job.connection)
            if stream.name not in job.terms.switched_off and (stream.bulk or job.run.kind is RunKind.PULL)
        )

    async def _stream(self, job: Job, stream: str, cursor: Any, progress: Progress) -> None:
        kind = job.run.kind
        ahead = asyncio.create_task(self._fetch(job, stream, kind, cursor))
        try:
            while True:
                fetched = await ahead
                if not fetched.page.done:
                    ahead = asyncio.create_task(self._fetch(job, stream, kind, fetched.page.cursor))
                await self._keep(job, stream, kind, fetched, progress)
                job.run.progress[stream] = msgspec.to_builtins(progress)
                if fetched.page.done:
                    break
        finally:
            ahead.cancel()
            await asyncio.gather(ahead, return_exceptions=True)
        if kind is not RunKind.PULL:
            async with self._store.transaction() as conn:
                await self._runs.fence(conn, job.run)
                await conn.execute(SQL["clear_checkpoint"], job.connection.id, stream, kind)

    async def _fetch(self, job: Job, stream: str, kind: RunKind, cursor: Any) -> Fetched:
        full = kind is not RunKind.PULL
        async with self._turns.of(job.connection.id).turn(stream, job.terms) as turn:
            began = await self._now()
            if full and job.terms.quiet is not None and (until := job.terms.quiet.left(began)) is not None:
                raise PutOff(until, "the shop's quiet hours: nothing is read in bulk")
            page = await job.source.page(stream, cursor, full=full)
            turn.items = len(page.items)
        return Fetched(page, began, await self._now())

    async def _keep(self, job: Job, stream: str, kind: RunKind, fetched: Fetched, progress: Progress) -> None:
        await self._failpoints.reach("pull.read")
        for left in reversed(range(_TRIES)):
            try:
                verdicts, rung = await self._save(job, stream, kind, fetched)
                break
            except (asyncpg.DeadlockDetectedError, asyncpg.UniqueViolationError, self._recorder.again):
                if not left:
                    raise
        self._recorder.recorded()
        await self._failpoints.reach("pull.saved")
        page = fetched.page
        metrics.PULLED.labels(stream).inc(len(page.items))
        progress.read += len(page.items)
        progress.pages += 1
        progress.rung += rung
        progress.total = page.total if page.total is not None else progress.total
        for verdict, count in verdicts.items():
            progress.verdicts[verdict] = progress.verdicts.get(verdict, 0) + count

    async def _save(self, job: Job, stream: str, kind: RunKind, fetched: Fetched) -> tuple[dict[str, int], int]:
        page, connection = fetched.page, job.connection
        async with self._store.transaction() as conn:
            await self._runs.fence(conn, job.run)
            interval = (fetched.began, fetched.ended)
            verdicts = await self._recorder.record(conn, connection, page.items, _ORIGIN[kind], interval)
            if page.passed:
                await conn.execute(SQL["passed"], connection.id, stream, list(page.passed), fetched.ended)
            rung = await self._ring_absent(conn, job, stream, kind, fetched)
            await conn.execute(
                SQL["save_checkpoint"],
                connection.id,
                stream,
                kind,
                connection.tenant_id,
                orjson.dumps(page.cursor).decode(),
                None if page.done else fetched.began,
            )
            return verdicts, rung

    async def _ring_absent(self, conn: Any, job: Job, stream: str, kind: RunKind, fetched: Fetched) -> int:
        """Ring for what was read once and did not come again: only a GET can tell that it is gone."""
        page, about, rung = fetched.page, (job.connection.id, job.connection.tenant_id, stream), 0
        if page.whole_of is not None:
            shown = [item.external_id for item in page.items]
            rung += len(await conn.fetch(SQL["ring_children"], *about, page.whole_of, shown, fetched.began))
        if page.swept:
            rung += len(await conn.fetch(SQL["ring_missed"], *about, kind, fetched.began, _MOST_RUNG))
        return rung

    async def _now(self) -> datetime:
        async with self._store.engine() as conn:
            now: datetime = await conn.fetchval(SQL["now"])
            return now
