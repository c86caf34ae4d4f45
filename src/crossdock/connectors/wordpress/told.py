"""What the plugin says of its queue in its status. Pure; what it does not say, or says oddly, is left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec


class Queue(msgspec.Struct, frozen=True):
    """The outbox of a site."""

    paused: bool = False
    reason: str = ""
    """Why, as the plugin words it: ``failures``, ``copy``, ``manual`` …"""
    waiting: int = 0
    dead: int = 0
    oldest_s: float = 0.0
    """Age of the oldest row that waits, in seconds."""
    late_s: float = 0.0
    """How long the next run is overdue."""
    runner: str = ""
    """action_scheduler, wp_cron or shutdown."""
    copy: bool = False
    """The site takes itself for a copy of another, and does not send."""


def queue_of(told: Mapping[str, Any]) -> Queue:
    """Read a status."""
    outbox, cron = _object(told, "outbox"), _object(told, "cron")
    paused = told.get("paused")
    said = paused if isinstance(paused, Mapping) else {"is": paused is True, "reason": told.get("paused_reason")}
    return Queue(
        paused=bool(said.get("is") or said.get("paused")),
        reason=str(said.get("reason") or "")[:200],
        waiting=int(_number(outbox.get("waiting")) + _number(outbox.get("sending"))),
        dead=int(_number(outbox.get("dead"))),
        oldest_s=_number(told.get("oldest_s", outbox.get("oldest_s"))),
        late_s=_number(cron.get("late_s")),
        runner=str(cron.get("runner") or "")[:40],
        copy=told.get("copy") is True,
    )


def _object(told: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = told.get(name)
    return found if isinstance(found, Mapping) else {}


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and value > 0 else 0.0
