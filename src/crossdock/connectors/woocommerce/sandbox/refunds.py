"""Refunds: partial, by line with restock, and the remainder that the status ``refunded`` makes."""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

from . import lines, php, stock, totals
from .answers import WpError, invalid_id
from .shop import Shop
from .table import Row

_REFUSED = "woocommerce_rest_cannot_create_order_refund"


def left_of(order: Row) -> Decimal:
    """Return what may still be refunded (an order's own total is not lowered by refunds)."""
    return totals.dec(order["total"]) + sum((totals.dec(r["total"]) for r in order["refunds"]), totals.ZERO)


def create(shop: Shop, order_id: int, params: dict[str, Any]) -> Row:
    """Refund by REST; ``api_refund`` asks a gateway, and this shop has none that can (recorded 500)."""
    held = shop.orders.get(order_id)
    if held is None:
        raise WpError(500, "woocommerce_rest_invalid_order_id", "Invalid order ID.", data=404)
    amount = totals.dec(params.get("amount"))
    if amount <= 0:
        message = "Refund amount must be greater than zero."
        raise WpError(400, "woocommerce_rest_invalid_order_refund", message)
    if amount > left_of(held):
        raise WpError(500, _REFUSED, "Invalid refund amount.", data=500)
    if params.get("api_refund", True):
        message = "The payment gateway for this order does not support automatic refunds."
        raise WpError(500, _REFUSED, message, data=500)
    order = copy.deepcopy(held)
    row = make(shop, order_id, amount, str(params.get("reason") or ""), full=amount == left_of(held))
    row["meta_data"] = [*row["meta_data"], *shop.meta(params.get("meta_data") or [])]
    for given in params.get("line_items") or ():
        row["line_items"] += refund_lines(shop, order, given, restock=params.get("api_restock", True) is not False)
    book(shop, order, row)
    if left_of(order) == 0 and order["status"] != "refunded":
        order["status"] = "refunded"
        totals.flags(order)
        shop.emit("action.woocommerce_order_status_changed", order_id)
    shop.touch(order)
    shop.orders.put(order)
    shop.emit("order.updated", order_id)
    shop.emit("action.woocommerce_order_refunded", order_id)
    return row


def remainder(shop: Shop, order: Row) -> None:
    """Refund what is left, as the status ``refunded`` does (vendor fact 31)."""
    amount = left_of(order)
    if amount <= 0:
        return
    row = make(shop, order["id"], amount, "Order fully refunded.", full=True)
    book(shop, order, row)
    shop.orders.put(order)
    shop.emit("action.woocommerce_order_refunded", order["id"])


def make(shop: Shop, order_id: int, amount: Decimal, reason: str, *, full: bool) -> Row:
    """Return a refund without lines, keys as recorded."""
    site, gmt = shop.clock.stamps()
    kind = "full" if full else "partial"
    return {
        "id": shop.next_id("post"),
        "date_created": site,
        "date_created_gmt": gmt,
        "amount": php.money(amount),
        "reason": reason,
        "refunded_by": 1,
        "refunded_payment": False,
        "meta_data": shop.meta([{"key": "_refund_type", "value": kind}]),
        "line_items": [],
        "shipping_lines": [],
        "tax_lines": [],
        "fee_lines": [],
        "order_id": order_id,
    }


def book(shop: Shop, order: Row, row: Row) -> None:
    """Keep a refund and note it in its order."""
    shop.refunds.put(row)
    mark = {"id": row["id"], "reason": row["reason"], "total": f"-{row['amount']}", "total_tax": "0.00"}
    order["refunds"] = [*order["refunds"], mark]


def refund_lines(shop: Shop, order: Row, given: dict[str, Any], *, restock: bool) -> list[Row]:
    """Return the refund\'s line for one given line; its pieces go back to stock with ``restock``."""
    line = next((x for x in order["line_items"] if x["id"] == php.as_int(given.get("id"))), None)
    if line is None:
        raise WpError(400, "woocommerce_rest_invalid_line_item_id", "Line item ID is invalid.")
    quantity = php.as_int(given.get("quantity"))
    taken = min(quantity, stock.reduced(line))
    if restock and taken:
        stock.give_back(shop, line, taken)
        stock.note(shop, line, "_reduced_stock", stock.reduced(line) - taken)
        stock.note(shop, line, "_restock_refunded_items", quantity)
    total = -totals.dec(given.get("refund_total"))
    meta = lines.shown_meta(shop, [{"key": "_refunded_item_id", "value": str(line["id"])}])
    taxes = [(php.as_int(x.get("id")), -totals.dec(x.get("refund_total"))) for x in given.get("refund_tax") or ()]
    shown = [{"id": rate, "total": php.money(tax), "subtotal": php.money(tax)} for rate, tax in taxes]
    tax = php.money(sum((tax for _, tax in taxes), totals.ZERO))
    row = {**line, "id": shop.next_id("item"), "quantity": -quantity, "taxes": shown, "meta_data": meta}
    row |= {"subtotal": php.money(total), "total": php.money(total), "subtotal_tax": tax, "total_tax": tax}
    row["price"] = totals.line_price(row)
    return [row]


def delete(shop: Shop, order_id: int, refund_id: int) -> Row:
    """Delete a refund; the order's ``date_modified`` stays (vendor fact 12)."""
    row = shop.refunds.get(refund_id)
    if row is None or row["order_id"] != order_id:
        raise invalid_id("shop_order_refund")
    order = shop.orders.get(order_id)
    if order is not None:
        shop.orders.put({**order, "refunds": [r for r in order["refunds"] if r["id"] != refund_id]})
    shop.refunds.drop(refund_id)
    shop.deleted["refunds"].append(refund_id)
    return row
