"""The routes of the REST API: which path and method does what to the shop."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from . import batch, customers, listing, orders, products, refunds, schema, statics
from .answers import Answer, Call, WpError, invalid_id, no_route
from .deliveries import Runner
from .hooks import Hooks
from .listing import plain
from .rendering import API, RENDER, fields_of, links, only_fields, product_saved, refund_in_list, variation, written
from .table import Row

Handler = Callable[[Call], Answer | Awaitable[Answer]]
EDIT = ("POST", "PUT", "PATCH")


class Route(msgspec.Struct):
    """One route: its recorded template (for the arguments), its handlers and what they need permission for."""

    template: str
    handlers: dict[str, Handler]
    checked: bool = True
    """Whether the schema check runs (batches skip it)."""
    listed: bool = False
    pattern: re.Pattern[str] = re.compile("")

    def allow(self) -> list[str]:
        """Return the methods in the order WordPress lists them; those of the real route where it is recorded."""
        known = schema.routes().get(self.template)
        if known:
            return [str(method) for method in known["methods"]]
        return [m for m in ("GET", "POST", "PUT", "PATCH", "DELETE") if m in self.handlers]

    def permission(self, method: str) -> str:
        """Return what a method of this route needs permission for."""
        if self.template.endswith("/batch"):
            return "batch"
        if method in ("GET", "HEAD", "OPTIONS"):
            return "view" if self.template.endswith(")") else "list"
        if method == "DELETE":
            return "delete"
        return "edit" if self.template.endswith(")") else "create"


def _one(kind: str, what: str) -> Handler:
    def handle(call: Call) -> Answer:
        row = call.shop.tables[kind].get(call.number())
        if row is None:
            raise invalid_id(what)
        return _shown(call, kind, row)

    return handle


def _shown(call: Call, kind: str, row: Row) -> Answer:
    wanted = fields_of(call.query.get("_fields"))
    if wanted:
        return Answer(only_fields(RENDER[kind](call.shop, row, call.base), wanted))
    return Answer(written(call.shop, kind, row["id"], call.base))


def _made(call: Call, kind: str, row: Row, body: Any = None) -> Answer:
    at = f"{call.base}/wp-json{call.path}/{row['id']}"
    return Answer(body or RENDER[kind](call.shop, row, call.base), 201, {"Location": at})


def order_create(call: Call) -> Answer:
    """Answer ``POST /orders``; the same twice makes two (vendor fact 30)."""
    return _made(call, "orders", orders.create(call.shop, call.params))


def order_update(call: Call) -> Answer:
    """Answer ``PUT /orders/{id}``."""
    return Answer(RENDER["orders"](call.shop, orders.update(call.shop, call.number(), call.params), call.base))


def order_delete(call: Call) -> Answer:
    """Answer ``DELETE /orders/{id}`` with the order as it was."""
    held = call.shop.orders.get(call.number())
    if held is None:
        raise invalid_id("shop_order")
    shown = RENDER["orders"](call.shop, held, call.base)
    (orders.delete if call.flag("force") else orders.trash)(call.shop, call.number())
    return Answer(shown)


def _order_of(call: Call) -> Row:
    order = call.shop.orders.get(call.number("order_id"))
    if order is None:
        raise WpError(404, "woocommerce_rest_order_invalid_id", "Invalid order ID.")
    return order


def refund_list(call: Call) -> Answer:
    """Answer ``GET /orders/{id}/refunds``, newest first."""
    ids = sorted((row["id"] for row in _order_of(call)["refunds"] if row["id"] in call.shop.refunds.rows), reverse=True)
    return listing.answer(call, "refunds", ids)


def refunds_all(call: Call) -> Answer:
    """Answer ``GET /refunds``: all orders' refunds (newer WooCommerce)."""
    table = call.shop.refunds
    ids = listing.kept(table, listing.ordered(call, table), listing.excluded(call))
    return listing.answer(call, "refunds", ids, render=refund_in_list)


def refund_create(call: Call) -> Answer:
    """Answer ``POST /orders/{id}/refunds``; Location carries the route's own pattern (recorded)."""
    row = refunds.create(call.shop, call.number("order_id"), call.params)
    at = rf"{call.base}{API}orders/(?P<order_id>[\d]+)/refunds/{row['id']}"
    return Answer(RENDER["refunds"](call.shop, row, call.base), 201, {"Location": at})


