"""Which field is which term: the page of the reference says what the code does, field by field."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from lxml import etree

from crossdock.documents.cii import cii
from crossdock.documents.terms import amount, business_terms, plain
from crossdock.documents.ubl import ubl
from crossdock.model.commerce.invoice import (
    ElectronicAddress,
    Invoice,
    InvoiceAllowance,
    InvoiceReference,
    Party,
    PaymentTerms,
)
from tests.support.invoices import STANDARD, D, invoice, line

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "invoice-documents.md"
ROWS = re.findall(r"^\| (BT-[\d-]+) \| ([^|]+) \| (.+?) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
FIELDS = [(term, found[1]) for term, _, field in ROWS if (found := re.match(r"`([^`]+)`", field))]


def whole() -> Invoice:
    """Return an invoice that states every field."""
    party = {name: f"{name} of it" for name in Party.__struct_fields__ if name not in ("electronic_address", "country")}
    address = ElectronicAddress(scheme="0088", value="4000001000005")
    made = invoice(
        line(1, "10.00", "2", "1.00", description="Words", buyer_sku="B-1", discount_reason="Why"),
        line(2, "10.00", "2", "1.00"),
        allowances=(
            InvoiceAllowance(amount=D(2), reason="Less", reason_code="95", tax=STANDARD),
            InvoiceAllowance(amount=D(3), reason="More", reason_code="FC", tax=STANDARD, charge=True),
        ),
        prepaid="1.00",
        rounding="0.01",
        seller=Party(**{**party, "country": "DE", "electronic_address": address}),
        buyer=Party(**{**party, "country": "FR", "electronic_address": address}),
        ship_to=Party(**{**party, "country": "FR"}),
        tax_currency="USD",
        tax_in_tax_currency=D("7.77"),
        purchase_order="PO-1",
        order_number="SO-1",
        notes=("One", "Two"),
        credits=InvoiceReference(number="2025-1", issued_on=date(2025, 1, 1)),
    )
    share = msgspec.structs.replace(made.taxes[0], exemption="Because", exemption_code="VATEX-EU-AE")
    return msgspec.structs.replace(made, taxes=(share,))


def every(made: Invoice) -> dict[str, set[str]]:
    terms = business_terms(made, peppol=True)
    said: dict[str, set[str]] = {}
    for group in (terms.head, *terms.lines, *terms.allowances, *terms.charges, *terms.taxes):
        for term, text in group.items():
            said.setdefault(term, set()).add(text)
    return said | {"BT-22": set(terms.notes)}


def values(thing: Any, path: str) -> list[Any]:
    found = [thing]
    for step in path.split("."):
        found = [getattr(one, step.removesuffix("[]")) for one in found]
        if step.endswith("[]"):
            found = [part for one in found for part in one]
    return [part for one in found for part in (one if isinstance(one, tuple) else (one,))]


def test_the_page_names_every_term_that_is_written_and_no_other() -> None:
    assert [term for term, _, _ in ROWS] == list(dict.fromkeys(term for term, _, _ in ROWS))
    assert {term for term, _, _ in ROWS} == set(every(whole()))


@pytest.mark.parametrize(("term", "field"), FIELDS)
def test_a_term_is_the_field_that_the_page_says(term: str, field: str) -> None:
    told = values(whole(), field)
    shown = {str(getattr(one, "value", one)) for one in told if one not in ("", None)}
    shown |= {text.replace(" ", "") for text in shown}
    numbers = {plain(one) for one in told if isinstance(one, Decimal)}
    for text in every(whole())[term]:
        assert text in shown or text in {*numbers, *(amount(D(one), "EUR") for one in numbers)}, (
            f"{term} says {text!r}, {field} {sorted(shown)}"
        )


def test_both_syntaxes_say_every_term() -> None:
    terms = business_terms(whole(), peppol=True)
    for write in (ubl, cii):
        written = {text for text in etree.fromstring(write(terms)).itertext() if text.strip()}
        written |= {value for node in etree.fromstring(write(terms)).iter() for value in node.attrib.values()}
        days = {text.replace("-", "") for text in written} | written
        missing = {
            term
            for term, texts in every(whole()).items()
            for text in texts
            if text not in days and text.replace("-", "") not in days and text not in "\n".join(terms.notes)
        }
        assert missing == set(), write.__name__


def test_amounts_are_written_as_the_norm_wants_them() -> None:
    assert amount(D("5"), "EUR") == "5.00"
    assert amount(D("5.5000"), "EUR") == "5.50"
    assert amount(D("5.125"), "EUR") == "5.125", "what a rule forbids is said, not hidden"
    assert amount(D("1500"), "JPY") == "1500"
    assert amount(D("5.120"), "KWD") == "5.12"
    assert amount(D("-0.00"), "EUR") == "0.00"
    assert plain(D("1E+3")) == "1000"
    assert plain(D("0.000001")) == "0.000001"


def test_what_is_not_stated_is_absent() -> None:
    bare = invoice(
        seller=Party(name="S", country="DE"),
        buyer=Party(name=" ", country="FR", city="\t"),
        terms=PaymentTerms(means=""),
        buyer_reference="   ",
        notes=("", " "),
        supplied_on=None,
    )
    assert {"BT-44", "BT-52", "BT-10", "BT-81", "BT-72", "BT-107", "BT-113"} & set(every(bare)) == set()
    assert b"<cbc:Note>" not in ubl(business_terms(bare))
    for document in (ubl(business_terms(bare)), cii(business_terms(bare))):
        empty = [node for node in etree.fromstring(document).iter() if not len(node) and not (node.text or "").strip()]
        assert {etree.QName(node).localname for node in empty} <= {"ApplicableHeaderTradeDelivery"}
