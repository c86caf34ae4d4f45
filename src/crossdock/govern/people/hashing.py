"""Passwords as argon2id hashes: made and compared in threads, a bounded number at once.

Parameters: OWASP's first choice (Password Storage Cheat Sheet): 46 MiB, one pass, one lane. A hash names its own
parameters (PHC string), so that it is made anew at the next login after they change. Figures: docs/decisions/0025.
"""

from __future__ import annotations

import asyncio
import contextlib
import unicodedata
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Protocol, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

from crossdock.errors import Overloaded

MEMORY_KIB: Final = 47_104
PASSES: Final = 1
LANES: Final = 1
AT_ONCE: Final = 2
"""Hashes computed at the same time: each holds its memory."""
WAITING: Final = 64
"""Logins that may wait for their turn; more are turned away rather than kept for longer than anybody waits."""
LONGEST: Final = 1024
"""Characters of a password; what is longer is none, and costs no more than any other."""
T = TypeVar("T")


class Hasher(Protocol):
    """A slow hash. Called in threads."""

    def hash(self, password: str) -> str:
        """Return a hash with its salt and parameters."""
        ...

    def verify(self, hashed: str, password: str) -> bool:
        """Whether the hash is of this password; False too for what is no hash."""
        ...

    def stale(self, hashed: str) -> bool:
        """Whether the hash was made with other parameters than those of today."""
        ...


class Argon2:
    """Argon2id with the parameters of today."""

    def __init__(self, memory_kib: int = MEMORY_KIB, passes: int = PASSES, lanes: int = LANES) -> None:
        self._hasher = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=lanes, type=Type.ID)

    def hash(self, password: str) -> str:
        """Return a hash with its salt and parameters."""
        return self._hasher.hash(password)

    def verify(self, hashed: str, password: str) -> bool:
        """Whether the hash is of this password."""
        try:
            return self._hasher.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False

    def stale(self, hashed: str) -> bool:
        """Whether the hash was made with other parameters."""
        return self._hasher.check_needs_rehash(hashed)


class Passwords:
    """Makes and compares hashes, without ever holding the loop up."""

    def __init__(self, hasher: Hasher | None = None) -> None:
        self._hasher = hasher or Argon2()
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="password")
        self._under_way = 0
        self._nobodys: str | None = None

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def hash(self, password: str) -> str:
        """Return a new hash. Raises ``Overloaded`` when too many wait."""
        async with self._turn():
            return await self._away(self._hasher.hash, spelt(password))

    async def verify(self, hashed: str | None, password: str) -> bool:
        """Compare a password; where there is no hash, the same work is done for nothing and the answer is False.

        Raises ``Overloaded`` when too many wait.
        """
        async with self._turn():
            if self._nobodys is None:
                self._nobodys = await self._away(self._hasher.hash, "the password of nobody")
            given = spelt(password) if len(password) <= LONGEST else ""
            same = await self._away(self._hasher.verify, hashed or self._nobodys, given)
            return same and hashed is not None and len(password) <= LONGEST

    def stale(self, hashed: str) -> bool:
        """Whether a hash should be made anew."""
        return self._hasher.stale(hashed)

    @contextlib.asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        if self._under_way >= AT_ONCE + WAITING:
            raise Overloaded("too many are logging in at this moment", remedy="try again in a few seconds")
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1

    async def _away(self, does: Callable[..., T], *given: str) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, does, *given)


def spelt(password: str) -> str:
    """Return a password in one spelling: the same letters typed on another keyboard may come as other code points."""
    return unicodedata.normalize("NFKC", password)
