"""The budgets of vendor accounts in the database: one row an account, shared by all processes."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import Path

import msgspec

from crossdock.connect.allowance import Ask, Caps, Grant, State, Used, decide, used
from crossdock.connect.budget import account_of, caps_of
from crossdock.connect.limits import Limits
from crossdock.govern.routing import Store
from crossdock.model.connection import Connection
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("budgets.sql"))


class SharedBoard:
    """Deals hands of calls from the account's row: its lock is held for about a millisecond a hand."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def ask(self, tenant_id: uuid.UUID, account: str, ask: Ask, caps: Caps) -> Grant:
        """Answer a process's question about an account, in one short transaction."""
        async with self._store.transaction() as conn:
            row = await conn.fetchrow(SQL["lock_budget"], tenant_id, account)
            state = msgspec.json.decode(row["state"], type=State)
            grant = decide(state, ask, caps, row["at"])
            await conn.execute(SQL["keep_budget"], tenant_id, account, msgspec.json.encode(state).decode())
        return grant

    async def used(
        self, tenant_id: uuid.UUID, connections: Sequence[tuple[Connection, Limits]]
    ) -> dict[uuid.UUID, Used]:
        """Return what is used of the limits of connections' accounts; an account nobody has called is left out."""
        async with self._store.engine() as conn:
            rows = {row["account"]: row for row in await conn.fetch(SQL["budgets"], tenant_id)}
        found = {}
        for connection, limits in connections:
            row = rows.get(account_of(connection))
            if row is not None:
                state = msgspec.json.decode(row["state"], type=State)
                found[connection.id] = used(state, caps_of(limits, connection.config), row["at"])
        return found

    async def forget(self) -> None:
        """Drop the rows of accounts that nobody has called for a week."""
        async with self._store.engine() as conn:
            await conn.execute(SQL["forget_budgets"])
