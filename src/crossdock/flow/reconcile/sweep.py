"""Reading the store: every id, what differs from the record in full, and a bell for what is no longer there."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg

from crossdock.connect.connector import Glance, Page, Source, Sweeper
from crossdock.connect.metering import counting
from crossdock.errors import Conflict
from crossdock.flow.ports import Recorder, Store
from crossdock.flow.reconcile.days import zone_of
from crossdock.flow.reconcile.ports import Depth, Directory, Expectations, Job, Manners
from crossdock.model.observation import Observation, Presence
from crossdock.model.origin import Origin
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("reconcile.sql"))
OF_A_DAY = ("order",)
_TRIES = 6
_ROWS = 100
"""Rows on a page of most stores' lists."""
_ENDS = 2
"""Last pages and short lists (trash, drafts) of each stream, at least."""
_SHARE = 0.5
"""So much of a day's budget a proof may take; the rest is the pulls'."""
_SETTLED = timedelta(minutes=1)
"""Times of change are whole seconds of the store's clock: what was read that soon after its change may have changed
again and show the same time. It is read in full, once: then it was seen later."""
Reading = tuple[datetime, Any, datetime]
_CHANGED = {"applied": "changed", "rewound": "changed"}


class Sweep:
    """Reads one store for one proof; memory holds a page or two."""

    def __init__(
        self,
        store: Store,
        directory: Directory,
        recorder: Recorder,
        expectations: Expectations,
        manners: Manners,
        job: Job,
    ) -> None:
        self._store = store
        self._directory = directory
        self._recorder = recorder
        self._expectations = expectations
        self._manners = manners
        self._job = job
        self._span = job.asked.days.span(zone_of(job.connection.account))
        self._began: dict[str, datetime] = {}

    async def run(self, routed: frozenset[str]) -> None:
        """Read the routed streams, and the others that may be read in bulk."""
        connection, proof = self._job.connection, self._job.proof
        await self._affordable(routed)
        off = self._manners.left_out(connection) - routed
        with counting() as calls:
            source = await self._directory.source(connection.id)
            for stream in self._directory.described(connection):
                if stream.name in off or (self._job.asked.days and stream.name not in OF_A_DAY):
                    continue
                if stream.bulk or stream.name in routed:
                    await self._stream(source, stream.name)
        proof.costs.store = sum(calls.values())
        for name, count in calls.items():
            proof.costs.connectors[name] = proof.costs.connectors.get(name, 0) + count

    async def _affordable(self, routed: frozenset[str]) -> None:
        """Refuse what would spend the day's budget and still not end: the pulls need it. Raises ``Conflict``."""
        budget = self._manners.per_day(self._job.connection)
        if budget is None or self._job.asked.days:
            return
        async with self._store.engine() as conn:
            known = await conn.fetchval(SQL["count_records"], self._job.connection.id, sorted(routed))
        needed = -(-known // _ROWS) + _ENDS * len(routed)
        if needed > budget * _SHARE:
            raise Conflict(
                f"a proof of this store takes more than {needed} requests, and its budget is {budget} a day",
                remedy="raise requests_per_day, or prove it day by day (--from, --to)",
            )

    async def settle(self) -> None:
        """Take in what the answers to the bells have told: what stands after all, and what is gone."""
        for stream, began in self._began.items():
            async with self._store.engine() as conn:
                told = await conn.fetchrow(
                    SQL["settle_listed"],
                    self._job.proof_id,
                    self._job.connection.tenant_id,
                    self._job.connection.id,
                    stream,
                    began,
                    self._span.after,
                    self._span.before,
                )
            self._count("gone", told["gone"])

    def _count(self, what: str, more: int) -> None:
        if more:
            self._job.proof.repairs[what] = self._job.proof.repairs.get(what, 0) + more

    async def _stream(self, source: Source, stream: str) -> None:
        tell, seen = self._job.asked.tell, 0
        tell(f"reading the store: {stream}")
        self._began[stream] = await self._now()
        light = self._job.depth is Depth.LIGHT and isinstance(source, Sweeper)
        light = light and isinstance(source, Sweeper) and source.fingerprint(stream, {}) is not None
        ahead = asyncio.create_task(self._read(source, stream, None, light=light))
        try:
            while True:
                began, page, ended = await ahead
                if not page.done:
                    ahead = asyncio.create_task(self._read(source, stream, page.cursor, light=light))
                if isinstance(page, Glance):
                    await self._glanced(source, stream, page, (began, ended))
                else:
                    await self._record(page.items, (began, ended))
                seen += len(page.items)
                tell(f"reading the store: {stream} {seen}")
                if page.done:
                    break
        finally:
            ahead.cancel()
            await asyncio.gather(ahead, return_exceptions=True)
        await self._ring(stream)

    async def _read(self, source: Source, stream: str, cursor: Any, *, light: bool) -> Reading:
        async with self._manners.turn(
            self._job.connection, f"{stream} lightly" if light else stream, bulk=self._bulk
        ) as turn:
            began = await self._now()
            turn.begin()
            page: Glance | Page
            if not isinstance(source, Sweeper):
                page = await source.page(stream, cursor, full=True)
            elif light:
                page = await source.glance(stream, cursor, self._span)
            else:
                page = await source.sweep(stream, cursor, self._span)
            turn.items = len(page.items)
            if isinstance(page, Page):
                turn.kind = f"{stream} {page.shape}"
        return began, page, await self._now()

    @property
    def _bulk(self) -> bool:
        return self._job.asked.daily

    async def _glanced(self, source: Source, stream: str, page: Glance, interval: tuple[datetime, datetime]) -> None:
        """Compare a light page with the records; read in full what differs."""
        assert isinstance(source, Sweeper)
        shown = {item.external_id: item for item in page.items}
        async with self._store.engine() as conn:
            rows = await conn.fetch(SQL["known"], self._job.connection.id, stream, list(shown))
        same: list[str] = []
        for row in rows:
            item = shown[row["external_id"]]
            if row["contested"] or row["body"] is None or row["modified_at"] != item.modified_at:
                continue
            if row["modified_at"] is not None and row["seen_to"] < row["modified_at"] + _SETTLED:
                continue
            if sorted(item.children) != sorted(row["children"]):
                continue
            if source.fingerprint(stream, self._expectations.document(row)) == item.fingerprint:
                same += [item.external_id, *item.children]
        if same:
            async with self._store.transaction() as conn:
                await conn.execute(SQL["stand"], self._job.connection.id, stream, same, interval[1])
            await self._list(stream, same)
        held = set(same)
        differ = [name for name in shown if name not in held]
        for start in range(0, len(differ), 100):
            await self._in_full(source, stream, differ[start : start + 100])

    async def _in_full(self, source: Sweeper, stream: str, external_ids: Sequence[str]) -> None:
        async with self._manners.turn(self._job.connection, f"{stream} by id", bulk=self._bulk) as turn:
            began = await self._now()
            turn.begin()
            items = await source.fetch_some(stream, external_ids)
            turn.items = len(items)
        await self._record(items, (began, await self._now()))

    async def _record(self, items: Sequence[Observation], interval: tuple[datetime, datetime]) -> None:
        if not items:
            return
        stream, connection = items[0].stream, self._job.connection
        async with self._store.engine() as conn:
            known = await conn.fetchval(SQL["count_known"], connection.id, stream, [i.external_id for i in items])
        for left in reversed(range(_TRIES)):
            try:
                async with self._store.transaction() as conn:
                    verdicts = await self._recorder.record(conn, connection, items, Origin.RECONCILE, interval)
                break
            except (asyncpg.DeadlockDetectedError, asyncpg.UniqueViolationError, self._recorder.again):
                if not left:
                    raise
        self._recorder.recorded()
        news = sum(verdicts.get(verdict, 0) for verdict in _CHANGED)
        missed = min(news, len({i.external_id for i in items}) - known)
        self._count("missed", missed)
        self._count("changed", news - missed)
        here = [
            i.external_id
            for i in items
            if i.presence is not Presence.DELETED and (stream not in OF_A_DAY or self._span.holds(i.created_at))
        ]
        await self._list(stream, here)

    async def _list(self, stream: str, external_ids: Sequence[str]) -> None:
        async with self._store.engine() as conn:
            await conn.execute(
                SQL["list"], self._job.proof_id, self._job.connection.tenant_id, stream, sorted(set(external_ids))
            )

    async def _ring(self, stream: str) -> None:
        async with self._store.engine() as conn:
            rung = await conn.fetchval(
                SQL["ring_absent"],
                self._job.connection.tenant_id,
                self._job.connection.id,
                stream,
                self._began[stream],
                self._span.after,
                self._span.before,
            )
        costs = self._job.proof.costs
        if rung:
            costs.repairs["gets"] = costs.repairs.get("gets", 0) + rung

    async def _now(self) -> datetime:
        async with self._store.engine() as conn:
            now: datetime = await conn.fetchval(SQL["now"])
            return now


__all__ = ["OF_A_DAY", "Sweep"]
