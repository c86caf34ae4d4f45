"""The pieces an invoice is made of, in the CRM's own prices: lines, charges and the discount on the whole."""

from __future__ import annotations

from decimal import Decimal
from typing import Final, Literal

import msgspec

from crossdock.flow.invoice.rounding import ZERO, Coin, spread
from crossdock.flow.invoice.rules import Book
from crossdock.flow.invoice.taxes import Chosen, TaxChooser
from crossdock.flow.invoice.terms import ChargeRule, Terms
from crossdock.model.commerce.deal import Deal, DealLine
from crossdock.model.commerce.invoice import TaxKey

MOST_LINES: Final = 1000
_HUNDRED = Decimal(100)
_LARGEST = Decimal(10) ** 15
_FINEST = -10


class Piece(msgspec.Struct, frozen=True):
    """A line, a charge or an allowance; with tax where the CRM's prices include it."""

    kind: Literal["line", "charge", "allowance"]
    total: Decimal
    """After discounts, to the last decimal. An allowance's and a charge's is above zero."""
    tax: Chosen
    line: DealLine | None = None
    quantity: Decimal = Decimal(1)
    price: Decimal = ZERO
    """Of one, before ``discount``; never below zero (BR-27)."""
    discount: Decimal = ZERO
    """Off the line, to the last decimal, never below zero."""
    discounted: str = ""
    """Which discounts there were, in words."""
    reason: str = ""
    code: str = ""

    @property
    def key(self) -> TaxKey:
        """Return the share of the tax breakdown it belongs to."""
        return self.tax.key

    @property
    def signed(self) -> Decimal:
        """Return what it adds to the whole."""
        return -self.total if self.kind == "allowance" else self.total


