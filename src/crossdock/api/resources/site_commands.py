"""What people ask of a site's plugin: its status, and commands."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from crossdock.api.access import Access
from crossdock.api.parsing import parsed
from crossdock.api.problems import answer
from crossdock.connect.outpost import Action
from crossdock.govern.keys import Principal
from crossdock.govern.sites.commanding import Asked
from crossdock.kit.ids import Prefix
from crossdock.wiring import Hub


class SiteCommand(BaseModel):
    """A command to one site; it is carried out before the answer comes."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"action": "export", "kinds": ["order", "customer"]}]},
    )

    action: Literal["ping", "pause", "resume", "export", "refresh"]
    kinds: list[str] = Field(default=[], max_length=10, description="export: empty is all; refresh: one")
    ids: list[int] = Field(default=[], max_length=100, description="refresh: which, by the site's ids")
    reason: str = Field(default="", max_length=200, description="pause: why, for the people at the site")


class CommandTold(BaseModel):
    """What became of it."""

    id: str = Field(description="the command's own id, as the site's log names it")
    action: str
    status: str = Field(description="done, or duplicate where it was done before")


def router(hub: Hub, access: Access) -> APIRouter:
    """Return the routes."""
    api = APIRouter(tags=["plugin"])
    reads, operates = access.needs("read"), access.needs("operate")

    @api.get("/plugin/sites/{site_id}/status")
    async def site_status(site_id: str, caller: Principal = reads) -> Any:
        """Ask the site's plugin how it does: its queue, pause and why, versions, cron."""
        return answer(await hub.site_commands.status(caller.tenant_id, parsed(Prefix.SITE, site_id, "site_id")))

    @api.post("/plugin/sites/{site_id}/commands", response_model=CommandTold)
    async def site_command(site_id: str, body: SiteCommand, caller: Principal = operates) -> Any:
        """Give a site's plugin a command, signed; it answers when it is carried out (an export: when it has begun)."""
        asked = Asked(Action(body.action), tuple(body.kinds), tuple(body.ids), body.reason)
        told = await hub.site_commands.command(
            caller.tenant_id, parsed(Prefix.SITE, site_id, "site_id"), asked, actor=caller.actor
        )
        return {"id": told.id, "action": body.action, "status": told.status}

    return api
