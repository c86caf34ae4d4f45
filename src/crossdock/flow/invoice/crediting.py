"""From an issued invoice to the credit note that takes it back, whole or in part: never more than is left.

Whatever the parts, together they come to exactly what the invoice came to: the last one takes what rounding left over.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from decimal import Decimal

import msgspec

from crossdock.flow.invoice.asked import CreditAsked, CreditLine
from crossdock.flow.invoice.drafting import Drafted
from crossdock.flow.invoice.left import Left
from crossdock.flow.invoice.refusals import refuse
from crossdock.flow.invoice.rounding import ZERO, Coin, exact, plain, spread, unit_price
from crossdock.flow.invoice.rules import Book
from crossdock.flow.invoice.sums import totals_of
from crossdock.kit.ids import Prefix, show
from crossdock.model.commerce.invoice import (
    Invoice,
    InvoiceAllowance,
    InvoiceKind,
    InvoiceLine,
    InvoiceReference,
    InvoiceState,
    InvoiceTax,
    PaymentTerms,
    TaxKey,
)

_CLEARED = "97"
"""UNTDID 4461: clearing between partners."""


class Credited(msgspec.Struct, frozen=True):
    """A credit note that is not issued yet, and whether nothing is left of the invoice after it."""

    drafted: Drafted
    whole: bool


class _Parts(msgspec.Struct, frozen=True):
    """What a credit note is made of."""

    lines: tuple[InvoiceLine, ...]
    allowances: tuple[InvoiceAllowance, ...]
    taxes: tuple[InvoiceTax, ...]
    rounding: Decimal = ZERO


def credited(
    invoice: Invoice, earlier: Sequence[Invoice], asked: CreditAsked, coin: Coin, *, series: str, credit_id: uuid.UUID
) -> Credited:
    """Return the credit note that is asked for. Raises ``InvoiceRefused``."""
    book = Book()
    with exact():
        left = Left.of(invoice, earlier)
        if not left.anything:
            raise refuse("credit.nothing-left", "amount")
        if asked.lines and asked.amount is not None:
            raise refuse("credit.two-ways", "amount")
        if asked.lines:
            parts = _by_lines(left, asked.lines, coin, book)
        elif asked.amount is None or asked.amount == left.total:
            parts = _all(left, coin, book)
        else:
            parts = _by_amount(left, asked.amount, coin, book)
        note = _note(invoice, parts, asked.reason, left, coin)
        whole = not Left.of(invoice, [*earlier, note]).anything
    made = msgspec.structs.replace(note, id=show(Prefix.INVOICE, credit_id), series=series)
    return Credited(Drafted(made, tuple(book.fired)), whole)


def _note(invoice: Invoice, parts: _Parts, reason: str, left: Left, coin: Coin) -> Invoice:
    totals = totals_of(parts.lines, parts.allowances, parts.taxes, rounding=parts.rounding)
    in_tax_currency = None
    if invoice.tax_in_tax_currency is not None and invoice.exchange_rate is not None:
        all_tax = totals.tax == left.tax
        in_tax_currency = left.tax_in_tax_currency if all_tax else coin_tax(invoice, totals.tax)
    return msgspec.structs.replace(
        invoice,
        kind=InvoiceKind.CREDIT_NOTE,
        state=InvoiceState.DRAFT,
        number="",
        issued_on=None,
        lines=parts.lines,
        allowances=parts.allowances,
        taxes=parts.taxes,
        totals=totals,
        tax_in_tax_currency=in_tax_currency,
        terms=PaymentTerms(means=_CLEARED, words=invoice.number, reference=invoice.number),
        credits=InvoiceReference(number=invoice.number, issued_on=invoice.issued_on),
        notes=(reason,),
    )


def coin_tax(invoice: Invoice, tax: Decimal) -> Decimal:
    """Return a part of the tax in the tax currency, by the invoice's own rate and to the decimals it has there."""
    assert invoice.tax_in_tax_currency is not None
    assert invoice.exchange_rate is not None
    exponent = invoice.tax_in_tax_currency.as_tuple().exponent
    decimals = -exponent if isinstance(exponent, int) else 2
    return Coin(decimals, invoice.rounding_mode).round(tax * invoice.exchange_rate)


