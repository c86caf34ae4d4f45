"""What the status page shows: every connection of this installation, in numbers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from crossdock.kit.ids import floor_of
from crossdock.store.queries import load
from crossdock.wiring import Hub

SQL = load(Path(__file__).with_name("status.sql"))


async def connections_of(hub: Hub) -> list[dict[str, Any]]:
    """Return one row a connection; ``delivered`` counts the last hour."""
    async with hub.database.engine() as conn:
        rows = await conn.fetch(SQL["connections"], floor_of(datetime.now(UTC) - timedelta(hours=1)))
    return [dict(row) for row in rows]
