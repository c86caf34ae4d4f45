"""The prover: sweeps the store, waits until all has come to rest, compares, repairs, looks again.

Everything is done a page or a window at a time; what has to be remembered stands in tables, so that memory does not
grow with the store.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import msgspec

from crossdock.connect.metering import counting
from crossdock.flow.ports import Recorder, Store
from crossdock.flow.reconcile.by_day import BACK, DayRow, Tally
from crossdock.flow.reconcile.comparison import Comparison
from crossdock.flow.reconcile.days import zone_of
from crossdock.flow.reconcile.held import Held
from crossdock.flow.reconcile.ports import (
    ALWAYS,
    SHOWN,
    WEEK,
    Asked,
    Depth,
    Difference,
    Directory,
    Expectations,
    Job,
    Manners,
    Proof,
    Requeue,
    Sealer,
    Tell,
    silent,
)
from crossdock.flow.reconcile.rest import Rest
from crossdock.flow.reconcile.sweep import OF_A_DAY, Sweep
from crossdock.kit.ids import Prefix, floor_of, new_id, show
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("reconcile.sql"))
ENTITIES: Final = ("order", "customer", "product")
_LOOKS: Final = 4
"""So often what is in motion is looked at again before it is left to the next proof."""
_CHUNK: Final = 500
_COUNTED: Final = {"missing": "missing", "duplicate": "duplicates", "drifted": "drifted", "unexpected": "unexpected"}


class Prover:
    """Proves one store at a time."""

    def __init__(
        self,
        store: Store,
        directory: Directory,
        recorder: Recorder,
        expectations: Expectations,
        requeue: Requeue,
        manners: Manners,
        sealer: Sealer,
    ) -> None:
        self._store = store
        self._directory = directory
        self._recorder = recorder
        self._expectations = expectations
        self._requeue = requeue
        self._manners = manners
        self._sealer = sealer

    async def prove(
        self,
        source_id: uuid.UUID,
        *,
        repair_rounds: int = 2,
        patience_s: float = 120.0,
        tell: Tell = silent,
        days: Any = ALWAYS,
        depth: Depth = Depth.FULL,
    ) -> Proof:
        """Prove that what the store holds stands at its destinations, and keep no more than the answer.

        Reads store and destinations afresh. What is missing or drifted is delivered again, at most ``repair_rounds``
        times; ``patience_s`` is how long deliveries may stand still. A worker has to be running. With ``days`` only
        the orders of these days of the store are compared.
        """
        proof_id = new_id()
        asked = Asked(repair_rounds, patience_s, days, depth, tell=tell)
        try:
            return await self.take(source_id, proof_id, asked)
        finally:
            async with self._store.engine() as conn:
                await conn.execute(SQL["forget_exceptions"], proof_id)

    async def take(self, source_id: uuid.UUID, proof_id: uuid.UUID, asked: Asked) -> Proof:
        """Take a proof under an id; its exceptions stay as rows of that id. Raises what the sides raise."""
        connection = await self._directory.connection(source_id)
        async with self._store.engine() as conn:
            began: datetime = await conn.fetchval(SQL["now"])
            young = await conn.fetchval(SQL["depth_due"], source_id, WEEK)
            routes = await conn.fetch(SQL["state_routes"], connection.tenant_id, source_id)
        depth = asked.depth
        if depth is Depth.AUTO:
            depth = Depth.LIGHT if young and not asked.days else Depth.FULL
        routes = [route for route in routes if not asked.days or route["stream"] in OF_A_DAY]
        job = Job(proof_id, connection, asked, depth, Proof([], [], depth=depth))
        rest = Rest(self._store, job)
        try:
            sweep = Sweep(self._store, self._directory, self._recorder, self._expectations, self._manners, job)
            await sweep.run(frozenset(route["stream"] for route in routes))
            await rest.come()
            await sweep.settle()
            parts = [part async for part in self._parts(job, routes, began)]
            await self._mend(job, parts, rest)
            await self._finish(job, parts, rest, began)
        finally:
            async with self._store.engine() as conn:
                await conn.execute(SQL["forget_listed"], proof_id)
        return job.proof

    async def _parts(self, job: Job, routes: Sequence[Any], began: datetime) -> AsyncIterator[Comparison]:
        """Compare the store with each of its destinations."""
        zone = zone_of(job.connection.account)
        span = job.asked.days.span(zone)
        for destination_id, some in groupby(routes, key=lambda route: route["destination_id"]):
            connection = await self._directory.connection(destination_id)

            async def held(destination_id: uuid.UUID = destination_id) -> Held:
                here = await self._directory.connection(destination_id)
                there = await self._directory.destination(destination_id)
                return Held(self._store, self._sealer, job.connection, here, there, job.asked.tell)

            destination = await self._directory.destination(destination_id)
            tally = Tally(zone, None if job.asked.days else began - BACK)
            part = Comparison(self._store, self._expectations, job, (connection, destination), held, span, tally)
            with _Counted(job, connection.name):
                await part.run(list(some))
            yield part

    async def _mend(self, job: Job, parts: Sequence[Comparison], rest: Rest) -> None:
        """Look again at what was found wrong; deliver again what is; look again."""
        await self._look(job, parts, rest)
        for _ in range(job.asked.rounds):
            async with self._store.engine() as conn:
                pairs = await conn.fetch(SQL["repairable"], job.proof_id)
            if not pairs:
                return
            job.asked.tell(f"delivering {len(pairs)} again")
            for start in range(0, len(pairs), _CHUNK):
                chunk = [(pair["route_id"], pair["record_id"]) for pair in pairs[start : start + _CHUNK]]
                await self._requeue.states(job.connection.tenant_id, chunk)
            async with self._store.engine() as conn:
                await conn.execute(SQL["sent_again"], job.proof_id)
            await self._look(job, parts, rest)

    async def _look(self, job: Job, parts: Sequence[Comparison], rest: Rest) -> None:
        for _ in range(_LOOKS):
            async with self._store.engine() as conn:
                left = await conn.fetchval(SQL["count_open"], job.proof_id)
            if not left:
                return
            await rest.come()
            moving = 0
            for part in parts:
                with _Counted(job, part.name):
                    moving += await part.look_again(rest.cut)
            if not moving:
                return

    async def _finish(self, job: Job, parts: Sequence[Comparison], rest: Rest, began: datetime) -> None:
        proof = job.proof
        by_route = {route_id: row for part in parts for route_id, row in part.rows.items()}
        async with self._store.engine() as conn:
            for told in await conn.fetch(SQL["counts"], job.proof_id):
                if (name := _COUNTED.get(told["kind"])) is not None:
                    count = told["things" if told["kind"] == "unexpected" else "entities"]
                    setattr(by_route[told["route_id"]], name, count)
            proof.differences = [
                msgspec.convert(dict(row), Difference)
                for row in await conn.fetch(SQL["first_open"], job.proof_id, SHOWN)
            ]
            proof.unlisted = await conn.fetchval(SQL["count_open"], job.proof_id) - len(proof.differences)
            proof.pending = await conn.fetchval(SQL["still_pending"], job.connection.id, rest.cut)
            proof.moving = await conn.fetchval(SQL["moving"], job.connection.id, rest.cut)
            if again := await conn.fetchval(SQL["count_repaired"], job.proof_id):
                proof.repairs["delivered"] = again
            proof.by_day = [row for part in parts for row in await _days(conn, job, part)]
            costs = await conn.fetchrow(
                SQL["repair_costs"],
                *(job.connection.tenant_id, floor_of(began), job.connection.id, began, job.proof_id),
            )
        proof.costs.repairs |= {name: costs[name] for name in ("deliveries", "batches") if costs[name]}
        proof.rows = sorted(by_route.values(), key=_order)


async def _days(conn: Any, job: Job, part: Comparison) -> list[DayRow]:
    """Return the orders of one destination by day."""
    if part.day_route is None:
        return []
    listed = await conn.fetch(SQL["listed_by_day"], job.proof_id, job.connection.id, "order", part.tally.since)
    wrong = await conn.fetch(SQL["wrong_by_day"], job.proof_id, part.day_route)
    return part.tally.rows((show(Prefix.CONNECTION, part.id), part.name), listed, wrong)


def _order(row: Any) -> tuple[int, str]:
    return (ENTITIES.index(row.entity) if row.entity in ENTITIES else len(ENTITIES), row.destination)


class _Counted:
    """Counts the calls of a block as one destination's."""

    def __init__(self, job: Job, name: str) -> None:
        self._costs = job.proof.costs
        self._name = name
        self._counting = counting()

    def __enter__(self) -> None:
        self._calls = self._counting.__enter__()

    def __exit__(self, *problem: Any) -> None:
        self._counting.__exit__(*problem)
        self._costs.destinations[self._name] = self._costs.destinations.get(self._name, 0) + sum(self._calls.values())
        for connector, count in self._calls.items():
            self._costs.connectors[connector] = self._costs.connectors.get(connector, 0) + count


__all__ = ["ENTITIES", "Prover"]
