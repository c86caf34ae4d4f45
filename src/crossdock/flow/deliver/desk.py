"""The lane's desk: every write of a pump, each fenced by the lane's epoch."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
from msgspec.structs import astuple

from crossdock import metrics
from crossdock.flow.deliver import cause, intents
from crossdock.flow.deliver.job import Claim, Job, NewLink, unsent
from crossdock.flow.deliver.pace import Paces
from crossdock.flow.deliver.ports import Limits
from crossdock.flow.deliver.settle import GONE_TRIES, Back, End, decide, kind
from crossdock.flow.deliver.told import detail_of
from crossdock.flow.ports import Store
from crossdock.kit.ids import new_id
from crossdock.kit.redact import text
from crossdock.model.delivery import DeliveryState
from crossdock.model.outcome import Delivered, Gone
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("queue.sql"))
_TRIES = 5


class Lane(msgspec.Struct, frozen=True):
    """A lane under our lease."""

    id: uuid.UUID
    tenant_id: uuid.UUID
    owner: str
    epoch: int
    ended: bool = False
    """Its connection has ended: what waits is claimed to be ended as well, and sent nowhere."""


class Fenced(Exception):
    """The lane has another owner: what was about to be written must not be."""


class Desk:
    """Claims, advances and settles for one lane."""

    def __init__(self, store: Store, lane: Lane, limits: Limits, paces: Paces | None = None) -> None:
        self._store = store
        self._lane = lane
        self._limits = limits
        self._paces = paces or Paces()
        # up to the commit: a claim beside another waits for the very rows that the other takes, and goes away empty
        self._claiming = asyncio.Lock()

    async def settle_and_claim(
        self, jobs: Sequence[Job], fresh: Sequence[NewLink], most: int, took_ms: int = 0
    ) -> list[Claim]:
        """Complete the previous batch (``took_ms`` at the vendor) and claim the next in one transaction.

        Raises :class:`Fenced` when the lane has another owner and there was something to complete.
        """
        for left in reversed(range(_TRIES)):
            try:
                if not jobs:
                    return await self._claim_alone(most)
                async with contextlib.AsyncExitStack() as turn, self._store.transaction() as conn:
                    now = await self._fence(conn)
                    await self._settle(conn, now, jobs, fresh, took_ms)
                    if not most:
                        return []
                    await turn.enter_async_context(self._claiming)
                    return await self._claim(conn, most)
            except asyncpg.DeadlockDetectedError:
                if not left:
                    raise
        return []

    async def _claim_alone(self, most: int) -> list[Claim]:
        """Claim by one statement that is its own transaction: on the way of a single message each round trip counts."""
        if not most:
            return []
        async with self._claiming, self._store.engine() as conn:
            return await self._claim(conn, most)

    async def end(self, most: int) -> bool:
        """End what waits for a connection that has ended; what is another's goes back. Returns whether there was any.

        Raises :class:`Fenced` when the lane has another owner.
        """
        claims = await self._claim_alone(most)
        async with self._store.transaction() as conn:
            now = await self._fence(conn)
            rows = await conn.fetch(SQL["give_back"], sorted(claim.id for claim in claims), self._lane.epoch)
            given = {row["id"] for row in rows}
            await self._settle(conn, now, [unsent(claim) for claim in claims if claim.id not in given], (), 0)
        return bool(claims)

    async def intend(self, jobs: Sequence[Job]) -> None:
        """Commit what a batch is about to write to a system that is read from as well."""
        async with self._store.transaction() as conn:
            await self._fence(conn)
            await intents.intend(conn, self._lane.id, self._lane.tenant_id, jobs)

    async def advance(self, ids: Sequence[uuid.UUID], fresh: Sequence[NewLink]) -> None:
        """Commit a step's links and the next call's deadline."""
        async with self._store.transaction() as conn:
            await self._fence(conn)
            await self._save_links(conn, fresh)
            await conn.execute(SQL["advance"], sorted(ids), self._lane.epoch, 0, self._limits.step_budget)

    async def _fence(self, conn: Any) -> datetime:
        """Make sure that the lane is still ours; returns the database's time."""
        now: datetime | None = await conn.fetchval(SQL["fence"], self._lane.id, self._lane.epoch)
        if now is None:
            raise Fenced(str(self._lane.id))
        return now

    async def _claim(self, conn: Any, most: int) -> list[Claim]:
        limits = self._limits
        rows = await conn.fetch(
            SQL["claim"],
            self._lane.id,
            self._lane.epoch,
            most,
            limits.step_budget,
            limits.aged(most),
            limits.standard_patience,
            limits.bulk_patience,
            limits.doubt_margin,
            self._lane.ended,
        )
        return [Claim(**dict(row)) for row in rows]

    async def _settle(
        self, conn: Any, now: datetime, jobs: Sequence[Job], fresh: Sequence[NewLink], took_ms: int
    ) -> None:
        await self._count_gone(conn, jobs)
        verdicts = sorted(((job, decide(job, now, self._limits)) for job in jobs), key=lambda pair: pair[0].claim.id)
        await self._save_links(conn, fresh)
        stale = sorted({name for job in jobs for name in job.stale})
        if stale:
            await conn.execute(SQL["drop_links"], self._lane.id, *map(list, zip(*stale, strict=True)))
        await self._end(conn, [(job, verdict) for job, verdict in verdicts if isinstance(verdict, End)])
        await self._put_back(conn, [(job, verdict) for job, verdict in verdicts if isinstance(verdict, Back)])
        await intents.conclude(conn, jobs)
        tried = [job for job in jobs if job.later is None]
        kinds = [kind(job.outcome, skipped=job.skipped is not None) for job in tried]
        if tried:
            await self._note(conn, tried, kinds, took_ms)
        self._paces.note(self._lane.id, self._lane.tenant_id, tried, now)
        for name, count in Counter(kinds).items():
            metrics.OUTCOMES.labels(name).inc(count)
        for job in tried:
            if isinstance(job.outcome, Delivered):
                metrics.LAG_SECONDS.observe(max(0.0, (now - job.since).total_seconds()))

    async def _count_gone(self, conn: Any, jobs: Sequence[Job]) -> None:
        """Count how often a record was gone, for those that were tried so often that it may have been too often."""
        asked = {job.claim.id: job for job in jobs if isinstance(job.outcome, Gone) and job.claim.attempt >= GONE_TRIES}
        if not asked:
            return
        for row in await conn.fetch(SQL["gone_before"], self._lane.tenant_id, list(asked)):
            asked[row["delivery_id"]].gone_before = row["times"]

    async def _end(self, conn: Any, ended: Sequence[tuple[Job, End]]) -> None:
        if not ended:
            return
        dead = [(job, end.reason or "") for job, end in ended if end.state is DeliveryState.DEAD]
        causes = await cause.keep(conn, self._lane.tenant_id, dead)
        rows = [(job.claim.id, *astuple(end), causes.get(job.claim.id), job.mapping_version) for job, end in ended]
        await conn.execute(SQL["settle"], self._lane.epoch, rows)
        await conn.execute(
            SQL["promote"], [job.claim.route_id for job, _ in ended], [job.claim.record_id for job, _ in ended]
        )

    async def _put_back(self, conn: Any, backs: Sequence[tuple[Job, Back]]) -> None:
        if backs:
            await conn.execute(
                SQL["put_back"],
                self._lane.epoch,
                [job.claim.id for job, _ in backs],
                *([getattr(back, n) for _, back in backs] for n in ("state", "wait", "unburnt", "reason", "doubted")),
            )

    async def _note(self, conn: Any, tried: Sequence[Job], kinds: Sequence[str], took_ms: int) -> None:
        rows = [
            (
                new_id(),
                job.claim.id,
                job.claim.attempt,
                job.step_name,
                name,
                *_told(job),
                detail_of(job),
            )
            for job, name in zip(tried, kinds, strict=True)
        ]
        await conn.execute(SQL["note_attempts"], self._lane.tenant_id, self._lane.id, took_ms, rows)

    async def _save_links(self, conn: Any, fresh: Sequence[NewLink]) -> None:
        if not fresh:
            return
        rows = sorted({(n.object, n.key): n for n in fresh}.items())
        await conn.execute(
            SQL["save_links"],
            self._lane.id,
            self._lane.tenant_id,
            self._lane.epoch,
            *([getattr(link, name) for _, link in rows] for name in ("object", "key", "external_id", "parent_key")),
        )


def _told(job: Job) -> tuple[str | None, str | None]:
    """Return an attempt's code and reason; a vendor that made other values of ours is flagged, and believed."""
    if isinstance(job.outcome, Delivered) and job.skipped is None:
        other = intents.differing(job)
        if not other:
            return None, None
        return "returned-differs", f"the other side keeps another value than was sent in: {', '.join(other)}"
    verdict = decide(job, job.claim.created_at, Limits())
    return text(getattr(job.outcome, "code", None) or "") or None, verdict.reason or None
