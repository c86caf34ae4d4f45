"""Invoices and credit notes: listed, shown with their documents, issued, taken back; and the terms they are made by."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

import orjson
from starlette.responses import Response

from crossdock.documents.papers import NotValid
from crossdock.documents.words import Format
from crossdock.errors import BadInput, NotFound
from crossdock.flow.deals.masking import masked
from crossdock.flow.invoice import EXAMPLE, CreditAsked, Filter, Kept
from crossdock.govern.access import Role
from crossdock.kit.ids import Prefix, show
from crossdock.model.commerce.invoice import InvoiceKind, InvoiceState
from crossdock.web.asking import choices
from crossdock.web.desk import Desk
from crossdock.web.outward import Outside, at_destination
from crossdock.web.page import Room
from crossdock.web.records.asking import amount, chosen, day, place
from crossdock.web.records.story import SQL
from crossdock.wiring.dealing import document, row_of

ROOM = Room()
PAGE: Final = 50
_STATES: Final = ("draft", "issued", "credited")
_KINDS: Final = tuple(kind.name.lower() for kind in InvoiceKind)
_COLUMNS: Final = (
    *("id", "kind", "state", "number", "series", "issued_on", "currency", "net", "tax", "due", "credited", "deal_id"),
    *("connection_id", "credits_id", "created_at", "digest"),
)
_FILTERS: Final = ("state", "kind", "number", "since", "until", "deal")
_FORMS: Final = (
    (Format.PDF, "PDF", "a page for people"),
    (Format.FACTURX, "Factur-X", "PDF with its data inside (ZUGFeRD)"),
    (Format.UBL, "UBL", "XML by Peppol BIS 3"),
    (Format.CII, "CII", "the XML of Factur-X"),
    (Format.JSON, "JSON", "in the hub's own words"),
)


@ROOM.page("/invoices")
async def invoices(desk: Desk) -> Response:
    """List invoices and credit notes."""
    if desk.query.get("format"):
        return await desk.export("invoices", _COLUMNS, _each(desk))
    found = await desk.hub.invoicing.page(desk.tenant_id, _filter(desk), before=place(desk, Prefix.INVOICE), limit=PAGE)
    older = desk.here(before=show(Prefix.INVOICE, found[-1].id)) if len(found) == PAGE else ""
    return desk.show(
        "invoices/list.html",
        rows=[_row(one) for one in found],
        asked=desk.asked(_FILTERS),
        states=choices(_STATES, "All states"),
        kinds=choices(_KINDS, "All kinds"),
        older=older,
        newer=desk.here(before=None) if desk.query.get("before") else "",
    )


@ROOM.page("/invoices/terms")
async def terms(desk: Desk) -> Response:
    """Show the terms that hold, their versions, and how far each series is."""
    return desk.show("invoices/terms.html", **await _terms(desk))


@ROOM.action("/invoices/terms", role=Role.ADMIN)
async def change_terms(desk: Desk) -> Response:
    """Let terms hold from now on, as the next version."""
    text = desk.form.get("terms", "")
    desk.expect("invoices/terms.html", **{**await _terms(desk), "text": text})
    try:
        told = orjson.loads(str(text))
    except orjson.JSONDecodeError as wrong:
        raise BadInput(f"this is no JSON: {wrong}", field="terms", remedy="look at the line it names") from None
    expected = desk.text("version")
    made = await desk.hub.invoicing.terms.put(
        desk.tenant_id, told, actor=desk.actor, note=desk.text("note"), expected=int(expected or 0)
    )
    return desk.go("/invoices/terms", said=f"Version {made.version} of the terms holds from now on.")


@ROOM.page("/invoices/{invoice_id}")
async def one(desk: Desk) -> Response:
    """Show an invoice in full."""
    return await _shown(desk, await _kept(desk))


@ROOM.page("/invoices/{invoice_id}/document", role=Role.OPERATOR)
async def paper(desk: Desk) -> Response:
    """Give an invoice as a document; it shows people's data."""
    kept = await _kept(desk)
    form = Format(chosen(desk.query.get("as", "pdf"), "as", [one.value for one in Format]) or "pdf")
    try:
        made = await document(desk.hub, desk.tenant_id, kept.id, form)
    except NotValid as broken:
        return await _shown(desk, kept, broken=broken, form=form)
    headers = {"Content-Disposition": f'attachment; filename="{made.name}"'}
    return Response(made.content, media_type=made.format.media_type, headers=headers)


