"""How it is paid: terms, bank details, and for credit transfers in euro the code that banks' apps scan (EPC069-12)."""

from __future__ import annotations

import re
from decimal import Decimal

from segno import helpers

from crossdock.documents.page.sheet import BOTTOM, GREY, INK, LEFT, TOP, WIDTH, Sheet
from crossdock.model.commerce.invoice import Invoice, InvoiceKind

_CODE = 26.0
"""Millimetres of the code's side."""
_MOST = Decimal("999999999.99")
_TRANSFERS = ("30", "58")
"""UNTDID 4461: a credit transfer, one by SEPA."""


def payment(sheet: Sheet, invoice: Invoice, y: float) -> float:
    """Draw it; return where it ends."""
    rows = _rows(sheet, invoice)
    words = sheet.tongue.text(invoice.terms.words)
    if not rows and not words:
        return y
    code = _code(invoice)
    width = WIDTH - _CODE - 8 if code else WIDTH
    said = sheet.lines(words, width, size=9, most=12)
    height = max(8 + sheet.height(len(said), 9) + 4.6 * len(rows), _CODE + 9 if code else 0)
    y += 3
    if y + height > BOTTOM:
        sheet.add_page()
        y = TOP
    if code:
        _draw(sheet, code, LEFT + WIDTH - _CODE, y)
        sheet.say(LEFT + WIDTH - _CODE, y + _CODE + 0.8, _CODE, sheet.tongue["scan"], size=6.5, colour=GREY, align="C")
    at = sheet.box(LEFT, y, width, sheet.tongue["payment"], size=9.5, bold=True) + 0.8
    at = sheet.box(LEFT, at, width, "\n".join(said), size=9, most=len(said) + 1) + 1
    for label, value in rows:
        sheet.say(LEFT, at, 34, sheet.tongue[label], size=8, colour=GREY)
        sheet.say(LEFT + 35, at, width - 35, value, size=8.5)
        at += 4.6
    return max(at, y + height) + 3


def _rows(sheet: Sheet, invoice: Invoice) -> list[tuple[str, str]]:
    terms = invoice.terms
    given = [
        ("account", terms.account_name),
        ("iban", _fours(terms.iban)),
        ("bic", terms.bic),
        ("reference", terms.reference),
    ]
    return [(label, sheet.tongue.text(value, longest=200)) for label, value in given if value.strip()]


def _fours(iban: str) -> str:
    bare = iban.replace(" ", "")
    return " ".join(bare[at : at + 4] for at in range(0, len(bare), 4))


def _is_iban(text: str) -> bool:
    """ISO 13616: the letters as numbers, the first four behind, leave 1 of 97. A code with a slip would pay nobody."""
    bare = text.replace(" ", "").upper()
    if not re.fullmatch(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", bare):
        return False
    return int("".join(str(int(char, 36)) for char in bare[4:] + bare[:4])) % 97 == 1


def _code(invoice: Invoice) -> list[bytearray] | None:
    """The code's modules; None where a transfer in euro is not what is asked for, or the data has no such code."""
    terms, due = invoice.terms, invoice.totals.due
    asked = invoice.kind is InvoiceKind.INVOICE and invoice.number.strip() and terms.means in _TRANSFERS
    if not asked or invoice.currency != "EUR" or not _is_iban(terms.iban) or not 0 < due <= _MOST:
        return None
    name = (terms.account_name or invoice.seller.name).strip()[:70]
    words = (terms.reference or invoice.number).strip()[:140]
    try:
        code = helpers.make_epc_qr(name, terms.iban.replace(" ", ""), due, text=words, bic=terms.bic or None)
    except (ValueError, UnicodeError):
        return None
    return [bytearray(row) for row in code.matrix]


def _draw(sheet: Sheet, code: list[bytearray], x: float, y: float) -> None:
    side = _CODE / len(code)
    sheet.set_fill_color(*INK)
    for down, row in enumerate(code):
        start = None
        for across in range(len(row) + 1):
            dark = across < len(row) and row[across]
            if dark and start is None:
                start = across
            elif not dark and start is not None:
                sheet.rect(x + start * side, y + down * side, (across - start) * side, side, style="F")
                start = None
