"""A person's own account: what he is called, his password, and his one-time codes.

What a thief of a session would change needs the password given within the last 15 minutes, ends every other session,
and goes on under a new token.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import asyncpg
import msgspec
import pyotp

from crossdock.errors import BadInput, Conflict, NotFound
from crossdock.govern.people.codes import ISSUER, STEP_S, Codes, new_recovery_codes, recovery_hash
from crossdock.govern.people.rows import SQL, Named, Store, email_hash, named, note, totp_row
from crossdock.govern.people.rules import email_of, name_of, password_of, zone_of
from crossdock.govern.people.seat import Begun
from crossdock.govern.people.sessions import Sessions, over, wrong_password
from crossdock.govern.vault import Vault

THEMES = ("auto", "light", "dark")
Tell = Callable[[uuid.UUID, str, str], None]
"""Person, e-mail address, what was changed."""


class Profile(msgspec.Struct, frozen=True):
    """A person as he sees himself. Its repr names nobody."""

    id: uuid.UUID
    email: str
    name: str
    zone: str
    theme: str
    totp: bool
    """Whether a login needs a one-time code."""
    recovery_left: int
    password_at: datetime | None
    created_at: datetime
    disabled_at: datetime | None

    def __repr__(self) -> str:
        return f"Profile({self.id})"


class Setup(msgspec.Struct, frozen=True):
    """A new secret of one-time codes, to be proven by a code. Its repr does not show it."""

    secret: str
    """Base 32, as it is typed into an app."""
    uri: str
    """``otpauth://…``, as a QR code holds it."""

    def __repr__(self) -> str:
        return "Setup()"


class Changed(msgspec.Struct, frozen=True):
    """A change that turned the session; ``codes`` are shown once. Its repr shows nothing of it."""

    begun: Begun
    codes: Sequence[str] = ()

    def __repr__(self) -> str:
        return "Changed()"


