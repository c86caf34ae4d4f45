"""invoice: from a deal to an issued invoice: terms, drafts by named rules, numbers without gaps, credit notes."""

from crossdock.flow.invoice.asked import Asked, CreditAsked, CreditLine, asked_of, credit_of
from crossdock.flow.invoice.invoicing import Invoicing
from crossdock.flow.invoice.looking import Filter, Preview
from crossdock.flow.invoice.refusals import InvoiceConflict, InvoiceRefused, Refusal
from crossdock.flow.invoice.shelf import Kept, canonical
from crossdock.flow.invoice.term_desk import KeptTerms, SeriesState, TermDesk
from crossdock.flow.invoice.terms import EXAMPLE, Terms, problems_of, terms_of
from crossdock.flow.invoice.when import Verdict

__all__ = [
    "EXAMPLE",
    "Asked",
    "CreditAsked",
    "CreditLine",
    "Filter",
    "InvoiceConflict",
    "InvoiceRefused",
    "Invoicing",
    "Kept",
    "KeptTerms",
    "Preview",
    "Refusal",
    "SeriesState",
    "TermDesk",
    "Terms",
    "Verdict",
    "asked_of",
    "canonical",
    "credit_of",
    "problems_of",
    "terms_of",
]
