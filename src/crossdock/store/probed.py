"""A connection that tells a probe of every step it takes; handed out only where a probe is wired in.

The places of a journey in the database are named by their statements (``deliver/queue.claim``), so a new statement is
a new place without a line more. A statement outside a transaction is a commit of its own: ``… done`` is the place
between its effect and its answer. A transaction has ``commit …`` and ``committed …``, named by its last statement.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from crossdock.kit.failpoints import Failpoints
from crossdock.store.queries import name_of


class Probed:
    """Passes everything on to a connection, each named statement after its place."""

    def __init__(self, conn: Any, failpoints: Failpoints, *, alone: bool = True) -> None:
        """``alone``: each statement commits by itself."""
        self._conn = conn
        self._failpoints = failpoints
        self._alone = alone
        self.last = ""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._conn, name)

    async def fetch(self, query: str, *values: Any, **more: Any) -> Any:
        """Return rows."""
        return await self._pass(self._conn.fetch, query, values, more)

    async def fetchrow(self, query: str, *values: Any, **more: Any) -> Any:
        """Return one row, or None."""
        return await self._pass(self._conn.fetchrow, query, values, more)

    async def fetchval(self, query: str, *values: Any, **more: Any) -> Any:
        """Return one value."""
        return await self._pass(self._conn.fetchval, query, values, more)

    async def execute(self, query: str, *values: Any, **more: Any) -> Any:
        """Run a statement."""
        return await self._pass(self._conn.execute, query, values, more)

    async def _pass(
        self, step: Callable[..., Awaitable[Any]], query: str, values: tuple[Any, ...], more: dict[str, Any]
    ) -> Any:
        name = name_of(query)
        if name is None:
            return await step(query, *values, **more)
        self.last = name
        await self._failpoints.reach(name)
        found = await step(query, *values, **more)
        if self._alone:
            await self._failpoints.reach(f"{name} done")
        return found


@asynccontextmanager
async def probed_transaction(conn: Any, failpoints: Failpoints) -> AsyncIterator[Probed]:
    """Open a transaction whose commit has a place before and after it."""
    probed = Probed(conn, failpoints, alone=False)
    async with conn.transaction():
        yield probed
        if probed.last:
            await failpoints.reach(f"commit {probed.last}")
    if probed.last:
        await failpoints.reach(f"committed {probed.last}")
