"""From claims to jobs: each with its plan, its task, its later time or its end."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from crossdock.connect.connector import Connector, Destination
from crossdock.connect.touching import Toucher
from crossdock.errors import NotFound
from crossdock.flow.deliver.intents import intended
from crossdock.flow.deliver.job import Claim, Job, Task
from crossdock.flow.deliver.planner import Planner, Subject, refusal
from crossdock.flow.deliver.ports import Directory
from crossdock.flow.deliver.rollout import hold_back
from crossdock.flow.deliver.timetable import Standing, Timetable
from crossdock.model.connection import Connection
from crossdock.model.delivery import SkipReason
from crossdock.model.outcome import Rejected
from crossdock.model.route import Priority, Route
from crossdock.model.schedule import Schedule
from crossdock.store.memory import Ear, Memory
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("queue.sql"))
_MOST_ROUTES = 8192


class _Met(msgspec.Struct):
    """What is the same for many jobs of a batch."""

    errands: frozenset[str]
    """Actions that the hub itself carries out."""
    sources: dict[uuid.UUID, Connection] = msgspec.field(default_factory=dict)


class Preparer:
    """Turns claims into jobs."""

    def __init__(self, directory: Directory, planner: Planner, ears: Ear) -> None:
        self._directory = directory
        self._planner = planner
        self._routes: Memory[uuid.UUID, Route | None] = Memory(ears, "route", uuid.UUID, _MOST_ROUTES)
        self._timetable = Timetable(planner.canonical)

    async def jobs(
        self, conn: Any, connection: Connection, destination: Destination, claims: Sequence[Claim]
    ) -> list[Job]:
        """Read, look up and plan a claimed batch; a claim that cannot be planned is a job that has its outcome."""
        events = {row["id"]: row for row in await conn.fetch(SQL["bodies"], [c.event_id for c in claims])}
        routes = await self._routes_of(conn, claims)
        standing = await self._timetable.standing(conn, claims, routes)
        connector = self._directory.connector(connection.connector)
        here = {route_id: _here(route, connection, connector) for route_id, route in routes.items()}
        met = _Met(connector.manifest.by_hub if connector is not None else frozenset())
        jobs, subjects = [], []
        for claim in claims:
            job = Job(claim, main_key="", connector=connection.connector)
            jobs.append(job)
            seen = (here[claim.route_id], events.get(claim.event_id), standing.get(claim.id))
            try:
                subject = await self._subject(job, *seen, met)
            except Exception as refused:  # noqa: BLE001 - one entity's trouble is its own
                job.outcome = refusal(refused)
                continue
            if subject is not None:
                subjects.append(subject)
        read_too = isinstance(destination, Toucher) and bool(self._directory.streams(connection))
        for planned in await self._planner.plan(conn, connection, destination, subjects):
            job = planned.subject.key
            job.main_key = planned.main_key
            if planned.plan is None:
                job.outcome = planned.refused or planned.later
                continue
            job.plan = planned.plan
            try:
                self._intend(job, planned.subject, connection, connector, read_too=read_too)
            except Exception as refused:  # noqa: BLE001 - one entity's trouble is its own
                job.outcome = refusal(refused)
                continue
            if not planned.plan.steps:
                job.skipped, job.reason = SkipReason.FILTER, planned.plan.nothing
        await hold_back(conn, connection, jobs)
        return jobs

    async def _subject(
        self, job: Job, route: Route | None, event: Any, standing: Standing | None, met: _Met
    ) -> Subject | None:
        """Return what is to be planned of a job; None where nothing is, and the job has its end, time or task."""
        if route is None:
            job.skipped = SkipReason.ROUTE_REMOVED
            return None
        if event is None or event["body"] is None:
            job.outcome = Rejected("the event's body is no longer kept", code="body-expired", rule="retention")
            return None
        event = self._timetable.look(job, route, event, standing)
        if event is None:
            return None
        source_id = event["connection_id"]
        if route.action in met.errands:
            job.task = Task(route.action, source_id, event["stream"], event["external_id"], job.claim.event_id)
            return None
        source = met.sources.get(source_id)
        if source is None:
            try:
                source = met.sources[source_id] = await self._directory.connection(source_id)
            except NotFound:
                # it was disconnected a moment ago, its routes with it
                job.skipped, job.reason = SkipReason.ROUTE_REMOVED, "its source was disconnected"
                return None
        version = job.claim.mapping_version
        if not route.occurrence:
            job.mapping_version = route.mapping_version if version is None else version
        return Subject(job, job.claim.tenant_id, route, source, event, mapping_version=version)

    def _intend(
        self, job: Job, subject: Subject, connection: Connection, connector: Connector | None, *, read_too: bool
    ) -> None:
        if read_too:
            # what it changes is known when its links are
            job.intended = intended((), subject.event, {}, connection.id)
            return
        if connector is None or connector.touches is None or not job.plan.steps:
            return
        document = self._planner.canonical.document(subject.event)
        if touches := connector.touches(subject.route.action, document):
            job.intended = intended(touches, subject.event, document, connection.id)

    async def _routes_of(self, conn: Any, claims: Sequence[Claim]) -> dict[uuid.UUID, Route | None]:
        """Return the routes of claims; None for one that has been removed."""

        async def read(route_id: uuid.UUID) -> Route | None:
            row = await conn.fetchrow(SQL["routes"], [route_id])
            return route_of(row) if row is not None and row["enabled"] else None

        return {
            route_id: await self._routes.get(route_id, lambda _known, route_id=route_id: read(route_id))  # type: ignore[misc]
            for route_id in sorted({c.route_id for c in claims})
        }


def _here(route: Route | None, connection: Connection, connector: Connector | None) -> Route | None:
    """Return the route as it is at this connection: its second destination has an action of its own."""
    if route is None or connection.id != route.fallback_id or not route.fallback_action:
        return route
    occurrence = connector is not None and connector.manifest.action(route.fallback_action).kind == "occurrence"
    return msgspec.structs.replace(
        route,
        destination_id=connection.id,
        action=route.fallback_action,
        occurrence=occurrence,
        mapping_version=0,
    )


def route_of(row: Any) -> Route:
    """Read a row of the route table."""
    names = [name for name in Route.__struct_fields__ if name != "schedule" and name in row.keys()]  # noqa: SIM118
    facts = {name: row[name] for name in names}
    facts["types"], facts["skip_statuses"] = frozenset(row["types"]), frozenset(row["skip_statuses"])
    schedule = row.get("schedule")
    if schedule is not None:
        facts["schedule"] = msgspec.json.decode(schedule, type=Schedule)
    return Route(**{**facts, "priority": Priority(row["priority"])})
