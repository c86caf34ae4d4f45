"""Invoices of a CRM's deals and their documents, as doors, pages and the command line ask for them: said once."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import msgspec

from crossdock.documents.papers import supposed
from crossdock.documents.words import Document, Format
from crossdock.flow.deals import DealsAsked
from crossdock.flow.deals.masking import masked
from crossdock.flow.invoice import Asked, InvoiceConflict, Kept
from crossdock.kit import ids
from crossdock.kit.ids import Prefix, show
from crossdock.model.commerce.invoice import Invoice, InvoiceState

if TYPE_CHECKING:
    from crossdock.model.commerce.deal import Deal
    from crossdock.wiring import Hub


def noted(kept: Kept) -> dict[str, Any]:
    """Return an invoice in a line, without people's data."""
    invoice = kept.invoice
    return {
        "id": ids.show(ids.Prefix.INVOICE, kept.id),
        "kind": str(invoice.kind),
        "state": str(invoice.state),
        "number": invoice.number,
        "issued_on": invoice.issued_on,
        "currency": invoice.currency,
        "due": str(invoice.totals.due),
        "again": kept.again,
    }


def row_of(kept: Kept) -> dict[str, Any]:
    """Return an invoice as a list shows it; ``kind``: invoice or credit_note."""
    invoice, totals = kept.invoice, kept.invoice.totals
    return {
        "id": ids.show(ids.Prefix.INVOICE, kept.id),
        "kind": invoice.kind.name.lower(),
        "state": invoice.state,
        "number": invoice.number,
        "series": invoice.series,
        "issued_on": invoice.issued_on,
        "currency": invoice.currency,
        "net": totals.net,
        "tax": totals.tax,
        "due": totals.due,
        "credited": kept.credited,
        "connection_id": ids.show(ids.Prefix.CONNECTION, kept.connection_id) if kept.connection_id else None,
        "deal_id": kept.deal_id,
        "credits_id": ids.show(ids.Prefix.INVOICE, kept.credits_id) if kept.credits_id else None,
        "again": kept.again,
        "revision": kept.revision,
        "terms_version": kept.terms_version,
        "digest": kept.digest,
        "actor": kept.actor,
        "created_at": kept.created_at,
        "issued_at": kept.issued_at,
    }


async def previewed(
    hub: Hub,
    found: Any,
    deal_id: str,
    overrides: Asked,
    form: Format | None = None,
    *,
    people: bool,
    deal: Deal | None = None,
) -> dict[str, Any]:
    """Return the invoice that would be made of a deal now; with ``form`` what is wrong with it as such a document.

    ``deal``: the deal itself, where the caller has just read it.
    """
    if deal is None:
        deal = await hub.deals.one(found, deal_id)
    made = await hub.invoicing.preview(found.tenant_id, found.id, deal, overrides)
    verdict = await hub.invoicing.verdict(found.tenant_id, found.id, deal)
    before = await hub.invoicing.of_deal(found.tenant_id, found.id, deal_id)
    document = {"document": await judged(hub, made.invoice, form)} if form is not None else {}
    return {
        **document,
        "invoice": masked(made.invoice, people=people),
        "rules": masked(made.rules, people=people),
        "terms_version": made.terms_version,
        "by_itself": {"then": verdict.then, "rule": masked(verdict.rule, people=people)},
        "invoices": [noted(one) for one in before],
    }


async def by_hand(hub: Hub, found: Any, asked: DealsAsked, overrides: Asked) -> dict[str, Any]:
    """Queue the invoice of one deal, after making sure that it can be made. Raises what keeps it from being made."""
    if asked.key is not None and (known := await hub.deal_runs.known(found, asked, overrides)) is not None:
        return known
    (deal_id,) = asked.checked().deals
    deal = await hub.deals.one(found, deal_id)
    if not asked.again and (before := await hub.invoicing.of_deal(found.tenant_id, found.id, deal_id)):
        named = ", ".join(one.invoice.number or show(Prefix.INVOICE, one.id) for one in before[:3])
        raise InvoiceConflict("deal.once", detail=f": {named}")
    await hub.invoicing.preview(found.tenant_id, found.id, deal, overrides)
    return await hub.deal_runs.ask(found, asked, overrides)


async def document(hub: Hub, tenant_id: uuid.UUID, invoice_id: uuid.UUID, form: Format) -> Document:
    """Return an invoice's document. Raises ``NotFound``, and ``NotValid`` with every rule that forbids it."""
    kept = await hub.invoicing.one(tenant_id, invoice_id)
    made = await hub.papers.valid(kept.invoice, form)
    if form is not Format.JSON or kept.invoice.state is InvoiceState.DRAFT:
        return made
    # the very bytes that were issued: their digest is kept
    return msgspec.structs.replace(made, content=await hub.invoicing.document(tenant_id, invoice_id))


async def checked(hub: Hub, tenant_id: uuid.UUID, invoice_id: uuid.UUID, form: Format) -> dict[str, Any]:
    """Say what is wrong with an invoice in a format. Raises ``NotFound``."""
    return await judged(hub, (await hub.invoicing.one(tenant_id, invoice_id)).invoice, form)


async def judged(hub: Hub, invoice: Invoice, form: Format) -> dict[str, Any]:
    """Say what is wrong with an invoice in a format; a draft as if it were issued today."""
    made = await hub.papers.make(supposed(invoice), form)
    return {
        "format": form.value,
        "valid": not made.fatal,
        "supposed": invoice.state is InvoiceState.DRAFT,
        "problems": msgspec.to_builtins(made.problems),
    }
