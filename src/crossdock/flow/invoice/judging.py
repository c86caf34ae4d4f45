"""Holding an invoice against the rules of the documents it has to become, before it gets its number."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeVar

import msgspec

from crossdock.documents.words import Document, Format
from crossdock.errors import Trouble
from crossdock.flow.invoice.refusals import InvoiceRefused, Refusal
from crossdock.model.commerce.invoice import Invoice, InvoiceState, PaymentTerms

Done = TypeVar("Done")
_REMEDY = "correct the deal or the terms by what the rule says, or take the format out of valid_as"


class Judge(Protocol):
    """The part of the papers that says what is wrong with a document."""

    async def make(self, invoice: Invoice, form: Format) -> Document:
        """Return the document with its problems."""
        ...


class Unjudged(Exception):
    """A document has to be judged before it may have a number; nothing was changed."""

    def __init__(self, invoice: Invoice, forms: Sequence[str]) -> None:
        super().__init__()
        self.invoice = invoice
        self.forms = forms


def sight(invoice: Invoice) -> Invoice:
    """Return what of an invoice its validity hangs on: all but what the moment of its issue decides."""
    return msgspec.structs.replace(
        invoice,
        id="",
        number="",
        issued_on=None,
        supplied_on=None,
        state=InvoiceState.DRAFT,
        terms=PaymentTerms(),
    )


async def judged(judge: Judge | None, issue: Callable[[Invoice | None], Awaitable[Done]]) -> Done:
    """Issue, and where it is asked for judge first: while a document is judged no number waits and no row is locked.

    ``issue`` gets what has been judged valid; it raises :class:`Unjudged` for anything else. Raises
    ``InvoiceRefused`` with every rule that is broken.
    """
    seen: Invoice | None = None
    while True:
        try:
            return await issue(seen)
        except Unjudged as asked:
            wanted = asked
        await hold_valid(judge, wanted.invoice, wanted.forms)
        seen = sight(wanted.invoice)


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
