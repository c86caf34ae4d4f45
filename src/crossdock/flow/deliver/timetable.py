"""Claims of routes with a schedule: which go out now, which wait, and which their source has overtaken."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from crossdock.flow.canonical import Canonical
from crossdock.flow.deliver.job import Claim, Job
from crossdock.flow.deliver.schedule import Never, cancelled, plan
from crossdock.model.delivery import SkipReason
from crossdock.model.outcome import Rejected
from crossdock.model.route import Route
from crossdock.model.schedule import OnChange, Schedule
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("queue.sql"))


class Standing(msgspec.Struct, frozen=True):
    """A record as it stands now, and whether a newer delivery of it waits on the same route."""

    event: Any
    followed: bool


class Timetable:
    """Decides by the schedules of routes."""

    def __init__(self, canonical: Canonical) -> None:
        self._canonical = canonical

    async def standing(
        self, conn: Any, claims: Sequence[Claim], routes: Mapping[uuid.UUID, Route | None]
    ) -> dict[uuid.UUID, Standing]:
        """Return how the records of messages that wait stand now, by delivery; no query without such messages."""
        asked = [claim for claim in claims if _follows(routes[claim.route_id])]
        if not asked:
            return {}
        rows = await conn.fetch(
            SQL["standing"], *([getattr(c, name) for c in asked] for name in ("id", "route_id", "record_id", "seq"))
        )
        return {row["delivery_id"]: Standing(row, row["followed"]) for row in rows}

    def look(self, job: Job, route: Route, event: Any, standing: Standing | None) -> Any:
        """Return the event that goes out now; None when the job has got its end or its later time instead."""
        schedule = route.schedule
        if schedule is None:
            return event
        if standing is not None:
            newest = standing.event
            if overtaken := _overtaken(schedule, job.claim, standing):
                job.skipped, job.reason = overtaken.rule, overtaken.reason
                return None
            if schedule.on_change is OnChange.REPLAN and newest["body"] is not None:
                event = newest
        now = datetime.now(UTC)
        try:
            found = plan(schedule, lambda: self._canonical.document(event), job.claim.created_at, now)
        except ValueError as wrong:
            job.outcome = Rejected(str(wrong), code="schedule")
            return None
        if isinstance(found, Never):
            job.skipped, job.reason = found.rule, found.reason
            return None
        job.planned_at = found
        if found > now:
            job.later = found
            return None
        return event


def _follows(route: Route | None) -> bool:
    """Whether a route's messages look at their source again before they go out."""
    return bool(
        route is not None and route.occurrence and route.schedule and route.schedule.on_change is not OnChange.KEEP
    )


def _overtaken(schedule: Schedule, claim: Claim, standing: Standing) -> Never | None:
    event = standing.event
    if cancelled(schedule, event["presence"], event["status"]):
        return Never(SkipReason.CANCELLED, f"its source is {event['status'] or event['presence']} now")
    if event["id"] == claim.event_id:
        return None
    if schedule.on_change is OnChange.SKIP:
        return Never(SkipReason.SOURCE_CHANGED, "its source has changed since")
    if standing.followed:
        return Never(SkipReason.SOURCE_CHANGED, "its source has changed since, and the newer message goes out")
    return None
