"""How every connection does now, in one call."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel

from crossdock.api.access import Access
from crossdock.api.problems import answer
from crossdock.govern.budgets import SharedBoard
from crossdock.govern.keys import Principal
from crossdock.govern.rollups import status_of
from crossdock.wiring import Hub, connector_named


class Queue(BaseModel):
    """Whether the queue was counted for this answer, and when it was."""

    exact: bool
    counted_at: datetime | None


class Latency(BaseModel):
    """From recording to delivery, in milliseconds, right to 4.8 %."""

    p50: float | None
    p95: float | None
    p99: float | None


class Quota(BaseModel):
    """What is used of the vendor account's limits; null where there is none."""

    daily: int | None
    used_today: int
    left_today: int | None
    resets_at: datetime | None
    window_s: float | None
    window_calls: int | None
    window_used: int
    throttled: int


class Ahead(BaseModel):
    """When what waits will have gone out, and what decides it: pace, rate or quota."""

    ends_at: datetime | None
    bound: str | None
    quota_at_reset: float | None
    quota_ends_at: datetime | None


class ConnectionStatus(BaseModel):
    """How one connection does. Tries, errors and latencies: this hour and the one before it."""

    id: str
    connector: str
    name: str
    state: str
    problem: str | None
    hooks_ok: bool
    writes_stopped: str | None
    breaker: str | None
    breaker_until: datetime | None
    held_until: datetime | None
    """Until then the vendor has asked the hub to wait."""
    findings: list[str]
    waiting: int
    oldest_waiting_at: datetime | None
    lag_s: float
    dead: int
    arrivals: int
    tries: int
    error_share: float | None
    latency_ms: Latency
    last_delivered_at: datetime | None
    last_read_at: datetime | None
    last_heard_at: datetime | None
    last_success_at: datetime | None
    requests_today: int
    quota: Quota | None
    forecast: Ahead | None


class Status(BaseModel):
    """How all connections do."""

    mode: Literal["webhooks", "pull-only"]
    queue: Queue
    connections: list[ConnectionStatus]


EXAMPLE = {
    "mode": "webhooks",
    "queue": {"exact": True, "counted_at": "2026-11-21T10:00:00Z"},
    "connections": [
        {
            "id": "con_01jd7q3w8e9r2t4y6u8i0o2p4a",
            "connector": "hubspot",
            "name": "hubspot-1234",
            "state": "active",
            "problem": None,
            "hooks_ok": True,
            "writes_stopped": None,
            "breaker": "closed",
            "breaker_until": None,
            "held_until": None,
            "findings": [],
            "waiting": 120,
            "oldest_waiting_at": "2026-11-21T09:59:58Z",
            "lag_s": 2.0,
            "dead": 0,
            "arrivals": 0,
            "tries": 5210,
            "error_share": 0.0012,
            "latency_ms": {"p50": 212.0, "p95": 648.0, "p99": 1270.0},
            "last_delivered_at": "2026-11-21T10:00:00Z",
            "last_read_at": None,
            "last_heard_at": None,
            "last_success_at": "2026-11-21T10:00:00Z",
            "requests_today": 60_412,
            "quota": {
                "daily": 250_000,
                "used_today": 60_412,
                "left_today": 189_588,
                "resets_at": "2026-11-22T00:00:00Z",
                "window_s": 10.0,
                "window_calls": 100,
                "window_used": 31,
                "throttled": 0,
            },
            "forecast": {
                "ends_at": "2026-11-21T10:00:09Z",
                "bound": "pace",
                "quota_at_reset": 0.25,
                "quota_ends_at": None,
            },
        }
    ],
}


def router(hub: Hub, access: Access) -> APIRouter:
    """Return the routes."""
    api = APIRouter(tags=["status"])
    reads = access.needs("read")
    using = SharedBoard(hub.database).used

    @api.get("/status", responses={200: {"model": Status, "content": {"application/json": {"example": EXAMPLE}}}})
    async def status(caller: Principal = reads) -> Any:
        """Tell how every connection does: state, lag, queue, errors, breaker, quota, last success, open findings.

        A large queue is not counted at every call: `queue.exact` is then false, and `queue.counted_at` says when it
        was. Tries, errors and latencies are those of the hour under way and the one before it.
        """
        shown = await status_of(hub.database.tenant, caller.tenant_id, using, connector_named)
        return answer({"mode": "webhooks" if hub.settings.public_url else "pull-only", **shown})

    return api
