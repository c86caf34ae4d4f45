"""Collections: filters, order, pages and the headers that go with them.

Vendor facts 18 to 25; recordings ``rest/orders_*``, ``rest/customers_*``, ``rest/products_*``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import msgspec

from . import php
from .answers import Answer, Call
from .rendering import RENDER, fields_of, only_fields, written
from .table import Axis, Row, Table

HIDDEN = frozenset({"trash", "checkout-draft", "auto-draft"})
Test = Callable[[Row], bool]


class Page(msgspec.Struct):
    """One page of ids and what the headers say about the whole."""

    ids: list[int]
    total: int
    pages: int


def answer(call: Call, kind: str, ids: list[int], *, render: Callable[..., Row] | None = None) -> Answer:
    """Return a collection's answer: filtered ids in their order -> one page, headers, body."""
    page = cut(call, ids, honest=not (kind == "orders" and call.shop.storage == "hpos"))
    wanted = fields_of(call.query.get("_fields"))
    table = call.shop.tables[kind]
    show = render or RENDER[kind]
    if wanted:
        rows = [only_fields(show(call.shop, table.rows[i], call.base), wanted) for i in page.ids]
        body = php.encode(rows)
    elif render:
        body = php.encode([show(call.shop, table.rows[i], call.base) for i in page.ids])
    else:
        body = b"[" + b",".join([written(call.shop, kind, i, call.base) for i in page.ids]) + b"]"
    return Answer(body, headers=page_headers(call, page, extra=kind == "orders"))


def cut(call: Call, ids: list[int], *, honest: bool) -> Page:
    """Return the asked page; past the end HPOS says that there is nothing at all (vendor fact 22)."""
    size = int(call.params.get("per_page") or 10)
    number = int(call.params.get("page") or 1)
    start = call.params.get("offset")
    start = (number - 1) * size if start is None else int(start)
    part = ids[start : start + size]
    total = len(ids) if part or honest else 0
    return Page(part, total, math.ceil(total / size))


def page_headers(call: Call, page: Page, *, extra: bool) -> dict[str, str]:
    """Return X-WP-Total, X-WP-TotalPages and, where there are neighbours, Link."""
    headers = {"X-WP-Total": str(page.total), "X-WP-TotalPages": str(page.pages)}
    number = int(call.params.get("page") or 1)
    url = f"{call.base}/wp-json{call.path}"
    found: list[str] = []
    if number > 1:
        found.append(f'<{url}?{_link_query(call, min(number - 1, page.pages), extra=extra)}>; rel="prev"')
    if page.pages > number:
        found.append(f'<{url}?{_link_query(call, number + 1, extra=extra)}>; rel="next"')
    if found:
        headers["Link"] = ", ".join(found)
    return headers


def _link_query(call: Call, page: int, *, extra: bool) -> str:
    query = {name: call.params.get(name, value) for name, value in call.query.items()}
    for name in ("_fields", "oauth_signature"):
        if name in call.query:
            query[name] = call.query[name]
    if extra:
        query.pop("status", None)
        query |= {"status": call.params.get("status") or ["any"], "dp": 2, "context": "view"}
    query["page"] = page
    if isinstance(query.get("oauth_signature"), str):
        signature = query["oauth_signature"].rstrip("=")
        joined = php.build_query(query)
        return joined.replace(php.build_query({"s": query["oauth_signature"]})[2:], _loose(signature))
    return php.build_query(query)


def _loose(signature: str) -> str:
    return php.build_query({"s": signature})[2:].replace("%2B", "+")


def window(call: Call, table: Table, *, axis: Axis) -> list[int]:
    """Return ids between the dates asked, ascending by ``axis`` (exclusive, one second: vendor fact 18)."""
    gmt = call.flag("dates_are_gmt")

    def at(name: str) -> str | None:
        value = call.params.get(name)
        return call.shop.clock.to_gmt(value, dates_are_gmt=gmt) if value else None

    created = (at("after"), at("before"))
    modified = (at("modified_after"), at("modified_before"))
    if not any(created) and not any(modified):
        return table.ids(axis)
    by: Axis = "modified" if any(modified) else "created"
    low, high = modified if any(modified) else created
    ids = table.ids(by, after=low, before=high)
    if any(modified) and any(created):
        within = set(table.ids("created", after=created[0], before=created[1]))
        ids = [i for i in ids if i in within]
    if by == axis:
        return ids
    if axis == "id":
        return sorted(ids)
    name = "date_created_gmt" if axis == "created" else "date_modified_gmt"
    rows = table.rows
    return sorted(ids, key=lambda i: (rows[i].get(name) or "", i))


