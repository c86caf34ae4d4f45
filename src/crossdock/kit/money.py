"""Money: an exact decimal amount with its ISO 4217 currency."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

import msgspec

_MINOR_UNITS = {
    **dict.fromkeys(["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF"], 0),
    **dict.fromkeys(["UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"], 0),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
}


def minor_units(currency: str) -> int:
    """Return how many decimals a currency has (ISO 4217; 2 where the table does not say otherwise)."""
    return _MINOR_UNITS.get(currency, 2)


class CurrencyMismatch(ValueError):
    """Two amounts of different currencies were put together."""


class Money(msgspec.Struct, frozen=True, order=False):
    """An amount as it was stated: its scale is kept, nothing is rounded."""

    amount: Decimal
    currency: str

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount - other.amount, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} do not add up")


def money(text: str | int | float | Decimal, currency: str) -> Money:
    """Read an amount. A float goes through its shortest text, so 11.05 stays 11.05.

    Raises ``ValueError`` when the text is no finite decimal number.
    """
    try:
        amount = Decimal(str(text))
    except InvalidOperation:
        raise ValueError("expected a decimal number") from None
    if not amount.is_finite():
        raise ValueError("expected a finite decimal number")
    return Money(amount, currency)
