"""The state of one sandbox shop: what a WooCommerce store holds, with nothing of HTTP in it.

Rows have the shape in which REST v3 returns them, without ``_links`` (recordings ``store/*.jsonl``).
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import orjson

from .clock import ShopClock
from .table import Row, Table

KINDS = ("orders", "refunds", "customers", "products", "variations", "coupons", "tax_rates")
_KEY_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0123456789"


class Event(msgspec.Struct, frozen=True):
    """Something WordPress fired a hook for: ``order.updated`` and the id of the resource (or action argument)."""

    topic: str
    resource_id: int


class Shop:
    """A store: its tables, its clock, its counters, and whoever listens to its events."""

    def __init__(self, *, zone: str = "America/Los_Angeles", seed: int = 1) -> None:
        self.clock = ShopClock(zone)
        self.random = random.Random(seed)  # noqa: S311 - a shop must be repeatable, not secret
        self.orders, self.refunds = Table("orders"), Table("refunds")
        self.customers, self.coupons = Table("customers"), Table("coupons")
        self.products, self.variations = Table("products"), Table("variations")
        self.tax_rates = Table("tax_rates")
        self.tables: dict[str, Table] = {kind: getattr(self, kind) for kind in KINDS}
        self.notes: dict[int, list[Row]] = {}
        self.deleted: dict[str, list[int]] = {kind: [] for kind in KINDS}
        self.storage = "hpos"
        self._next: dict[str, int] = {
            "post": 1,
            "user": 2,
            "item": 1,
            "item_meta": 1,
            "meta": 1,
            "note": 1,
            "webhook": 1,
        }
        self.listeners: list[Callable[[Event], None]] = []

    @classmethod
    def load(cls, directory: Path | str, *, zone: str = "America/Los_Angeles", seed: int = 1) -> Shop:
        """Return the shop that lies in ``directory`` as ``orders.jsonl``, ``customers.jsonl`` and so on.

        A file that is absent is an empty table; a malformed line raises ``orjson.JSONDecodeError``.
        """
        shop = cls(zone=zone, seed=seed)
        for kind in KINDS:
            path = Path(directory) / f"{kind}.jsonl"
            if path.is_file():
                shop.fill(kind, [orjson.loads(line) for line in path.read_bytes().splitlines() if line.strip()])
        return shop

    def save(self, directory: Path | str) -> None:
        """Write the shop so that ``load`` reads it back."""
        Path(directory).mkdir(parents=True, exist_ok=True)
        for kind in KINDS:
            lines = [orjson.dumps(row) for row in self.tables[kind]]
            (Path(directory) / f"{kind}.jsonl").write_bytes(b"\n".join(lines) + b"\n" * bool(lines))

    def fill(self, kind: str, rows: list[Row]) -> None:
        """Add many rows of one kind and move the counters past them."""
        for row in rows:
            row.pop("_links", None)
            for name in ("payment_url", "permalink"):
                if name in row:
                    row[name] = _path_of(row[name])
        self.tables[kind].fill(rows)
        self._count_past(kind, rows)

    def _count_past(self, kind: str, rows: list[Row]) -> None:
        high = max((row["id"] for row in rows), default=0)
        counter = "user" if kind == "customers" else "post" if kind != "tax_rates" else "rate"
        self._next[counter] = max(self._next.get(counter, 1), high + 1)
        for row in rows:
            for part in ("line_items", "tax_lines", "shipping_lines", "fee_lines", "coupon_lines"):
                for line in row.get(part) or ():
                    self._next["item"] = max(self._next["item"], line["id"] + 1)
                    for meta in line["meta_data"]:
                        self._next["item_meta"] = max(self._next["item_meta"], int(meta["id"]) + 1)
            for meta in row.get("meta_data") or ():
                self._next["meta"] = max(self._next["meta"], int(meta["id"]) + 1)

    def next_id(self, counter: str) -> int:
        """Take the next number of a counter: post (orders, refunds, products, coupons share it), user, item, meta."""
        taken = self._next.get(counter, 1)
        self._next[counter] = taken + 1
        return taken

    def set_next(self, counter: str, value: int) -> None:
        """Set a counter (recordings are replayed with the recorded ids)."""
        self._next[counter] = value

    def counters(self) -> dict[str, int]:
        """Return the next number of every counter: a database's dump holds them, and a restore brings them back."""
        return dict(self._next)

    def emit(self, topic: str, resource_id: int) -> None:
        """Tell the listeners that a hook fired."""
        event = Event(topic, resource_id)
        for listener in self.listeners:
            listener(event)

    def touch(self, row: Row) -> None:
        """Set ``date_modified`` to now, at one second precision."""
        row["date_modified"], row["date_modified_gmt"] = self.clock.stamps()

    def order_key(self) -> str:
        """Return a fresh ``wc_order_`` key."""
        return "wc_order_" + "".join(self.random.choices(_KEY_LETTERS, k=13))

    def meta(self, given: list[dict[str, Any]], held: list[Row] | None = None, *, counter: str = "meta") -> list[Row]:
        """Merge meta: by id, else by key (replaces, does not double, vendor fact 34); a null value removes."""
        rows = list(held or [])
        for item in given:
            if not isinstance(item, dict) or not item.get("key"):
                continue
            rows = self._merge(rows, item, counter)
        return sorted(rows, key=lambda row: (row["key"], row["id"]))

    def _merge(self, rows: list[Row], item: dict[str, Any], counter: str) -> list[Row]:
        hit = next((i for i, row in enumerate(rows) if row["id"] == item.get("id") or row["key"] == item["key"]), None)
        value = item.get("value", "")
        if hit is None:
            return rows if value is None else [*rows, {"id": self.next_id(counter), "key": item["key"], "value": value}]
        if value is None:
            return rows[:hit] + rows[hit + 1 :]
        return [*rows[:hit], {**rows[hit], "key": item["key"], "value": value}, *rows[hit + 1 :]]

    def truth(self) -> dict[str, Any]:
        """Return everything the shop holds, trash included, and the ids that are gone."""
        return {
            **{kind: list(table) for kind, table in self.tables.items()},
            "notes": {str(order_id): notes for order_id, notes in self.notes.items()},
            "deleted": self.deleted,
            "time": self.clock.time(),
            "storage": self.storage,
        }


def _path_of(url: str) -> str:
    """Return what follows the host: a shop's own address is not part of its state."""
    return "/" + url.split("://", 1)[-1].partition("/")[2] if "://" in url else url