_AXES: dict[str, Axis] = {"date": "created", "modified": "modified", "id": "id", "registered_date": "created"}


def ordered(call: Call, table: Table, *, default: str = "date", descending: bool = True) -> list[int]:
    """Return ids in the asked order, before filters."""
    by = str(call.params.get("orderby") or default)
    down = call.params.get("order", "desc" if descending else "asc") == "desc"
    included = [php.as_int(i) for i in call.params.get("include") or ()]
    if by == "include" and included:
        return [i for i in included if i in table.rows]
    ids = window(call, table, axis=_AXES.get(by, "created"))
    key = _SORTS.get(by)
    if key is not None:
        ids = sorted(sorted(ids), key=lambda i: key(table.rows[i]), reverse=down)
        down = False
    if included:
        chosen = set(included)
        ids = [i for i in ids if i in chosen]
    return ids[::-1] if down else ids


_SORTS: dict[str, Callable[[Row], Any]] = {
    "title": lambda row: str(row.get("name") or row.get("code") or row.get("number") or "").casefold(),
    "slug": lambda row: str(row.get("slug") or ""),
    "name": lambda row: str(row.get("username") or "").casefold(),
    "registered_date": lambda row: row["date_created_gmt"],
    "price": lambda row: float(row.get("price") or 0),
    "popularity": lambda row: int(row.get("total_sales") or 0),
    "menu_order": lambda row: (int(row.get("menu_order") or 0), str(row.get("name") or "").casefold()),
}


def kept(table: Table, ids: list[int], tests: list[Test]) -> list[int]:
    """Return the ids whose rows pass every test."""
    rows = table.rows
    for test in tests:
        ids = [i for i in ids if test(rows[i])]
    return ids


def excluded(call: Call) -> list[Test]:
    """Return the test for ``exclude``."""
    gone = {php.as_int(i) for i in call.params.get("exclude") or ()}
    return [lambda row: row["id"] not in gone] if gone else []


def statuses(asked: list[str]) -> Test:
    """Return the test for ``status``; ``any`` leaves out the trash and drafts of the checkout (vendor fact 20)."""
    wanted = set(asked)
    if "any" in wanted:
        return lambda row: row["status"] not in HIDDEN
    return lambda row: row["status"] in wanted


def orders(call: Call) -> Answer:
    """Answer ``GET /orders``."""
    params = call.params
    tests = [statuses(params.get("status") or ["any"]), *excluded(call)]
    if params.get("customer") is not None:
        customer = int(params["customer"])
        tests.append(lambda row: row["customer_id"] == customer)
    if params.get("product") is not None:
        product = int(params["product"])
        tests.append(lambda row: any(product in (x["product_id"], x["variation_id"]) for x in row["line_items"]))
    if params.get("parent"):
        parents = set(params["parent"])
        tests.append(lambda row: row["parent_id"] in parents)
    if params.get("created_via"):
        via = set(params["created_via"])
        tests.append(lambda row: row["created_via"] in via)
    if params.get("search"):
        text = str(params["search"]).casefold()
        tests.append(lambda row: text in _order_text(row))
    table = call.shop.orders
    return answer(call, "orders", kept(table, ordered(call, table), tests))


def _order_text(row: Row) -> str:
    people = [*row["billing"].values(), *row["shipping"].values()]
    return " ".join([str(row["id"]), *people, *(line["name"] for line in row["line_items"])]).casefold()


