"""An invoice or a credit note, by the semantic model of EN 16931-1 (its business terms stand beside the fields)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

import msgspec

from crossdock.model.commerce.address import Personal
from crossdock.model.commerce.marks import Amount, Link, Thing
from crossdock.model.sensitivity import NONE

Day = Annotated[date | None, NONE]


class InvoiceKind(StrEnum):
    """What the paper is; the values are UNTDID 1001 codes (BT-3)."""

    INVOICE = "380"
    CREDIT_NOTE = "381"


class InvoiceState(StrEnum):
    """A draft may change and has no number; what is issued never changes; credited: a credit note took it all back."""

    DRAFT = "draft"
    ISSUED = "issued"
    CREDITED = "credited"


class RoundingMode(StrEnum):
    """How an amount between two cents is settled; the names are those of the decimal arithmetic (IEEE 754)."""

    HALF_UP = "half_up"
    HALF_EVEN = "half_even"
    HALF_DOWN = "half_down"
    UP = "up"
    DOWN = "down"
    CEILING = "ceiling"
    FLOOR = "floor"


class RoundingPlace(StrEnum):
    """Where tax is rounded: once per rate over the sum of its lines, or line by line and then added."""

    RATE = "rate"
    LINE = "line"


class TaxCategory(StrEnum):
    """UNTDID 5305 codes as EN 16931 allows them (BT-95, BT-102, BT-118, BT-151)."""

    STANDARD = "S"
    ZERO = "Z"
    EXEMPT = "E"
    REVERSE_CHARGE = "AE"
    INTRA_COMMUNITY = "K"
    EXPORT = "G"
    OUTSIDE = "O"
    CANARY_ISLANDS = "L"
    CEUTA_MELILLA = "M"

    @property
    def taxed(self) -> bool:
        """Whether a rate above zero belongs to it."""
        return self in (TaxCategory.STANDARD, TaxCategory.CANARY_ISLANDS, TaxCategory.CEUTA_MELILLA)


class ElectronicAddress(msgspec.Struct, frozen=True, kw_only=True):
    """Where electronic invoices go (BT-34, BT-49). ``scheme`` is of the EAS code list (``0088``, ``9930``, ``EM``)."""

    scheme: Thing
    value: Personal


class Party(msgspec.Struct, frozen=True, kw_only=True):
    """The seller (BG-4) or the buyer (BG-7). Empty text means not given."""

    name: Personal
    """BT-27, BT-44."""
    trading_name: Personal = ""
    """BT-28, BT-45."""
    line_1: Personal = ""
    line_2: Personal = ""
    city: Personal = ""
    postcode: Personal = ""
    region: Personal = ""
    country: Personal = ""
    """ISO 3166-1 alpha-2 (BT-40, BT-55)."""
    vat_id: Personal = ""
    """With its country's letters (BT-31, BT-48)."""
    tax_id: Personal = ""
    """The seller's number at its tax office (BT-32)."""
    registration_id: Personal = ""
    """In the register of companies (BT-30, BT-47)."""
    registration_scheme: Thing = ""
    """ISO 6523 code of that register (``0002``); empty: not told."""
    legal_note: Personal = ""
    """BT-33: capital, court of registration."""
    electronic_address: ElectronicAddress | None = None
    contact: Personal = ""
    """BT-41, BT-56."""
    phone: Personal = ""
    email: Personal = ""


