"""The page of an invoice, from the letterhead to the bank details; with the XML attached it is Factur-X."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time

from crossdock.documents.page.payment import payment
from crossdock.documents.page.sheet import (
    ACCENT,
    ALARM,
    BOTTOM,
    GREY,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Sheet,
    characters,
)
from crossdock.documents.page.sums import sums
from crossdock.documents.page.table import table
from crossdock.documents.page.tongue import Tongue
from crossdock.documents.page.xmp import FACTURX_FILE, xmp
from crossdock.documents.words import Problem, Weight
from crossdock.model.commerce.invoice import Invoice, InvoiceKind, Party

_UNDATED = date(2000, 1, 1)
"""What a draft's file says it was made on: the same draft gives the same bytes."""


def page(invoice: Invoice, *, attached: bytes = b"") -> tuple[bytes, tuple[Problem, ...]]:
    """Return a PDF/A-3 and what the page could not show; ``attached`` is the CII XML that makes it Factur-X."""
    pages = 1
    while True:
        # how many there are is known when they are laid; most invoices have the one
        with _laid(invoice, pages=pages) as sheet:
            if sheet.page_no() == pages:
                return _finished(sheet, invoice, attached), _problems(sheet)
            pages = sheet.page_no()


def _finished(sheet: Sheet, invoice: Invoice, attached: bytes) -> bytes:
    made = datetime.combine(invoice.issued_on or _UNDATED, time(), UTC)
    tongue = sheet.tongue
    sheet.set_creation_date(made)
    sheet.set_lang(tongue.language)
    seller = tongue.text(invoice.seller.name, longest=200)
    title = f"{_kind(invoice, tongue)} {tongue.text(invoice.number, longest=100)}".strip()
    sheet.set_xmp_metadata(xmp(title=title, author=seller, at=made, facturx=bool(attached)))
    if attached:
        sheet.embed_file(
            bytes=attached,
            basename=FACTURX_FILE,
            mime_type="text/xml",
            desc="Factur-X invoice",
            associated_file_relationship="Alternative",
            creation_date=made,
            modification_date=made,
            compress=True,
            checksum=True,
        )
    return bytes(sheet.output())


def _problems(sheet: Sheet) -> tuple[Problem, ...]:
    found = []
    if sheet.tongue.replaced:
        words = "characters that the page's font does not have are shown as U+FFFD; the XML has them"
        found.append(Problem(rule="page.replaced", words=words, weight=Weight.WARNING))
    if sheet.shortened:
        words = "texts that do not fit the page are shortened there; the XML has them whole"
        found.append(Problem(rule="page.shortened", words=words, weight=Weight.WARNING))
    return tuple(found)


@contextmanager
def _laid(invoice: Invoice, *, pages: int) -> Iterator[Sheet]:
    tongue = Tongue(invoice.language, invoice.currency, characters())
    name = tongue.text(invoice.seller.trading_name or invoice.seller.name, longest=300)
    heading = f"{name} · {_kind(invoice, tongue)} {tongue.text(invoice.number, longest=100)}".rstrip()
    sheet = Sheet(tongue, heading=heading, foot=_foot(invoice.seller, tongue), pages=pages)
    try:
        _lay(sheet, invoice, name)
        yield sheet
    finally:
        sheet.close_fonts()


def _lay(sheet: Sheet, invoice: Invoice, name: str) -> None:
    sheet.add_page()
    _letterhead(sheet, invoice, name)
    address_ends = _addressee(sheet, invoice)
    facts_end = _facts(sheet, invoice)
    y = max(address_ends, facts_end, 88) + 8
    y = _title(sheet, invoice, y)
    y = table(sheet, invoice, y)
    y = sums(sheet, invoice, y)
    y = payment(sheet, invoice, y)
    _notes(sheet, invoice, y)


def _kind(invoice: Invoice, tongue: Tongue) -> str:
    return tongue["credit_note" if invoice.kind is InvoiceKind.CREDIT_NOTE else "invoice"]


def _place(party: Party) -> list[str]:
    """An address as post knows it: street, postcode and town, region, country."""
    town = f"{party.postcode} {party.city}".strip()
    region = party.region if party.region != party.city else ""
    return [part for part in (party.line_1, party.line_2, town, region, party.country) if part.strip()]


