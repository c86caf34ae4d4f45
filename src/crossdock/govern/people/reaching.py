"""Reaching people: invitations and new passwords, by mail where a server is set up, else by a link that is shown."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any, Final

import msgspec
import structlog

from crossdock.errors import BadInput, Conflict, CrossdockError, NotFound
from crossdock.govern.access import Role
from crossdock.govern.people.account import without_totp
from crossdock.govern.people.guarding import ADDRESS, Guarding, Key, Patience
from crossdock.govern.people.links import Kind, Links
from crossdock.govern.people.mailing import Letter, Mailing, changed, invitation, new_password
from crossdock.govern.people.members import Members, role_of
from crossdock.govern.people.rows import SQL, Store, email_hash, named, note
from crossdock.govern.people.rules import email_of
from crossdock.govern.vault import Vault
from crossdock.kit.clock import Clock
from crossdock.kit.ids import Prefix, parse

log = structlog.get_logger("crossdock.people")
BY_HAND: Final = timedelta(hours=24)
"""How long a link is good that somebody carries over."""
LETTERS: Final = Patience(3, timedelta(minutes=5), timedelta(hours=6))
"""How many links an address may ask for before it has to wait."""
_AT_ONCE: Final = 100


class Invitation(msgspec.Struct, frozen=True):
    """An invitation that went out, or has to be carried over. Its repr does not show the link."""

    person_id: uuid.UUID
    mailed: bool
    link: str | None
    """Where it was not mailed: what whoever invites hands over himself."""
    problem: str
    """Why it was not mailed."""

    def __repr__(self) -> str:
        return f"Invitation({self.person_id}, mailed={self.mailed})"


class Reaching:
    """Sends links, or gives them to whoever asked."""

    def __init__(
        self,
        store: Store,
        vault: Vault,
        clock: Clock,
        links: Links,
        members: Members,
        guarding: Guarding,
        mailing: Mailing,
        address: Callable[[Kind, str], str],
    ) -> None:
        """``address`` makes of a kind and token what a person opens."""
        self._store = store
        self._vault = vault
        self._clock = clock
        self._links = links
        self._members = members
        self._guarding = guarding
        self._mailing = mailing
        self._address = address
        self._tasks: set[asyncio.Task[None]] = set()

    async def invite(
        self, tenant_id: uuid.UUID, email: str, role: Role | str, *, actor: str, mail: bool = True
    ) -> Invitation:
        """Invite an address. Raises ``BadInput`` or ``Conflict``."""
        invited = await self._members.invite(tenant_id, email, role, actor=actor)
        link, problem = self._address(Kind.INVITE, invited.token), ""
        if mail:
            async with self._store.engine() as conn:
                tenant = await conn.fetchval(SQL["tenant_name"], tenant_id)
            letter = invitation(email_of(email), tenant, role_of(role).value, link)
            posted = await self._mailing.from_tenant(tenant_id, letter)
            if posted.sent:
                return Invitation(invited.person_id, True, None, "")
            problem = posted.problem
        return Invitation(invited.person_id, False, link, problem)

    async def forgot(self, email: str, *, address: str) -> None:
        """Mail a link for a new password to whoever has this address; it is never told whether anybody has.

        Raises ``BadInput`` for what is no address, ``Locked`` for a network address that asks too often.
        """
        hashed = email_hash(self._vault, email_of(email))
        by_address = [key for key in self._guarding.keys(hashed, address) if key.patience is ADDRESS]
        await self._guarding.take(by_address)
        # looked up later: an answer that comes sooner for an unknown address would tell
        self.later(self._send_reset(hashed))

    async def _send_reset(self, hashed: bytes) -> None:
        key = Key(self._vault.subject(f"reset:{hashed.hex()}"), LETTERS)
        await self._guarding.take([key])
        async with self._store.engine() as conn:
            row = await conn.fetchrow(SQL["person_by_email"], hashed)
        if row is None or row["disabled"] or row["password_hash"] is None:
            return
        link = self._address(Kind.RESET, await self._links.make(Kind.RESET, person_id=row["id"]))
        letter = new_password(named(self._vault, row["id"], row["sealed"]).email, link)
        posted = await self._mailing.to_person(row["id"], letter)
        async with self._store.transaction() as conn:
            await note(conn, row["id"], "link.reset", {"mailed": posted.sent})

    async def reset(self, person_id: uuid.UUID, *, actor: str, totp: bool = False) -> str:
        """Return a link for a new password, to be handed over; ``totp``: his one-time codes are off as well.

        Raises ``NotFound``, or ``Conflict`` for whoever never came in or is disabled.
        """
        async with self._store.transaction() as conn:
            row = await conn.fetchrow(SQL["person_for_change"], person_id)
            if row is None:
                raise NotFound("there is no such person, or he is disabled", remedy="see: crossdock users list")
            if row["password_hash"] is None:
                raise Conflict(
                    "this person has not come in yet", remedy="make another invitation: crossdock users link"
                )
            off = await without_totp(conn, person_id) if totp else False
            token = await self._links.made(conn, Kind.RESET, person_id, None, actor, BY_HAND)
            await note(conn, person_id, "link.reset", {"mailed": False, "totp_off": off}, actor)
        return self._address(Kind.RESET, token)

    async def find(self, text: str) -> uuid.UUID:
        """Find a person of any tenant by ``usr_`` id or e-mail address. Raises ``NotFound``."""
        async with self._store.engine() as conn:
            if text.startswith(f"{Prefix.USER}_"):
                try:
                    row = await conn.fetchrow(SQL["person"], parse(Prefix.USER, text))
                except ValueError:
                    row = None
            else:
                try:
                    row = await conn.fetchrow(SQL["person_by_email"], email_hash(self._vault, email_of(text)))
                except BadInput:
                    row = None
        if row is None:
            raise NotFound("there is no such person", remedy="list them with: crossdock users list")
        found: uuid.UUID = row["id"]
        return found

    def tell(self, person_id: uuid.UUID, email: str, what: str) -> None:
        """Write to an address, later, that something was changed."""
        self.later(self._told(person_id, changed(email, what, self._clock.now())))

    async def _told(self, person_id: uuid.UUID, letter: Letter) -> None:
        await self._mailing.to_person(person_id, letter)

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it in the background; what is beyond a hundred at once is not done."""
        if len(self._tasks) >= _AT_ONCE:
            work.close()
            return
        task = asyncio.create_task(self._quietly(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _quietly(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except CrossdockError as refused:
            log.info("a letter is not sent", code=refused.code)
        except Exception as bug:
            log.error("a letter cannot be sent", problem=type(bug).__name__, exc_info=bug)

    async def drain(self) -> None:
        """Wait for what is under way, or give it up after a few seconds."""
        if self._tasks:
            _, late = await asyncio.wait({*self._tasks}, timeout=5)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
