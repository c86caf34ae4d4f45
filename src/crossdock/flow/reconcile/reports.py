"""Proofs as runs: taken, signed, kept."""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec
import orjson

from crossdock.flow.ports import Store
from crossdock.flow.reconcile.by_day import BACK, DayRow
from crossdock.flow.reconcile.days import Days, days_of
from crossdock.flow.reconcile.exceptions import Exceptions
from crossdock.flow.reconcile.ports import ALWAYS, Asked, Depth, Directory, Proof, Tell, silent
from crossdock.flow.reconcile.prover import Prover
from crossdock.flow.reconcile.report import covers, report, signed_bytes
from crossdock.flow.run import Run
from crossdock.kit.ids import Prefix, floor_of, new_id, show
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("reports.sql"))
_LAST = uuid.UUID(int=(1 << 128) - 1)
_BROKEN: Final = timedelta(days=2)
_NOTED: Final = 100
"""Exceptions that a run shows among its errors; the proof has all of them."""


class Signer(Protocol):
    """The part of the vault that signs."""

    def sign(self, message: bytes) -> str:
        """Return a signature with the id of its key."""
        ...

    def verify(self, message: bytes, signature: str) -> bool:
        """Whether a signature of ours fits."""
        ...


class Kept(msgspec.Struct, frozen=True):
    """A proof that was kept."""

    id: uuid.UUID
    report: dict[str, Any]
    signature: str


class Covering(msgspec.Struct, frozen=True):
    """What one proof tells of a store's days."""

    id: uuid.UUID
    connection_id: uuid.UUID
    ended_at: datetime
    depth: str
    first: date | None
    """None: since ever, but told by day only as far back as :data:`BACK`."""
    last: date | None
    rows: tuple[DayRow, ...]

    def covers(self, day: date, today: date) -> bool:
        """Whether it speaks of a day; ``today``: the store's day at which it was taken."""
        first = self.first if self.first or self.last else today - BACK + timedelta(days=1)
        return (first is None or first <= day) and day <= (self.last or today)


