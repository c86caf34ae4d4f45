"""Levels as CSV: what a row means."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

from crossdock.errors import BadInput
from crossdock.flow.stock import levels
from crossdock.flow.stock.levels import MAIN, MOST, Cause, Change, Status
from crossdock.flow.stock.table import Applied, Heading, truth

COLUMNS: Final = ("sku", "location", "on_hand", "reserved", "delta", "reference", "confirmed")
HEADING: Final = Heading(COLUMNS, (frozenset({"sku"}), frozenset({"on_hand", "reserved", "delta"})))


class LevelRows:
    """Turns rows into levels to be set (``on_hand``, ``reserved``), or moved by ``delta`` with a ``reference``."""

    heading = HEADING

    def __init__(self, tenant_id: uuid.UUID, name: str) -> None:
        """``name``: of the import; with its line it names what set a level."""
        self._tenant_id = tenant_id
        self._name = name

    async def read(self, number: int, row: Mapping[str, str]) -> Change:
        """Read a line. Raises ``BadInput``."""
        sku, location = row.get("sku", ""), row.get("location") or MAIN
        if not sku or len(sku) > 200:
            raise BadInput("a SKU has 1 to 200 characters", field="sku", remedy="name the SKU of the hub")
        if len(location) > 64 or any(c.isspace() for c in location):
            raise BadInput("a location has at most 64 characters and no spaces", field="location", remedy="main")
        on_hand, reserved, delta = (_number(row, name) for name in ("on_hand", "reserved", "delta"))
        sets = on_hand is not None or reserved is not None
        if sets == (delta is not None):
            rule = "a row gives either on_hand or reserved, or delta"
            raise BadInput(rule, field="on_hand", remedy="fill one of them in")
        if reserved is not None and reserved < 0:
            raise BadInput("reserved is at least 0", field="reserved", remedy="write 0")
        reference = row.get("reference", "")
        if delta is not None and not 1 <= len(reference) <= 200:
            rule = "a movement needs a reference of 1 to 200 characters, so that it moves the level once"
            raise BadInput(rule, field="reference", remedy="name what moved it")
        return Change(
            sku=sku,
            location=location,
            reference=f"csv:{reference}" if delta is not None else f"{self._name}:{number}",
            cause=Cause.IMPORT,
            on_hand=on_hand,
            reserved=reserved,
            delta=delta or 0,
            confirmed=truth("confirmed", row["confirmed"]) if row.get("confirmed") else None,
        )

    async def apply(self, conn: Any, items: Sequence[Change]) -> Applied:
        """Change levels in the caller's transaction."""
        counts: dict[str, int] = {}
        refused = {}
        for at, result in enumerate(await levels.apply(conn, self._tenant_id, items)):
            if result.status in (Status.UNKNOWN, Status.CONFLICT):
                refused[at] = BadInput("there is no such level to be moved", field="sku", remedy="set it first")
            else:
                counts[result.status.value] = counts.get(result.status.value, 0) + 1
        return Applied(counts, refused)


def _number(row: Mapping[str, str], name: str) -> int | None:
    text = row.get(name, "")
    if not text:
        return None
    try:
        value = int(text)
    except ValueError:
        raise BadInput("expected a whole number", field=name, remedy="write pieces, as 12") from None
    if abs(value) > MOST:
        raise BadInput(f"at most {MOST} pieces", field=name, remedy="write fewer")
    return value