def refund_one(call: Call) -> Answer:
    """Answer ``GET /orders/{id}/refunds/{id}``."""
    row = call.shop.refunds.get(call.number())
    if row is None or row["order_id"] != _order_of(call)["id"]:
        raise invalid_id("shop_order_refund")
    return _shown(call, "refunds", row)


def refund_delete(call: Call) -> Answer:
    """Answer ``DELETE /orders/{id}/refunds/{id}``: only for ever."""
    _no_trash(call, "Refunds")
    row = refunds.delete(call.shop, call.number("order_id"), call.number())
    return Answer(RENDER["refunds"](call.shop, row, call.base))


def _no_trash(call: Call, what: str) -> None:
    if not call.flag("force"):
        raise WpError(501, "woocommerce_rest_trash_not_supported", f"{what} do not support trashing.")


def _note(call: Call, row: Row) -> Row:
    path = f"orders/{call.number('order_id')}"
    at = links(call.base, f"{path}/notes/{row['id']}", f"{path}/notes", allow=["GET", "DELETE"], up=path)
    return {**row, "_links": at}


def note_list(call: Call) -> Answer:
    """Answer ``GET /orders/{id}/notes``, newest first."""
    rows = call.shop.notes.get(_order_of(call)["id"], [])
    kind = str(call.params.get("type") or "any")
    kept = [row for row in rows if kind == "any" or row["customer_note"] is (kind == "customer")]
    wanted = fields_of(call.query.get("_fields"))
    shown = [_note(call, row) for row in reversed(kept)]
    return Answer([only_fields(row, wanted) for row in shown] if wanted else shown)


def note_one(call: Call) -> Answer:
    """Answer ``GET`` and ``DELETE /orders/{id}/notes/{id}``; a note goes for ever or not at all."""
    held = call.shop.notes.get(_order_of(call)["id"], [])
    row = next((one for one in held if one["id"] == call.number()), None)
    if row is None:
        raise invalid_id("order_note")
    if call.method == "DELETE":
        _no_trash(call, "Order notes")
        held.remove(row)
    return Answer(_note(call, row))


def note_create(call: Call) -> Answer:
    """Answer ``POST /orders/{id}/notes``."""
    row = customers.add_note(call.shop, call.number("order_id"), call.params)
    return _made(call, "notes", row, _note(call, row))


def customer_one(call: Call) -> Answer:
    """Answer ``GET /customers/{id}``: the permission check itself says 404, so Allow is missing (recorded)."""
    row = call.shop.customers.get(call.number())
    if row is None:
        raise WpError(404, "wc_user_invalid_id", "Invalid user ID.")
    return _shown(call, "customers", row)


def customer_create(call: Call) -> Answer:
    """Answer ``POST /customers``."""
    return _made(call, "customers", customers.create(call.shop, call.params))


def customer_update(call: Call) -> Answer:
    """Answer ``PUT /customers/{id}``."""
    row = customers.update(call.shop, call.number(), call.params)
    return Answer(RENDER["customers"](call.shop, row, call.base))


def customer_delete(call: Call) -> Answer:
    """Answer ``DELETE /customers/{id}``: only for ever (recorded 501)."""
    _no_trash(call, "Customers")
    return Answer(RENDER["customers"](call.shop, customers.delete(call.shop, call.number()), call.base))


def product_one(call: Call) -> Answer:
    """Answer ``GET /products/{id}``, of a variation too (recorded)."""
    held = call.shop.variations.get(call.number())
    if held is not None:
        wanted = fields_of(call.query.get("_fields"))
        shown = RENDER["products"](call.shop, held, call.base)
        return Answer(only_fields(shown, wanted) if wanted else shown)
    return _one("products", "product")(call)  # type: ignore[return-value]


def product_create(call: Call) -> Answer:
    """Answer ``POST /products``."""
    row = products.create(call.shop, call.params)
    return _made(call, "products", row, product_saved(call.shop, row, call.base))


def product_update(call: Call) -> Answer:
    """Answer ``PUT /products/{id}``."""
    row = products.update(call.shop, call.number(), call.params)
    return Answer(product_saved(call.shop, row, call.base))


def product_delete(call: Call) -> Answer:
    """Answer ``DELETE /products/{id}`` and of a variation, with the product as it was."""
    kind = "variations" if "product_id" in call.ids else "products"
    held = call.shop.products.get(call.number()) or call.shop.variations.get(call.number())
    if held is None:
        raise invalid_id("product")
    shown = RENDER[kind](call.shop, held, call.base)
    (products.delete if call.flag("force") else products.trash)(call.shop, call.number())
    return Answer(shown)


