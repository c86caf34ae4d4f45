"""The independent judge: from the two sandboxes alone it says whether the portal holds what the shop's state asks for.

It shares no code with the connectors: what has to stand in HubSpot is written here a second time, from
docs/why/hubspot-decisions.md, as a person would work it out from an order in front of him. The hub's own tables are
never looked at; only the name under which the shop was connected (its key prefix and its shown name) is given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from crossdock.cli.judge import wanted
from crossdock.cli.judge.wanted import Fields, same

Json = dict[str, Any]
_DRAFTS = ("checkout-draft", "auto-draft")


class Judged(msgspec.Struct):
    """One kind of entity: the same columns as a proof has, and what is wrong in words (ids and field names only)."""

    entity: str
    in_store: int = 0
    delivered: int = 0
    skipped: int = 0
    missing: int = 0
    duplicates: int = 0
    drifted: int = 0
    unexpected: int = 0
    wrong: list[str] = msgspec.field(default_factory=list)

    @property
    def green(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.missing or self.duplicates or self.drifted or self.unexpected)


class Portal:
    """The portal's live records, findable by our key, by address and by association."""

    def __init__(self, state: Json) -> None:
        self.live: dict[str, dict[str, Json]] = {
            kind: {one["id"]: one["properties"] for one in records if not one["archived"]}
            for kind, records in state["objects"].items()
        }
        self.by_key: dict[str, dict[str, list[str]]] = {}
        for kind, records in self.live.items():
            index = self.by_key.setdefault(kind, {})
            for number, fields in records.items():
                index.setdefault(fields.get("crossdock_key") or "", []).append(number)
        self.by_email: dict[str, list[str]] = {}
        for number, fields in self.live["contacts"].items():
            self.by_email.setdefault((fields.get("email") or "").lower(), []).append(number)
        self.linked: dict[tuple[str, str, str], set[str]] = {}
        for one in state["associations"]:
            self.linked.setdefault((one["from"], str(one["from_id"]), one["to"]), set()).add(str(one["to_id"]))

    def keyed(self, kind: str, key: str) -> list[str]:
        """Return the ids of the live records under one of our keys."""
        return self.by_key.get(kind, {}).get(key, [])


