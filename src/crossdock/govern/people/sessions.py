"""Sessions: begun by a login, found by the hash of their token, ended by age, rest or a person."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any, Final

import msgspec

from crossdock.errors import BadInput, NeedsCode, NotFound, NotFresh, Unauthenticated
from crossdock.govern.access import Role
from crossdock.govern.people.agents import spoken
from crossdock.govern.people.codes import Codes
from crossdock.govern.people.guarding import Guarding, Key
from crossdock.govern.people.hashing import Passwords
from crossdock.govern.people.rows import FRESH, SQL, Store, csrf_of, email_hash, named, new_token, note, token_hash
from crossdock.govern.people.rules import email_of
from crossdock.govern.people.seat import Begun, Seat
from crossdock.govern.vault import Vault
from crossdock.kit.ids import Prefix, new_id, show

CODE_LIFE: Final = timedelta(minutes=5)
"""Between the password and the code."""


class Lives(msgspec.Struct, frozen=True):
    """How long a session lives: without being used, and at all."""

    idle: timedelta
    whole: timedelta


class Sessions:
    """Begins, finds, turns and ends sessions."""

    def __init__(
        self, store: Store, vault: Vault, passwords: Passwords, codes: Codes, guarding: Guarding, lives: Lives
    ) -> None:
        self._store = store
        self._vault = vault
        self.passwords = passwords
        self._codes = codes
        self.guarding = guarding
        self.lives = lives

    async def seat(self, token: str, slug: str | None) -> Seat | None:
        """Return who has a session, at the tenant of this slug (None: the one used last, if he has any).

        None where there is no session that lives. Raises ``NotFound`` where he has no seat in that tenant.
        """
        async with self._store.engine() as conn:
            row = await conn.fetchrow(SQL["seat"], token_hash(token), slug, self.lives.idle, FRESH)
        if row is None:
            return None
        if row["tenant_id"] is None and slug is not None:
            raise NotFound("you have no seat here", remedy="ask an owner of the tenant to invite you")
        known = named(self._vault, row["person_id"], row["sealed"])
        seats = zip(row["slugs"] or (), row["names"] or (), map(Role, row["roles"] or ()), strict=True)
        return Seat(
            session_id=row["id"],
            person_id=row["person_id"],
            name=known.name,
            email=known.email,
            zone=row["zone"],
            theme=row["theme"],
            tenant_id=row["tenant_id"] or uuid.UUID(int=0),
            slug=row["slug"] or "",
            tenant=row["name"] or "",
            role=Role(row["role"] or Role.VIEWER),
            tenants=tuple(seats),
            csrf=csrf_of(token),
            fresh=row["fresh"],
            expires_at=row["expires_at"],
        )

    async def begin(self, email: str, password: str, code: str | None = None, *, agent: str, address: str) -> Begun:
        """Log in. ``agent`` is the browser's own name for itself, ``address`` the caller's network address.

        Raises ``Unauthenticated`` (in the same words and after the same work for an unknown address and a wrong
        password), :class:`NeedsCode` with a ticket for :meth:`finish`, :class:`Locked` or ``Overloaded``.
        """
        hashed = email_hash(self._vault, _folded(email))
        keys = self.guarding.keys(hashed, address)
        await self.guarding.take(keys)
        async with self._store.engine() as conn:
            row = await conn.fetchrow(SQL["person_by_email"], hashed)
        usable = row["password_hash"] if row is not None and not row["disabled"] else None
        if not await self.passwords.verify(usable, password) or row is None or usable is None:
            raise _wrong()
        held: str = usable
        if self.passwords.stale(held):
            held = await self._rehash(row["id"], held, password)
        if row["totp"] and code is None:
            await self.guarding.take_back(keys)
            raise NeedsCode(await self._ticket(row["id"]))
        return await self._open(row["id"], held, keys, agent, code if row["totp"] else None)

    async def finish(self, ticket: str, code: str, *, agent: str, address: str) -> Begun:
        """Log in with the code that :class:`NeedsCode` asked for.

        Raises ``Unauthenticated`` for a wrong code (the ticket stays good) or a ticket that is over, and ``Locked``.
        """
        async with self._store.engine() as conn:
            row = await conn.fetchrow(SQL["ticket"], token_hash(ticket))
        if row is None:
            raise _too_long()
        keys = self.guarding.keys(row["email_hash"], address)
        await self.guarding.take(keys)
        return await self._open(row["id"], row["password_hash"], keys, agent, code, ticket)

    async def _open(
        self,
        person_id: uuid.UUID,
        held: str,
        keys: tuple[Key, ...],
        agent: str,
        code: str | None,
        ticket: str | None = None,
    ) -> Begun:
        """Begin the session of somebody whose password ``held`` was verified, once his code is taken."""
        token, session_id = new_token(), new_id()
        async with self._store.transaction() as conn:
            # the person is held before anything of his is taken, as by those who change him
            values = (session_id, person_id, token_hash(token), spoken(agent), self.lives.whole, held)
            expires_at = await conn.fetchval(SQL["add_session"], *values)
            if expires_at is None:
                raise _wrong()
            how = "password"
            if code is not None:
                taken = await self._codes.accept(conn, person_id, code)
                if taken is None:
                    raise wrong_code()
                how = f"password and {taken} code"
            elif (totp := await conn.fetchrow(SQL["totp"], person_id)) is not None and totp["confirmed"]:
                # codes were turned on while the password was verified
                raise _too_long()
            if ticket is not None and not await conn.fetchrow(SQL["take_link"], "login", token_hash(ticket)):
                raise _too_long()
            await self.guarding.forgive(conn, keys)
            await note(conn, person_id, "session.begin", {"by": how})
        return Begun(token, session_id, person_id, expires_at)

    async def _rehash(self, person_id: uuid.UUID, held: str, password: str) -> str:
        fresh = await self.passwords.hash(password)
        async with self._store.engine() as conn:
            done = await conn.execute(SQL["rehash"], person_id, held, fresh)
        return fresh if done == "UPDATE 1" else held

    async def _ticket(self, person_id: uuid.UUID) -> str:
        token = new_token()
        values = (new_id(), "login", token_hash(token), person_id, None, show(Prefix.USER, person_id), CODE_LIFE)
        async with self._store.engine() as conn:
            await conn.execute(SQL["add_link"], *values)
        return token

    async def confirm(self, token: str, password: str, *, address: str) -> Begun:
        """Take the password again: the session is fresh, under a new token; the old one is over.

        Raises ``BadInput`` for a wrong password, ``Unauthenticated`` where the session is over, ``Locked``.
        """
        row = await self.held(token)
        keys = await self.verify(row, password, address, "password")
        async with self._store.transaction() as conn:
            await self.guarding.forgive(conn, keys)
            return await self.turned(conn, token, confirmed=True)

    async def held(self, token: str) -> Any:
        """Return a session's row with the person's password hash. Raises ``Unauthenticated``."""
        async with self._store.engine() as conn:
            row = await conn.fetchrow(SQL["session_for_change"], token_hash(token), self.lives.idle, FRESH)
        if row is None:
            raise over()
        return row

    async def verify(self, row: Any, password: str, address: str, field: str) -> tuple[Key, ...]:
        """Verify the password of whoever has a session; returns what to forgive. Raises ``BadInput`` or ``Locked``."""
        keys = self.guarding.keys(row["email_hash"], address)
        await self.guarding.take(keys)
        if not await self.passwords.verify(row["password_hash"], password):
            raise wrong_password(field)
        return keys

    async def turned(self, conn: Any, token: str, *, confirmed: bool) -> Begun:
        """Give a session another token inside the caller's transaction; ``confirmed``: the password was given for it.

        Raises ``Unauthenticated``.
        """
        fresh = new_token()
        row = await conn.fetchrow(SQL["turn_session"], token_hash(token), token_hash(fresh), confirmed)
        if row is None:
            raise over()
        return Begun(fresh, row["id"], row["person_id"], row["expires_at"])

    async def end(self, token: str) -> None:
        """Log out; a session that is over already is left so."""
        async with self._store.transaction() as conn:
            person_id = await conn.fetchval(SQL["end_session"], token_hash(token))
            if person_id is not None:
                await note(conn, person_id, "session.end", {})

    async def list(self, person_id: uuid.UUID) -> list[dict[str, Any]]:
        """Return a person's sessions that live, the one used last first."""
        async with self._store.engine() as conn:
            return [dict(row) for row in await conn.fetch(SQL["sessions_of"], person_id, self.lives.idle)]

    async def revoke(self, person_id: uuid.UUID, session_id: uuid.UUID, *, actor: str = "") -> None:
        """End one of a person's sessions at once. Raises ``NotFound``."""
        async with self._store.transaction() as conn:
            if await conn.fetchval(SQL["revoke_session"], person_id, session_id) is None:
                raise NotFound("there is no such session", remedy="it may have ended already: look at the list")
            await note(conn, person_id, "session.revoke", {}, actor)

    async def revoke_all(self, person_id: uuid.UUID, *, but: uuid.UUID | None = None, actor: str = "") -> int:
        """End a person's sessions at once, all or all but one; returns how many."""
        async with self._store.transaction() as conn:
            ended: int = await conn.fetchval(SQL["revoke_sessions"], person_id, but)
            if ended:
                await note(conn, person_id, "session.revoke_all", {"ended": ended}, actor)
        return ended

    async def need_fresh(self, token: str) -> uuid.UUID:
        """Return whose session it is. Raises :class:`NotFresh` where the password was given too long ago."""
        row = await self.held(token)
        if not row["fresh"]:
            raise NotFresh()
        whose: uuid.UUID = row["person_id"]
        return whose


def over() -> Unauthenticated:
    """Return the refusal of a session that does not live."""
    return Unauthenticated("the session is over", remedy="log in again")


def wrong_code() -> Unauthenticated:
    """Return the refusal of a code."""
    return Unauthenticated(
        "the code is wrong, or was used before",
        field="code",
        remedy="wait for the next code of the app, or use a recovery code",
    )


def wrong_password(field: str) -> BadInput:
    """Return the refusal of a password of somebody who is in already."""
    return BadInput("the password is wrong", field=field, remedy="type the one you log in with")


def _wrong() -> Unauthenticated:
    return Unauthenticated("e-mail or password is wrong", field="password", remedy="try again, or set a new password")


def _too_long() -> Unauthenticated:
    return Unauthenticated("the login took too long", remedy="begin again with e-mail and password")


def _folded(email: str) -> str:
    try:
        return email_of(email)
    except BadInput:
        # nobody has it; it is counted and compared all the same
        return email[:254]
