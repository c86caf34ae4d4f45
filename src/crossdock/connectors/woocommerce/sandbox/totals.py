"""An order's arithmetic: taxes by place, line totals, order totals (two decimals in every currency)."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from . import php
from .shop import Shop
from .table import Row

ZERO = Decimal(0)
SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "CAD": "$", "AUD": "$", "CHF": "CHF", "SEK": "kr"}


def dec(value: Any) -> Decimal:
    """Return an amount ("" and junk are 0)."""
    return php.as_decimal(value) or ZERO


def rates_for(shop: Shop, order: Row) -> list[Row]:
    """Return the tax rates of the order's place: its shipping address, else its billing address."""
    place = order["shipping"] if order["shipping"].get("country") else order["billing"]
    country, state = place.get("country", ""), place.get("state", "")
    hits = [r for r in shop.tax_rates if r["country"] == country and r["state"] in ("", state) and country]
    return sorted(hits, key=lambda rate: rate["priority"])


def taxes_on(amount: Decimal, rates: list[Row]) -> dict[int, Decimal]:
    """Return the tax per rate; a compound rate also taxes the taxes before it (recorded US-CA orders)."""
    out: dict[int, Decimal] = {}
    for rate in rates:
        base = amount + (sum(out.values(), ZERO) if rate["compound"] else ZERO)
        out[rate["id"]] = base * dec(rate["rate"]) / 100
    return {rate_id: tax.quantize(php.CENT, ROUND_HALF_UP) for rate_id, tax in out.items()}


def tax_line_item(line: Row, rates: list[Row]) -> None:
    """Set the taxes of a product line from its subtotal and total."""
    on_total = taxes_on(dec(line["total"]), rates)
    on_subtotal = taxes_on(dec(line["subtotal"]), rates)
    line["taxes"] = [
        {"id": i, "total": php.money(on_total[i]), "subtotal": php.money(on_subtotal[i])} for i in on_total
    ]
    line["total_tax"] = php.money(sum(on_total.values(), ZERO))
    line["subtotal_tax"] = php.money(sum(on_subtotal.values(), ZERO))


def tax_other_line(line: Row, rates: list[Row]) -> None:
    """Set the taxes of a fee or shipping line."""
    taxes = taxes_on(dec(line["total"]), rates) if line.get("tax_status", "taxable") == "taxable" else {}
    line["taxes"] = [{"id": i, "total": php.money(tax), "subtotal": ""} for i, tax in taxes.items()]
    line["total_tax"] = php.money(sum(taxes.values(), ZERO))


def tax_fee_below_zero(order: Row, fee: Row, rates: list[Row]) -> None:
    """Give tax back with a fee below zero, whatever its own status: in the share of the order that is taxed (seen)."""
    rows = [*order["line_items"], *order["shipping_lines"], *order["fee_lines"]]
    costs = [(dec(row["total"]), row.get("tax_status", "taxable") == "taxable") for row in rows]
    whole = sum((cost for cost, _ in costs if cost > 0), ZERO)
    taxed = sum((cost for cost, taxable in costs if cost > 0 and taxable), ZERO)
    taxes = taxes_on(dec(fee["total"]) * taxed / whole, rates) if whole and taxed else {}
    fee["taxes"] = [{"id": i, "total": php.money(tax), "subtotal": ""} for i, tax in taxes.items()]
    fee["total_tax"] = php.money(sum(taxes.values(), ZERO))


def recalculate(shop: Shop, order: Row) -> None:
    """Set every total of an order from its lines and its place."""
    rates = rates_for(shop, order)
    for line in order["line_items"]:
        tax_line_item(line, rates)
    for line in order["shipping_lines"]:
        tax_other_line(line, [rate for rate in rates if rate["shipping"]])
    for line in order["fee_lines"]:
        if dec(line["total"]) < 0:
            tax_fee_below_zero(order, line, rates)
        else:
            tax_other_line(line, rates)
    _tax_lines(shop, order, rates)
    _sum_up(order)


def _tax_lines(shop: Shop, order: Row, rates: list[Row]) -> None:
    held = {line["rate_id"]: line["id"] for line in order["tax_lines"]}
    order["tax_lines"] = []
    for rate in rates:
        cart = _tax_of(rate["id"], [*order["line_items"], *order["fee_lines"]])
        code = "-".join(p for p in (rate["country"], rate["state"], rate["name"].upper(), str(rate["priority"])) if p)
        order["tax_lines"].append(
            {
                "id": held.get(rate["id"]) or shop.next_id("item"),
                "rate_code": code,
                "rate_id": rate["id"],
                "label": rate["name"],
                "compound": rate["compound"],
                "tax_total": php.money(cart),
                "shipping_tax_total": php.money(_tax_of(rate["id"], order["shipping_lines"])),
                "rate_percent": php.number(dec(rate["rate"])),
                "meta_data": [],
            }
        )


def _tax_of(rate_id: int, lines: list[Row]) -> Decimal:
    return sum((dec(tax["total"]) for line in lines for tax in line["taxes"] if tax["id"] == rate_id), ZERO)


def _sum(lines: list[Row], name: str) -> Decimal:
    return sum((dec(line[name]) for line in lines), ZERO)


def _sum_up(order: Row) -> None:
    items, fees, shipping = order["line_items"], order["fee_lines"], order["shipping_lines"]
    cart_tax = _sum(items, "total_tax") + _sum(fees, "total_tax")
    shipping_tax = _sum(shipping, "total_tax")
    # coupons or not: a line whose total is below its subtotal is a discount (seen on 11.0.1)
    discount = _sum(items, "subtotal") - _sum(items, "total")
    discount_tax = _sum(items, "subtotal_tax") - _sum(items, "total_tax")
    total = _sum(items, "total") + _sum(fees, "total") + _sum(shipping, "total") + cart_tax + shipping_tax
    order.update(
        discount_total=php.money(discount),
        discount_tax=php.money(discount_tax),
        shipping_total=php.money(_sum(shipping, "total")),
        shipping_tax=php.money(shipping_tax),
        cart_tax=php.money(cart_tax),
        total=php.money(total),
        total_tax=php.money(cart_tax + shipping_tax),
    )


def flags(order: Row) -> None:
    """Set what follows from status and total (recorded orders of every status)."""
    status = order["status"]
    order["is_editable"] = status in ("pending", "on-hold", "auto-draft")
    order["needs_payment"] = status in ("pending", "failed", "checkout-draft") and dec(order["total"]) > 0
    order["needs_processing"] = bool(order["line_items"])
    order["currency_symbol"] = SYMBOLS.get(order["currency"], order["currency"])


def line_price(line: Row) -> int | float:
    """Return a line's ``price``: the total of one piece, a JSON number (vendor fact 23)."""
    at = float(line["total"]) / (float(line["quantity"]) or 1.0)
    return int(at) if at.is_integer() else at
