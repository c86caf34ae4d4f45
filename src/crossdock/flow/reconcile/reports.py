"""Proofs as runs: taken, signed, kept."""

from __future__ import annotations

import uuid
from datetime import date
from pathlib import Path
from typing import Any, Protocol

import msgspec
import orjson

from crossdock.connect.counting import counting
from crossdock.flow.ports import Store
from crossdock.flow.reconcile.ports import Days, Directory, Proof
from crossdock.flow.reconcile.prover import Prover
from crossdock.flow.reconcile.report import report, signed_bytes
from crossdock.flow.run import Run
from crossdock.kit.ids import Prefix, new_id, show
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("reports.sql"))
_LAST = uuid.UUID(int=(1 << 128) - 1)


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


class Reports:
    """Takes proofs and keeps their signed reports."""

    def __init__(self, store: Store, directory: Directory, prover: Prover, signer: Signer) -> None:
        self._store = store
        self._directory = directory
        self._prover = prover
        self._signer = signer

    async def __call__(self, run: Run) -> dict[str, Any]:
        """Do a run of kind reconcile."""
        days = days_of(run.asked)

        def tell(step: str) -> None:
            run.progress["step"] = step

        rounds = int(run.asked.get("repair", 2))
        kept, _ = await self.take(run.connection_id, run.id, days, repair_rounds=rounds, tell=tell)
        for one in kept.report["exceptions"]:
            run.note_error(f"{one['entity']} {one['external_id']}", f"{one['kind']} {one['what']}: {one['cause']}")
        return {"proof": show(Prefix.PROOF, kept.id), "ok": kept.report["ok"]}

    async def take(
        self, source_id: uuid.UUID, run_id: uuid.UUID | None, days: Days, *, repair_rounds: int, tell: Any
    ) -> tuple[Kept, Proof]:
        """Prove a store now, sign the report and keep it."""
        connection = await self._directory.connection(source_id)
        began = await self._now()
        with counting() as requests:
            proof = await self._prover.prove(source_id, repair_rounds=repair_rounds, tell=tell, days=days)
        ended = await self._now()
        store = {
            "id": show(Prefix.CONNECTION, connection.id),
            "uid": connection.account_uid,
            "name": connection.name,
            "time_zone": str(connection.account.get("time_zone") or "UTC"),
        }
        document = report(proof, store=store, times=(began, ended), requests=requests, days=days)
        body = signed_bytes(document)
        kept = Kept(new_id(), orjson.loads(body), self._signer.sign(body))
        async with self._store.engine() as conn:
            await conn.execute(
                SQL["keep"],
                kept.id,
                connection.tenant_id,
                connection.id,
                run_id,
                began,
                ended,
                document["ok"],
                body.decode(),
                kept.signature,
            )
        return kept, proof

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
                "began_at": row["began_at"],
                "ended_at": row["ended_at"],
            }
            for row in rows
        ]

    def genuine(self, document: dict[str, Any], signature: str) -> bool:
        """Whether a report is word for word one that this hub has signed."""
        try:
            body = signed_bytes(document)
        except TypeError:  # numbers that no report of ours holds
            return False
        return self._signer.verify(body, signature)

    async def _now(self) -> Any:
        async with self._store.engine() as conn:
            return await conn.fetchval(SQL["now"])


def days_of(asked: dict[str, Any]) -> Days:
    """Read the days of a run."""
    return Days(*(date.fromisoformat(asked[name]) if asked.get(name) else None for name in ("first", "last")))
