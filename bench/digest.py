"""Digest: what leaving out nested volatile keys costs, on a 4 KB order. Run: ``python -m bench.digest``."""

from __future__ import annotations

import json
import sys
import timeit
from typing import Any

from crossdock.connectors.woocommerce import CONNECTOR
from crossdock.connectors.woocommerce.sandbox import generate
from crossdock.connectors.woocommerce.sandbox.rendering import RENDER
from crossdock.kit.digest import Volatile, digest

TIMES = 20_000


def _order() -> dict[str, Any]:
    shop = generate(50, 1)
    row = max(shop.orders, key=lambda each: len(each["line_items"]))
    shown: dict[str, Any] = RENDER["orders"](shop, row, "https://shop.example")
    return shown


def main(scale: float = 1.0) -> list[dict[str, object]]:
    """Time both; the least of five rounds each."""
    order, times = _order(), int(TIMES * scale)
    paths = CONNECTOR.manifest.stream("order").volatile
    kinds = {"top-level keys alone": [p for p in paths if "." not in p], "nested ones too": paths}
    rows: list[dict[str, object]] = []
    for name, chosen in kinds.items():
        volatile = Volatile.of(chosen)
        took = min(timeit.repeat(lambda v=volatile: digest(order, v), number=times, repeat=5)) / times
        lines, size = len(order["line_items"]), len(json.dumps(order))
        rows.append({"volatile": name, "lines": lines, "bytes": size, "us": round(took * 1e6, 2)})
    return rows


if __name__ == "__main__":
    for row in main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0):
        print(json.dumps(row))
