"""Proofs: asked for, listed, shown as JSON and CSV, their signatures checked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.responses import Response, StreamingResponse

from crossdock.api.access import Access
from crossdock.api.parsing import parsed
from crossdock.api.problems import answer
from crossdock.errors import NotFound
from crossdock.flow.reconcile import Depth
from crossdock.flow.reconcile.report import exceptions_csv, rows_csv
from crossdock.flow.reconcile.reports import Kept
from crossdock.govern.keys import Principal
from crossdock.kit.ids import Prefix, show
from crossdock.wiring import Hub
from crossdock.wiring.starting import prove


class WantedProof(BaseModel):
    """A proof that is asked for."""

    connection_id: str = Field(description="The store: con_…", examples=["CONNECTION_ID"])
    first: date | None = Field(default=None, description="Only orders of this day of the store, and later.")
    last: date | None = Field(default=None, description="Only orders up to this day of the store.")
    repair: bool = Field(default=True, description="Deliver again what is missing or drifted.")
    depth: Depth = Field(
        default=Depth.AUTO,
        description="light reads of the store what an edit changes, and in full what differs; full reads it all; "
        "auto is light while the last full proof is younger than a week.",
    )


class Shown(BaseModel):
    """A report and its signature, as a proof gives them."""

    report: dict[str, Any]
    signature: str
    exceptions: list[dict[str, Any]] | None = Field(
        default=None, description="All exceptions, in their order: given, they have to fit the report's digest."
    )


def router(hub: Hub, access: Access) -> APIRouter:
    """Return the routes."""
    api = APIRouter(tags=["proofs"])
    reads, operates = access.needs("read"), access.needs("operate")

    @api.post("/proofs", status_code=202)
    async def ask_for_proof(wanted: WantedProof, caller: Principal = operates) -> Any:
        """Prove a store: read it and its destinations afresh, repair, report. Returns the run."""
        store = parsed(Prefix.CONNECTION, wanted.connection_id, "connection_id")
        run = await prove(
            hub, caller.tenant_id, store, wanted.first, wanted.last, repair=wanted.repair, depth=wanted.depth
        )
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

    _add_one(api, hub, reads)
    return api


def _add_one(api: APIRouter, hub: Hub, reads: Any) -> None:
    """Add the doors to one proof."""

    @api.get("/proofs/{proof_id}.csv", response_class=Response, responses={200: {"content": {"text/csv": {}}}})
    async def get_proof_csv(proof_id: str, caller: Principal = reads) -> Response:
        """Return a proof's rows and all its exceptions as CSV."""
        kept = await _one(hub, caller, proof_id)
        return StreamingResponse(_csv(hub, caller, kept), media_type="text/csv")

    @api.get("/proofs/{proof_id}/exceptions")
    async def list_exceptions(
        proof_id: str,
        after: Annotated[str | None, Query(description="``next`` of the page before.")] = None,
        kind: Literal["missing", "duplicate", "drifted", "unexpected", "dead"] | None = None,
        entity: Annotated[str | None, Query(description="order, customer, product …")] = None,
        state: Literal["open", "repaired"] | None = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        caller: Principal = reads,
    ) -> Any:
        """List the exceptions of a proof, each with cause, what was done, remedy and links; none is left out."""
        kept = await _one(hub, caller, proof_id)
        items = await hub.reports.exceptions.page(
            caller.tenant_id,
            kept.id,
            after=parsed(Prefix.EXCEPTION, after, "after") if after else None,
            kind=kind,
            entity=entity,
            state=state,
            limit=limit,
        )
        return answer({"items": items, "next": items[-1]["id"] if len(items) == limit else None})

    @api.get("/proofs/{proof_id}")
    async def get_proof(proof_id: str, caller: Principal = reads) -> Any:
        """Return a proof: its signed report, and the first hundred of its exceptions."""
        kept = await _one(hub, caller, proof_id)
        shown = {"id": show(Prefix.PROOF, kept.id), "report": kept.report, "signature": kept.signature}
        return answer({**shown, "exceptions": await hub.reports.exceptions.page(caller.tenant_id, kept.id)})

    @api.post("/proofs/verify")
    async def verify_proof(shown: Shown, caller: Principal = reads) -> Any:
        """Say whether a report is word for word one that this hub has signed, and its exceptions are all there."""
        del caller
        return answer({"genuine": hub.reports.genuine(shown.report, shown.signature, shown.exceptions)})


async def _one(hub: Hub, caller: Principal, proof_id: str) -> Kept:
    kept = await hub.reports.one(caller.tenant_id, parsed(Prefix.PROOF, proof_id, "proof_id"))
    if kept is None:
        raise NotFound("there is no such proof", field="proof_id")
    return kept


async def _csv(hub: Hub, caller: Principal, kept: Kept) -> AsyncIterator[str]:
    yield rows_csv(kept.report)
    async for one in hub.reports.exceptions.every(caller.tenant_id, kept.id):
        yield exceptions_csv([one])
