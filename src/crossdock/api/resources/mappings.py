"""Mappings of routes: versions that are made, checked, compared and chosen; the transforms there are."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Body, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from crossdock.api.access import Access
from crossdock.api.parsing import parsed
from crossdock.api.problems import answer
from crossdock.flow.map.catalogue import TRANSFORMS
from crossdock.flow.mapping import Draft, WayBack, draft_in, draft_of, exported
from crossdock.govern.keys import Principal
from crossdock.kit.ids import Prefix
from crossdock.wiring import Hub

RULE = {"target": "vat_number", "path": "meta._billing_vat", "transforms": ["trim", "upper"]}
OBJECTS: Any = [
    {"object": "contacts", "rules": [{"target": "email", "path": "email", "transforms": ["trim", "lower"]}, RULE]}
]


YAML = "application/yaml"
EXPORTED = """\
entity: customer
action: contact
objects:
  - object: contacts
    rules:
      - {target: email, path: email, transforms: [trim, lower]}
      - {target: vat_number, path: meta._billing_vat}
"""


class DraftBody(BaseModel):
    """A mapping: whole (``objects``), or a template with what this store has otherwise."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"objects": OBJECTS, "note": "VAT numbers, too"}]}
    )

    objects: list[dict[str, Any]] | None = Field(default=None, max_length=50)
    template: str | None = Field(default=None, max_length=60)
    template_version: int | None = Field(default=None, ge=1)
    overrides: list[dict[str, Any]] = Field(default=[], max_length=50)
    entity: str | None = Field(default=None, max_length=60)
    action: str | None = Field(default=None, max_length=60)
    note: str = Field(default="", max_length=500)

    def draft(self) -> Draft:
        """Return the flow's word. Raises ``BadInput`` that names the field."""
        return draft_of(self.model_dump(include=set(DraftBody.model_fields)))


class NewVersion(DraftBody):
    """A draft to keep."""

    activate: bool = Field(default=False, description="true: it acts at once, in every process within a second")


class Activation(BaseModel):
    """Which version acts."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"expected": 3, "reason": "tested"}]})

    expected: int | None = Field(default=None, ge=0, description="the version that acts now, as you believe")
    reason: str = Field(default="", max_length=500)


class Rollback(Activation):
    """The way back."""

    to: int | None = Field(default=None, ge=0, description="null: the version that acted before this one")
    restore: bool = Field(default=False, description="true: put back what was written and nobody has changed since")


def route_of(text: str) -> uuid.UUID:
    """Read a route's id. Raises ``BadInput``."""
    return parsed(Prefix.ROUTE, text, "route")


def router(hub: Hub, access: Access) -> APIRouter:
    """Return the routes."""
    api = APIRouter(tags=["mappings"])
    _looking(api, hub, access)
    _drafting(api, hub, access)
    _choosing(api, hub, access)
    return api


def _looking(api: APIRouter, hub: Hub, access: Access) -> None:
    reads, desk = access.needs("read"), hub.mappings.desk

    @api.get("/mapping-transforms")
    async def transforms(caller: Principal = reads) -> Any:
        """List the transforms with their arguments."""
        del caller
        return answer({"items": msgspec.to_builtins(TRANSFORMS)})

    @api.get("/routes/{route}/mapping")
    async def acting(route: str, caller: Principal = reads) -> Any:
        """Return the version that acts; the connector's own (version 0) where none was chosen."""
        return answer(await desk.one(caller.tenant_id, route_of(route)))

    @api.get("/routes/{route}/mapping/versions")
    async def versions(
        route: str,
        before: Annotated[int | None, Query(ge=1, description="``next`` of the page before.")] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        caller: Principal = reads,
    ) -> Any:
        """List the versions, the newest first; a version never changes."""
        items = await desk.versions(caller.tenant_id, route_of(route), limit, before)
        return answer({"items": items, "next": items[-1]["version"] or None})

    @api.get("/routes/{route}/mapping/versions/{version}")
    async def one(route: str, version: int, caller: Principal = reads) -> Any:
        """Return one version with its rules."""
        return answer(await desk.one(caller.tenant_id, route_of(route), version))

    @api.get("/routes/{route}/mapping/history")
    async def history(route: str, caller: Principal = reads) -> Any:
        """List which version was chosen when and by whom, the newest first."""
        return answer({"items": await desk.history(caller.tenant_id, route_of(route))})

    @api.get("/routes/{route}/mapping/diff")
    async def diff(
        route: str,
        before: Annotated[int, Query(ge=0, examples=[0])],
        after: Annotated[int, Query(ge=0, examples=[1])],
        caller: Principal = reads,
    ) -> Any:
        """Return the rules that differ between two versions."""
        return answer(await desk.diff(caller.tenant_id, route_of(route), before, after))

    @api.get(
        "/routes/{route}/mapping/export",
        response_class=Response,
        responses={200: {"content": {YAML: {"schema": {"type": "object"}}}}},
    )
    async def export(
        route: str,
        version: Annotated[int | None, Query(ge=0, description="null: the one that acts")] = None,
        caller: Principal = reads,
    ) -> Response:
        """Return a version as YAML; of one made of a template the template's name and what is otherwise."""
        told = await desk.one(caller.tenant_id, route_of(route), version)
        return Response(exported(told), media_type=YAML)


