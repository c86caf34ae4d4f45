"""What is left of an invoice after the credit notes there are."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from crossdock.flow.invoice.rounding import ZERO, Coin
from crossdock.model.commerce.invoice import Invoice, InvoiceAllowance, TaxKey


class Left(msgspec.Struct, frozen=True):
    """What may still be taken back, in the invoice's own signs."""

    invoice: Invoice
    nets: dict[str, Decimal]
    """By line."""
    quantities: dict[str, Decimal]
    allowances: tuple[Decimal, ...]
    """Of each discount and charge on the whole invoice."""
    bases: dict[TaxKey, Decimal]
    taxes: dict[TaxKey, Decimal]
    rounding: Decimal
    tax_in_tax_currency: Decimal | None
    untouched: bool
    by_amount: bool
    """Whether amounts were taken back that are of no line."""

    @classmethod
    def of(cls, invoice: Invoice, notes: Sequence[Invoice]) -> Left:
        """Return what is left of an invoice."""
        nets = {line.id: line.net for line in invoice.lines}
        quantities = {line.id: line.quantity for line in invoice.lines}
        allowances = [one.amount for one in invoice.allowances]
        bases = {tax.key: tax.base for tax in invoice.taxes}
        taxes = {tax.key: tax.tax for tax in invoice.taxes}
        by_amount = False
        for note in notes:
            for line in note.lines:
                if line.credits_line is None:
                    by_amount = True
                    continue
                nets[line.credits_line] -= line.net
                quantities[line.credits_line] -= line.credits_quantity
            for one in note.allowances:
                allowances[_same(invoice.allowances, one)] -= one.amount
            for tax in note.taxes:
                bases[tax.key] -= tax.base
                taxes[tax.key] -= tax.tax
        told = invoice.tax_in_tax_currency
        return cls(
            invoice=invoice,
            nets=nets,
            quantities=quantities,
            allowances=tuple(allowances),
            bases=bases,
            taxes=taxes,
            rounding=invoice.totals.rounding - sum((note.totals.rounding for note in notes), ZERO),
            tax_in_tax_currency=told and told - sum((note.tax_in_tax_currency or ZERO for note in notes), ZERO),
            untouched=not notes,
            by_amount=by_amount,
        )

    @property
    def total(self) -> Decimal:
        """Return what is left with tax; what was paid before makes no difference."""
        return sum(self.bases.values(), ZERO) + self.tax + self.rounding

    @property
    def tax(self) -> Decimal:
        """Return the tax that is left."""
        return sum(self.taxes.values(), ZERO)

    @property
    def anything(self) -> bool:
        """Whether anything is left."""
        return bool(self.rounding) or any(self.open(key) for key in self.bases)

    def open(self, key: TaxKey) -> bool:
        """Whether anything is left of what bears one tax."""
        return bool(self.bases[key] or self.taxes[key])

    def tax_of(self, key: TaxKey, base: Decimal, coin: Coin) -> Decimal:
        """Return the tax that goes with a base: as much as brings what has gone to its share of the invoice's tax."""
        if base == self.bases[key]:
            return self.taxes[key]
        before = next(tax for tax in self.invoice.taxes if tax.key == key)
        gone = before.base - self.bases[key]
        share = coin.round(before.tax * (gone + base) / before.base) - (before.tax - self.taxes[key])
        least, most = sorted((ZERO, self.taxes[key]))
        return coin.round(min(max(share, least), most))


def _same(listed: Sequence[InvoiceAllowance], one: InvoiceAllowance) -> int:
    """Return the place of the discount or charge that a credit note's is a part of."""
    marks = [(own.charge, own.tax, own.reason, own.reason_code) for own in listed]
    return marks.index((one.charge, one.tax, one.reason, one.reason_code))
