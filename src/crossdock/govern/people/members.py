"""Memberships: who has a seat in a tenant, and in which role. A tenant always keeps an owner who can log in."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import msgspec

from crossdock.errors import BadInput, Conflict, NotFound
from crossdock.govern.access import Role
from crossdock.govern.people.links import Kind, Links, add
from crossdock.govern.people.rows import SQL, Named, Store, email_hash, named, note
from crossdock.govern.people.rules import email_of
from crossdock.govern.vault import Vault
from crossdock.kit.ids import Prefix, show
from crossdock.store.audit import audit


class Member(msgspec.Struct, frozen=True):
    """A person's seat in a tenant. Its repr names nobody."""

    id: uuid.UUID
    email: str
    name: str
    """Empty until he has come in: what he calls himself elsewhere is not this tenant's to know."""
    role: Role
    state: str
    """active, invited or disabled."""
    totp: bool
    """Whether his logins need a one-time code; False while he is only invited."""
    invited_at: datetime
    accepted_at: datetime | None
    seen_at: datetime | None

    def __repr__(self) -> str:
        return f"Member({show(Prefix.USER, self.id)}, {self.role})"


class Invited(msgspec.Struct, frozen=True):
    """An invitation. Its repr does not show the token."""

    person_id: uuid.UUID
    token: str

    def __repr__(self) -> str:
        return f"Invited({self.person_id})"


