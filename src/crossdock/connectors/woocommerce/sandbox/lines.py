"""An order's lines from request parameters: products, shipping, fees, coupons."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from . import php, totals
from .answers import WpError
from .shop import Shop
from .table import Row


def apply(shop: Shop, order: Row, params: dict[str, Any]) -> None:
    """Merge the lines a request brings: by id they change, without id they are added, emptied ones go."""
    for part, maker, emptied in (
        ("line_items", _product_line, "product_id"),
        ("shipping_lines", shipping_line, "method_id"),
        ("fee_lines", fee_line, "name"),
    ):
        for given in params.get(part) or ():
            if isinstance(given, dict):
                _merge(shop, order, part, given, maker, emptied)
    if isinstance(params.get("coupon_lines"), list):
        _coupons(shop, order, params["coupon_lines"])


def _merge(shop: Shop, order: Row, part: str, given: dict[str, Any], maker: Any, emptied: str) -> None:
    rows = order[part]
    if not given.get("id"):
        rows.append(maker(shop, given, None))
        return
    at = next((i for i, row in enumerate(rows) if row["id"] == php.as_int(given["id"])), None)
    if at is None:
        raise WpError(400, "woocommerce_rest_invalid_item_id", "Order item ID provided is not associated with order.")
    gone = (emptied in given and given[emptied] is None) or php.as_int(given.get("quantity", 1)) == 0
    if gone:
        del rows[at]
    else:
        rows[at] = maker(shop, given, rows[at])


def product_of(shop: Shop, given: dict[str, Any]) -> tuple[Row | None, Row | None]:
    """Return (product, variation) that a line names by ids or SKU; unknown ids give (None, None)."""
    variation_id, product_id = php.as_int(given.get("variation_id")), php.as_int(given.get("product_id"))
    if not variation_id and not product_id and given.get("sku"):
        for row in (*shop.variations, *shop.products):
            if row["sku"] == given["sku"]:
                variation_id, product_id = (row["id"], row["parent_id"]) if row["parent_id"] else (0, row["id"])
                break
    variation = shop.variations.get(variation_id) or shop.variations.get(product_id)
    product = shop.products.get(variation["parent_id"] if variation else product_id)
    return product, variation


def _product_line(shop: Shop, given: dict[str, Any], held: Row | None) -> Row:
    if held is None and not any(given.get(name) for name in ("product_id", "variation_id", "sku")):
        code = "woocommerce_rest_required_product_reference"
        raise WpError(400, code, "Product ID or SKU is required.")
    line = dict(held) if held else new_product_line(shop, *product_of(shop, given))
    if held is None and line["product_id"] == 0:
        line["name"] = str(given.get("name") or "")
    if "quantity" in given:
        requantify(line, php.as_int(given["quantity"]))
    for name in ("subtotal", "total"):
        if given.get(name) is not None:
            line[name] = php.money(totals.dec(given[name]))
    if given.get("total") is not None and given.get("subtotal") is None and held is None:
        line["subtotal"] = max(line["subtotal"], line["total"], key=Decimal)
    if given.get("name"):
        line["name"] = str(given["name"])
    if isinstance(given.get("meta_data"), list):
        line["meta_data"] = shown_meta(shop, given["meta_data"], line["meta_data"])
    line["price"] = totals.line_price(line)
    return line


def requantify(line: Row, quantity: int) -> None:
    """Set the quantity; subtotal and total follow in proportion."""
    old = totals.dec(line["quantity"]) or Decimal(1)
    for name in ("subtotal", "total"):
        line[name] = php.money(totals.dec(line[name]) / old * quantity)
    line["quantity"] = quantity


def new_product_line(shop: Shop, product: Row | None, variation: Row | None) -> Row:
    """Return a line of one piece; a product that is gone gives id 0 and null SKU (recorded)."""
    sold = variation or product
    price = php.money(totals.dec(sold["price"])) if sold else "0.00"
    name = product["name"] if product else ""
    if product and variation:
        name = f"{name} - {', '.join(str(item['option']) for item in variation['attributes'])}"
    meta = [{"key": item["slug"], "value": item["option"]} for item in variation["attributes"]] if variation else []
    gone = sold is None
    line: Row = {
        "id": shop.next_id("item"),
        "name": name,
        "product_id": product["id"] if product else 0,
        "variation_id": variation["id"] if variation else 0,
        "quantity": 1,
        "tax_class": "",
        "subtotal": price,
        "subtotal_tax": "0.00",
        "total": price,
        "total_tax": "0.00",
        "taxes": [],
        "meta_data": shown_meta(shop, meta),
        "sku": sold["sku"] if sold else None,
        "global_unique_id": None if gone else "",
        "price": 0,
        "image": {"id": 0 if gone or variation else "", "src": ""},
        "parent_name": product["name"] if product and variation else None,
    }
    line["price"] = totals.line_price(line)
    return line


def shown_meta(shop: Shop, given: list[dict[str, Any]], held: list[Row] | None = None) -> list[Row]:
    """Merge a line's meta and add the display copies that REST shows."""
    return [
        {
            **{name: row[name] for name in ("id", "key", "value")},
            "display_key": row["key"].title() if row["key"] in ("size", "colour") else row["key"],
            "display_value": row["value"],
        }
        for row in shop.meta(given, held, counter="item_meta")
    ]


