"""All that has to do with mappings, put together."""

from __future__ import annotations

import uuid
from typing import Any

import msgspec

from crossdock.errors import CrossdockError
from crossdock.flow.canonical import Canonical
from crossdock.flow.deliver.planner import Planner
from crossdock.flow.mapping.desk import MappingDesk
from crossdock.flow.mapping.restore import Restoring
from crossdock.flow.mapping.templates import Templates
from crossdock.flow.mapping.trial import Trials
from crossdock.flow.mapping.words import Draft, MappingRefused
from crossdock.flow.mapping.works import MappingRuns
from crossdock.flow.ports import Store
from crossdock.flow.run import Runs
from crossdock.flow.schema import Schemas
from crossdock.kit.ids import Prefix, show


class Mappings:
    """What doors and loops ask for when it is about mappings."""

    def __init__(
        self, store: Store, ears: Any, directory: Any, canonical: Canonical, planner: Planner, runs: Runs
    ) -> None:
        self.schemas = Schemas(store, ears, directory, canonical)
        self.templates = Templates(store)
        self.desk = MappingDesk(store, directory, self.schemas, self.templates)
        self.trials = Trials(store, directory, planner)
        self.restoring = Restoring(store, directory, directory.sealer, runs, self.desk, self.trials)
        self.runs = MappingRuns(runs, self.desk, self.trials, self.restoring)

    async def apply(self, tenant_id: uuid.UUID, name: str, *, actor: str, activate: bool) -> list[dict[str, Any]]:
        """Make the next version of every route that acts by a template, its own overrides kept.

        What one route cannot take is told beside it; the others are done. Raises ``NotFound``.
        """
        done = []
        for route_id, overrides in await self.templates.users(tenant_id, name):
            told: dict[str, Any] = {"route_id": show(Prefix.ROUTE, route_id), "version": None, "problems": []}
            draft = Draft(template=name, overrides=overrides, note=f"template {name}")
            try:
                made = await self.desk.add(tenant_id, route_id, draft, actor=actor, activate=activate)
                told |= {"version": made["version"], "problems": made["problems"]}
            except MappingRefused as refused:
                told["problems"] = msgspec.to_builtins(refused.problems)
            except CrossdockError as refused:
                told["problem"] = refused.problem
            done.append(told)
        return done
