"""What a shop does to orders: make, change, pay, trash, restore, delete; and which hooks fire.

Hooks follow vendor facts 8 to 12: a creation also updates, a restore by status is silent, a hard delete is silent.
"""

from __future__ import annotations

import copy
from typing import Any

from . import lines, stock, totals
from .answers import WpError, invalid_id
from .shop import Shop
from .table import Row

ADDRESS = ["first_name", "last_name", "company", "address_1", "address_2", "city", "state", "postcode", "country"]
STATUSES = ("auto-draft", "pending", "processing", "on-hold", "completed", "cancelled", "refunded", "failed")
PAID = ("processing", "completed")
_PLAIN = [
    "currency",
    "customer_note",
    "payment_method",
    "payment_method_title",
    "transaction_id",
    "customer_id",
    "parent_id",
    "created_via",
    "customer_ip_address",
    "customer_user_agent",
    "cart_hash",
]


def blank(shop: Shop, order_id: int) -> Row:
    """Return an order with nothing in it, as an empty POST makes one (recorded)."""
    site, gmt = shop.clock.stamps()
    key = shop.order_key()
    nil = "0.00"
    order: Row = {"id": order_id, "parent_id": 0, "status": "pending", "currency": "USD", "version": "11.0.1"}
    order |= {"prices_include_tax": False, "date_created": site, "date_modified": site}
    order |= dict.fromkeys(("discount_total", "discount_tax", "shipping_total", "shipping_tax"), nil)
    order |= dict.fromkeys(("cart_tax", "total", "total_tax"), nil)
    order |= {"customer_id": 0, "order_key": key}
    order["billing"] = {**dict.fromkeys(ADDRESS, ""), "email": "", "phone": ""}
    order["shipping"] = {**dict.fromkeys(ADDRESS, ""), "phone": ""}
    texts = ["payment_method", "payment_method_title", "transaction_id", "customer_ip_address", "customer_user_agent"]
    order |= dict.fromkeys(texts, "")
    order |= {"created_via": "rest-api", "customer_note": "", "date_completed": None, "date_paid": None}
    order |= {"cart_hash": "", "number": str(order_id), "meta_data": []}
    for part in ("line_items", "tax_lines", "shipping_lines", "fee_lines", "coupon_lines", "refunds"):
        order[part] = []
    order["payment_url"] = f"/checkout/order-pay/{order_id}/?pay_for_order=true&key={key}"
    order |= {"is_editable": True, "needs_payment": False, "needs_processing": False}
    order |= {"date_created_gmt": gmt, "date_modified_gmt": gmt, "date_completed_gmt": None, "date_paid_gmt": None}
    order["currency_symbol"] = "$"
    return order


def create(shop: Shop, params: dict[str, Any]) -> Row:
    """Make an order; a refused coupon leaves a draft behind (recorded ``new_draft_order_id``)."""
    order = blank(shop, shop.next_id("post"))
    try:
        _apply(shop, order, params)
    except WpError as error:
        if error.code == "woocommerce_rest_invalid_coupon":
            order["status"] = "checkout-draft"
            shop.orders.put(order)
            error.data = {**error.data, "new_draft_order_id": order["id"]}
        raise
    totals.recalculate(shop, order)
    status = _known(params.get("status") or "pending")
    if params.get("set_paid") and status not in PAID:
        status = "processing"
    order["status"] = "pending"
    move(shop, order, status)
    shop.orders.put(order)
    shop.emit("order.created", order["id"])
    shop.emit("order.updated", order["id"])
    _after_status(shop, order, "pending")
    return order


def update(shop: Shop, order_id: int, params: dict[str, Any]) -> Row:
    """Change an order; an unknown id is a 400 (vendor fact 26). An empty change moves the date too (recorded)."""
    held = shop.orders.get(order_id)
    if held is None:
        raise invalid_id("shop_order", 400)
    order = copy.deepcopy(held)
    was = order["status"]
    _apply(shop, order, params)
    if any(
        name in params for name in ("line_items", "fee_lines", "shipping_lines", "coupon_lines", "billing", "shipping")
    ):
        totals.recalculate(shop, order)
    status = _known(params["status"]) if params.get("status") else was
    if params.get("set_paid") and was in ("pending", "on-hold", "failed", "cancelled", "checkout-draft"):
        status = "processing"
    if was == "trash" and status != "trash":
        _leave_trash(order)
    if status != was:
        move(shop, order, status)
    totals.flags(order)
    shop.touch(order)
    shop.orders.put(order)
    if was != "trash":
        shop.emit("order.updated", order_id)
    if status != was:
        _after_status(shop, order, was)
    return order


