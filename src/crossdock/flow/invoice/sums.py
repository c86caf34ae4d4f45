"""From pieces to an invoice's lines, tax breakdown and totals; the sums of EN 16931 (BR-CO-10 to BR-CO-17) hold.

Where prices include tax, the net is worked out so that net, tax and rounding amount (BT-114) make the gross again, to
the last decimal.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import msgspec

from crossdock.flow.invoice.pieces import Piece
from crossdock.flow.invoice.rounding import ZERO, Coin, plain, split, spread, unit_price
from crossdock.flow.invoice.rules import Book
from crossdock.flow.invoice.terms import Terms
from crossdock.model.commerce.invoice import (
    InvoiceAllowance,
    InvoiceLine,
    InvoiceTax,
    InvoiceTotals,
    RoundingPlace,
    TaxKey,
)

_WHOLE: Final = Decimal(1)
"""How far tax may be from base times rate for BR-CO-17 to hold as its published test has it."""


class Cut(msgspec.Struct, frozen=True):
    """A piece with its net and its share of tax."""

    piece: Piece
    net: Decimal
    """Signed as the piece is: an allowance's is below zero."""
    tax: Decimal
    """Of the piece alone; only what is rounded line by line adds these up."""


class Sums(msgspec.Struct, frozen=True):
    """What an invoice comes to."""

    lines: tuple[InvoiceLine, ...]
    allowances: tuple[InvoiceAllowance, ...]
    taxes: tuple[InvoiceTax, ...]
    totals: InvoiceTotals


def summed(pieces: Sequence[Piece], terms: Terms, coin: Coin, prepaid: Decimal, book: Book) -> Sums:
    """Sum pieces up. What does not hold is refused in the book."""
    cuts: list[Cut] = []
    rest = ZERO
    taxes: dict[TaxKey, Decimal] = {}
    for key in sorted({piece.key for piece in pieces}):
        own = [piece for piece in pieces if piece.key == key]
        found, taxes[key], left = _shared(own, key, terms, coin)
        cuts += found
        rest += left
    place = {id(piece): at for at, piece in enumerate(pieces)}
    cuts.sort(key=lambda cut: place[id(cut.piece)])
    book.note(f"rounding.{terms.rounding.place.value}", "taxes", f"{terms.rounding.mode}, {coin.least}")
    if rest:
        book.note("rounding.difference", "totals.rounding", f"{rest}")
    lines = tuple(
        _line(str(number), cut, terms, coin, book)
        for number, cut in enumerate((cut for cut in cuts if cut.piece.kind == "line"), 1)
    )
    allowances = _allowances(cuts)
    shares = tuple(_share(key, cuts, taxes[key], book) for key in sorted(taxes))
    return Sums(lines, allowances, shares, totals_of(lines, allowances, shares, prepaid=prepaid, rounding=rest))


def _shared(own: list[Piece], key: TaxKey, terms: Terms, coin: Coin) -> tuple[list[Cut], Decimal, Decimal]:
    """Return the pieces of one tax with their nets, its tax, and what no net and tax make up."""
    by_line = terms.rounding.place is RoundingPlace.LINE
    if not terms.prices_include_tax:
        cuts = [Cut(piece, piece.signed, coin.tax(piece.signed, key.rate)) for piece in own]
        base = sum((cut.net for cut in cuts), ZERO)
        return cuts, _added(cuts) if by_line else coin.tax(base, key.rate), ZERO
    if by_line:
        parts = [(piece, split(piece.signed, key.rate, coin)) for piece in own]
        cuts = [Cut(piece, part.net, part.tax) for piece, part in parts]
        return cuts, _added(cuts), sum((part.rest for _, part in parts), ZERO)
    grosses = [piece.signed for piece in own]
    whole = split(sum(grosses, ZERO), key.rate, coin)
    nets = _nets(whole.net, grosses, key.rate, coin)
    return [Cut(piece, net, ZERO) for piece, net in zip(own, nets, strict=True)], whole.tax, whole.rest


def _nets(total: Decimal, grosses: list[Decimal], rate: Decimal, coin: Coin) -> list[Decimal]:
    """Divide a net among pieces: each its own net, and the coins that are over to those that lost most by rounding."""
    if sum(grosses, ZERO):
        return spread(total, grosses, coin)
    # they cancel out: no shares of nothing
    parts = [coin.round(gross * 100 / (100 + rate)) for gross in grosses]
    parts[-1] += total - sum(parts, ZERO)
    return parts


