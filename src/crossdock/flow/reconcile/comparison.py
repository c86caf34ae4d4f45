"""One store against one destination, a window of records at a time."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from crossdock.connect.connector import Destination, Span
from crossdock.flow.ports import Store
from crossdock.flow.reconcile.by_day import Tally
from crossdock.flow.reconcile.compare import Verdict, compare
from crossdock.flow.reconcile.held import Held
from crossdock.flow.reconcile.ports import Expectations, Expected, Job, ProofRow
from crossdock.flow.reconcile.sweep import OF_A_DAY
from crossdock.kit.ids import new_id
from crossdock.model.connection import Connection
from crossdock.model.plan import Verb, Write
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("reconcile.sql"))
WINDOW: Final = 250
_FIRST = uuid.UUID(int=0)
_EXCUSED: Final = frozenset({"filter", "historical", "consent", "erased", "discarded", "held-back"})
"""Rules by which a record goes no further: that it is not at the destination is no gap."""


class Thing(msgspec.Struct, frozen=True):
    """One exception, before it is kept."""

    destination_id: uuid.UUID
    route_id: uuid.UUID
    record_id: uuid.UUID | None
    found_id: str | None
    entity: str
    external_id: str
    kind: str
    what: str
    bucket: str
    rounds: int = 0


class Judged(msgspec.Struct, frozen=True):
    """What is to be said of one record."""

    bucket: str
    """delivered, skipped, fallback or dead; empty for what is none of them."""
    rule: str
    """The named rule it goes no further by, or the second destination that took it."""
    things: tuple[tuple[str, str, str | None], ...]
    """(kind, what, record ids there) of everything that is wrong."""


def judge(presence: str, ending: Any, expected: Expected, verdict: Verdict) -> Judged:
    """Judge a record by how its last delivery ended and what the destination holds. Pure."""
    writes = bool(expected.plan and expected.plan.steps)
    state, rule = ending["state"], ending["rule"] or ""
    if state == "dead":
        return Judged("dead", "", () if ending["pending"] else (("dead", "delivery", None),))
    excused = state == "skipped" and rule in _EXCUSED
    things: list[tuple[str, str, str | None]] = []
    if ending["taken_by"] is not None:
        # what stands here is of an earlier time, or nothing: its present state went to the route's second destination
        things += [("duplicate", what, ids) for what, ids in dict.fromkeys(verdict.duplicates)]
        return Judged("" if presence == "deleted" else "fallback", ending["taken_by"], tuple(things))
    if presence != "draft":
        missing = [] if excused else verdict.missing
        drifted = [] if verdict.missing or excused else verdict.drifted
        # of a record that is missing as a whole nothing else is worth saying
        things += [("missing", what, None) for what in dict.fromkeys(missing)]
        things += [("duplicate", what, ids) for what, ids in dict.fromkeys(verdict.duplicates)]
        things += [("drifted", what, None) for what in dict.fromkeys(drifted)]
    if presence == "deleted":
        return Judged("", "", tuple(things))
    if state == "delivered":
        return Judged("delivered", "", tuple(things))
    if state == "skipped" or (presence == "draft" and not writes):
        return Judged("skipped", rule or "filter", tuple(things))
    return Judged("", "", tuple(things))


class Comparison:
    """Compares, and looks again at what was found wrong."""

    def __init__(
        self,
        store: Store,
        expectations: Expectations,
        job: Job,
        sides: tuple[Connection, Destination],
        held: Callable[[], Awaitable[Held]],
        span: Span,
        tally: Tally,
    ) -> None:
        self._store = store
        self._expectations = expectations
        self._job = job
        self._connection, self._destination = sides
        self._held = held
        self._span = span
        self.tally = tally
        """The orders by day, of the first route that takes orders there."""
        self.day_route: uuid.UUID | None = None
        self.id, self.name = self._connection.id, self._connection.name
        self._owners: dict[str, str] = {}
        self._routes: dict[uuid.UUID, Any] = {}
        self.rows: dict[uuid.UUID, ProofRow] = {}

    async def run(self, routes: Sequence[Any]) -> None:
        """Compare every stream that is routed there."""
        held = await self._held()
        self._routes = {route["id"]: route for route in routes}
        self.day_route = next((route["id"] for route in routes if route["stream"] in OF_A_DAY), None)
        try:
            for route in routes:
                await self._route(held, route)
            if not self._job.asked.days:  # of some days alone it cannot be said what belongs to none of them
                await self._strays(held)
        finally:
            await held.forget()

    async def look_again(self, cut: datetime) -> int:
        """Look at everything that was found wrong once more, afresh: what was on its way has arrived.

        ``cut``: deliveries that were queued later are on their way. Returns how many records were in motion.
        """
        after, moving = _FIRST, 0
        while True:
            async with self._store.engine() as conn:
                pairs = await conn.fetch(SQL["open_pairs"], self._job.proof_id, self._connection.id, after, WINDOW)
            if not pairs:
                break
            # a record may stand on several routes: all of it is looked at in one go
            after = pairs[-1]["record_id"]
            held = await self._held()
            try:
                for route_id in dict.fromkeys(pair["route_id"] for pair in pairs):
                    mine = {p["record_id"]: p["bucket"] for p in pairs if p["route_id"] == route_id}
                    moving += await self._again(held, self._routes[route_id], mine, cut)
            finally:
                await held.forget()
        await self._strays_again()
        return moving

    async def _route(self, held: Held, route: Any) -> None:
        stream, job = route["stream"], self._job
        async with self._store.engine() as conn:
            in_store = await conn.fetchval(SQL["in_store"], job.proof_id, stream)
        row = self.rows[route["id"]] = ProofRow(stream, self._connection.name, in_store=in_store)
        after, seen = _FIRST, 0
        while True:
            async with self._store.engine() as conn:
                rows = await conn.fetch(
                    SQL["records_of"],
                    *(job.connection.tenant_id, job.connection.id, stream, after, WINDOW),
                    *(self._span.after, self._span.before),
                )
            if not rows:
                break
            after, seen = rows[-1]["record_id"], seen + len(rows)
            await self._window(held, route, rows, row)
            job.asked.tell(f"comparing {self._connection.name}: {stream} {seen}")
        await self._unrecorded(route)

    async def _window(self, held: Held, route: Any, rows: Sequence[Any], row: ProofRow) -> None:
        things: list[Thing] = []
        for record, judged in await self._judged(held, route, rows, seek=bool(self._job.asked.days)):
            if record["presence"] != "deleted":
                row.recorded += 1
            self._count(row, judged.bucket, 1)
            if route["id"] == self.day_route:
                self.tally.note(record, judged.bucket)
            if judged.bucket in ("skipped", "fallback"):
                proof = self._job.proof
                told = proof.skipped_by if judged.bucket == "skipped" else proof.taken_by
                names = told.setdefault(row.entity, {})
                names[judged.rule] = names.get(judged.rule, 0) + 1
            things += self._things(route, record, judged)
        await self._except(things)

    async def _judged(self, held: Held, route: Any, rows: Sequence[Any], *, seek: bool) -> list[tuple[Any, Judged]]:
        async with self._store.engine() as conn:
            planned = await self._expectations.expected(conn, self._connection, [(route, row) for row in rows])
            ids = [row["record_id"] for row in rows]
            found = await conn.fetch(SQL["endings"], ids, route["id"], self._connection.id)
        endings = {ending["record_id"]: ending for ending in found}
        writes = [write for expected in planned for write in _writes(expected)]
        for write in writes:
            if write.verb is not Verb.ASSOCIATE and not write.ensure:
                self._owners.setdefault(write.object, route["stream"])
        snapshot, links = await held.window(writes, seek=seek)
        told, belongs = [], set()
        for row, expected in zip(rows, planned, strict=True):
            mine = list(_writes(expected))
            verdict = compare(expected.main_key, mine, snapshot, links, self._destination.equal)
            belongs |= set(verdict.expected)
            told.append((row, judge(row["presence"], endings[row["record_id"]], expected, verdict)))
        if not seek:
            await held.met(belongs)
        return told

    def _things(self, route: Any, record: Any, judged: Judged, rounds: int = 0) -> Iterator[Thing]:
        route_id, record_id, about = route["id"], record["record_id"], (route["stream"], record["external_id"])
        for kind, what, found_id in judged.things:
            at = (self._connection.id, route_id, record_id, found_id)
            yield Thing(*at, *about, kind, what, judged.bucket, rounds)

    def _count(self, row: ProofRow, bucket: str, more: int) -> None:
        if bucket:
            setattr(row, bucket, getattr(row, bucket) + more)

    async def _unrecorded(self, route: Any) -> None:
        """Name what the store lists and the hub has no record of."""
        after, stream = "", route["stream"]
        while True:
            async with self._store.engine() as conn:
                rows = await conn.fetch(
                    SQL["unrecorded"], self._job.proof_id, stream, self._job.connection.id, after, WINDOW
                )
            if not rows:
                return
            after = rows[-1]["external_id"]
            about = (self._connection.id, route["id"], None, None, stream)
            await self._except([Thing(*about, row["external_id"], "missing", "record", "") for row in rows])

    async def _strays(self, held: Held) -> None:
        routes = {route["stream"]: route["id"] for route in self._routes.values()}
        things: list[Thing] = []
        async for name, key, found_id in held.strays():
            owner = self._owners.get(name)
            if owner is None:
                continue
            about = (self._connection.id, routes[owner], None, found_id, owner)
            things.append(Thing(*about, key, "unexpected", name, ""))
            if len(things) >= WINDOW:
                await self._except(things)
                things = []
        await self._except(things)

    async def _again(self, held: Held, route: Any, buckets: dict[uuid.UUID, str], cut: datetime) -> int:
        async with self._store.engine() as conn:
            began = await conn.fetchval(SQL["now"])
            rows = await conn.fetch(SQL["records_again"], self._job.connection.tenant_id, list(buckets))
        judged = await self._judged(held, route, rows, seek=True)
        moving = await self._in_motion(route, [(r, v) for r, v in judged if v.things], cut, began)
        things: list[Thing] = []
        row = self.rows[route["id"]]
        rounds = await self._rounds(route["id"], list(buckets))
        for record, verdict in judged:
            record_id = record["record_id"]
            self._count(row, buckets[record_id], -1)
            self._count(row, verdict.bucket, 1)
            if route["id"] == self.day_route:
                self.tally.note(record, buckets[record_id], -1)
                self.tally.note(record, verdict.bucket)
            if record_id not in moving:
                made = self._things(route, record, verdict, rounds.get(record_id, 0))
                # asked for by its key one record answers, however many there are: doubles are looked at by their ids
                things += [thing for thing in made if thing.kind != "duplicate"]
        wrong = {thing.record_id for thing in things}
        right = [record_id for record_id in buckets if record_id not in wrong]
        async with self._store.transaction() as conn:
            for ids, anew in ((right, False), (list(wrong), True)):
                await conn.execute(SQL["cleared"], self._job.proof_id, [route["id"]] * len(ids), ids, anew)
            await self._except(things, conn)
        return len(moving)

    async def _in_motion(
        self, route: Any, wrong: Sequence[tuple[Any, Judged]], cut: datetime, began: datetime
    ) -> set[uuid.UUID]:
        """Return which of these changed under our eyes: what was read of them is of two moments."""
        if not wrong:
            return set()
        ids, seqs = [r["record_id"] for r, _ in wrong], [r["seq"] for r, _ in wrong]
        async with self._store.engine() as conn:
            rows = await conn.fetch(SQL["in_motion"], route["id"], ids, seqs, cut, began)
        return {row["record_id"] for row in rows}

    async def _rounds(self, route_id: uuid.UUID, record_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, int]:
        async with self._store.engine() as conn:
            rows = await conn.fetch(SQL["rounds"], self._job.proof_id, route_id, list(record_ids))
        return {row["record_id"]: row["rounds"] for row in rows}

    async def _strays_again(self) -> None:
        after = _FIRST
        while True:
            async with self._store.engine() as conn:
                rows = await conn.fetch(SQL["open_strays"], self._job.proof_id, self._connection.id, after, WINDOW)
            if not rows:
                return
            after, held = rows[-1]["id"], await self._held()
            for name in sorted({row["what"] for row in rows}):
                mine = {row["id"]: row["found_id"].split() for row in rows if row["what"] == name}
                standing = await held.standing(name, [one for ids in mine.values() for one in ids])
                # of doubles two have to stand
                gone = [one for one, ids in mine.items() if len(standing & set(ids)) < min(2, len(ids))]
                async with self._store.engine() as conn:
                    await conn.execute(SQL["drop"], gone)

    async def _except(self, things: Sequence[Thing], conn: Any = None) -> None:
        if not things:
            return
        columns = [[getattr(thing, name) for thing in things] for name in Thing.__struct_fields__]
        values = (self._job.proof_id, self._job.connection.tenant_id, [new_id() for _ in things], *columns)
        if conn is not None:
            await conn.execute(SQL["except"], *values)
            return
        async with self._store.engine() as own:
            await own.execute(SQL["except"], *values)


def _writes(expected: Expected) -> Iterator[Write]:
    for step in expected.plan.steps if expected.plan else ():
        yield from step.writes