def shipping_line(shop: Shop, given: dict[str, Any], held: Row | None) -> Row:
    """Return a shipping line, new or changed."""
    line = dict(held) if held else {"id": shop.next_id("item"), "method_title": "", "method_id": "", "instance_id": ""}
    line.setdefault("total", "0.00")
    line.setdefault("total_tax", "0.00")
    line.setdefault("taxes", [])
    line.setdefault("tax_status", "taxable")
    line.setdefault("meta_data", [])
    for name in ("method_title", "method_id", "instance_id"):
        if given.get(name) is not None:
            line[name] = str(given[name])
    if given.get("total") is not None:
        line["total"] = php.money(totals.dec(given["total"]))
    return line


def fee_line(shop: Shop, given: dict[str, Any], held: Row | None) -> Row:
    """Return a fee line, new or changed."""
    line: Row = (
        dict(held)
        if held
        else {
            "id": shop.next_id("item"),
            "name": "",
            "tax_class": "",
            "tax_status": "taxable",
            "amount": "",
            "total": "0.00",
            "total_tax": "0.00",
            "taxes": [],
            "meta_data": [],
        }
    )
    for name in ("name", "tax_class", "tax_status"):
        if given.get(name) is not None:
            line[name] = str(given[name])
    if given.get("total") is not None:
        line["total"] = php.money(totals.dec(given["total"]))
    return line


def _coupons(shop: Shop, order: Row, given: list[Any]) -> None:
    order["coupon_lines"] = []
    for line in order["line_items"]:
        line["total"] = line["subtotal"]
        line["price"] = totals.line_price(line)
    for item in given:
        if not isinstance(item, dict) or not item.get("code"):
            raise WpError(400, "woocommerce_rest_invalid_coupon", "Coupon code is required.")
        apply_coupon(shop, order, _usable(shop, str(item["code"])))


def _usable(shop: Shop, code: str) -> Row:
    coupon = next((c for c in shop.coupons if c["code"].lower() == code.lower() and c["status"] == "publish"), None)
    if coupon is None:
        message = f"Coupon &quot;{code}&quot; cannot be applied because it does not exist."
        raise WpError(400, "woocommerce_rest_invalid_coupon", message)
    if coupon["date_expires_gmt"] and coupon["date_expires_gmt"] < shop.clock.stamps()[1]:
        raise WpError(400, "woocommerce_rest_invalid_coupon", f"Coupon &quot;{code}&quot; has expired.")
    return coupon


def apply_coupon(shop: Shop, order: Row, coupon: Row) -> None:
    """Lower the product lines by a coupon and add its line (shape of the recorded ``coupon_lines``)."""
    amount, kind = totals.dec(coupon["amount"]), coupon["discount_type"]
    before = sum((totals.dec(line["total"]) for line in order["line_items"]), totals.ZERO)
    left = min(amount, before)
    rates = totals.rates_for(shop, order)
    taken_tax = totals.ZERO
    for line in order["line_items"]:
        total = totals.dec(line["total"])
        if kind == "percent":
            off = total * amount / 100
        elif kind == "fixed_product":
            off = min(total, amount * line["quantity"])
        else:
            off = min(total, left)
            left -= off
        off = totals.dec(php.money(off))
        line["total"] = php.money(total - off)
        line["price"] = totals.line_price(line)
        taken_tax += sum(totals.taxes_on(off, rates).values(), totals.ZERO)
    after = sum((totals.dec(line["total"]) for line in order["line_items"]), totals.ZERO)
    nominal = php.number(amount)
    info = php.encode([coupon["id"], coupon["code"], None if kind == "fixed_cart" else kind, nominal]).decode()
    meta = shown_meta(shop, [{"key": "coupon_info", "value": info}])
    order["coupon_lines"].append(
        {
            "id": shop.next_id("item"),
            "code": coupon["code"],
            "discount": php.short(before - after),
            "discount_tax": php.short(taken_tax),
            "meta_data": meta,
            "discount_type": kind,
            "nominal_amount": nominal,
            "free_shipping": coupon["free_shipping"],
        }
    )