def customers(call: Call) -> Answer:
    """Answer ``GET /customers``: no ``modified_after`` (ignored), role customer unless asked (facts 24 and 25)."""
    params = {**call.params}
    for name in ("modified_after", "modified_before", "after", "before"):
        params.pop(name, None)
    call = msgspec.structs.replace(call, params=params)
    role = str(params.get("role") or "customer")
    tests: list[Test] = excluded(call)
    if role != "all":
        tests.append(lambda row: row["role"] == role)
    if params.get("email"):
        email = str(params["email"]).lower()
        tests.append(lambda row: row["email"].lower() == email)
    if params.get("search"):
        text = str(params["search"]).casefold()
        tests.append(lambda row: text in f"{row['email']} {row['username']} {row['first_name']}".casefold())
    table = call.shop.customers
    return answer(call, "customers", kept(table, ordered(call, table, default="name", descending=False), tests))


def products(call: Call) -> Answer:
    """Answer ``GET /products``; by SKU variations are found too."""
    params = call.params
    tests: list[Test] = excluded(call)
    status = params.get("status") or "any"
    asked = status if isinstance(status, list) else [status]
    tests.append(statuses([str(s) for s in asked]))
    named = [name for name in ("type", "stock_status", "slug") if params.get(name)]
    named += [name for name in ("featured", "on_sale") if params.get(name) is not None]
    tests += [_equal(name, params[name]) for name in named]
    if params.get("category"):
        wanted = set(str(params["category"]).split(","))
        tests.append(lambda row: any(str(c["id"]) in wanted for c in row["categories"]))
    if params.get("search"):
        text = str(params["search"]).casefold()
        tests.append(lambda row: text in f"{row['name']} {row['description']}".casefold())
    table = call.shop.products
    if params.get("sku"):
        return _by_sku(call, tests)
    return answer(call, "products", kept(table, ordered(call, table), tests))


def _equal(name: str, value: Any) -> Test:
    return lambda row: row.get(name) == value


def _by_sku(call: Call, tests: list[Test]) -> Answer:
    wanted = {part.strip() for part in str(call.params["sku"]).split(",")}
    tests.append(lambda row: row["sku"] in wanted)
    found = kept(call.shop.products, ordered(call, call.shop.products), tests)
    more = [v["id"] for v in call.shop.variations if v["sku"] in wanted]
    if not more:
        return answer(call, "products", found)
    page = cut(call, [*more, *found], honest=True)
    rows = [call.shop.products.get(i) or call.shop.variations.rows[i] for i in page.ids]
    shown = [RENDER["products"](call.shop, row, call.base) for row in rows]
    wanted_fields = fields_of(call.query.get("_fields"))
    if wanted_fields:
        shown = [only_fields(row, wanted_fields) for row in shown]
    return Answer(php.encode(shown), headers=page_headers(call, page, extra=False))


def variations(call: Call) -> Answer:
    """Answer ``GET /products/{id}/variations``."""
    parent = call.number("product_id")
    status = str(call.params.get("status") or "any")
    tests = [_equal("parent_id", parent), statuses([status]), *excluded(call)]
    if call.params.get("sku"):
        tests.append(_equal("sku", call.params["sku"]))
    table = call.shop.variations
    by_menu = kept(table, ordered(call, table), tests)
    return answer(call, "variations", by_menu)


def coupons(call: Call) -> Answer:
    """Answer ``GET /coupons``."""
    # the parameter stands in no schema, so nothing checks it; without it only what is published is listed (seen)
    asked = [word for word in str(call.query.get("status") or "publish,private").split(",") if word]
    tests: list[Test] = [statuses(asked), *excluded(call)]
    if call.params.get("code"):
        tests.append(_equal("code", str(call.params["code"]).lower()))
    table = call.shop.coupons
    return answer(call, "coupons", kept(table, ordered(call, table), tests))


def tax_rates(call: Call) -> Answer:
    """Answer ``GET /taxes``."""
    table = call.shop.tax_rates
    tests = [_equal("class", call.params["class"])] if call.params.get("class") else []
    return answer(call, "tax_rates", kept(table, sorted(table.rows), tests))


def plain(call: Call, rows: list[Any], *, paged: bool = True) -> Answer:
    """Answer a small list of ready-made rows, with ``_fields``."""
    wanted = fields_of(call.query.get("_fields"))
    shown = [only_fields(row, wanted) for row in rows] if wanted else rows
    headers = {"X-WP-Total": str(len(rows)), "X-WP-TotalPages": "1" if rows or paged else "0"}
    return Answer(php.encode(shown), headers=headers)
