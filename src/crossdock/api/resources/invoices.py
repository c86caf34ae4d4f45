"""Invoices and credit notes: listed, shown, changed while drafts, issued, taken back."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel, ConfigDict, Field

from crossdock.api.access import Access
from crossdock.api.parsing import Key, parsed
from crossdock.api.problems import answer
from crossdock.flow.deals.masking import masked
from crossdock.flow.invoice import CreditAsked, Filter, Kept, Preview
from crossdock.govern.keys import Principal
from crossdock.kit import ids
from crossdock.model.commerce.invoice import InvoiceKind
from crossdock.wiring import Hub
from crossdock.wiring.dealing import row_of

_CONNECTION = "con_01kb3v0d1a8w0f6zr4p1n5q2st"
_INVOICE: dict[str, Any] = {
    "id": "inv_01kb3v0d1a8w0f6zr4p1n5q2st",
    "kind": "invoice",
    "state": "issued",
    "number": "RE-2026-00017",
    "series": "RE",
    "issued_on": "2026-11-21",
    "currency": "EUR",
    "net": "30.00",
    "tax": "5.70",
    "due": "35.70",
    "credited": "0",
    "connection_id": _CONNECTION,
    "deal_id": "20000000001",
    "credits_id": None,
    "again": "",
    "revision": 2,
    "terms_version": 1,
    "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "actor": "cli",
    "created_at": "2026-11-21T10:00:00Z",
    "issued_at": "2026-11-21T10:00:01Z",
}
_CHANGES: dict[str, Any] = {
    "a purchase order and the buyer's VAT id": {
        "value": {"asked": {"purchase_order": "PO-4711", "buyer": {"vat_id": "FR83404833048"}}, "revision": 1}
    },
    "by the terms of now": {"value": {}},
}


class InvoiceRow(BaseModel):
    """An invoice or a credit note in a list; amounts are texts."""

    model_config = ConfigDict(json_schema_extra={"examples": [_INVOICE]})

    id: str
    kind: Literal["invoice", "credit_note"]
    state: Literal["draft", "issued", "credited"]
    number: str = Field(description="empty for a draft")
    series: str
    issued_on: date | None
    currency: str
    net: Decimal
    tax: Decimal
    due: Decimal
    credited: Decimal = Field(description="what credit notes have taken back, with tax")
    connection_id: str | None
    deal_id: str | None
    credits_id: str | None = Field(description="the invoice a credit note takes back")
    again: str = Field(description="why the deal got another invoice; empty for its first")
    revision: int
    terms_version: int
    digest: str = Field(description="SHA-256 of the issued document; empty for a draft")
    actor: str
    created_at: datetime
    issued_at: datetime | None


class RuleShown(BaseModel):
    """A rule that had a say."""

    rule: str
    about: str
    words: str


class InvoiceShown(InvoiceRow):
    """An invoice in full; people's data is masked for keys without the scope ``admin``."""

    invoice: dict[str, Any] = Field(description="the document by the model of EN 16931; GET /invoice-terms names rules")
    rules: list[RuleShown]


class InvoicePage(BaseModel):
    """A page of invoices, the newest first; ``next`` goes into ``before``."""

    items: list[InvoiceRow]
    next: str | None


class InvoiceShownFirst(BaseModel):
    """What would be made; nothing was."""

    invoice: dict[str, Any]
    rules: list[RuleShown]
    terms_version: int


class DraftChange(BaseModel):
    """What a draft is to be like: overrides by name, null takes one back. Without any it is made anew."""

    model_config = ConfigDict(extra="forbid")

    asked: dict[str, Any] = Field(default_factory=dict, description="as in POST …/deals/{deal_id}/invoice")
    revision: int | None = Field(default=None, description="409 when the draft has another by now")


def shown(kept: Kept, *, people: bool) -> dict[str, Any]:
    """Return an invoice in full; ``people``: who asks may see people's data."""
    rules = [masked(rule, people=True) for rule in kept.rules]
    return {**row_of(kept), "invoice": masked(kept.invoice, people=people), "rules": rules}


def previewed(preview: Preview, *, people: bool) -> dict[str, Any]:
    """Return what would be made."""
    rules = [masked(rule, people=True) for rule in preview.rules]
    invoice = masked(preview.invoice, people=people)
    return {"invoice": invoice, "rules": rules, "terms_version": preview.terms_version}


def router(hub: Hub, access: Access) -> APIRouter:
    """Return the routes."""
    api = APIRouter(tags=["invoices"])
    _looking(api, hub, access)
    _changing(api, hub, access)
    return api


