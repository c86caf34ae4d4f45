"""Deals of a CRM: listed, shown in full, and made into invoices."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from crossdock.api.access import Access
from crossdock.api.parsing import parsed
from crossdock.connect.deals import DealFilter
from crossdock.flow.deals import masking
from crossdock.flow.deals.desk import MOST
from crossdock.govern.keys import Principal
from crossdock.kit import ids
from crossdock.model.connection import Connection
from crossdock.wiring import Hub
from crossdock.wiring.dealing import noted

_DEAL: dict[str, Any] = {
    "id": "20000000001",
    "name": "[redacted]",
    "pipeline": "default",
    "pipeline_label": "Sales Pipeline",
    "stage": "closedwon",
    "stage_label": "Closed Won",
    "closed": True,
    "won": True,
    "amount": "130.00",
    "currency": "EUR",
    "owner": {"id": "77001", "name": "[redacted]", "email": "[redacted]"},
    "close_at": "2026-11-20T09:00:00Z",
    "created_at": "2026-11-01T09:00:00Z",
    "modified_at": "2026-11-20T09:00:00Z",
    "invoice_number": "RE-2026-00017",
    "url": "https://app.hubspot.com/contacts/62515/record/0-3/20000000001",
}
_LINE: dict[str, Any] = {
    "id": "20000000002",
    "name": "Tea",
    "sku": "T-1",
    "quantity": "3",
    "unit_price": "10.00",
    "tax_rate": "19",
}


class CrmDealOwner(BaseModel):
    """Whose deal it is."""

    id: str
    name: str = ""
    email: str = ""


class CrmDeal(BaseModel):
    """A deal as its CRM shows it now; people's data is masked for keys without the scope ``admin``."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"examples": [_DEAL]})

    id: str
    name: str
    pipeline: str
    pipeline_label: str
    stage: str
    stage_label: str
    closed: bool
    won: bool
    amount: Decimal | None = Field(description="in `currency`, as the CRM states it")
    currency: str = Field(description="ISO 4217")
    owner: CrmDealOwner | None
    close_at: datetime | None
    created_at: datetime | None
    modified_at: datetime | None
    archived: bool
    order_key: str | None = Field(description="the shop's order it was made for by the hub")
    order_number: str
    purchase_order: str
    invoice_number: str = Field(description="what the hub wrote to it")
    url: str


class CrmDeals(BaseModel):
    """One page, the newest first."""

    items: list[CrmDeal]
    next: str | None


class DealInvoice(BaseModel):
    """An invoice of a deal, or a credit note, in a line."""

    id: str
    kind: str = Field(description="380 an invoice, 381 a credit note")
    state: str
    number: str
    issued_on: date | None
    currency: str
    due: Decimal
    again: str


class CrmDealWhole(CrmDeal):
    """A deal in full. The words of lines, contacts and companies are those of ``/api/v1/schemas/deal``."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"examples": [{**_DEAL, "lines": [_LINE]}]})

    lines: list[dict[str, Any]]
    contacts: list[dict[str, Any]]
    companies: list[dict[str, Any]]
    invoices: list[DealInvoice] = Field(description="made of it, and their credit notes; the newest first")


def router(hub: Hub, access: Access) -> APIRouter:
    """Return the routes."""
    api = APIRouter(tags=["deals"])
    reads = access.needs("read")

    @api.get("/crm/{connection_id}/deals", response_model=CrmDeals)
    async def list_deals(
        connection_id: str,
        stage: Annotated[str, Query(max_length=200, description="the CRM's id of a stage, or its label")] = "",
        pipeline: Annotated[str, Query(max_length=200, description="the CRM's id of a pipeline, or its label")] = "",
        owner: Annotated[str, Query(max_length=320, description="the owner's id at the CRM, or address")] = "",
        min_amount: Annotated[Decimal | None, Query(description="in the deal's own currency")] = None,
        max_amount: Annotated[Decimal | None, Query(description="in the deal's own currency")] = None,
        closed_from: Annotated[datetime | None, Query(description="close date at this time or later")] = None,
        closed_until: Annotated[datetime | None, Query(description="close date at this time or before")] = None,
        modified_since: Annotated[datetime | None, Query(description="changed at this time or later")] = None,
        won: Annotated[bool | None, Query(description="true: won ones alone; false: those that are not")] = None,
        limit: Annotated[int, Query(ge=1, le=MOST)] = 50,
        cursor: Annotated[str | None, Query(description="`next` of the page before", max_length=20_000)] = None,
        caller: Principal = reads,
    ) -> Any:
        """List deals from the CRM, now, the newest first; a change shows after seconds. Nothing is recorded."""
        asked = DealFilter(
            stage=stage,
            pipeline=pipeline,
            owner=owner,
            least=min_amount,
            most=max_amount,
            closed_from=_utc(closed_from),
            closed_until=_utc(closed_until),
            modified_since=_utc(modified_since),
            won=won,
        )
        found = await crm(hub, caller, connection_id)
        return await hub.deals.page(found, asked, cursor, limit, people="admin" in caller.scopes)

    @api.get("/crm/{connection_id}/deals/{deal_id}", response_model=CrmDealWhole)
    async def get_deal(connection_id: str, deal_id: str, caller: Principal = reads) -> Any:
        """Read a deal with its lines, contacts and companies, now, beside the invoices that were made of it."""
        found = await crm(hub, caller, connection_id)
        deal = await hub.deals.one(found, deal_id)
        made = await hub.invoicing.of_deal(caller.tenant_id, found.id, deal_id)
        shown = masking.masked(deal, people="admin" in caller.scopes)
        return {**shown, "invoices": [noted(one) for one in made]}

    return api


async def crm(hub: Hub, caller: Principal, connection_id: str) -> Connection:
    """Return the caller's connection. Raises ``NotFound``, ``BadInput``."""
    return await hub.connections.one(caller.tenant_id, parsed(ids.Prefix.CONNECTION, connection_id, "connection_id"))


def _utc(moment: datetime | None) -> datetime | None:
    """Return a moment in UTC; one without a zone is taken to be in it."""
    if moment is None:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
