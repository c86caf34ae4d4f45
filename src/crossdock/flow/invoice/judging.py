"""Holding an invoice against the rules of the documents it has to become, before it gets its number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from crossdock.documents.words import Document, Format
from crossdock.errors import Trouble
from crossdock.flow.invoice.refusals import InvoiceRefused, Refusal
from crossdock.model.commerce.invoice import Invoice

_REMEDY = "correct the deal or the terms by what the rule says, or take the format out of valid_as"


class Judge(Protocol):
    """The part of the papers that says what is wrong with a document."""

    async def make(self, invoice: Invoice, form: Format) -> Document:
        """Return the document with its problems."""
        ...


async def hold_valid(judge: Judge | None, invoice: Invoice, forms: Sequence[str]) -> None:
    """Raise ``InvoiceRefused`` with every rule that the invoice breaks as one of these formats; none: nothing to do."""
    if not forms:
        return
    if judge is None:
        raise Trouble("nothing here can check documents", remedy="take valid_as out of the terms")
    broken = [
        Refusal(problem.rule, problem.place or "document", f"as {form}: {problem.words}", _REMEDY)
        for form in forms
        for problem in (await judge.make(invoice, Format(form))).fatal
    ]
    if broken:
        raise InvoiceRefused(broken, title="The invoice would be no valid document")
