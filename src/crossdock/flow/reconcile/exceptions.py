"""All exceptions of a proof: explained, digested, and read page by page."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import orjson

from crossdock.flow.ports import Store
from crossdock.flow.reconcile.explain import explained
from crossdock.flow.reconcile.report import line_of
from crossdock.kit.ids import Prefix, parse, show
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("exceptions.sql"))
_CHUNK: Final = 250
_FIRST = uuid.UUID(int=0)


class Exceptions:
    """The exceptions that are kept as rows. However many there are, a few hundred are in memory."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def explain(
        self, tenant_id: uuid.UUID, source_id: uuid.UUID, proof_id: uuid.UUID, *, repairs: bool
    ) -> dict[str, Any]:
        """Explain all exceptions of a proof; return how many there are, and the digest over all of them."""
        count = {"count": 0, "open": 0, "repaired": 0}
        covered, after = hashlib.sha256(), _FIRST
        async with self._store.engine() as conn:
            findings = await conn.fetch(SQL["findings"], tenant_id, source_id, proof_id)
        while True:
            async with self._store.engine() as conn:
                rows = await conn.fetch(SQL["evidence"], proof_id, after, _CHUNK)
                if not rows:
                    return {**count, "sha256": covered.hexdigest()}
                after = rows[-1]["id"]
                lines = [line_of({"id": shown(row["id"]), **explained(row, findings, repairs=repairs)}) for row in rows]
                await conn.execute(
                    SQL["tell"], proof_id, [row["id"] for row in rows], [line.decode() for line in lines]
                )
            for row, line in zip(rows, lines, strict=True):
                covered.update(line + b"\n")
                count["count"] += 1
                count[row["state"]] += 1

    async def page(
        self,
        tenant_id: uuid.UUID,
        proof_id: uuid.UUID,
        *,
        after: uuid.UUID | None = None,
        limit: int = 100,
        kind: str | None = None,
        entity: str | None = None,
        state: str | None = None,
    ) -> list[dict[str, Any]]:
        """Return a page of exceptions, in the order they were found."""
        async with self._store.engine() as conn:
            rows = await conn.fetch(SQL["page"], tenant_id, proof_id, after or _FIRST, kind, entity, state, limit)
        return [orjson.loads(row["told"]) for row in rows]

    async def of_day(
        self,
        tenant_id: uuid.UUID,
        proof_id: uuid.UUID,
        destination_id: uuid.UUID,
        between: tuple[datetime, datetime],
        limit: int = 200,
    ) -> list[dict[str, Any]]:
        """Return the exceptions of the orders that were made in a time, the open ones first."""
        async with self._store.engine() as conn:
            rows = await conn.fetch(SQL["of_day"], tenant_id, proof_id, destination_id, *between, limit)
        return [orjson.loads(row["told"]) for row in rows]

    async def pairs(
        self, tenant_id: uuid.UUID, proof_id: uuid.UUID, ids: Sequence[uuid.UUID]
    ) -> list[tuple[uuid.UUID, uuid.UUID]]:
        """Return the routes and records of exceptions that another delivery can put right."""
        async with self._store.engine() as conn:
            rows = await conn.fetch(SQL["pairs"], tenant_id, proof_id, list(ids))
        return [(row["route_id"], row["record_id"]) for row in rows]

    async def every(self, tenant_id: uuid.UUID, proof_id: uuid.UUID) -> AsyncIterator[dict[str, Any]]:
        """Yield all exceptions, page by page."""
        after: uuid.UUID | None = None
        while True:
            found = await self.page(tenant_id, proof_id, after=after, limit=_CHUNK)
            for one in found:
                yield one
            if len(found) < _CHUNK:
                return
            after = parse(Prefix.EXCEPTION, found[-1]["id"])


def shown(identifier: uuid.UUID) -> str:
    """Return an exception's id as people see it."""
    return show(Prefix.EXCEPTION, identifier)
