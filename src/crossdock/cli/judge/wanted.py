"""What HubSpot has to hold, worked out from the shop's own rows by docs/why/hubspot-decisions.md. Pure.

A field that is missing here is left to HubSpot; an empty text says that it must be empty there.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

Fields = dict[str, str]
Row = Mapping[str, Any]
_WON, _LOST = ("processing", "completed"), ("cancelled", "failed", "refunded", "trash")


def address(text: str) -> str:
    """Return an e-mail address in lower case, or nothing for what is none."""
    found = text.strip().lower()
    return found if re.fullmatch(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+", found) else ""


def buyer(order: Row, customers: Mapping[int, Row]) -> str:
    """Return the address of the contact an order belongs to: the account's own, else the billing address."""
    account = customers.get(order["customer_id"])
    own = address(account["email"]) if account else ""
    return own or address(order["billing"]["email"])


def deal(order: Row, store: str) -> Fields:
    """Return the fields of an order's deal."""
    billing, status = order["billing"], order["status"]
    name = " ".join(f"#{order['number'] or order['id']} {billing['first_name']} {billing['last_name']}".split())
    stage = "closedwon" if status in _WON else "closedlost" if status in _LOST else ""
    refunded = sum((-Decimal(one["total"]) for one in order["refunds"]), Decimal(0))
    closed = order["date_paid_gmt"] or order["date_completed_gmt"] or order["date_created_gmt"]
    fields = {
        "dealname": name,
        "amount": order["total"],
        "deal_currency_code": order["currency"],
        "closedate": f"{closed}Z",
        "crossdock_store": store,
        "crossdock_order_number": str(order["number"] or order["id"]),
        "crossdock_order_status": status,
        "crossdock_refunded_total": str(refunded),
        "crossdock_tax_total": order["total_tax"],
        "crossdock_shipping_total": order["shipping_total"],
        "crossdock_discount_total": order["discount_total"],
        "crossdock_payment_method": order["payment_method"],
        "crossdock_coupons": ", ".join(one["code"] for one in order["coupon_lines"]),
    }
    if stage or status in ("pending", "on-hold"):
        fields["dealstage"] = stage or "contractsent"
    return fields


def line(row: Row) -> Fields:
    """Return the fields of a line item; a negative price is refused by HubSpot and becomes 0."""
    price = Decimal(str(row["price"] or 0)).quantize(Decimal("0.000001"), rounding=ROUND_HALF_UP)
    fields = {
        "name": plain(row["name"]) or "(no name)",
        "quantity": str(row["quantity"]),
        "price": str(max(price, Decimal(0))),
        "crossdock_line_subtotal": row["subtotal"],
        "crossdock_line_total": row["total"],
        "crossdock_line_tax": row["total_tax"],
    }
    return fields | _some(hs_sku=(row["sku"] or "").strip())


def account(row: Row, uid: str, store: str) -> Fields:
    """Return the fields of a registered customer's contact."""
    fields = {
        "crossdock_customer_id": f"{uid}:customer:{row['id']}",
        "crossdock_customer_state": "live",
        "crossdock_store": store,
        **_some(firstname=row["first_name"].strip(), lastname=row["last_name"].strip()),
        **_place(row["billing"]),
    }
    return fields | ({"lifecyclestage": "customer"} if row["is_paying_customer"] else {})


def guest(order: Row) -> Fields:
    """Return the fields of a guest's contact, from the newest order."""
    billing = order["billing"]
    fields = _some(firstname=billing["first_name"].strip(), lastname=billing["last_name"].strip()) | _place(billing)
    return fields | ({"lifecyclestage": "customer"} if order["date_paid_gmt"] else {})


def _place(billing: Row) -> Fields:
    street = " ".join(f"{billing['address_1']} {billing['address_2']}".split())
    number = re.sub(r"[\s./-]", "", billing["phone"])
    number = f"+{number[2:]}" if number.startswith("00") else number
    phone = number if re.fullmatch(r"\+[1-9][0-9]{6,14}", number) else " ".join(billing["phone"].split())
    return _some(
        phone=phone,
        company=billing["company"].strip(),
        address=street,
        city=billing["city"].strip(),
        state=billing["state"].strip(),
        zip=billing["postcode"].strip(),
        country=billing["country"].strip(),
    )


def product(row: Row, store: str) -> Fields:
    """Return the fields of a product or variation."""
    images = row.get("images") or [row.get("image") or {}]
    price = {"price": str(max(Decimal(row["price"]), Decimal(0)))} if row["price"] not in ("", None) else {}
    name = row.get("name") or ", ".join(one["option"] for one in row.get("attributes") or () if one.get("option"))
    return {
        "name": plain(name) or "(no name)",
        "crossdock_state": "trashed" if row["status"] == "trash" else "live",
        "crossdock_store": store,
        **_some(hs_sku=(row["sku"] or "").strip(), description=plain(row["description"], lines=True)[:65000]),
        **price,
        **_some(hs_images=(images[0] or {}).get("src") or ""),
    }


def plain(text: str, *, lines: bool = False) -> str:
    """Return text without mark-up: breaks of blocks stay where ``lines`` are kept."""
    text = text or ""
    if "<" in text or "&" in text:
        text = re.sub(r"(?is)<(script|style)\b.*?</\1\s*>|<!--.*?-->", "", text)
        text = re.sub(r"(?i)<(?:br|/p|/div|/li|/h[1-6]|/tr)\b[^>]*>", "\n", text)
        text = html.unescape(re.sub(r"</?[A-Za-z][^<>]*>", "", text))
    kept = [" ".join(part.split()) for part in text.split("\n")]
    return ("\n" if lines else " ").join(part for part in kept if part)


def _some(**values: str) -> Fields:
    return {name: value for name, value in values.items() if value}


_NUMBERS = frozenset({"amount", "price", "quantity"})
_LATER = ("customer", "evangelist", "other")


def same(name: str, want: str, held: str | None) -> bool:
    """Whether the portal holds what is wanted: numbers by value, times by moment, a later stage of life is fine."""
    have = (held or "").strip()
    if name == "lifecyclestage":
        return have in _LATER
    if name == "closedate":
        return _moment(have) is not None and _moment(have) == _moment(want)
    if name in _NUMBERS or name.endswith("_total") or name.startswith("crossdock_line_"):
        try:
            return Decimal(have or "0") == Decimal(want or "0")
        except InvalidOperation:
            return False
    return want.strip() == have


def _moment(text: str) -> datetime | None:
    if text.isdigit():
        return datetime.fromtimestamp(int(text) / 1000, UTC)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found
