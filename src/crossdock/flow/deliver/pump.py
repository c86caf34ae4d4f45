"""The pump: takes one lane after the other and drains what is due, under the lane's lease."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import structlog

from crossdock import metrics
from crossdock.connect.budget import urgent
from crossdock.connect.metering import by_leave
from crossdock.connect.touching import Toucher
from crossdock.flow.deliver.batches import Batches, Company
from crossdock.flow.deliver.breaker import Breaker, BreakerState, open_for
from crossdock.flow.deliver.desk import Desk, Fenced, Lane
from crossdock.flow.deliver.errands import Errands, carry_out
from crossdock.flow.deliver.former import Former
from crossdock.flow.deliver.intents import complete
from crossdock.flow.deliver.job import Claim, Job, NewLink
from crossdock.flow.deliver.pace import Paces
from crossdock.flow.deliver.perform import Links, Performer
from crossdock.flow.deliver.ports import Directory, Limits
from crossdock.flow.deliver.prepare import Preparer
from crossdock.flow.ports import Store
from crossdock.kit.clock import Clock
from crossdock.kit.failpoints import Failpoints
from crossdock.kit.redact import text
from crossdock.model.connection import ConnectionState
from crossdock.model.outcome import Delivered, Gone, Refresh, Rejected, Retry, Throttled, Unknown
from crossdock.store.absence import TROUBLE
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("queue.sql"))
_STALLED_S = 1.0
_IN_ALL = 4
"""With those that a destination lets wait, so many times the pumps: a dozen that hang hold nobody else up."""
_ENOUGH = 10
"""A batch that is full by this part has others beside it."""
_EVERYBODYS = 4
"""Every so many times the lane is taken that has waited longest, however urgent others are."""
_SWEEP = timedelta(seconds=1.5)
_LEAVE_S = 2.0
"""How long a pump that is cancelled may take to give its lease back."""
_SHOWN = 500
_LEAST_REST_S = 0.1
log = structlog.get_logger("crossdock.deliver")


class Taken(msgspec.Struct, frozen=True):
    """A lane whose lease we have, and the breaker it was left with."""

    lane: Lane
    breaker: Breaker
    at: datetime
    """When it was taken (the database's time)."""


class Trip(msgspec.Struct):
    """What one slice of a lane has found out."""

    lane: Lane
    breaker: Breaker
    began: datetime
    rest: float | None = None
    """Seconds the lane has to wait: throttled or breaker open."""
    held: tuple[int, float] | None = None
    """(priority, seconds): what is so urgent or less waits so long; the day's quota is kept for the rest."""
    reason: str = ""
    broken: str = ""


class Pump:
    """Drains lanes. Any number of them, in any number of processes, on one database."""

    def __init__(
        self,
        store: Store,
        directory: Directory,
        preparer: Preparer,
        limits: Limits,
        clock: Clock,
        failpoints: Failpoints,
        former: Former,
        errands: Errands | None = None,
    ) -> None:
        self._store = store
        self._directory = directory
        self._preparer = preparer
        self._limits = limits
        self._clock = clock
        self._failpoints = failpoints
        self._former = former
        self._errands = errands or {}
        self.paces = Paces()
        self._mine: dict[uuid.UUID, uuid.UUID] = {}
        self._moved: dict[uuid.UUID, float] = {}
        self._company = Company(clock)
        self._taken = 0
        self._sweep_at = -1.0
        self._stopping = False
        self.pressed = False
        """True while lanes wait for a pump of this process: slices are short then."""

    @property
    def full(self) -> bool:
        """Whether no pump is free. One whose destination lets it wait is not counted, up to a limit of its own."""
        moving = len(self._mine) - len(self._stalled())
        return moving >= self._limits.lanes or len(self._mine) >= self._limits.lanes * _IN_ALL

    def _stalled(self) -> set[uuid.UUID]:
        """Return the lanes that have not moved for a while: their destinations are slow, or hang."""
        before = self._clock.monotonic() - _STALLED_S
        return {lane for lane in self._mine if self._moved.get(lane, before) < before}

    def begin(self) -> None:
        """Take lanes (again)."""
        self._stopping = False

    def stop(self) -> None:
        """Claim nothing more: every lane is left after the call that is under way."""
        self._stopping = True

    async def take(self, owner: str) -> Taken | None:
        """Take the lease of one lane that has work; None when there is none.

        The most urgent lane goes first, and every fourth time the one that has waited longest. One tenant never has
        all pumps.
        """
        self._taken += 1
        stalled, most = self._stalled(), self._limits.one_tenant
        held = Counter(self._mine.values())
        moving = Counter(tenant for lane, tenant in self._mine.items() if lane not in stalled)
        crowding = [tenant for tenant, lanes in held.items() if moving[tenant] >= most or lanes >= most * _IN_ALL]
        asked = (owner, self._limits.lease, list(self._mine), crowding, bool(self._taken % _EVERYBODYS))
        async with self._store.engine() as conn:
            if self._clock.monotonic() >= self._sweep_at:
                # lanes whose hint was lost; of all processes one looks
                self._sweep_at = self._clock.monotonic() + _SWEEP.total_seconds()
                await conn.execute(SQL["sweep_lanes"], _SWEEP)
            row = await conn.fetchrow(SQL["take_lane"], *asked)
        if row is None:
            return None
        self._mine[row["id"]], self._moved[row["id"]] = row["tenant_id"], self._clock.monotonic()
        breaker = Breaker(state=row["breaker"], seen=row["breaker_seen"], opened=row["breaker_opened"])
        return Taken(Lane(row["id"], row["tenant_id"], owner, row["epoch"], row["ended"]), breaker, row["at"])

    async def next_s(self) -> float | None:
        """Return the seconds until the next lane is due by its own time; None: none is."""
        async with self._store.engine() as conn:
            found: float | None = await conn.fetchval(SQL["next_lane"])
        return None if found is None else max(found, 0.0)

    async def drain(self, taken: Taken) -> None:
        """Drain a lane for a slice and leave it."""
        try:
            await self._hold(taken)
        finally:
            self.forget(taken)

    def forget(self, taken: Taken) -> None:
        """Count a lane as left."""
        self._mine.pop(taken.lane.id, None)
        self._moved.pop(taken.lane.id, None)

    async def _hold(self, taken: Taken) -> None:
        lane = taken.lane
        trip = Trip(lane, taken.breaker, taken.at)
        drain = asyncio.create_task(self._drain(trip))
        heart = asyncio.create_task(self._beat(lane))
        try:
            await asyncio.wait({drain, heart}, return_when=asyncio.FIRST_COMPLETED)
            if not drain.done():
                log.warning("lane lost", lane=str(lane.id))
                return
            heart.cancel()
            problem = drain.exception()
            if (isinstance(problem, BaseExceptionGroup) and problem.subgroup(Fenced)) or isinstance(problem, Fenced):
                log.warning("lane lost", lane=str(lane.id))
                return
            await self._leave(trip, problem)
        except asyncio.CancelledError:
            # what it had called is left claimed: the next owner waits until it can no longer take effect
            drain.cancel()
            await asyncio.wait({drain})
            with contextlib.suppress(*TROUBLE):
                async with asyncio.timeout(_LEAVE_S), self._store.engine() as conn:
                    await conn.execute(SQL["leave_lane"], lane.id, lane.owner, lane.epoch, trip.breaker.seen)
            raise
        finally:
            for task in (drain, heart):
                task.cancel()
            await asyncio.gather(drain, heart, return_exceptions=True)

    async def _beat(self, lane: Lane) -> None:
        """Extend the lease; ends when it is lost."""
        pause = self._limits.lease.total_seconds() / 4
        silent_since = self._clock.monotonic()
        while self._clock.monotonic() - silent_since < self._limits.lease.total_seconds():
            await asyncio.sleep(pause)
            with contextlib.suppress(*TROUBLE):
                began = self._clock.monotonic()
                async with self._store.engine() as conn:
                    kept = await conn.fetchval(SQL["keep_lane"], lane.id, lane.owner, lane.epoch, self._limits.lease)
                if kept is None:
                    return
                silent_since = began

    async def _leave(self, trip: Trip, problem: BaseException | None) -> None:
        lane = trip.lane
        async with self._store.engine() as conn:
            if trip.broken and await conn.fetchval(SQL["break_connection"], lane.id, trip.broken, trip.began):
                log.error("connection broken", connection=str(lane.id), reason=trip.broken)
            if trip.held is not None:
                least, wait_s = trip.held
                await conn.execute(
                    SQL["hold_lane"], lane.id, lane.owner, lane.epoch, least, timedelta(seconds=wait_s), trip.reason
                )
            if trip.rest is not None:
                opened = trip.breaker.state if trip.breaker.state is not BreakerState.HALF_OPEN else BreakerState.OPEN
                metrics.BREAKER.labels(str(lane.id)).set(2 if opened is BreakerState.OPEN else 0)
                wait = timedelta(seconds=trip.rest)
                await conn.execute(
                    SQL["rest_lane"],
                    lane.id,
                    lane.owner,
                    lane.epoch,
                    opened,
                    wait,
                    trip.reason,
                    trip.breaker.opened,
                )
            elif trip.breaker.state == "closed":
                metrics.BREAKER.labels(str(lane.id)).set(0)
                await conn.execute(SQL["close_breaker"], lane.id, lane.owner, lane.epoch)
            await conn.execute(SQL["leave_lane"], lane.id, lane.owner, lane.epoch, trip.breaker.seen)
        if problem is not None:
            log.error("lane stopped", lane=str(lane.id), problem=type(problem).__name__, exc_info=problem)
            await asyncio.sleep(1)

    async def _drain(self, trip: Trip) -> None:
        desk = Desk(self._store, trip.lane, self._limits, self.paces)
        if trip.lane.ended:
            await self._end(desk)
            return
        connection = await self._directory.connection(trip.lane.id)
        connector = self._directory.connector(connection.connector)
        destination = await self._directory.destination(trip.lane.id)
        began = self._clock.monotonic()
        batches = Batches.of(connector, self._limits, lambda: self._company.beside(trip.lane.id))
        async with asyncio.TaskGroup() as group:

            def begin() -> None:
                group.create_task(self._work(trip, desk, connection, destination, began, batches, begin))

            begin()

    async def _end(self, desk: Desk) -> None:
        """End what waits for a connection that has ended, in its entities' order; what was another's goes back."""
        began = self._clock.monotonic()
        while self._may_go_on(began):
            if not await desk.end(self._limits.batch):
                return

    async def _work(
        self,
        trip: Trip,
        desk: Desk,
        connection: Any,
        destination: Any,
        began_at: float,
        batches: Batches,
        begin: Callable[[], None],
    ) -> None:
        """Claim and deliver until nothing is due; ``begin`` begins a further batch of the lane."""
        settled: list[Job] = []
        fresh: list[NewLink] = []
        took_ms, enough = 0, False

        def beside() -> None:
            # most visits to a lane find little: a look that finds nothing costs a commit
            if enough and batches.room and trip.breaker.most is None:
                begin()

        with batches.one() as batch:
            while True:
                on = trip.rest is None and trip.held is None and not trip.broken and self._may_go_on(began_at)
                size = trip.breaker.most or batches.size
                most = size if on and not batch.gives_way() else 0
                claims = await desk.settle_and_claim(settled, fresh, most, took_ms)
                await self._failpoints.reach("deliver.claimed")
                if not claims:
                    return
                if len(claims) < self._limits.messages_beside:
                    self._company.note(trip.lane.id)
                enough = len(claims) * _ENOUGH >= most
                beside()
                began = self._clock.monotonic()
                with batch.out(beside):
                    settled, fresh = await self._deliver(desk, connection, destination, claims)
                self._moved[trip.lane.id] = self._clock.monotonic()
                took_ms = int((self._moved[trip.lane.id] - began) * 1000)
                self._learn(trip, settled)

    def _may_go_on(self, began_at: float) -> bool:
        most = self._limits.pressed_slice_s if self.pressed else self._limits.slice_s
        return not self._stopping and self._clock.monotonic() - began_at < most

    async def _deliver(
        self, desk: Desk, connection: Any, destination: Any, claims: Sequence[Claim]
    ) -> tuple[list[Job], list[NewLink]]:
        async with self._store.engine() as conn:
            jobs = await self._preparer.jobs(conn, connection, destination, claims)
            links: Links = {}
            if any(job.open for job in jobs) and not _messages(jobs):
                links = await _links(conn, connection.id, jobs)
        budget = self._limits.step_budget.total_seconds()
        with urgent(max(claim.priority for claim in claims)):
            await carry_out(self._errands, connection, jobs, budget / 2, lambda: self._active(connection.id))
        if isinstance(destination, Toucher):
            complete(jobs, destination, links)
        await self._failpoints.reach("deliver.mapped")
        await self._former.keep(connection, destination, jobs, links)
        if any(job.intended is not None and job.open for job in jobs):
            await desk.intend(jobs)
            await self._failpoints.reach("deliver.intended")
        performer = Performer(destination, links, budget, self._failpoints)
        # a pause or a new secret acts before the next call, in the middle of a batch too
        withheld = by_leave(lambda: self._directory.withheld(connection.id, destination))
        with urgent(max(claim.priority for claim in claims)), withheld:
            return jobs, await performer.run([job for job in jobs if job.later is None], desk.advance)

    async def _active(self, connection_id: uuid.UUID) -> bool:
        return (await self._directory.connection(connection_id)).state is ConnectionState.ACTIVE

    def _learn(self, trip: Trip, jobs: Sequence[Job]) -> None:
        """Draw the lane's conclusions: rest when throttled, stop when refused, open the breaker on failures."""
        for job in jobs:
            match job.outcome:
                case Throttled(after_s=after_s, reason=reason, from_priority=least) if least:
                    trip.held, trip.reason = (least, max(trip.held[1] if trip.held else 0.0, after_s)), reason
                case Throttled(after_s=after_s, reason=reason):
                    # a vendor that says 0 is asked again after a pause all the same
                    trip.rest, trip.reason = max(trip.rest or _LEAST_REST_S, after_s), text(reason)[:_SHOWN]
                case Refresh(reason=reason):
                    trip.broken = text(reason)[:_SHOWN]
        failed = sum(_failed(job) for job in jobs)
        if trip.breaker.note(ok=sum(_answered(job) for job in jobs), failed=failed):
            base, ceiling = self._limits.breaker_for.total_seconds(), self._limits.breaker_ceiling.total_seconds()
            open_s = open_for(trip.breaker.opened, base_s=base, ceiling_s=ceiling)
            trip.rest, trip.reason = max(trip.rest or 0.0, open_s), "too many calls failed"
            log.warning("breaker opened", lane=str(trip.lane.id), failed=failed)


def _failed(job: Job) -> bool:
    """Whether the vendor failed, not we."""
    return isinstance(job.outcome, Unknown) or (isinstance(job.outcome, Retry) and not job.outcome.ours)


def _answered(job: Job) -> bool:
    """Whether the vendor did its work: a refusal of what we sent is an answer too."""
    outcome = job.outcome
    return isinstance(outcome, Delivered) or (isinstance(outcome, Rejected | Gone) and outcome.exchange is not None)


def _messages(jobs: Sequence[Job]) -> bool:
    return all(write.verb == "send" for job in jobs for step in job.plan.steps for write in step.writes)


async def _links(conn: Any, connection_id: uuid.UUID, jobs: Sequence[Job]) -> Links:
    names: set[tuple[str, str]] = set()
    known: Links = {}
    for job in jobs:
        for step in job.plan.steps:
            for write in step.writes:
                names.add((write.object, write.key))
                known |= {(write.object, write.key): write.record_id} if write.record_id is not None else {}
                refs = [write.to, *(v for v in write.properties.values() if not isinstance(v, str | None))]
                names.update((ref.object, ref.key) for ref in refs if ref is not None)
    rows = await conn.fetch(SQL["links"], connection_id, *map(list, zip(*sorted(names), strict=True)))
    return {(row["object"], row["key"]): row["external_id"] for row in rows} | known
