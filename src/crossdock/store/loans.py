"""Who holds a pooled connection: nobody waits for a second one while he holds a first.

As many such holders as there are connections would each wait for all the others. So what a task reads on its way, while
it holds a connection of the engine (a memory that has to look again, for one), is read over that same connection; a
second transaction, or one of the other role, has to wait until the first is over.
"""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import msgspec

from crossdock.store.pools import Connection


class NestedLoan(ResourceWarning):
    """A task that holds a pooled connection asks for a second one.

    It goes well until as many do so at once as the pool has connections. Python shows it with ``-W always``; the tests
    take it as an error.
    """


class Loan(msgspec.Struct, frozen=True):
    """A connection, the pool it is of, and the task that holds it."""

    pool: object
    task: asyncio.Task[Any] | None
    conn: Connection


_LOAN: ContextVar[Loan | None] = ContextVar("loan", default=None)


def held(pool: object) -> Connection | None:
    """Return the connection of this pool that this very task holds, to be used again; None when it holds none."""
    loan = _mine()
    return loan.conn if loan is not None and loan.pool is pool else None


def holding() -> bool:
    """Whether this task holds a pooled connection: nobody should while it waits for somebody outside."""
    return _mine() is not None


def ask() -> None:
    """Warn (:class:`NestedLoan`) when this task holds a connection and is about to wait for another."""
    if _mine() is not None:
        warnings.warn("a task that holds a pooled connection asks for a second one", NestedLoan, stacklevel=4)


@contextmanager
def noted(pool: object, conn: Connection) -> Iterator[None]:
    """Keep in mind that this task holds the connection for the length of a block."""
    before = _LOAN.get()
    _LOAN.set(Loan(pool, asyncio.current_task(), conn))
    try:
        yield
    finally:
        _LOAN.set(before)


def _mine() -> Loan | None:
    # a task begins with a copy of its maker's context: what the maker holds is not its own
    loan = _LOAN.get()
    return loan if loan is not None and loan.task is asyncio.current_task() else None
