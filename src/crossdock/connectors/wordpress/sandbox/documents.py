"""Documents as wc/v3 answers them, from the recordings' keys; changes are merged over them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any


def stamp(at: datetime) -> str:
    """Return a moment as WooCommerce writes it in its _gmt fields."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _dated(at: datetime) -> dict[str, Any]:
    text = stamp(at)
    return {
        "date_created": text,
        "date_created_gmt": text,
        "date_modified": text,
        "date_modified_gmt": text,
    }


def _address(**more: str) -> dict[str, str]:
    names = ("first_name", "last_name", "company", "address_1", "address_2", "city", "postcode", "country", "state")
    return {**dict.fromkeys((*names, "phone"), ""), **more}


def customer(number: int, at: datetime, email: str, first: str, last: str) -> dict[str, Any]:
    """Return a user as a customer."""
    return {
        "id": number,
        **_dated(at),
        "email": email,
        "first_name": first,
        "last_name": last,
        "role": "customer",
        "username": email.partition("@")[0],
        "billing": {**_address(first_name=first, last_name=last), "email": email},
        "shipping": _address(),
        "is_paying_customer": False,
        "avatar_url": "",
        "meta_data": [],
        "_links": {},
    }


def order(number: int, at: datetime, user: dict[str, Any] | None, product: dict[str, Any]) -> dict[str, Any]:
    """Return an order of two pieces; without a user it is a guest's."""
    price = float(product["price"])
    total = f"{2 * price:.2f}"
    email = user["email"] if user else f"guest{number}@example.com"
    line = {
        "id": number * 10,
        "name": product["name"],
        "product_id": product["id"],
        "variation_id": 0,
        "quantity": 2,
        "tax_class": "",
        "subtotal": total,
        "subtotal_tax": "0.00",
        "total": total,
        "total_tax": "0.00",
        "taxes": [],
        "meta_data": [],
        "sku": product["sku"],
        "price": price,
    }
    return {
        "id": number,
        "parent_id": 0,
        "status": "processing",
        "currency": "EUR",
        "version": "11.0.1",
        "prices_include_tax": False,
        **_dated(at),
        **dict.fromkeys(("discount_total", "discount_tax", "shipping_total", "shipping_tax"), "0.00"),
        "cart_tax": "0.00",
        "total": total,
        "total_tax": "0.00",
        "customer_id": user["id"] if user else 0,
        "order_key": f"wc_order_{number:08d}",
        "billing": {**_address(first_name="Ana", last_name="Silva", country="PT"), "email": email},
        "shipping": _address(),
        "payment_method": "bacs",
        "payment_method_title": "Direct bank transfer",
        "transaction_id": "",
        "customer_note": "",
        "created_via": "checkout",
        "date_completed": None,
        "date_completed_gmt": None,
        "date_paid": stamp(at),
        "date_paid_gmt": stamp(at),
        "number": str(number),
        "meta_data": [],
        "line_items": [line],
        **{name: [] for name in ("tax_lines", "shipping_lines", "fee_lines", "coupon_lines", "refunds")},
        "_links": {},
    }


def product(number: int, at: datetime) -> dict[str, Any]:
    """Return a simple product."""
    return {
        "id": number,
        "name": f"Tea {number}",
        **_dated(at),
        "type": "simple",
        "status": "publish",
        "description": "",
        "sku": f"TEA-{number}",
        "price": "9.50",
        "regular_price": "9.50",
        "sale_price": "",
        "permalink": f"https://site.example/product/tea-{number}/",
        "manage_stock": True,
        "stock_quantity": 10,
        "stock_status": "instock",
        "backorders": "no",
        "parent_id": 0,
        "categories": [{"id": 15, "name": "Teas", "slug": "teas"}],
        "images": [],
        "attributes": [],
        "meta_data": [],
        "_links": {},
    }


def refund(number: int, at: datetime, of: dict[str, Any]) -> dict[str, Any]:
    """Return a refund of a whole order."""
    text = stamp(at)
    return {
        "id": number,
        "parent_id": of["id"],
        "date_created": text,
        "date_created_gmt": text,
        "amount": of["total"],
        "reason": "",
        "refunded_by": 1,
        "refunded_payment": False,
        "meta_data": [],
        "line_items": [],
        "_links": {},
    }
