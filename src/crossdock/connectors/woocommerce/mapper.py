"""WooCommerce's documents into our words. Pure.

``observe`` states what a document says about its entity's identity, age and presence; it refuses only what has no
id, so that one broken entity never stops a page. ``read`` makes the canonical word and names any field of a wrong
type. Facts are from recordings of WooCommerce 11.0.1 and a second look at 7.9.0, which lacks some keys.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final, Literal

import msgspec

from crossdock.connect.outpost import META_KEYS
from crossdock.connectors.woocommerce import ledger, parts, payment
from crossdock.connectors.woocommerce.fields import Fields, identifier, kind_of, moment
from crossdock.model.commerce.customer import Customer
from crossdock.model.commerce.order import Order
from crossdock.model.commerce.product import Product
from crossdock.model.commerce.refund import Refund
from crossdock.model.observation import Observation, Presence

_PRESENCE: Final = {
    "trash": Presence.TRASHED,
    "checkout-draft": Presence.DRAFT,
    "auto-draft": Presence.DRAFT,
}
_VISITS: Final = ("wc_last_active", "_woocommerce_load_saved_cart_after_login")
"""Seen on 11.0.1 and 7.9.0; the second on 7.9.0 alone."""
_OURS: Final = META_KEYS
"""Compared one by one: a plugin may write a key of any type, and not all can be hashed."""
_UNSAID: Final = (*_VISITS, *META_KEYS)
_ZERO: Final = Decimal(0)
_LONGEST_CODE: Final = 200
_GATEWAY: Final = re.compile(r"[A-Za-z0-9_-]{1,100}")


def observe(stream: str, document: Mapping[str, Any], parent_id: str | None = None) -> Observation:
    """Say what a REST or webhook document tells of its entity.

    ``parent_id`` is what the caller knows from the address it asked (a refund's order; variations of WooCommerce
    7.9 do not name their product). Raises ``ValueError`` when the document has no id.
    """
    if stream in _CLEANED:
        document = _CLEANED[stream](document)
    status = document.get("status")
    word = status if isinstance(status, str) else ""
    return Observation(
        stream=stream,
        external_id=(gateway_id if stream == "payment_gateway" else _number)(document.get("id")),
        document=document if isinstance(document, dict) else dict(document),
        presence=_PRESENCE.get(word, Presence.LIVE),
        status=word,
        modified_at=moment(document.get("date_modified_gmt")),
        created_at=moment(document.get("date_created_gmt")),
        parent_id=_parent(stream, document, parent_id),
        code=_code(stream, document),
        subjects=_subjects(stream, document),
    )


def _code(stream: str, document: Mapping[str, Any]) -> str:
    value = document.get({"order": "number", "product": "sku", "coupon": "code"}.get(stream, ""))
    return value[:_LONGEST_CODE] if isinstance(value, str) else ""


def _without_visits(document: Mapping[str, Any]) -> Mapping[str, Any]:
    # written at visits and moving no modified time: it would make each visitor a changed customer
    meta = document.get("meta_data")
    if not isinstance(meta, list):
        return document
    kept = [row for row in meta if not (isinstance(row, dict) and row.get("key") in _UNSAID)]
    return document if len(kept) == len(meta) else {**document, "meta_data": kept}


def _without_ours(document: Mapping[str, Any]) -> Mapping[str, Any]:
    # what the hub itself has the plugin write is no news of the order's
    meta = document.get("meta_data")
    if not isinstance(meta, list) or not any(isinstance(row, dict) and row.get("key") in _OURS for row in meta):
        return document
    return {**document, "meta_data": [row for row in meta if not (isinstance(row, dict) and row.get("key") in _OURS)]}


def _without_keys(document: Mapping[str, Any]) -> Mapping[str, Any]:
    # a method's settings may hold a carrier's keys: what says the price is kept, all else is not
    methods = document.get("methods")
    if not isinstance(methods, list):
        return document
    return {**document, "methods": [_method(row) for row in methods if isinstance(row, dict)]}


def _method(row: Mapping[str, Any]) -> dict[str, Any]:
    given = row.get("settings")
    settings = given if isinstance(given, dict) else {}
    kept = {
        name: one.get("value") for name in _PRICED if isinstance(one := settings.get(name), dict) and one.get("value")
    }
    return {name: row.get(name) for name in _METHOD} | {"settings": kept}


def _without_settings(document: Mapping[str, Any]) -> Mapping[str, Any]:
    # a gateway's settings are its provider's keys
    return {name: value for name, value in document.items() if name != "settings"}


_PRICED: Final = ("cost", "tax_status", "requires", "min_amount")
_METHOD: Final = ("id", "instance_id", "title", "order", "enabled", "method_id", "method_title")
_CLEANED: Final[dict[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]]] = {
    "customer": _without_visits,
    "order": _without_ours,
    "shipping_zone": _without_keys,
    "payment_gateway": _without_settings,
}


def gateway_id(value: object) -> str:
    """Return a payment gateway's id, a word such as ``cod``. Raises ``ValueError``."""
    if isinstance(value, str) and _GATEWAY.fullmatch(value):
        return value
    raise ValueError(f"id: expected a word of letters, digits, - and _, got {kind_of(value)}")


