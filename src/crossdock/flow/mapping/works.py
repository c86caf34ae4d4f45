"""Runs of kind ``mapping``: asked for once, done by a worker, told by their result."""

from __future__ import annotations

import uuid
from collections.abc import Mapping as Facts
from functools import partial
from typing import Any

import msgspec

from crossdock.errors import BadInput, Conflict
from crossdock.flow.mapping.desk import MappingDesk
from crossdock.flow.mapping.restore import Restoring
from crossdock.flow.mapping.trial import MOST_RECORDS, Trials
from crossdock.flow.run import Run, RunKind, Runs
from crossdock.kit.ids import Prefix, new_id, parse, show


class WayBack(msgspec.Struct, frozen=True):
    """What a way back is to do."""

    to: int | None = None
    """None: the version that acted before the one that acts now."""
    restore: bool = False
    """Restore what was written and nobody has changed since."""
    expected: int | None = None
    reason: str = ""


class MappingRuns:
    """Queues and does dry runs, and ways back that restore."""

    def __init__(self, runs: Runs, desk: MappingDesk, trials: Trials, restoring: Restoring) -> None:
        self._runs = runs
        self._desk = desk
        self._trials = trials
        self._restoring = restoring

    async def dry_run(
        self, tenant_id: uuid.UUID, route_id: uuid.UUID, version: int | None, last: int, *, actor: str
    ) -> dict[str, Any]:
        """Queue a trial of a version (None: the newest) on the newest ``last`` records; returns its run.

        Raises ``BadInput``, ``NotFound``, and ``Conflict`` while another run of this kind is under way.
        """
        if not 1 <= last <= MOST_RECORDS:
            raise BadInput(f"from 1 to {MOST_RECORDS}", field="last", remedy="try fewer records")
        chosen = await self._desk.chosen(tenant_id, route_id)
        if version is None:
            version = (await self._desk.versions(tenant_id, route_id, 1))[0]["version"]
        await self._desk.mapping(chosen, version)
        asked = {"do": "dry_run", "version": version, "last": last}
        return await self.queue(tenant_id, chosen.destination.id, route_id, asked, actor)

    async def roll_back(self, tenant_id: uuid.UUID, route_id: uuid.UUID, way: WayBack, *, actor: str) -> dict[str, Any]:
        """Let an earlier version act again, and (where it is asked for) queue the run that restores.

        Returns version, before, and the run. Raises ``NotFound``, ``BadInput``, ``VersionConflict``, ``Conflict``.
        """
        chosen = await self._desk.chosen(tenant_id, route_id)
        to = way.to if way.to is not None else await self._desk.way_back(tenant_id, route_id)
        left = chosen.route.mapping_version
        await self._desk.mapping(chosen, to)
        activate = partial(self._desk.activate, tenant_id, route_id, to, actor=actor, reason=way.reason, back=True)
        if not way.restore:
            before = await activate(expected=way.expected)
            return {"version": to, "before": before, "run": None}
        await self._restoring.able(chosen)
        run_id = new_id()
        told = _told({"do": "restore", "version": to, "left": left}, route_id, actor)

        async def queued(conn: Any) -> None:
            """Queue the run with the activation, or a crash between them would leave one of both alone."""
            new = (run_id, tenant_id, chosen.destination.id, RunKind.MAPPING, (), told)
            _ours(await self._runs.add_asked(conn, new), run_id)

        # what the run is told to leave is what has to act now
        expected = left if way.expected is None else way.expected
        before = await activate(expected=expected, beside=queued)
        self._runs.due.set()
        return {"version": to, "before": before, "run": await self._runs.one(tenant_id, run_id)}

    async def queue(
        self, tenant_id: uuid.UUID, connection_id: uuid.UUID, route_id: uuid.UUID, asked: Facts[str, Any], actor: str
    ) -> dict[str, Any]:
        """Queue a run about a route. Raises ``Conflict`` while another one is under way at its destination."""
        run_id, told = new_id(), _told(asked, route_id, actor)
        _ours(await self._runs.add(tenant_id, connection_id, RunKind.MAPPING, (), told, run_id), run_id)
        found = await self._runs.one(tenant_id, run_id)
        assert found is not None
        return found

    async def __call__(self, run: Run) -> dict[str, Any]:
        """Do a run."""
        chosen = await self._desk.chosen(run.tenant_id, parse(Prefix.ROUTE, run.asked["route_id"]))
        if run.asked["do"] == "restore":
            return await self._restoring.run(run, chosen)
        mapping = await self._desk.mapping(chosen, run.asked["version"])
        return await self._trials.run(run, chosen, mapping, run.asked["last"])


def _told(asked: Facts[str, Any], route_id: uuid.UUID, actor: str) -> dict[str, Any]:
    return {**asked, "route_id": show(Prefix.ROUTE, route_id), "actor": actor}


def _ours(made: uuid.UUID | None, run_id: uuid.UUID) -> None:
    """Make sure that the run is the one that was asked for, and no other that is under way."""
    if made != run_id:
        under_way = show(Prefix.RUN, made) if made else "another"
        raise Conflict(f"{under_way} is under way at this destination", remedy="wait until it has ended")
