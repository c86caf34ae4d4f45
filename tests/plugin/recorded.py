"""Empty documents in the very shape of the recordings: what the stand-in's documents are filled into."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tests.support.shared import RECORDINGS

STANDIN = Path(__file__).parent / "woocommerce-standin"
KEPT = {
    "currency", "type", "catalog_visibility", "backorders", "tax_status", "stock_status", "download_limit", "role",
    "download_expiry", "purchasable", "shipping_required", "shipping_taxable", "reviews_allowed", "currency_symbol",
}  # fmt: skip
"""Fields whose recorded value is the usual one."""


def documents() -> dict[str, Any]:
    """Make the documents out of the recordings."""
    single = json.loads((RECORDINGS / "rest/order_single.json").read_text(encoding="utf-8"))
    order = json.loads(single["response"]["body_utf8"])
    order.pop("_links", None)
    refund = _first("refunds", lambda one: True)
    refund.pop("order_id", None)
    return {
        "order": _empty(order) | {"status": "pending"},
        "line_item": _empty(order["line_items"][0]),
        "product": _empty(_first("products", lambda one: one["type"] == "simple")) | {"status": "publish"},
        "variation": _empty(_first("variations", lambda one: True)) | {"status": "publish"},
        "customer": _empty(_first("customers", lambda one: one["id"] > 2)),
        "refund": _empty(refund),
    }


def _first(name: str, wanted: Any) -> dict[str, Any]:
    for line in (RECORDINGS / f"store/{name}.jsonl").read_text(encoding="utf-8").splitlines():
        if wanted(found := json.loads(line)):
            found.pop("_links", None)
            return dict(found)
    raise LookupError(name)


def _empty(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value if name in KEPT else _nothing(value) for name, value in document.items()}


def _nothing(value: Any) -> Any:
    if isinstance(value, dict):
        return _empty(value)
    if isinstance(value, list):
        return []
    if isinstance(value, str):
        return "0.00" if "." in value and value.replace(".", "").lstrip("-").isdigit() else ""
    return None if value is None else type(value)()


if __name__ == "__main__":
    (STANDIN / "documents.json").write_text(json.dumps(documents(), indent=1) + "\n", encoding="utf-8")
    sys.stdout.write("written\n")
