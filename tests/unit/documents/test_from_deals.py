"""What the engine makes of a deal is a valid document: by every tax, currency and rounding that it knows."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, seed, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from crossdock.documents.making import make
from crossdock.documents.words import Format, Problem
from crossdock.flow.invoice import Asked, CreditAsked, CreditLine, InvoiceRefused, Terms
from crossdock.flow.invoice.crediting import credited
from crossdock.flow.invoice.drafting import dated, drafted
from crossdock.flow.invoice.rounding import coin_of
from crossdock.kit.ids import new_id
from crossdock.model.commerce.deal import Deal, DealCompany
from crossdock.model.commerce.invoice import Invoice, RoundingMode
from tests.support.deals import COMPANY, deal, line, terms

TODAY = date(2026, 3, 2)
PLACES = {
    "home": ("DE", "DE136695976"),
    "union": ("FR", "FR83404833048"),
    "consumer": ("FR", ""),
    "abroad": ("US", ""),
    "northern": ("GB", "XI123456789"),
}


def company(place: str) -> DealCompany:
    country, vat_id = PLACES[place]
    return replace(COMPANY, address=replace(COMPANY.address, country=country), vat_id=vat_id)


def issued(made: Deal, held: Terms, asked: Asked | None = None) -> Invoice:
    asked = asked or Asked()
    draft = drafted(made, held, asked, invoice_id=new_id(), connection_id=None, today=TODAY).invoice
    return replace(dated(draft, held, asked, TODAY, "RE-2026-00001"), number="RE-2026-00001", issued_on=TODAY)


def fatal(invoice: Invoice, form: Format) -> list[Problem]:
    return [one for one in make(invoice, form)[1] if one.weight == "fatal"]


def noted(invoice: Invoice, asked: CreditAsked) -> Invoice:
    coin = coin_of(invoice.currency, invoice.rounding_mode)
    note = credited(invoice, [], asked, coin, series="GS", credit_id=new_id()).drafted.invoice
    return replace(note, number="GS-2026-00001", issued_on=TODAY)


SELLER = {"registration_id": "HRB 1", "electronic_address": {"scheme": "9930", "value": "DE123456789"}}


@pytest.mark.parametrize("form", [Format.UBL_CORE, Format.CII])
@pytest.mark.parametrize("supplies", ["goods", "services"])
@pytest.mark.parametrize("place", PLACES)
def test_every_place_of_a_buyer(place: str, supplies: str, form: Format) -> None:
    held = terms(
        seller=SELLER,
        tax={"supplies": supplies, "companies_without_vat_id": "consumer"},
        currency={"tax_currency": "EUR"},
    )
    made = issued(deal(line(quantity="3", unit_price="9.99"), companies=(company(place),)), held)
    assert fatal(made, form) == []
    assert fatal(noted(made, CreditAsked(reason="all of it")), form) == []


def test_a_buyer_in_peppol_gets_a_peppol_invoice() -> None:
    held = terms(seller=SELLER, buyer={"reference": "deal_id"})
    asked = Asked.model_validate({"buyer": {"electronic_address": {"scheme": "9930", "value": "DE136695976"}}})
    made = issued(deal(companies=(company("home"),)), held, asked)
    assert fatal(made, Format.UBL) == []
    note = noted(made, CreditAsked(reason="one came back", lines=(CreditLine(line="1", net=Decimal(5)),)))
    assert fatal(note, Format.UBL) == []


@st.composite
def cases(draw: st.DrawFn) -> tuple[Deal, Terms]:
    currency = draw(st.sampled_from(["EUR", "USD", "JPY", "CHF"]))
    digits = 0 if currency == "JPY" else 2
    lines = []
    for number in range(draw(st.integers(1, 5))):
        more: dict[str, Any] = {
            "id": f"l{number}",
            "quantity": draw(st.decimals("0.01", "50", places=2)),
            "unit_price": draw(st.decimals("0.01", "900", places=draw(st.integers(digits, 4)))),
            "tax_rate": draw(st.sampled_from([None, Decimal(19), Decimal(7), Decimal("8.1")])),
            # an invoice of nothing but charges has no line, which the norm demands (BR-16)
            "name": draw(st.sampled_from(["Tea", "Cups", "Shipping"])) if number else "Tea",
        }
        if draw(st.booleans()):
            more["discount_percent"] = draw(st.decimals("0.5", "60", places=1))
        lines.append(line(**more))
    place = draw(st.sampled_from(["home", "union", "abroad"]))
    held = terms(
        seller=SELLER,
        currency={"accepted": [], "default": "EUR"},
        charges=[{"names": ["Shipping"]}],
        prices_include_tax=draw(st.booleans()),
        rounding={
            "mode": draw(st.sampled_from(list(RoundingMode))).value,
            "place": draw(st.sampled_from(["rate", "line"])),
        },
    )
    return deal(*lines, currency=currency, companies=(company(place),)), held


@seed(20260302)
@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(cases())
def test_any_deal_gives_a_valid_invoice(case: tuple[Deal, Terms]) -> None:
    try:
        made = issued(*case)
    except InvoiceRefused:
        assume(False)
        raise
    for form in (Format.UBL_CORE, Format.CII):
        assert fatal(made, form) == []
        if made.totals.gross:
            assert fatal(noted(made, CreditAsked(reason="all of it")), form) == []
