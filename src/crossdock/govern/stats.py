"""Numbers of one connection: what it holds, what came, what went, what failed."""

from __future__ import annotations

import uuid
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from crossdock.kit.ids import floor_of
from crossdock.model.connection import Connection
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("stats.sql"))
LONGEST_DAYS: Final = 90


async def stats_of(conn: Any, connection: Connection, days: int = 30) -> dict[str, Any]:
    """Return the numbers of the last ``days`` days (1 to 90), over a connection that may read the tenant's rows.

    ``streams``: entities now and arrivals by verdict; ``delivered_from`` counts deliveries of what this account told,
    ``delivered_to`` those written to it; ``errors``: dead deliveries by reason, the newest first.
    """
    who = (connection.tenant_id, connection.id)
    since = floor_of(datetime.now(UTC) - timedelta(days=days))
    totals = await conn.fetch(SQL["totals"], *who)
    arrivals = await conn.fetch(SQL["arrivals"], *who, days)
    times = await conn.fetchrow(SQL["times"], *who, days)
    waiting = await conn.fetchrow(SQL["waiting"], *who)
    out = await _written(conn, who, "out", since)
    into = await _written(conn, who, "in", since)
    errors = await conn.fetch(SQL["errors"], *who, since)
    last = [at for at in (out.pop("last"), into.pop("last")) if at is not None]
    return {
        "days": days,
        "streams": _streams(totals, arrivals),
        "delivered_from": {**out, "waiting": waiting["from_it"]},
        "delivered_to": {**into, "waiting": waiting["to_it"]},
        "last_webhook": times["last_webhook"],
        "last_pull": times["last_pull"],
        "last_delivery": max(last, default=None),
        "failed_runs": times["failed_runs"],
        "refused_webhooks": times["refused_webhooks"],
        "errors": [dict(row) for row in errors],
    }


async def _written(conn: Any, who: tuple[uuid.UUID, uuid.UUID], way: str, since: uuid.UUID) -> dict[str, Any]:
    rows = await conn.fetch(SQL["written"], *who, way, since)
    counts = {row["state"]: row["count"] for row in rows}
    ends = [row["last"] for row in rows if row["state"] == "delivered"]
    return {
        **{state: counts.get(state, 0) for state in ("delivered", "skipped", "dead")},
        "last": max(ends, default=None),
    }


def _streams(totals: Any, arrivals: Any) -> dict[str, Any]:
    found: dict[str, Any] = defaultdict(lambda: {"entities": 0, "gone": 0, "arrivals": {}, "by_origin": {}})
    for row in totals:
        found[row["stream"]] |= {"entities": row["entities"], "gone": row["gone"]}
    for row in arrivals:
        one = found[row["stream"]]
        one["arrivals"][row["verdict"]] = one["arrivals"].get(row["verdict"], 0) + row["count"]
        one["by_origin"][row["origin"]] = one["by_origin"].get(row["origin"], 0) + row["count"]
    return dict(sorted(found.items()))
