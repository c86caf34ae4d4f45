"""Wrong invoices: each is refused, and the rule that it breaks is named by its published id."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from msgspec.structs import replace

from crossdock.documents.checking import check_xml
from crossdock.documents.making import make
from crossdock.documents.peppol import peppol_problems
from crossdock.documents.terms import business_terms
from crossdock.documents.ubl import ubl
from crossdock.documents.words import Format, Weight
from crossdock.model.commerce.invoice import (
    ElectronicAddress,
    Invoice,
    InvoiceAllowance,
    Party,
    PaymentTerms,
)
from tests.support.invoices import (
    BUYER,
    KINDS,
    PEPPOL_RULES,
    SELLER,
    STANDARD,
    TERMS,
    D,
    invoice,
    line,
    needs_peppol_rules,
    of,
)


def totals(**more: Decimal) -> Callable[[], Invoice]:
    right = invoice()
    return lambda: replace(right, totals=replace(right.totals, **more))


def seller(**more: object) -> Party:
    return replace(SELLER, **more)


def buyer(**more: object) -> Party:
    return replace(BUYER, **more)


def first_line(**more: object) -> Callable[[], Invoice]:
    right = invoice()
    return lambda: replace(right, lines=(replace(right.lines[0], **more), *right.lines[1:]))


def first_tax(**more: object) -> Callable[[], Invoice]:
    right = invoice()
    return lambda: replace(right, taxes=(replace(right.taxes[0], **more), *right.taxes[1:]))


def _of(kind: str, **more: object) -> Callable[[], Invoice]:
    return lambda: replace(KINDS[kind](), **more)


def _unexplained(kind: str) -> Callable[[], Invoice]:
    right = KINDS[kind]()
    return lambda: replace(right, taxes=(replace(right.taxes[0], exemption="", exemption_code=""),))


BOTH: dict[str, Callable[[], Invoice]] = {
    "BR-02": lambda: invoice(number=""),
    "BR-03": lambda: invoice(issued_on=None),
    "BR-05": lambda: replace(invoice(), currency=""),
    "BR-06": lambda: invoice(seller=seller(name=" ")),
    "BR-07": lambda: invoice(buyer=buyer(name="")),
    "BR-08": lambda: invoice(seller=Party(name="Nowhere", vat_id="DE123456789")),
    "BR-09": lambda: invoice(seller=seller(country="")),
    "BR-10": lambda: invoice(buyer=Party(name="Nowhere")),
    "BR-11": lambda: invoice(buyer=buyer(country="")),
    "BR-16": lambda: replace(invoice(), lines=()),
    "BR-21": first_line(id=""),
    "BR-25": first_line(name=""),
    "BR-27": lambda: invoice(line(1, "-5.00", "-2")),
    "BR-33": lambda: invoice(allowances=(InvoiceAllowance(amount=D(5), tax=STANDARD),)),
    "BR-38": lambda: invoice(allowances=(InvoiceAllowance(amount=D(5), tax=STANDARD, charge=True),)),
    "BR-53": lambda: invoice(tax_currency="USD"),
    "BR-55": _of("credit-note", credits=replace(KINDS["credit-note"]().credits, number="")),
    "BR-61": lambda: invoice(terms=replace(TERMS, iban="")),
    "BR-62": lambda: invoice(seller=seller(electronic_address=ElectronicAddress(scheme="", value="4000001000005"))),
    "BR-63": lambda: invoice(buyer=buyer(electronic_address=ElectronicAddress(scheme="", value="4000001000005"))),
    "BR-CO-10": totals(lines=D("228.48")),
    "BR-CO-11": lambda: replace(KINDS["allowances-and-charges"](), totals=totals(allowances=D(11))().totals),
    "BR-CO-13": totals(net=D("228.48")),
    "BR-CO-14": totals(tax=D("43.40")),
    "BR-CO-15": totals(gross=D("271.89")),
    "BR-CO-16": totals(due=D("271.87")),
    "BR-CO-17": first_tax(tax=D("40.00")),
    "BR-CO-18": lambda: replace(invoice(), taxes=()),
    "BR-CO-26": lambda: invoice(seller=seller(vat_id="", registration_id="")),
    "BR-S-02": lambda: invoice(seller=seller(vat_id="", tax_id="")),
    "BR-S-05": lambda: invoice(line(1, "10.00", tax=of("S", "0"))),
    "BR-S-08": first_tax(base=D("200.00"), tax=D("38.00")),
    "BR-Z-05": lambda: invoice(line(1, "10.00", tax=of("Z", "5"))),
    "BR-E-05": lambda: invoice(line(1, "10.00", tax=of("E", "19"))),
    "BR-E-10": _unexplained("exempt"),
    "BR-AE-02": _of("reverse-charge", buyer=buyer(vat_id="")),
    "BR-AE-05": lambda: invoice(line(1, "10.00", tax=of("AE", "19"))),
    "BR-AE-10": _unexplained("reverse-charge"),
    "BR-IC-02": _of("intra-community", buyer=buyer(vat_id="")),
    "BR-IC-10": _unexplained("intra-community"),
    "BR-IC-11": _of("intra-community", supplied_on=None),
    "BR-IC-12": _of("intra-community", ship_to=Party(name="Somewhere", city="Lyon")),
    "BR-G-02": _of("export", seller=seller(vat_id="")),
    "BR-G-10": _unexplained("export"),
    "BR-O-10": _unexplained("outside"),
    "BR-O-11": lambda: invoice(line(1, "5.00", tax=of("O")), line(2, "5.00"), seller=seller(vat_id="")),
    "BR-DEC-14": totals(gross=D("271.881")),
    "BR-DEC-23": first_line(net=D("200.001")),
    "BR-CL-04": lambda: replace(invoice(), currency="XXQ"),
    "BR-CL-14": lambda: invoice(buyer=buyer(country="UK")),
    "BR-CL-16": lambda: invoice(terms=replace(TERMS, means="999")),
    "BR-CL-23": first_line(unit="pieces"),
    "BR-CL-25": lambda: invoice(buyer=buyer(electronic_address=ElectronicAddress(scheme="1234", value="1"))),
}
"""Wrong invoices by the rule of EN 16931 that they break; both syntaxes name it."""

CROSS_INDUSTRY = {
    "BR-61": "CII-SR-470",
    "BR-CL-04": "FX-SCH-A-000595",
    "BR-CL-14": "FX-SCH-A-000568",
    "BR-CL-16": "FX-SCH-A-000609",
    "BR-CL-23": "FX-SCH-A-000613",
    "BR-CL-25": "FX-SCH-A-000571",
}
"""What the rules of Factur-X call a rule that they name otherwise."""

PEPPOL: dict[str, Callable[[], Invoice]] = {
    "BR-CO-25": lambda: invoice(terms=PaymentTerms(means="58", iban=TERMS.iban)),
    "PEPPOL-EN16931-R003": lambda: invoice(buyer_reference=""),
    "PEPPOL-EN16931-R005": lambda: invoice(tax_currency="EUR", tax_in_tax_currency=D("43.41")),
    "PEPPOL-EN16931-R010": lambda: invoice(buyer=buyer(electronic_address=None)),
    "PEPPOL-EN16931-R020": lambda: invoice(seller=seller(electronic_address=None)),
    "PEPPOL-EN16931-R054": lambda: invoice(tax_in_tax_currency=D("43.41")),
    "PEPPOL-EN16931-R055": lambda: invoice(tax_currency="USD", tax_in_tax_currency=D("-47.00")),
    "PEPPOL-EN16931-R120": first_line(net=D("200.50")),
    "PEPPOL-EN16931-P0107": lambda: replace(
        KINDS["exempt"](), taxes=(replace(KINDS["exempt"]().taxes[0], exemption_code="VATEX-EU-AE"),)
    ),
    **{
        f"PEPPOL-COMMON-{rule}": lambda scheme=scheme, value=value: invoice(
            buyer=buyer(electronic_address=ElectronicAddress(scheme=scheme, value=value))
        )
        for rule, scheme, value in (
            ("R040", "0088", "4000001000006"),
            ("R041", "0192", "123456789"),
            ("R042", "0184", "DK1234"),
            ("R043", "0208", "0202239950"),
            ("R049", "0007", "5560360794"),
            ("R050", "0151", "51824753557"),
        )
    },
}
"""Wrong invoices by the rule of Peppol BIS Billing 3.0 that they break."""

GOOD_NUMBERS = {
    "0088": "4000001000005",
    "0192": "923609016",
    "0184": "DK16356706",
    "0208": "0202239951",
    "0007": "5560360793",
    "0151": "51824753556",
}


@pytest.mark.parametrize("form", [Format.UBL_CORE, Format.CII])
@pytest.mark.parametrize("rule", BOTH)
def test_a_wrong_invoice_is_refused_by_its_rule(rule: str, form: Format) -> None:
    _, problems = make(BOTH[rule](), form)
    broken = {problem.rule for problem in problems if problem.weight is Weight.FATAL}
    named = CROSS_INDUSTRY.get(rule, rule) if form is Format.CII else rule
    assert named in broken, sorted(broken)
    assert all(problem.words for problem in problems)


def test_there_are_enough_wrong_invoices() -> None:
    assert len(BOTH) >= 50
    assert len(PEPPOL) >= 10


@pytest.mark.parametrize("rule", PEPPOL)
def test_peppol_refuses_by_its_rule(rule: str) -> None:
    _, problems = make(PEPPOL[rule](), Format.UBL)
    assert rule in {problem.rule for problem in problems if problem.weight is Weight.FATAL}
    assert rule not in {problem.rule for problem in make(PEPPOL[rule](), Format.UBL_CORE)[1]}, "a rule of Peppol alone"


@needs_peppol_rules
def test_the_publishers_own_file_says_the_same() -> None:
    for rule in sorted(set(PEPPOL) - {"BR-CO-25"}):
        document = ubl(business_terms(PEPPOL[rule](), peppol=True))
        assert rule in {problem.rule for problem in check_xml(document, peppol_rules=PEPPOL_RULES)}, rule


@pytest.mark.parametrize(
    ("scheme", "value"),
    [("0088", "40A"), ("0192", "000000000"), ("0208", "020223995"), ("0007", "55603607"), ("0151", "01824753556")],
)
def test_numbers_of_another_form_are_refused(scheme: str, value: str) -> None:
    address = ElectronicAddress(scheme=scheme, value=value)
    found = peppol_problems(business_terms(invoice(buyer=buyer(electronic_address=address)), peppol=True))
    assert [problem.place for problem in found] == ["buyer.electronic_address"]


@pytest.mark.parametrize("scheme", GOOD_NUMBERS)
def test_right_numbers_pass(scheme: str) -> None:
    address = ElectronicAddress(scheme=scheme, value=GOOD_NUMBERS[scheme])
    assert peppol_problems(business_terms(invoice(buyer=buyer(electronic_address=address)), peppol=True)) == ()


def test_what_is_no_invoice_is_told_apart() -> None:
    assert [problem.rule for problem in check_xml(b"<a><b></a>")] == ["XML"]
    assert [problem.rule for problem in check_xml(b"<a/>")] == ["XSD"]
    assert [problem.rule for problem in check_xml(b"")] == ["XML"]


@pytest.mark.parametrize("inner", ["<!ENTITY x 'y'>", "<!ENTITY x SYSTEM 'file:///etc/hostname'>", ""])
def test_a_document_type_is_refused_before_anything_reads_it(inner: str) -> None:
    """Entities could unfold without end, or read files of this machine into an answer."""
    document = ubl(business_terms(invoice(number="&x;"))).replace(b"&amp;x;", b"&x;" if inner else b"1")
    head, _, rest = document.partition(b"?>")
    found = check_xml(head + b"?><!DOCTYPE Invoice [" + inner.encode() + b"]>" + rest)
    assert [problem.rule for problem in found] == ["XML"]


def test_the_schema_speaks_without_values() -> None:
    document = ubl(business_terms(invoice())).replace(b"<cbc:IssueDate>2026-01-15", b"<cbc:IssueDate>Jane Doe")
    (first, *_) = check_xml(document)
    assert first.rule == "XSD"
    assert first.place.endswith("IssueDate")
    assert "Jane" not in repr(first)
