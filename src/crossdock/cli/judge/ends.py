"""Whether every delivery of the ledger has come to an end, and one that can be explained."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("ends.sql"))
_NOBODY = uuid.UUID(int=0)


async def judge(
    conn: Any, tenant_id: uuid.UUID, *, since: uuid.UUID = _NOBODY, dead_allowed: bool = False
) -> list[str]:
    """Return what is wrong in the ledger of a hub that has come to rest.

    ``since``: events before this id came before their routes and have no deliveries. ``dead_allowed``: whether the
    load held anything that a destination may rightly refuse.
    """
    wrong = [
        f"delivery {row['id']} of {row['type']} {row['external_id']} has no end: {row['state']}"
        for row in await conn.fetch(SQL["live"], tenant_id)
    ]
    wrong += [f"end without explanation: {dict(row)}" for row in await conn.fetch(SQL["unexplained"], tenant_id)]
    if not dead_allowed:
        wrong += [
            f"delivery {row['id']} of {row['type']} {row['external_id']} is dead: {row['reason']}"
            for row in await conn.fetch(SQL["dead"], tenant_id)
        ]
    wrong += [
        f"event {row['id']} ({row['type']} {row['external_id']}) never got its delivery for {row['action']}"
        for row in await conn.fetch(SQL["endless"], tenant_id, since)
    ]
    wrong += [
        f"record {row['record_id']}: sequence {row['seq']} was applied after {row['before']}"
        for row in await conn.fetch(SQL["disorder"], tenant_id)
    ]
    wrong += [
        f"{row['action']} of {row['external_id']} was written without an intent (delivery {row['id']})"
        for row in await conn.fetch(SQL["unintended"], tenant_id)
    ]
    return wrong


async def outcomes(conn: Any, tenant_id: uuid.UUID) -> dict[str, int]:
    """Return how deliveries have ended: ``delivered id`` -> count."""
    return {f"{row['state']} {row['how']}".strip(): row["n"] for row in await conn.fetch(SQL["outcomes"], tenant_id)}
