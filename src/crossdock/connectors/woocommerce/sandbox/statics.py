"""What a shop says about itself: settings, system status, zones, currencies, its index. Recorded texts, own address."""

from __future__ import annotations

import unicodedata
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import orjson

from . import php, schema
from .answers import Answer, Call, WpError, no_route
from .listing import cut as cut_page
from .listing import page_headers, plain
from .rendering import API, fields_of, links, only_fields

_FILE = Path(__file__).parent / "recorded" / "statics.json"


@cache
def _text() -> str:
    return _FILE.read_text("utf-8")


@lru_cache(maxsize=8)
def recorded(base: str) -> dict[str, Any]:
    """Return the recorded texts with the shop's own address filled in."""
    value: dict[str, Any] = orjson.loads(_text().replace("{base}", base).replace("{site}", base))
    return value


def _shown(call: Call, value: dict[str, Any]) -> Answer:
    wanted = fields_of(call.query.get("_fields"))
    return Answer(only_fields(value, wanted) if wanted else value)


def settings_groups(call: Call) -> Answer:
    """Answer ``GET /settings``."""
    rows = recorded(call.base)["settings"]
    api = f"{call.base}{API}settings/"
    out = [{**row, "_links": {"options": [{"href": api + row["id"]}]}} for row in rows]
    return Answer(out)


def settings_general(call: Call) -> Answer:
    """Answer ``GET /settings/general`` and ``/settings/tax``; the other groups are not part of the sandbox."""
    group = call.ids["group_id"]
    if group not in ("general", "tax"):
        raise WpError(404, "rest_setting_setting_group_invalid", "Invalid setting group.")
    turned = {
        "woocommerce_prices_include_tax": call.settings.prices_include_tax,
        "woocommerce_tax_round_at_subtotal": call.settings.round_at_subtotal,
    }
    wanted = fields_of(call.query.get("_fields"))
    out = []
    for row in recorded(call.base)[f"settings/{group}"]:
        at = links(
            call.base, f"settings/{group}/{row['id']}", f"settings/{group}", allow=["GET", "POST", "PUT", "PATCH"]
        )
        now = {"value": "yes" if turned[row["id"]] else "no"} if row["id"] in turned else {}
        shown = {**row, **now, "_links": at}
        out.append(only_fields(shown, wanted) if wanted else shown)
    return Answer(out)


def system_status(call: Call) -> Answer:
    """Answer ``GET /system_status``."""
    value = dict(recorded(call.base)["system_status"])
    hpos = call.shop.storage == "hpos"
    value["settings"] = {**value["settings"], "HPOS_enabled": hpos}
    if not hpos:
        value["settings"]["order_datastore"] = "WC_Order_Data_Store_CPT"
    return _shown(call, value)


def currency(call: Call) -> Answer:
    """Answer ``GET /data/currencies/current``."""
    value = recorded(call.base)["data/currencies/current"]
    return Answer({**value, "_links": links(call.base, "data/currencies/USD", "data/currencies", allow=["GET"])})


def country(call: Call) -> Answer:
    """Answer ``GET /data/countries/us``; the sandbox knows that one."""
    if call.ids["location"].lower() != "us":
        message = "There are no locations matching these parameters."
        raise WpError(404, "woocommerce_rest_data_invalid_location", message)
    value = recorded(call.base)["data/countries/us"]
    return Answer({**value, "_links": links(call.base, "data/countries/us", "data/countries", allow=["GET"])})


def _zone(call: Call, row: dict[str, Any]) -> dict[str, Any]:
    path = f"shipping/zones/{row['id']}"
    at = links(call.base, path, "shipping/zones")
    return {**row, "_links": {**at, "describedby": [{"href": f"{call.base}{API}{path}/locations"}]}}


def zones(call: Call) -> Answer:
    """Answer ``GET /shipping/zones``."""
    return plain(call, [_zone(call, row) for row in recorded(call.base)["shipping/zones"]])


def zone(call: Call) -> Answer:
    """Answer ``GET /shipping/zones/{id}``."""
    row = next((r for r in recorded(call.base)["shipping/zones"] if r["id"] == call.number()), None)
    if row is None:
        raise WpError(404, "woocommerce_rest_shipping_zone_invalid", "Resource does not exist.")
    return Answer(_zone(call, row))


def zone_methods(call: Call) -> Answer:
    """Answer ``GET /shipping/zones/{id}/methods``: one flat rate where there is a zone."""
    zone_id = call.number("zone_id")
    if zone_id not in (0, 1, 2):
        raise WpError(404, "woocommerce_rest_shipping_zone_invalid", "Resource does not exist.")
    if zone_id == 0:
        return plain(call, [])
    path = f"shipping/zones/{zone_id}"
    row = {**recorded(call.base)["shipping/methods/flat_rate"], "id": zone_id, "instance_id": zone_id}
    at = links(call.base, f"{path}/methods/{zone_id}", f"{path}/methods")
    return plain(call, [{**row, "_links": {**at, "describes": [{"href": f"{call.base}{API}{path}"}]}}])


