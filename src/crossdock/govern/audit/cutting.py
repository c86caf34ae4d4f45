"""Cutting: what is taken away in due form, by retention or with its tenant, leaves a signed place behind."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import msgspec
import structlog

from crossdock.govern.audit.chain import HOUSE, Head
from crossdock.govern.audit.chainer import ENDED, Store, head_of, move, shown, signed
from crossdock.govern.audit.chainer import SQL as HEADS
from crossdock.kit.ids import Prefix, floor_of, show
from crossdock.store.audit import Marks, audit
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("cutting.sql"))
log = structlog.get_logger("crossdock.audit")


class Cutter:
    """Takes beginnings of chains away, and whole chains."""

    def __init__(self, store: Store, marks: Marks) -> None:
        self._store = store
        self._marks = marks

    async def retain(self, days: int, now: datetime) -> int:
        """Take every chain's entries of whole days before the last ``days`` away; returns how many.

        The cut (place and hash after which the chain now begins) is signed in the head and told by an entry of its own.
        A chain whose head does not hold is left alone.
        """
        last_kept = (now - timedelta(days=days)).date()
        keep_from = floor_of(datetime.combine(last_kept, time(), tzinfo=UTC))
        async with self._store.engine() as conn:
            chains = [row["tenant_id"] for row in await conn.fetch(HEADS["heads"])]
        return sum([await self._cut(chain, keep_from) for chain in chains])

    async def _cut(self, chain: uuid.UUID, keep_from: uuid.UUID) -> int:
        async with self._store.transaction() as conn:
            row = await conn.fetchrow(HEADS["head"], chain)
            if row is None:
                return 0
            head = head_of(row)
            kept = await conn.fetchval(SQL["first_to_keep"], chain, keep_from)
            upto = head.seq if kept is None else kept - 1
            if upto <= head.cut_seq:
                return 0
            if self._marks.marked(head.message(), head.mark) is not True:
                log.error("the head of an audit chain was changed: nothing is taken away", chain=shown(chain))
                return 0
            last: bytes | None = await conn.fetchval(SQL["hash_at"], chain, upto)
            if last is None:
                log.error("the audit chain has a gap: nothing is taken away", chain=shown(chain), seq=upto)
                return 0
            gone: int = await conn.fetchval(SQL["cut"], chain, upto)
            cut = msgspec.structs.replace(head, cut_seq=upto, cut_hash=last, at=datetime.now(UTC))
            await move(conn, signed(self._marks, cut))
            told = {"upto": upto, "entries": gone, "hash": last.hex()}
            await audit(conn, None if chain == HOUSE else chain, "audit", "audit.cut", shown(chain), told)
        return gone


async def end_chain(conn: Any, tenant_id: uuid.UUID, actor: str) -> int:
    """Take a tenant's whole audit away, inside the transaction that ends the tenant; returns how many entries.

    The house's chain tells it, with the last hash.
    """
    row = await conn.fetchrow(HEADS["head_patiently"], tenant_id)
    head: Head | None = head_of(row) if row is not None else None
    gone: int = await conn.fetchval(SQL["end"], tenant_id)
    told = {"by": actor, "entries": gone, "seq": head.seq if head else 0, "hash": head.hash.hex() if head else None}
    await audit(conn, None, "audit", ENDED, show(Prefix.TENANT, tenant_id), told)
    return gone
