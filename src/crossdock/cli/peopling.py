"""``users``: who may come in, from the machine itself. Links are printed, never passwords."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from crossdock.cli.answers import ACTOR, AsJson, Tenant, give, guarded, note, table
from crossdock.cli.asking import ask
from crossdock.cli.listing import Lists

if TYPE_CHECKING:
    import uuid

    from crossdock.wiring import Hub

T = TypeVar("T")
users = typer.Typer(help="List, invite, change or lock out the people who use the dashboard.", cls=Lists)
Person = Annotated[str, typer.Argument(help="E-mail address or usr_ id.", metavar="PERSON")]
Email = Annotated[str, typer.Argument(help="E-mail address.", metavar="EMAIL")]
RoleName = Annotated[str, typer.Option("--role", help="viewer, operator, admin or owner.", metavar="ROLE")]


@users.command("list")
@guarded
def users_list(tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """List the people of a tenant."""
    from crossdock.kit.ids import Prefix, show

    async def work(hub: Hub, tenant_id: uuid.UUID) -> list[dict[str, Any]]:
        import msgspec

        rows = await hub.people.members.list(tenant_id)
        return [{**msgspec.structs.asdict(one), "id": show(Prefix.USER, one.id)} for one in rows]

    rows = ask(tenant, work)
    columns = ("id", "email", "name", "role", "state", "totp", "seen_at")
    empty = "There is nobody yet. Print the link for the first person with: crossdock users link"
    give(rows, as_json=as_json, people=lambda: table(rows, columns, empty=empty))


@users.command("add")
@guarded
def users_add(email: Email, role: RoleName = "viewer", tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Give somebody a seat in a tenant, and print the one-time link by which he comes in."""
    _invite(email, role, tenant, as_json=as_json, mail=False)