def zone_locations(call: Call) -> Answer:
    """Answer ``GET /shipping/zones/{id}/locations``: the zone is named after its country or continent."""
    zone_id = call.number("zone_id")
    row = next((r for r in recorded(call.base)["shipping/zones"] if r["id"] == zone_id), None)
    if row is None:
        raise WpError(404, "woocommerce_rest_shipping_zone_invalid", "Resource does not exist.")
    kind = "continent" if row["name"] == "EU" else "country"
    path = f"shipping/zones/{zone_id}"
    at = {
        "collection": [{"href": f"{call.base}{API}{path}/locations"}],
        "describes": [{"href": f"{call.base}{API}{path}"}],
    }
    return plain(call, [{"code": row["name"], "type": kind, "_links": at}] if zone_id else [], paged=False)


def tax_classes(call: Call) -> Answer:
    """Answer ``GET /taxes/classes``."""
    at = {"collection": [{"href": f"{call.base}{API}taxes/classes"}]}
    return plain(call, [{**row, "_links": at} for row in recorded(call.base)["taxes/classes"]])


def gateways(call: Call) -> Answer:
    """Answer ``GET /payment_gateways``."""
    return plain(call, [_gateway(call, row) for row in recorded(call.base)["payment_gateways"]])


def gateway(call: Call) -> Answer:
    """Answer ``GET /payment_gateways/{id}``."""
    row = next((r for r in recorded(call.base)["payment_gateways"] if r["id"] == call.ids["gateway_id"]), None)
    if row is None:
        raise WpError(404, "woocommerce_rest_payment_gateway_invalid", "Resource does not exist.")
    return _shown(call, _gateway(call, row))


def _gateway(call: Call, row: dict[str, Any]) -> dict[str, Any]:
    at = links(call.base, f"payment_gateways/{row['id']}", "payment_gateways", allow=["GET", "POST", "PUT", "PATCH"])
    return {**row, "_links": at}


def attributes(call: Call) -> Answer:
    """Answer ``GET /products/attributes``: the shop has no global ones (recorded)."""
    return plain(call, [])


def _sort_name(name: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", name.casefold()) if not unicodedata.combining(c))


def categories(call: Call) -> Answer:
    """Answer ``GET /products/categories`` from the categories that products are in."""
    found: dict[int, dict[str, Any]] = {}
    for row in call.shop.products:
        for item in row["categories"]:
            at = found.setdefault(
                item["id"],
                {
                    "id": item["id"],
                    "name": item["name"],
                    "slug": item["slug"],
                    "parent": 0,
                    "description": "",
                    "display": "default",
                    "image": None,
                    "menu_order": 0,
                    "count": 0,
                },
            )
            at["count"] += row["status"] == "publish"
    ids = sorted(found, key=lambda i: _sort_name(found[i]["name"]))
    page = cut_page(call, ids, honest=True)
    rows = [
        {**found[i], "_links": links(call.base, f"products/categories/{i}", "products/categories")} for i in page.ids
    ]
    wanted = fields_of(call.query.get("_fields"))
    shown = [only_fields(row, wanted) for row in rows] if wanted else rows
    return Answer(php.encode(shown), headers=page_headers(call, page, extra=False))


def sales(call: Call) -> Answer:
    """Answer ``GET /reports/sales``: a shop whose analytics queue has not run yet says 0 (recorded)."""
    nil = "0.00"
    day = call.shop.clock.stamps()[0][:10]
    totals = {"sales": nil, "orders": 0, "items": 0, "tax": nil, "shipping": nil, "discount": nil, "customers": 0}
    row: dict[str, Any] = dict.fromkeys(("total_sales", "net_sales", "average_sales"), nil)
    row |= {"total_orders": 0, "total_items": 0, "total_tax": nil, "total_shipping": nil, "total_refunds": 0}
    row |= {"total_discount": nil, "totals_grouped_by": "day", "totals": {day: {**totals, "refunds": nil}}}
    row |= {"total_customers": 0, "_links": {"about": [{"href": f"{call.base}{API}reports"}]}}
    return Answer([row])


def analytics(call: Call) -> Answer:
    """Answer ``GET /wc-analytics/reports/orders``: empty until the analytics queue has run (recorded)."""
    return plain(call, [], paged=False)


def index(call: Call) -> Answer:
    """Answer ``/wp-json/``: the shop's name and the routes that the sandbox has."""
    value = recorded(call.base)["index"]
    shown = {}
    for template, route in schema.routes().items():
        at = {"self": [{"href": f"{call.base}/wp-json{template}"}]}
        shown[template] = {"namespace": "wc/v3", **route, **({} if "(?P" in template else {"_links": at})}
    out = {}
    for name, item in value.items():
        if name == "site_logo":
            out["routes"] = shown
        out[name] = item
    return Answer({**out, "name": call.settings.title})


def namespace(call: Call) -> Answer:
    """Answer ``/wp-json/wc/v3``."""
    return Answer({"namespace": "wc/v3", "routes": schema.routes()})


def options(call: Call, template: str) -> Answer:
    """Answer OPTIONS: the route's methods and arguments."""
    route = schema.routes().get(template)
    if route is None:
        raise no_route()
    out: dict[str, Any] = {"namespace": "wc/v3", "methods": route["methods"], "endpoints": route["endpoints"]}
    if template == "/wc/v3/orders":
        out["schema"] = recorded(call.base)["order_schema"]
    out["_links"] = {"self": [{"href": f"{call.base}/wp-json{call.path}"}]}
    return Answer(out)
