"""The prover: sweeps the store, waits until all is delivered, reads the destination, compares, repairs, reports."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg

from crossdock.connect.connector import Destination, Source
from crossdock.flow.ports import Recorder, Store
from crossdock.flow.reconcile.compare import Snapshot, Verdict, compare
from crossdock.flow.reconcile.ports import (
    Days,
    Difference,
    Directory,
    Expectations,
    Expected,
    Proof,
    ProofRow,
    Requeue,
)
from crossdock.model.connection import Connection
from crossdock.model.origin import Origin
from crossdock.model.plan import Verb, Write
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("reconcile.sql"))
ENTITIES = ("order", "customer", "product")
ALWAYS = Days()
_OF_A_DAY = ("order",)
_PAGE = 500
_TRIES = 6
_SHOWN = 1000
_FIRST = uuid.UUID(int=0)
Tell = Callable[[str], None]


class Prover:
    """Proves one store at a time."""

    def __init__(
        self,
        store: Store,
        directory: Directory,
        recorder: Recorder,
        expectations: Expectations,
        requeue: Requeue,
    ) -> None:
        self._store = store
        self._directory = directory
        self._recorder = recorder
        self._expectations = expectations
        self._requeue = requeue

    async def prove(
        self,
        source_id: uuid.UUID,
        *,
        repair_rounds: int = 2,
        patience_s: float = 120.0,
        tell: Tell = lambda _: None,
        days: Days = ALWAYS,
    ) -> Proof:
        """Prove that what the store holds stands at its destinations.

        Reads store and destinations afresh. What is missing or drifted is delivered again, at most ``repair_rounds``
        times; ``patience_s`` is how long deliveries may take to come to rest. A worker has to be running.
        With ``days`` only the orders of these days of the store are compared.
        """
        connection = await self._directory.connection(source_id)
        listed = await self._sweep(connection, tell, days)
        await self._rest(connection, patience_s, tell)
        for left in reversed(range(repair_rounds + 1)):
            proof, wrong = await self._compare(connection, listed, tell, days)
            if proof.ok or not left or not wrong:
                break
            tell(f"delivering {len(wrong)} again")
            await self._requeue.states(connection.tenant_id, wrong)
            await self._rest(connection, patience_s, tell)
        return proof

    async def _sweep(self, connection: Connection, tell: Tell, days: Days) -> dict[str, set[str]]:
        """Read everything in the store, record what differs, ring for what is no longer there."""
        source = await self._directory.source(connection.id)
        listed: dict[str, set[str]] = {}
        for stream in self._directory.streams(connection):
            if days and stream not in _OF_A_DAY:
                continue
            tell(f"reading the store: {stream}")
            began = await self._now()
            listed[stream] = await self._sweep_stream(connection, source, stream, days, tell)
            async with self._store.engine() as conn:
                await conn.fetch(SQL["ring_absent"], connection.tenant_id, connection.id, stream, began)
        return listed

    async def _sweep_stream(
        self, connection: Connection, source: Source, stream: str, days: Days, tell: Tell
    ) -> set[str]:
        seen: set[str] = set()
        cursor = None
        while True:
            began = await self._now()
            page = await source.page(stream, cursor, full=True)
            interval = (began, await self._now())
            for left in reversed(range(_TRIES)):
                try:
                    async with self._store.transaction() as conn:
                        await self._recorder.record(conn, connection, page.items, Origin.RECONCILE, interval)
                    break
                except (asyncpg.DeadlockDetectedError, asyncpg.UniqueViolationError, self._recorder.again):
                    if not left:
                        raise
            self._recorder.recorded()
            offset = offset_of(connection)
            seen.update(item.external_id for item in page.items if days.holds(item.created_at, offset))
            tell(f"reading the store: {stream} {len(seen)}")
            cursor = page.cursor
            if page.done:
                return seen

    async def _rest(self, connection: Connection, patience_s: float, tell: Tell) -> None:
        """Wait until nothing is under way for this store; patience ends when nothing moves any more."""
        last, moved = -1, time.monotonic()
        while time.monotonic() - moved < patience_s:
            async with self._store.engine() as conn:
                row = await conn.fetchrow(SQL["under_way"], connection.id)
            left = row["deliveries"] + row["doorbells"] + row["runs"]
            if left == 0:
                return
            if left != last:
                last, moved = left, time.monotonic()
                tell(f"waiting for {row['deliveries']} deliveries and {row['doorbells']} doorbells")
            await asyncio.sleep(0.1)

    async def _compare(
        self, connection: Connection, listed: dict[str, set[str]], tell: Tell, days: Days
    ) -> tuple[Proof, list[tuple[uuid.UUID, uuid.UUID]]]:
        async with self._store.engine() as conn:
            routes = await conn.fetch(SQL["state_routes"], connection.tenant_id, connection.id)
        routes = [route for route in routes if not days or route["stream"] in _OF_A_DAY]
        proof = Proof([], [])
        wrong: list[tuple[uuid.UUID, uuid.UUID]] = []
        for destination_id in dict.fromkeys(route["destination_id"] for route in routes):
            part = _Comparison(self, connection, destination_id, listed, proof, wrong, days)
            await part.run([r for r in routes if r["destination_id"] == destination_id], tell)
        return proof, wrong

    async def _now(self) -> datetime:
        async with self._store.engine() as conn:
            now: datetime = await conn.fetchval(SQL["now"])
            return now

    # the rooms of the prover that a comparison works in
    @property
    def store(self) -> Store:
        """Return the database."""
        return self._store

    @property
    def directory(self) -> Directory:
        """Return who is who."""
        return self._directory

    @property
    def expectations(self) -> Expectations:
        """Return the planner."""
        return self._expectations


class _Comparison:
    """One store against one destination."""

    def __init__(
        self,
        prover: Prover,
        source: Connection,
        destination_id: uuid.UUID,
        listed: dict[str, set[str]],
        proof: Proof,
        wrong: list[tuple[uuid.UUID, uuid.UUID]],
        days: Days,
    ) -> None:
        self._days = days
        self._prover = prover
        self._source = source
        self._destination_id = destination_id
        self._listed = listed
        self._proof = proof
        self._wrong = wrong
        self._belongs: set[tuple[str, str]] = set()
        self._say: Tell = lambda _: None

    async def run(self, routes: Sequence[Any], tell: Tell) -> None:
        """Compare every stream that is routed there."""
        self._say = tell
        connection = await self._prover.directory.connection(self._destination_id)
        destination = await self._prover.directory.destination(self._destination_id)
        planned: dict[uuid.UUID, list[tuple[Any, Expected]]] = {}
        owners: dict[str, str] = {}
        objects: set[str] = set()
        for route in routes:
            tell(f"planning {route['stream']} for {connection.name}")
            planned[route["id"]] = await self._plan(connection, route)
            for write in _writes(planned[route["id"]]):
                objects.add(write.object)
                if write.verb is not Verb.ASSOCIATE and not write.ensure:
                    owners.setdefault(write.object, route["stream"])
        tell(f"reading {connection.name}")
        snapshot, links = await self._snapshot(connection, destination, sorted(objects))
        rows = {}
        for route in routes:
            row = self._row(connection, destination, route, planned[route["id"]], snapshot, links)
            rows[route["stream"]] = row
            self._proof.rows.append(row)
        # of some days alone it cannot be said what belongs to none of them
        for (name, key), found in () if self._days else snapshot.by_key.items():
            owner = rows.get(owners.get(name, ""))
            if owner is None or not key.startswith(self._source.account_uid + ":"):
                continue
            extra = [f for f in found if (f.object, f.external_id) not in self._belongs]
            owner.unexpected += len(extra)
            self._tell(owner.entity, key, "unexpected", [name] * len(extra))
        self._proof.rows.sort(key=lambda row: ENTITIES.index(row.entity) if row.entity in ENTITIES else 99)

    async def _plan(self, connection: Connection, route: Any) -> list[tuple[Any, Expected]]:
        planned: list[tuple[Any, Expected]] = []
        after = _FIRST
        while True:
            async with self._prover.store.engine() as conn:
                rows = await conn.fetch(
                    SQL["records_of"], self._source.tenant_id, self._source.id, route["stream"], after, _PAGE
                )
                if not rows:
                    return planned
                after = rows[-1]["record_id"]
                offset = offset_of(self._source)
                rows = [row for row in rows if self._days.holds(row["made_at"], offset)]
                if not rows:
                    continue
                expected = await self._prover.expectations.expected(conn, connection, [(route, row) for row in rows])
                endings = {
                    e["record_id"]: e
                    for e in await conn.fetch(SQL["endings"], [row["record_id"] for row in rows], route["id"])
                }
            # bodies are dropped here: a proof of 100,000 orders must not hold them
            facts = [(row["presence"], endings[row["record_id"]]) for row in rows]
            planned += list(zip(facts, expected, strict=True))
            self._say(f"planning {route['stream']} {len(planned)}")

    async def _snapshot(
        self, connection: Connection, destination: Destination, objects: Sequence[str]
    ) -> tuple[Snapshot, dict[tuple[str, str], str]]:
        snapshot = Snapshot()
        links: dict[tuple[str, str], str] = {}
        read = 0
        for name in objects:
            async for found in destination.found(name, self._source.account_uid):
                snapshot.add(found)
                read += 1
                if read % _PAGE == 0:
                    self._say(f"reading {connection.name}: {name} {read}")
            async with self._prover.store.engine() as conn:
                for row in await conn.fetch(SQL["links_of"], connection.id, name):
                    links[row["object"], row["key"]] = row["external_id"]
        return snapshot, links

    def _row(
        self,
        connection: Connection,
        destination: Destination,
        route: Any,
        planned: Sequence[tuple[Any, Expected]],
        snapshot: Snapshot,
        links: dict[tuple[str, str], str],
    ) -> ProofRow:
        stream = route["stream"]
        listed = set(self._listed.get(stream, set()))
        row = ProofRow(entity=stream, destination=connection.name, in_store=len(listed))
        for (presence, ending), expected in planned:
            if presence != "deleted":
                row.recorded += 1
            listed.discard(expected.external_id)
            writes = list(_writes([(None, expected)]))
            verdict = compare(expected.main_key, writes, snapshot, links, destination.equal)
            self._belongs.update(verdict.expected)
            self._count(row, presence, ending, bool(writes))
            if presence != "draft" and ending["state"] != "dead":
                self._judge(row, route, expected, verdict)
            if ending["state"] == "dead" and not ending["pending"]:
                self._tell(stream, expected.external_id, "dead", ["delivery"])
        row.missing += len(listed)
        for external_id in sorted(listed):
            self._tell(stream, external_id, "missing", ["record"])
        return row

    def _count(self, row: ProofRow, presence: str, ending: Any, writes: bool) -> None:
        self._proof.pending += bool(ending["pending"])
        if ending["state"] == "dead":
            row.dead += 1
        elif presence == "deleted":
            return
        elif ending["state"] == "delivered":
            row.delivered += 1
        elif ending["state"] == "skipped" or (presence == "draft" and not writes):
            row.skipped += 1

    def _judge(self, row: ProofRow, route: Any, expected: Expected, verdict: Verdict) -> None:
        row.missing += bool(verdict.missing)
        row.duplicates += bool(verdict.duplicates)
        # of a record that is missing as a whole nothing else is worth saying
        drifted = [] if verdict.missing else verdict.drifted
        row.drifted += bool(drifted)
        self._tell(row.entity, expected.external_id, "missing", verdict.missing)
        self._tell(row.entity, expected.external_id, "duplicate", verdict.duplicates)
        self._tell(row.entity, expected.external_id, "drifted", drifted)
        if verdict.missing or verdict.drifted:
            self._wrong.append((route["id"], expected.record_id))

    def _tell(self, entity: str, external_id: str, kind: str, things: Sequence[str]) -> None:
        for what in dict.fromkeys(things):
            if len(self._proof.differences) < _SHOWN:
                self._proof.differences.append(Difference(entity, external_id, kind, what))
            else:
                self._proof.unlisted += 1


def _writes(planned: Sequence[tuple[Any, Expected]]) -> Iterator[Write]:
    for _, expected in planned:
        for step in expected.plan.steps if expected.plan else ():
            yield from step.writes


def offset_of(connection: Connection) -> float:
    """Return how many hours a store's clock is ahead of UTC."""
    offset = connection.account.get("gmt_offset")
    return float(offset) if isinstance(offset, int | float) else 0.0
