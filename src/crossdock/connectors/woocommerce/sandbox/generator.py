"""A realistic shop of any size, made by the shop's own rules; linear in the number of orders."""

from __future__ import annotations

import random
import time
from typing import Any

from . import customers, lines, people, php, products, refunds, totals
from . import orders as order_rules
from .shop import Shop
from .table import Row

DAY = 86_400
_STATUSES = (
    ("processing", 30),
    ("completed", 38),
    ("pending", 7),
    ("on-hold", 6),
    ("cancelled", 6),
    ("refunded", 4),
    ("failed", 4),
    ("checkout-draft", 2),
    ("trash", 3),
)
_WORDS = tuple(word for word, _ in _STATUSES)
_WEIGHTS = tuple(weight for _, weight in _STATUSES)
RATES: tuple[Row, ...] = tuple(
    {
        "id": number,
        "country": country,
        "state": state,
        "postcode": "",
        "city": "",
        "rate": rate,
        "name": name,
        "priority": priority,
        "compound": compound,
        "shipping": shipping,
        "order": 0,
        "class": "standard",
        "postcodes": [],
        "cities": [],
    }
    for number, country, state, rate, name, priority, compound, shipping in (
        (1, "US", "CA", "7.2500", "CA Sales Tax", 1, False, False),
        (2, "DE", "", "19.0000", "MwSt.", 1, False, True),
        (3, "GB", "", "20.0000", "VAT", 1, False, True),
        (4, "JP", "", "10.0000", "消費税", 1, False, True),
        (5, "US", "CA", "2.0000", "District", 2, True, False),
    )
)


