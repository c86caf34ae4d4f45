"""Numbers, days and text as a language writes them and as the page's font can show them; pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Container
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from crossdock.documents.page.labels import DEFAULT, LABELS
from crossdock.documents.terms import amount, plain
from crossdock.documents.text import REPLACEMENT

_HARD_SPACE = "\u00a0"
_MARKS = {
    "en": (",", ".", "{d:%d} {month} {d:%Y}"),
    "de": (".", ",", "{d:%d.%m.%Y}"),
    "fr": (_HARD_SPACE, ",", "{d:%d/%m/%Y}"),
    "es": (".", ",", "{d:%d/%m/%Y}"),
    "it": (".", ",", "{d:%d/%m/%Y}"),
    "nl": (".", ",", "{d:%d-%m-%Y}"),
    "pt": (".", ",", "{d:%d/%m/%Y}"),
    "pl": (_HARD_SPACE, ",", "{d:%d.%m.%Y}"),
}
"""Between thousands, before decimals, and a day."""
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_UNITS = {
    "C62": "", "H87": "", "EA": "", "HUR": "h", "KGM": "kg", "GRM": "g", "MTR": "m", "MTK": "m²", "MTQ": "m³",
    "LTR": "l", "KMT": "km", "TNE": "t", "CMT": "cm", "MMT": "mm", "MIN": "min",
}  # fmt: skip
"""UN/ECE recommendation 20: how the commonest units are written; others stand by their code."""
_FINEST_PRICE = 6


class Tongue:
    """One language on one page. ``shown`` are the characters that the font has."""

    def __init__(self, language: str, currency: str, shown: Container[int]) -> None:
        self.language = language[:2].lower() if language[:2].lower() in LABELS else DEFAULT
        self.currency = currency
        self.replaced = 0
        """How many characters the font did not have."""
        self._labels = LABELS[self.language]
        self._thousands, self._point, self._day = _MARKS[self.language]
        self._shown = shown

    def __getitem__(self, label: str) -> str:
        return self._labels[label]

    def number(self, text: str) -> str:
        """Return a plain decimal with this language's marks."""
        sign, digits = ("–", text[1:]) if text.startswith("-") else ("", text)
        whole, _, fraction = digits.partition(".")
        grouped = f"{int(whole):,}".replace(",", self._thousands)
        return sign + grouped + (self._point + fraction if fraction else "")

    def money(self, value: Decimal, currency: str = "", *, named: bool = False) -> str:
        """Return an amount, with its currency's code when ``named``."""
        currency = currency or self.currency
        text = self.number(amount(value, currency))
        return f"{text}{_HARD_SPACE}{self.text(currency)}" if named else text

    def price(self, value: Decimal) -> str:
        """Return a price; finer than six decimals it is rounded on the page (the XML has it whole)."""
        exponent = value.normalize().as_tuple().exponent
        if isinstance(exponent, int) and -exponent > _FINEST_PRICE:
            value = value.quantize(Decimal(1).scaleb(-_FINEST_PRICE), ROUND_HALF_UP)
        return self.number(amount(value, self.currency))

    def quantity(self, value: Decimal, unit: str) -> str:
        """Return a quantity with its unit."""
        return f"{self.number(plain(value))}{_HARD_SPACE}{self.text(_UNITS.get(unit, unit))}".rstrip(_HARD_SPACE)

    def percent(self, rate: Decimal) -> str:
        """Return a rate."""
        return f"{self.number(plain(rate))}{_HARD_SPACE}%"

    def day(self, day: date | None) -> str:
        """Return a day; empty for none."""
        return self._day.format(d=day, month=_MONTHS[day.month - 1]) if day is not None else ""

    def text(self, text: str, *, longest: int = 2_000) -> str:
        """Return text as the font can show it: one line per line break, nothing invisible, U+FFFD for what lacks."""
        kept = []
        for char in unicodedata.normalize("NFC", text[:longest]):
            if char == "\n":
                kept.append(char)
            elif char.isspace():
                kept.append(_HARD_SPACE if char in (_HARD_SPACE, "\u202f") else " ")
            elif unicodedata.category(char) in ("Cf", "Cc", "Mn") and ord(char) not in self._shown:
                # marks of direction, joiners, variation selectors: nothing to see
                continue
            elif unicodedata.category(char) == "Cf":
                continue
            elif ord(char) in self._shown:
                kept.append(char)
            else:
                self.replaced += char != REPLACEMENT
                kept.append(REPLACEMENT)
        return "".join(kept).strip()
