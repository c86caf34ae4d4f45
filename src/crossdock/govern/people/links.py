"""One-time links: the first owner, an invitation, a new password. Whoever holds one may do one thing, once."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import msgspec

from crossdock.errors import ExpiredLink
from crossdock.govern.access import Role
from crossdock.govern.people.guarding import Guarding
from crossdock.govern.people.hashing import Passwords
from crossdock.govern.people.rows import SQL, Named, Store, email_hash, named, new_token, note, token_hash
from crossdock.govern.people.rules import email_of, name_of, password_of
from crossdock.govern.vault import Vault
from crossdock.kit.ids import new_id


class Kind(StrEnum):
    """What a link is for."""

    FIRST_RUN = "first_run"
    """Become the first person, owner of the default tenant."""
    INVITE = "invite"
    """Take a seat in a tenant; whoever has no password yet sets one."""
    RESET = "reset"
    """Set a new password."""


LIVES: Final = {
    Kind.FIRST_RUN: timedelta(hours=24),
    Kind.INVITE: timedelta(days=7),
    Kind.RESET: timedelta(hours=1),
}
PAGES: Final = {Kind.FIRST_RUN: "/welcome", Kind.INVITE: "/invite", Kind.RESET: "/reset"}
HUB: Final = "hub"
"""Who makes first-run links, and changes of persons nobody is logged in for."""


class Link(msgspec.Struct, frozen=True):
    """What a link that still holds is about. Its repr names nobody."""

    kind: Kind
    expires_at: datetime
    email: str = ""
    name: str = ""
    known: bool = False
    """Whether the person has a password already."""
    tenant: str = ""
    """What people call the tenant of an invitation."""
    slug: str = ""

    def __repr__(self) -> str:
        return f"Link({self.kind})"


class Used(msgspec.Struct, frozen=True):
    """What became of a link. Its repr names nobody."""

    person_id: uuid.UUID
    email: str
    slug: str = ""
    """The tenant where he has a seat now; empty for a new password."""

    def __repr__(self) -> str:
        return f"Used({self.person_id})"


class Links:
    """Makes links and honours them."""

    def __init__(
        self,
        store: Store,
        vault: Vault,
        passwords: Passwords,
        guarding: Guarding,
        first_tenant: Callable[[], Awaitable[uuid.UUID]],
    ) -> None:
        """``first_tenant`` makes or finds the tenant that the first person owns."""
        self._store = store
        self._vault = vault
        self._passwords = passwords
        self._guarding = guarding
        self._first_tenant = first_tenant

    async def make(
        self,
        kind: Kind | str,
        *,
        person_id: uuid.UUID | None = None,
        tenant_id: uuid.UUID | None = None,
        actor: str = HUB,
        life: timedelta | None = None,
    ) -> str:
        """Return a new link's token, which nobody can read again; the older ones for the same end are over."""
        async with self._store.transaction() as conn:
            return await self.made(conn, Kind(kind), person_id, tenant_id, actor, life)

    async def made(
        self,
        conn: Any,
        kind: Kind,
        person_id: uuid.UUID | None,
        tenant_id: uuid.UUID | None,
        actor: str,
        life: timedelta | None = None,
    ) -> str:
        """Do as :meth:`make` inside the caller's transaction."""
        token = new_token()
        await conn.execute(SQL["drop_links"], kind.value, person_id, tenant_id)
        values = (new_id(), kind.value, token_hash(token), person_id, tenant_id, actor, life or LIVES[kind])
        await conn.execute(SQL["add_link"], *values)
        return token

    async def first_run(self) -> str | None:
        """Return the token by which the first person enters; None when there is somebody already."""
        async with self._store.transaction() as conn:
            await conn.execute(SQL["alone"], Kind.FIRST_RUN)
            if await conn.fetchval(SQL["anybody"]):
                return None
            return await self.made(conn, Kind.FIRST_RUN, None, None, HUB)

    async def anybody(self) -> bool:
        """Whether there is anybody who came in, or was invited."""
        async with self._store.engine() as conn:
            found: bool = await conn.fetchval(SQL["anybody"])
        return found

    async def look(self, kind: Kind | str, token: str) -> Link:
        """Return what a link is about, which does not use it up. Raises :class:`ExpiredLink`."""
        kind = Kind(kind)
        async with self._store.engine() as conn:
            row = await conn.fetchrow(SQL["link"], kind.value, token_hash(token))
            if kind is Kind.FIRST_RUN and row is not None and await conn.fetchval(SQL["anybody"]):
                row = None
        if row is None or row["disabled"]:
            raise _over(kind)
        known = named(self._vault, row["person_id"], row["sealed"]) if row["person_id"] else Named("", "")
        named_so = (row["known"] is True, row["tenant"] or "", row["slug"] or "")
        return Link(kind, row["expires_at"], known.email, known.name, *named_so)

    async def use(
        self, kind: Kind | str, token: str, *, email: str = "", name: str = "", password: str = "", actor: str = ""
    ) -> Used:
        """Do what a link is for; of two at the same moment one does it.

        First run: needs e-mail, name and password. Invitation: name and password of a new person, nothing of one who
        has a password. Reset: the new password; all sessions end. Raises :class:`ExpiredLink` or ``BadInput``.
        """
        kind = Kind(kind)
        link = await self.look(kind, token)
        whose = email_of(email) if kind is Kind.FIRST_RUN else link.email
        sets = kind is not Kind.INVITE or not link.known
        called = name_of(name) if sets and kind is not Kind.RESET else link.name
        hashed = await self._passwords.hash(password_of(password, whose)) if sets else None
        if kind is Kind.FIRST_RUN:
            return await self._enter_first(token, Named(whose, called), hashed)
        async with self._store.transaction() as conn:
            row = await conn.fetchrow(SQL["take_link"], kind.value, token_hash(token))
            if row is None:
                raise _over(kind)
            person_id: uuid.UUID = row["person_id"]
            if kind is Kind.RESET:
                await self._renew(conn, person_id, whose, hashed)
                return Used(person_id, whose)
            return await self._join(conn, row, Named(whose, called), hashed)

    async def _enter_first(self, token: str, first: Named, hashed: str | None) -> Used:
        tenant_id = await self._first_tenant()
        async with self._store.transaction() as conn:
            await conn.execute(SQL["alone"], Kind.FIRST_RUN)
            row = await conn.fetchrow(SQL["take_link"], Kind.FIRST_RUN.value, token_hash(token))
            if row is None or await conn.fetchval(SQL["anybody"]):
                raise _over(Kind.FIRST_RUN)
            person_id = await add(conn, self._vault, first)
            if person_id is None:
                raise _over(Kind.FIRST_RUN)
            await conn.execute(SQL["set_password"], person_id, hashed)
            await conn.fetchval(SQL["add_membership"], tenant_id, person_id, Role.OWNER.value, HUB, True)
            await note(conn, person_id, "person.first", {"role": Role.OWNER.value})
            slug: str = await conn.fetchval(SQL["link_tenant_slug"], tenant_id)
        return Used(person_id, first.email, slug)

    async def _join(self, conn: Any, row: Any, who: Named, hashed: str | None) -> Used:
        person_id, tenant_id = row["person_id"], row["tenant_id"]
        if hashed is not None:
            # a second invitation may have been honoured since it was looked at: its password stays
            if not await conn.fetchval(SQL["set_first_password"], person_id, hashed):
                raise _over(Kind.INVITE)
            values = (email_hash(self._vault, who.email), self._vault.key_id, who.sealed(self._vault, person_id))
            await conn.execute(SQL["set_named"], person_id, *values)
        if await conn.fetchval(SQL["accept"], tenant_id, person_id) is None:
            raise _over(Kind.INVITE)
        await note(conn, person_id, "member.accept", {})
        return Used(person_id, who.email, await conn.fetchval(SQL["link_tenant_slug"], tenant_id))

    async def _renew(self, conn: Any, person_id: uuid.UUID, email: str, hashed: str | None) -> None:
        if not await conn.fetchval(SQL["renew_password"], person_id, hashed):
            raise _over(Kind.RESET)
        await conn.fetchval(SQL["revoke_sessions"], person_id, None)
        await conn.execute(SQL["forget_tickets"], person_id)
        # whoever holds the link has shown who he is: a stranger's guesses keep him out no longer
        await self._guarding.forgive(conn, self._guarding.keys(email_hash(self._vault, email), ""))
        await note(conn, person_id, "password.reset", {})


async def add(conn: Any, vault: Vault, who: Named) -> uuid.UUID | None:
    """Make a person without a password; None where somebody has the address already."""
    person_id = new_id()
    values = (email_hash(vault, who.email), vault.key_id, who.sealed(vault, person_id))
    made: uuid.UUID | None = await conn.fetchval(SQL["add_person"], person_id, *values)
    return made


def _over(kind: Kind) -> ExpiredLink:
    remedy = {
        Kind.FIRST_RUN: "print a new one with: crossdock users link; or log in, if somebody has entered already",
        Kind.INVITE: "ask whoever invited you for a new one",
        Kind.RESET: "ask for a new one",
    }[kind]
    return ExpiredLink("this link was used, has been replaced by a newer one, or is too old", remedy=remedy)
