"""An invoice in the business terms of EN 16931-1 (BT-…): the one place that says which field is which term.

Pure. Values are text as both syntaxes write it: dates as ISO 8601 days, decimals with a point, amounts with at least
the decimals of their currency (and with more when the invoice has more: what a rule forbids is said, not hidden).
A term that the invoice does not state is absent.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec

from crossdock.kit.money import minor_units
from crossdock.model.commerce.invoice import Invoice, InvoiceAllowance, InvoiceLine, InvoiceTax, Party, TaxCategory

Group = dict[str, str]
PEPPOL_CUSTOMIZATION = "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
PEPPOL_PROFILE = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
CORE = "urn:cen.eu:en16931:2017"
DISCOUNT = "95"
"""UNTDID 5189: discount. Stated for a line's discount that gives no reason (BR-42 asks for one)."""


class Terms(msgspec.Struct, frozen=True):
    """Every term of a document. Terms have one name each, so groups that occur once lie flat in ``head``."""

    head: Group
    notes: tuple[str, ...]
    """BT-22."""
    lines: tuple[Group, ...]
    """BG-25, with the line's allowance (BG-27)."""
    allowances: tuple[Group, ...]
    """BG-20."""
    charges: tuple[Group, ...]
    """BG-21."""
    taxes: tuple[Group, ...]
    """BG-23."""


_SELLER = {
    "name": "BT-27",
    "trading_name": "BT-28",
    "registration_id": "BT-30",
    "registration_scheme": "BT-30-1",
    "vat_id": "BT-31",
    "tax_id": "BT-32",
    "legal_note": "BT-33",
    "line_1": "BT-35",
    "line_2": "BT-36",
    "city": "BT-37",
    "postcode": "BT-38",
    "region": "BT-39",
    "country": "BT-40",
    "contact": "BT-41",
    "phone": "BT-42",
    "email": "BT-43",
}
_BUYER = {
    "name": "BT-44",
    "trading_name": "BT-45",
    "registration_id": "BT-47",
    "registration_scheme": "BT-47-1",
    "vat_id": "BT-48",
    "line_1": "BT-50",
    "line_2": "BT-51",
    "city": "BT-52",
    "postcode": "BT-53",
    "region": "BT-54",
    "country": "BT-55",
    "contact": "BT-56",
    "phone": "BT-57",
    "email": "BT-58",
}
_DELIVERY = {
    "name": "BT-70",
    "line_1": "BT-75",
    "line_2": "BT-76",
    "city": "BT-77",
    "postcode": "BT-78",
    "region": "BT-79",
    "country": "BT-80",
}

_ALLOWANCE = ("BT-92", "BT-95", "BT-96", "BT-97", "BT-98")
_CHARGE = ("BT-99", "BT-102", "BT-103", "BT-104", "BT-105")
"""Amount, category and rate of its tax, reason, and the reason's code."""


def business_terms(invoice: Invoice, *, peppol: bool = False) -> Terms:
    """Return the terms of an invoice; ``peppol`` names the rules of Peppol BIS Billing 3.0 beside the norm."""
    head = {
        "BT-24": PEPPOL_CUSTOMIZATION if peppol else CORE,
        "BT-23": PEPPOL_PROFILE if peppol else "",
        "BT-1": invoice.number,
        "BT-2": _day(invoice.issued_on),
        "BT-3": invoice.kind.value,
        "BT-5": invoice.currency,
        "BT-6": invoice.tax_currency,
        "BT-10": invoice.buyer_reference,
        "BT-13": invoice.purchase_order,
        "BT-14": invoice.order_number,
        **_payment(invoice),
        **_party(invoice.seller, _SELLER, "BT-34"),
        **_party(invoice.buyer, _BUYER, "BT-49"),
        **_delivery(invoice),
        **_totals(invoice),
    }
    if invoice.credits is not None:
        head |= {"BT-25": invoice.credits.number, "BT-26": _day(invoice.credits.issued_on)}
    return Terms(
        head=_stated(head),
        notes=tuple(note.strip() for note in invoice.notes if note.strip()),
        lines=tuple(_line(invoice.currency, line) for line in invoice.lines),
        allowances=tuple(_on_the_whole(invoice.currency, one) for one in invoice.allowances if not one.charge),
        charges=tuple(_on_the_whole(invoice.currency, one) for one in invoice.allowances if one.charge),
        taxes=tuple(_tax(invoice.currency, one) for one in invoice.taxes),
    )


