"""Schematron as a stylesheet: what fires, in which order, and what is refused rather than left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from crossdock.documents.checking import RulesUnreadable, check_xml
from crossdock.documents.schematron import UnknownSchematron, stylesheet
from crossdock.documents.terms import business_terms
from crossdock.documents.ubl import ubl
from crossdock.documents.words import Problem, Weight
from tests.support.invoices import invoice, line

HEAD = (
    '<schema xmlns="http://purl.oclc.org/dsdl/schematron" xmlns:u="utils" queryBinding="xslt2"><title>T</title>'
    '<ns prefix="cbc" uri="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"/>'
    '<ns prefix="cac" uri="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"/>'
    '<ns prefix="xs" uri="http://www.w3.org/2001/XMLSchema"/>'
)


def judged(tmp_path: Path, inner: str, *lines: str) -> dict[str, Problem]:
    """Return what fails of rules, by id."""
    file = tmp_path / "rules.sch"
    file.write_text(f"{HEAD}{inner}</schema>")
    document = ubl(business_terms(invoice(*[line(n, price) for n, price in enumerate(lines or ("1.00",), 1)])))
    return {one.rule: one for one in check_xml(document, peppol_rules=file)}


def test_the_first_rule_that_matches_a_node_is_its_only_one(tmp_path: Path) -> None:
    found = judged(
        tmp_path,
        '<pattern><rule context="cbc:ID[. = \'2026-0001\']"><assert id="FIRST" test="false()">a</assert></rule>'
        '<rule context="cbc:ID"><assert id="SECOND" test=". != \'2026-0001\'">b</assert></rule></pattern>'
        '<pattern><rule context="cbc:ID"><assert id="OTHER" test=". != \'2026-0001\'">c</assert></rule></pattern>',
    )
    assert set(found) == {"FIRST", "OTHER"}


def test_variables_functions_flags_and_reports(tmp_path: Path) -> None:
    found = judged(
        tmp_path,
        '<let name="most" value="xs:decimal(2)"/>'
        '<function xmlns="http://www.w3.org/1999/XSL/Transform" name="u:much" as="xs:boolean">'
        '<param name="of" as="xs:decimal"/><value-of select="$of gt 2"/></function>'
        '<pattern><let name="lines" value="count(//cac:InvoiceLine)"/>'
        '<rule context="cac:InvoiceLine"><let name="net" value="xs:decimal(cbc:LineExtensionAmount)"/>'
        '<assert id="MOST" flag="fatal" test="$net le $most">Too\n   much.</assert>'
        '<report id="MUCH" flag="warning" test="u:much($net)">Much.</report>'
        '<report id="ALONE" test="$lines = 1">Alone.</report></rule></pattern>',
        "1.00",
        "3.00",
    )
    assert {rule: one.weight for rule, one in found.items()} == {"MOST": Weight.FATAL, "MUCH": Weight.WARNING}
    assert found["MOST"].place == "/Invoice[1]/InvoiceLine[2]"
    assert found["MOST"].words == "Too much."


@pytest.mark.parametrize(
    "inner",
    [
        "<phase id='p'/>",
        "<pattern abstract='true' id='x'/>",
        "<pattern is-a='x'/>",
        "<pattern><include href='file:///etc/passwd'/></pattern>",
        "<pattern><rule context='*'><extends rule='x'/></rule></pattern>",
    ],
)
def test_what_is_not_known_is_refused(inner: str, tmp_path: Path) -> None:
    with pytest.raises(UnknownSchematron):
        stylesheet(f"{HEAD}{inner}</schema>".encode())
    with pytest.raises(RulesUnreadable):
        judged(tmp_path, inner)


def test_only_schematron_of_that_binding_is_taken() -> None:
    for text in (b"<schema/>", b'<schema xmlns="http://purl.oclc.org/dsdl/schematron" queryBinding="stx"/>'):
        with pytest.raises(UnknownSchematron):
            stylesheet(text)
