"""Counts, latencies and calls by day or hour, connection, route and outcome."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel

from crossdock.api.access import Access
from crossdock.api.problems import answer
from crossdock.govern.keys import Principal
from crossdock.govern.rollups import rows_of, slice_of
from crossdock.wiring import Hub


class Counted(BaseModel):
    """What was counted of a day or an hour."""

    at: datetime
    connection_id: str
    route_id: str | None
    kind: Literal["delivery", "attempt", "request"]
    outcome: str
    count: int
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    last_at: datetime


class Statistics(BaseModel):
    """Counts, the oldest first."""

    items: list[Counted]


EXAMPLE = {
    "items": [
        {
            "at": "2026-11-21T00:00:00Z",
            "connection_id": "con_01jd7q3w8e9r2t4y6u8i0o2p4a",
            "route_id": "rte_01jd7q3w8e9r2t4y6u8i0o2p4b",
            "kind": "delivery",
            "outcome": "delivered",
            "count": 48_210,
            "p50_ms": 212.0,
            "p95_ms": 648.0,
            "p99_ms": 1270.0,
            "last_at": "2026-11-21T10:00:00Z",
        }
    ]
}


def router(hub: Hub, access: Access) -> APIRouter:
    """Return the routes."""
    api = APIRouter(tags=["status"])
    reads = access.needs("read")

    @api.get("/stats", responses={200: {"model": Statistics, "content": {"application/json": {"example": EXAMPLE}}}})
    async def stats(
        by: Annotated[Literal["day", "hour"], Query(description="Days are kept two years, hours eight days.")] = "day",
        since: Annotated[datetime | None, Query(alias="from", description="30 days (24 hours) before `to`.")] = None,
        until: Annotated[datetime | None, Query(alias="to", description="Now, unless given.")] = None,
        connection_id: Annotated[str | None, Query(description="con_…: what was written to it.")] = None,
        route_id: Annotated[str | None, Query(description="rte_…")] = None,
        outcome: Annotated[
            str | None,
            Query(description="delivered, skipped, dead; of tries also retry, throttled, unknown …; of calls 2xx …"),
        ] = None,
        caller: Principal = reads,
    ) -> Any:
        """Tell counts, latencies and calls by day (UTC) or hour, connection, route and outcome.

        `kind` is *delivery* (how deliveries ended; latency from recording to the end), *attempt* (tries; latency of
        the vendor) or *request* (calls by status). Counts are exact, percentiles are right to 4.8 %, and calls miss the
        last two seconds of a process that was killed. An answer of more than 2,000 rows holds counts alone: ask for one
        connection or a shorter time to have its percentiles.
        """
        asked = slice_of(by, since, until, connection_id, route_id, outcome)
        async with hub.database.tenant(caller.tenant_id) as conn:
            return answer({"items": await rows_of(conn, caller.tenant_id, asked)})

    return api
