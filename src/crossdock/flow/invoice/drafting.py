"""From a deal to the invoice that would be made: pure, and the same for the same deal, terms and overrides."""

from __future__ import annotations

import re
import uuid
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import msgspec

from crossdock.flow.invoice.asked import Asked
from crossdock.flow.invoice.parties import buyer_of, delivered_to, party_of, without_vat_id
from crossdock.flow.invoice.pieces import Cutter
from crossdock.flow.invoice.rounding import coin_of, exact
from crossdock.flow.invoice.rules import Book
from crossdock.flow.invoice.sums import summed
from crossdock.flow.invoice.taxes import TaxChooser
from crossdock.flow.invoice.terms import Terms
from crossdock.kit.ids import Prefix, show
from crossdock.model.commerce.deal import Deal
from crossdock.model.commerce.invoice import FiredRule, Invoice, PaymentTerms, TaxCategory


class Drafted(msgspec.Struct, frozen=True):
    """An invoice that is not issued yet, and the rules that made it so."""

    invoice: Invoice
    rules: tuple[FiredRule, ...]


def drafted(
    deal: Deal,
    terms: Terms,
    asked: Asked,
    *,
    invoice_id: uuid.UUID,
    connection_id: uuid.UUID | None,
    today: date,
) -> Drafted:
    """Return the draft of a deal. Raises ``InvoiceRefused`` with every reason why there is none."""
    book = Book()
    with exact():
        invoice = _drafted(deal, terms, asked, book)
    book.check()
    named = msgspec.structs.replace(
        invoice,
        id=show(Prefix.INVOICE, invoice_id),
        connection_id=show(Prefix.CONNECTION, connection_id) if connection_id else None,
    )
    return Drafted(dated(named, terms, asked, today), tuple(book.fired))


def _drafted(deal: Deal, terms: Terms, asked: Asked, book: Book) -> Invoice:
    if deal.archived:
        book.refuse("deal.archived", "deal")
    if deal.amount is not None and deal.amount.is_finite() and deal.amount < 0:
        book.refuse("deal.negative", "amount")
    series = _series(terms, asked, book)
    currency = _currency(deal, terms, book)
    coin = coin_of(currency, terms.rounding.mode, two_decimals=terms.currency.two_decimals)
    if coin.decimals != coin_of(currency, terms.rounding.mode).decimals:
        book.note("currency.two-decimals", "currency", currency)
    buyer, company = buyer_of(deal, terms, asked, book)
    known = {line.id for line in deal.lines}
    for line_id in asked.taxes:
        if line_id not in known:
            book.refuse("asked.line", f"taxes.{line_id[:40]}")
    chooser = TaxChooser(terms, asked, buyer, company=company, book=book)
    pieces = Cutter(deal, terms, coin, chooser, book).cut()
    book.check()
    sums = summed(pieces, terms, coin, coin.round(asked.prepaid), book)
    if asked.prepaid:
        book.note("totals.prepaid", "totals.prepaid", f"{asked.prepaid}")
    if sums.totals.net < 0 or sums.totals.due < 0:
        book.refuse("totals.negative", "totals.due", f": {sums.totals.due}")
    invoice = Invoice(
        id="",
        series=series,
        currency=currency,
        seller=party_of(terms.seller),
        buyer=buyer,
        ship_to=party_of(asked.ship_to) if asked.ship_to else None,
        lines=sums.lines,
        allowances=sums.allowances,
        taxes=sums.taxes,
        totals=sums.totals,
        purchase_order=asked.purchase_order or deal.purchase_order,
        order_number=asked.order_number or deal.order_number,
        buyer_reference=_reference(deal, terms, asked, book),
        notes=(*terms.notes, *asked.notes),
        language=asked.language or terms.language,
        rounding_mode=terms.rounding.mode,
        rounding_place=terms.rounding.place,
        deal_id=deal.id,
    )
    return _supplied(_accounted(_placed(invoice, book), terms, asked, book), deal, terms, asked, book)


def _series(terms: Terms, asked: Asked, book: Book) -> str:
    if not asked.series:
        return terms.series.invoices.name
    if terms.series.named(asked.series) is None:
        book.refuse("series.unknown", "series")
    else:
        book.note("series.chosen", "series", asked.series)
    return asked.series


def _currency(deal: Deal, terms: Terms, book: Book) -> str:
    found = deal.currency.strip().upper()
    if found:
        book.note("currency.deal", "currency", found if re.fullmatch(r"[A-Z]{3}", found) else "")
    elif terms.currency.default:
        found = terms.currency.default
        book.note("currency.default", "currency", found)
    else:
        book.refuse("currency.missing", "currency")
    if found and not re.fullmatch(r"[A-Z]{3}", found):
        book.refuse("currency.unknown", "currency")
        return ""
    if found and terms.currency.accepted and found not in terms.currency.accepted:
        book.refuse("currency.not-accepted", "currency", f": {found}")
    return found


