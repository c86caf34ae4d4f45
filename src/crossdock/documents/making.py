"""Making one document of an invoice and holding it against the rules of its kind; runs in the child process."""

from __future__ import annotations

from pathlib import Path

from crossdock.documents.checking import check_xml
from crossdock.documents.cii import cii
from crossdock.documents.page.paper import page
from crossdock.documents.peppol import PARTLY, peppol_problems
from crossdock.documents.terms import business_terms
from crossdock.documents.ubl import ubl
from crossdock.documents.words import Format, Problem
from crossdock.model.commerce.invoice import Invoice

Made = tuple[bytes, tuple[Problem, ...]]


def make(invoice: Invoice, form: Format, *, peppol_rules: Path | None = None) -> Made:
    """Return the document's bytes, the same for the same invoice, and what is wrong with it."""
    if form in (Format.UBL, Format.UBL_CORE):
        return _ubl(invoice, peppol=form is Format.UBL, peppol_rules=peppol_rules)
    if form is Format.PDF:
        return page(invoice)
    document = cii(business_terms(invoice))
    problems = tuple(one for one in check_xml(document) if not _is_empty_delivery(one))
    if form is Format.CII:
        return document, problems
    paper, shown = page(invoice, attached=document)
    return paper, (*problems, *shown)


def _is_empty_delivery(problem: Problem) -> bool:
    """The schema demands this element, and a rule warns of it when nothing is known of the delivery: no news."""
    return problem.rule == "PEPPOL-EN16931-R008" and problem.place.endswith("/ApplicableHeaderTradeDelivery[1]")


def _ubl(invoice: Invoice, *, peppol: bool, peppol_rules: Path | None) -> Made:
    terms = business_terms(invoice, peppol=peppol)
    document = ubl(terms)
    found = check_xml(document, peppol_rules=peppol_rules if peppol else None)
    if not peppol:
        return document, found
    if peppol_rules is None:
        return document, (*found, *peppol_problems(terms), PARTLY)
    said = {problem.rule for problem in found}
    return document, (*found, *(one for one in peppol_problems(terms) if one.rule not in said))