def _parent(call: Call) -> None:
    if call.number("product_id") not in call.shop.products.rows:
        raise WpError(404, "woocommerce_rest_product_invalid_id", "Invalid product ID.")


def variation_list(call: Call) -> Answer:
    """Answer ``GET /products/{id}/variations``."""
    _parent(call)
    return listing.variations(call)


def variation_one(call: Call) -> Answer:
    """Answer ``GET /products/{id}/variations/{id}``."""
    row = call.shop.variations.get(call.number())
    if row is None or row["parent_id"] != call.number("product_id"):
        raise invalid_id("product_variation")
    return _shown(call, "variations", row)


def variation_create(call: Call) -> Answer:
    """Answer ``POST /products/{id}/variations``."""
    return _made(call, "variations", products.create_variation(call.shop, call.number("product_id"), call.params))


def variation_update(call: Call) -> Answer:
    """Answer ``PUT /products/{id}/variations/{id}``."""
    if call.number() not in call.shop.variations.rows:
        raise invalid_id("product_variation", 400)
    return Answer(variation(call.shop, products.update(call.shop, call.number(), call.params), call.base))


def coupon_create(call: Call) -> Answer:
    """Answer ``POST /coupons``."""
    return _made(call, "coupons", customers.save_coupon(call.shop, call.params))


def coupon_update(call: Call) -> Answer:
    """Answer ``PUT /coupons/{id}``."""
    row = customers.save_coupon(call.shop, call.params, call.number())
    return Answer(RENDER["coupons"](call.shop, row, call.base))


def coupon_delete(call: Call) -> Answer:
    """Answer ``DELETE /coupons/{id}``."""
    row = customers.trash_coupon(call.shop, call.number(), force=call.flag("force"))
    return Answer(RENDER["coupons"](call.shop, row, call.base))


def _batched(kind: str) -> Handler:
    return lambda call: batch.run(call, batch.VERBS[kind])


class WebhookDoor:
    """The webhooks' endpoints; they need the queue and the runner (the ping is sent within the request)."""

    def __init__(self, hooks: Hooks, runner: Runner) -> None:
        self.hooks = hooks
        self.runner = runner

    def list(self, call: Call) -> Answer:
        """Answer ``GET /webhooks``."""
        status = str(call.params.get("status") or "all")
        rows = [h for h in self.hooks.rows.values() if status in ("all", h.status)]
        page = listing.cut(call, sorted((h.id for h in rows), reverse=True), honest=True)
        shown = [self.hooks.rows[i].shown(call.base) for i in page.ids]
        answer = plain(call, shown)
        answer.headers = listing.page_headers(call, page, extra=False)
        return answer

    def one(self, call: Call) -> Answer:
        """Answer ``GET /webhooks/{id}``."""
        return Answer(self.hooks.held(call.number()).shown(call.base))

    async def create(self, call: Call) -> Answer:
        """Answer ``POST /webhooks``: takes as long as the receiver takes to answer the ping."""
        hook = self.hooks.create(call.params)
        if hook.status == "active":
            await self.runner.ping(hook)
        return Answer(hook.shown(call.base), 201, {"Location": f"{call.base}{API}webhooks/{hook.id}"})

    async def update(self, call: Call) -> Answer:
        """Answer ``PUT /webhooks/{id}``; a reactivation pings."""
        hook, ping = self.hooks.update(call.number(), call.params)
        if ping:
            await self.runner.ping(hook)
        return Answer(hook.shown(call.base))

    def delete(self, call: Call) -> Answer:
        """Answer ``DELETE /webhooks/{id}``: only for ever."""
        _no_trash(call, "Webhooks")
        return Answer(self.hooks.delete(call.number()).shown(call.base))


def _edits(handler: Handler) -> dict[str, Handler]:
    return dict.fromkeys(EDIT, handler)


_ID = r"/(?P<id>[\d]+)"
_OF_ORDER = r"/wc/v3/orders/(?P<order_id>[\d]+)"
_OF_PRODUCT = r"/wc/v3/products/(?P<product_id>[\d]+)/variations"