class TaxKey(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """What tax an amount bears: lines of one key are one share of the tax breakdown."""

    category: Annotated[TaxCategory, NONE] = TaxCategory.STANDARD
    rate: Amount = Decimal(0)
    """In percent. None of it for what is outside of tax (category O)."""


class InvoiceLine(msgspec.Struct, frozen=True, kw_only=True):
    """BG-25. ``net`` = ``quantity`` x ``unit_price`` - ``discount``, rounded to the currency's decimals."""

    id: Thing
    """BT-126: 1, 2, 3 …"""
    name: Thing
    """BT-153."""
    description: Thing = ""
    sku: Thing = ""
    """BT-155."""
    buyer_sku: Thing = ""
    quantity: Amount = Decimal(1)
    unit: Thing = "C62"
    """UN/ECE recommendation 20 code (BT-130): C62 is one, HUR an hour, KGM a kilogram."""
    unit_price: Amount
    """Without tax, before ``discount``, with as many decimals as the deal states (BT-146)."""
    discount: Amount = Decimal(0)
    """Taken off the line (BG-27, BT-136)."""
    discount_reason: Thing = ""
    net: Amount
    """BT-131."""
    tax: TaxKey = TaxKey()
    source_id: Link = None
    """The deal's line it was made from; None: a rule added it."""
    credits_line: Link = None
    """Of a credit note: the ``id`` of the invoice's line it takes back; None: a part of the whole."""
    credits_quantity: Amount = Decimal(0)
    """How many of that line's quantity it takes back; 0: a part of its price."""


class InvoiceAllowance(msgspec.Struct, frozen=True, kw_only=True):
    """A discount (BG-20) or a charge (BG-21) on the whole invoice."""

    amount: Amount
    """Always above zero, without tax."""
    charge: Annotated[bool, NONE] = False
    """True: a charge (shipping, a fee); False: an allowance."""
    reason: Thing = ""
    reason_code: Thing = ""
    """UNTDID 5189 for allowances (95 is a discount), 7161 for charges (FC is freight)."""
    tax: TaxKey = TaxKey()


class InvoiceTax(msgspec.Struct, frozen=True, kw_only=True):
    """BG-23: what one category and rate bears."""

    key: TaxKey
    base: Amount
    """BT-116."""
    tax: Amount
    """BT-117."""
    exemption: Thing = ""
    """BT-120, why there is no tax, in words."""
    exemption_code: Thing = ""
    """BT-121, of the VATEX code list (``VATEX-EU-AE``)."""


class InvoiceTotals(msgspec.Struct, frozen=True, kw_only=True):
    """BG-22, in the invoice's currency."""

    lines: Amount
    """BT-106."""
    allowances: Amount = Decimal(0)
    """BT-107."""
    charges: Amount = Decimal(0)
    """BT-108."""
    net: Amount
    """BT-109 = lines - allowances + charges."""
    tax: Amount
    """BT-110."""
    gross: Amount
    """BT-112 = net + tax."""
    prepaid: Amount = Decimal(0)
    """BT-113."""
    rounding: Amount = Decimal(0)
    """BT-114, where a country's cash rounding asks for it."""
    due: Amount
    """BT-115 = gross - prepaid + rounding."""


class PaymentTerms(msgspec.Struct, frozen=True, kw_only=True):
    """How and until when it is paid (BT-9, BT-20, BG-16)."""

    due_on: Day = None
    words: Thing = ""
    """BT-20: "30 days net"."""
    means: Thing = "30"
    """UNTDID 4461 code (BT-81): 30 a credit transfer, 58 one by SEPA, 48 a card, 10 cash."""
    iban: Personal = ""
    """BT-84."""
    bic: Personal = ""
    account_name: Personal = ""
    reference: Thing = ""
    """BT-83: what the buyer writes on the payment."""


class InvoiceReference(msgspec.Struct, frozen=True, kw_only=True):
    """BG-3: the invoice a credit note takes back."""

    number: Thing
    issued_on: Day = None


class Invoice(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice or a credit note.

    A credit note's amounts are above zero, as an invoice's: its kind says which way they go. ``number`` is empty for a
    draft. Sums always hold to the currency's last decimal (the rules of EN 16931: BR-CO-10 to BR-CO-17).
    """

    id: Thing
    """``inv_…``."""
    kind: Annotated[InvoiceKind, NONE] = InvoiceKind.INVOICE
    state: Annotated[InvoiceState, NONE] = InvoiceState.DRAFT
    series: Thing
    number: Thing = ""
    """BT-1."""
    issued_on: Day = None
    """BT-2, by the seller's calendar."""
    supplied_on: Day = None
    """BT-72, when the goods or services were delivered."""
    currency: Thing
    """ISO 4217 (BT-5); every amount but ``tax_in_tax_currency`` is in it."""
    tax_currency: Thing = ""
    """BT-6: the currency tax is accounted in, where it is another one."""
    tax_in_tax_currency: Annotated[Decimal | None, NONE] = None
    """BT-111."""
    exchange_rate: Annotated[Decimal | None, NONE] = None
    """Units of ``tax_currency`` for one of ``currency``; stated on the paper."""
    seller: Party
    buyer: Party
    ship_to: Party | None = None
    """BG-13, BG-15; None: the buyer's own address."""
    lines: tuple[InvoiceLine, ...]
    allowances: tuple[InvoiceAllowance, ...] = ()
    taxes: tuple[InvoiceTax, ...]
    totals: InvoiceTotals
    terms: PaymentTerms = PaymentTerms()
    buyer_reference: Thing = ""
    """BT-10: routing id of public buyers; Peppol wants this or ``purchase_order``."""
    purchase_order: Thing = ""
    """BT-13."""
    order_number: Thing = ""
    """BT-14: the seller's own order."""
    credits: InvoiceReference | None = None
    notes: Annotated[tuple[str, ...], NONE] = ()
    """BT-22."""
    language: Thing = "en"
    """Of the words on the page: ISO 639-1."""
    rounding_mode: Annotated[RoundingMode, NONE] = RoundingMode.HALF_UP
    rounding_place: Annotated[RoundingPlace, NONE] = RoundingPlace.RATE
    connection_id: Link = None
    """The CRM's connection it was made from (``con_…``); None: it came otherwise."""
    deal_id: Link = None


class FiredRule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule that had a say in an invoice, for people who ask why it is as it is."""

    rule: Thing
    """Stable name: ``when.stage``, ``tax.reverse-charge``, ``line.percent-discount`` …"""
    about: Thing = ""
    """What of the invoice it decided: ``lines[0].tax``, ``totals.prepaid``."""
    words: Thing = ""
    """In plain words, with the values it decided by; nothing personal."""
