"""Rows as the REST API shows them: the shop's address filled in and ``_links`` added."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from . import php, stock
from .shop import Shop
from .table import Row

EVERY = ["GET", "POST", "PUT", "PATCH", "DELETE"]
API = "/wp-json/wc/v3/"


def links(base: str, path: str, collection: str, *, allow: list[str] | None = None, up: str | None = None) -> Row:
    """Return ``_links`` of one resource; ``path`` and the others are relative to the API."""
    api = base + API
    out: Row = {
        "self": [{"href": api + path, "targetHints": {"allow": EVERY if allow is None else allow}}],
        "collection": [{"href": api + collection}],
    }
    if up:
        out["up"] = [{"href": api + up}]
    return out


def order(shop: Shop, row: Row, base: str) -> Row:
    """Return an order as REST v3 shows it."""
    del shop
    out = {**row, "payment_url": f"{base}{row['payment_url']}"}
    at = out["_links"] = links(base, f"orders/{row['id']}", "orders")
    at["email_templates"] = [{"embeddable": True, "href": f"{base}{API}orders/{row['id']}/actions/email_templates"}]
    if row["customer_id"]:
        at["customer"] = [{"href": f"{base}{API}customers/{row['customer_id']}"}]
    if row["parent_id"]:
        at["up"] = [{"href": f"{base}{API}orders/{row['parent_id']}"}]
    return out


def refund(shop: Shop, row: Row, base: str) -> Row:
    """Return a refund as ``orders/{id}/refunds`` shows it."""
    del shop
    out = {key: value for key, value in row.items() if key != "order_id"}
    path = f"orders/{row['order_id']}/refunds"
    up = f"orders/{row['order_id']}"
    return {**out, "_links": links(base, f"{path}/{row['id']}", path, allow=["GET", "DELETE"], up=up)}


def refund_in_list(shop: Shop, row: Row, base: str) -> Row:
    """Return a refund as ``/refunds`` shows it: with the order's id as ``parent_id``."""
    shown = refund(shop, row, base)
    return {"id": shown.pop("id"), "parent_id": row["order_id"], **shown}


def customer(shop: Shop, row: Row, base: str) -> Row:
    """Return a customer as REST v3 shows it; the administrator may not delete himself (recorded)."""
    del shop
    allow = EVERY[:-1] if row["role"] == "administrator" else EVERY
    return {**row, "_links": links(base, f"customers/{row['id']}", "customers", allow=allow)}


def coupon(shop: Shop, row: Row, base: str) -> Row:
    """Return a coupon as REST v3 shows it."""
    del shop
    return {**row, "_links": links(base, f"coupons/{row['id']}", "coupons")}


def tax_rate(shop: Shop, row: Row, base: str) -> Row:
    """Return a tax rate as REST v3 shows it."""
    del shop
    return {**row, "_links": links(base, f"taxes/{row['id']}", "taxes")}


def product(shop: Shop, row: Row, base: str) -> Row:
    """Return a product as REST v3 shows it; a row of the variations' table as ``/products/{id}`` shows that."""
    if row.get("type") == "variation":
        return _variation_as_product(shop, row, base)
    up = f"products/{row['parent_id']}" if row["parent_id"] else None
    links_ = links(base, f"products/{row['id']}", "products", up=up)
    return {**row, "permalink": f"{base}{row['permalink']}", "_links": links_}


def product_saved(shop: Shop, row: Row, base: str) -> Row:
    """Return a product as the answer to a write shows it: raw texts, template of the permalink (recorded PUTs)."""
    shown = product(shop, row, base)
    at = shown.pop("_links")
    for name in ("description", "short_description"):
        shown[name] = re.sub(r"^<p>(.*)</p>\n$", r"\1", shown[name], flags=re.DOTALL)
    shown["average_rating"] = "0" if shown["average_rating"] == "0.00" else shown["average_rating"]
    if shown["type"] != "variation":
        shown["permalink_template"] = f"{base}/product/%pagename%/"
        shown["generated_slug"] = unquote(php.slugify(shown["name"]))
    return {**shown, "_links": at}


def variation(shop: Shop, row: Row, base: str) -> Row:
    """Return a variation as ``products/{id}/variations`` shows it."""
    row = stock.shown(shop, row)
    path = f"products/{row['parent_id']}/variations"
    at = links(base, f"{path}/{row['id']}", path, up=f"products/{row['parent_id']}")
    return {**row, "permalink": f"{base}{row['permalink']}", "_links": at}


