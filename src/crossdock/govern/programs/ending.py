"""The end of a tenant: stopped at once, then deleted in bounded batches, by whoever goes on with it.

First everything of it stops: keys, people's seats and links end in the transaction that takes the wish; then, one by
one, its connections are revoked, with their webhooks and grants taken back at stores and vendors where these answer.
What was under way gets time to find out. Then every table of the catalogue that has a tenant is emptied of it, a window
of blocks a transaction, children before what they refer to, until a whole round finds nothing. Each step is safe to do
again, so a crash costs the window it was in. A receipt stays: what was deleted, by table, and what could not be taken
back.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec
import orjson
import structlog

from crossdock.connect.client import CallFailed
from crossdock.errors import BadInput, Conflict, CrossdockError, NotFound
from crossdock.govern.audit.cutting import end_chain
from crossdock.govern.directory import HUB
from crossdock.govern.keys import Store
from crossdock.kit.ids import Prefix, new_id, show
from crossdock.kit.process import own_name
from crossdock.store.absence import TROUBLE
from crossdock.store.audit import audit
from crossdock.store.errors import StoreError
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("ending.sql"))
_LEASE: Final = timedelta(seconds=60)
_AUDIT: Final = ("audit_waiting", "audit_link", "audit_head", "audit_entry")
"""Taken away by the database's own function, as a chain: nothing else may delete from them."""
_LAST: Final = "tenant"
_BLOCKS: Final = 256
_BLOCKS_OF_PARTS: Final = 16
_ROUNDS: Final = 20
log = structlog.get_logger("crossdock.tenants")


class Disconnects(Protocol):
    """The connections, as their end is needed here."""

    async def disconnect(self, tenant_id: uuid.UUID, connection_id: uuid.UUID, *, actor: str) -> tuple[str, ...]:
        """Revoke a connection, and take back what it has at its account."""
        ...


class Table(msgspec.Struct, frozen=True):
    """A table with a tenant: its name as SQL writes it, its size, and what it refers to."""

    name: str
    quoted: str
    blocks: int
    parted: bool
    loops: bool
    refers: tuple[str, ...]


class EndLost(Exception):
    """Another process goes on with it."""


