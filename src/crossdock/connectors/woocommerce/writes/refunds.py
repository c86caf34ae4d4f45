"""Refunds, each once: the request id is looked for among the order's refunds before any is made.

The shop keeps what a refund is made with, its meta included, so ``_crossdock_key`` names the wish it belongs to. The
shop saves that meta a moment after the refund itself; a refund of the same amount and reason without any key, made
since the hub was asked and seen on a later try, may therefore be the lost one: people decide, money is not sent twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from crossdock.connectors.woocommerce.fields import moment
from crossdock.connectors.woocommerce.wishes import Refund, summed
from crossdock.connectors.woocommerce.writes.caller import Caller, Row
from crossdock.connectors.woocommerce.writes.fulfilments import given_back
from crossdock.connectors.woocommerce.writes.orders import ORDERS, TRASHED, meta_of
from crossdock.model.outcome import Delivered, Outcome, Rejected
from crossdock.model.plan import Resolved

KEY: Final = "_crossdock_key"
_PAGE: Final = 100
_AHEAD: Final = timedelta(minutes=2)


async def refund(caller: Caller, wish: Refund, asked: Resolved) -> Outcome:
    """Make a refund unless it is there. Raises ``Stop``."""
    path = f"{ORDERS}/{wish.order_id}"
    order = await caller.row(path, {"_fields": "id,status,total,line_items,refunds"})
    there: list[Row] = []
    page = 1
    while order.get("refunds"):
        fields = "id,amount,reason,date_created_gmt,meta_data,line_items"
        rows = await caller.rows(f"{path}/refunds", {"per_page": str(_PAGE), "page": str(page), "_fields": fields})
        there += rows
        page += 1
        if len(rows) < _PAGE:
            break
    decided = to_make(wish, order, there, repeated_since=asked.asked_at if asked.repeated else None)
    if not isinstance(decided, dict):
        return decided
    made = await caller.write("POST", f"{path}/refunds", decided)
    if _amount(made.get("amount")) != Decimal(decided["amount"]):
        reason = f"the shop gave back {made.get('amount')}, not {decided['amount']}; look at refund {made.get('id')}"
        return Rejected(reason, "not-taken", "amount")
    return Delivered(str(made.get("id")))


def to_make(wish: Refund, order: Row, there: Sequence[Row], repeated_since: datetime | None) -> Row | Outcome:
    """Return the refund to make, or how it ends without one. Pure."""
    for row in there:
        if meta_of(row).get(KEY) == wish.request_id:
            return Delivered(str(row.get("id")))
    if order.get("status") == "trash":
        return TRASHED
    left = _amount(order.get("total")) + sum((_amount(r.get("total")) for r in order.get("refunds") or ()), Decimal(0))
    amount = left if wish.amount is None and wish.lines is None else _wanted(wish)
    if repeated_since is not None and _lost(wish, amount, there, repeated_since):
        reason = "a refund of this amount was made since, and may be this one; look at the order, then ask again"
        return Rejected(reason, "refund-in-doubt", "amount")
    if amount <= 0 or amount > left:
        return Rejected(f"{left} are left to be given back, not {amount}", "conflict", "amount")
    refused = _beyond(wish, order, there)
    if refused is not None:
        return refused
    return {
        "amount": format(amount, "f"),
        "reason": wish.reason,
        "api_refund": wish.api_refund,
        "api_restock": wish.restock,
        "line_items": [
            {
                "id": int(line.line_id),
                "quantity": line.quantity,
                "refund_total": line.total,
                "refund_tax": [{"id": int(tax.rate_id), "refund_total": tax.total} for tax in line.taxes],
            }
            for line in wish.lines or ()
        ],
        "meta_data": [{"key": KEY, "value": wish.request_id}],
    }


def _wanted(wish: Refund) -> Decimal:
    return summed(wish) if wish.amount is None else Decimal(wish.amount)


def _lost(wish: Refund, amount: Decimal, there: Sequence[Row], since: datetime) -> bool:
    for row in there:
        made_at = moment(row.get("date_created_gmt"))
        fits = KEY not in meta_of(row) and _amount(row.get("amount")) == amount and row.get("reason") == wish.reason
        if fits and (made_at is None or made_at >= since - _AHEAD):
            return True
    return False


def _beyond(wish: Refund, order: Row, there: Sequence[Row]) -> Rejected | None:
    gone = given_back(list(there))
    left = {str(one.get("id")): int(one.get("quantity") or 0) for one in order.get("line_items") or ()}
    for i, line in enumerate(wish.lines or ()):
        if line.line_id not in left:
            return Rejected("the order has no such line", "unknown-line", f"lines[{i}].line_id")
        able = left[line.line_id] - gone[line.line_id]
        if line.quantity > able:
            reason = f"{able} pieces of line {line.line_id} are left to be given back, not {line.quantity}"
            return Rejected(reason, "conflict", f"lines[{i}].quantity")
    return None


def _amount(value: Any) -> Decimal:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return Decimal(0)
