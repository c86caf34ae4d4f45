"""Where new deliveries stand in the line of their record, and what waits for a time there."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from crossdock.flow.record.batch import Batch
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("ledger.sql"))


class Planned(Protocol):
    """The routes of a connection, as far as they have a schedule."""

    @property
    def planned(self) -> Sequence[uuid.UUID]:
        """Return the routes whose waiting messages look at their source again."""
        ...


async def stand_in_line(conn: Any, batch: Batch) -> None:
    """Decide which new deliveries are heads and which waiting ones a newer state replaces."""
    known = [r.id for r in batch.records.values() if r.applied and not r.is_new]
    if not known or not any(d.rule is None for d in batch.deliveries):
        return
    lines: dict[tuple[uuid.UUID, uuid.UUID], list[Any]] = {}
    for row in await conn.fetch(SQL["lock_deliveries"], known):
        lines.setdefault((row["route_id"], row["record_id"]), []).append(row)
    replaced = []
    for new in batch.deliveries:
        line = lines.get((new.route_id, new.record_id)) if new.rule is None else None
        if not line:
            continue
        tail = max(line, key=lambda row: (row["seq"], row["id"]))
        if not new.occurrence and tail["state"] == "waiting" and not tail["occurrence"]:
            replaced.append(tail["id"])
            line.remove(tail)
            new.head = new.head and tail["head"]
        else:
            new.head = False
    if replaced:
        await conn.execute(SQL["supersede"], sorted(replaced))


async def wake_planned(conn: Any, batch: Batch, fans: Mapping[uuid.UUID, Planned]) -> set[uuid.UUID]:
    """Let messages that wait for their time look at their source again, where it has changed; returns their lanes."""
    routes = sorted({route for fan in fans.values() for route in fan.planned})
    if not routes:
        return set()
    changed = sorted(r.id for r in batch.records.values() if r.applied and not r.is_new)
    if not changed:
        return set()
    return {row["lane_id"] for row in await conn.fetch(SQL["wake_planned"], changed, routes)}
