"""Users of a tenant: who has a seat and what he may do there; inviting, changing, removing."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from crossdock.errors import BadInput
from crossdock.govern.access import Role
from crossdock.govern.people import Member
from crossdock.kit.ids import Prefix, show
from crossdock.web.desk import Desk
from crossdock.web.page import Room

ROOM = Room()
_COLUMNS = ("id", "name", "email", "role", "state", "second_step", "invited_at", "accepted_at", "seen_at")


@ROOM.page("/users", role=Role.OWNER)
async def users(desk: Desk) -> Response:
    """Show everybody with a seat, and whoever is invited."""
    members = await desk.hub.people.members.list(desk.tenant_id)
    if "format" in desk.query:
        return await desk.export("users", _COLUMNS, [_row(one) for one in members])
    return desk.show("people/users.html", **_form(desk, members, "", Role.VIEWER))


@ROOM.action("/users/invite", role=Role.OWNER)
async def invite(desk: Desk) -> Response:
    """Invite an address: by mail, or by a link that is shown once."""
    if not desk.seat.fresh:
        return desk.leave(_confirm(desk))
    email, role = desk.text("email"), desk.text("role")
    members = await desk.hub.people.members.list(desk.tenant_id)
    desk.expect("people/users.html", **_form(desk, members, email, role))
    made = await desk.hub.people.reaching.invite(desk.tenant_id, email, role, actor=desk.actor)
    if made.mailed:
        return desk.go("/users", said="The invitation is on its way; it is good for 7 days.")
    return desk.show("people/invited.html", email=email, link=made.link, why=made.problem)


@ROOM.action("/users/{person_id}/role", role=Role.OWNER)
async def change_role(desk: Desk) -> Response:
    """Give somebody another role."""
    if not desk.seat.fresh:
        return desk.leave(_confirm(desk))
    person_id = desk.id(Prefix.USER, "person_id")
    members = await desk.hub.people.members.list(desk.tenant_id)
    desk.expect("people/users.html", **_form(desk, members, "", Role.VIEWER))
    await desk.hub.people.members.role(desk.tenant_id, person_id, desk.text("role"), actor=desk.actor)
    return desk.go("/users", said="The role is changed; the person logs in anew.")


@ROOM.page("/users/{person_id}/remove", role=Role.OWNER)
async def ask_remove(desk: Desk) -> Response:
    """Ask before somebody's seat is taken."""
    one = await desk.hub.people.members.one(desk.tenant_id, desk.id(Prefix.USER, "person_id"))
    return _ask(desk, one)


@ROOM.action("/users/{person_id}/remove", role=Role.OWNER)
async def remove(desk: Desk) -> Response:
    """Take somebody's seat, or an invitation back."""
    if not desk.seat.fresh:
        return desk.leave(_confirm(desk))
    one = await desk.hub.people.members.one(desk.tenant_id, desk.id(Prefix.USER, "person_id"))
    if desk.text("confirm").lower() != one.email:
        wrong = BadInput("that is not the address", field="confirm", remedy="type it as it stands above")
        return _ask(desk, one, wrong)
    await desk.hub.people.members.remove(desk.tenant_id, one.id, actor=desk.actor)
    return desk.go("/users", said="The seat is taken back." if one.accepted_at else "The invitation is taken back.")


def _ask(desk: Desk, one: Member, problem: BadInput | None = None) -> Response:
    return desk.confirm(
        title=f"Remove {one.name or one.email}?",
        said="What this person did stays in the audit. Seats in other tenants stay.",
        action=desk.to(f"/users/{show(Prefix.USER, one.id)}/remove"),
        label="Remove this person",
        back=desk.to("/users"),
        name=one.email,
        tone="bad",
        problem=problem,
    )


def _form(desk: Desk, members: list[Member], email: str, role: str) -> dict[str, Any]:
    return {
        "members": [(show(Prefix.USER, one.id), one) for one in members],
        "email": email,
        "role": role,
        "roles": [(one.value, one.value.capitalize()) for one in Role],
        "confirm": _confirm(desk),
    }


def _row(one: Member) -> dict[str, Any]:
    facts = {name: getattr(one, name) for name in ("name", "email", "state", "invited_at", "accepted_at", "seen_at")}
    return {**facts, "id": show(Prefix.USER, one.id), "role": one.role.value, "second_step": one.totp}


def _confirm(desk: Desk) -> str:
    return desk.confirming(desk.to("/users"))
