"""Templates: one mapping that several stores share, each with what it has otherwise."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel, ConfigDict, Field

from crossdock.api.access import Access
from crossdock.api.problems import answer
from crossdock.api.resources.mappings import OBJECTS
from crossdock.flow.mapping import template_of
from crossdock.govern.keys import Principal
from crossdock.wiring import Hub

_TEMPLATE: Any = {
    "name": "customers-to-contacts",
    "connector": "hubspot",
    "entity": "customer",
    "action": "contact",
    "objects": OBJECTS,
}


class TemplateBody(BaseModel):
    """A template; of a name that is there already, its next version."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_TEMPLATE]})

    name: str = Field(max_length=60)
    connector: str = Field(max_length=60, description="the destination's")
    entity: str = Field(max_length=60)
    action: str = Field(max_length=60)
    objects: list[dict[str, Any]] = Field(max_length=50)
    note: str = Field(default="", max_length=500)


class Applied(BaseModel):
    """Whether the new versions act at once."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"activate": True}]})

    activate: bool = False


def router(hub: Hub, access: Access) -> APIRouter:
    """Return the routes."""
    api = APIRouter(tags=["mappings"])
    reads, writes, desk = access.needs("read"), access.needs("write"), hub.mappings.templates

    @api.get("/mapping-templates")
    async def templates(caller: Principal = reads) -> Any:
        """List the templates with how many routes act by each."""
        return answer({"items": await desk.listed(caller.tenant_id)})

    @api.get("/mapping-templates/{name}")
    async def one(
        name: str,
        version: Annotated[int | None, Query(ge=1, description="null: the newest")] = None,
        caller: Principal = reads,
    ) -> Any:
        """Return a template, its versions and the routes that act by it."""
        return answer(await desk.one(caller.tenant_id, name, version))

    @api.post("/mapping-templates", status_code=201)
    async def add(body: Annotated[TemplateBody, Body()], caller: Principal = writes) -> Any:
        """Keep a template or its next version; routes change when it is applied."""
        return answer(await desk.add(caller.tenant_id, template_of(body.model_dump()), actor=caller.actor), 201)

    @api.post("/mapping-templates/{name}/apply")
    async def apply(name: str, body: Annotated[Applied, Body()], caller: Principal = writes) -> Any:
        """Make the next version of every route that acts by it, each with its own overrides kept.

        A route whose account does not take the new version is told with its problems; the others get it.
        """
        items = await hub.mappings.apply(caller.tenant_id, name, actor=caller.actor, activate=body.activate)
        return answer({"items": items})

    return api
