"""Trials: what a mapping would do with real records, compared with what the destination holds now. Nothing is sent."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from crossdock.connect.client import CallFailed
from crossdock.connect.connector import Connector
from crossdock.errors import BadInput, NotFound, VendorTrouble
from crossdock.flow.deliver.planner import Planned, Planner, Subject
from crossdock.flow.deliver.preview import links_of, values_by, writes_of
from crossdock.flow.deliver.standing import Name, standing
from crossdock.flow.map.engine import compile_mapping
from crossdock.flow.map.values import private_targets
from crossdock.flow.mapping.judge import Judge, Report, hidden, told
from crossdock.flow.mapping.words import Chosen, Directory
from crossdock.flow.ports import Store
from crossdock.flow.run import Run
from crossdock.model.mapping import Mapped
from crossdock.model.mapping import Mapping as FieldMapping
from crossdock.model.route import Route
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("trial.sql"))
MOST_RECORDS = 5_000
_CHUNK = 100
_DRAFT = -1
"""The version a draft stands under while it is tried."""
Way = Callable[[Any], Mapped]


class _Fixed:
    """One mapping for whatever is asked for."""

    def __init__(self, way: Way) -> None:
        self._way = way

    async def of(self, route: Route, destination: Connector, entity: str, version: int | None = None) -> Way:
        """Return it."""
        del route, destination, entity, version
        return self._way


class Trials:
    """Plans real records by a mapping and compares."""

    def __init__(self, store: Store, directory: Directory, planner: Planner) -> None:
        self._store = store
        self._directory = directory
        self._planner = planner

    async def preview(
        self, chosen: Chosen, mapping: FieldMapping, record: uuid.UUID | str, *, people: bool
    ) -> dict[str, Any]:
        """Return what a mapping makes of one record, and what would change.

        Raises ``NotFound``, ``BadInput`` for a record that cannot be read, and ``VendorTrouble``.
        """
        row = await self._record(chosen, record)
        report = Report()
        (item,) = await self._look(chosen, mapping, [row], report, people=people)
        if item.why is not None and item.plan is None and not item.subject.mapped.objects:
            raise BadInput(item.why.reason, field=item.why.field or "record", remedy="correct the rule")
        made = _made(item, mapping, people=people)
        writes = [
            {"step": step.name, "do": str(write.verb), "object": write.object, "fields": sorted(write.properties)}
            for step in (item.plan.steps if item.plan else ())
            for write in step.writes
        ]
        nothing = item.plan.nothing if item.plan else ""
        return {"external_id": row["external_id"], "mapped": made, "plan": writes, "reason": nothing, **told(report)}

    async def mapped(
        self, chosen: Chosen, mapping: FieldMapping, record: uuid.UUID | str, *, people: bool
    ) -> dict[str, Any]:
        """Return what a mapping makes of one record; the destination is not asked.

        ``field`` and ``reason`` say which rule could not be carried out. Raises ``NotFound``, ``MappingInvalid``.
        """
        row = await self._record(chosen, record)
        (item,) = await self.planned(chosen, compile_mapping(mapping), [row])
        refused = item.why
        return {
            "external_id": row["external_id"],
            "mapped": _made(item, mapping, people=people),
            "field": (refused.field or "") if refused else "",
            "reason": refused.reason if refused else "",
        }

    async def _record(self, chosen: Chosen, record: uuid.UUID | str) -> Any:
        route = chosen.route
        named = (record, None) if isinstance(record, uuid.UUID) else (None, record)
        async with self._store.engine() as conn:
            row = await conn.fetchrow(SQL["record"], route.tenant_id, route.source_id, route.stream, *named)
        if row is None:
            raise NotFound("there is no such record", field="record", remedy=f"name a {route.stream} of the source")
        return row

    async def run(self, run: Run, chosen: Chosen, mapping: FieldMapping, last: int) -> dict[str, Any]:
        """Try a mapping on the newest ``last`` records, chunk by chunk; returns the report."""
        route, report = chosen.route, Report()
        part = run.progress.setdefault("records", {})
        asked = (route.tenant_id, route.source_id, route.stream, list(route.skip_statuses), last)
        async with self._store.engine() as conn:
            part |= {"read": 0, "total": await conn.fetchval(SQL["count_newest"], *asked), "done": False}
        place = 0
        while True:
            async with self._store.engine() as conn:
                rows = await conn.fetch(SQL["newest"], *asked, place, _CHUNK)
            if not rows:
                break
            await self._look(chosen, mapping, rows, report, people=False)
            place = rows[-1]["place"]
            part["read"] = report.looked_at
        part["done"] = True
        return told(report)

    async def planned(self, chosen: Chosen, way: Way, rows: Sequence[Any]) -> list[Planned]:
        """Plan rows by a mapping."""
        route = msgspec.structs.replace(chosen.route, mapping_version=_DRAFT)
        return await self._plan(chosen, self._planner.by(_Fixed(way)), route, rows, lambda _row: None)

    async def last_written(self, chosen: Chosen, records: Sequence[uuid.UUID]) -> list[Planned]:
        """Plan again what was written last of some records, each by the mapping it was written by."""
        async with self._store.engine() as conn:
            rows = await conn.fetch(SQL["last_written"], chosen.route.tenant_id, chosen.route.id, list(records))
        return await self._plan(chosen, self._planner, chosen.route, rows, lambda row: row["mapping_version"])

    async def _plan(
        self, chosen: Chosen, planner: Planner, route: Route, rows: Sequence[Any], version: Callable[[Any], int | None]
    ) -> list[Planned]:
        subjects = [
            Subject(row["record_id"], route.tenant_id, route, chosen.source, row, mapping_version=version(row))
            for row in rows
        ]
        destination = await self._directory.destination(chosen.destination.id)
        async with self._store.engine() as conn:
            return await planner.plan(conn, chosen.destination, destination, subjects)

    async def links(self, chosen: Chosen, planned: Sequence[Planned]) -> dict[Name, str]:
        """Return the links of all records that plans speak of."""
        async with self._store.engine() as conn:
            return await links_of(conn, chosen.destination.id, planned)

    async def _look(
        self, chosen: Chosen, mapping: FieldMapping, rows: Sequence[Any], report: Report, *, people: bool
    ) -> list[Planned]:
        planned = await self.planned(chosen, compile_mapping(mapping), rows)
        before = await self.last_written(chosen, [row["record_id"] for row in rows])
        links = await self.links(chosen, [*planned, *before])
        destination = await self._directory.destination(chosen.destination.id)
        try:
            held = await standing(destination, writes_of(planned), links)
        except CallFailed as failed:
            raise VendorTrouble(str(failed), remedy=failed.remedy or "try again later") from None
        report.compared = "nothing" if held is None else "held"
        private = private_targets(mapping)
        judge = Judge(destination, links, held, values_by(before, links), people=people, private=private)
        for item in planned:
            judge.judge(item, report)
        return planned


def _made(item: Planned, mapping: FieldMapping, *, people: bool) -> dict[str, list[dict[str, str | None]]]:
    """Return what was mapped, by object; of fields about people only as much as who asks may see."""
    private = private_targets(mapping)
    return {
        name: [
            {field: value if people else hidden(private, name, field, value) for field, value in sorted(one.items())}
            for one in some
        ]
        for name, some in item.subject.mapped.objects.items()
    }
