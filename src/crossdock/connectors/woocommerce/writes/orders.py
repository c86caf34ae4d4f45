"""Statuses and meta of many orders."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from crossdock.connectors.woocommerce.wishes import SetStatus, WriteBack
from crossdock.connectors.woocommerce.writes.caller import Caller, Row
from crossdock.connectors.woocommerce.writes.rows import MOST, Shelf, carry_out
from crossdock.model.outcome import Delivered, Outcome, Rejected

ORDERS: Final = "/wc/v3/orders"
BATCH: Final = "/wc/v3/orders/batch"
TRASHED: Final = Rejected("the order is in the shop's trash; restore it there first", "in-trash", "order_id")
Known = Callable[[str], Awaitable[tuple[str, ...]]]
"""Returns the statuses the shop has, () when the one asked for is among them."""


async def statuses(caller: Caller, wishes: Sequence[SetStatus], known: Known) -> list[Outcome]:
    """Move orders to their statuses; what stands there already is not written."""
    refused: dict[str, Rejected] = {}
    for status in sorted({wish.status for wish in wishes}):
        others = await known(status)
        if others:
            refused[status] = Rejected(
                f"the shop knows no status {status!r}; it has {', '.join(others)}", "unknown-status", "status"
            )
    able = [wish for wish in wishes if wish.status not in refused]
    shelf = Shelf(BATCH, _order_of, _reading(caller, "id,status"), _status_to_write, _status_written)
    done = iter(await carry_out(caller, shelf, able))
    return [refused[wish.status] if wish.status in refused else next(done) for wish in wishes]


def _status_to_write(wish: SetStatus, row: Row) -> Row | Outcome:
    current = row.get("status")
    if current == "trash":
        return TRASHED
    if current == wish.status:
        return Delivered(wish.order_id, returned={"status": current})
    if wish.expected_status is not None and current != wish.expected_status:
        return Rejected(
            f"conflict: the order was expected to be {wish.expected_status} and is {current}", "conflict", "status"
        )
    return {"status": wish.status}


def _status_written(wish: SetStatus, row: Row) -> Outcome:
    if row.get("status") != wish.status:
        return Rejected(f"the shop made {row.get('status')} of {wish.status}", "not-taken", "status")
    return Delivered(wish.order_id, returned={"status": wish.status})


async def metas(caller: Caller, wishes: Sequence[WriteBack]) -> list[Outcome]:
    """Write meta of ours; a key that is there is replaced, not doubled (vendor fact 34)."""
    shelf = Shelf(BATCH, _order_of, _reading(caller, "id,status,meta_data"), _meta_to_write, _meta_written)
    return await carry_out(caller, shelf, wishes)


def _meta_to_write(wish: WriteBack, row: Row) -> Row | Outcome:
    held = meta_of(row)
    missing = {k: v for k, v in wish.meta.items() if (k not in held if wish.blanks else held.get(k) != v)}
    if not missing:
        return Delivered(wish.order_id)
    return {"meta_data": [{"key": key, "value": value} for key, value in sorted(missing.items())]}


def _meta_written(wish: WriteBack, row: Row) -> Outcome:
    held = meta_of(row)
    lost = sorted(k for k, v in wish.meta.items() if (k not in held if wish.blanks else held.get(k) != v))
    if lost:
        return Rejected(f"the shop did not keep {', '.join(lost)}", "not-taken", "meta")
    return Delivered(wish.order_id)


def meta_of(row: Row) -> dict[str, Any]:
    """Return an entity's meta by key."""
    listed = row.get("meta_data")
    rows = listed if isinstance(listed, list) else []
    return {str(one.get("key")): one.get("value") for one in rows if isinstance(one, dict)}


def _order_of(wish: Any) -> str:
    return str(wish.order_id)


def _reading(caller: Caller, fields: str) -> Callable[[Sequence[str]], Awaitable[dict[str, Row]]]:
    async def read(ids: Sequence[str]) -> dict[str, Row]:
        asked = {"per_page": str(MOST), "_fields": fields}
        found: dict[str, Row] = {}
        # the list leaves the trash out unless it is asked for (vendor fact 20)
        for where in ({}, {"status": "trash"}):
            missing = [name for name in ids if name not in found]
            if missing:
                rows = await caller.rows(ORDERS, {**asked, **where, "include": ",".join(missing)})
                found |= {str(row.get("id")): row for row in rows}
        return found

    return read
