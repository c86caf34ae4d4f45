"""The way back of what was written: a run that restores the fields a mapping wrote and nobody has changed since."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from crossdock.connect.client import CallFailed
from crossdock.connect.connector import Destination, Seeker
from crossdock.errors import BadInput
from crossdock.flow.deliver.former import Sealer, row_name
from crossdock.flow.deliver.planner import Planned
from crossdock.flow.deliver.preview import values_by
from crossdock.flow.deliver.standing import Name, Values, standing
from crossdock.flow.map.engine import compile_mapping
from crossdock.flow.map.values import private_targets
from crossdock.flow.mapping.desk import MappingDesk
from crossdock.flow.mapping.judge import hidden
from crossdock.flow.mapping.trial import Trials
from crossdock.flow.mapping.wayback import Field, decide, properties
from crossdock.flow.mapping.words import Chosen, Directory
from crossdock.flow.ports import Store
from crossdock.flow.run import PutOff, Run, Runs
from crossdock.model.mapping import Mapping as FieldMapping
from crossdock.model.outcome import Delivered, Gone, Outcome, Rejected
from crossdock.model.plan import Resolved, Verb, Write
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("restore.sql"))
_CHUNK = 50
_LEASE = timedelta(seconds=8)
_PAUSE = timedelta(seconds=2)
_FINAL = (Delivered, Rejected, Gone)
"""Outcomes after which a record is done with; after others it is tried again."""
_MOST = 1_000
_FIRST = uuid.UUID(int=0)
_EVER = datetime(2000, 1, 1, tzinfo=UTC)


class Restoring:
    """Does runs that restore."""

    def __init__(
        self, store: Store, directory: Directory, sealer: Sealer, runs: Runs, desk: MappingDesk, trials: Trials
    ) -> None:
        self._store = store
        self._directory = directory
        self._sealer = sealer
        self._runs = runs
        self._desk = desk
        self._trials = trials
        self.chunk = _CHUNK
        """Records under one lease of the lane."""

    async def able(self, chosen: Chosen) -> None:
        """Make sure that the destination can be asked. Raises ``BadInput``."""
        if not isinstance(await self._directory.destination(chosen.destination.id), Seeker):
            raise BadInput(
                f"{chosen.destination.connector} does not tell what it holds, so nothing can be restored",
                field="restore",
                remedy="go back without restore, then replay",
            )

    async def forget(self, age: timedelta) -> None:
        """Drop former values of this age."""
        async with self._store.engine() as conn:
            await conn.execute(SQL["forget"], age)

    async def run(self, run: Run, chosen: Chosen) -> dict[str, Any]:
        """Restore record by record, chunk by chunk under the lane's lease; returns the report.

        Raises ``PutOff`` while the destination is not free. The way back was committed with the run: where another
        version acts by now, somebody has chosen anew.
        """
        to, left = run.asked["version"], run.asked["left"]
        if chosen.route.mapping_version != to:
            return _overtaken(chosen)
        ways = (await self._desk.mapping(chosen, to), await self._desk.mapping(chosen, left))
        asked = (run.tenant_id, chosen.route.id)
        async with self._store.engine() as conn:
            since = await conn.fetchval(SQL["left_at"], *asked, to, run.id) or _EVER
            total = await conn.fetchval(SQL["count"], *asked, since)
        part = run.progress.setdefault("records", {"read": 0, "report": _report()})
        part |= {"total": part["read"] + total, "done": False}
        place = _FIRST
        while True:
            async with self._store.engine() as conn:
                rows = await conn.fetch(SQL["next_records"], *asked, since, place, self.chunk)
            if not rows:
                break
            records = [row["record_id"] for row in rows]
            async with self._lane(chosen.destination.id, f"restore:{run.id}") as heart:
                now = await self._desk.chosen(*asked)
                if now.route.mapping_version != to:
                    report = dict(part.pop("report"))
                    return _overtaken(now) | (report if part["read"] else {})
                await self._chunk(run, chosen, ways, since, records, heart)
            place = records[-1]
        part["done"] = True
        return dict(part.pop("report"))

    @contextlib.asynccontextmanager
    async def _lane(self, lane: uuid.UUID, owner: str) -> AsyncIterator[asyncio.Task[None]]:
        epoch = None
        for _ in range(100):
            async with self._store.engine() as conn:
                epoch = await conn.fetchval(SQL["take_lane"], lane, owner, _LEASE)
            if epoch is not None:
                break
            await asyncio.sleep(0.1)
        if epoch is None:
            raise PutOff(datetime.now(UTC) + _PAUSE, "the destination's lane is busy or its breaker open")
        heart = asyncio.create_task(self._beat(lane, owner, epoch))
        try:
            yield heart
        finally:
            heart.cancel()
            await asyncio.gather(heart, return_exceptions=True)
            async with self._store.engine() as conn:
                await conn.execute(SQL["leave_lane"], lane, owner, epoch)

    async def _beat(self, lane: uuid.UUID, owner: str, epoch: int) -> None:
        """Keep the lease; ends when it is lost."""
        kept = True
        while kept:
            await asyncio.sleep(_LEASE.total_seconds() / 4)
            async with self._store.engine() as conn:
                kept = await conn.fetchval(SQL["keep_lane"], lane, owner, epoch, _LEASE) is not None

    async def _chunk(
        self,
        run: Run,
        chosen: Chosen,
        ways: tuple[FieldMapping, FieldMapping],
        since: datetime,
        records: Sequence[uuid.UUID],
        heart: asyncio.Task[None],
    ) -> None:
        asked = (run.tenant_id, chosen.route.id, since, list(records))
        async with self._store.engine() as conn:
            former = await conn.fetch(SQL["former"], *asked)
            present = await conn.fetch(SQL["present"], run.tenant_id, list(records))
        again, by_left = [await self._trials.planned(chosen, compile_mapping(way), present) for way in ways]
        # an earlier way back wrote what the version that is left now says, and no delivery tells of it
        last = await self._trials.last_written(chosen, records)
        links = await self._trials.links(chosen, [*again, *by_left, *last])
        destination = await self._directory.destination(chosen.destination.id)
        if reason := await self._directory.withheld(chosen.destination.id, destination):
            raise PutOff(datetime.now(UTC) + _PAUSE, reason)
        wrote = (values_by(last, links), values_by(by_left, links))
        fates = await self._fates(chosen, destination, former, wrote, again, links)
        if heart.done():
            raise PutOff(datetime.now(UTC) + _PAUSE, "the lease of the destination's lane was lost")
        outcomes = await self._write(destination, run, fates)
        later = {name: outcome for name, outcome in outcomes.items() if not isinstance(outcome, _FINAL)}
        stay = {row["record_id"] for row in former if (row["object"], row["key"]) in later}
        done = [one for one in records if one not in stay]
        ended = {(row["object"], row["key"]) for row in former if row["record_id"] in set(done)}
        part = run.progress["records"]
        private = private_targets(ways[0]) | private_targets(ways[1])
        over = {name: fates[name] for name in sorted(ended & fates.keys())}
        for record, reason in _tell(part["report"], over, outcomes, private):
            run.note_error(record, reason)
        part["read"] += len(done)
        async with self._store.transaction() as conn:
            await self._runs.advance(conn, run, run.progress)
            await conn.execute(SQL["done"], *asked[:3], done)
        if later:
            outcome = next(iter(later.values()))
            wait = getattr(outcome, "after_s", None) or _PAUSE.total_seconds()
            raise PutOff(datetime.now(UTC) + timedelta(seconds=wait), getattr(outcome, "reason", "it did not answer"))

    async def _fates(
        self,
        chosen: Chosen,
        destination: Destination,
        former: Sequence[Any],
        wrote: Sequence[dict[Name, Values]],
        again: Sequence[Planned],
        links: dict[Name, str],
    ) -> dict[Name, tuple[str, list[Field]]]:
        """Return (record id, its fields) by (object, our key)."""
        says = values_by(again, links)
        refused = {item.subject.key for item in again if item.plan is None}
        writes = [Write(Verb.UPSERT, row["object"], row["key"]) for row in former]
        try:
            held = await standing(destination, writes, links) or {}
        except CallFailed as failed:
            raise PutOff(datetime.now(UTC) + _PAUSE, f"the destination does not tell: {failed.reason}") from None
        found = {}
        for row in former:
            name = (row["object"], row["key"])
            if name not in held or not any(name in values for values in wrote):
                continue
            record, now = held[name]
            place = (chosen.route.id, row["version"], *name)
            told = msgspec.json.decode(self._sealer.open_body(row["sealed"], row_name(place)), type=dict[str, str])
            fields = decide(
                row["object"],
                wrote=[values[name] for values in wrote if name in values],
                now=now,
                again=None if row["record_id"] in refused else says.get(name, {}),
                former=told,
                equal=destination.equal,
            )
            found[name] = (record, fields)
        return found

    async def _write(
        self, destination: Destination, run: Run, fates: dict[Name, tuple[str, list[Field]]]
    ) -> dict[Name, Outcome]:
        outcomes: dict[Name, Outcome] = {}
        by_object: dict[str, list[tuple[Name, Resolved]]] = {}
        for name, (record, fields) in fates.items():
            values = dict(properties(fields))
            if values:
                write = Write(Verb.UPSERT, name[0], name[1], properties=dict(values), parent_key=name[1])
                key = f"{run.id}:{name[1]}"
                resolved = Resolved(write, record, values, record, idempotency_key=key, repeated=True)
                by_object.setdefault(name[0], []).append((name, resolved))
        for object_name, some in sorted(by_object.items()):
            answers = await destination.perform(f"restore-{object_name}", [resolved for _, resolved in some])
            outcomes |= {name: answer for (name, _), answer in zip(some, answers, strict=True)}
        return outcomes


def _overtaken(chosen: Chosen) -> dict[str, Any]:
    """Say that somebody has chosen another version meanwhile: what it wrote is not to be undone."""
    return {"problem": f"version {chosen.route.mapping_version} acts now, so nothing more was restored"}


def _report() -> dict[str, Any]:
    return {"restored": 0, "changed_since": 0, "unknown": 0, "records": 0, "failed": 0, "fields": {}, "differences": []}


def _tell(
    report: dict[str, Any],
    fates: dict[Name, tuple[str, list[Field]]],
    outcomes: dict[Name, Outcome],
    private: frozenset[Name],
) -> list[tuple[str, str]]:
    """Add to the report; returns what could not be written, and why."""
    failed = []
    for name, (record, fields) in sorted(fates.items()):
        outcome = outcomes.get(name)
        if outcome is not None and not isinstance(outcome, Delivered):
            failed.append((f"{name[0]} {record}", getattr(outcome, "reason", type(outcome).__name__)))
            report["failed"] += 1
            continue
        report["records"] += outcome is not None
        for field in fields:
            counted = field.effect.replace("-", "_")
            report[counted] += 1
            if field.effect == "restored":
                place = f"{name[0]}.{field.name}"
                report["fields"][place] = report["fields"].get(place, 0) + 1
            if len(report["differences"]) < _MOST:
                before, after = (hidden(private, name[0], field.name, one) for one in (field.before, field.after))
                shown = {"before": before, "after": after}
                told = {"object": name[0], "record": record, "field": field.name, "effect": field.effect}
                report["differences"].append({**told, **shown})
    return failed