@ROOM.page("/invoices/{invoice_id}/issue", role=Role.ADMIN)
async def ask_to_issue(desk: Desk) -> Response:
    """Say what a draft comes to, and ask."""
    kept = await _kept(desk)
    totals, currency = kept.invoice.totals, kept.invoice.currency
    return desk.confirm(
        title=f"Issue this {_kind(kept)} over {totals.due} {currency}?",
        said=f"It gets the next number of the series {kept.invoice.series} and today's date. What is issued never "
        "changes: it can only be taken back by a credit note.",
        action=desk.to(f"/invoices/{show(Prefix.INVOICE, kept.id)}/issue"),
        label=f"Issue over {totals.due} {currency}",
        back=desk.to(f"/invoices/{show(Prefix.INVOICE, kept.id)}"),
        fields={"revision": kept.revision},
    )


@ROOM.action("/invoices/{invoice_id}/issue", role=Role.ADMIN)
async def issue(desk: Desk) -> Response:
    """Give a draft its number."""
    kept = await _kept(desk)
    revision = desk.text("revision")
    made = await desk.hub.invoicing.issue(
        desk.tenant_id, kept.id, actor=desk.actor, revision=int(revision) if revision.isdigit() else None
    )
    return desk.go(f"/invoices/{show(Prefix.INVOICE, made.id)}", said=f"{made.invoice.number} is issued.")


@ROOM.page("/invoices/{invoice_id}/credit", role=Role.ADMIN)
async def ask_to_credit(desk: Desk) -> Response:
    """Say what is left to take back, and ask for the reason and the number."""
    return desk.show("invoices/credit.html", **await _left(desk, await _kept(desk)))


@ROOM.action("/invoices/{invoice_id}/credit", role=Role.ADMIN)
async def credit(desk: Desk) -> Response:
    """Issue a credit note over all that is left, or over an amount."""
    kept = await _kept(desk)
    desk.expect("invoices/credit.html", **await _left(desk, kept))
    number = kept.invoice.number
    if desk.text("confirm") != number:
        raise BadInput("what was typed is another number", field="confirm", remedy=f"type {number} to go on")
    if not desk.text("reason"):
        raise BadInput("a credit note says why", field="reason", remedy="write it as the buyer shall read it")
    asked = CreditAsked(reason=desk.text("reason"), amount=amount(desk.text("amount"), "amount"))
    made = await desk.hub.invoicing.credit(desk.tenant_id, kept.id, asked, actor=desk.actor)
    said = f"{made.invoice.number} takes {made.invoice.totals.due} {made.invoice.currency} of {number} back."
    return desk.go(f"/invoices/{show(Prefix.INVOICE, made.id)}", said=said)


async def _left(desk: Desk, kept: Kept) -> dict[str, Any]:
    preview = await desk.hub.invoicing.credit_preview(desk.tenant_id, kept.id, CreditAsked(reason="all of it"))
    return {"row": _row(kept), "left": preview.invoice.totals.due, "currency": preview.invoice.currency}


@ROOM.page("/invoices/{invoice_id}/discard", role=Role.ADMIN)
async def ask_to_discard(desk: Desk) -> Response:
    """Ask before a draft is thrown away."""
    kept = await _kept(desk)
    return desk.confirm(
        title="Throw this draft away?",
        said=f"It has no number yet, so nothing is missing in the series. It came to {kept.invoice.totals.due} "
        f"{kept.invoice.currency}.",
        action=desk.to(f"/invoices/{show(Prefix.INVOICE, kept.id)}/discard"),
        label="Throw the draft away",
        back=desk.to(f"/invoices/{show(Prefix.INVOICE, kept.id)}"),
        tone="bad",
    )


@ROOM.action("/invoices/{invoice_id}/discard", role=Role.ADMIN)
async def discard(desk: Desk) -> Response:
    """Throw a draft away."""
    await desk.hub.invoicing.discard(desk.tenant_id, desk.id(Prefix.INVOICE, "invoice_id"), actor=desk.actor)
    return desk.go("/invoices", said="The draft is gone.")


