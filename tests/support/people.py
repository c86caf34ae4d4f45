"""People without the wait: a hasher that counts what it is asked and costs nothing, and persons who are in."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import Callable, Coroutine
from typing import Any

from crossdock.govern.access import Role
from crossdock.govern.people import Kind, People
from crossdock.kit.clock import Clock, SystemClock
from crossdock.wiring import Hub

PASSWORD = "nine bicycles under a lamp"
OWNER = "canary.owner@people.example"


class CountedHasher:
    """Hashes at once; ``version`` is what its parameters are to the real one."""

    def __init__(self, version: str = "1") -> None:
        self.version = version
        self.hashed = 0
        self.verified = 0

    @property
    def work(self) -> tuple[int, int]:
        return self.hashed, self.verified

    def hash(self, password: str) -> str:
        self.hashed += 1
        return self._of(self.version, password)

    def verify(self, hashed: str, password: str) -> bool:
        self.verified += 1
        return hashed == self._of(hashed.partition(":")[0], password)

    def stale(self, hashed: str) -> bool:
        return hashed.partition(":")[0] != self.version

    def _of(self, version: str, password: str) -> str:
        return f"{version}:{hashlib.sha256(f'{version}{password}'.encode()).hexdigest()}"


class Meanwhile(CountedHasher):
    """Lets something happen, once, while it computes."""

    def __init__(self) -> None:
        super().__init__()
        self._happens: Callable[[], object] = lambda: None

    def meanwhile(self, work: Callable[[], Coroutine[Any, Any, object]]) -> None:
        """Say what happens at the next computation."""
        loop = asyncio.get_running_loop()

        def happens() -> None:
            self._happens = lambda: None
            asyncio.run_coroutine_threadsafe(work(), loop).result(30)

        self._happens = happens

    def hash(self, password: str) -> str:
        self._happens()
        return super().hash(password)

    def verify(self, hashed: str, password: str) -> bool:
        self._happens()
        return super().verify(hashed, password)


def people_of(hub: Hub, hasher: CountedHasher | None = None, clock: Clock | None = None) -> People:
    """Return the hub's people with a quick hasher."""
    people, given = hub.people, (hub.database, hub.vault, hub.transport)
    return People(
        *given, clock or SystemClock(), hub.tenants, people.sessions.lives, people.base, hasher or CountedHasher()
    )


async def enter_first(people: People, email: str = OWNER, password: str = PASSWORD) -> uuid.UUID:
    """Let the first person in: owner of the default tenant."""
    token = await people.links.first_run()
    assert token is not None
    return (await people.links.use(Kind.FIRST_RUN, token, email=email, name="Olga Owner", password=password)).person_id


async def enter(people: People, tenant: uuid.UUID, email: str, role: Role, password: str = PASSWORD) -> uuid.UUID:
    """Invite somebody, who comes in."""
    invited = await people.members.invite(tenant, email, role, actor="test")
    known = (await people.links.look(Kind.INVITE, invited.token)).known
    given = {} if known else {"name": email.partition("@")[0], "password": password}
    return (await people.links.use(Kind.INVITE, invited.token, **given)).person_id