def _payment(invoice: Invoice) -> Group:
    terms = invoice.terms
    return {
        "BT-9": _day(terms.due_on),
        "BT-20": terms.words,
        "BT-81": terms.means,
        "BT-83": terms.reference,
        "BT-84": terms.iban.replace(" ", ""),
        "BT-85": terms.account_name,
        "BT-86": terms.bic.replace(" ", ""),
    }


def _party(party: Party, names: dict[str, str], address: str) -> Group:
    group = {term: str(getattr(party, field)) for field, term in names.items()}
    if party.electronic_address is not None:
        group |= {address: party.electronic_address.value, f"{address}-1": party.electronic_address.scheme}
    return group


def _delivery(invoice: Invoice) -> Group:
    """Where it went. Within the Union the country is asked for (BR-IC-12), so the buyer's own address is stated."""
    place = invoice.ship_to
    if place is None and any(tax.key.category is TaxCategory.INTRA_COMMUNITY for tax in invoice.taxes):
        place = invoice.buyer
    return {"BT-72": _day(invoice.supplied_on)} | (
        {term: str(getattr(place, field)) for field, term in _DELIVERY.items()} if place is not None else {}
    )


def _totals(invoice: Invoice) -> Group:
    totals, currency = invoice.totals, invoice.currency
    allowed = any(not one.charge for one in invoice.allowances)
    charged = any(one.charge for one in invoice.allowances)
    own = invoice.tax_in_tax_currency
    return {
        "BT-106": amount(totals.lines, currency),
        "BT-107": amount(totals.allowances, currency) if totals.allowances or allowed else "",
        "BT-108": amount(totals.charges, currency) if totals.charges or charged else "",
        "BT-109": amount(totals.net, currency),
        "BT-110": amount(totals.tax, currency),
        "BT-111": amount(own, invoice.tax_currency) if own is not None else "",
        "BT-112": amount(totals.gross, currency),
        "BT-113": amount(totals.prepaid, currency) if totals.prepaid else "",
        "BT-114": amount(totals.rounding, currency) if totals.rounding else "",
        "BT-115": amount(totals.due, currency),
    }


def _line(currency: str, line: InvoiceLine) -> Group:
    discount = {
        "BT-136": amount(line.discount, currency),
        "BT-139": line.discount_reason,
        "BT-140": "" if line.discount_reason.strip() else DISCOUNT,
    }
    return _stated(
        {
            "BT-126": line.id,
            "BT-129": plain(line.quantity),
            "BT-130": line.unit,
            "BT-131": amount(line.net, currency),
            **(discount if line.discount else {}),
            "BT-146": amount(line.unit_price, currency),
            "BT-151": line.tax.category.value,
            "BT-152": _rate(line.tax.category, line.tax.rate),
            "BT-153": line.name,
            "BT-154": line.description,
            "BT-155": line.sku,
            "BT-156": line.buyer_sku,
        }
    )


def _on_the_whole(currency: str, one: InvoiceAllowance) -> Group:
    value, category, rate, reason, code = _CHARGE if one.charge else _ALLOWANCE
    return _stated(
        {
            value: amount(one.amount, currency),
            category: one.tax.category.value,
            rate: _rate(one.tax.category, one.tax.rate),
            reason: one.reason,
            code: one.reason_code,
        }
    )


def _tax(currency: str, one: InvoiceTax) -> Group:
    return _stated(
        {
            "BT-116": amount(one.base, currency),
            "BT-117": amount(one.tax, currency),
            "BT-118": one.key.category.value,
            "BT-119": _rate(one.key.category, one.key.rate),
            "BT-120": one.exemption,
            "BT-121": one.exemption_code,
        }
    )


def amount(value: Decimal, currency: str) -> str:
    """Return an amount with its currency's decimals, of which the norm takes two at most; more stay when not zero."""
    least = min(2, minor_units(currency))
    text = plain(value)
    whole, _, fraction = text.partition(".")
    return f"{whole}.{fraction.ljust(least, '0')}" if max(len(fraction), least) else whole


def plain(value: Decimal) -> str:
    """Return a decimal without exponent and without zeros that say nothing."""
    text = f"{value:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def _rate(category: TaxCategory, rate: Decimal) -> str:
    """What is outside of tax has no rate (BR-O-05), not even none."""
    return plain(rate) if category is not TaxCategory.OUTSIDE or rate else ""


def _day(day: date | None) -> str:
    return day.isoformat() if day is not None else ""


def _stated(group: Group) -> Group:
    return {term: text.strip() for term, text in group.items() if text and not text.isspace()}
