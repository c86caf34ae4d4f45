"""The table of lines: it goes on over pages, each with its head, and carries the sum from one to the next."""

from __future__ import annotations

from decimal import Decimal

from crossdock.documents.page.sheet import ACCENT, BOTTOM, GREY, LEFT, PALE, RIGHT, TOP, WIDTH, Sheet
from crossdock.model.commerce.invoice import Invoice, InvoiceLine

_ITEM, _QUANTITY, _PRICE, _TAX, _AMOUNT = 76.0, 22.0, 25.0, 14.0, 25.0
_FIRST = LEFT + 8
"""Where the item's column begins; the line's number stands before it."""
_NAME, _MORE = 9.0, 7.5


def table(sheet: Sheet, invoice: Invoice, y: float) -> float:
    """Draw it; return where it ends."""
    y = _head(sheet, y)
    running = Decimal(0)
    for line in invoice.lines:
        height = _height(sheet, line)
        if y + height > BOTTOM - 7:
            _carry(sheet, y, "carried", running)
            sheet.add_page()
            y = _carry(sheet, _head(sheet, TOP), "brought", running)
        _row(sheet, line, y)
        running += line.net
        y += height
        sheet.rule(y)
    return y


def _head(sheet: Sheet, y: float) -> float:
    sheet.set_fill_color(*ACCENT)
    sheet.rect(LEFT, y, WIDTH, 6.5, style="F")
    white = (255, 255, 255)
    sheet.say(LEFT + 2, y + 1.1, 6, "#", size=8, bold=True, colour=white)
    sheet.say(_FIRST, y + 1.1, _ITEM, sheet.tongue["item"], size=8, bold=True, colour=white)
    x = _FIRST + _ITEM
    tongue = sheet.tongue
    amount = f"{tongue['amount']} {tongue.text(tongue.currency, longest=3)}"
    for words, width in (
        (tongue["quantity"], _QUANTITY),
        (tongue["price"], _PRICE),
        (tongue["tax"], _TAX),
        (amount, _AMOUNT),
    ):
        sheet.say(x, y + 1.1, width - 2, words, size=8, bold=True, colour=white, align="R")
        x += width
    return y + 6.5


def _carry(sheet: Sheet, y: float, label: str, running: Decimal) -> float:
    sheet.set_fill_color(*PALE)
    sheet.rect(LEFT, y, WIDTH, 5.6, style="F")
    sheet.say(_FIRST, y + 0.8, 100, sheet.tongue[label], size=8, colour=GREY)
    sheet.say(RIGHT - 42, y + 0.8, 40, sheet.tongue.money(running), size=8, colour=GREY, align="R")
    return y + 5.6


def _texts(sheet: Sheet, line: InvoiceLine) -> tuple[list[str], list[str]]:
    """The lines of the item's name, and of what is said below it."""
    tongue = sheet.tongue
    said = []
    if line.sku.strip():
        said.append(f"{tongue['sku']} {tongue.text(line.sku, longest=200)}")
    if line.description.strip():
        said.append(tongue.text(line.description))
    if line.discount:
        why = f" ({tongue.text(line.discount_reason, longest=200)})" if line.discount_reason.strip() else ""
        said.append(f"{tongue['discount']}{why}: {tongue.money(-line.discount)}")
    name = sheet.lines(tongue.text(line.name), _ITEM - 2, size=_NAME, most=4)
    return name, [part for text in said for part in sheet.lines(text, _ITEM - 2, size=_MORE, most=8)]


def _height(sheet: Sheet, line: InvoiceLine) -> float:
    before = sheet.shortened, sheet.tongue.replaced
    name, more = _texts(sheet, line)
    # measured here, counted when it is drawn
    sheet.shortened, sheet.tongue.replaced = before
    return sheet.height(max(1, len(name)), _NAME) + sheet.height(len(more), _MORE) + 3


def _row(sheet: Sheet, line: InvoiceLine, y: float) -> None:
    tongue = sheet.tongue
    name, more = _texts(sheet, line)
    y += 1.5
    sheet.say(LEFT + 2, y, 6, tongue.text(line.id, longest=20), size=8, colour=GREY)
    x = _FIRST + _ITEM
    rate = tongue.percent(line.tax.rate) if line.tax.rate or line.tax.category.taxed else line.tax.category.value
    for text, width in (
        (tongue.quantity(line.quantity, line.unit), _QUANTITY),
        (tongue.price(line.unit_price), _PRICE),
        (rate, _TAX),
        (tongue.money(line.net), _AMOUNT),
    ):
        sheet.say(x, y, width - 2, text, size=_NAME, align="R")
        x += width
    y = sheet.box(_FIRST, y, _ITEM, "\n".join(name), size=_NAME, most=len(name) + 1)
    sheet.box(_FIRST, y, _ITEM, "\n".join(more), size=_MORE, colour=GREY, most=len(more) + 1)