class Ending:
    """Ends tenants."""

    def __init__(self, store: Store, connections: Disconnects, grace: timedelta = timedelta(seconds=10)) -> None:
        """``grace``: how long what was under way may take to find out that it is over."""
        self._store = store
        self._connections = connections
        self._grace = grace
        self._owner = f"{own_name()}/end/{new_id().hex[-8:]}"

    async def ask(self, tenant_id: uuid.UUID, slug: str, *, actor: str, invoices: bool = False) -> uuid.UUID:
        """Stop a tenant and its test side for ever, and have them deleted; returns the receipt's id.

        ``slug``: the tenant's own, typed by whoever asks; ``invoices``: issued ones may go too. Asking again returns
        the same receipt. Raises ``NotFound``, ``BadInput``, or ``Conflict`` for issued invoices.
        """
        async with self._store.transaction() as conn:
            row = await _held(conn, tenant_id)
            if row is None:
                raise NotFound("there is no such tenant", field="tenant", remedy="list them with: crossdock tenants")
            if row["slug"] != slug:
                raise BadInput("this is not the tenant's slug", field="slug", remedy="type the slug of what shall end")
            if row["issued"] and not invoices:
                raise Conflict(
                    f"it has {row['issued']} issued invoices, which the law may want kept for years",
                    field="issued_invoices",
                    remedy="export the tenant first, then ask with issued_invoices true",
                )
            if row["test_side"] is not None:
                await self._stop(conn, await _held(conn, row["test_side"]), actor)
            return await self._stop(conn, row, actor)

    async def _stop(self, conn: Any, row: Any, actor: str) -> uuid.UUID:
        """Shut all doors of a tenant."""
        tenant_id = row["tenant_id"]
        made: uuid.UUID | None = await conn.fetchval(
            SQL["ask"], new_id(), tenant_id, row["slug"], row["test_of"], actor
        )
        if made is None:
            under_way: uuid.UUID = await conn.fetchval(SQL["asked"], tenant_id)
            return under_way
        for statement in ("close", "end_api_keys", "end_links", "end_pages", "end_sessions", "cancel_runs"):
            await conn.execute(SQL[statement], tenant_id)
        gone = await conn.fetchrow(SQL["end_seats"], tenant_id)
        counts = {"person": gone["people"], "membership": gone["seats"]}
        await conn.execute(SQL["count_people"], made, orjson.dumps(counts).decode())
        await audit(conn, tenant_id, actor, "tenant.end", show(Prefix.TENANT, tenant_id), {"slug": row["slug"]})
        return made

    async def work(self, only: uuid.UUID | None = None) -> bool:
        """Do one stage of one end that is due; False when there was none. ``only``: of this receipt."""
        async with self._store.engine() as conn:
            row = await conn.fetchrow(SQL["take"], self._owner, _LEASE, only)
        if row is None:
            return False
        try:
            await (self._disconnect(row) if row["stage"] == "stop" else self._delete(row))
        except EndLost:
            log.info("tenant's end goes on elsewhere", end=str(row["id"]))
        except (CrossdockError, StoreError, *TROUBLE) as problem:
            log.warning("tenant's end put off", end=str(row["id"]), problem=type(problem).__name__)
            async with self._store.engine() as conn:
                await conn.execute(SQL["put_off"], row["id"], self._owner, type(problem).__name__)
        return True

    async def _disconnect(self, row: Any) -> None:
        tenant_id, actor = row["ended_tenant"], row["asked_by"]
        async with self._store.engine() as conn:
            found = await conn.fetch(SQL["connections"], tenant_id, HUB)
        for connection in found:
            try:
                await self._connections.disconnect(tenant_id, connection["id"], actor=actor)
            except (CrossdockError, CallFailed, ValueError) as problem:
                # such as a master key that is lost: what it has at its account is told, and it ends all the same
                await self._give_up(tenant_id, connection["id"], type(problem).__name__)
            await self._hold(row["id"])
        async with self._store.transaction() as conn:
            left = [
                {
                    "connection": show(Prefix.CONNECTION, one["id"]),
                    "connector": one["connector"],
                    "left_behind": orjson.loads(one["left_behind"]),
                }
                for one in await conn.fetch(SQL["left"], tenant_id)
            ]
            told = orjson.dumps(left).decode()
            if await conn.fetchval(SQL["stopped"], row["id"], self._owner, self._grace, told) is None:
                raise EndLost

    async def _give_up(self, tenant_id: uuid.UUID, connection_id: uuid.UUID, why: str) -> None:
        log.warning("connection ends without its account", connection=str(connection_id), problem=why)
        told = orjson.dumps([f"its webhooks and access ({why})"]).decode()
        async with self._store.engine() as conn:
            await conn.execute(SQL["give_up"], tenant_id, connection_id, told)

    async def _delete(self, row: Any) -> None:
        end_id, tenant_id = row["id"], row["ended_tenant"]
        tables = await self.tables()
        for _ in range(_ROUNDS):
            for table in tables:
                await self._clear(end_id, tenant_id, table)
            await self._audit_goes(end_id, tenant_id)
            if not [table.name for table in tables if await self._any(table, tenant_id)]:
                break
        else:
            raise Conflict("rows of the tenant keep coming", remedy="stop the process that still writes them")
        async with self._store.engine() as conn:
            await conn.execute(SQL["done"], end_id, self._owner)

    async def tables(self) -> list[Table]:
        """Return every table with a tenant: what refers to another before that other, the tenants last."""
        async with self._store.engine() as conn:
            found = [
                Table(row["name"], row["quoted"], row["blocks"], row["parted"], row["loops"], tuple(row["refers"]))
                for row in await conn.fetch(SQL["tables"])
            ]
        return in_order([table for table in found if table.name not in _AUDIT])

    async def _clear(self, end_id: uuid.UUID, tenant_id: uuid.UUID, table: Table) -> None:
        if not await self._any(table, tenant_id):
            return
        if table.loops:
            # rows that refer to each other go together
            await self._batch(end_id, table, SQL["clear_all"], tenant_id)
            return
        step = _BLOCKS_OF_PARTS if table.parted else _BLOCKS
        for first in range(0, table.blocks, step):
            await self._batch(end_id, table, SQL["clear_window"], tenant_id, f"({first},0)", f"({first + step},0)")

    async def _audit_goes(self, end_id: uuid.UUID, tenant_id: uuid.UUID) -> None:
        async with self._store.transaction() as conn:
            gone = await end_chain(conn, tenant_id, "ending")
            await self._count(conn, end_id, "audit_entry", gone)

    async def _batch(self, end_id: uuid.UUID, table: Table, statement: str, *values: Any) -> None:
        async with self._store.transaction() as conn:
            gone = await conn.fetchval(statement.replace("{table}", table.quoted), *values)
            await self._count(conn, end_id, table.name, gone)

    async def _any(self, table: Table, tenant_id: uuid.UUID) -> bool:
        async with self._store.engine() as conn:
            found: bool = await conn.fetchval(SQL["any_left"].replace("{table}", table.quoted), tenant_id)
        return found

    async def _count(self, conn: Any, end_id: uuid.UUID, name: str, rows: int) -> None:
        """Count what goes, in its transaction, and only while it is ours to do."""
        if await conn.fetchval(SQL["counted"], end_id, self._owner, _LEASE, name, rows) is None:
            raise EndLost

    async def _hold(self, end_id: uuid.UUID) -> None:
        async with self._store.engine() as conn:
            if await conn.fetchval(SQL["hold"], end_id, self._owner, _LEASE) is None:
                raise EndLost

    async def receipt(self, end_id: uuid.UUID) -> dict[str, Any]:
        """Return how far an end is, or what it has left. Raises ``NotFound``."""
        async with self._store.engine() as conn:
            row = await conn.fetchrow(SQL["receipt"], end_id)
        if row is None:
            raise NotFound("there is no such end of a tenant", field="end_id")
        return shown(row)

    async def receipts(self, before: uuid.UUID | None, limit: int) -> Sequence[dict[str, Any]]:
        """Return the ends of tenants, the newest first."""
        async with self._store.engine() as conn:
            return [shown(row) for row in await conn.fetch(SQL["receipts"], before, limit)]


