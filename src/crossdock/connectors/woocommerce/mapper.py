"""WooCommerce's documents into our words. Pure.

``observe`` states what a document says about its entity's identity, age and presence; it refuses only what has no
id, so that one broken entity never stops a page. ``read`` makes the canonical word and names any field of a wrong
type. Facts are from recordings of WooCommerce 11.0.1 and a second look at 7.9.0, which lacks some keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from crossdock.connectors.woocommerce.fields import Fields, identifier, moment
from crossdock.model.commerce.address import Address
from crossdock.model.commerce.customer import Customer
from crossdock.model.commerce.order import Order, OrderLine, OrderRefund
from crossdock.model.commerce.product import Product
from crossdock.model.observation import Observation, Presence

_PRESENCE: Final = {
    "trash": Presence.TRASHED,
    "checkout-draft": Presence.DRAFT,
    "auto-draft": Presence.DRAFT,
}
_VISITS: Final = frozenset({"wc_last_active", "_woocommerce_load_saved_cart_after_login"})
"""Seen on 11.0.1 and 7.9.0; the second on 7.9.0 alone."""
_LONGEST_CODE: Final = 200
_SIXTH: Final = Decimal("0.000001")


def observe(stream: str, document: Mapping[str, Any], parent_id: str | None = None) -> Observation:
    """Say what a REST or webhook document tells of its entity.

    ``parent_id`` is what the caller knows from the address it asked (a refund's order; variations of WooCommerce
    7.9 do not name their product). Raises ``ValueError`` when the document has no id.
    """
    if stream == "customer":
        document = _without_visits(document)
    status = document.get("status")
    word = status if isinstance(status, str) else ""
    return Observation(
        stream=stream,
        external_id=identifier(document.get("id"), "id"),
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
    kept = [row for row in meta if not (isinstance(row, dict) and row.get("key") in _VISITS)]
    return document if len(kept) == len(meta) else {**document, "meta_data": kept}


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


def read(observation: Observation, account: Mapping[str, Any]) -> Order | Customer | Product | dict[str, Any]:
    """Return the canonical word of an order, customer or product, and the document itself of anything else.

    ``account`` is what the check learned; the shop's ``currency`` is the one of product prices.
    Raises ``ValueError`` naming field, rule and the type found.
    """
    match observation.stream:
        case "order":
            return _order(observation)
        case "customer":
            return _customer(observation)
        case "product":
            return _product(observation, str(account.get("currency", "")))
        case _:
            return observation.document


def _order(seen: Observation) -> Order:
    doc = Fields(seen.document)
    if seen.presence is not Presence.DELETED:
        doc.require("status", "currency", "total")
    lines = tuple(_line(line) for line in doc.each("line_items"))
    refunds = tuple(_refund(refund) for refund in doc.each("refunds"))
    return Order(
        id=seen.external_id,
        number=doc.text("number") or seen.external_id,
        status=doc.text("status"),
        currency=doc.text("currency"),
        total=doc.money("total"),
        subtotal=sum((line.subtotal for line in lines), Decimal(0)),
        discount_total=doc.money("discount_total"),
        shipping_total=doc.money("shipping_total"),
        fee_total=sum((fee.money("total") for fee in doc.each("fee_lines")), Decimal(0)),
        tax_total=doc.money("total_tax"),
        refunded_total=sum((refund.amount for refund in refunds), Decimal(0)),
        customer_id=doc.link("customer_id"),
        billing=_address(doc.nested("billing")),
        shipping=_address(doc.nested("shipping")),
        lines=lines,
        refunds=refunds,
        coupon_codes=tuple(coupon.text("code") for coupon in doc.each("coupon_lines")),
        payment_method=doc.text("payment_method"),
        transaction_id=doc.text("transaction_id"),
        customer_note=doc.text("customer_note"),
        created_via=doc.text("created_via"),
        created_at=doc.time("date_created_gmt"),
        paid_at=doc.time("date_paid_gmt"),
        completed_at=doc.time("date_completed_gmt"),
        modified_at=doc.time("date_modified_gmt"),
        presence=seen.presence.value,
    )


def _line(line: Fields) -> OrderLine:
    quantity, total = line.money("quantity"), line.money("total")
    price = line.amount("price")
    if price is None:
        price = (total / quantity).quantize(_SIXTH) if quantity else Decimal(0)
    return OrderLine(
        id=line.own_id("id"),
        name=line.text("name"),
        quantity=quantity,
        sku=line.text("sku"),
        product_id=line.link("product_id"),
        variation_id=line.link("variation_id"),
        unit_price=price,
        subtotal=line.money("subtotal"),
        total=total,
        total_tax=line.money("total_tax"),
    )


def _refund(refund: Fields) -> OrderRefund:
    # the order lists a refund with a negative total; the refund itself has a positive amount
    return OrderRefund(id=refund.own_id("id"), amount=-refund.money("total"), reason=refund.text("reason"))


def _address(address: Fields) -> Address:
    return Address(
        first_name=address.text("first_name"),
        last_name=address.text("last_name"),
        company=address.text("company"),
        line_1=address.text("address_1"),
        line_2=address.text("address_2"),
        city=address.text("city"),
        state=address.text("state"),
        postcode=address.text("postcode"),
        country=address.text("country"),
        email=address.text("email"),
        phone=address.text("phone"),
    )


def _customer(seen: Observation) -> Customer:
    doc = Fields(seen.document)
    return Customer(
        id=seen.external_id,
        email=doc.text("email"),
        first_name=doc.text("first_name"),
        last_name=doc.text("last_name"),
        username=doc.text("username"),
        role=doc.text("role"),
        is_paying=doc.truth("is_paying_customer"),
        billing=_address(doc.nested("billing")),
        shipping=_address(doc.nested("shipping")),
        created_at=doc.time("date_created_gmt"),
        modified_at=doc.time("date_modified_gmt"),
        deleted=seen.presence is Presence.DELETED,
    )


def _product(seen: Observation, currency: str) -> Product:
    doc = Fields(seen.document)
    return Product(
        id=seen.external_id,
        name=doc.text("name") or _variation_name(doc),
        sku=doc.text("sku"),
        parent_id=seen.parent_id,
        type=doc.text("type") or ("variation" if seen.parent_id else "simple"),
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
        categories=tuple(category.text("name") for category in doc.each("categories")),
        created_at=doc.time("date_created_gmt"),
        modified_at=doc.time("date_modified_gmt"),
        presence=seen.presence.value,
    )


def _variation_name(doc: Fields) -> str:
    # WooCommerce 7.9 sends variations without a name; newer versions join the chosen options the same way
    return ", ".join(option for option in (choice.text("option") for choice in doc.each("attributes")) if option)


def _image(doc: Fields) -> str:
    images = doc.each("images")
    return images[0].text("src") if images else doc.nested("image").text("src")
