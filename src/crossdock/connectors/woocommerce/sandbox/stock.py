"""Stock follows the order's status: once down, once back (vendor fact 31)."""

from __future__ import annotations

from typing import Any

from . import lines
from .shop import Shop
from .table import Row

_TAKES = ("processing", "completed", "on-hold")
_GIVES = ("cancelled", "pending")


def follow(shop: Shop, order: Row) -> None:
    """Take or give back the stock of every line, as the status says."""
    if order["status"] in _TAKES:
        for line in order["line_items"]:
            _take(shop, line)
    elif order["status"] in _GIVES:
        for line in order["line_items"]:
            _give(shop, line)


def reduced(line: Row) -> int:
    """Return how many pieces of a line have been taken from stock."""
    return next((int(m["value"]) for m in line["meta_data"] if m["key"] == "_reduced_stock"), 0)


def note(shop: Shop, line: Row, key: str, value: int | None) -> None:
    """Set (or, with None, remove) a counting meta of a line."""
    given = [{"key": key, "value": None if value is None else str(value)}]
    line["meta_data"] = lines.shown_meta(shop, given, line["meta_data"])


def holder(shop: Shop, sold: Row) -> Row:
    """Return whose stock is counted when something is sold: a variation's own, or its parent's."""
    parent = shop.products.get(sold["parent_id"]) if sold["type"] == "variation" else None
    return parent if parent is not None and sold["manage_stock"] is not True else sold


def shown(shop: Shop, variation: Row) -> Row:
    """Return a variation as the API shows it: ``manage_stock`` is "parent" where its product counts, with its stock."""
    parent = holder(shop, variation)
    if parent is variation or parent["manage_stock"] is not True:
        return variation
    names = ("stock_quantity", "stock_status", "backorders", "backorders_allowed", "backordered")
    return {**variation, "manage_stock": "parent", **{name: parent[name] for name in names}}


def _sold(shop: Shop, line: Row) -> Row | None:
    sold = shop.variations.get(line["variation_id"]) or shop.products.get(line["product_id"])
    return None if sold is None else holder(shop, sold)


def _take(shop: Shop, line: Row) -> None:
    if any(meta["key"] == "_reduced_stock" for meta in line["meta_data"]):
        return
    sold = _sold(shop, line)
    if sold is None:
        return
    changed = {**sold}
    if isinstance(changed.get("total_sales"), int):
        changed["total_sales"] += line["quantity"]
    if sold["manage_stock"] is True:
        note(shop, line, "_reduced_stock", line["quantity"])
        changed["stock_quantity"] = (sold["stock_quantity"] or 0) - line["quantity"]
    _store(shop, changed)


def _give(shop: Shop, line: Row) -> None:
    taken = reduced(line)
    if taken:
        give_back(shop, line, taken)
        note(shop, line, "_reduced_stock", None)


def give_back(shop: Shop, line: Row, quantity: int) -> None:
    """Put pieces back on the shelf."""
    sold = _sold(shop, line)
    if sold is not None and sold["manage_stock"] is True:
        _store(shop, {**sold, "stock_quantity": (sold["stock_quantity"] or 0) + quantity})


def _store(shop: Shop, row: Row) -> None:
    settle(row)
    shop.touch(row)
    table = shop.variations if row["type"] == "variation" else shop.products
    table.put(row)
    shop.emit("product.updated", row["id"])


def settle(row: Row) -> None:
    """Set the stock status that follows from the quantity."""
    row["backorders_allowed"] = row["backorders"] in ("yes", "notify")
    if row["manage_stock"] is not True:
        row["backordered"] = row["stock_status"] == "onbackorder"
        return
    if (row["stock_quantity"] or 0) > 0:
        row["stock_status"] = "instock"
    else:
        row["stock_status"] = "onbackorder" if row["backorders_allowed"] else "outofstock"
    row["backordered"] = row["stock_status"] == "onbackorder"


def wanted(value: Any) -> int:
    """Return a stock quantity as ``wc_stock_amount`` reads it: junk is 0 (vendor fact 27)."""
    from . import php

    return php.as_int(value)
