"""The people of a tenant: listed, invited, given another role, removed."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from crossdock.api.access import Access
from crossdock.api.parsing import parsed
from crossdock.govern.keys import Principal
from crossdock.govern.people import Member
from crossdock.kit.ids import Prefix, show
from crossdock.wiring import Hub

RoleName = Literal["viewer", "operator", "admin", "owner"]
_INVITED: dict[str, Any] = {"id": "usr_01kb3v0d1a8w0f6zr4p1n5q2st", "mailed": True, "link": None, "problem": ""}


class NewUser(BaseModel):
    """Whom to invite, and as what."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"email": "person@example.com", "role": "operator"}]}
    )

    email: str = Field(min_length=3, max_length=320)
    role: RoleName = "viewer"
    mail: bool = Field(default=True, description="false: no mail, the answer carries the link")


class UserInvited(BaseModel):
    """An invitation: mailed, or with the one-time link to hand over."""

    model_config = ConfigDict(json_schema_extra={"examples": [_INVITED]})

    id: str
    mailed: bool
    link: str | None = Field(description="works once, within 7 days; null when it was mailed")
    problem: str = Field(description="why it was not mailed")


class RoleChange(BaseModel):
    """Another role."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"role": "admin"}]})

    role: RoleName


class UserShown(BaseModel):
    """A person's seat in the tenant."""

    id: str
    email: str
    name: str = Field(description="empty until the invitation is accepted")
    role: RoleName
    state: Literal["active", "invited", "disabled"]
    totp: bool = Field(description="whether logins need a one-time code")
    invited_at: datetime
    accepted_at: datetime | None
    seen_at: datetime | None


class UserList(BaseModel):
    """The people of a tenant."""

    items: list[UserShown]


def router(hub: Hub, access: Access) -> APIRouter:
    """Return the routes."""
    api = APIRouter(tags=["access"])
    admin = access.needs("admin")
    members = hub.people.members

    @api.get("/users", response_model=UserList)
    async def list_users(caller: Principal = admin) -> Any:
        """List the people of the tenant."""
        return {"items": [shown(one) for one in await members.list(caller.tenant_id)]}

    @api.get("/users/{user_id}", response_model=UserShown)
    async def get_user(user_id: str, caller: Principal = admin) -> Any:
        """Return one of them."""
        return shown(await members.one(caller.tenant_id, _id(user_id)))

    @api.post("/users", response_model=UserInvited, status_code=201)
    async def invite_user(body: NewUser, caller: Principal = admin) -> Any:
        """Invite somebody by mail through the tenant's e-mail channel; without one the answer carries the link."""
        caller.itself()
        made = await hub.people.reaching.invite(
            caller.tenant_id, body.email, body.role, actor=caller.actor, mail=body.mail
        )
        told = {"mailed": made.mailed, "link": made.link, "problem": made.problem}
        return {"id": show(Prefix.USER, made.person_id), **told}

    @api.patch("/users/{user_id}", response_model=UserShown)
    async def change_user(user_id: str, body: RoleChange, caller: Principal = admin) -> Any:
        """Give somebody another role; he logs in anew. The last owner stays one."""
        await members.role(caller.tenant_id, _id(user_id), body.role, actor=caller.actor)
        return shown(await members.one(caller.tenant_id, _id(user_id)))

    @api.delete("/users/{user_id}", status_code=204)
    async def remove_user(user_id: str, caller: Principal = admin) -> Response:
        """Take a seat, or an invitation, back. The last owner stays."""
        await members.remove(caller.tenant_id, _id(user_id), actor=caller.actor)
        return Response(status_code=204)

    return api


def shown(member: Member) -> dict[str, Any]:
    """Return a person's seat as programs see it."""
    return {**msgspec.structs.asdict(member), "id": show(Prefix.USER, member.id), "role": member.role.value}


def _id(text: str) -> Any:
    return parsed(Prefix.USER, text, "user_id")
