"""Every kind of invoice passes the schema and the published rules, in both syntaxes, and says what the invoice says."""

from __future__ import annotations

import pytest
from facturx.facturx import get_flavor, get_level
from lxml import etree

from crossdock.documents.making import make
from crossdock.documents.words import Format
from tests.support.invoices import KINDS, PEPPOL_RULES

RULES = PEPPOL_RULES if PEPPOL_RULES.is_file() else None


@pytest.mark.parametrize("form", [Format.UBL, Format.UBL_CORE, Format.CII])
@pytest.mark.parametrize("kind", KINDS)
def test_a_right_invoice_passes(kind: str, form: Format) -> None:
    content, problems = make(KINDS[kind](), form, peppol_rules=RULES)
    assert [problem for problem in problems if problem.rule != "peppol.partly"] == []
    assert ("peppol.partly" in {problem.rule for problem in problems}) is (form is Format.UBL and not RULES)
    assert make(KINDS[kind](), form)[0] == content, "the same invoice gives the same bytes"


@pytest.mark.parametrize("form", [Format.UBL, Format.CII])
@pytest.mark.parametrize("kind", KINDS)
def test_the_totals_of_the_document_are_those_of_the_invoice(kind: str, form: Format) -> None:
    invoice = KINDS[kind]()
    root = etree.fromstring(make(invoice, form)[0])
    names = {
        Format.UBL: {
            "lines": "LegalMonetaryTotal/*[local-name()='LineExtensionAmount']",
            "net": "TaxExclusiveAmount",
            "gross": "TaxInclusiveAmount",
            "due": "PayableAmount",
            "prepaid": "PrepaidAmount",
            "rounding": "PayableRoundingAmount",
        },
        Format.CII: {
            "lines": "SpecifiedTradeSettlementHeaderMonetarySummation/*[local-name()='LineTotalAmount']",
            "net": "TaxBasisTotalAmount",
            "gross": "GrandTotalAmount",
            "due": "DuePayableAmount",
            "prepaid": "TotalPrepaidAmount",
            "rounding": "RoundingAmount",
        },
    }[form]
    for field, name in names.items():
        first, _, rest = name.partition("/")
        path = f"//*[local-name()='{first}']" + (f"/{rest}" if rest else "")
        said = root.xpath(path)
        wanted = getattr(invoice.totals, field)
        assert [float(one.text) for one in said] == ([float(wanted)] if said or wanted else []), field
    line = {Format.UBL: "InvoicedQuantity' or local-name()='CreditedQuantity", Format.CII: "BilledQuantity"}[form]
    said = root.xpath(f"//*[local-name()='{line}']")
    assert [float(one.text) for one in said] == [float(one.quantity) for one in invoice.lines]


def test_another_library_knows_the_documents_for_what_they_are() -> None:
    core = etree.fromstring(make(KINDS["plain"](), Format.UBL_CORE)[0])
    assert (get_flavor(core), get_level(core)) == ("ubl-2.1-invoice", "en16931")
    cross = etree.fromstring(make(KINDS["plain"](), Format.CII)[0])
    assert (get_flavor(cross), get_level(cross)) == ("factur-x", "en16931")