class Members:
    """Invites, lists, changes and removes the people of a tenant."""

    def __init__(self, store: Store, vault: Vault, links: Links) -> None:
        self._store = store
        self._vault = vault
        self._links = links

    async def list(self, tenant_id: uuid.UUID) -> list[Member]:
        """Return the people of a tenant, by name and address."""
        async with self._store.engine() as conn:
            rows = await conn.fetch(SQL["members"], tenant_id, None)
        return sorted(map(self._member, rows), key=lambda one: (one.name or one.email, one.email))

    async def one(self, tenant_id: uuid.UUID, person_id: uuid.UUID) -> Member:
        """Return one of them. Raises ``NotFound``."""
        async with self._store.engine() as conn:
            row = await conn.fetchrow(SQL["members"], tenant_id, person_id)
        if row is None:
            raise _absent()
        return self._member(row)

    async def find(self, tenant_id: uuid.UUID, text: str) -> uuid.UUID:
        """Find one of them by ``usr_`` id or e-mail address. Raises ``NotFound``."""
        for one in await self.list(tenant_id):
            if text.strip().lower() in (one.email, show(Prefix.USER, one.id), str(one.id)):
                return one.id
        raise _absent()

    async def invite(self, tenant_id: uuid.UUID, email: str, role: Role | str, *, actor: str) -> Invited:
        """Invite an address; whether somebody has it already, the answer does not tell.

        Inviting again makes a new link and ends the older. Raises ``BadInput`` or ``Conflict`` (is a member already).
        """
        address, role = email_of(email), role_of(role)
        async with self._store.transaction() as conn:
            await conn.execute(SQL["alone"], str(tenant_id))
            person_id = await add(conn, self._vault, Named(address, ""))
            if person_id is None:
                row = await conn.fetchrow(SQL["person_by_email"], email_hash(self._vault, address))
                if row is None:
                    raise Conflict("the address is being changed at this moment", remedy="invite once more")
                person_id = row["id"]
            new = await conn.fetchval(SQL["add_membership"], tenant_id, person_id, role.value, actor, False)
            if new is None and not await conn.fetchval(SQL["reinvite"], tenant_id, person_id, role.value, actor):
                raise Conflict("this person is a member already", field="email", remedy="change the role in the list")
            token = await self._links.made(conn, Kind.INVITE, person_id, tenant_id, actor)
            subject = show(Prefix.USER, person_id)
            await audit(conn, tenant_id, actor, "member.invite", subject, {"role": role.value})
        return Invited(person_id, token)

    async def role(self, tenant_id: uuid.UUID, person_id: uuid.UUID, role: Role | str, *, actor: str) -> None:
        """Give a member another role; his sessions end, so that he comes in anew with what he may do now.

        Raises ``NotFound``, ``BadInput``, or ``Conflict`` for the last owner.
        """
        wanted = role_of(role)
        async with self._store.transaction() as conn:
            row = await self._for_change(conn, tenant_id, person_id)
            if row["role"] == wanted:
                return
            await self._keep_an_owner(conn, tenant_id, person_id, row)
            await conn.execute(SQL["set_role"], tenant_id, person_id, wanted.value)
            await conn.fetchval(SQL["revoke_sessions"], person_id, None)
            told = {"from": row["role"], "to": wanted.value}
            await audit(conn, tenant_id, actor, "member.role", show(Prefix.USER, person_id), told)

    async def remove(self, tenant_id: uuid.UUID, person_id: uuid.UUID, *, actor: str) -> None:
        """Take a member's seat, or an invitation back. Raises ``NotFound``, or ``Conflict`` for the last owner."""
        async with self._store.transaction() as conn:
            row = await self._for_change(conn, tenant_id, person_id)
            await self._keep_an_owner(conn, tenant_id, person_id, row)
            await conn.execute(SQL["drop_invitations"], tenant_id, person_id)
            await conn.execute(SQL["drop_membership"], tenant_id, person_id)
            await conn.execute(SQL["drop_nobody"], person_id)
            told = {"role": row["role"], "invited": not row["accepted"]}
            await audit(conn, tenant_id, actor, "member.remove", show(Prefix.USER, person_id), told)

    async def disable(self, person_id: uuid.UUID, *, actor: str) -> None:
        """Shut a person out everywhere, at once. Raises ``NotFound``, or ``Conflict`` for a tenant's last owner."""
        async with self._store.transaction() as conn:
            for row in await conn.fetch(SQL["owned"], person_id):
                await conn.execute(SQL["alone"], str(row["tenant_id"]))
                if not await conn.fetchval(SQL["other_owner"], row["tenant_id"], person_id):
                    raise _last(row["slug"])
            if not await conn.fetchval(SQL["disable"], person_id):
                raise NotFound("there is no such person who may log in", remedy="list them with: crossdock users list")
            await conn.fetchval(SQL["revoke_sessions"], person_id, None)
            await conn.execute(SQL["forget_tickets"], person_id)
            await note(conn, person_id, "person.disable", {}, actor)

    async def enable(self, person_id: uuid.UUID, *, actor: str) -> None:
        """Let a disabled person in again. Raises ``NotFound``."""
        async with self._store.transaction() as conn:
            if not await conn.fetchval(SQL["enable"], person_id):
                raise NotFound("there is no such disabled person", remedy="list them with: crossdock users list")
            await note(conn, person_id, "person.enable", {}, actor)

    async def forget(self, person_id: uuid.UUID, *, actor: str) -> None:
        """Delete a person who has no seat any more, with all that was personal of him; the audit keeps his id.

        Raises ``NotFound``, or ``Conflict`` while he has a seat or an invitation.
        """
        async with self._store.transaction() as conn:
            if not await conn.fetchval(SQL["forget_person"], person_id):
                if await conn.fetchrow(SQL["person"], person_id) is None:
                    raise NotFound("there is no such person", remedy="list them with: crossdock users list")
                raise Conflict("this person has a seat in a tenant", remedy="take it first: crossdock users remove")
            await audit(conn, None, actor, "person.forget", show(Prefix.USER, person_id))

    async def _for_change(self, conn: Any, tenant_id: uuid.UUID, person_id: uuid.UUID) -> Any:
        # of two owners who demote each other at the same moment, the second sees what the first has done
        await conn.execute(SQL["alone"], str(tenant_id))
        row = await conn.fetchrow(SQL["membership_for_change"], tenant_id, person_id)
        if row is None:
            raise _absent()
        return row

    async def _keep_an_owner(self, conn: Any, tenant_id: uuid.UUID, person_id: uuid.UUID, row: Any) -> None:
        if row["role"] != Role.OWNER or not row["accepted"]:
            return
        if not await conn.fetchval(SQL["other_owner"], tenant_id, person_id):
            raise _last("")

    def _member(self, row: Any) -> Member:
        known, accepted = named(self._vault, row["person_id"], row["sealed"]), row["accepted_at"] is not None
        state = "invited" if not accepted else "disabled" if row["disabled_at"] else "active"
        return Member(
            id=row["person_id"],
            email=known.email,
            name=known.name if accepted else "",
            role=Role(row["role"]),
            state=state,
            totp=row["totp"] if accepted else False,
            invited_at=row["invited_at"],
            accepted_at=row["accepted_at"],
            seen_at=row["seen_at"] if accepted else None,
        )


def role_of(text: Role | str) -> Role:
    """Return a role. Raises ``BadInput``."""
    try:
        return Role(text)
    except ValueError:
        raise BadInput("there is no such role", field="role", remedy=f"one of: {', '.join(Role)}") from None


def _absent() -> NotFound:
    return NotFound("there is no such person here", remedy="list them with: crossdock users list")


def _last(slug: str) -> Conflict:
    whose = f"the tenant {slug!r}" if slug else "the tenant"
    return Conflict(f"{whose} would be without an owner", field="role", remedy="make somebody else an owner first")