async def _shown(desk: Desk, kept: Kept, *, broken: NotValid | None = None, form: Format | None = None) -> Response:
    people = desk.may(Role.OPERATOR)
    credits_ = []
    if kept.invoice.kind is InvoiceKind.INVOICE and kept.invoice.state is not InvoiceState.DRAFT:
        asked = Filter(credits_id=kept.id)
        credits_ = [_row(one) for one in await desk.hub.invoicing.page(desk.tenant_id, asked, limit=50)]
    return desk.show(
        "invoices/one.html",
        status=422 if broken else 200,
        row=_row(kept),
        invoice=masked(kept.invoice, people=people),
        rules=[masked(rule, people=people) for rule in kept.rules],
        credits=credits_,
        forms=[(one.value, word, what) for one, word, what in _FORMS],
        outside=await _deal(desk, kept),
        crm_told=await _crm_told(desk, kept),
        broken=broken.problems if broken else (),
        form=form.value if form else "",
        people=people,
    )


async def _deal(desk: Desk, kept: Kept) -> Outside | None:
    """Return the deal's own page at its CRM."""
    if kept.connection_id is None or kept.deal_id is None:
        return None
    try:
        crm = await desk.hub.directory.connection(kept.connection_id)
    except NotFound:
        return None
    return at_destination(desk.hub, crm, "deals", kept.deal_id)


async def _crm_told(desk: Desk, kept: Kept) -> list[dict[str, Any]]:
    """Return how the CRM was told of the deal's invoices."""
    if kept.connection_id is None or kept.deal_id is None:
        return []
    async with desk.hub.database.tenant(desk.tenant_id) as conn:
        rows = await conn.fetch(SQL["wishes"], desk.tenant_id, kept.connection_id, ["deal_invoice"], kept.deal_id)
    return [
        {
            "at": row["recorded_at"],
            "state": row["state"] or "waiting",
            "reason": row["reason"] or row["rule"] or "",
            "delivery_id": show(Prefix.DELIVERY, row["delivery_id"]) if row["delivery_id"] else "",
        }
        for row in rows
    ]


async def _terms(desk: Desk) -> dict[str, Any]:
    desk_ = desk.hub.invoicing.terms
    version = desk.query.get("version", "")
    try:
        current = await desk_.current(desk.tenant_id, int(version) if version.isdigit() else None)
        told = current.terms.model_dump(mode="json")
    except NotFound:
        current, told = None, EXAMPLE
    if not desk.may(Role.OPERATOR) and current is not None:
        told["seller"] |= {name: "…" for name in ("contact", "phone", "email") if told["seller"].get(name)}
    return {
        "held": current,
        "text": orjson.dumps(told, option=orjson.OPT_INDENT_2).decode(),
        "versions": await desk_.versions(desk.tenant_id),
        "series": await desk_.series(desk.tenant_id),
    }


def _filter(desk: Desk) -> Filter:
    kind = chosen(desk.query.get("kind", ""), "kind", _KINDS)
    return Filter(
        state=chosen(desk.query.get("state", ""), "state", _STATES),
        kind=InvoiceKind[kind.upper()] if kind else None,
        number=desk.query.get("number", "").strip() or None,
        deal_id=desk.query.get("deal") or None,
        since=day(desk.query.get("since", ""), "since"),
        until=day(desk.query.get("until", ""), "until"),
    )


async def _each(desk: Desk) -> AsyncIterator[dict[str, Any]]:
    before = None
    while found := await desk.hub.invoicing.page(desk.tenant_id, _filter(desk), before=before, limit=200):
        for kept in found:
            yield _row(kept)
        before = found[-1].id


def _kind(kept: Kept) -> str:
    return kept.invoice.kind.name.lower().replace("_", " ")


def _row(kept: Kept) -> dict[str, Any]:
    return {**row_of(kept), "kind": _kind(kept)}


async def _kept(desk: Desk) -> Kept:
    return await desk.hub.invoicing.one(desk.tenant_id, desk.id(Prefix.INVOICE, "invoice_id"))
