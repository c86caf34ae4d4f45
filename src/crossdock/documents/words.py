"""What is asked for and what comes back: formats, documents, and the problems that a check finds."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Format(StrEnum):
    """The kinds of document an invoice becomes."""

    JSON = "json"
    """The invoice in our own words (model/commerce/invoice.py)."""
    PDF = "pdf"
    """A page for people: PDF/A-3 with nothing attached."""
    UBL = "ubl"
    """UBL 2.1 XML by Peppol BIS Billing 3.0."""
    UBL_CORE = "ubl-core"
    """UBL 2.1 XML by EN 16931 alone, for those who are not in Peppol."""
    CII = "cii"
    """The XML of Factur-X alone (UN/CEFACT Cross Industry Invoice, profile EN 16931)."""
    FACTURX = "facturx"
    """Factur-X 1.0, profile EN 16931 (ZUGFeRD 2): a PDF/A-3 with the CII XML attached."""

    @property
    def media_type(self) -> str:
        """The type of the bytes, as HTTP says it."""
        return {"json": "application/json", "pdf": "application/pdf", "facturx": "application/pdf"}.get(
            self.value, "application/xml"
        )

    @property
    def suffix(self) -> str:
        """How a file of it ends."""
        return {"json": ".json", "pdf": ".pdf", "facturx": ".pdf"}.get(self.value, ".xml")


class Weight(StrEnum):
    """Whether a problem forbids the document."""

    FATAL = "fatal"
    WARNING = "warning"


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One rule that a document breaks."""

    rule: str
    """As its publisher names it (``BR-CO-15``, ``PEPPOL-EN16931-R003``); ``XSD`` for the schema; ours begin with
    ``text.`` or ``page.``."""
    place: str = ""
    """XPath into the XML (names without namespaces), or a field of ``Invoice``."""
    words: str = ""
    """The rule in its publisher's words. Holds no value of the invoice."""
    weight: Weight = Weight.FATAL


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice in one format."""

    format: Format
    content: bytes
    name: str
    """A file name: the number (or the id of a draft) and the ending; letters, digits, dot, dash and underscore."""
    problems: tuple[Problem, ...] = ()
    """Everything found, warnings too."""

    @property
    def fatal(self) -> tuple[Problem, ...]:
        """The problems that forbid it."""
        return tuple(problem for problem in self.problems if problem.weight is Weight.FATAL)