async def _held(conn: Any, tenant_id: uuid.UUID) -> Any:
    await conn.execute(SQL["hold_tenant"], tenant_id)
    return await conn.fetchrow(SQL["tenant"], tenant_id)


def in_order(tables: Sequence[Table]) -> list[Table]:
    """Return tables so that each comes before those it refers to; the tenants come last."""
    waiting = {table.name: table for table in tables if table.name != _LAST}
    ordered: list[Table] = []
    while waiting:
        referred = {name for table in waiting.values() for name in table.refers}
        free = [table for name, table in waiting.items() if name not in referred]
        if not free:
            raise ValueError(f"tables refer to each other: {', '.join(sorted(waiting))}")
        ordered += free
        for table in free:
            del waiting[table.name]
    return [*ordered, *(table for table in tables if table.name == _LAST)]


def shown(row: Any) -> dict[str, Any]:
    """Return a receipt as programs see it."""
    counts = {name: rows for name, rows in sorted(orjson.loads(row["counts"]).items()) if rows}
    return {
        "id": show(Prefix.TENANT_END, row["id"]),
        "tenant": show(Prefix.TENANT, row["ended_tenant"]),
        "slug": row["slug"],
        "mode": "test" if row["test"] else "live",
        "state": {"stop": "stopping", "delete": "deleting"}.get(row["stage"], "deleted"),
        "asked_by": row["asked_by"],
        "asked_at": row["asked_at"],
        "done_at": row["done_at"],
        "problem": row["problem"],
        "left_behind": orjson.loads(row["left_behind"]),
        "rows": sum(counts.values()),
        "counts": counts,
    }
