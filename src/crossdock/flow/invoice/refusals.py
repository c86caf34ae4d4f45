"""What keeps an invoice from being made, each by a rule with a stable name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from crossdock.errors import BadInput, Conflict

REFUSED: Final[Mapping[str, tuple[str, str]]] = {
    "terms.missing": ("there are no terms of invoicing", "set them: PUT /api/v1/invoice-terms, or crossdock invoices"),
    "series.unknown": ("the terms have no such series", "name one of the terms' series"),
    "deal.archived": ("the deal is archived at the CRM", "restore it there first"),
    "deal.negative": ("the deal's amount is below zero", "take money back with a credit note"),
    "deal.no-lines": ("the deal has no lines", "add lines at the CRM, or set no_lines to one_line"),
    "deal.no-amount": ("the deal has neither lines nor an amount", "enter the amount at the CRM"),
    "deal.amount-below-lines": (
        "the deal's amount is less than its lines come to",
        "correct the deal, or set less to allowance or ignore",
    ),
    "deal.amount-above-lines": (
        "the deal's amount is more than its lines come to",
        "correct the deal, or set more to ignore",
    ),
    "currency.missing": ("the deal states no currency", "state it at the CRM, or set currency.default"),
    "currency.unknown": ("that is no currency code", "state a code of ISO 4217 at the CRM"),
    "currency.not-accepted": ("the deal's currency is not invoiced in", "add it to currency.accepted"),
    "currency.exchange-rate": (
        "tax is accounted in another currency, and there is no rate for this one",
        "ask with exchange_rate, or add it to currency.rates",
    ),
    "buyer.missing": ("the deal has neither company nor person to invoice", "add one to the deal, or ask with buyer"),
    "buyer.name": ("the buyer has no name", "enter it at the CRM, or ask with buyer.name"),
    "buyer.country": ("the buyer's country is not known", "enter it at the CRM, or ask with buyer.country"),
    "buyer.field": ("the buyer lacks a field that the terms ask for", "enter it at the CRM, or ask with buyer"),
    "buyer.vat-id": (
        "tax is the buyer's to account for, which takes the buyer's VAT id",
        "enter it at the CRM, or ask with buyer.vat_id",
    ),
    "buyer.vat-id-form": (
        "the buyer's VAT id has not the form of its country's",
        "correct it at the CRM, or ask with buyer.vat_id",
    ),
    "buyer.vat-id-country": (
        "the buyer's VAT id is of another country than the buyer's address",
        "correct one of them at the CRM, or ask with buyer",
    ),
    "buyer.purchase-order": (
        "the terms take the buyer reference from the purchase order, and the deal has none",
        "enter it at the CRM, or ask with purchase_order",
    ),
    "seller.vat-id": ("supplies of this kind need the seller's VAT id", "give seller.vat_id in the terms"),
    "seller.identifier": (
        "without its VAT id the seller has no identifier (BR-CO-26)",
        "give seller.registration_id in the terms",
    ),
    "line.name": ("a line has no name", "name it at the CRM"),
    "line.discount": ("a discount is below zero, or takes off more than there is", "correct it at the CRM"),
    "line.two-discounts": (
        "a line has a discount per piece and one in percent",
        "leave one, or set both_discounts to the order they are taken in",
    ),
    "line.net-differs": (
        "a line comes to another amount than the CRM says (a recurring item, perhaps)",
        "correct the line, or set line_net to ignore",
    ),
    "line.number": ("a quantity, price or rate is no number that an invoice can hold", "correct it at the CRM"),
    "line.too-many": ("an invoice has at most 1,000 lines", "split the deal"),
    "charge.negative": ("a charge is below zero", "enter it as a discount"),
    "tax.unknown": (
        "no rule tells the tax of a line",
        "state its rate at the CRM, or set tax.standard_rate, or add a rule",
    ),
    "tax.zero-rate": (
        "a line of 0 % at home is zero rated, exempt or a mistake, and nothing says which",
        "add a tax rule, or set tax.zero_rate",
    ),
    "tax.consumer-abroad": (
        "a buyer of another EU country without a VAT id: whose tax it is has not been decided",
        "set tax.eu_consumers",
    ),
    "tax.country-rate": ("the rate of the buyer's country is not known", "add it to tax.country_rates"),
    "tax.services-abroad": (
        "services to a buyer outside of the EU: nothing says how they are taxed",
        "set tax.services_abroad, or add a tax rule",
    ),
    "tax.outside-mixed": (
        "what is outside of tax (category O) stands on an invoice of its own (BR-O-11)",
        "split the deal, or let a tax rule choose another category",
    ),
    "rounding.too-far": (
        "rounded line by line, tax is a whole unit of currency or more from the rate's (BR-CO-17)",
        "set rounding.place to rate, or split the deal",
    ),
    "totals.negative": ("the invoice would come to less than nothing", "take money back with a credit note"),
    "asked.line": ("the deal has no such line", "name a line by its id at the CRM"),
    "asked.due": ("it would be due before it is issued", "choose a later day"),
    "credit.nothing-left": ("the invoice has been taken back whole", "nothing is left to credit"),
    "credit.more-than-left": ("that is more than is left to credit", "ask for what is left, or less"),
    "credit.line": ("the invoice has no such line", "name a line by its number on the invoice"),
    "credit.line-amount": ("a line is taken back by quantity or by net, above zero", "give one of the two"),
    "credit.quantity": ("a line of no quantity is taken back by its net", "give net"),
    "credit.two-ways": ("a credit note goes by lines or by an amount", "give one of the two, or neither for all"),
    "credit.mixed-signs": (
        "the invoice has amounts below zero, so an amount does not divide among its rates",
        "credit by lines, or all of it",
    ),
    "credit.amount": ("an amount is above zero, with no more decimals than the currency has", "correct it"),
}
"""What is wrong, and what to do about it."""
CONFLICTS: Final[Mapping[str, tuple[str, str]]] = {
    "deal.once": ("the deal has its invoice already", 'ask with again and why: {"again": "second delivery"}'),
    "state.issued": ("an issued invoice never changes", "take it back with a credit note"),
    "state.draft": ("only what is issued can be credited", "issue it, or change the draft"),
    "state.credit-note": ("a credit note is not credited", "make a new invoice"),
    "number.taken": ("the number of the next invoice is taken already", "choose another name or pattern of the series"),
    "series.fixed": (
        "a series that has begun keeps its start, and whether it begins anew each year",
        "begin a series of another name",
    ),
}
"""What contradicts what is there."""


class Refusal(msgspec.Struct, frozen=True):
    """One reason why there is no invoice."""

    rule: str
    field: str
    problem: str
    remedy: str


class InvoiceRefused(BadInput):
    """Nothing was made; ``problems`` are all the reasons."""

    code = "invoice-refused"
    title = "The invoice cannot be made"

    def __init__(self, problems: Sequence[Refusal], *, title: str = "") -> None:
        first = problems[0]
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(f"{first.problem}{more}", field=first.field, remedy=first.remedy)
        self.problems = tuple(problems)
        self._title = title

    def as_problem(self) -> dict[str, Any]:
        """Return the problem+json document with the first ``rule`` and all ``problems``."""
        told = {**super().as_problem(), "rule": self.problems[0].rule, "problems": msgspec.to_builtins(self.problems)}
        return {**told, "title": self._title} if self._title else told


class InvoiceConflict(Conflict):
    """It contradicts what is there, by a named rule."""

    code = "invoice-conflict"

    def __init__(self, rule: str, *, detail: str = "") -> None:
        problem, remedy = CONFLICTS[rule]
        super().__init__(f"{problem}{detail}", remedy=remedy)
        self.rule = rule

    def as_problem(self) -> dict[str, Any]:
        """Return the problem+json document with ``rule``."""
        return {**super().as_problem(), "rule": self.rule}


def refusal(rule: str, field: str, detail: str = "") -> Refusal:
    """Return the refusal of a rule; ``detail`` follows its words and holds nothing personal."""
    problem, remedy = REFUSED[rule]
    return Refusal(rule, field, f"{problem}{detail}", remedy)


def refuse(rule: str, field: str, detail: str = "") -> InvoiceRefused:
    """Return the error of one refusal."""
    return InvoiceRefused([refusal(rule, field, detail)])
