"""What the roll-ups show: counts, latencies and calls by day or hour, and how every connection does now."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import msgspec

from crossdock.connect.allowance import Used
from crossdock.connect.connector import Connector
from crossdock.connect.forecast import Backlog, forecast
from crossdock.connect.limits import Limits
from crossdock.errors import BadInput
from crossdock.govern.directory import connection_of
from crossdock.kit.ids import Prefix, parse, show
from crossdock.kit.sketch import percentile, value_of
from crossdock.model.connection import Connection
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("shown.sql"))
MOST_ROWS = 20_000
MOST_TIMED = 2_000
"""Rows up to which percentiles are told; who asks for more gets counts alone."""
_NO_ROUTE = uuid.UUID(int=0)
_SHARES = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99}
_PACE_S = 300.0
_LONGEST = {"day": timedelta(days=731), "hour": timedelta(days=8)}
_USUAL = {"day": timedelta(days=30), "hour": timedelta(days=1)}


class Slice(msgspec.Struct, frozen=True):
    """Which roll-ups are asked for."""

    since: datetime
    until: datetime
    span: Literal["hour", "day"] = "day"
    connection_id: uuid.UUID | None = None
    route_id: uuid.UUID | None = None
    outcome: str | None = None


def slice_of(
    by: Literal["day", "hour"],
    since: datetime | None,
    until: datetime | None,
    connection_id: str | None,
    route_id: str | None,
    outcome: str | None,
) -> Slice:
    """Return what is asked for; times are taken down to the whole day or hour (UTC). Raises ``BadInput``."""
    now = datetime.now(UTC)
    last = (_zoned(until, "to") or now).astimezone(UTC)
    first = (_zoned(since, "from") or last - _USUAL[by]).astimezone(UTC)
    first = first.replace(minute=0, second=0, microsecond=0)
    if by == "day":
        first = first.replace(hour=0)
    if first >= last:
        raise BadInput("from is not before to", field="from", remedy="give an earlier time")
    if last - first > _LONGEST[by] + timedelta(days=1):
        longest = _LONGEST[by].days
        raise BadInput(f"by {by} at most {longest} days are told at once", field="from", remedy="ask for less")
    return Slice(
        since=first,
        until=last,
        span=by,
        connection_id=_parsed(Prefix.CONNECTION, connection_id, "connection_id") if connection_id else None,
        route_id=_parsed(Prefix.ROUTE, route_id, "route_id") if route_id else None,
        outcome=outcome,
    )


def _zoned(at: datetime | None, field: str) -> datetime | None:
    if at is not None and at.tzinfo is None:
        raise BadInput("a time needs its zone", field=field, remedy="write 2026-11-21T08:00:00Z")
    return at


def _parsed(prefix: Prefix, shown: str, field: str) -> uuid.UUID:
    try:
        return parse(prefix, shown)
    except ValueError as wrong:
        raise BadInput(str(wrong), field=field) from None


async def rows_of(conn: Any, tenant_id: uuid.UUID, asked: Slice) -> list[dict[str, Any]]:
    """Return one row a span, connection, route, kind and outcome, the oldest first; at most :data:`MOST_ROWS`.

    ``kind``: *delivery* (ends; latency from recording to the end), *attempt* (tries; latency of the vendor) and
    *request* (calls to the vendor by status class; those of no route). Exact, but for percentiles (4.8 %) and for calls
    of the last seconds before a process was killed.
    """
    sought = (tenant_id, asked.span, asked.since, asked.until, asked.connection_id, asked.route_id, asked.outcome)
    counts = await conn.fetch(SQL["rows"], *sought, MOST_ROWS)
    sketches: dict[tuple[Any, ...], list[int]] = {}
    for row in await conn.fetch(SQL["latencies"], *sought) if len(counts) <= MOST_TIMED else ():
        sketch = sketches.setdefault(_key(row), [])
        sketch += [0] * (row["bucket"] + 1 - len(sketch))
        sketch[row["bucket"]] = row["n"]
    return [
        {
            "at": row["at"],
            "connection_id": show(Prefix.CONNECTION, row["connection_id"]),
            "route_id": None if row["route_id"] == _NO_ROUTE else show(Prefix.ROUTE, row["route_id"]),
            "kind": row["kind"],
            "outcome": row["outcome"],
            "count": row["count"],
            **{name: _ms(percentile(sketches.get(_key(row), ()), share)) for name, share in _SHARES.items()},
            "last_at": row["last_at"],
        }
        for row in counts
    ]


def _key(row: Any) -> tuple[Any, ...]:
    return (row["at"], row["connection_id"], row["route_id"], row["kind"], row["outcome"])


def _ms(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.3g}")


Using = Callable[[uuid.UUID, Sequence[tuple[Connection, Limits]]], Awaitable[Mapping[uuid.UUID, Used]]]
"""Returns what is used of the limits of connections' accounts."""


