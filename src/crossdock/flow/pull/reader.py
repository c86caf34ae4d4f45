"""Read streams page by page; each page and its checkpoint are one transaction."""

from __future__ import annotations

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
from crossdock.flow.pull.terms import terms_of
from crossdock.flow.run import Run, RunKind, Runs
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
_ORIGIN = {RunKind.PULL: Origin.PULL, RunKind.BACKFILL: Origin.BACKFILL}


class Progress(msgspec.Struct):
    """How far one stream has come."""

    read: int = 0
    total: int | None = None
    verdicts: dict[str, int] = msgspec.field(default_factory=dict)
    done: bool = False


class Reading:
    """Does the reading of a run, resumable after every page."""

    def __init__(self, store: Store, sources: Sources, recorder: Recorder, runs: Runs, failpoints: Failpoints) -> None:
        self._store = store
        self._sources = sources
        self._recorder = recorder
        self._runs = runs
        self._failpoints = failpoints

    async def __call__(self, run: Run) -> dict[str, Any]:
        """Read all streams of a run. Raises what the source raises; what was committed stays."""
        connection = await self._sources.connection(run.connection_id)
        source = await self._sources.source(run.connection_id)
        off = terms_of(connection.config).switched_off
        known = self._sources.streams(connection)
        # who asks for a stream by its name gets it, switched off or not
        streams = run.streams or tuple(name for name in known if name not in off)
        async with self._store.engine() as conn:
            if run.kind is RunKind.PULL:
                await conn.execute(SQL["plan_missing"], connection.id, connection.tenant_id, list(known))
            rows = await conn.fetch(SQL["checkpoints"], connection.id)
        cursors = {(row["stream"], row["kind"]): orjson.loads(row["cursor"]) for row in rows}
        for stream in streams:
            began = time.monotonic()
            progress = msgspec.convert(run.progress.get(stream, {}), Progress)
            if progress.done:
                continue
            if run.kind is not RunKind.PULL and (stream, "pull") not in cursors:
                # the pull goes on from where the backfill began, so what changes meanwhile is not missed
                await self._page(run, connection, source, stream, None, RunKind.PULL, Progress())
            cursor = cursors.get((stream, run.kind))
            await self._stream(run, connection, source, stream, cursor, progress)
            progress.done = True
            if run.kind is RunKind.PULL:
                rest = timedelta(seconds=min(_REST * (time.monotonic() - began), _LONGEST_REST_S))
                async with self._store.engine() as conn:
                    await conn.execute(SQL["rest"], connection.id, stream, rest)
            run.progress[stream] = msgspec.to_builtins(progress)
        return {stream: run.progress[stream] for stream in streams}

    async def _stream(
        self, run: Run, connection: Connection, source: Source, stream: str, cursor: Any, progress: Progress
    ) -> None:
        while True:
            page = await self._page(run, connection, source, stream, cursor, run.kind, progress)
            run.progress[stream] = msgspec.to_builtins(progress)
            cursor = page.cursor
            if page.done:
                break
        if run.kind is not RunKind.PULL:
            async with self._store.transaction() as conn:
                await self._runs.fence(conn, run)
                await conn.execute(SQL["clear_checkpoint"], connection.id, stream, run.kind)

    async def _page(
        self,
        run: Run,
        connection: Connection,
        source: Source,
        stream: str,
        cursor: Any,
        kind: RunKind,
        progress: Progress,
    ) -> Page:
        began = await self._now()
        page = await source.page(stream, cursor, full=kind is not RunKind.PULL)
        ended = await self._now()
        await self._failpoints.reach("pull.read")
        for left in reversed(range(_TRIES)):
            try:
                verdicts = await self._save(run, connection, stream, kind, page, (began, ended))
                break
            except (asyncpg.DeadlockDetectedError, asyncpg.UniqueViolationError, self._recorder.again):
                if not left:
                    raise
        self._recorder.recorded()
        await self._failpoints.reach("pull.saved")
        metrics.PULLED.labels(stream).inc(len(page.items))
        progress.read += len(page.items)
        progress.total = page.total if page.total is not None else progress.total
        for verdict, count in verdicts.items():
            progress.verdicts[verdict] = progress.verdicts.get(verdict, 0) + count
        return page

    async def _save(
        self,
        run: Run,
        connection: Connection,
        stream: str,
        kind: RunKind,
        page: Page,
        interval: tuple[datetime, datetime],
    ) -> dict[str, int]:
        async with self._store.transaction() as conn:
            await self._runs.fence(conn, run)
            verdicts = await self._recorder.record(conn, connection, page.items, _ORIGIN[kind], interval)
            cursor = orjson.dumps(page.cursor).decode()
            await conn.execute(SQL["save_checkpoint"], connection.id, stream, kind, connection.tenant_id, cursor)
            return verdicts

    async def _now(self) -> datetime:
        async with self._store.engine() as conn:
            now: datetime = await conn.fetchval(SQL["now"])
            return now
