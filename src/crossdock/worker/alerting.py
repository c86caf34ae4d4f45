"""The loops of alerting: who evaluates is settled by a lease; any process sends what stands in the outbox."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from crossdock.govern.alerts import Alerting
from crossdock.wiring import Hub

_PLAN_S = 60.0
Step = Callable[[], Awaitable[bool]]


def alert_loops(hub: Hub, owner: str) -> tuple[tuple[str, None, Step], ...]:
    """Return the loops as the worker takes them: name, hint, step."""
    alerting = hub.alerting
    return (
        ("alerts", None, _paced(alerting.options.every_s / 2, lambda: alerting.alerts.evaluate(owner))),
        ("notices", None, lambda: alerting.notices.send_one(owner)),
        ("checks", None, _checking(alerting, owner)),
        ("report", None, _paced(_PLAN_S, lambda: _reported(alerting, owner))),
        ("fallback", None, _falling_back(hub)),
    )


async def _reported(alerting: Alerting, owner: str) -> bool:
    return bool(await alerting.health.daily(owner))


def _falling_back(hub: Hub) -> Step:
    """Move what waits for lanes that have stood too long; the lanes that got it are told."""

    async def move() -> bool:
        lanes = await hub.alerting.fallbacks.move()
        hub.hints.ring(lanes, False)
        return bool(lanes)

    return move


def _checking(alerting: Alerting, owner: str) -> Step:
    """Check what is due; now and then give new connections their row."""
    planned_at = [float("-inf")]
    pause_s = min(_PLAN_S, alerting.options.check_every_s)

    async def check() -> bool:
        if time.monotonic() - planned_at[0] >= pause_s:
            planned_at[0] = time.monotonic()
            await alerting.checks.plan()
        return await alerting.checks.one(owner)

    return check


def _paced(pause_s: float, step: Step) -> Step:
    """Ask the database no more often than this whether it is time."""
    asked_at = [float("-inf")]

    async def paced() -> bool:
        if time.monotonic() - asked_at[0] < pause_s:
            return False
        asked_at[0] = time.monotonic()
        await step()
        return False

    return paced