def _all(left: Left, coin: Coin, book: Book) -> _Parts:
    """Take all that is left: the lines and discounts themselves where only lines were taken back before."""
    book.note("credit.whole" if left.untouched else "credit.rest", "totals.due", f"{left.total}")
    if left.by_amount or not (left.untouched or any(left.nets.values()) or any(left.quantities.values())):
        # amounts of no line were taken back, or only charges are left: a note has at least one line (BR-16)
        made = [_whole_line(left, key, left.bases[key]) for key in left.bases if left.open(key)]
        return _Parts(_numbered(tuple(made)), (), _taxes_left(left, made), left.rounding)
    made = []
    for line in left.invoice.lines:
        net, pieces = left.nets[line.id], left.quantities[line.id]
        if left.untouched:
            made.append(msgspec.structs.replace(line, credits_line=line.id, credits_quantity=line.quantity))
        elif net or pieces:
            made.append(_line(line, net, pieces, coin))
    allowances = tuple(
        msgspec.structs.replace(one, amount=amount)
        for one, amount in zip(left.invoice.allowances, left.allowances, strict=True)
        if amount
    )
    return _Parts(_numbered(tuple(made)), allowances, _taxes_left(left, [*made, *allowances]), left.rounding)


def _taxes_left(left: Left, parts: Sequence[InvoiceLine | InvoiceAllowance]) -> tuple[InvoiceTax, ...]:
    """Return what is left of each tax: of all that a line, discount or charge bears, even if it is none (BR-S-01)."""
    named = {part.tax for part in parts}
    keys = (key for key in left.bases if key in named or left.open(key))
    return tuple(_tax(left, key, left.bases[key], left.taxes[key]) for key in keys)


def _by_lines(left: Left, asked: Sequence[CreditLine], coin: Coin, book: Book) -> _Parts:
    known = {line.id: line for line in left.invoice.lines}
    if len({one.line for one in asked}) != len(asked):
        raise refuse("credit.line", "lines")
    made = []
    for at, one in enumerate(asked):
        line = known.get(one.line)
        if line is None:
            raise refuse("credit.line", f"lines.{at}.line")
        made.append(_of_line(left, line, one, coin, f"lines.{at}"))
    book.note("credit.lines", "lines", ", ".join(one.line for one in asked))
    allowances = _allowance_shares(left, made, coin, book)
    bases: dict[TaxKey, Decimal] = {}
    for own in made:
        bases[own.tax] = bases.get(own.tax, ZERO) + own.net
    for less in allowances:
        bases[less.tax] = bases.get(less.tax, ZERO) - less.amount
    for key, base in bases.items():
        if abs(base) > abs(left.bases[key]) or base * left.bases[key] < 0:
            raise refuse("credit.more-than-left", "lines", f": {left.bases[key]} at {key.rate} %")
    taxes = tuple(_tax(left, key, bases[key], left.tax_of(key, bases[key], coin)) for key in sorted(bases))
    done = all(left.bases[key] == bases.get(key, ZERO) for key in left.bases)
    return _Parts(_numbered(tuple(made)), allowances, taxes, left.rounding if done else ZERO)


def _of_line(left: Left, line: InvoiceLine, asked: CreditLine, coin: Coin, field: str) -> InvoiceLine:
    net_left, quantity_left = left.nets[line.id], left.quantities[line.id]
    if (asked.quantity is None) == (asked.net is None):
        raise refuse("credit.line-amount", field)
    if asked.net is not None:
        if not coin.fits(asked.net):
            raise refuse("credit.amount", f"{field}.net")
        if asked.net > abs(net_left):
            raise refuse("credit.more-than-left", f"{field}.net", f": {abs(net_left)}")
        net = asked.net if net_left >= 0 else -asked.net
        return _line(line, net, quantity_left if net == net_left else ZERO, coin)
    if line.quantity == 0 or asked.quantity is None:
        raise refuse("credit.quantity", f"{field}.quantity")
    if asked.quantity > abs(quantity_left):
        raise refuse("credit.more-than-left", f"{field}.quantity", f": {abs(quantity_left)}")
    pieces = asked.quantity if line.quantity > 0 else -asked.quantity
    net = net_left if pieces == quantity_left else coin.round(line.net * pieces / line.quantity)
    if abs(net) > abs(net_left):
        raise refuse("credit.more-than-left", f"{field}.quantity", f": {abs(net_left)}")
    return _line(line, net, pieces, coin)


