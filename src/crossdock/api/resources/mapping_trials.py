"""Trials of a mapping: one record at once, or the newest N as a run. Nothing is sent."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body
from pydantic import BaseModel, ConfigDict, Field

from crossdock.api.access import Access
from crossdock.api.problems import answer
from crossdock.api.resources.mappings import OBJECTS, DraftBody, route_of
from crossdock.errors import BadInput
from crossdock.flow.mapping import MOST_RECORDS, record_named
from crossdock.govern.keys import Principal
from crossdock.wiring import Hub

_ONE: dict[str, Any] = {"a version": {"value": {"record": "10142", "version": 3}}}
_DRAFT: dict[str, Any] = {"a draft": {"value": {"record": "10142", "objects": OBJECTS}}}


class Trial(DraftBody):
    """A record, and the mapping to try: a draft, a version, or (neither) the one that acts."""

    record: str = Field(max_length=200, description="the record's id, or the store's own")
    version: int | None = Field(default=None, ge=0)


class DryRun(BaseModel):
    """What to try on how many records."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"version": 3, "last": 500}]})

    version: int | None = Field(default=None, ge=0, description="null: the newest")
    last: int = Field(default=100, ge=1, le=MOST_RECORDS, description="of the newest records")


def router(hub: Hub, access: Access) -> APIRouter:
    """Return the routes."""
    api = APIRouter(tags=["mappings"])
    reads, operates, desk = access.needs("read"), access.needs("operate"), hub.mappings.desk

    @api.post("/routes/{route}/mapping/preview")
    async def preview(
        route: str, body: Annotated[Trial, Body(openapi_examples={**_ONE, **_DRAFT})], caller: Principal = reads
    ) -> Any:
        """Return what a mapping makes of one record, every write it would take, and what differs at the destination.

        Values about people are shown to keys of the scope ``admin`` alone.
        """
        chosen = await desk.chosen(caller.tenant_id, route_of(route))
        if body.objects is not None or body.template is not None:
            if body.version is not None:
                raise BadInput("give a draft or a version", field="version", remedy="leave one of them out")
            mapping, _ = await desk.drafted(chosen, body.draft())
        else:
            number = chosen.route.mapping_version if body.version is None else body.version
            mapping = await desk.mapping(chosen, number)
        people = "admin" in caller.scopes
        return answer(await hub.mappings.trials.preview(chosen, mapping, record_named(body.record), people=people))

    @api.post("/routes/{route}/mapping/dry-runs", status_code=202)
    async def dry_run(route: str, body: Annotated[DryRun, Body()], caller: Principal = operates) -> Any:
        """Try a version (null: the newest) on the newest ``last`` records, as a run; its result is the report.

        Counts of writes by kind, fields that differ, conflicts with owners; see ``/runs/{id}``.
        """
        who = caller.actor
        made = await hub.mappings.runs.dry_run(caller.tenant_id, route_of(route), body.version, body.last, actor=who)
        return answer(made, 202)

    return api
