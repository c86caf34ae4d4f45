"""Arithmetic to the last decimal of a currency. Nothing here is a float, and every sum holds."""

from __future__ import annotations

import decimal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal

import msgspec

from crossdock.kit.money import minor_units
from crossdock.model.commerce.invoice import RoundingMode

_MODES = {
    RoundingMode.HALF_UP: decimal.ROUND_HALF_UP,
    RoundingMode.HALF_EVEN: decimal.ROUND_HALF_EVEN,
    RoundingMode.HALF_DOWN: decimal.ROUND_HALF_DOWN,
    RoundingMode.UP: decimal.ROUND_UP,
    RoundingMode.DOWN: decimal.ROUND_DOWN,
    RoundingMode.CEILING: decimal.ROUND_CEILING,
    RoundingMode.FLOOR: decimal.ROUND_FLOOR,
}
_HUNDRED = Decimal(100)
ZERO = Decimal(0)


@contextmanager
def exact() -> Iterator[None]:
    """Reckon with 60 digits: more than the largest product here has, so that only what is rounded is rounded."""
    with decimal.localcontext() as context:
        context.prec = 60
        yield


class Coin(msgspec.Struct, frozen=True):
    """The decimals amounts of an invoice have, and how one between two is settled."""

    decimals: int
    mode: RoundingMode = RoundingMode.HALF_UP

    @property
    def least(self) -> Decimal:
        """Return the smallest amount: 0.01, 1 or 0.001."""
        return Decimal(1).scaleb(-self.decimals)

    def round(self, amount: Decimal) -> Decimal:
        """Return an amount to the last decimal; never a negative zero."""
        found = amount.quantize(self.least, rounding=_MODES[self.mode])
        return abs(found) if found == 0 else found

    def fits(self, amount: Decimal) -> bool:
        """Whether an amount has no more decimals than there are."""
        return amount == amount.quantize(self.least, rounding=decimal.ROUND_DOWN)

    def tax(self, base: Decimal, rate: Decimal) -> Decimal:
        """Return the tax on a base (rate in percent), rounded."""
        return self.round(base * rate / _HUNDRED)


def coin_of(currency: str, mode: RoundingMode, *, two_decimals: bool = False) -> Coin:
    """Return the coin of a currency; ``two_decimals`` cuts those of three down to two."""
    units = minor_units(currency)
    return Coin(min(units, 2) if two_decimals else units, mode)


class Split(msgspec.Struct, frozen=True):
    """A gross amount as net, tax on exactly that net, and what is left over (mostly nothing, else one coin)."""

    net: Decimal
    tax: Decimal
    rest: Decimal


def split(gross: Decimal, rate: Decimal, coin: Coin) -> Split:
    """Take a gross amount apart.

    There is not for every gross a net whose rounded tax makes it (at 20 %, 0.03 has none): then the nearest is taken
    and ``rest`` says what is missing. The plain net comes first, then its neighbours.
    """
    plain = (gross * _HUNDRED / (_HUNDRED + rate)).quantize(coin.least, rounding=decimal.ROUND_HALF_UP)
    best: Split | None = None
    for steps in (0, -1, 1, -2, 2):
        net = plain + steps * coin.least
        tax = coin.tax(net, rate)
        found = Split(net + ZERO, tax, gross - net - tax)
        if best is None or abs(found.rest) < abs(best.rest):
            best = found
        if found.rest == 0:
            break
    assert best is not None
    return best


def spread(total: Decimal, weights: Sequence[Decimal], coin: Coin) -> list[Decimal]:
    """Divide an amount in proportion to weights so that the parts add up to it (largest remainders first).

    Weights may have either sign, but do not add up to zero unless the amount is zero.
    """
    whole = sum(weights, ZERO)
    if whole == 0:
        return [ZERO for _ in weights]
    raw = [total * weight / whole for weight in weights]
    parts = [part.quantize(coin.least, rounding=decimal.ROUND_FLOOR) for part in raw]
    left = int((total - sum(parts, ZERO)) / coin.least)
    order = sorted(range(len(raw)), key=lambda at: (parts[at] - raw[at], at))
    for at in order[:left]:
        parts[at] += coin.least
    return [abs(part) if part == 0 else part for part in parts]


def unit_price(total: Decimal, quantity: Decimal, coin: Coin) -> Decimal:
    """Return a price that, times the quantity and rounded by the coin, is the total; exact where there is an exact one.

    It has as many decimals as that takes, and errs to the side that the coin's mode settles.
    """
    if quantity == 0:
        return ZERO
    places = coin.decimals + max(quantity.adjusted(), 0) + 5
    sides = {
        RoundingMode.UP: decimal.ROUND_DOWN,
        RoundingMode.DOWN: decimal.ROUND_UP,
        RoundingMode.CEILING: decimal.ROUND_FLOOR if quantity > 0 else decimal.ROUND_CEILING,
        RoundingMode.FLOOR: decimal.ROUND_CEILING if quantity > 0 else decimal.ROUND_FLOOR,
    }
    price = (total / quantity).quantize(
        Decimal(1).scaleb(-places), rounding=sides.get(coin.mode, decimal.ROUND_HALF_UP)
    )
    return plain(price)


def plain(number: Decimal) -> Decimal:
    """Return a number without zeros at its end, and without an exponent."""
    cut = number.normalize()
    return cut.quantize(Decimal(1)) if cut.as_tuple().exponent > 0 else cut  # type: ignore[operator]