class Account:
    """Shows and changes it. ``token`` is that of the session that asks."""

    def __init__(self, store: Store, vault: Vault, sessions: Sessions, codes: Codes, tell: Tell) -> None:
        """``tell`` writes to an address that something was changed."""
        self._store = store
        self._vault = vault
        self._sessions = sessions
        self._codes = codes
        self._tell = tell

    async def one(self, person_id: uuid.UUID) -> Profile:
        """Return a person. Raises ``NotFound``."""
        async with self._store.engine() as conn:
            row = await conn.fetchrow(SQL["person"], person_id)
            left = await conn.fetchval(SQL["recovery_left"], person_id)
        if row is None:
            raise NotFound("there is no such person", remedy="list them with: crossdock users list")
        known = named(self._vault, person_id, row["sealed"])
        facts = {name: row[name] for name in ("zone", "theme", "totp", "password_at", "created_at", "disabled_at")}
        return Profile(id=person_id, email=known.email, name=known.name, recovery_left=left, **facts)

    async def describe(self, person_id: uuid.UUID, *, name: str, zone: str, theme: str = "auto") -> None:
        """Change name, time zone and theme. Raises ``BadInput``."""
        if theme not in THEMES:
            raise BadInput("there is no such theme", field="theme", remedy=f"one of: {', '.join(THEMES)}")
        called, zone = name_of(name), zone_of(zone)
        async with self._store.transaction() as conn:
            row = await _held(conn, person_id)
            before = named(self._vault, person_id, row["sealed"])
            after = msgspec.structs.replace(before, name=called)
            if (after, zone, theme) == (before, row["zone"], row["theme"]):
                return
            values = (self._vault.key_id, after.sealed(self._vault, person_id), zone, theme)
            await conn.execute(SQL["describe"], person_id, *values)
            fields = {"name": after != before, "zone": zone != row["zone"], "theme": theme != row["theme"]}
            await note(conn, person_id, "person.change", {"fields": [name for name, other in fields.items() if other]})

    async def email(self, token: str, email: str) -> Begun:
        """Change the e-mail address. Raises ``NotFresh``, ``BadInput``, or ``Conflict`` where somebody has it."""
        person_id, address = await self._sessions.need_fresh(token), email_of(email)
        async with self._store.transaction() as conn:
            row = await _held(conn, person_id)
            hashed = email_hash(self._vault, address)
            if await conn.fetchval(SQL["taken"], hashed, person_id):
                raise _used()
            before = named(self._vault, person_id, row["sealed"])
            sealed = Named(address, before.name).sealed(self._vault, person_id)
            try:
                await conn.execute(SQL["set_named"], person_id, hashed, self._vault.key_id, sealed)
            except asyncpg.UniqueViolationError:
                # somebody took it in this very moment
                raise _used() from None
            await conn.execute(SQL["drop_person_links"], person_id)
            begun = await self._turn(conn, token, person_id, "person.email")
        self._tell(person_id, before.email, "the e-mail address")
        return begun

    async def password(self, token: str, current: str, new: str, *, address: str) -> Begun:
        """Change the password; the current one is asked for whatever the session.

        Raises ``BadInput`` (fields ``current`` and ``password``), ``Locked`` or ``Overloaded``.
        """
        held = await self._sessions.held(token)
        email = named(self._vault, held["person_id"], held["sealed"]).email
        password_of(new, email)
        keys = await self._sessions.verify(held, current, address, "current")
        hashed = await self._sessions.passwords.hash(new)
        async with self._store.transaction() as conn:
            if not await conn.fetchval(SQL["change_password"], held["person_id"], held["password_hash"], hashed):
                raise wrong_password("current")
            await self._sessions.guarding.forgive(conn, keys)
            await conn.execute(SQL["drop_person_links"], held["person_id"])
            begun = await self._turn(conn, token, held["person_id"], "password.change", confirmed=True)
        self._tell(held["person_id"], email, "the password")
        return begun

    async def plan_totp(self, token: str) -> Setup:
        """Return a secret for an app, which counts once a code of it was given to :meth:`set_totp`.

        Raises ``NotFresh``, or ``Conflict`` where one-time codes are on.
        """
        person_id, secret = await self._sessions.need_fresh(token), pyotp.random_base32()
        async with self._store.transaction() as conn:
            row = await _held(conn, person_id)
            sealed = self._vault.seal_secret(secret, totp_row(person_id))
            if not await conn.fetchval(SQL["plan_totp"], person_id, self._vault.key_id, sealed):
                raise Conflict("one-time codes are on already", remedy="turn them off first")
        return self._setup(secret, person_id, row)

    async def planned_totp(self, token: str) -> Setup | None:
        """Return the secret that waits for its first code, None where there is none. Raises ``NotFresh``."""
        person_id = await self._sessions.need_fresh(token)
        async with self._store.engine() as conn:
            row, person = await conn.fetchrow(SQL["totp"], person_id), await conn.fetchrow(SQL["person"], person_id)
        if row is None or row["confirmed"]:
            return None
        secret = self._vault.open_secret(row["sealed"], totp_row(person_id))
        return self._setup(secret, person_id, person)

    def _setup(self, secret: str, person_id: uuid.UUID, person: Any) -> Setup:
        email = named(self._vault, person_id, person["sealed"]).email
        return Setup(secret, pyotp.TOTP(secret, interval=STEP_S).provisioning_uri(name=email, issuer_name=ISSUER))

    async def set_totp(self, token: str, code: str) -> Changed:
        """Turn one-time codes on by a first code; returns the recovery codes, which nobody can read again.

        Raises ``NotFresh``, ``BadInput`` for a wrong code, ``Conflict`` where nothing was planned.
        """
        person_id = await self._sessions.need_fresh(token)
        async with self._store.transaction() as conn:
            await _held(conn, person_id)
            row = await conn.fetchrow(SQL["totp"], person_id)
            if row is None or row["confirmed"]:
                raise Conflict("there is no secret that waits for a code", remedy="begin the set-up again")
            step = self._codes.step_of(self._vault.open_secret(row["sealed"], totp_row(person_id)), code)
            if step is None:
                raise BadInput(
                    "the code is wrong",
                    field="code",
                    remedy="type the six digits that the app shows now; set the phone's clock to automatic",
                )
            if not await conn.fetchval(SQL["confirm_totp"], person_id, step, row["sealed"]):
                raise Conflict("there is no secret that waits for a code", remedy="begin the set-up again")
            codes = await _recovery(conn, person_id)
            return Changed(await self._turn(conn, token, person_id, "totp.on"), codes)

    async def drop_totp(self, token: str) -> Begun:
        """Turn one-time codes off. Raises ``NotFresh`` or ``NotFound``."""
        person_id = await self._sessions.need_fresh(token)
        async with self._store.transaction() as conn:
            row = await _held(conn, person_id)
            if not await without_totp(conn, person_id):
                raise NotFound("one-time codes are off", remedy="there is nothing to turn off")
            begun = await self._turn(conn, token, person_id, "totp.off")
        self._tell(person_id, named(self._vault, person_id, row["sealed"]).email, "the second step of the login")
        return begun

    async def new_recovery(self, token: str) -> Changed:
        """Make new recovery codes; the older are over. Raises ``NotFresh`` or ``NotFound``."""
        person_id = await self._sessions.need_fresh(token)
        async with self._store.transaction() as conn:
            await _held(conn, person_id)
            row = await conn.fetchrow(SQL["totp"], person_id)
            if row is None or not row["confirmed"]:
                raise NotFound("one-time codes are off", remedy="turn them on first")
            codes = await _recovery(conn, person_id)
            return Changed(await self._turn(conn, token, person_id, "totp.recovery_codes"), codes)

    async def _turn(
        self, conn: Any, token: str, person_id: uuid.UUID, action: str, *, confirmed: bool = False
    ) -> Begun:
        begun = await self._sessions.turned(conn, token, confirmed=confirmed)
        ended = await conn.fetchval(SQL["revoke_sessions"], person_id, begun.session_id)
        await note(conn, person_id, action, {"ended": ended} if ended else {})
        return begun


async def without_totp(conn: Any, person_id: uuid.UUID) -> bool:
    """Take a person's one-time codes and recovery codes away; False where they were off."""
    await conn.execute(SQL["drop_recovery"], person_id)
    return bool(await conn.fetchval(SQL["drop_totp"], person_id))


async def _recovery(conn: Any, person_id: uuid.UUID) -> list[str]:
    codes = new_recovery_codes()
    await conn.execute(SQL["drop_recovery"], person_id)
    await conn.execute(SQL["add_recovery"], person_id, [recovery_hash(person_id, code) for code in codes])
    return codes


def _used() -> Conflict:
    return Conflict("this e-mail address cannot be used", field="email", remedy="take another one")


async def _held(conn: Any, person_id: uuid.UUID) -> Any:
    row = await conn.fetchrow(SQL["person_for_change"], person_id)
    if row is None:
        raise over()
    return row