def _line(line: InvoiceLine, net: Decimal, pieces: Decimal, coin: Coin) -> InvoiceLine:
    """Return a line that takes back a net amount: so many pieces of it, or (none) a part of their price."""
    quantity = plain(pieces) if pieces and net * pieces >= 0 else Decimal(-1 if net < 0 else 1)
    return msgspec.structs.replace(
        line,
        quantity=quantity,
        unit_price=unit_price(net, quantity, coin),
        discount=ZERO,
        discount_reason="",
        net=net,
        credits_line=line.id,
        credits_quantity=plain(pieces),
    )


def _allowance_shares(left: Left, lines: Sequence[InvoiceLine], coin: Coin, book: Book) -> tuple[InvoiceAllowance, ...]:
    """Return the share of the invoice's discounts that goes with lines."""
    found: list[InvoiceAllowance] = []
    for at, one in enumerate(left.invoice.allowances):
        if one.charge:
            continue
        of_key = sum((line.net for line in left.invoice.lines if line.tax == one.tax), ZERO)
        gone = of_key - sum((left.nets[line.id] for line in left.invoice.lines if line.tax == one.tax), ZERO)
        now = gone + sum((line.net for line in lines if line.tax == one.tax), ZERO)
        if not of_key:
            continue
        share = coin.round(one.amount * now / of_key) - (one.amount - left.allowances[at])
        share = min(max(share, ZERO), left.allowances[at])
        if share:
            book.note("credit.allowance-share", f"allowances[{len(found)}]", f"{share}")
            found.append(msgspec.structs.replace(one, amount=share))
    return tuple(found)


def _by_amount(left: Left, amount: Decimal, coin: Coin, book: Book) -> _Parts:
    """Divide an amount with tax among the rates by what is left of each."""
    if not coin.fits(amount):
        raise refuse("credit.amount", "amount")
    keys = [key for key in left.bases if left.open(key)]
    if any(left.bases[key] < 0 or left.taxes[key] < 0 for key in keys):
        raise refuse("credit.mixed-signs", "amount")
    grosses = [left.bases[key] + left.taxes[key] for key in keys]
    if amount > sum(grosses, ZERO):
        raise refuse("credit.more-than-left", "amount", f": {left.total}")
    book.note("credit.amount", "totals.due", f"{amount}")
    lines, taxes = [], []
    for key, part in zip(keys, spread(amount, grosses, coin), strict=True):
        if not part:
            continue
        tax = _tax_within(left, key, part, coin)
        lines.append(_whole_line(left, key, part - tax))
        taxes.append(_tax(left, key, part - tax, tax))
    return _Parts(_numbered(tuple(lines)), (), tuple(taxes))


def _tax_within(left: Left, key: TaxKey, gross: Decimal, coin: Coin) -> Decimal:
    """Return the tax in a part of what is left: nearest to the rate's, and never more tax or net than is left."""
    nearest = Coin(coin.decimals).round(gross * key.rate / (100 + key.rate))
    return min(max(nearest, gross - left.bases[key]), left.taxes[key])


def _whole_line(left: Left, key: TaxKey, net: Decimal) -> InvoiceLine:
    """Return a line for a part of all that bears one tax."""
    quantity = Decimal(-1 if net < 0 else 1)
    return InvoiceLine(id="", name=left.invoice.number, quantity=quantity, unit_price=abs(net), net=net, tax=key)


def _tax(left: Left, key: TaxKey, base: Decimal, tax: Decimal) -> InvoiceTax:
    before = next(one for one in left.invoice.taxes if one.key == key)
    return msgspec.structs.replace(before, base=base, tax=tax)


def _numbered(lines: tuple[InvoiceLine, ...]) -> tuple[InvoiceLine, ...]:
    return tuple(msgspec.structs.replace(line, id=str(number)) for number, line in enumerate(lines, 1))