class Judge:
    """Judges one shop against one portal. ``left`` is how many people may rightly have been left behind."""

    def __init__(self, shop: Json, portal: Json, uid: str, name: str, left: int = 0) -> None:
        self.shop, self.portal = shop, Portal(portal)
        self.uid, self.name, self.left = uid, name, left
        self.customers = {row["id"]: row for row in shop["customers"]}
        self.accounts = {wanted.address(row["email"]): row for row in shop["customers"]}

    def rows(self) -> list[Judged]:
        """Return the judgement of orders, customers and products."""
        return [self.orders(), self.people(), self.products()]

    # --- orders ---------------------------------------------------------------------------------------------------

    def orders(self) -> Judged:
        """Every order has its deal with every field, line and association; nothing else stands there."""
        row = Judged("order", in_store=len(self.shop["orders"]))
        deals, lines = set[str](), set[str]()
        for order in self.shop["orders"]:
            self._order(order, row, deals, lines)
        for kind, known in (("deals", deals), ("line_items", lines)):
            for number in self.portal.live[kind].keys() - known:
                row.unexpected += 1
                row.wrong.append(f"{kind} {number}: belongs to no order of the shop")
        return row

    def _order(self, order: Json, row: Judged, deals: set[str], lines: set[str]) -> None:
        found = self.portal.keyed("deals", f"{self.uid}:order:{order['id']}")
        deals.update(found)
        if not found:
            if order["status"] in _DRAFTS:
                row.skipped += 1
            else:
                row.missing += 1
                row.wrong.append(f"order {order['id']}: no deal")
            return
        row.delivered += 1
        row.duplicates += len(found) > 1
        differs = self._differs("deals", found[0], wanted.deal(order, self.name))
        differs += self._lines(order, found[0], lines)
        buyer = wanted.buyer(order, self.customers)
        if buyer:
            contacts = self.portal.by_email.get(buyer, [])
            if not self.portal.linked.get(("deals", found[0], "contacts"), set()) & set(contacts):
                differs.append("association to the buyer")
        if differs:
            row.drifted += 1
            row.wrong.append(f"order {order['id']}: {', '.join(differs)}")

    def _lines(self, order: Json, deal: str, known: set[str]) -> list[str]:
        differs = []
        linked = self.portal.linked.get(("deals", deal, "line_items"), set())
        own = set[str]()
        for line in order["line_items"]:
            found = self.portal.keyed("line_items", f"{self.uid}:line:{order['id']}:{line['id']}")
            own.update(found)
            if len(found) != 1:
                differs.append(f"line {line['id']} stands there {len(found)} times")
                continue
            sold = line["variation_id"] or line["product_id"]
            product = self.portal.keyed("products", f"{self.uid}:product:{sold}")[:1] if sold else []
            fields = wanted.line(line)
            if sold:
                fields["hs_product_id"] = product[0] if product else "a product that is not there"
            differs += [f"line {line['id']} {name}" for name in self._differs("line_items", found[0], fields)]
            if found[0] not in linked:
                differs.append(f"association to line {line['id']}")
        if (linked & self.portal.live["line_items"].keys()) - own:
            differs.append("a line too many")
        known |= own
        return differs

    # --- people ---------------------------------------------------------------------------------------------------

    def people(self) -> Judged:
        """Every account has one contact with its values; every guest too; nobody stands there twice."""
        row = Judged("customer", in_store=len(self.customers))
        for customer in self.customers.values():
            address = wanted.address(customer["email"])
            if address:
                self._person(row, f"customer {customer['id']}", address, wanted.account(customer, self.uid, self.name))
            else:
                row.skipped += 1
        addresses = self._guests(row)
        for address, numbers in self.portal.by_email.items():
            row.duplicates += len(numbers) > 1
            if not address:
                row.unexpected += len(numbers)
                row.wrong.append(f"{len(numbers)} contacts without an address")
        known = addresses | self.accounts.keys()
        strangers = [
            number
            for address, numbers in self.portal.by_email.items()
            for number in numbers
            if address
            and address not in known
            and self.portal.live["contacts"][number].get("crossdock_customer_state") != "deleted"
        ]
        if len(strangers) > self.left:
            row.unexpected += len(strangers) - self.left
            row.wrong.append(f"{len(strangers)} contacts of nobody in the shop, {self.left} people have left")
        return row

    def _guests(self, row: Judged) -> set[str]:
        """Judge the contacts of buyers without an account; returns every address an order may have brought."""
        newest: dict[str, Json] = {}
        addresses = set[str]()
        for order in self.shop["orders"]:
            address = wanted.address(order["billing"]["email"])
            if not address or order["status"] in _DRAFTS:
                continue
            addresses.add(address)
            held = newest.get(address)
            if held is None or _made(order) > _made(held):
                newest[address] = order
        for address, order in newest.items():
            if address in self.accounts or wanted.buyer(order, self.customers) != address:
                continue
            fields = {} if order["customer_id"] else wanted.guest(order)
            self._person(row, f"buyer of order {order['id']}", address, fields, counted=False)
        return addresses

    def _person(self, row: Judged, who: str, address: str, fields: Fields, *, counted: bool = True) -> None:
        found = self.portal.by_email.get(address, [])
        if not found:
            row.missing += 1
            row.wrong.append(f"{who}: no contact")
            return
        row.delivered += counted
        differs = self._differs("contacts", found[0], fields)
        if differs:
            row.drifted += 1
            row.wrong.append(f"{who}: {', '.join(differs)}")

    # --- things ---------------------------------------------------------------------------------------------------

    def products(self) -> Judged:
        """Every product and variation stands there once with its values; one that is gone says so."""
        rows = [*self.shop["products"], *self.shop["variations"]]
        row = Judged("product", in_store=len(rows))
        known = set[str]()
        for product in rows:
            found = self.portal.keyed("products", f"{self.uid}:product:{product['id']}")
            known.update(found)
            if not found:
                row.missing += 1
                row.wrong.append(f"product {product['id']}: not there")
                continue
            row.delivered += 1
            row.duplicates += len(found) > 1
            differs = self._differs("products", found[0], wanted.product(product, self.name))
            if differs:
                row.drifted += 1
                row.wrong.append(f"product {product['id']}: {', '.join(differs)}")
        for number in self.portal.live["products"].keys() - known:
            fields = self.portal.live["products"][number]
            key = fields.get("crossdock_key") or ""
            if key not in self._gone() or fields.get("crossdock_state") not in ("deleted", None, ""):
                row.unexpected += 1
                row.wrong.append(f"products {number}: belongs to no product of the shop")
        return row

    def _gone(self) -> set[str]:
        """Return the keys of what the shop has deleted, or sells no more but still names in an order."""
        gone = [*self.shop["deleted"].get("products", ()), *self.shop["deleted"].get("variations", ())]
        named = (line["variation_id"] or line["product_id"] for o in self.shop["orders"] for line in o["line_items"])
        return {f"{self.uid}:product:{number}" for number in (*gone, *named)}

    def _differs(self, kind: str, number: str, fields: Fields) -> list[str]:
        held = self.portal.live[kind][number]
        return [f"{kind}.{name}" for name, value in fields.items() if not same(name, value, held.get(name))]


def _made(order: Mapping[str, Any]) -> tuple[str, int]:
    return order["date_created_gmt"], order["id"]


def agree(judged: Iterable[Judged], proof: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return in which numbers the judge and the hub's own proof differ."""
    proven = {row["entity"]: row for row in proof}
    differ = []
    for row in judged:
        own = proven.get(row.entity)
        if own is None:
            differ.append(f"{row.entity}: no proof")
            continue
        names = ("in_store", "delivered", "missing", "duplicates", "drifted", "unexpected")
        differ += [
            f"{row.entity}.{n}: {getattr(row, n)} seen, {own[n]} proven" for n in names if getattr(row, n) != own[n]
        ]
    return differ
