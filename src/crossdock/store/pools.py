"""How connections are made and how their loss is told."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import asyncpg

from crossdock.store.absence import TROUBLE
from crossdock.store.audit import Marks
from crossdock.store.errors import ConnectionLost, StoreError

Connection: TypeAlias = Any
"""What the store hands out: an ``asyncpg.Connection``, or the pool's proxy of one (asyncpg has no types)."""

_LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.IdleSessionTimeoutError,
    asyncpg.IdleInTransactionSessionTimeoutError,
)
_AGAIN = "it is tried again; crossdock doctor tells more"


class Quick(asyncpg.Connection):  # type: ignore[misc]
    """A connection that costs no round trip when it goes back to its pool.

    Nothing of ours outlives a transaction: tenants are set with SET LOCAL, no session locks, no LISTEN on pooled
    connections. An open transaction is still rolled back.
    """

    marks: Marks | None = None
    """What marks the audit's entries that are written over it."""

    def get_reset_query(self) -> str:
        """Return no query."""
        return ""


def is_loss(problem: BaseException, conn: Connection | None = None) -> bool:
    """Tell whether an error means that the connection, and not the statement, failed."""
    if isinstance(problem, (*_LOST, asyncpg.InternalClientError)):
        # asyncpg's own state machine is upset when a connection ends between two of its steps
        return True
    if isinstance(problem, asyncpg.InterfaceError):
        return conn is None or conn.is_closed()
    return isinstance(problem, OSError) and not isinstance(problem, TimeoutError)


@asynccontextmanager
async def borrowed(pool: asyncpg.Pool, wait_s: float) -> AsyncIterator[Connection]:
    """Borrow a connection; a loss, while connecting or in use, is raised as :class:`ConnectionLost`."""
    conn: Connection | None = None
    try:
        async with asyncio.timeout(wait_s):
            conn = await pool.acquire()
    except TimeoutError as problem:
        raise ConnectionLost(f"no database connection came free within {wait_s:.0f} s", _AGAIN) from problem
    except StoreError:
        raise
    except TROUBLE as problem:
        if is_loss(problem):
            raise lost(problem) from problem
        raise
    try:
        yield conn
    except TROUBLE as problem:
        if not isinstance(problem, StoreError) and is_loss(problem, conn):
            # whatever state it is in, nobody gets it again
            with contextlib.suppress(*TROUBLE):
                conn.terminate()
            raise lost(problem) from problem
        raise
    finally:
        await _give_back(pool, conn)


async def _give_back(pool: asyncpg.Pool, conn: Connection) -> None:
    try:
        await pool.release(conn)
    except TROUBLE as problem:
        # a dead connection cannot be put back: the pool makes another
        if not is_loss(problem):
            raise


def lost(problem: BaseException) -> ConnectionLost:
    """Return the loss in our words; the server's own line names users and databases, never passwords."""
    said = type(problem).__name__
    if isinstance(problem, asyncpg.PostgresError) and str(problem):
        said = str(problem).splitlines()[0][:200]
    elif isinstance(problem, OSError) and problem.strerror:
        said = problem.strerror
    return ConnectionLost(f"the database connection was lost: {said}", _AGAIN)
