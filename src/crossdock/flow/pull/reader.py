"""Read streams page by page; each page and its checkpoint are one transaction.

While a page is saved the next one is fetched, one page ahead at most. A crash loses what was fetched and not saved:
the checkpoint names the last page saved, and reading goes on from there.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import orjson

from crossdock import metrics
from crossdock.connect.connector import Page, Source
from crossdock.connect.manifest import CursorKind
from crossdock.flow.ports import Recorder, Sources, Store
from crossdock.flow.pull.terms import Terms, terms_of
from crossdock.flow.pull.turns import Check, Turns
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
_HEAD_START_S = 0.02
"""So long the next request may take to go out before this page is saved, which keeps the processor busy: else the shop
would wait for us between any two pages."""
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


class Quiet(PutOff):
    """The shop's quiet hours have begun: what is read in bulk waits until they end."""


class Job(msgspec.Struct, frozen=True):
    """A run with what it reads by."""

    run: Run
    connection: Connection
    source: Source
    terms: Terms
    whole: frozenset[str]
    """Streams that are read whole, whatever the run."""
    lags: Mapping[str, timedelta]
    """How much older than its reading a stream's page may be."""

    def bulk(self, stream: str, kind: RunKind) -> bool:
        """Whether this reads all there is of a stream."""
        return kind is not RunKind.PULL or stream in self.whole


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
        described = self._sources.described(connection)
        whole = frozenset(stream.name for stream in described if stream.cursor is CursorKind.FULL)
        lags = {stream.name: timedelta(seconds=stream.lag_s) for stream in described}
        job = Job(run, connection, source, terms_of(connection.config), whole, lags)
        streams = run.streams or self._all(job)
        async with self._store.engine() as conn:
            if run.kind is RunKind.PULL:
                known = list(self._sources.streams(connection))
                await conn.execute(SQL["plan_missing"], connection.id, connection.tenant_id, known)
            rows = await conn.fetch(SQL["checkpoints"], connection.id)
        cursors = {(row["stream"], row["kind"]): orjson.loads(row["cursor"]) for row in rows}
        for stream in streams:
            began = time.monotonic()
            if run.progress.get(stream, {}).get("done"):
                continue
            if run.kind is not RunKind.PULL and (stream, "pull") not in cursors:
                # the pull goes on from where the backfill began, so what changes meanwhile is not missed
                await self._keep(job, stream, RunKind.PULL, await self._fetch(job, stream, RunKind.PULL, None))
            try:
                await self._stream(job, stream, cursors.get((stream, run.kind)))
            except Quiet as hours:
                if run.kind is not RunKind.PULL:
                    raise
                async with self._store.engine() as conn:
                    await conn.execute(SQL["wait_until"], connection.id, [stream], hours.until)
                continue
            if run.kind is RunKind.PULL:
                rest = timedelta(seconds=min(_REST * (time.monotonic() - began), _LONGEST_REST_S))
                async with self._store.engine() as conn:
                    await conn.execute(SQL["rest"], connection.id, stream, rest)
        return {stream: run.progress[stream] for stream in streams if stream in run.progress}

    def _all(self, job: Job) -> tuple[str, ...]:
        """Return the streams of a run that names none; who asks for one by its name gets it, switched off or not."""
        return tuple(
            stream.name
            for stream in self._sources.described(job.connection)
            if stream.name not in job.terms.switched_off and (stream.bulk or job.run.kind is RunKind.PULL)
        )

    async def _stream(self, job: Job, stream: str, cursor: Any) -> None:
        kind = job.run.kind
        ahead = asyncio.create_task(self._fetch(job, stream, kind, cursor))
        try:
            while True:
                fetched = await ahead
                if not fetched.page.done:
                    sent = asyncio.Event()
                    ahead = asyncio.create_task(self._fetch(job, stream, kind, fetched.page.cursor, sent))
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(sent.wait(), _HEAD_START_S)
                await self._keep(job, stream, kind, fetched)
                if fetched.page.done:
                    break
        finally:
            ahead.cancel()
            await asyncio.gather(ahead, return_exceptions=True)

    async def _fetch(
        self, job: Job, stream: str, kind: RunKind, cursor: Any, sent: asyncio.Event | None = None
    ) -> Fetched:
        async with self._turns.of(job.connection.id).turn(stream, job.terms, self._quiet(job, stream, kind)) as turn:
            began = await self._now()
            turn.begin()
            if sent is not None:
                sent.set()
            page = await job.source.page(stream, cursor, full=kind is not RunKind.PULL)
            turn.kind, turn.items, turn.took_s = f"{stream} {page.shape}", len(page.items), page.took_s
        return Fetched(page, began, await self._now())

    def _quiet(self, job: Job, stream: str, kind: RunKind) -> Check | None:
        """Return what stops a reading in bulk, page by page, while the shop wants its quiet."""
        quiet = job.terms.quiet
        if quiet is None or not job.bulk(stream, kind):
            return None

        def check(now: datetime) -> None:
            if (until := quiet.left(now)) is not None:
                raise Quiet(until, "the shop's quiet hours: nothing is read in bulk")

        return check

    async def _keep(self, job: Job, stream: str, kind: RunKind, fetched: Fetched) -> None:
        await self._failpoints.reach("pull.read")
        for left in reversed(range(_TRIES)):
            try:
                told = await self._save(job, stream, kind, fetched)
                break
            except (asyncpg.DeadlockDetectedError, asyncpg.UniqueViolationError, self._recorder.again):
                if not left:
                    raise
        job.run.progress = told
        self._recorder.recorded()
        metrics.PULLED.labels(stream).inc(len(fetched.page.items))
        await self._failpoints.reach("pull.saved")

    async def _save(self, job: Job, stream: str, kind: RunKind, fetched: Fetched) -> dict[str, Any]:
        """Commit a page with its checkpoint and the run's progress, which is returned."""
        page, connection = fetched.page, job.connection
        told = {**job.run.progress}
        async with self._store.transaction() as conn:
            interval = (fetched.began - job.lags.get(stream, timedelta()), fetched.ended)
            verdicts = await self._recorder.record(conn, connection, page.items, _ORIGIN[kind], interval)
            if page.passed:
                await conn.execute(SQL["passed"], connection.id, stream, list(page.passed), fetched.ended)
            rung = await self._ring_absent(conn, job, stream, kind, fetched)
            if page.done and kind is not RunKind.PULL:
                await conn.execute(SQL["clear_checkpoint"], connection.id, stream, kind)
            else:
                await conn.execute(
                    SQL["save_checkpoint"],
                    connection.id,
                    stream,
                    kind,
                    connection.tenant_id,
                    orjson.dumps(page.cursor).decode(),
                    None if page.done else fetched.began,
                )
            if kind is job.run.kind:
                progress = msgspec.convert(told.get(stream, {}), Progress)
                told[stream] = msgspec.to_builtins(grown(progress, page, verdicts, rung))
            await self._runs.advance(conn, job.run, told)
        return told

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


def grown(progress: Progress, page: Page, verdicts: Mapping[str, int], rung: int) -> Progress:
    """Return the progress after a page."""
    counts = dict(progress.verdicts)
    for verdict, count in verdicts.items():
        counts[verdict] = counts.get(verdict, 0) + count
    return Progress(
        read=progress.read + len(page.items),
        total=page.total if page.total is not None else progress.total,
        verdicts=counts,
        done=page.done,
        pages=progress.pages + 1,
        rung=progress.rung + rung,
    )