class Cutter:
    """Cuts a deal into pieces; what cannot be is refused in the book."""

    def __init__(self, deal: Deal, terms: Terms, coin: Coin, chooser: TaxChooser, book: Book) -> None:
        self._deal = deal
        self._terms = terms
        self._coin = coin
        self._chooser = chooser
        self._book = book
        self._charges: tuple[ChargeRule, ...] = ()

    def cut(self) -> list[Piece]:
        """Return the pieces."""
        lines = self._lines()
        # an invoice has at least one line (BR-16): where all are charges they stay lines
        self._charges = self._terms.charges if any(self._charge(line) is None for line in lines) else ()
        pieces = [self._piece(line, f"lines[{at}]") for at, line in enumerate(lines)]
        found = [piece for piece in pieces if piece is not None]
        if self._book.refused or not self._deal.lines:
            return found
        return [*found, *self._difference(found)]

    def _charge(self, line: DealLine) -> ChargeRule | None:
        return next((rule for rule in self._terms.charges if _charged(rule, line)), None)

    def _lines(self) -> list[DealLine]:
        deal = self._deal
        if len(deal.lines) > MOST_LINES:
            self._book.refuse("line.too-many", "lines")
            return []
        if deal.lines:
            return sorted(deal.lines, key=lambda line: line.position)
        if self._terms.no_lines == "refuse":
            self._book.refuse("deal.no-lines", "lines")
        elif deal.amount is None:
            self._book.refuse("deal.no-amount", "amount")
        elif deal.amount < 0:
            self._book.refuse("deal.negative", "amount")
        else:
            self._book.note("line.from-amount", "lines[0]")
            return [DealLine(id="", name=deal.name, unit_price=self._coin.round(deal.amount))]
        return []

    def _piece(self, line: DealLine, about: str) -> Piece | None:
        if not self._sound(line, about):
            return None
        rule = self._charge(line) if self._charges else None
        tax = self._chooser.choose(line, f"{about}.tax")
        piece = self._priced(line, tax, about)
        if piece is None:
            return None
        self._compare(line, piece, about)
        if rule is None:
            if piece.total == 0:
                self._book.note("line.free", about)
            return piece
        if piece.total < 0:
            self._book.refuse("charge.negative", about)
        if piece.total == 0:
            self._book.note("charge.zero", about)
            return None
        self._book.note("charge.line", about, rule.reason)
        return Piece("charge", piece.total, tax, line, reason=rule.reason, code=rule.code)

    def _sound(self, line: DealLine, about: str) -> bool:
        numbers = {
            "quantity": line.quantity,
            "unit_price": line.unit_price,
            "discount": line.discount,
            "discount_percent": line.discount_percent,
            "tax_rate": line.tax_rate or ZERO,
        }
        wrong = [name for name, number in numbers.items() if not _holdable(number)]
        for name in wrong:
            self._book.refuse("line.number", f"{about}.{name}")
        if not line.name.strip():
            self._book.refuse("line.name", f"{about}.name")
            return False
        if not wrong and not ZERO <= numbers["tax_rate"] <= _HUNDRED:
            self._book.refuse("line.number", f"{about}.tax_rate")
            return False
        return not wrong

    def _priced(self, line: DealLine, tax: Chosen, about: str) -> Piece | None:
        percent, each = line.discount_percent, line.discount
        if each and percent and self._terms.both_discounts == "refuse":
            self._book.refuse("line.two-discounts", f"{about}.discount")
            return None
        back = line.unit_price < 0 or line.quantity < 0
        price = abs(line.unit_price)
        if each < 0 or not ZERO <= percent <= _HUNDRED or each > price or (back and each):
            self._book.refuse("line.discount", f"{about}.discount")
            return None
        words = self._discounts(line, about)
        left = _after(price, each, percent, percent_first=self._terms.both_discounts == "percent_first")
        if left < 0:
            self._book.refuse("line.discount", f"{about}.discount")
            return None
        if back and line.unit_price * line.quantity < 0:
            self._book.note("line.negative", about)
            quantity = -abs(line.quantity)
            return Piece("line", self._coin.round(quantity * left), tax, line, quantity, left, discounted=words)
        quantity = abs(line.quantity)
        discount = self._coin.round(quantity * (price - left))
        total = self._coin.round(quantity * price - discount)
        if total < 0:
            # rounded, the discount is more than there is: it goes into the price
            return Piece("line", self._coin.round(quantity * left), tax, line, quantity, left, discounted=words)
        return Piece("line", total, tax, line, quantity, price, discount, words)

    def _discounts(self, line: DealLine, about: str) -> str:
        told = []
        if line.discount:
            self._book.note("line.piece-discount", about, f"{line.discount} each")
            told.append(f"{line.discount} each")
        if line.discount_percent:
            self._book.note("line.percent-discount", about, f"{line.discount_percent} %")
            told.append(f"{line.discount_percent} %")
        if len(told) == 2:
            self._book.note("line.both-discounts", about, self._terms.both_discounts)
        return ", ".join(told)

    def _compare(self, line: DealLine, piece: Piece, about: str) -> None:
        if line.net is None or self._terms.line_net == "ignore":
            return
        if not _holdable(line.net) or abs(line.net - piece.total) > self._coin.least:
            self._book.refuse("line.net-differs", f"{about}.net", f": {piece.total} and not {line.net}")

    def _difference(self, pieces: list[Piece]) -> list[Piece]:
        """Compare with the deal's amount; what it is less by may become a discount on the whole."""
        if self._deal.amount is None:
            return []
        if not _holdable(self._deal.amount):
            self._book.refuse("line.number", "amount")
            return []
        total, amount = sum((piece.signed for piece in pieces), ZERO), self._coin.round(self._deal.amount)
        if amount == total:
            return []
        detail = f": {amount} and {total}"
        if amount > total:
            if self._terms.more == "refuse":
                self._book.refuse("deal.amount-above-lines", "amount", detail)
            else:
                self._book.note("amount.ignored", "totals.lines", detail[2:])
            return []
        if self._terms.less == "refuse":
            self._book.refuse("deal.amount-below-lines", "amount", detail)
        elif self._terms.less == "ignore":
            self._book.note("amount.ignored", "totals.lines", detail[2:])
        elif amount < 0:
            self._book.refuse("deal.negative", "amount")
        else:
            self._book.note("amount.allowance", "allowances", detail[2:])
            return _allowances(total - amount, pieces, self._coin)
        return []


def _allowances(amount: Decimal, pieces: list[Piece], coin: Coin) -> list[Piece]:
    """Divide a discount among the taxes by what each has; one below zero gets none."""
    by_key: dict[TaxKey, Decimal] = {}
    taxes: dict[TaxKey, Chosen] = {}
    for piece in pieces:
        by_key[piece.key] = by_key.get(piece.key, ZERO) + piece.signed
        taxes.setdefault(piece.key, piece.tax)
    keys = [key for key in sorted(by_key) if by_key[key] > 0]
    parts = spread(amount, [by_key[key] for key in keys], coin)
    return [
        Piece("allowance", part, taxes[key], reason="Discount", code="95")
        for key, part in zip(keys, parts, strict=True)
        if part > 0
    ]


def _after(price: Decimal, each: Decimal, percent: Decimal, *, percent_first: bool) -> Decimal:
    share = (_HUNDRED - percent) / _HUNDRED
    return price * share - each if percent_first else (price - each) * share


def _charged(rule: ChargeRule, line: DealLine) -> bool:
    return (
        (bool(line.sku) and line.sku in rule.skus)
        or (line.product_id is not None and line.product_id in rule.product_ids)
        or line.name.strip().casefold() in {name.strip().casefold() for name in rule.names}
    )


def _holdable(number: Decimal) -> bool:
    """Whether a number is one, of at most 15 digits before the point and 10 behind it."""
    if not number.is_finite():
        return False
    exponent = number.normalize().as_tuple().exponent
    return abs(number) < _LARGEST and isinstance(exponent, int) and exponent >= _FINEST