class Reports:
    """Takes proofs and keeps their signed reports."""

    def __init__(self, store: Store, directory: Directory, prover: Prover, signer: Signer) -> None:
        self._store = store
        self._directory = directory
        self._prover = prover
        self._signer = signer
        self.exceptions = Exceptions(store)

    async def __call__(self, run: Run) -> dict[str, Any]:
        """Do a run of kind reconcile."""

        def tell(step: str) -> None:
            run.progress["step"] = step

        asked = Asked(
            rounds=int(run.asked.get("repair", 2)),
            days=days_of(run.asked),
            depth=Depth(run.asked.get("depth", Depth.AUTO)),
            daily=bool(run.asked.get("daily")),
            tell=tell,
        )
        kept, _ = await self.taken(run.connection_id, run.id, asked)
        told = kept.report["exceptions"]
        for one in await self.exceptions.page(run.tenant_id, kept.id, limit=_NOTED, state="open"):
            run.note_error(
                f"{one['entity']} {one['external_id']}",
                f"{one['kind']} {one['what']}: {one['cause']}",
                link=f"/api/v1/proofs/{show(Prefix.PROOF, kept.id)}/exceptions",
            )
        run.error_count = max(run.error_count, told["open"])
        return {"proof": show(Prefix.PROOF, kept.id), "ok": kept.report["ok"]}

    async def take(
        self,
        source_id: uuid.UUID,
        run_id: uuid.UUID | None,
        days: Days = ALWAYS,
        *,
        repair_rounds: int = 2,
        depth: Depth = Depth.AUTO,
        tell: Tell = silent,
    ) -> tuple[Kept, Proof]:
        """Prove a store now, sign the report and keep it."""
        return await self.taken(source_id, run_id, Asked(repair_rounds, days=days, depth=depth, tell=tell))

    async def taken(self, source_id: uuid.UUID, run_id: uuid.UUID | None, asked: Asked) -> tuple[Kept, Proof]:
        """Prove a store as it is asked for, sign the report and keep it."""
        connection = await self._directory.connection(source_id)
        began, proof_id = await self._now(), new_id()
        await self._tidy(connection.tenant_id, floor_of(began - _BROKEN))
        proof = await self._prover.take(source_id, proof_id, asked)
        told = await self.exceptions.explain(connection.tenant_id, source_id, proof_id, repairs=bool(asked.rounds))
        ended = await self._now()
        store = {
            "id": show(Prefix.CONNECTION, connection.id),
            "uid": connection.account_uid,
            "name": connection.name,
            "time_zone": str(connection.account.get("time_zone") or "UTC"),
        }
        document = report(proof, store=store, times=(began, ended), exceptions=told, days=asked.days)
        body = signed_bytes(document)
        kept = Kept(proof_id, orjson.loads(body), self._signer.sign(body))
        values = (kept.id, connection.tenant_id, connection.id, run_id, began, ended, document["ok"], body.decode())
        async with self._store.engine() as conn:
            await conn.execute(
                SQL["keep"], *values, kept.signature, proof.depth, told["count"], not asked.days and bool(proof.rows)
            )
        return kept, proof

    async def put_first(self, tenant_id: uuid.UUID, connection_id: uuid.UUID, asked: dict[str, Any]) -> None:
        """Let a proof that a person asks for take the place of the day's own that has not begun."""
        async with self._store.engine() as conn:
            await conn.execute(SQL["put_first"], tenant_id, connection_id, orjson.dumps(asked).decode())

    async def one(self, tenant_id: uuid.UUID, proof_id: uuid.UUID) -> Kept | None:
        """Return a kept proof."""
        async with self._store.engine() as conn:
            row = await conn.fetchrow(SQL["one"], tenant_id, proof_id)
        return Kept(row["id"], orjson.loads(row["report"]), row["signature"]) if row else None

    async def listed(
        self, tenant_id: uuid.UUID, connection_id: uuid.UUID | None, before: uuid.UUID | None, limit: int
    ) -> list[dict[str, Any]]:
        """Return kept proofs without their exceptions, the newest first."""
        async with self._store.engine() as conn:
            rows = await conn.fetch(SQL["listed"], tenant_id, connection_id, before or _LAST, limit)
        return [
            {
                "id": show(Prefix.PROOF, row["id"]),
                "connection_id": show(Prefix.CONNECTION, row["connection_id"]),
                "store": row["name"],
                "run_id": show(Prefix.RUN, row["run_id"]) if row["run_id"] else None,
                "ok": row["ok"],
                "depth": row["depth"],
                "exceptions": row["exceptions"],
                "began_at": row["began_at"],
                "ended_at": row["ended_at"],
            }
            for row in rows
        ]

    async def calendar(self, tenant_id: uuid.UUID, until: datetime) -> list[Covering]:
        """Return what proofs that were taken before a moment tell of the days of each store, the newest first."""
        async with self._store.engine() as conn:
            rows = await conn.fetch(SQL["calendar"], tenant_id, floor_of(until))
        return [_covering(row) for row in rows]

    async def forget(self, older: timedelta) -> None:
        """Drop proofs that were taken long ago, with their exceptions."""
        floor = floor_of(await self._now() - older)
        async with self._store.engine() as conn:
            await conn.execute(SQL["forget"], floor)
            await conn.execute(SQL["forget_told"], floor)

    def genuine(self, document: dict[str, Any], signature: str, exceptions: list[dict[str, Any]] | None = None) -> bool:
        """Whether a report is word for word one that this hub has signed, and these are all of its exceptions."""
        try:
            body = signed_bytes(document)
            if exceptions is not None and not covers(document, exceptions):
                return False
        except TypeError:  # numbers that no report of ours holds
            return False
        return self._signer.verify(body, signature)

    async def _tidy(self, tenant_id: uuid.UUID, older: uuid.UUID) -> None:
        """Drop what proofs that were broken off have left."""
        async with self._store.engine() as conn:
            for name in ("forget_broken", "forget_working", "forget_found"):
                await conn.execute(SQL[name], tenant_id, older)

    async def _now(self) -> Any:
        async with self._store.engine() as conn:
            return await conn.fetchval(SQL["now"])


def _covering(row: Any) -> Covering:
    first, last = (date.fromisoformat(row[name]) if row[name] else None for name in ("first", "last"))
    rows = msgspec.json.decode(row["by_day"] or "[]", type=tuple[DayRow, ...])
    return Covering(row["id"], row["connection_id"], row["ended_at"], row["depth"], first, last, rows)
