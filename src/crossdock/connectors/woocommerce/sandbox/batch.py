"""Batch endpoints: at most 100 items, no schema check, failures in place (vendor facts 27 to 29)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from . import customers, orders, products
from .answers import Answer, Call, WpError
from .rendering import RENDER, product_saved, variation
from .table import Row

LIMIT = 100
Verb = Callable[[Call, dict[str, Any]], Row]


class Verbs(msgspec.Struct, frozen=True):
    """What a batch does to one kind of resource, and how the result is shown."""

    create: Verb
    update: Verb
    delete: Verb


def run(call: Call, verbs: Verbs) -> Answer:
    """Answer a batch: 200 with one result per item, in order."""
    asked = {name: call.params.get(name) for name in ("create", "update", "delete")}
    groups = {name: items for name, items in asked.items() if isinstance(items, list)}
    if sum(len(items) for items in groups.values()) > LIMIT:
        message = f"Unable to accept more than {LIMIT} items for this request."
        raise WpError(413, "woocommerce_rest_request_entity_too_large", message)
    out: dict[str, list[Row]] = {}
    for name, items in groups.items():
        out[name] = [_one(call, getattr(verbs, name), item) for item in items]
    return Answer(out)


def _one(call: Call, verb: Verb, item: Any) -> Row:
    given = item if isinstance(item, dict) else {"id": item}
    given = {**given, "id": _id(given.get("id"))}
    try:
        return verb(call, given)
    except WpError as error:
        return {"id": given["id"], "error": error.body()}


def _id(value: Any) -> int:
    return int(value) if isinstance(value, int | str) and str(value).isdigit() else 0


def _order_create(call: Call, item: dict[str, Any]) -> Row:
    return RENDER["orders"](call.shop, orders.create(call.shop, item), call.base)


def _order_update(call: Call, item: dict[str, Any]) -> Row:
    return RENDER["orders"](call.shop, orders.update(call.shop, item["id"], item), call.base)


def _order_delete(call: Call, item: dict[str, Any]) -> Row:
    held = call.shop.orders.get(item["id"])
    shown = RENDER["orders"](call.shop, held, call.base) if held else {}
    (orders.delete if call.flag("force") else orders.trash)(call.shop, item["id"])
    return shown


def _product_create(call: Call, item: dict[str, Any]) -> Row:
    return product_saved(call.shop, products.create(call.shop, item), call.base)


def _product_update(call: Call, item: dict[str, Any]) -> Row:
    return product_saved(call.shop, products.update(call.shop, item["id"], item), call.base)


def _product_delete(call: Call, item: dict[str, Any]) -> Row:
    held = call.shop.products.get(item["id"]) or call.shop.variations.get(item["id"])
    shown = RENDER["products"](call.shop, held, call.base) if held else {}
    (products.delete if call.flag("force") else products.trash)(call.shop, item["id"])
    return shown


def _variation_create(call: Call, item: dict[str, Any]) -> Row:
    row = products.create_variation(call.shop, call.number("product_id"), item)
    return variation(call.shop, row, call.base)


def _variation_update(call: Call, item: dict[str, Any]) -> Row:
    return variation(call.shop, products.update(call.shop, item["id"], item), call.base)


def _customer_create(call: Call, item: dict[str, Any]) -> Row:
    return RENDER["customers"](call.shop, customers.create(call.shop, item), call.base)


def _customer_update(call: Call, item: dict[str, Any]) -> Row:
    return RENDER["customers"](call.shop, customers.update(call.shop, item["id"], item), call.base)


def _customer_delete(call: Call, item: dict[str, Any]) -> Row:
    return RENDER["customers"](call.shop, customers.delete(call.shop, item["id"]), call.base)


VERBS: dict[str, Verbs] = {
    "orders": Verbs(_order_create, _order_update, _order_delete),
    "products": Verbs(_product_create, _product_update, _product_delete),
    "variations": Verbs(_variation_create, _variation_update, _product_delete),
    "customers": Verbs(_customer_create, _customer_update, _customer_delete),
}
