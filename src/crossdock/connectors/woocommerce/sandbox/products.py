"""What a shop does to products and variations; hooks as vendor facts 7 to 14 say."""

from __future__ import annotations

import copy
from typing import Any

from . import php, stock
from .answers import WpError, invalid_id
from .rendering import price_html, sale_html
from .shop import Shop
from .table import Row

_TEXTS = [
    "name",
    "status",
    "description",
    "short_description",
    "catalog_visibility",
    "tax_status",
    "tax_class",
    "backorders",
    "weight",
    "slug",
    "external_url",
    "button_text",
    "purchase_note",
]
_FLAGS = ["featured", "virtual", "downloadable", "sold_individually", "reviews_allowed"]
_LISTS = [
    "categories",
    "tags",
    "images",
    "attributes",
    "default_attributes",
    "upsell_ids",
    "cross_sell_ids",
    "grouped_products",
]
TYPES = ("simple", "grouped", "external", "variable")


def blank(shop: Shop, product_id: int) -> Row:
    """Return a simple product with nothing in it, keys as recorded."""
    site, gmt = shop.clock.stamps()
    row: Row = {"id": product_id, "name": "Product", "slug": "product", "permalink": "/product/product/"}
    row |= {"date_created": site, "date_created_gmt": gmt, "date_modified": site, "date_modified_gmt": gmt}
    row |= {"type": "simple", "status": "publish", "featured": False, "catalog_visibility": "visible"}
    row |= dict.fromkeys(("description", "short_description", "sku", "price", "regular_price", "sale_price"), "")
    row |= dict.fromkeys(("date_on_sale_from", "date_on_sale_from_gmt", "date_on_sale_to", "date_on_sale_to_gmt"))
    row |= {"on_sale": False, "purchasable": False, "total_sales": 0, "virtual": False, "downloadable": False}
    row |= {"downloads": [], "download_limit": -1, "download_expiry": -1, "external_url": "", "button_text": ""}
    row |= {"tax_status": "taxable", "tax_class": "", "manage_stock": False, "stock_quantity": None}
    row |= {"backorders": "no", "backorders_allowed": False, "backordered": False, "low_stock_amount": None}
    row |= {"sold_individually": False, "weight": "", "dimensions": {"length": "", "width": "", "height": ""}}
    row |= {"shipping_required": True, "shipping_taxable": True, "shipping_class": "", "shipping_class_id": 0}
    row |= {"reviews_allowed": True, "average_rating": "0.00", "rating_count": 0, "upsell_ids": []}
    row |= {"cross_sell_ids": [], "parent_id": 0, "purchase_note": ""}
    row |= {"categories": [{"id": 15, "name": "Uncategorized", "slug": "uncategorized"}], "brands": [], "tags": []}
    row |= {"images": [], "attributes": [], "default_attributes": [], "variations": [], "grouped_products": []}
    row |= {"menu_order": 0, "price_html": "", "related_ids": [], "meta_data": [], "stock_status": "instock"}
    return row | {"has_options": False, "post_password": "", "global_unique_id": ""}


def blank_variation(shop: Shop, variation_id: int, parent: Row) -> Row:
    """Return a variation with nothing in it, keys as recorded."""
    site, gmt = shop.clock.stamps()
    row: Row = {"id": variation_id, "type": "variation", "date_created": site, "date_created_gmt": gmt}
    row |= {"date_modified": site, "date_modified_gmt": gmt, "description": "", "permalink": parent["permalink"]}
    row |= dict.fromkeys(("sku", "global_unique_id", "price", "regular_price", "sale_price"), "")
    row |= dict.fromkeys(("date_on_sale_from", "date_on_sale_from_gmt", "date_on_sale_to", "date_on_sale_to_gmt"))
    row |= {"on_sale": False, "status": "publish", "purchasable": False, "virtual": False, "downloadable": False}
    row |= {"downloads": [], "download_limit": -1, "download_expiry": -1, "tax_status": "taxable", "tax_class": ""}
    row |= {"manage_stock": False, "stock_quantity": None, "stock_status": "instock", "backorders": "no"}
    row |= {"backorders_allowed": False, "backordered": False, "low_stock_amount": None, "weight": ""}
    row |= {"dimensions": {"length": "", "width": "", "height": ""}, "shipping_class": "", "shipping_class_id": 0}
    row |= {"image": None, "gallery_image_ids": [], "attributes": [], "menu_order": 0, "meta_data": []}
    return row | {"name": "", "parent_id": parent["id"]}


