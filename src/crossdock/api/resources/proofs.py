"""Proofs: asked for, listed, shown as JSON and CSV, their signatures checked."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from crossdock.api.access import Access
from crossdock.api.parsing import parsed
from crossdock.api.problems import answer
from crossdock.api.resources.runs import start
from crossdock.errors import BadInput, Conflict, NotFound
from crossdock.flow.reconcile.report import as_csv
from crossdock.flow.reconcile.reports import Kept
from crossdock.flow.run import RunKind
from crossdock.govern.keys import Principal
from crossdock.kit.ids import Prefix, show
from crossdock.wiring import Hub


class WantedProof(BaseModel):
    """A proof that is asked for."""

    connection_id: str = Field(description="The store: con_…", examples=["CONNECTION_ID"])
    first: date | None = Field(default=None, description="Only orders of this day of the store, and later.")
    last: date | None = Field(default=None, description="Only orders up to this day of the store.")
    repair: bool = Field(default=True, description="Deliver again what is missing or drifted.")


class Shown(BaseModel):
    """A report and its signature, as a proof gives them."""

    report: dict[str, Any]
    signature: str


def router(hub: Hub, access: Access) -> APIRouter:
    """Return the routes."""
    api = APIRouter(tags=["proofs"])
    reads, writes = access.needs("read"), access.needs("write")

    @api.post("/proofs", status_code=202)
    async def ask_for_proof(wanted: WantedProof, caller: Principal = writes) -> Any:
        """Prove a store: read it and its destinations afresh, repair, report. Returns the run."""
        if wanted.first and wanted.last and wanted.first > wanted.last:
            raise BadInput("the first day is after the last", field="first", remedy="name them in their order")
        asked = {"first": wanted.first, "last": wanted.last, "repair": 2 if wanted.repair else 0}
        kind = RunKind.RECONCILE
        run = await start(hub, caller.tenant_id, wanted.connection_id, kind, [], asked)
        if run["asked"] != {name: str(v) if isinstance(v, date) else v for name, v in asked.items()}:
            raise Conflict("another proof of this store is under way", remedy=f"wait for {run['id']}, or cancel it")
        return answer(run, 202)

    @api.get("/proofs")
    async def list_proofs(
        connection_id: Annotated[str | None, Query(description="con_…")] = None,
        before: Annotated[str | None, Query(description="``next`` of the page before.")] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        caller: Principal = reads,
    ) -> Any:
        """List the proofs that were taken, the newest first."""
        items = await hub.reports.listed(
            caller.tenant_id,
            parsed(Prefix.CONNECTION, connection_id, "connection_id") if connection_id else None,
            parsed(Prefix.PROOF, before, "before") if before else None,
            limit,
        )
        return answer({"items": items, "next": items[-1]["id"] if len(items) == limit else None})

    @api.get("/proofs/{proof_id}.csv", response_class=Response, responses={200: {"content": {"text/csv": {}}}})
    async def get_proof_csv(proof_id: str, caller: Principal = reads) -> Response:
        """Return a proof's rows and exceptions as CSV."""
        kept = await _one(hub, caller, proof_id)
        return Response(as_csv(kept.report), media_type="text/csv")

    @api.get("/proofs/{proof_id}")
    async def get_proof(proof_id: str, caller: Principal = reads) -> Any:
        """Return a proof: its signed report, every exception explained."""
        kept = await _one(hub, caller, proof_id)
        return answer({"id": show(Prefix.PROOF, kept.id), "report": kept.report, "signature": kept.signature})

    @api.post("/proofs/verify")
    async def verify_proof(shown: Shown, caller: Principal = reads) -> Any:
        """Say whether a report is word for word one that this hub has signed."""
        del caller
        return answer({"genuine": hub.reports.genuine(shown.report, shown.signature)})

    return api


async def _one(hub: Hub, caller: Principal, proof_id: str) -> Kept:
    kept = await hub.reports.one(caller.tenant_id, parsed(Prefix.PROOF, proof_id, "proof_id"))
    if kept is None:
        raise NotFound("there is no such proof", field="proof_id")
    return kept
