"""Fulfilments: what is on its way of an order, kept in the order's own meta, each once by its request id.

``_crossdock_fulfilments`` is the list as JSON text. ``_wc_shipment_tracking_items`` has the shape that the usual
tracking plugins read and show; a shop without one shows the note that goes with a fulfilment. Both stand in one PUT
with the status, so a fulfilment is there wholly or not at all.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import orjson

from crossdock.connectors.woocommerce.wishes import Fulfil
from crossdock.connectors.woocommerce.writes.caller import Caller, Row
from crossdock.connectors.woocommerce.writes.orders import ORDERS, TRASHED, meta_of
from crossdock.model.outcome import Delivered, Outcome, Rejected

OWN: Final = "_crossdock_fulfilments"
PLUGINS: Final = "_wc_shipment_tracking_items"
_NEVER: Final = frozenset({"cancelled", "refunded", "failed", "checkout-draft"})


async def fulfil(caller: Caller, wish: Fulfil, now: datetime) -> Outcome:
    """Note a fulfilment in its order. Raises ``Stop``."""
    path = f"{ORDERS}/{wish.order_id}"
    order = await caller.row(path, {"_fields": "id,status,line_items,meta_data,refunds"})
    refunded: Mapping[str, int] = {}
    if order.get("refunds"):
        refunds = await caller.rows(f"{path}/refunds", {"per_page": "100", "_fields": "id,line_items"})
        refunded = given_back(refunds)
    change = to_write(wish, order, refunded, now)
    if not isinstance(change, dict):
        return change
    made = await caller.write("PUT", path, change)
    if "status" in change and made.get("status") != change["status"]:
        return Rejected(f"the shop made {made.get('status')} of {change['status']}", "not-taken", "status")
    return Delivered(wish.order_id, returned={"status": made.get("status")})


def to_write(wish: Fulfil, order: Row, refunded: Mapping[str, int], now: datetime) -> Row | Outcome:
    """Return what to change in an order, or how it ends without a change. Pure."""
    status = order.get("status")
    held = fulfilments(order)
    if any(one.get("request_id") == wish.request_id for one in held):
        return Delivered(wish.order_id, returned={"status": status})
    if status == "trash":
        return TRASHED
    if status in _NEVER:
        return Rejected(f"an order that is {status} is not fulfilled", "conflict", "order_id")
    left = _left(order, held, refunded)
    sent = _sent(wish, left)
    if isinstance(sent, Rejected):
        return sent
    entry = {
        "request_id": wish.request_id,
        "lines": [{"line_id": name, "quantity": pieces} for name, pieces in sent.items()],
        "tracking_number": wish.tracking_number,
        "carrier": wish.carrier,
        "tracking_url": wish.tracking_url,
        "at": now.isoformat(timespec="seconds"),
    }
    meta: list[Row] = [{"key": OWN, "value": orjson.dumps([*held, entry]).decode()}]
    if wish.tracking_number or wish.carrier:
        meta.append({"key": PLUGINS, "value": [*_tracked(order), _tracking(wish, now)]})
    change: Row = {"meta_data": meta}
    whole = all(left[name] <= sent.get(name, 0) for name in left)
    if wish.complete and whole and status != "completed":
        change["status"] = "completed"
    return change


def _sent(wish: Fulfil, left: Mapping[str, int]) -> dict[str, int] | Rejected:
    """Return the pieces of each line that are on their way."""
    if wish.lines is None:
        sent = {name: pieces for name, pieces in left.items() if pieces > 0}
        done = bool(left) and not sent
        return Rejected("all of the order is fulfilled already", "conflict", "lines") if done else sent
    for i, line in enumerate(wish.lines):
        if line.line_id not in left:
            return Rejected("the order has no such line", "unknown-line", f"lines[{i}].line_id")
        if line.quantity > left[line.line_id]:
            reason = f"{left[line.line_id]} pieces of line {line.line_id} are left to be fulfilled, not {line.quantity}"
            return Rejected(reason, "conflict", f"lines[{i}].quantity")
    return {line.line_id: line.quantity for line in wish.lines}


def fulfilments(order: Row) -> list[Row]:
    """Return the fulfilments an order's meta tells of; what is no list of ours is none."""
    told = meta_of(order).get(OWN)
    if isinstance(told, str):
        try:
            told = orjson.loads(told)
        except orjson.JSONDecodeError:
            return []
    return [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []


def given_back(refunds: list[Row]) -> Counter[str]:
    """Return how many pieces of each line refunds gave back; their quantities are negative (vendor fact 23)."""
    gone: Counter[str] = Counter()
    for refund in refunds:
        for line in refund.get("line_items") or ():
            name = meta_of(line).get("_refunded_item_id")
            if name is not None:
                gone[str(name)] += abs(int(line.get("quantity") or 0))
    return gone


def _left(order: Row, held: list[Row], refunded: Mapping[str, int]) -> dict[str, int]:
    left = {str(line.get("id")): int(line.get("quantity") or 0) for line in order.get("line_items") or ()}
    for name, pieces in refunded.items():
        if name in left:
            left[name] = max(0, left[name] - pieces)
    for one in held:
        for line in one.get("lines") or ():
            if str(line.get("line_id")) in left:
                left[str(line["line_id"])] -= int(line.get("quantity") or 0)
    return left


def _tracked(order: Row) -> list[Any]:
    told = meta_of(order).get(PLUGINS)
    # PHP writes a list with a hole in it as an object
    return list(told.values()) if isinstance(told, dict) else list(told) if isinstance(told, list) else []


def _tracking(wish: Fulfil, now: datetime) -> Row:
    return {
        "tracking_provider": "",
        "custom_tracking_provider": wish.carrier,
        "custom_tracking_link": wish.tracking_url or "",
        "tracking_number": wish.tracking_number,
        "date_shipped": str(int(now.timestamp())),
        "tracking_id": hashlib.sha256(wish.request_id.encode()).hexdigest()[:32],
    }