_LEFT = [
    "date_on_sale_from",
    "date_on_sale_from_gmt",
    "date_on_sale_to",
    "date_on_sale_to_gmt",
    "on_sale",
    "purchasable",
    "total_sales",
    "virtual",
    "downloadable",
    "downloads",
    "download_limit",
    "download_expiry",
    "external_url",
    "button_text",
    "tax_status",
    "tax_class",
    "manage_stock",
    "stock_quantity",
    "backorders",
    "backorders_allowed",
    "backordered",
    "low_stock_amount",
    "sold_individually",
    "weight",
    "dimensions",
    "shipping_required",
    "shipping_taxable",
    "shipping_class",
    "shipping_class_id",
    "reviews_allowed",
    "average_rating",
    "rating_count",
    "upsell_ids",
    "cross_sell_ids",
    "parent_id",
    "purchase_note",
    "categories",
    "brands",
    "tags",
    "images",
    "attributes",
    "default_attributes",
    "variations",
    "grouped_products",
    "menu_order",
    "price_html",
    "related_ids",
    "meta_data",
    "stock_status",
    "has_options",
    "post_password",
    "global_unique_id",
]


_NO_VARIATION_HAS = (
    "upsell_ids",
    "cross_sell_ids",
    "categories",
    "brands",
    "tags",
    "images",
    "default_attributes",
    "variations",
    "grouped_products",
    "related_ids",
)


def _variation_as_product(shop: Shop, row: Row, base: str) -> Row:
    parent, row = shop.products.get(row["parent_id"]) or {"name": "", "slug": ""}, stock.shown(shop, row)
    options = [str(item["option"]) for item in row["attributes"]]
    tangible = not row["virtual"]
    more: Row = {
        "total_sales": "0",
        "external_url": "",
        "button_text": "",
        "sold_individually": False,
        "shipping_required": tangible,
        "shipping_taxable": tangible,
        "reviews_allowed": False,
        "average_rating": "0.00",
        "rating_count": 0,
        "purchase_note": "",
        "price_html": price_html(row["price"]),
        "has_options": False,
        "post_password": "",
        **{name: [] for name in _NO_VARIATION_HAS},
    }
    front = ("date_created", "date_created_gmt", "date_modified", "date_modified_gmt", "type", "status")
    out: Row = {
        "id": row["id"],
        "name": f"{parent['name']} - {', '.join(options)}",
        "slug": php.slugify(f"{parent['slug']} {' '.join(options)}"),
        "permalink": f"{base}{row['permalink']}",
        **{name: row[name] for name in front},
        "featured": False,
        "catalog_visibility": "visible",
        "description": row["description"],
        "short_description": "",
        **{name: row[name] for name in ("sku", "price", "regular_price", "sale_price")},
    }
    for name in _LEFT:
        out[name] = more[name] if name in more else row[name]
    at = links(base, f"products/{row['id']}", "products", up=f"products/{row['parent_id']}")
    return {**out, "_links": at}


def price_html(price: str) -> str:
    """Return the markup WooCommerce shows for one price ("" for none)."""
    return _amount(price) if price else ""


def sale_html(regular: str, price: str) -> str:
    """Return the markup of a lowered price."""
    was = f'<span class="screen-reader-text">Original price was: &#036;{regular}.</span>'
    now = f'<span class="screen-reader-text">Current price is: &#036;{price}.</span>'
    return f'<del aria-hidden="true">{_amount(regular)}</del> {was}<ins aria-hidden="true">{_amount(price)}</ins>{now}'


def _amount(price: str) -> str:
    symbol = '<span class="woocommerce-Price-currencySymbol" translate="no">&#36;</span>'
    return f'<span class="woocommerce-Price-amount amount"><bdi>{symbol}{float(price):,.2f}</bdi></span>'


RENDER: dict[str, Callable[[Shop, Row, str], Row]] = {
    "orders": order,
    "refunds": refund,
    "customers": customer,
    "products": product,
    "variations": variation,
    "coupons": coupon,
    "tax_rates": tax_rate,
}


def written(shop: Shop, kind: str, row_id: int, base: str) -> bytes:
    """Return one row as PHP's JSON; written out once per change (a list of 100 costs no more than a join)."""
    table = shop.tables[kind]
    found = table.written.get((base, row_id))
    if found is None:
        found = php.encode(RENDER[kind](shop, table.rows[row_id], base))
        table.keep(base, row_id, found)
    return found


def only_fields(row: Row, wanted: list[str]) -> Row:
    """Return the fields that ``_fields`` names, as WordPress shapes an answer.

    Dotted names go inside an object; a list has no such keys, so nothing of its members is left (WordPress' source,
    ``rest_filter_response_fields``: keys are compared, and a list's are numbers).
    """
    out: Row = {}
    for name, value in row.items():
        inner = [w[len(name) + 1 :] for w in wanted if w.startswith(name + ".")]
        if name in wanted:
            out[name] = value
        elif inner and isinstance(value, dict):
            out[name] = only_fields(value, inner)
        elif inner:
            out[name] = [] if isinstance(value, list) else value
    return out


def fields_of(value: Any) -> list[str]:
    """Return the names in a ``_fields`` parameter (csv or list)."""
    parts = value if isinstance(value, list) else str(value or "").split(",")
    return [str(part).strip() for part in parts if str(part).strip()]