def create(shop: Shop, params: dict[str, Any]) -> Row:
    """Make a product."""
    _check_sku(shop, params.get("sku"), 0)
    row = blank(shop, shop.next_id("post"))
    apply(shop, row, params)
    kind = params.get("type") or "simple"
    row["type"] = kind if kind in TYPES else "simple"
    row["has_options"] = row["type"] == "variable"
    row["slug"] = str(params.get("slug") or php.slugify(row["name"]))
    row["permalink"] = f"/product/{row['slug']}/"
    shop.products.put(row)
    shop.emit("product.created", row["id"])
    if row["status"] == "publish":
        shop.emit("product.published", row["id"])
    return row


def update(shop: Shop, product_id: int, params: dict[str, Any]) -> Row:
    """Change a product, or a variation through ``/products/{id}``."""
    held = shop.products.get(product_id) or shop.variations.get(product_id)
    if held is None:
        raise invalid_id("product", 400)
    _check_sku(shop, params.get("sku"), product_id)
    row = copy.deepcopy(held)
    apply(shop, row, params)
    shop.touch(row)
    (shop.variations if row["type"] == "variation" else shop.products).put(row)
    if row["type"] == "variation":
        bump_parent(shop, row["parent_id"])
    shop.emit("product.updated", product_id)
    return row


def create_variation(shop: Shop, parent_id: int, params: dict[str, Any]) -> Row:
    """Make a variation; product hooks fire for it (vendor fact 14)."""
    parent = shop.products.get(parent_id)
    if parent is None:
        raise invalid_id("product")
    _check_sku(shop, params.get("sku"), 0)
    row = blank_variation(shop, shop.next_id("post"), parent)
    row["attributes"] = [_attribute(item) for item in params.get("attributes") or () if isinstance(item, dict)]
    row["name"] = ", ".join(item["option"] for item in row["attributes"])
    chosen = "&".join(f"attribute_{item['slug']}={item['option']}" for item in row["attributes"])
    row["permalink"] += f"?{chosen}" if chosen else ""
    apply(shop, row, {**params, "attributes": None})
    shop.variations.put(row)
    shop.products.put({**parent, "variations": [*parent["variations"], row["id"]]})
    bump_parent(shop, parent_id)
    shop.emit("product.created", row["id"])
    return row


def _attribute(item: dict[str, Any]) -> Row:
    name = str(item.get("name") or "")
    option = str(item.get("option") or "")
    return {"id": php.as_int(item.get("id")), "name": name, "slug": php.slugify(name), "option": option}


def bump_parent(shop: Shop, parent_id: int) -> None:
    """Move the parent's ``date_modified``, as a change of a variation does (vendor fact 24)."""
    parent = shop.products.get(parent_id)
    if parent is not None:
        changed = {**parent}
        shop.touch(changed)
        shop.products.put(changed)


def apply(shop: Shop, row: Row, params: dict[str, Any]) -> None:
    """Set what the parameters name; prices and stock settle afterwards."""
    for name in _TEXTS:
        if name in row and params.get(name) is not None:
            row[name] = str(params[name])
    for name in _FLAGS:
        if name in row and params.get(name) is not None:
            row[name] = params[name] in (True, "true", "1", 1)
    for name in _LISTS:
        if name in row and isinstance(params.get(name), list):
            row[name] = params[name]
    if params.get("sku") is not None:
        row["sku"] = str(params["sku"])
    if isinstance(params.get("meta_data"), list):
        row["meta_data"] = shop.meta(params["meta_data"], row["meta_data"])
    _prices(row, params)
    _stock(row, params)


