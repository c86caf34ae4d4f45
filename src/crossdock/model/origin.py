"""How a fact was seen."""

from __future__ import annotations

from enum import StrEnum


class Origin(StrEnum):
    """The door an arrival came through."""

    WEBHOOK = "webhook"
    PULL = "pull"
    PLUGIN = "plugin"
    API = "api"
    BACKFILL = "backfill"
    RECONCILE = "reconcile"
    REPLAY = "replay"

    @property
    def historical(self) -> bool:
        """Whether an occurrence action (a message, a goal) sits this origin out unless its route opts in."""
        return self in (Origin.BACKFILL, Origin.RECONCILE)
