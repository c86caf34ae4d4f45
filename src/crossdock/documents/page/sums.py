"""What it comes to: sums, discounts and charges, tax by rate, and what is to be paid."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from crossdock.documents.page.sheet import ACCENT, BOTTOM, GREY, LEFT, RIGHT, TOP, WIDTH, Sheet
from crossdock.model.commerce.invoice import Invoice, InvoiceKind, InvoiceTax

_LABELS = 98.0
"""Where the labels of the sums begin."""
Row = tuple[str, str, bool]
"""Words, amount, and whether it stands out."""


def sums(sheet: Sheet, invoice: Invoice, y: float) -> float:
    """Draw them; return where they end."""
    rows = [*_rows(sheet, invoice)]
    reasons = _reasons(sheet, invoice)
    height = 5.2 * len(rows) + 16 + sheet.height(len(reasons), 8)
    y += 3
    if y + height > BOTTOM:
        sheet.add_page()
        y = TOP
    for words, value, strong in rows:
        if strong:
            sheet.rule(y, start=_LABELS, colour=GREY)
        sheet.say(_LABELS, y + 0.6, 62, words, size=9, bold=strong)
        sheet.say(RIGHT - 42, y + 0.6, 40, value, size=9, bold=strong, align="R")
        y += 5.2
    y = _payable(sheet, invoice, y + 1)
    for line in reasons:
        y = sheet.box(LEFT, y, WIDTH, line, size=8, colour=GREY, most=1)
    return y + 2


def _rows(sheet: Sheet, invoice: Invoice) -> Iterator[Row]:
    tongue, totals = sheet.tongue, invoice.totals
    if invoice.allowances:
        yield tongue["lines"], tongue.money(totals.lines), False
    for one in invoice.allowances:
        label = tongue["charge" if one.charge else "allowance"]
        words = f"{label}: {tongue.text(one.reason, longest=100)}" if one.reason.strip() else label
        yield words, tongue.money(one.amount if one.charge else -one.amount), False
    yield tongue["net"], tongue.money(totals.net), True
    for share in invoice.taxes:
        yield _share(sheet, share), tongue.money(share.tax), False
    if invoice.tax_in_tax_currency is not None:
        yield _in_tax_currency(sheet, invoice), tongue.money(invoice.tax_in_tax_currency, invoice.tax_currency), False
    yield tongue["gross"], tongue.money(totals.gross), True
    if totals.prepaid:
        yield tongue["prepaid"], tongue.money(-totals.prepaid), False
    if totals.rounding:
        yield tongue["rounding"], tongue.money(totals.rounding), False


def _share(sheet: Sheet, share: InvoiceTax) -> str:
    tongue = sheet.tongue
    rate = tongue.percent(share.key.rate)
    mark = "" if share.key.category.taxed else f" ({share.key.category.value})"
    return f"{tongue['tax_share']} {rate}{mark} {tongue['base']} {tongue.money(share.base)}"


def _in_tax_currency(sheet: Sheet, invoice: Invoice) -> str:
    tongue = sheet.tongue
    words = f"{tongue['tax_share']} {tongue.text(invoice.tax_currency, longest=3)}"
    if invoice.exchange_rate is None:
        return words
    return f"{words} {tongue['rate_note']} {tongue.number(f'{invoice.exchange_rate.normalize():f}')}"


def _reasons(sheet: Sheet, invoice: Invoice) -> list[str]:
    """Why a share bears no tax: the law wants the words on the paper."""
    return [
        line
        for share in invoice.taxes
        if share.exemption.strip()
        for line in sheet.lines(
            f"{share.key.category.value}: {sheet.tongue.text(share.exemption, longest=600)}", WIDTH, size=8, most=4
        )
    ]


def _payable(sheet: Sheet, invoice: Invoice, y: float) -> float:
    label = "credited" if invoice.kind is InvoiceKind.CREDIT_NOTE else "payable"
    sheet.set_fill_color(*ACCENT)
    sheet.rect(_LABELS - 2, y, RIGHT - _LABELS + 2, 9, style="F")
    white = (255, 255, 255)
    sheet.say(_LABELS, y + 1.9, 45, sheet.tongue[label], size=11, bold=True, colour=white)
    due: Decimal = invoice.totals.due
    sheet.say(RIGHT - 52, y + 1.9, 50, sheet.tongue.money(due, named=True), size=11, bold=True, colour=white, align="R")
    return y + 12