def _prices(row: Row, params: dict[str, Any]) -> None:
    for name in ("regular_price", "sale_price"):
        if params.get(name) is not None:
            row[name] = php.format_decimal(params[name])
    sale, regular = php.as_decimal(row["sale_price"]), php.as_decimal(row["regular_price"])
    row["on_sale"] = sale is not None and regular is not None and sale < regular
    if row["type"] != "variable":
        row["price"] = row["sale_price"] if row["on_sale"] else row["regular_price"]
        if "price_html" in row:
            row["price_html"] = _markup(row)
        row["purchasable"] = row["price"] != ""


def _markup(row: Row) -> str:
    return sale_html(row["regular_price"], row["price"]) if row["on_sale"] else price_html(row["price"])


def _stock(row: Row, params: dict[str, Any]) -> None:
    if params.get("manage_stock") is not None:
        row["manage_stock"] = params["manage_stock"] in (True, "true", "1", 1)
    if not row["manage_stock"]:
        row["stock_quantity"] = None
        row["backorders"] = "no"
        row["low_stock_amount"] = None
    elif params.get("stock_quantity") is not None:
        row["stock_quantity"] = stock.wanted(params["stock_quantity"])
    elif row["stock_quantity"] is None:
        row["stock_quantity"] = 0
    if params.get("stock_status") is not None:
        row["stock_status"] = str(params["stock_status"])
    stock.settle(row)


def _check_sku(shop: Shop, sku: Any, own_id: int) -> None:
    if not sku:
        return
    for table in (shop.products, shop.variations):
        for row in table:
            if row["sku"] == sku and row["id"] != own_id and row["status"] != "trash":
                extra = {"resource_id": row["id"], "unique_sku": f"{sku}-1"}
                raise WpError(400, "product_invalid_sku", "Invalid or duplicated SKU.", **extra)


def trash(shop: Shop, product_id: int) -> Row:
    """Put a product into the trash: ``coupon.deleted`` fires with its id too (vendor fact 9)."""
    row = copy.deepcopy(_held(shop, product_id))
    if row["status"] == "trash":
        raise WpError(410, "woocommerce_rest_already_trashed", "The product has already been deleted.")
    given = [{"key": "_wp_trash_meta_status", "value": row["status"]}]
    row["meta_data"] = shop.meta(given, row["meta_data"])
    row["status"] = "trash"
    shop.touch(row)
    (shop.variations if row["type"] == "variation" else shop.products).put(row)
    shop.emit("coupon.deleted", product_id)
    shop.emit("product.deleted", product_id)
    return row


def untrash(shop: Shop, product_id: int) -> Row:
    """Restore a product: four hooks, one of them with the wrong resource (recorded deliveries 87 to 90)."""
    row = copy.deepcopy(_held(shop, product_id))
    if row["status"] != "trash":
        raise WpError(400, "woocommerce_rest_not_trashed", "The product is not in the trash.")
    was = next((m["value"] for m in row["meta_data"] if m["key"] == "_wp_trash_meta_status"), "publish")
    row["meta_data"] = [m for m in row["meta_data"] if m["key"] != "_wp_trash_meta_status"]
    row["status"] = was
    shop.touch(row)
    shop.products.put(row)
    for topic in ("product.published", "product.updated", "coupon.restored", "product.restored"):
        shop.emit(topic, product_id)
    return row


def delete(shop: Shop, product_id: int) -> Row:
    """Delete for ever, variations too; nothing fires (vendor fact 10)."""
    row = _held(shop, product_id)
    for variation_id in row.get("variations") or ():
        shop.variations.drop(variation_id)
        shop.deleted["variations"].append(variation_id)
    table = shop.variations if row["type"] == "variation" else shop.products
    table.drop(product_id)
    shop.deleted[table.kind].append(product_id)
    if row["type"] == "variation":
        parent = shop.products.get(row["parent_id"])
        if parent is not None:
            shop.products.put({**parent, "variations": [v for v in parent["variations"] if v != product_id]})
    return row


def _held(shop: Shop, product_id: int) -> Row:
    row = shop.products.get(product_id) or shop.variations.get(product_id)
    if row is None:
        raise invalid_id("product")
    return row