def _known(status: str) -> str:
    """Return a status the shop knows; batch endpoints turn any other into pending (vendor fact 27)."""
    return status if status in (*STATUSES, "checkout-draft", "trash") else "pending"


def _apply(shop: Shop, order: Row, params: dict[str, Any]) -> None:
    for name in _PLAIN:
        if name in params and params[name] is not None:
            order[name] = params[name]
    if order["customer_id"] and order["customer_id"] not in shop.customers.rows:
        raise WpError(400, "woocommerce_rest_invalid_customer_id", "Customer ID is invalid.")
    for name in ("billing", "shipping"):
        if isinstance(params.get(name), dict):
            known = order[name]
            order[name] = {**known, **{k: str(v or "") for k, v in params[name].items() if k in known}}
    if isinstance(params.get("meta_data"), list):
        order["meta_data"] = shop.meta(params["meta_data"], order["meta_data"])
    lines.apply(shop, order, params)
    totals.flags(order)


def move(shop: Shop, order: Row, status: str) -> None:
    """Set a status with the dates that follow from it."""
    order["status"] = status
    site, gmt = shop.clock.stamps()
    if status in PAID and not order["date_paid"]:
        order["date_paid"], order["date_paid_gmt"] = site, gmt
    if status == "completed" and not order["date_completed"]:
        order["date_completed"], order["date_completed_gmt"] = site, gmt
    stock.follow(shop, order)
    totals.flags(order)


def _after_status(shop: Shop, order: Row, was: str) -> None:
    status, order_id = order["status"], order["id"]
    if status != was:
        shop.emit("action.woocommerce_order_status_changed", order_id)
        shop.emit(f"action.woocommerce_order_status_{status}", order_id)
    if status in PAID and was not in PAID:
        shop.emit("action.woocommerce_payment_complete", order_id)
        _paying(shop, order)
    if status == "refunded":
        from . import refunds

        refunds.remainder(shop, order)


def _paying(shop: Shop, order: Row) -> None:
    customer = shop.customers.get(order["customer_id"])
    if customer is None:
        return
    changed = {**customer, "is_paying_customer": True}
    shop.touch(changed)
    shop.customers.put(changed)
    shop.emit("customer.updated", customer["id"])


def trash(shop: Shop, order_id: int) -> Row:
    """Put an order into the trash; on post storage product and coupon hooks fire with its id too."""
    order = copy.deepcopy(_held(shop, order_id))
    if order["status"] == "trash":
        raise WpError(410, "woocommerce_rest_already_trashed", "The order has already been deleted.")
    before = order["status"]
    trashed = [
        {"key": "_wp_trash_meta_status", "value": f"wc-{before}"},
        {"key": "_wp_trash_meta_time", "value": str(int(shop.clock.time()))},
    ]
    order["meta_data"] = shop.meta(trashed, order["meta_data"])
    order["status"] = "trash"
    totals.flags(order)
    shop.touch(order)
    shop.orders.put(order)
    shop.emit("order.deleted", order_id)
    if shop.storage == "posts":
        shop.emit("product.deleted", order_id)
        shop.emit("coupon.deleted", order_id)
    return order


def untrash(shop: Shop, order_id: int) -> Row:
    """Restore an order as the admin screen does: ``order.restored`` fires (vendor fact 11)."""
    order = copy.deepcopy(_held(shop, order_id))
    if order["status"] != "trash":
        raise WpError(400, "woocommerce_rest_not_trashed", "The order is not in the trash.")
    order["status"] = _leave_trash(order)
    totals.flags(order)
    shop.touch(order)
    shop.orders.put(order)
    shop.emit("order.restored", order_id)
    shop.emit("action.woocommerce_order_status_changed", order_id)
    return order


def _leave_trash(order: Row) -> str:
    was = next((m["value"] for m in order["meta_data"] if m["key"] == "_wp_trash_meta_status"), "wc-pending")
    order["meta_data"] = [m for m in order["meta_data"] if not m["key"].startswith("_wp_trash_meta_")]
    return str(was).removeprefix("wc-")


def delete(shop: Shop, order_id: int) -> Row:
    """Delete an order for ever with its refunds; nothing fires (vendor fact 10), stock stays (fact 31)."""
    order = _held(shop, order_id)
    for row in order["refunds"]:
        if shop.refunds.drop(row["id"]):
            shop.deleted["refunds"].append(row["id"])
    shop.orders.drop(order_id)
    shop.notes.pop(order_id, None)
    shop.deleted["orders"].append(order_id)
    return order


def _held(shop: Shop, order_id: int) -> Row:
    order = shop.orders.get(order_id)
    if order is None:
        raise invalid_id("shop_order")
    return order
