"""What the driver raises when the database is in trouble, and what is told of one that is away or full: come again."""

from __future__ import annotations

import asyncpg

from crossdock.errors import Overloaded

FAILED = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""Whatever the driver raises of a statement or a connection."""
TROUBLE = (OSError, *FAILED)
"""The same, and what the network says, which also holds :class:`.errors.ConnectionLost`."""
ABSENT = (
    OSError,
    asyncpg.OperatorInterventionError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    # a statement over a connection whose last word was just read, and whose end was not: the driver is still upset
    asyncpg.InternalClientError,
)
"""The database is away, stopping, starting or too slow."""
NO_ROOM = (asyncpg.InsufficientResourcesError,)
"""Its disk, memory or connections are used up."""


def overload_of(error: Exception) -> Overloaded | None:
    """Return what is told of an absent or full database; None of everything else."""
    if isinstance(error, NO_ROOM):
        return Overloaded("the database has no room", retry_after_s=30)
    if isinstance(error, ABSENT):
        return Overloaded("the database does not answer", retry_after_s=5)
    return None
