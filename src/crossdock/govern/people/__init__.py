"""People: who they are, how they log in, and where they may do what."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from crossdock.connect.client import Transport
from crossdock.govern.people.account import Account, Changed, Profile, Setup
from crossdock.govern.people.codes import Codes
from crossdock.govern.people.guarding import FORGOTTEN, Guarding
from crossdock.govern.people.hashing import Hasher, Passwords
from crossdock.govern.people.links import PAGES, Kind, Link, Links, Used
from crossdock.govern.people.mailing import Mailing
from crossdock.govern.people.members import Invited, Member, Members
from crossdock.govern.people.reaching import Invitation, Reaching
from crossdock.govern.people.rows import SQL, Store
from crossdock.govern.people.seat import Begun, Seat
from crossdock.govern.people.sessions import Lives, Sessions
from crossdock.govern.tenants import Tenants
from crossdock.govern.vault import Vault
from crossdock.kit.clock import Clock


class People:
    """The parts of it, put together. Used as a context: it holds threads, and letters under way."""

    def __init__(
        self,
        store: Store,
        vault: Vault,
        transport: Transport,
        clock: Clock,
        tenants: Tenants,
        lives: Lives,
        base: str,
        hasher: Hasher | None = None,
    ) -> None:
        """``base``: the address links lead to; ``hasher``: how passwords are hashed, argon2id unless given."""
        self._store = store
        self.base = base.rstrip("/")
        self.passwords = Passwords(hasher)
        self.guarding = Guarding(store, vault)
        codes, mailing = Codes(vault, clock), Mailing(store, vault, transport, clock)
        self.sessions = Sessions(store, vault, self.passwords, codes, self.guarding, lives)
        self.links = Links(store, vault, self.passwords, self.guarding, tenants.find)
        self.members = Members(store, vault, self.links)
        self.reaching = Reaching(store, vault, clock, self.links, self.members, self.guarding, mailing, self.address)
        self.account = Account(store, vault, self.sessions, codes, self.reaching.tell)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        del kind, error, at
        await self.reaching.drain()
        self.passwords.close()

    async def forget(self) -> int:
        """Drop sessions, links and counts of failures that are past their time; returns how many."""
        async with self._store.engine() as conn:
            gone: int = await conn.fetchval(SQL["expired"], self.sessions.lives.idle, 2 * FORGOTTEN)
        return gone

    async def first_run_link(self, base_url: str | None = None) -> str | None:
        """Return the address by which the first person comes in; None when there is somebody. Older ones are over."""
        token = await self.links.first_run()
        return None if token is None else self.address(Kind.FIRST_RUN, token, base_url)

    def address(self, kind: Kind, token: str, base_url: str | None = None) -> str:
        """Return a link as a person opens it."""
        return f"{(base_url or self.base).rstrip('/')}{PAGES[kind]}?token={token}"


__all__ = [
    "Account",
    "Begun",
    "Changed",
    "Hasher",
    "Invitation",
    "Invited",
    "Kind",
    "Link",
    "Links",
    "Lives",
    "Member",
    "Members",
    "People",
    "Profile",
    "Reaching",
    "Seat",
    "Sessions",
    "Setup",
    "Used",
]
