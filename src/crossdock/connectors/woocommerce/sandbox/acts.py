"""What people do in a shop: the control door's acts, with a seeded random choice where no id is named."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from . import customers, lines, orders, people, products, refunds, totals
from .shop import Shop
from .table import Row

_MIX = (
    ("place_order", 40),
    ("pay", 18),
    ("complete", 10),
    ("edit_address", 8),
    ("edit_product", 6),
    ("refund", 4),
    ("cancel", 3),
    ("trash", 3),
    ("untrash", 2),
    ("delete_force", 1),
    ("change_email", 2),
    ("new_customer", 2),
    ("silent_line_edit", 2),
    ("new_product", 1),
    ("edit_variation", 2),
    ("note", 1),
)


class Acts:
    """The shop's own hands; every act returns ``{"do", ...ids}``."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.rng = shop.random
        self._people = 500_000

    def draw(self) -> str:
        """Draw an act of live traffic."""
        return self.rng.choices([name for name, _ in _MIX], [weight for _, weight in _MIX])[0]

    def do(self, given: dict[str, Any]) -> dict[str, Any]:
        """Do one act; unknown: ``LookupError``; where nothing is there to act on: ``"done": false``."""
        name = str(given.get("do"))
        act: Callable[[dict[str, Any]], dict[str, Any] | None] | None = getattr(self, f"_do_{name}", None)
        if act is None:
            raise LookupError(f"no act {name!r}; there are {', '.join(self.names())}")
        done = act(given)
        return {"do": name, "done": done is not None, **(done or {})}

    @classmethod
    def names(cls) -> list[str]:
        """Return the names of all acts."""
        return sorted(name.removeprefix("_do_") for name in dir(cls) if name.startswith("_do_"))

    def _pick(self, kind: str, given: dict[str, Any], *statuses: str) -> Row | None:
        table = self.shop.tables[kind]
        if given.get("id") is not None:
            return table.rows[int(given["id"])]
        ids = list(table.rows)
        for _ in range(60 if ids else 0):
            row = table.rows[self.rng.choice(ids)]
            if not statuses or row["status"] in statuses:
                return row
        return None

    def _do_place_order(self, given: dict[str, Any]) -> dict[str, Any]:
        params = {name: value for name, value in given.items() if name != "do"}
        params.setdefault("created_via", "checkout")
        params.setdefault("status", self.rng.choice(("pending", "processing", "on-hold")))
        if "billing" not in params:
            params |= self._buyer()
        if "line_items" not in params:
            params["line_items"] = self._cart()
        order = orders.create(self.shop, params)
        return {"id": order["id"], "status": order["status"], "customer_id": order["customer_id"]}

    def _buyer(self) -> dict[str, Any]:
        customer = self._pick("customers", {}) if self.rng.random() < 0.5 else None
        if customer is not None and customer["role"] == "customer":
            billing = {**customer["billing"], "email": people.spelled(self.rng, customer["email"])}
            return {"customer_id": customer["id"], "billing": billing, "shipping": customer["shipping"]}
        self._people += 1
        who = people.person(self.rng, self._people)
        email = "" if self.rng.random() < 0.05 else who["email"]
        return {
            "billing": people.address(who, email=email),
            "shipping": people.address(who, email=None),
            "currency": people.CURRENCY[who["country"]],
            "customer_note": self.rng.choice(people.NOTES),
        }

    def _cart(self) -> list[dict[str, Any]]:
        out = []
        for _ in range(self.rng.choice((1, 1, 2, 3))):
            product = self._pick("products", {}, "publish")
            if product is None:
                continue
            item = {"product_id": product["id"], "quantity": self.rng.choice((1, 1, 2))}
            if product["variations"]:
                item["variation_id"] = self.rng.choice(product["variations"])
            out.append(item)
        return out

    def _set(self, order: Row | None, params: dict[str, Any]) -> dict[str, Any] | None:
        if order is None:
            return None
        orders.update(self.shop, order["id"], params)
        return {"id": order["id"], **{k: v for k, v in params.items() if k in ("status", "set_paid")}}

    def _do_pay(self, given: dict[str, Any]) -> dict[str, Any] | None:
        return self._set(self._pick("orders", given, "pending", "on-hold"), {"set_paid": True})

    def _do_complete(self, given: dict[str, Any]) -> dict[str, Any] | None:
        return self._set(self._pick("orders", given, "processing"), {"status": "completed"})

    def _do_cancel(self, given: dict[str, Any]) -> dict[str, Any] | None:
        return self._set(self._pick("orders", given, "pending", "on-hold", "processing"), {"status": "cancelled"})

    def _do_set_status(self, given: dict[str, Any]) -> dict[str, Any] | None:
        return self._set(self._pick("orders", given), {"status": str(given["status"])})

    def _do_edit_address(self, given: dict[str, Any]) -> dict[str, Any] | None:
        order = self._pick("orders", given, "processing", "pending", "on-hold", "completed")
        if order is None:
            return None
        changed = {"address_1": str(given.get("address_1") or f"{self.rng.randrange(1, 999)} New Rd"), "city": "Zürich"}
        row = copy.deepcopy(order)
        row["billing"].update(changed)
        row["shipping"].update(changed)
        self.shop.touch(row)
        self.shop.orders.put(row)
        self.shop.emit("order.updated", row["id"])
        return {"id": row["id"], **changed}

    def _do_silent_line_edit(self, given: dict[str, Any]) -> dict[str, Any] | None:
        """Change line items as some plugins do: neither ``date_modified`` moves nor a hook fires."""
        order = self._pick("orders", given, "processing", "completed", "on-hold", "pending")
        if order is None or not order["line_items"]:
            return None
        row = copy.deepcopy(order)
        line = row["line_items"][0]
        lines.requantify(line, line["quantity"] + 1)
        line["price"] = totals.line_price(line)
        totals.recalculate(self.shop, row)
        self.shop.orders.put(row)
        return {"id": row["id"], "line_id": line["id"], "quantity": line["quantity"]}

    def _do_trash(self, given: dict[str, Any]) -> dict[str, Any] | None:
        order = self._pick("orders", given, "pending", "processing", "completed", "cancelled", "failed", "on-hold")
        if order is None:
            return None
        orders.trash(self.shop, order["id"])
        return {"id": order["id"]}

    def _do_untrash(self, given: dict[str, Any]) -> dict[str, Any] | None:
        order = self._pick("orders", given, "trash")
        if order is None:
            return None
        return {"id": order["id"], "status": orders.untrash(self.shop, order["id"])["status"]}

    def _do_restore_by_put(self, given: dict[str, Any]) -> dict[str, Any] | None:
        return self._set(self._pick("orders", given, "trash"), {"status": str(given.get("status") or "processing")})

    def _do_delete_force(self, given: dict[str, Any]) -> dict[str, Any] | None:
        order = self._pick("orders", given)
        if order is None:
            return None
        orders.delete(self.shop, order["id"])
        return {"id": order["id"]}

    def _do_refund(self, given: dict[str, Any]) -> dict[str, Any] | None:
        order = self._pick("orders", given, "processing", "completed")
        if order is None or refunds.left_of(order) <= 0:
            return None
        left = refunds.left_of(order)
        amount = str(given.get("amount") or (left if self.rng.random() < 0.3 else min(left, totals.dec("1.00"))))
        params = {"amount": amount, "reason": str(given.get("reason") or "goodwill ü"), "api_refund": False}
        row = refunds.create(self.shop, order["id"], {**params, "line_items": given.get("line_items") or []})
        return {"id": order["id"], "refund_id": row["id"], "amount": row["amount"]}

    def _do_change_email(self, given: dict[str, Any]) -> dict[str, Any] | None:
        customer = self._pick("customers", given)
        if customer is None:
            return None
        self._people += 1
        email = str(given.get("email") or f"moved{self._people}@example.org")
        billing = {**customer["billing"], "email": email}
        customers.update(self.shop, customer["id"], {"email": email, "billing": billing})
        return {"id": customer["id"], "email": email}

    def _do_new_customer(self, given: dict[str, Any]) -> dict[str, Any]:
        self._people += 1
        who = people.person(self.rng, self._people)
        email = str(given.get("email") or who["email"])
        params = {"email": email, "first_name": who["first_name"], "last_name": who["last_name"]}
        params |= {"billing": people.address(who, email=email), "shipping": people.address(who, email=None)}
        return {"id": customers.create(self.shop, params)["id"], "email": email}

    def _do_delete_customer(self, given: dict[str, Any]) -> dict[str, Any] | None:
        customer = self._pick("customers", given)
        return None if customer is None else {"id": customers.delete(self.shop, customer["id"])["id"]}

    def _do_new_product(self, given: dict[str, Any]) -> dict[str, Any]:
        name = str(given.get("name") or f"{self.rng.choice(people.GOODS)} {self.rng.randrange(10**6)}")
        price = str(given.get("price") or f"{self.rng.randrange(100, 9000) / 100:.2f}")
        params = {"name": name, "regular_price": price, "manage_stock": True, "stock_quantity": 50}
        params["sku"] = str(given.get("sku") or f"NEW-{self.shop.next_id('sku')}")
        return {"id": products.create(self.shop, params)["id"], "sku": params["sku"]}

    def _do_edit_product(self, given: dict[str, Any]) -> dict[str, Any] | None:
        product = self._pick("products", given, "publish")
        if product is None:
            return None
        price = str(given.get("price") or f"{self.rng.randrange(100, 9000) / 100:.2f}")
        change: dict[str, Any] = {"name": f"{product['name']} ✎"} if product["type"] == "variable" else {}
        products.update(self.shop, product["id"], change or {"regular_price": price})
        return {"id": product["id"]}

    def _do_count_shelf(self, given: dict[str, Any]) -> dict[str, Any] | None:
        row = self.shop.products.get(int(given["id"])) or self.shop.variations.get(int(given["id"]))
        if row is None:
            return None
        products.update(self.shop, row["id"], {"manage_stock": True, "stock_quantity": int(given["quantity"])})
        return {"id": row["id"], "quantity": int(given["quantity"])}

    def _do_edit_variation(self, given: dict[str, Any]) -> dict[str, Any] | None:
        row = self._pick("variations", given)
        if row is None:
            return None
        price = str(given.get("price") or f"{self.rng.randrange(100, 9000) / 100:.2f}")
        products.update(self.shop, row["id"], {"regular_price": price})
        return {"id": row["id"], "parent_id": row["parent_id"], "price": price}

    def _do_trash_product(self, given: dict[str, Any]) -> dict[str, Any] | None:
        row = self._pick("products", given, "publish")
        return None if row is None else {"id": products.trash(self.shop, row["id"])["id"]}

    def _do_untrash_product(self, given: dict[str, Any]) -> dict[str, Any] | None:
        row = self._pick("products", given, "trash")
        return None if row is None else {"id": products.untrash(self.shop, row["id"])["id"]}

    def _do_delete_product(self, given: dict[str, Any]) -> dict[str, Any] | None:
        row = self._pick("products", given)
        return None if row is None else {"id": products.delete(self.shop, row["id"])["id"]}

    def _do_note(self, given: dict[str, Any]) -> dict[str, Any] | None:
        order = self._pick("orders", given)
        if order is None:
            return None
        note = customers.add_note(self.shop, order["id"], {"note": str(given.get("note") or "called")})
        return {"id": order["id"], "note_id": note["id"]}
