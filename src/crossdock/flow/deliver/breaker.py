"""The breaker of a lane: opens on the share of failures, half-opens with one probe, stays open longer each time.

A lane is held in slices of seconds and by changing processes, and a quiet one has one outcome a slice: so what the
breaker has seen is kept with the lane (:attr:`Breaker.seen`) and goes from holder to holder.
"""

from __future__ import annotations

import random
from enum import StrEnum

_WINDOW = 50
"""Outcomes that are remembered; they are packed into one number, so at most 62."""


class BreakerState(StrEnum):
    """closed: all goes. open: nothing goes. half_open: one probe goes."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Breaker:
    """Counts the last ``window`` outcomes; opens at ``share`` failures once ``least`` are in.

    ``seen`` is what an earlier holder left: the outcomes as bits (1 failed) below a leading 1. ``opened`` is how often
    it opened since it was last closed.
    """

    def __init__(
        self,
        *,
        window: int = _WINDOW,
        least: int = 10,
        share: float = 0.5,
        state: str = "closed",
        seen: int = 1,
        opened: int = 0,
    ) -> None:
        self._window = window
        self._least = least
        self._share = share
        self.seen = max(1, seen)
        self.opened = opened
        # a lane that was open and is due again gets its one probe
        self.state = BreakerState.CLOSED if state == "closed" else BreakerState.HALF_OPEN

    def note(self, *, ok: int, failed: int) -> bool:
        """Count a batch's outcomes; True when the breaker opens by it (again)."""
        if ok + failed == 0 or self.state is BreakerState.OPEN:
            # once it is open, what was under way beside says nothing new
            return False
        if self.state is BreakerState.HALF_OPEN:
            self.seen = 1
            if failed:
                return self._open()
            self.state, self.opened = BreakerState.CLOSED, 0
            return False
        self._remember(ok, failed)
        size = self.seen.bit_length() - 1
        # never by what went well: the destination may just have come back
        if failed and size >= self._least and self.seen.bit_count() - 1 >= self._share * size:
            return self._open()
        return False

    def _open(self) -> bool:
        self.state = BreakerState.OPEN
        self.seen = 1
        self.opened += 1
        return True

    def _remember(self, ok: int, failed: int) -> None:
        """Take a batch in; one larger than the window counts by its shares, whatever its order."""
        if ok + failed > self._window:
            failed = round(failed * self._window / (ok + failed))
            ok = self._window - failed
        bits = self.seen.bit_length() - 1
        seen = self.seen ^ (1 << bits)
        seen = (((seen << failed) | ((1 << failed) - 1)) << ok) & ((1 << self._window) - 1)
        self.seen = (1 << min(self._window, bits + ok + failed)) | seen

    @property
    def most(self) -> int | None:
        """Return how many deliveries may go out now; None is no limit."""
        return 1 if self.state is BreakerState.HALF_OPEN else None


def open_for(opened: int, *, base_s: float, ceiling_s: float, draw: float | None = None) -> float:
    """Return the seconds a breaker stays open that has opened ``opened`` times in a row (1 is the first).

    It doubles up to the ceiling; half of it is chance, so that the lanes of one dead vendor do not probe together.
    ``draw`` (0..1) fixes the chance.
    """
    span = min(ceiling_s, base_s * 2.0 ** min(max(opened, 1) - 1, 40))
    share = random.random() if draw is None else draw  # noqa: S311 - spreads load, guards nothing
    return span * (0.5 + share / 2)
