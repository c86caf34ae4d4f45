"""Invoices for tests: right ones of every kind, their sums computed here and not by the code under test."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from crossdock.kit.money import minor_units
from crossdock.model.commerce.invoice import (
    ElectronicAddress,
    Invoice,
    InvoiceAllowance,
    InvoiceKind,
    InvoiceLine,
    InvoiceReference,
    InvoiceTax,
    InvoiceTotals,
    Party,
    PaymentTerms,
    TaxCategory,
    TaxKey,
)
from tests.support.shared import SHARED

PEPPOL_RULES = Path(os.environ.get("PEPPOL_RULES", SHARED / "fixtures/peppol/PEPPOL-EN16931-UBL.sch"))
"""The rules of OpenPeppol, where this machine has them; nobody may carry them in another repository."""
needs_peppol_rules = pytest.mark.skipif(
    not PEPPOL_RULES.is_file(), reason="not on this machine: PEPPOL-EN16931-UBL.sch (set PEPPOL_RULES)"
)
D = Decimal
STANDARD = TaxKey(category=TaxCategory.STANDARD, rate=D(19))
REDUCED = TaxKey(category=TaxCategory.STANDARD, rate=D(7))

SELLER = Party(
    name="Müller & Söhne GmbH",
    trading_name="Müllers Laden",
    line_1="Hauptstraße 1",
    line_2="Hinterhaus",
    city="Berlin",
    postcode="10115",
    region="Berlin",
    country="DE",
    vat_id="DE123456789",
    tax_id="12/345/67890",
    registration_id="HRB 12345",
    legal_note="Amtsgericht Berlin, HRB 12345, Geschäftsführer: A. Müller",
    electronic_address=ElectronicAddress(scheme="0088", value="4000001000005"),
    contact="Anna Müller",
    phone="+49 30 123456",
    email="rechnung@mueller.example",
)
BUYER = Party(
    name="Société Générique SA",
    line_1="12 rue de l'Église",
    city="Paris",
    postcode="75001",
    country="FR",
    vat_id="FR32123456789",
    electronic_address=ElectronicAddress(scheme="0009", value="12345678200077"),
)
TERMS = PaymentTerms(
    due_on=date(2026, 2, 14),
    words="30 days net",
    means="58",
    iban="DE02 1203 0000 0000 2020 51",
    bic="BYLADEM1001",
    account_name="Müller & Söhne GmbH",
    reference="2026-0001",
)
WHY = {
    TaxCategory.EXEMPT: ("Exempt under article 132", "VATEX-EU-132"),
    TaxCategory.REVERSE_CHARGE: ("Reverse charge", "VATEX-EU-AE"),
    TaxCategory.INTRA_COMMUNITY: ("Intra-community supply", "VATEX-EU-IC"),
    TaxCategory.EXPORT: ("Export outside the EU", "VATEX-EU-G"),
    TaxCategory.OUTSIDE: ("Not subject to VAT", "VATEX-EU-O"),
}


def cents(value: Decimal, currency: str) -> Decimal:
    return value.quantize(D(1).scaleb(-minor_units(currency)), ROUND_HALF_UP)


def line(
    number: int, price: str, quantity: str = "1", discount: str = "0", tax: TaxKey = STANDARD, **more: Any
) -> InvoiceLine:
    """One line in euro; ``invoice`` rounds ``net`` again for other currencies."""
    net = cents(D(price) * D(quantity) - D(discount), "EUR")
    given = {"name": f"Thing {number}", "sku": f"SKU-{number}", **more}
    return InvoiceLine(
        id=str(number), quantity=D(quantity), unit_price=D(price), discount=D(discount), net=net, tax=tax, **given
    )


def taxes_of(
    lines: tuple[InvoiceLine, ...], allowances: tuple[InvoiceAllowance, ...], currency: str
) -> tuple[InvoiceTax, ...]:
    bases: dict[TaxKey, Decimal] = {}
    for one in lines:
        bases[one.tax] = bases.get(one.tax, D(0)) + one.net
    for other in allowances:
        bases[other.tax] = bases.get(other.tax, D(0)) + (other.amount if other.charge else -other.amount)
    shares = []
    for key, base in bases.items():
        words, code = WHY.get(key.category, ("", ""))
        tax = cents(base * key.rate / 100, currency)
        shares.append(InvoiceTax(key=key, base=base, tax=tax, exemption=words, exemption_code=code))
    return tuple(shares)


def invoice(
    *lines: InvoiceLine,
    allowances: tuple[InvoiceAllowance, ...] = (),
    currency: str = "EUR",
    prepaid: str = "0",
    rounding: str = "0",
    **more: Any,
) -> Invoice:
    """A right invoice of these lines; ``more`` are fields of ``Invoice``."""
    own = tuple(
        replace(one, net=cents(one.quantity * one.unit_price - one.discount, currency))
        for one in lines or (line(1, "100.00", "2"), line(2, "9.99", "3", "1.50"))
    )
    taxes = taxes_of(own, allowances, currency)
    less = sum((one.amount for one in allowances if not one.charge), D(0))
    plus = sum((one.amount for one in allowances if one.charge), D(0))
    summed = sum((one.net for one in own), D(0))
    tax = sum((one.tax for one in taxes), D(0))
    net = summed - less + plus
    totals = InvoiceTotals(
        lines=summed,
        allowances=less,
        charges=plus,
        net=net,
        tax=tax,
        gross=net + tax,
        prepaid=D(prepaid),
        rounding=D(rounding),
        due=net + tax - D(prepaid) + D(rounding),
    )
    return Invoice(
        **{
            "id": "inv_01J0000000000000000000TEST",
            "series": "A",
            "number": "2026-0001",
            "issued_on": date(2026, 1, 15),
            "supplied_on": date(2026, 1, 14),
            "currency": currency,
            "seller": SELLER,
            "buyer": BUYER,
            "lines": own,
            "allowances": allowances,
            "taxes": taxes,
            "totals": totals,
            "terms": TERMS,
            "buyer_reference": "PO-77/Department 5",
            **more,
        }
    )


def of(category: str, rate: str = "0") -> TaxKey:
    return TaxKey(category=TaxCategory(category), rate=D(rate))


def _less(amount: str, tax: TaxKey = STANDARD) -> InvoiceAllowance:
    return InvoiceAllowance(amount=D(amount), reason="Loyalty", reason_code="95", tax=tax)


def _plus(amount: str, tax: TaxKey = STANDARD) -> InvoiceAllowance:
    return InvoiceAllowance(amount=D(amount), charge=True, reason="Freight", reason_code="FC", tax=tax)


_SPAIN = replace(SELLER, vat_id="ES12345678Z", country="ES", city="Las Palmas", region="Canarias", tax_id="")
_OUT = replace(SELLER, vat_id="", tax_id="12/345/67890")

KINDS: dict[str, Callable[[], Invoice]] = {
    "plain": invoice,
    "one-line": lambda: invoice(line(1, "19.90")),
    "several-rates": lambda: invoice(
        line(1, "10.00"), line(2, "20.00", tax=REDUCED), line(3, "5.55", "7", tax=REDUCED)
    ),
    "zero-rated": lambda: invoice(line(1, "50.00", tax=of("Z"))),
    "exempt": lambda: invoice(line(1, "50.00", tax=of("E"))),
    "reverse-charge": lambda: invoice(line(1, "50.00", tax=of("AE"))),
    "intra-community": lambda: invoice(line(1, "50.00", tax=of("K"))),
    "export": lambda: invoice(line(1, "50.00", tax=of("G")), buyer=replace(BUYER, country="US", vat_id="")),
    "outside": lambda: invoice(line(1, "50.00", tax=of("O")), seller=_OUT, buyer=replace(BUYER, vat_id="")),
    "canary-islands": lambda: invoice(line(1, "50.00", tax=of("L", "7")), seller=_SPAIN),
    "ceuta": lambda: invoice(line(1, "50.00", tax=of("M", "4")), seller=_SPAIN),
    "taxed-and-exempt": lambda: invoice(line(1, "50.00"), line(2, "8.00", tax=of("E"))),
    "allowances-and-charges": lambda: invoice(allowances=(_less("10.00"), _plus("4.90"))),
    "charge-of-another-rate": lambda: invoice(
        line(1, "80.00"), line(2, "20.00", tax=REDUCED), allowances=(_plus("5", REDUCED),)
    ),
    "line-discounts": lambda: invoice(
        line(1, "10.00", "3", "2.50", discount_reason="Quantity"), line(2, "4.00", "1", "4.00")
    ),
    "fine-prices": lambda: invoice(line(1, "0.0375", "1000"), line(2, "12.345678", "2.5", unit="KGM")),
    "returned-line": lambda: invoice(line(1, "10.00", "5"), line(2, "10.00", "-1")),
    "credit-note": lambda: invoice(
        kind=InvoiceKind.CREDIT_NOTE, credits=InvoiceReference(number="2025-0999", issued_on=date(2025, 12, 31))
    ),
    "credit-note-with-allowance": lambda: invoice(
        allowances=(_less("3.00"),), kind=InvoiceKind.CREDIT_NOTE, credits=InvoiceReference(number="2025-0998")
    ),
    "prepaid": lambda: invoice(prepaid="50.00"),
    "paid-in-full": lambda: invoice(line(1, "100.00"), prepaid="119.00", terms=PaymentTerms(means="48")),
    "rounded": lambda: invoice(line(1, "10.01"), rounding="-0.01"),
    "tax-currency": lambda: invoice(
        line(1, "100.00"), currency="USD", tax_currency="EUR", tax_in_tax_currency=D("17.50"), exchange_rate=D("0.921")
    ),
    "yen": lambda: invoice(line(1, "1500"), line(2, "333", "3"), currency="JPY"),
    "shipped-elsewhere": lambda: invoice(ship_to=replace(BUYER, name="Dépôt Lyon", city="Lyon", postcode="69001")),
    "orders-named": lambda: invoice(purchase_order="PO-1", order_number="SO-2"),
    "own-order-only": lambda: invoice(order_number="SO-2"),
    "notes": lambda: invoice(notes=("Thank you.", "Goods stay ours until they are paid.")),
    "items-described": lambda: invoice(line(1, "10.00", description="Blue,\nsize L", buyer_sku="B-9", unit="HUR")),
    "no-delivery-date": lambda: invoice(supplied_on=None),
    "cash": lambda: invoice(terms=PaymentTerms(means="10", words="Paid in cash")),
}
"""Right invoices, one for every kind that the norm knows and we make."""