def _letterhead(sheet: Sheet, invoice: Invoice, name: str) -> None:
    seller, tongue = invoice.seller, sheet.tongue
    sheet.say(LEFT, 14, 105, name, size=16, bold=True, colour=ACCENT)
    if seller.trading_name.strip() and seller.trading_name != seller.name:
        sheet.say(LEFT, 22, 105, tongue.text(seller.name, longest=300), size=8, colour=GREY)
    reach = [seller.contact, seller.phone, seller.email]
    y = 12.5
    for part in [*_place(seller)[:4], *(part for part in reach if part.strip())]:
        sheet.say(130, y, 60, tongue.text(part, longest=200), size=7.5, colour=GREY, align="R")
        y += 3.5
    sheet.rule(38, colour=ACCENT, width=0.6)


def _addressee(sheet: Sheet, invoice: Invoice) -> float:
    """Where the window of an envelope is (DIN 5008 form B)."""
    seller, buyer, tongue = invoice.seller, invoice.buyer, sheet.tongue
    sender = " · ".join([seller.trading_name or seller.name, *_place(seller)[:2]])
    sheet.say(LEFT, 46, 85, tongue.text(sender, longest=300), size=6.5, colour=GREY)
    y = sheet.box(LEFT, 51, 85, tongue.text(buyer.name), size=10.5, bold=True, most=3)
    if buyer.contact.strip():
        y = sheet.box(LEFT, y, 85, tongue.text(buyer.contact), size=10, most=1)
    for part in _place(buyer):
        y = sheet.box(LEFT, y, 85, tongue.text(part), size=10, most=2)
    if invoice.ship_to is not None:
        y = sheet.box(LEFT, y + 3, 85, tongue["ship_to"], size=7.5, bold=True, colour=GREY)
        whole = ", ".join([invoice.ship_to.name, *_place(invoice.ship_to)])
        y = sheet.box(LEFT, y, 85, tongue.text(whole), size=8, most=3)
    return y


def _facts(sheet: Sheet, invoice: Invoice) -> float:
    tongue = sheet.tongue
    rows = [
        ("number", tongue.text(invoice.number, longest=100)),
        ("issued", tongue.day(invoice.issued_on)),
        ("supplied", tongue.day(invoice.supplied_on)),
        ("due", tongue.day(invoice.terms.due_on)),
        ("buyer_vat", tongue.text(invoice.buyer.vat_id, longest=100)),
        ("buyer_reference", tongue.text(invoice.buyer_reference, longest=200)),
        ("purchase_order", tongue.text(invoice.purchase_order, longest=200)),
        ("order", tongue.text(invoice.order_number, longest=200)),
    ]
    y = 51.0
    for label, value in rows:
        if value:
            sheet.say(118, y, 30, tongue[label], size=8, colour=GREY)
            y = sheet.box(149, y, RIGHT - 149, value, size=8.5, bold=label == "number", most=2) + 1
    return y


def _title(sheet: Sheet, invoice: Invoice, y: float) -> float:
    tongue = sheet.tongue
    text = f"{_kind(invoice, tongue)} {tongue.text(invoice.number, longest=100)}".strip()
    sheet.say(LEFT, y, WIDTH - 40, text, size=17, bold=True, colour=ACCENT)
    if not invoice.number.strip():
        sheet.say(RIGHT - 38, y + 1.5, 38, tongue["draft"].upper(), size=13, bold=True, colour=ALARM, align="R")
    y += 10
    if invoice.credits is not None:
        day = f" {tongue['of_day']} {tongue.day(invoice.credits.issued_on)}" if invoice.credits.issued_on else ""
        text = f"{tongue['credits']} {tongue.text(invoice.credits.number, longest=100)}{day}"
        y = sheet.box(LEFT, y, WIDTH, text, size=9.5, most=1)
    return y + 3


def _notes(sheet: Sheet, invoice: Invoice, y: float) -> None:
    for note in invoice.notes:
        text = sheet.tongue.text(note)
        lines = len(sheet.lines(text, WIDTH, size=8.5, most=25))
        if y + sheet.height(lines, 8.5) > BOTTOM:
            sheet.add_page()
            y = TOP
        y = sheet.box(LEFT, y, WIDTH, text, size=8.5, most=25) + 2


def _foot(seller: Party, tongue: Tongue) -> tuple[str, ...]:
    """Three columns: who, by which register, with which tax numbers."""
    who = ", ".join([seller.name, *_place(seller)])
    register = f"{tongue['register']}: {seller.registration_id}" if seller.registration_id.strip() else ""
    numbers = [
        f"{tongue[label]}: {value}"
        for label, value in (("vat", seller.vat_id), ("tax_number", seller.tax_id))
        if value.strip()
    ]
    law = "\n".join(part for part in (register, seller.legal_note) if part.strip())
    return tuple(tongue.text(part, longest=600) for part in (who, law, "\n".join(numbers)))
