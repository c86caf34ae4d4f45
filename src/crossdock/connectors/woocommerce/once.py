"""What must happen once at a shop, though its API cannot promise it: refunds and fulfilments.

A refund carries the wish's key in its meta and is looked for before every try. A fulfilment stands in the order's own
meta, in the list that is read before it is written; notice and status follow it and are looked for likewise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

import orjson

from crossdock.connectors.woocommerce.wishes import Fulfilment, Note, Refund, amount_of
from crossdock.connectors.woocommerce.writing import Gone, ShopWriter
from crossdock.model.outcome import Delivered, Outcome, Rejected

KEY_META: Final = "_crossdock_key"
FULFILMENTS: Final = "_crossdock_fulfilments"
TRACKING: Final = "_wc_shipment_tracking_items"
"""Where the widespread tracking plugins keep what customers and other systems read (a list of parcels)."""
_PAGE: Final = 100
_DEAD_END: Final = frozenset({"cancelled", "refunded", "failed", "trash"})


async def refund(shop: ShopWriter, key: str, wish: Refund) -> Outcome:
    """Give money back exactly once."""
    path = f"/wc/v3/orders/{wish.order_id}/refunds"
    held = await _held(shop, path, key)
    if isinstance(held, Gone):
        return held.outcome
    if held is not None:
        return Delivered(held)
    document: dict[str, Any] = {
        "amount": f"{amount_of(wish)}",
        "reason": wish.reason,
        "api_refund": wish.api_refund,
        "api_restock": wish.restock,
        "meta_data": [{"key": KEY_META, "value": key}],
    }
    if wish.lines:
        document["line_items"] = [
            {
                "id": int(line.line_id),
                "quantity": line.quantity,
                "refund_total": line.total,
                "refund_tax": [{"id": int(tax.id), "refund_total": tax.total} for tax in line.taxes],
            }
            for line in wish.lines
        ]
    made = await shop.ask("POST", path, json=document)
    if isinstance(made, Gone):
        return made.outcome
    return Delivered(str(made.get("id")))


async def _held(shop: ShopWriter, path: str, key: str) -> str | Gone | None:
    page = 1
    while True:
        rows = await shop.ask("GET", path, params={"per_page": str(_PAGE), "page": str(page)})
        if isinstance(rows, Gone):
            return rows
        for row in rows:
            if _meta(row).get(KEY_META) == key:
                return str(row["id"])
        if len(rows) < _PAGE:
            return None
        page += 1


async def fulfil(shop: ShopWriter, key: str, wish: Fulfilment, now: str) -> Outcome:
    """Note a parcel at the order: its lines, where it can be followed, and, when all is sent, its completion."""
    path = f"/wc/v3/orders/{wish.order_id}"
    order = await shop.ask("GET", path, params={"_fields": "id,status,line_items,refunds,meta_data"})
    if isinstance(order, Gone):
        return order.outcome
    known = _parcels(order)
    if key not in {parcel["key"] for parcel in known}:
        refused = await _add(shop, path, order, known, key, wish, now)
        if refused is not None:
            return refused
    if wish.tracking_number or wish.notify:
        noted = await shop.note(key, Note(wish.order_id, _notice(wish), customer_note=wish.notify))
        if not isinstance(noted, Delivered):
            return noted
    return Delivered(wish.order_id)


async def _add(
    shop: ShopWriter,
    path: str,
    order: Mapping[str, Any],
    known: list[dict[str, Any]],
    key: str,
    wish: Fulfilment,
    now: str,
) -> Outcome | None:
    left = _left(order, known)
    sent = {piece.line_id: piece.quantity for piece in wish.lines} if wish.lines is not None else dict(left)
    for line, quantity in sent.items():
        if line not in left:
            return Rejected(f"the order has no line {line}", "no-such-line", "lines.line_id")
        if quantity > left[line]:
            said = f"{quantity} pieces of line {line} cannot be sent, {left[line]} are left"
            return Rejected(said, "more-than-ordered", "lines.quantity")
    if str(order.get("status")) in _DEAD_END:
        return Rejected(f"the order is {order['status']}; nothing of it is sent", "order-closed", "order_id")
    parcel = {"key": key, "lines": sent, "tracking_number": wish.tracking_number, "carrier": wish.carrier}
    parcel |= {"tracking_url": wish.tracking_url, "at": now}
    document: dict[str, Any] = {"meta_data": [{"key": FULFILMENTS, "value": orjson.dumps([*known, parcel]).decode()}]}
    if wish.tracking_number:
        items = _meta(order).get(TRACKING)
        held = items if isinstance(items, list) else []
        document["meta_data"].append({"key": TRACKING, "value": [*held, _tracking(key, wish, now)]})
    whole = all(sent.get(line, 0) == quantity for line, quantity in left.items())
    if wish.complete and whole and order.get("status") != "completed":
        document["status"] = "completed"
    answer = await shop.ask("PUT", path, json=document)
    return answer.outcome if isinstance(answer, Gone) else None


def _left(order: Mapping[str, Any], known: list[dict[str, Any]]) -> dict[str, int]:
    """Return the pieces of each line that no parcel has carried yet."""
    gone: Counter[str] = Counter()
    for parcel in known:
        gone.update({str(line): int(quantity) for line, quantity in parcel["lines"].items()})
    lines = order.get("line_items") or ()
    return {str(line["id"]): max(0, int(line["quantity"]) - gone[str(line["id"])]) for line in lines}


def _parcels(order: Mapping[str, Any]) -> list[dict[str, Any]]:
    text = _meta(order).get(FULFILMENTS)
    try:
        read = orjson.loads(text) if isinstance(text, str) else []
    except orjson.JSONDecodeError:
        return []
    return [one for one in read if isinstance(one, dict) and "key" in one and isinstance(one.get("lines"), dict)]


def _tracking(key: str, wish: Fulfilment, now: str) -> dict[str, str]:
    return {
        "tracking_provider": "",
        "custom_tracking_provider": wish.carrier,
        "custom_tracking_link": wish.tracking_url,
        "tracking_number": wish.tracking_number,
        "date_shipped": now[:10],
        "tracking_id": key,
    }


def _notice(wish: Fulfilment) -> str:
    by = f" by {wish.carrier}" if wish.carrier else ""
    part = "Part of your order" if wish.lines is not None and not wish.complete else "Your order"
    said = f"{part} was sent{by}." if wish.notify else f"Sent{by}."
    if wish.tracking_number:
        said += f" Tracking number: {wish.tracking_number}"
    return f"{said} {wish.tracking_url}".strip()


def _meta(row: Mapping[str, Any]) -> dict[str, Any]:
    return {str(one.get("key")): one.get("value") for one in row.get("meta_data") or () if isinstance(one, dict)}