def _number(value: object) -> str:
    return identifier(value, "id")


def _parent(stream: str, document: Mapping[str, Any], known: str | None) -> str | None:
    if known is not None:
        return known
    name = {"refund": "parent_id", "product": "parent_id"}.get(stream)
    # a simple product's parent_id is 0, a grouped product's child may name the group: only variations belong to it
    if name is None or (stream == "product" and document.get("type") != "variation"):
        return None
    try:
        return Fields(document).link(name)
    except ValueError:
        return None


def _subjects(stream: str, document: Mapping[str, Any]) -> tuple[str, ...]:
    candidates: list[object] = []
    billing = document.get("billing")
    if stream in ("order", "customer") and isinstance(billing, dict):
        candidates.append(billing.get("email"))
    if stream == "customer":
        candidates.insert(0, document.get("email"))
    if stream == "coupon":
        for name in ("email_restrictions", "used_by"):
            values = document.get(name)
            candidates.extend(values if isinstance(values, list) else [])
    return tuple(dict.fromkeys(mail for mail in map(_mail, candidates) if mail))


def _mail(value: object) -> str:
    mail = value.strip().lower() if isinstance(value, str) else ""
    return mail if "@" in mail and "*" not in mail else ""


def read(observation: Observation, account: Mapping[str, Any]) -> Order | Refund | Customer | Product | dict[str, Any]:
    """Return the canonical word of an order, refund, customer or product, and the document itself of anything else.

    ``account`` is what the check learned: ``currency`` (of product prices), ``time_zone``, and how the shop rounds
    (:func:`ledger.rounding_of`). Raises ``ValueError`` naming field, rule and the type found.
    """
    match observation.stream:
        case "order":
            return _order(observation, account)
        case "refund":
            return _refund(observation, account)
        case "customer":
            return _customer(observation, account)
        case "product":
            return _product(observation, str(account.get("currency", "")))
        case _:
            return observation.document


def _order(seen: Observation, account: Mapping[str, Any]) -> Order:
    doc = Fields(seen.document)
    if seen.presence is not Presence.DELETED:
        doc.require("status", "currency", "total")
    money = _money(doc)
    notes = parts.meta(doc)
    paid_at, cash = doc.time("date_paid_gmt"), payment.on_delivery(doc.text("payment_method"))
    order = Order(
        id=seen.external_id,
        number=doc.text("number") or seen.external_id,
        status=doc.text("status"),
        currency=doc.text("currency"),
        **money,
        prices_include_tax=doc.truth("prices_include_tax"),
        customer_id=doc.link("customer_id"),
        billing=parts.address(doc.nested("billing")),
        shipping=parts.address(doc.nested("shipping")),
        coupon_codes=tuple(coupon.code for coupon in money["coupons"]),
        payment_status=payment.payment_status(
            status=doc.text("status"),
            total=money["total"],
            refunded=money["refunded_total"],
            paid=paid_at is not None,
            cash=cash,
            transaction=doc.has("transaction_id"),
            meta=notes,
        ),
        payment_method=doc.text("payment_method"),
        payment_method_title=doc.text("payment_method_title"),
        cash_on_delivery=cash,
        transaction_id=doc.text("transaction_id"),
        customer_note=doc.text("customer_note"),
        created_via=doc.text("created_via"),
        attribution=parts.attribution(notes),
        created_at=doc.time("date_created_gmt"),
        paid_at=paid_at,
        completed_at=doc.time("date_completed_gmt"),
        modified_at=doc.time("date_modified_gmt"),
        time_zone=_zone(doc, account),
        meta=notes,
        presence=seen.presence.value,
    )
    flags = ledger.violations(order, ledger.rounding_of(account)) if seen.presence is not Presence.DELETED else ()
    return msgspec.structs.replace(order, flags=flags, rounding=order.total - ledger.parts_of(order))


def _money(doc: Fields) -> dict[str, Any]:
    lines = tuple([parts.line(line) for line in doc.each("line_items")])
    fees = tuple([parts.fee_line(fee) for fee in doc.each("fee_lines")])
    refunds = tuple([parts.order_refund(refund) for refund in doc.each("refunds")])
    total, refunded = doc.money("total"), sum([refund.amount for refund in refunds], _ZERO)
    return {
        "total": total,
        "subtotal": sum([line.subtotal for line in lines], _ZERO),
        "discount_total": doc.money("discount_total"),
        "discount_tax": doc.money("discount_tax"),
        "shipping_total": doc.money("shipping_total"),
        "shipping_tax": doc.money("shipping_tax"),
        "fee_total": sum([fee.total for fee in fees], _ZERO),
        "cart_tax": doc.money("cart_tax"),
        "tax_total": doc.money("total_tax"),
        "refunded_total": refunded,
        "net_total": total - refunded,
        "lines": lines,
        "fees": fees,
        "refunds": refunds,
        "shipping_lines": tuple([parts.shipping_line(line) for line in doc.each("shipping_lines")]),
        "coupons": tuple([parts.coupon_line(coupon) for coupon in doc.each("coupon_lines")]),
        "taxes": tuple([parts.tax_line(tax) for tax in doc.each("tax_lines")]),
    }