def _looking(api: APIRouter, hub: Hub, access: Access) -> None:
    reads = access.needs("read")

    @api.get("/invoices", response_model=InvoicePage)
    async def invoices(
        state: Literal["draft", "issued", "credited"] | None = None,
        kind: Literal["invoice", "credit_note"] | None = None,
        connection_id: Annotated[str | None, Query(examples=[_CONNECTION])] = None,
        deal_id: Annotated[str | None, Query(max_length=200)] = None,
        series: Annotated[str | None, Query(max_length=20, examples=["RE"])] = None,
        number: Annotated[str | None, Query(max_length=200, examples=["RE-2026-00017"])] = None,
        currency: Annotated[str | None, Query(pattern="^[A-Z]{3}$")] = None,
        since: Annotated[date | None, Query(description="issued on this day or later")] = None,
        until: Annotated[date | None, Query(description="issued before this day")] = None,
        credits_id: Annotated[str | None, Query(description="credit notes of this invoice")] = None,
        before: Annotated[str | None, Query(description="``next`` of the page before")] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        caller: Principal = reads,
    ) -> Any:
        """List invoices and credit notes, the newest first."""
        chosen = Filter(
            state=state,
            kind=InvoiceKind[kind.upper()] if kind else None,
            connection_id=_id(ids.Prefix.CONNECTION, connection_id, "connection_id"),
            deal_id=deal_id,
            series=series,
            number=number,
            currency=currency,
            since=since,
            until=until,
            credits_id=_id(ids.Prefix.INVOICE, credits_id, "credits_id"),
        )
        last = _id(ids.Prefix.INVOICE, before, "before")
        items = [row_of(one) for one in await hub.invoicing.page(caller.tenant_id, chosen, before=last, limit=limit)]
        return {"items": items, "next": items[-1]["id"] if len(items) == limit else None}

    @api.get("/invoices/{invoice_id}", response_model=InvoiceShown)
    async def invoice(invoice_id: str, caller: Principal = reads) -> Any:
        """Return an invoice in full, with every rule that had a say in it."""
        found = await hub.invoicing.one(caller.tenant_id, parsed(ids.Prefix.INVOICE, invoice_id, "invoice_id"))
        return shown(found, people="admin" in caller.scopes)


def _changing(api: APIRouter, hub: Hub, access: Access) -> None:
    writes = access.needs("write")

    @api.patch("/invoices/{invoice_id}", response_model=InvoiceShown)
    async def change_invoice(
        invoice_id: str,
        body: Annotated[DraftChange, Body(openapi_examples=_CHANGES)],
        caller: Principal = writes,
    ) -> Any:
        """Make a draft anew with other overrides, by the terms of now; 409 for one that is issued."""
        named = parsed(ids.Prefix.INVOICE, invoice_id, "invoice_id")
        who = caller.actor
        made = await hub.invoicing.change(caller.tenant_id, named, body.asked, actor=who, revision=body.revision)
        return shown(made, people="admin" in caller.scopes)

    @api.post("/invoices/{invoice_id}/issue", response_model=InvoiceShown)
    async def issue_invoice(
        invoice_id: str,
        revision: Annotated[int | None, Query(description="409 when the draft has another by now")] = None,
        caller: Principal = writes,
    ) -> Any:
        """Give a draft its number and make it final; one that is issued already is answered as it is."""
        named = parsed(ids.Prefix.INVOICE, invoice_id, "invoice_id")
        made = await hub.invoicing.issue(caller.tenant_id, named, actor=caller.actor, revision=revision)
        return shown(made, people="admin" in caller.scopes)

    @api.delete("/invoices/{invoice_id}", status_code=204)
    async def discard_invoice(invoice_id: str, caller: Principal = writes) -> None:
        """Throw a draft away; 409 for one that is issued."""
        named = parsed(ids.Prefix.INVOICE, invoice_id, "invoice_id")
        await hub.invoicing.discard(caller.tenant_id, named, actor=caller.actor)

    @api.post(
        "/invoices/{invoice_id}/credit",
        status_code=201,
        response_model=InvoiceShown,
        responses={200: {"model": InvoiceShownFirst, "description": "with preview: what would be made"}},
    )
    async def credit_invoice(
        invoice_id: str,
        body: CreditAsked,
        preview: Annotated[bool, Query(description="true: nothing is made")] = False,
        key: Key = None,
        caller: Principal = writes,
    ) -> Any:
        """Issue a credit note over all that is left of an invoice, over lines of it, or over an amount."""
        named, people = parsed(ids.Prefix.INVOICE, invoice_id, "invoice_id"), "admin" in caller.scopes
        if preview:
            found = await hub.invoicing.credit_preview(caller.tenant_id, named, body)
            return answer(previewed(found, people=people))
        made = await hub.invoicing.credit(caller.tenant_id, named, body, actor=caller.actor, key=key)
        return shown(made, people=people)


def _id(prefix: ids.Prefix, text: str | None, field: str) -> Any:
    return None if text is None else parsed(prefix, text, field)
