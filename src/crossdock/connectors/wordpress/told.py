"""What the plugin says of its queue in its status. Pure; what it does not say, or says oddly, is left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec


class Queue(msgspec.Struct, frozen=True):
    """The outbox of a site."""

    paused: bool = False
    reason: str = ""
    """Why, as the plugin words it: ``failures``, ``copy``, ``hub``, ``manual`` …"""
    failures: int = 0
    """How many sendings failed in a row."""
    waiting: int = 0
    dead: int = 0
    oldest_s: float = 0.0
    """Age of the oldest row that waits, in seconds."""
    late_s: float = 0.0
    """How long the site's scheduled work is overdue."""
    runner: str = ""
    """What runs it next: action-scheduler or wp-cron; empty: nothing is planned."""


def queue_of(told: Mapping[str, Any]) -> Queue:
    """Read a status."""
    outbox, cron, sending = (_object(told, name) for name in ("outbox", "cron", "sending"))
    return Queue(
        paused=sending.get("paused") is True,
        reason=str(sending.get("reason") or "")[:200],
        failures=int(_number(sending.get("failures"))),
        waiting=int(_number(outbox.get("waiting")) + _number(outbox.get("sending"))),
        dead=int(_number(outbox.get("dead"))),
        oldest_s=_number(outbox.get("oldest_s")),
        late_s=_number(cron.get("late_s")),
        runner=str(sending.get("by") or "")[:40],
    )


def _object(told: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = told.get(name)
    return found if isinstance(found, Mapping) else {}


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and value > 0 else 0.0