@users.command("invite")
@guarded
def users_invite(email: Email, role: RoleName = "viewer", tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Mail somebody an invitation through the tenant's e-mail channel; without one the link is printed."""
    _invite(email, role, tenant, as_json=as_json, mail=True)


def _invite(email: str, role: str, tenant: str, *, as_json: bool, mail: bool) -> None:
    from crossdock.kit.ids import Prefix, show

    async def work(hub: Hub, tenant_id: uuid.UUID) -> dict[str, Any]:
        made = await hub.people.reaching.invite(tenant_id, email, role, actor=ACTOR, mail=mail)
        shown = {"id": show(Prefix.USER, made.person_id), "mailed": made.mailed, "link": made.link}
        return {**shown, "problem": made.problem} if made.problem else shown

    made = ask(tenant, work)
    if made["mailed"]:
        give(made, as_json=as_json, people=lambda: f"{made['id']} is invited by mail.")
        return
    if not as_json:
        why = f"It was not mailed: {made['problem']}. " if made.get("problem") else ""
        note(f"{why}Hand this link over; it works once, within 7 days, and cannot be shown again:")
    give(made, as_json=as_json, people=lambda: made["link"])


@users.command("role")
@guarded
def users_role(
    person: Person,
    role: Annotated[str, typer.Argument(help="viewer, operator, admin or owner.", metavar="ROLE")],
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Give somebody another role in a tenant; he logs in anew."""

    async def work(hub: Hub, tenant_id: uuid.UUID) -> None:
        found = await hub.people.members.find(tenant_id, person)
        await hub.people.members.role(tenant_id, found, role, actor=ACTOR)

    ask(tenant, work)
    give({"person": person, "role": role}, as_json=as_json, people=lambda: f"{person} is {role} now.")


@users.command("remove")
@guarded
def users_remove(person: Person, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Take somebody's seat in a tenant, or an invitation, back."""

    async def work(hub: Hub, tenant_id: uuid.UUID) -> None:
        found = await hub.people.members.find(tenant_id, person)
        await hub.people.members.remove(tenant_id, found, actor=ACTOR)

    ask(tenant, work)
    give({"person": person, "removed": True}, as_json=as_json, people=lambda: f"{person} has no seat here any more.")


def _with(person: str, does: Callable[[Hub, uuid.UUID], Awaitable[T]]) -> T:
    """Find somebody, of whatever tenant, and do it."""

    async def work(hub: Hub, _: uuid.UUID) -> T:
        return await does(hub, await hub.people.reaching.find(person))

    return ask("default", work)


@users.command("forget")
@guarded
def users_forget(person: Person, as_json: AsJson = False) -> None:
    """Delete somebody who has no seat left: name, address, password, sessions. The audit keeps the usr_ id."""
    _with(person, lambda hub, found: hub.people.members.forget(found, actor=ACTOR))
    give({"person": person, "forgotten": True}, as_json=as_json, people=lambda: f"{person} is forgotten.")


@users.command("disable")
@guarded
def users_disable(person: Person, as_json: AsJson = False) -> None:
    """Shut somebody out of every tenant, at once."""
    _with(person, lambda hub, found: hub.people.members.disable(found, actor=ACTOR))
    give({"person": person, "disabled": True}, as_json=as_json, people=lambda: f"{person} is shut out.")


@users.command("enable")
@guarded
def users_enable(person: Person, as_json: AsJson = False) -> None:
    """Let somebody in again who was shut out."""
    _with(person, lambda hub, found: hub.people.members.enable(found, actor=ACTOR))
    give({"person": person, "disabled": False}, as_json=as_json, people=lambda: f"{person} may log in again.")


@users.command("reset")
@guarded
def users_reset(
    person: Person,
    totp: Annotated[
        bool, typer.Option("--totp", help="Turn his one-time codes off as well: the phone is lost.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Print a one-time link by which somebody sets a new password."""
    link = _with(person, lambda hub, found: hub.people.reaching.reset(found, actor=ACTOR, totp=totp))
    if not as_json:
        note("Hand this link over; it works once, within 24 hours, and cannot be shown again:")
    give({"person": person, "link": link, "totp_off": totp}, as_json=as_json, people=lambda: link)


@users.command("sessions")
@guarded
def users_sessions(
    person: Person,
    end: Annotated[bool, typer.Option("--end", help="End all of them, at once.")] = False,
    as_json: AsJson = False,
) -> None:
    """List where somebody is logged in; or log him out everywhere."""

    async def work(hub: Hub, found: uuid.UUID) -> list[dict[str, Any]]:
        rows = await hub.people.sessions.list(found)
        if end:
            await hub.people.sessions.revoke_all(found, actor=ACTOR)
        return rows

    rows = _with(person, work)
    if end:
        told = f"{len(rows)} sessions have ended."
        give({"person": person, "ended": len(rows)}, as_json=as_json, people=lambda: told)
        return
    columns = ("agent", "created_at", "seen_at", "expires_at")
    give(rows, as_json=as_json, people=lambda: table(rows, columns, empty="Nobody is logged in under this name."))


@users.command("link")
@guarded
def users_link(
    person: Annotated[str | None, typer.Argument(help="Who was invited and has not come in.", metavar="PERSON")] = None,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Print a new one-time link: for the first person of a new hub, or for somebody who was invited.

    The older link is over.
    """
    from crossdock.errors import Conflict

    async def work(hub: Hub, tenant_id: uuid.UUID) -> str:
        members = hub.people.members
        if person is not None:
            one = await members.one(tenant_id, await members.find(tenant_id, person))
            again = await hub.people.reaching.invite(tenant_id, one.email, one.role, actor=ACTOR, mail=False)
            return again.link or ""
        link = await hub.people.first_run_link()
        if link is None:
            raise Conflict(
                "somebody has come in already",
                remedy="name who was invited, or set a new password by: crossdock users reset PERSON",
            )
        return link

    link = ask(tenant, work)
    if not as_json:
        note("This link works once, and cannot be shown again:")
    give({"link": link}, as_json=as_json, people=lambda: link)
