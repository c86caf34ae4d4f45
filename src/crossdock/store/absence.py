"""A database that is away or full, told as what a caller may do about it: come again."""

from __future__ import annotations

import asyncpg

from crossdock.errors import Overloaded

ABSENT = (asyncpg.OperatorInterventionError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError, OSError)
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
