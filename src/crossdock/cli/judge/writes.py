"""What the hub was asked to do in a shop: each note and refund stands there once, each status is the last one asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec


class Asked(msgspec.Struct, frozen=True):
    """A write that the hub has acknowledged."""

    kind: str
    """note, refund, status or stock."""
    order: str
    """The order's number at the shop; of a stock level the product's."""
    value: str
    """The note's one line, the refund's reason, the status or the level; lines and reasons are unique."""


def judge(asked: Sequence[Asked], shop: Mapping[str, Any]) -> list[str]:
    """Return what is wrong in the shop. ``shop`` is its ground truth."""
    orders = {str(row["id"]): row for row in shop["orders"]}
    # under a note's own words there may be a mark by which it is known again
    made = Counter(
        ("note", str(order), row["note"].split("\n")[0]) for order, notes in shop["notes"].items() for row in notes
    )
    made.update(("refund", number, mark["reason"]) for number, row in orders.items() for mark in row["refunds"])
    levels = {str(row["id"]): row for row in shop["products"]}
    last: dict[tuple[str, str], str] = {}
    wrong = []
    for one in asked:
        if one.kind in ("status", "stock"):
            last[one.kind, one.order] = one.value
            continue
        count = made[one.kind, one.order, one.value]
        if count != 1:
            wrong.append(f"{one.kind} {one.value!r} stands {count} times at order {one.order}")
    for (kind, number), value in last.items():
        stands = orders[number]["status"] if kind == "status" else str(levels[number]["stock_quantity"])
        if stands != value:
            wrong.append(f"{kind} of {number} is {stands}, asked last was {value}")
    return wrong