def _reference(deal: Deal, terms: Terms, asked: Asked, book: Book) -> str:
    if asked.buyer_reference:
        return asked.buyer_reference
    choice = terms.buyer.reference
    values = {
        "none": "",
        "deal_id": deal.id,
        "purchase_order": asked.purchase_order or deal.purchase_order,
        "fixed": terms.buyer.fixed_reference,
    }
    if choice == "purchase_order" and not values[choice]:
        book.refuse("buyer.purchase-order", "purchase_order")
    if values[choice]:
        book.note("buyer.reference", "buyer_reference", choice)
    return values[choice]


def _placed(invoice: Invoice, book: Book) -> Invoice:
    """Return an invoice whose parties are as its tax categories want them."""
    categories = {tax.key.category for tax in invoice.taxes}
    if TaxCategory.OUTSIDE in categories:
        if len(categories) > 1:
            book.refuse("tax.outside-mixed", "lines")
        if not invoice.seller.registration_id:
            book.refuse("seller.identifier", "seller.registration_id")
        book.note("tax.outside", "seller.vat_id")
        seller, buyer = without_vat_id(invoice.seller), without_vat_id(invoice.buyer)
        return msgspec.structs.replace(invoice, seller=seller, buyer=buyer)
    if TaxCategory.INTRA_COMMUNITY in categories and invoice.ship_to is None:
        return msgspec.structs.replace(invoice, ship_to=delivered_to(invoice.buyer))
    return invoice


def _accounted(invoice: Invoice, terms: Terms, asked: Asked, book: Book) -> Invoice:
    """Return an invoice with its tax in the currency tax is accounted in (BR-53)."""
    home = terms.currency.tax_currency
    if not home or home == invoice.currency or not invoice.currency:
        return invoice
    rate = asked.exchange_rate or terms.currency.rates.get(invoice.currency)
    if rate is None:
        book.refuse("currency.exchange-rate", "exchange_rate", f": {invoice.currency} to {home}")
        return invoice
    book.note("currency.tax", "tax_in_tax_currency", f"1 {invoice.currency} = {rate} {home}")
    coin = coin_of(home, terms.rounding.mode, two_decimals=terms.currency.two_decimals)
    return msgspec.structs.replace(
        invoice,
        tax_currency=home,
        exchange_rate=rate,
        tax_in_tax_currency=coin.round(invoice.totals.tax * rate),
    )


def _supplied(invoice: Invoice, deal: Deal, terms: Terms, asked: Asked, book: Book) -> Invoice:
    day = fixed_supply(deal, terms, asked)
    if day is not None and asked.supplied_on is None:
        book.note("supplied.closed", "supplied_on")
    elif day is None and (terms.supplied == "issued" or _needs_supply(invoice)):
        book.note("supplied.issued", "supplied_on")
    return msgspec.structs.replace(invoice, supplied_on=day)


def fixed_supply(deal: Deal, terms: Terms, asked: Asked) -> date | None:
    """Return the day of supply where it is known before the day of issue."""
    if asked.supplied_on is not None or terms.supplied != "closed" or deal.close_at is None:
        return asked.supplied_on
    return deal.close_at.astimezone(ZoneInfo(terms.timezone)).date()


def _needs_supply(invoice: Invoice) -> bool:
    """Whether the day of supply has to stand on the invoice (BR-IC-11)."""
    return any(tax.key.category is TaxCategory.INTRA_COMMUNITY for tax in invoice.taxes)


def dated(invoice: Invoice, terms: Terms, asked: Asked, day: date, number: str = "") -> Invoice:
    """Return an invoice as it is on a day: when it is due, and when it was supplied where nothing else is said.

    With a number it is the issued one. Raises ``InvoiceRefused`` when it would be due before that day.
    """
    setting = terms.payment
    due_on = asked.due_on or (day + timedelta(days=setting.days) if setting.days is not None else None)
    if due_on is not None and due_on < day:
        book = Book()
        book.refuse("asked.due", "due_on")
        book.check()
    days = (due_on - day).days if due_on is not None else 0
    values = {"days": days, "due_on": due_on.isoformat() if due_on else "", "number": number}
    supplied_on = invoice.supplied_on
    if supplied_on is None and (terms.supplied == "issued" or _needs_supply(invoice)):
        supplied_on = day
    return msgspec.structs.replace(
        invoice,
        number=number,
        issued_on=day if number else None,
        supplied_on=supplied_on,
        terms=PaymentTerms(
            due_on=due_on,
            words=setting.words.format(**values).strip(),
            means=setting.means,
            iban=setting.iban,
            bic=setting.bic,
            account_name=setting.account_name,
            reference=setting.reference.format(number=number).strip(),
        ),
    )