async def status_of(
    reads: Callable[[uuid.UUID], AbstractAsyncContextManager[Any]],
    tenant_id: uuid.UUID,
    using: Using,
    connectors: Callable[[str], Connector | None],
) -> dict[str, Any]:
    """Return how every connection of a tenant does, in a few statements whose cost does not grow with what waits.

    ``queue.exact``: a small queue is counted now; a large one was counted at ``counted_at`` (the more it holds, the
    more seldom). Rates and latencies are those of the hour under way and the one before it.
    """
    async with reads(tenant_id) as conn:
        queue = await conn.fetchrow(SQL["queue_is_small"])
        live = {row["lane_id"]: row for row in await conn.fetch(SQL["live"], tenant_id)} if queue["small"] else None
        rows = await conn.fetch(SQL["status"], tenant_id)
        waits = bool(live) or any(row["depth"] for row in rows)
        paces = {row["lane_id"]: row["ended"] for row in await conn.fetch(SQL["paces"], tenant_id)} if waits else {}
    now = datetime.now(UTC)
    connections = [connection_of(row) for row in rows]
    limits = [(c, connector.manifest.limits) for c in connections if (connector := connectors(c.connector)) is not None]
    used = await using(tenant_id, limits)
    return {
        "queue": {"exact": live is not None, "counted_at": now if live is not None else queue["at"]},
        "connections": [_one(row, live, used.get(row["id"]), paces.get(row["id"]), now) for row in rows],
    }


def _one(
    row: Any, live: Mapping[uuid.UUID, Any] | None, used: Used | None, ended: int | None, now: datetime
) -> dict[str, Any]:
    here = row if live is None else live.get(row["id"], {"depth": 0, "oldest_at": None})
    reached = [at for at in (row["delivered_at"], row["read_at"], row["heard_at"]) if at is not None]
    return {
        "id": show(Prefix.CONNECTION, row["id"]),
        **{name: row[name] for name in ("connector", "name", "state", "problem", "hooks_ok", "writes_stopped")},
        "breaker": row["breaker"],
        "breaker_until": row["breaker_until"] if row["breaker"] == "open" else None,
        "held_until": row["held_until"] if row["held_until"] is not None and row["held_until"] > now else None,
        "findings": row["findings"],
        "waiting": here["depth"],
        "oldest_waiting_at": here["oldest_at"],
        "lag_s": max(0.0, round((now - here["oldest_at"]).total_seconds(), 1)) if here["oldest_at"] else 0.0,
        "dead": row["dead_letters"],
        "arrivals": row["arrivals"],
        "tries": row["tries"],
        "error_share": round(row["failures"] / row["tries"], 4) if row["tries"] else None,
        "latency_ms": {
            share: None if (bucket := row[f"{share}_bucket"]) is None else _ms(value_of(bucket))
            for share in ("p50", "p95", "p99")
        },
        "last_delivered_at": row["delivered_at"],
        "last_read_at": row["read_at"],
        "last_heard_at": row["heard_at"],
        "last_success_at": max(reached, default=None),
        "requests_today": row["requests_today"],
        "quota": _quota(used),
        "forecast": _forecast(row, here["depth"], used, ended, now),
    }


def _quota(used: Used | None) -> dict[str, Any] | None:
    if used is None:
        return None
    return {
        "daily": used.daily,
        "used_today": used.used_today,
        "left_today": max(0, used.daily - used.used_today) if used.daily is not None else None,
        "resets_at": datetime.fromtimestamp(used.day_ends_at, UTC) if used.daily is not None else None,
        "window_s": used.window_s,
        "window_calls": used.window_calls,
        "window_used": used.window_used,
        "throttled": used.throttled,
    }


def _forecast(row: Any, waiting: int, used: Used | None, ended: int | None, now: datetime) -> dict[str, Any] | None:
    if not waiting:
        return None
    ends = row["delivered"] + row["dead"]
    cost = row["requests"] / ends if ends else 1.0
    told = forecast(Backlog(waiting, (ended or 0) / _PACE_S, calls_per_delivery=cost), used, now)
    return {
        "ends_at": told.ends_at,
        "bound": told.bound,
        "quota_at_reset": told.quota_at_reset,
        "quota_ends_at": told.quota_ends_at,
    }
