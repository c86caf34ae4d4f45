"""What a shop does to registered customers, and to coupons, tax rates and notes."""

from __future__ import annotations

import copy
import hashlib
from typing import Any

from . import php
from .answers import WpError, invalid_id
from .shop import Shop
from .table import Row

_ADDRESS = ["first_name", "last_name", "company", "address_1", "address_2", "city", "postcode", "country", "state"]


def gravatar(email: str) -> str:
    """Return the avatar's address WordPress makes from an e-mail address (recorded shape)."""
    digest = hashlib.sha256(email.strip().lower().encode()).hexdigest()
    return f"https://secure.gravatar.com/avatar/{digest}?s=96&d=mm&r=g"


def blank(shop: Shop, customer_id: int, email: str) -> Row:
    """Return a customer with an e-mail address alone, keys as recorded."""
    site, gmt = shop.clock.stamps()
    return {
        "id": customer_id,
        "date_created": site,
        "date_created_gmt": gmt,
        "date_modified": site,
        "date_modified_gmt": gmt,
        "email": email,
        "first_name": "",
        "last_name": "",
        "role": "customer",
        "username": email.partition("@")[0].lower(),
        "billing": {**dict.fromkeys(_ADDRESS, ""), "email": "", "phone": ""},
        "shipping": {**dict.fromkeys(_ADDRESS, ""), "phone": ""},
        "is_paying_customer": False,
        "avatar_url": gravatar(email),
        "meta_data": [],
    }


def create(shop: Shop, params: dict[str, Any]) -> Row:
    """Register a customer; ``customer.created`` comes with ``customer.updated`` (vendor fact 8)."""
    email = str(params.get("email") or "")
    if "@" not in email:
        message = "Please provide a valid email address."
        raise WpError(400, "registration-error-invalid-email", message)
    _check_email(shop, email, 0)
    row = blank(shop, shop.next_id("user"), email)
    if params.get("username"):
        row["username"] = str(params["username"])
    apply(shop, row, params)
    shop.customers.put(row)
    shop.emit("customer.created", row["id"])
    shop.emit("customer.updated", row["id"])
    return row


def update(shop: Shop, customer_id: int, params: dict[str, Any]) -> Row:
    """Change a customer."""
    held = shop.customers.get(customer_id)
    if held is None:
        raise WpError(400, "woocommerce_rest_invalid_id", "Invalid resource ID.")
    row = copy.deepcopy(held)
    if params.get("email"):
        _check_email(shop, str(params["email"]), customer_id)
        row["email"] = str(params["email"])
        row["avatar_url"] = gravatar(row["email"])
    apply(shop, row, params)
    shop.touch(row)
    shop.customers.put(row)
    shop.emit("customer.updated", customer_id)
    return row


def _check_email(shop: Shop, email: str, own_id: int) -> None:
    if any(c["email"].lower() == email.lower() and c["id"] != own_id for c in shop.customers):
        message = f"An account is already registered with {email}. Please log in or use a different email address."
        raise WpError(400, "registration-error-email-exists", message)


def apply(shop: Shop, row: Row, params: dict[str, Any]) -> None:
    """Set what the parameters name."""
    for name in ("first_name", "last_name"):
        if params.get(name) is not None:
            row[name] = str(params[name])
    for name in ("billing", "shipping"):
        if isinstance(params.get(name), dict):
            row[name] = {**row[name], **{k: str(v or "") for k, v in params[name].items() if k in row[name]}}
    if isinstance(params.get("meta_data"), list):
        row["meta_data"] = shop.meta(params["meta_data"], row["meta_data"])


def delete(shop: Shop, customer_id: int) -> Row:
    """Delete a customer for ever; this one does fire (vendor fact 10)."""
    row = shop.customers.get(customer_id)
    if row is None:
        raise WpError(400, "woocommerce_rest_invalid_id", "Invalid resource id.")
    shop.emit("customer.deleted", customer_id)
    shop.customers.drop(customer_id)
    shop.deleted["customers"].append(customer_id)
    return row


def blank_coupon(shop: Shop, coupon_id: int, code: str) -> Row:
    """Return a coupon with nothing but its code, keys as recorded."""
    site, gmt = shop.clock.stamps()
    row: Row = {"id": coupon_id, "code": code.lower(), "amount": "0.00", "status": "publish"}
    row |= {"date_created": site, "date_created_gmt": gmt, "date_modified": site, "date_modified_gmt": gmt}
    row |= {"discount_type": "fixed_cart", "description": "", "date_expires": None, "date_expires_gmt": None}
    row |= {"usage_count": 0, "individual_use": False, "product_ids": [], "excluded_product_ids": []}
    row |= dict.fromkeys(("usage_limit", "usage_limit_per_user", "limit_usage_to_x_items"))
    row |= {"free_shipping": False, "product_categories": [], "excluded_product_categories": []}
    row |= {"exclude_sale_items": False, "minimum_amount": "0.00", "maximum_amount": "0.00"}
    return row | {"email_restrictions": [], "used_by": [], "meta_data": []}


def save_coupon(shop: Shop, params: dict[str, Any], coupon_id: int | None = None) -> Row:
    """Make a coupon, or change one."""
    code = str(params.get("code") or "").lower()
    if code and any(c["code"] == code and c["id"] != coupon_id for c in shop.coupons):
        message = "The coupon code already exists"
        raise WpError(400, "woocommerce_rest_coupon_code_already_exists", message)
    if coupon_id is None:
        row = blank_coupon(shop, shop.next_id("post"), code)
    else:
        held = shop.coupons.get(coupon_id)
        if held is None:
            raise invalid_id("shop_coupon", 400)
        row = {**held, "code": code or held["code"]}
        shop.touch(row)
    if params.get("amount") is not None:
        row["amount"] = php.money(php.as_decimal(php.format_decimal(params["amount"])) or php.CENT * 0)
    for name in ("discount_type", "description", "free_shipping", "usage_limit", "individual_use", "status"):
        if params.get(name) is not None:
            row[name] = params[name]
    shop.coupons.put(row)
    shop.emit("coupon.created" if coupon_id is None else "coupon.updated", row["id"])
    return row


def trash_coupon(shop: Shop, coupon_id: int, *, force: bool) -> Row:
    """Trash a coupon (``product.deleted`` fires with its id, recorded) or delete it for ever (silent)."""
    row = shop.coupons.get(coupon_id)
    if row is None:
        raise invalid_id("shop_coupon")
    if force:
        shop.coupons.drop(coupon_id)
        shop.deleted["coupons"].append(coupon_id)
        return row
    shop.coupons.put({**row, "status": "trash"})
    shop.emit("coupon.deleted", coupon_id)
    shop.emit("product.deleted", coupon_id)
    return row


def add_note(shop: Shop, order_id: int, params: dict[str, Any]) -> Row:
    """Add an order note: nothing fires and the order's date stays (vendor fact 12)."""
    if order_id not in shop.orders.rows:
        raise WpError(404, "woocommerce_rest_order_invalid_id", "Invalid order ID.")
    site, gmt = shop.clock.stamps()
    by_user = params.get("added_by_user") in (True, "true", "1", 1)
    note: Row = {
        "id": shop.next_id("note"),
        "author": "admin" if by_user else "system",
        "date_created": site,
        "date_created_gmt": gmt,
        "note": str(params["note"]),
        "customer_note": params.get("customer_note") in (True, "true", "1", 1),
    }
    shop.notes.setdefault(order_id, []).append(note)
    return note
