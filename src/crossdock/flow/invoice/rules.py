"""The rules that have a say in an invoice, by stable names, and the book in which those that fired are noted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from crossdock.flow.invoice.refusals import InvoiceRefused, Refusal, refusal
from crossdock.model.commerce.invoice import FiredRule

FIRED: Final[Mapping[str, str]] = {
    "when.issue": "the deal fits a rule that issues at once",
    "when.draft": "the deal fits a rule that leaves a draft",
    "when.nothing": "the deal fits a rule, or none, that leaves it alone",
    "series.chosen": "the series was asked for",
    "currency.deal": "the deal states its currency",
    "currency.default": "the deal states none: the terms' currency",
    "currency.tax": "tax is stated in the tax currency too, by the exchange rate given",
    "currency.two-decimals": "the currency has three decimals, the terms want two",
    "buyer.company": "the deal's company is invoiced",
    "buyer.contact": "the deal's person is invoiced",
    "buyer.asked": "fields of the buyer were asked for",
    "buyer.reference": "the buyer reference is as the terms say",
    "line.piece-discount": "a discount taken off each piece",
    "line.percent-discount": "a discount in percent",
    "line.both-discounts": "both discounts, in the order of the terms",
    "line.negative": "a line that takes back: its quantity is negative, its price is not (BR-27)",
    "line.free": "a line that comes to nothing",
    "line.from-amount": "the deal has no lines: one of its amount",
    "line.includes-tax": "the price includes tax: the net is worked out so that the gross stays",
    "charge.line": "a line is a charge on the whole invoice",
    "charge.zero": "a charge of nothing is left out",
    "amount.allowance": "the deal's amount is less than its lines: a discount on the whole invoice",
    "amount.ignored": "the deal's amount is another than its lines', which hold",
    "tax.asked": "the tax of the line was asked for",
    "tax.rule": "a tax rule of the terms",
    "tax.domestic-line": "a buyer at home: the line's own rate",
    "tax.domestic-standard": "a buyer at home, and the line has no rate: the standard rate",
    "tax.domestic-zero": "a buyer at home and a line of 0 %: zero rated",
    "tax.intra-community": "goods to a business in another EU country: exempt (K), the buyer accounts for the tax",
    "tax.reverse-charge": "services to a business in another EU country: reverse charge (AE)",
    "tax.consumer-domestic": "a consumer in another EU country: tax as at home",
    "tax.consumer-destination": "a consumer in another EU country: that country's standard rate",
    "tax.company-as-consumer": "a company in another EU country without a VAT id is taken as a consumer",
    "tax.export": "goods to a country outside: exempt as an export (G)",
    "tax.services-abroad": "services to a country outside, as the terms say",
    "tax.outside": "outside of tax (O): no VAT id stands on the invoice (BR-O-02)",
    "supplied.closed": "the day of supply is the day the deal was closed",
    "supplied.issued": "the day of supply is the day of issue",
    "rounding.rate": "tax is rounded once per rate",
    "rounding.line": "tax is rounded line by line",
    "rounding.difference": "no net and tax to the last decimal make this gross: the difference is the rounding amount",
    "totals.prepaid": "what was paid before is taken off what is due",
    "deal.again": "the deal has an invoice already, and another was asked for",
    "credit.whole": "all of the invoice is taken back, as it stands",
    "credit.rest": "all that is left of the invoice is taken back",
    "credit.lines": "lines are taken back",
    "credit.amount": "an amount is taken back, divided among the rates by what is left of each",
    "credit.allowance-share": "lines take their share of the invoice's discount with them",
}
"""What each means; what keeps an invoice from being made stands in :mod:`.refusals`."""


class Book:
    """Notes what fired and what refuses; nothing is made while something refuses."""

    def __init__(self) -> None:
        self.fired: list[FiredRule] = []
        self.refused: list[Refusal] = []

    def note(self, rule: str, about: str, words: str = "") -> None:
        """Note a rule; ``words`` add the values it decided by."""
        told = FIRED[rule] if not words else f"{FIRED[rule]} ({words})"
        self.fired.append(FiredRule(rule=rule, about=about, words=told))

    def refuse(self, rule: str, field: str, detail: str = "") -> None:
        """Note a refusal, and go on to find the others."""
        found = refusal(rule, field, detail)
        if found not in self.refused:
            self.refused.append(found)

    def check(self) -> None:
        """Raise :class:`InvoiceRefused` with all refusals, if there are any."""
        if self.refused:
            raise InvoiceRefused(self.refused)
