"""The loops of alerting: who evaluates is settled by a lease; any process sends what stands in the outbox."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from crossdock.wiring import Hub

Step = Callable[[], Awaitable[bool]]


def alert_loops(hub: Hub, owner: str) -> tuple[tuple[str, None, Step], ...]:
    """Return the loops as the worker takes them: name, hint, step."""
    alerting = hub.alerting
    return (
        ("alerts", None, _paced(alerting.options.every_s / 2, lambda: alerting.alerts.evaluate(owner))),
        ("notices", None, lambda: alerting.notices.send_one(owner)),
    )


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