def _refund(seen: Observation, account: Mapping[str, Any]) -> Refund:
    doc = Fields(seen.document)
    notes = parts.meta(doc)
    refund = Refund(
        id=seen.external_id,
        order_id=seen.parent_id or doc.link("parent_id") or doc.link("order_id"),
        amount=abs(doc.money("amount")),
        kind=next((str(note.value) for note in notes if note.key == "_refund_type"), ""),
        reason=doc.text("reason"),
        lines=parts.refund_lines(doc),
        refunded_by=doc.link("refunded_by"),
        payment_refunded=doc.truth("refunded_payment"),
        created_at=doc.time("date_created_gmt"),
        time_zone=_zone(doc, account),
        meta=notes,
        presence=seen.presence.value,
    )
    return msgspec.structs.replace(refund, flags=ledger.refund_violations(refund))


def _zone(doc: Fields, account: Mapping[str, Any]) -> str:
    """Return the shop's zone, else how far its clock was from UTC when the document was made."""
    named = account.get("time_zone")
    if isinstance(named, str) and named:
        return named
    gmt = moment(doc.any("date_created_gmt"))
    local = gmt if doc.any("date_created") == doc.any("date_created_gmt") else moment(doc.any("date_created"))
    if gmt is None or local is None:
        return ""
    minutes = round((local - gmt).total_seconds() / 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}" if abs(minutes) < 1440 else ""


def _customer(seen: Observation, account: Mapping[str, Any]) -> Customer:
    doc = Fields(seen.document)
    return Customer(
        id=seen.external_id,
        email=doc.text("email"),
        first_name=doc.text("first_name"),
        last_name=doc.text("last_name"),
        username=doc.text("username"),
        role=doc.text("role"),
        is_paying=doc.truth("is_paying_customer"),
        billing=parts.address(doc.nested("billing")),
        shipping=parts.address(doc.nested("shipping")),
        created_at=doc.time("date_created_gmt"),
        modified_at=doc.time("date_modified_gmt"),
        time_zone=_zone(doc, account),
        meta=parts.meta(doc),
        deleted=seen.presence is Presence.DELETED,
    )


def _product(seen: Observation, currency: str) -> Product:
    doc = Fields(seen.document)
    parent = seen.parent_id or (doc.link("parent_id") if doc.text("type") == "variation" else None)
    return Product(
        id=seen.external_id,
        name=doc.text("name") or _variation_name(doc),
        sku=doc.text("sku"),
        parent_id=parent,
        type=doc.text("type") or ("variation" if parent else "simple"),
        status=doc.text("status"),
        description=doc.text("description"),
        price=doc.amount("price"),
        regular_price=doc.amount("regular_price"),
        sale_price=doc.amount("sale_price"),
        currency=currency,
        url=doc.text("permalink"),
        image_url=_image(doc),
        stock_quantity=doc.amount("stock_quantity"),
        stock_status=doc.text("stock_status"),
        stock_kept=_stock_kept(doc),
        backorders=doc.text("backorders"),
        gtin=doc.text("global_unique_id"),
        tax_class=doc.text("tax_class"),
        tax_status=doc.text("tax_status"),
        weight=doc.amount("weight"),
        options=_options(doc),
        meta=parts.meta(doc),
        categories=tuple(category.text("name") for category in doc.each("categories")),
        created_at=doc.time("date_created_gmt"),
        modified_at=doc.time("date_modified_gmt"),
        presence=seen.presence.value,
    )


def _variation_name(doc: Fields) -> str:
    # WooCommerce 7.9 sends variations without a name; newer versions join the chosen options the same way
    return ", ".join(option for option in (choice.text("option") for choice in doc.each("attributes")) if option)


def _options(doc: Fields) -> tuple[str, ...]:
    # a product lists every choice there is (options), a variation the one it stands for (option)
    chosen = ((choice.text("name"), choice.text("option")) for choice in doc.each("attributes"))
    return tuple(f"{name}: {option}" for name, option in chosen if option)


def _stock_kept(doc: Fields) -> Literal["no", "own", "parent"]:
    # false, true, or "parent": a variation without a count of its own (recorded)
    if doc.any("manage_stock") == "parent":
        return "parent"
    return "own" if doc.truth("manage_stock") else "no"


def _image(doc: Fields) -> str:
    images = doc.each("images")
    return images[0].text("src") if images else doc.nested("image").text("src")