def _added(cuts: Sequence[Cut]) -> Decimal:
    return sum((cut.tax for cut in cuts), ZERO)


def _line(number: str, cut: Cut, terms: Terms, coin: Coin, book: Book) -> InvoiceLine:
    piece, line = cut.piece, cut.piece.line
    assert line is not None
    quantity, price, discount = _priced(cut, terms, coin)
    if terms.prices_include_tax and piece.key.rate:
        book.note("line.includes-tax", f"lines[{int(number) - 1}].net", f"{piece.total} with tax")
    return InvoiceLine(
        id=number,
        name=line.name.strip(),
        description=line.description.strip(),
        sku=line.sku,
        quantity=quantity,
        unit=terms.units.get(line.unit, terms.default_unit),
        unit_price=price,
        discount=discount,
        discount_reason=piece.discounted if discount else "",
        net=cut.net,
        tax=piece.key,
        source_id=line.id or None,
    )


def _priced(cut: Cut, terms: Terms, coin: Coin) -> tuple[Decimal, Decimal, Decimal]:
    """Return quantity, price and discount of a line whose net they make."""
    piece = cut.piece
    quantity = plain(piece.quantity)
    if not (terms.prices_include_tax and piece.key.rate):
        return quantity, plain(piece.price), piece.discount
    factor = 100 / (100 + piece.key.rate)
    if quantity == 0:
        return quantity, plain((piece.price * factor).quantize(coin.least)), ZERO
    before = coin.round(quantity * piece.price * factor) if piece.discount else cut.net
    if before <= cut.net or cut.net < 0:
        before = cut.net
    price = unit_price(before, quantity, coin)
    discount = before - cut.net
    if price < 0 or coin.round(quantity * price - discount) != cut.net:
        # a hair of the price would be rounded up to a coin: the discount is in the price instead
        price, discount = unit_price(cut.net, quantity, coin), ZERO
    if price < 0:
        # so small an amount that its net fell to the other side of zero
        quantity, price = -quantity, -price
    return quantity, price, discount


def _allowances(cuts: Sequence[Cut]) -> tuple[InvoiceAllowance, ...]:
    """Return discounts and charges on the whole invoice; those of one reason and tax are one."""
    amounts: dict[tuple[bool, str, str, TaxKey], Decimal] = {}
    for cut in cuts:
        if cut.piece.kind != "line":
            name = (cut.piece.kind == "charge", cut.piece.reason, cut.piece.code, cut.piece.key)
            amounts[name] = amounts.get(name, ZERO) + abs(cut.net)
    return tuple(
        InvoiceAllowance(amount=amount, charge=charge, reason=reason, reason_code=code, tax=key)
        for (charge, reason, code, key), amount in amounts.items()
        if amount
    )


def _share(key: TaxKey, cuts: Sequence[Cut], tax: Decimal, book: Book) -> InvoiceTax:
    own = [cut for cut in cuts if cut.piece.key == key]
    base = sum((cut.net for cut in own), ZERO)
    if abs(tax - base * key.rate / 100) >= _WHOLE:
        book.refuse("rounding.too-far", "rounding.place")
    reasons = dict.fromkeys(cut.piece.tax.reason for cut in own if cut.piece.tax.reason)
    codes = {cut.piece.tax.code for cut in own}
    return InvoiceTax(
        key=key,
        base=base,
        tax=tax,
        exemption="; ".join(reasons),
        exemption_code=codes.pop() if len(codes) == 1 else "",
    )


def totals_of(
    lines: Sequence[InvoiceLine],
    allowances: Sequence[InvoiceAllowance],
    taxes: Sequence[InvoiceTax],
    *,
    prepaid: Decimal = ZERO,
    rounding: Decimal = ZERO,
) -> InvoiceTotals:
    """Add up (BR-CO-10 to BR-CO-16)."""
    net_lines = sum((line.net for line in lines), ZERO)
    less = sum((one.amount for one in allowances if not one.charge), ZERO)
    more = sum((one.amount for one in allowances if one.charge), ZERO)
    net = net_lines - less + more
    tax = sum((one.tax for one in taxes), ZERO)
    return InvoiceTotals(
        lines=net_lines,
        allowances=less,
        charges=more,
        net=net,
        tax=tax,
        gross=net + tax,
        prepaid=prepaid,
        rounding=rounding,
        due=net + tax - prepaid + rounding,
    )