def _drafting(api: APIRouter, hub: Hub, access: Access) -> None:
    reads, writes, desk = access.needs("read"), access.needs("write"), hub.mappings.desk

    @api.post("/routes/{route}/mapping/validate")
    async def validate(route: str, body: Annotated[DraftBody, Body()], caller: Principal = reads) -> Any:
        """Compare a draft with both schemas; nothing is kept."""
        chosen = await desk.chosen(caller.tenant_id, route_of(route))
        mapping, _ = await desk.drafted(chosen, body.draft())
        found = await desk.problems(chosen, mapping)
        return answer(
            {"valid": not any(one.weight == "error" for one in found), "problems": msgspec.to_builtins(found)}
        )

    @api.post("/routes/{route}/mapping/versions", status_code=201)
    async def add(route: str, body: Annotated[NewVersion, Body()], caller: Principal = writes) -> Any:
        """Keep a draft as the next version, checked against both schemas; the same as the newest is the newest."""
        draft = body.draft()
        made = await desk.add(caller.tenant_id, route_of(route), draft, actor=caller.actor, activate=body.activate)
        return answer(made, 201)

    @api.post("/routes/{route}/mapping/import", status_code=201)
    async def take(
        route: str,
        body: Annotated[bytes, Body(media_type=YAML, openapi_examples={"file": {"value": EXPORTED}})],
        activate: bool = False,
        caller: Principal = writes,
    ) -> Any:
        """Keep a version out of YAML (or JSON), checked like every draft."""
        who = caller.actor
        made = await desk.add(caller.tenant_id, route_of(route), draft_in(body), actor=who, activate=activate)
        return answer(made, 201)


def _choosing(api: APIRouter, hub: Hub, access: Access) -> None:
    writes, desk = access.needs("write"), hub.mappings.desk

    @api.post("/routes/{route}/mapping/versions/{version}/activate")
    async def activate(
        route: str, version: int, body: Annotated[Activation, Body()], caller: Principal = writes
    ) -> Any:
        """Let a version act (0: the connector's own), in every process within a second."""
        identifier = route_of(route)
        before = await desk.activate(
            caller.tenant_id,
            identifier,
            version,
            actor=caller.actor,
            reason=body.reason,
            expected=body.expected,
        )
        return answer({**await desk.one(caller.tenant_id, identifier), "before": before})

    @api.post("/routes/{route}/mapping/rollback")
    async def rollback(route: str, body: Annotated[Rollback, Body()], caller: Principal = writes) -> Any:
        """Go back to the version that acted before, or to one that is named.

        With ``restore`` a run puts back what was written and nobody has changed since; its result is the report.
        """
        identifier, way = route_of(route), WayBack(**body.model_dump())
        done = await hub.mappings.runs.roll_back(caller.tenant_id, identifier, way, actor=caller.actor)
        return answer({**await desk.one(caller.tenant_id, identifier), **done})