def table(hooks: Hooks, runner: Runner) -> list[Route]:
    """Return every route of a shop."""
    door = WebhookDoor(hooks, runner)
    v3 = "/wc/v3"

    rows: list[tuple[str, dict[str, Handler]]] = [
        (f"{v3}/orders", {"GET": listing.orders, "POST": order_create}),
        (f"{v3}/orders{_ID}", {"GET": _one("orders", "shop_order"), **_edits(order_update), "DELETE": order_delete}),
        (f"{v3}/orders/batch", _edits(_batched("orders"))),
        (f"{_OF_ORDER}/refunds", {"GET": refund_list, "POST": refund_create}),
        (f"{_OF_ORDER}/refunds{_ID}", {"GET": refund_one, "DELETE": refund_delete}),
        (f"{_OF_ORDER}/notes", {"GET": note_list, "POST": note_create}),
        (f"{_OF_ORDER}/notes{_ID}", {"GET": note_one, "DELETE": note_one}),
        (f"{v3}/refunds", {"GET": refunds_all}),
        (f"{v3}/customers", {"GET": listing.customers, "POST": customer_create}),
        (f"{v3}/customers{_ID}", {"GET": customer_one, **_edits(customer_update), "DELETE": customer_delete}),
        (f"{v3}/customers/batch", _edits(_batched("customers"))),
        (f"{v3}/products", {"GET": listing.products, "POST": product_create}),
        (f"{v3}/products{_ID}", {"GET": product_one, **_edits(product_update), "DELETE": product_delete}),
        (f"{v3}/products/batch", _edits(_batched("products"))),
        (f"{v3}/products/categories", {"GET": statics.categories}),
        (f"{v3}/products/attributes", {"GET": statics.attributes}),
        (_OF_PRODUCT, {"GET": variation_list, "POST": variation_create}),
        (f"{_OF_PRODUCT}{_ID}", {"GET": variation_one, **_edits(variation_update), "DELETE": product_delete}),
        (f"{_OF_PRODUCT}/batch", _edits(_batched("variations"))),
        (f"{v3}/coupons", {"GET": listing.coupons, "POST": coupon_create}),
        (
            f"{v3}/coupons{_ID}",
            {"GET": _one("coupons", "shop_coupon"), **_edits(coupon_update), "DELETE": coupon_delete},
        ),
        (f"{v3}/taxes", {"GET": listing.tax_rates}),
        (f"{v3}/taxes{_ID}", {"GET": _one("tax_rates", "tax")}),
        (f"{v3}/taxes/classes", {"GET": statics.tax_classes}),
        (f"{v3}/shipping/zones", {"GET": statics.zones}),
        (f"{v3}/shipping/zones{_ID}", {"GET": statics.zone}),
        (rf"{v3}/shipping/zones/(?P<zone_id>[\d]+)/methods", {"GET": statics.zone_methods}),
        (f"{v3}/webhooks", {"GET": door.list, "POST": door.create}),
        (f"{v3}/webhooks{_ID}", {"GET": door.one, **_edits(door.update), "DELETE": door.delete}),
        (f"{v3}/system_status", {"GET": statics.system_status}),
        (f"{v3}/settings", {"GET": statics.settings_groups}),
        (rf"{v3}/settings/(?P<group_id>[\w-]+)", {"GET": statics.settings_general}),
        (rf"{v3}/shipping/zones/(?P<zone_id>[\d]+)/locations", {"GET": statics.zone_locations}),
        (f"{v3}/payment_gateways", {"GET": statics.gateways}),
        (rf"{v3}/payment_gateways/(?P<gateway_id>[\w-]+)", {"GET": statics.gateway}),
        (f"{v3}/data/currencies/current", {"GET": statics.currency}),
        (rf"{v3}/data/countries/(?P<location>[\w-]+)", {"GET": statics.country}),
        (f"{v3}/reports/sales", {"GET": statics.sales}),
        ("/wc-analytics/reports/orders", {"GET": statics.analytics}),
        (v3, {"GET": statics.namespace}),
        ("", {"GET": statics.index}),
    ]
    return [_route(template, handlers) for template, handlers in rows]


def _route(template: str, handlers: dict[str, Handler]) -> Route:
    listed = template.rsplit("/", 1)[-1] in ("orders", "products", "customers", "refunds", "variations", "coupons")
    checked = not template.endswith("/batch")
    return Route(template, handlers, checked, listed, re.compile(template))


def match(routes: list[Route], path: str) -> tuple[Route, dict[str, str]]:
    """Return the route of a path and the ids in it, or raise the 404."""
    for route in routes:
        found = route.pattern.fullmatch(path)
        if found:
            return route, found.groupdict()
    raise no_route()
