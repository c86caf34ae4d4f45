"""Invoices of a CRM's deals: previewed and made by hand, and deals processed as runs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Query
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from crossdock.api.access import Access
from crossdock.api.parsing import Key
from crossdock.api.problems import PROBLEM_CONTENT, answer
from crossdock.api.resources.crm_deals import crm
from crossdock.documents.words import Format
from crossdock.flow.deals import DealsAsked
from crossdock.flow.deals.runs import MOST_DAYS, MOST_NAMED
from crossdock.flow.invoice import Asked
from crossdock.govern.keys import Principal
from crossdock.wiring import Hub
from crossdock.wiring.dealing import by_hand, previewed

_REFUSED: dict[int | str, dict[str, Any]] = {
    400: {"description": "no invoice can be made; `rule`, `field` and `problems` say why", "content": PROBLEM_CONTENT},
    409: {
        "description": "the deal has its invoice already, or the connection is not active",
        "content": PROBLEM_CONTENT,
    },
    422: {"description": "the Idempotency-Key came with another body", "content": PROBLEM_CONTENT},
}
_EXAMPLES: dict[str, Any] = {
    "issue": {"summary": "issue it now", "value": {}},
    "draft": {"summary": "a draft, to be looked at first", "value": {"draft": True, "purchase_order": "PO-4711"}},
    "again": {"summary": "another one", "value": {"again": "second delivery"}},
}
_PROCESS: dict[str, Any] = {
    "days": {"summary": "won in the last week, as the terms say", "value": {"days": 7}},
    "deals": {"summary": "these, as drafts", "value": {"deal_ids": ["20000000001"], "then": "draft"}},
    "record": {"summary": "read again what changed since yesterday", "value": {"days": 1, "do": "record"}},
}


class NewInvoice(Asked):
    """What is asked for beside the deal and the terms; an empty body issues the invoice as they say."""

    draft: Annotated[bool, Field(description="true: a draft, which gets its number when it is issued")] = False

    def overrides(self) -> Asked:
        """Return what is asked for beside."""
        return Asked.model_validate(self.model_dump(exclude={"draft"}))


class DealsToProcess(BaseModel):
    """Deals by their ids, or those of the last days."""

    model_config = ConfigDict(extra="forbid")

    deal_ids: list[str] = Field(default=[], max_length=MOST_NAMED, description="the CRM's ids")
    days: int | None = Field(
        default=None, ge=1, le=MOST_DAYS, description="won (invoice) or changed (record) in the last so many days"
    )
    do: Literal["invoice", "record"] = Field(
        default="invoice", description="invoice: make invoices; record: read the deals into the record again"
    )
    then: Literal["terms", "issue", "draft"] = Field(
        default="terms", description="terms: what the terms' rules (when) say of each deal"
    )


def router(hub: Hub, access: Access) -> APIRouter:
    """Return the routes."""
    api = APIRouter(tags=["deals"])
    writes = access.needs("write")
    _one(api, hub, writes)
    _many(api, hub, writes)
    return api


def _one(api: APIRouter, hub: Hub, writes: Any) -> None:
    @api.post(
        "/crm/{connection_id}/deals/{deal_id}/invoice",
        status_code=202,
        responses={200: {"description": "with preview=true: the invoice that would be made"}, **_REFUSED},
    )
    async def invoice_deal(
        connection_id: str,
        deal_id: str,
        body: Annotated[NewInvoice | None, Body(openapi_examples=_EXAMPLES)] = None,
        preview: Annotated[bool, Query(description="true: nothing changes, every rule that fired is told")] = False,
        form: Annotated[
            Format | None,
            Query(alias="format", description="with preview: say, too, which rules of this format it would break"),
        ] = None,
        key: Key = None,
        caller: Principal = writes,
    ) -> Any:
        """Make the invoice of a deal by hand, as a run; its number is written to the deal.

        A deal has one invoice: another takes ``again`` with a reason. With ``preview=true`` the invoice that would be
        made is answered with every rule that had a say, and what the terms would do with the deal by themselves.
        """
        found = await crm(hub, caller, connection_id)
        wanted = body or NewInvoice()
        overrides = wanted.overrides()
        if preview:
            return answer(await previewed(hub, found, deal_id, overrides, form, people="admin" in caller.scopes))
        asked = DealsAsked(
            deals=(deal_id,),
            then="draft" if wanted.draft else "issue",
            again=overrides.again,
            actor=caller.actor,
            key=key,
        )
        return answer(await by_hand(hub, found, asked, overrides), 202)


def _many(api: APIRouter, hub: Hub, writes: Any) -> None:
    @api.post("/crm/{connection_id}/deals/process", status_code=202, responses=_REFUSED)
    async def process_deals(
        connection_id: str,
        body: Annotated[DealsToProcess, Body(openapi_examples=_PROCESS)],
        key: Key = None,
        caller: Principal = writes,
    ) -> Response:
        """Make the invoices of many deals, or read them into the record again, as a run with progress.

        What is wrong with one deal is noted at the run and ends no run; cancelled, it stops behind the deal it is at.
        """
        found = await crm(hub, caller, connection_id)
        asked = DealsAsked(
            do=body.do,
            deals=tuple(dict.fromkeys(body.deal_ids)),
            days=body.days,
            then="" if body.then == "terms" else body.then,
            actor=caller.actor,
            key=key,
        )
        return answer(await hub.deal_runs.ask(found, asked), 202)