class Maker:
    """Makes one shop; every choice comes from one seed."""

    def __init__(self, shop: Shop, seed: int, now: float) -> None:
        self.shop = shop
        self.rng = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self.now = now
        self.registered: list[dict[str, Any]] = []
        self.guests: list[dict[str, Any]] = []
        self.made: dict[str, list[Row]] = {"orders": [], "refunds": []}

    def at(self, unix: float) -> None:
        """Set the shop's clock to a moment of the past."""
        self.shop.clock.stop_at(unix)

    def goods(self, count: int) -> None:
        """Make products, every sixth with eight variations, and the coupons."""
        rng, shop = self.rng, self.shop
        rows: list[Row] = []
        variations: list[Row] = []
        shop.set_next("post", 17)
        for number in range(count):
            self.at(self.now - 90 * DAY + number)
            variable = number % 6 == 5
            name = people.GOODS[number % len(people.GOODS)] + (f" {number}" if number >= len(people.GOODS) else "")
            row = products.blank(shop, shop.next_id("post"))
            price = f"{rng.randrange(19, 12_000) / 100:.2f}" if number % 17 else "0.00"
            given: dict[str, Any] = {
                "name": name,
                "sku": f"SKU-{number:04d}" if number % 11 else "sku/0 ß+é" * (not number),
            }
            given |= {"description": "<p>Good for you.</p>\n", "short_description": "<p><em>short</em></p>\n"}
            given |= {"categories": [rng.choice(people.CATEGORIES)], "status": "publish" if number % 29 else "private"}
            given["meta_data"] = [{"key": "_ext_id", "value": f"EXT-{number}"}]
            if variable:
                row["type"], row["has_options"] = "variable", True
            else:
                given |= {"regular_price": price, "manage_stock": True, "stock_quantity": 5_000}
            products.apply(shop, row, given)
            row["slug"] = php.slugify(name)
            row["permalink"] = f"/product/{row['slug']}/"
            rows.append(row)
            if variable:
                row["price"] = "10.00"
                variations += self._variations(row)
        shop.products.fill(rows)
        shop.variations.fill(variations)
        for code, kind, amount in (
            ("ten-percent", "percent", "10"),
            ("five-off", "fixed_cart", "5"),
            ("free100", "percent", "100"),
            ("itemtwo", "fixed_product", "2"),
        ):
            customers.save_coupon(shop, {"code": code, "discount_type": kind, "amount": amount})

    def _variations(self, parent: Row) -> list[Row]:
        out = []
        for size in ("S", "M", "L", "XL"):
            for colour in ("Red", "Blue"):
                row = products.blank_variation(self.shop, self.shop.next_id("post"), parent)
                row["attributes"] = [
                    {"id": 0, "name": "Size", "slug": "size", "option": size},
                    {"id": 0, "name": "Colour", "slug": "colour", "option": colour},
                ]
                row["name"] = f"{size}, {colour}"
                row["permalink"] += f"?attribute_size={size}&attribute_colour={colour}"
                given = {
                    "sku": f"{parent['sku']}-{size}-{colour}" if parent["sku"] else "",
                    "regular_price": "10.00",
                    "manage_stock": True,
                    "stock_quantity": 900,
                }
                products.apply(self.shop, row, given)
                out.append(row)
        parent["variations"] = [row["id"] for row in out]
        names = (("Size", ["S", "M", "L", "XL"]), ("Colour", ["Red", "Blue"]))
        parent["attributes"] = [
            {"id": 0, "name": n, "slug": n, "position": 0, "visible": True, "variation": True, "options": o}
            for n, o in names
        ]
        return out

    def crowd(self, count: int) -> None:
        """Make registered customers, and the guests that come back."""
        rows: list[Row] = []
        self.at(self.now - 80 * DAY)
        admin = customers.blank(self.shop, 1, "admin@example.com")
        rows.append(admin | {"role": "administrator", "username": "admin"})
        for number in range(count):
            self.at(self.now - 80 * DAY + number * 30)
            who = people.person(self.rng, number)
            row = customers.blank(self.shop, self.shop.next_id("user"), who["email"])
            customers.apply(
                self.shop,
                row,
                {
                    "first_name": who["first_name"],
                    "last_name": who["last_name"],
                    "billing": people.address(who, email=people.spelled(self.rng, who["email"])),
                    "shipping": people.address(who, email=None),
                    "meta_data": [{"key": "consent_marketing", "value": self.rng.choice(("yes", "no"))}],
                },
            )
            row["username"] = f"cust{number}"
            rows.append(row)
            self.registered.append({**who, "id": row["id"]})
        self.shop.customers.fill(rows)
        self.guests = [people.person(self.rng, 100_000 + number) for number in range(max(3, count))]

    def buyer(self) -> tuple[int, dict[str, Any], str]:
        """Draw (customer id, person, e-mail): registered, guest, guest without e-mail, or a customer as a guest."""
        rng = self.rng
        draw = rng.random()
        if draw < 0.55:
            who = rng.choice(self.registered)
            return who["id"], who, people.spelled(rng, who["email"])
        if draw < 0.60:
            who = rng.choice(self.registered)
            return 0, who, people.spelled(rng, who["email"])
        who = rng.choice(self.guests)
        return 0, who, "" if draw > 0.97 else people.spelled(rng, who["email"])

    def cart(self, order: Row) -> None:
        """Fill an order's lines: sometimes the same product twice, a deleted product, nothing."""
        rng, shop = self.rng, self.shop
        ids = self._product_ids
        for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 4, 6)) if rng.random() > 0.01 else 0):
            order["line_items"].append(self._line(rng.choice(ids)))
        if order["line_items"] and rng.random() < 0.04:
            order["line_items"].append(self._line(order["line_items"][0]["product_id"]))
        if rng.random() < 0.02:
            gone = lines.new_product_line(shop, None, None) | {"name": "Gone <b>for ever</b> ☕"}
            order["line_items"].append(gone | {"subtotal": "13.00", "total": "13.00", "price": 13})
        for line in order["line_items"]:
            if rng.random() < 0.05:
                line["meta_data"] = lines.shown_meta(shop, [dict(people.ENGRAVING)], line["meta_data"])

    def _line(self, product_id: int) -> Row:
        product = self.shop.products.get(product_id)
        variation = None
        if product and product["variations"]:
            variation = self.shop.variations.get(self.rng.choice(product["variations"]))
        line = lines.new_product_line(self.shop, product, variation)
        lines.requantify(line, self.rng.choice((1, 1, 1, 2, 3, 4)))
        line["price"] = totals.line_price(line)
        return line

    def order(self) -> Row:
        """Make one order at the shop's time, with everything but its history."""
        rng, shop = self.rng, self.shop
        order = order_rules.blank(shop, shop.next_id("post"))
        order["customer_id"], who, email = self.buyer()
        order["billing"] = people.address(who, email=email)
        order["shipping"] = people.address(who, email=None) | {"phone": ""}
        order["currency"] = people.CURRENCY[who["country"]] if rng.random() < 0.7 else "USD"
        order["customer_note"] = rng.choice(people.NOTES)
        order["created_via"] = rng.choice(("checkout", "checkout", "store-api", "rest-api"))
        self.cart(order)
        if rng.random() < 0.5:
            given = {"method_id": "flat_rate", "method_title": "Flat rate", "total": "5.50"}
            order["shipping_lines"].append(lines.shipping_line(shop, given, None))
        if rng.random() < 0.1:
            order["fee_lines"].append(lines.fee_line(shop, {"name": "Handling", "total": "3.00"}, None))
        if order["line_items"] and rng.random() < 0.12:
            lines.apply_coupon(shop, order, rng.choice(self._coupons))
        if rng.random() < 0.25:
            utm = {"source": "ga", "medium": "cpc", "nested": {"deep": [1, 2, {"x": "ü"}]}}
            order["meta_data"] = shop.meta([{"key": "_utm", "value": utm}, {"key": "gift", "value": ["a", "b"]}])
        totals.recalculate(shop, order)
        return order

    def history(self, order: Row, status: str) -> None:
        """Bring an order to its status, hours later, with refunds where the status or chance says so."""
        rng, shop = self.rng, self.shop
        if status in ("processing", "completed", "on-hold", "refunded"):
            order["payment_method"], order["payment_method_title"] = rng.choice(people.PAYMENTS)
            if status != "on-hold":
                order["transaction_id"] = f"ch_{order['id']:08d}"
        begun = shop.clock.time()
        order_rules.move(
            shop, order, "processing" if status == "refunded" else "pending" if status == "trash" else status
        )
        if rng.random() < 0.5:
            self.at(min(self.now - rng.random() * 60, begun + rng.expovariate(1 / (DAY * 2))))
        shop.touch(order)
        if status == "refunded":
            order["status"] = "refunded"
            totals.flags(order)
            refunds.remainder(shop, order)
        elif status in ("processing", "completed") and order["line_items"] and rng.random() < 0.05:
            self._refund(order)
        elif status == "trash":
            self._trash(order)

    def _refund(self, order: Row) -> None:
        line = order["line_items"][0]
        amount = min(totals.dec(line["total"]), refunds.left_of(order))
        if amount <= 0:
            return
        row = refunds.make(self.shop, order["id"], amount, "line refund", full=amount == refunds.left_of(order))
        given = {"id": line["id"], "quantity": 1, "refund_total": str(amount)}
        row["line_items"] = refunds.refund_lines(self.shop, order, given, restock=True)
        refunds.book(self.shop, order, row)
        if refunds.left_of(order) == 0:
            order["status"] = "refunded"
            totals.flags(order)

    def _trash(self, order: Row) -> None:
        given = [
            {"key": "_wp_trash_meta_status", "value": "wc-pending"},
            {"key": "_wp_trash_meta_time", "value": str(int(self.shop.clock.time()))},
        ]
        order["meta_data"] = self.shop.meta(given, order["meta_data"])
        order["status"] = "trash"
        totals.flags(order)

    def all_orders(self, count: int) -> None:
        """Make the orders of the last weeks, oldest first."""
        shop = self.shop
        self._product_ids = list(shop.products.rows)
        self._coupons = list(shop.coupons)
        for number in range(count):
            self.at(self.now - 42 * DAY * (1 - (number + self.rng.random()) / max(1, count)) - 5)
            order = self.order()
            shop.orders.rows[order["id"]] = order
            self.history(order, self.rng.choices(_WORDS, _WEIGHTS)[0])
        shop.orders.fill(list(shop.orders))


def generate(orders: int, seed: int = 1, *, now: float | None = None) -> Shop:
    """Return a shop of ``orders`` orders (10,000 take a few seconds); one seed and ``now``, one shop.

    ``now`` is Unix time in seconds: nothing in the shop is younger.
    """
    shop = Shop(seed=seed)
    maker = Maker(shop, seed, time.time() if now is None else now)
    shop.fill("tax_rates", [dict(rate) for rate in RATES])
    maker.goods(max(24, min(300, orders // 4)))
    maker.crowd(max(12, orders // 4))
    maker.all_orders(orders)
    shop.clock.stop_at(None)
    return shop
