"""How quickly a shop may be asked: additive increase, multiplicative decrease on its own latency. Pure.

The pace learns what each kind of request takes while the shop is at ease. An answer that takes clearly longer says
that the shop is busy, with us or with its visitors: the rest between two requests doubles and one request at a time
must do. Each answer at ease takes a fixed step off the rest; after many of them a second request may run beside the
first.
"""

from __future__ import annotations

from typing import Final

import msgspec

RISE: Final = 1.25
"""A shop that takes this many times as long as usual is busy."""
NOISE_S: Final = 0.010
"""Differences below this say nothing."""
FIRST_REST: Final = 0.5
"""The first rest, in times of the usual answer."""
STEP: Final = 0.05
"""What an answer at ease takes off the rest, in times of the usual answer."""
LONGEST_S: Final = 30.0
CALM: Final = 20
"""So many answers at ease in a row without a rest allow a second request at once."""
_LEARN: Final = 0.25
_FORGET: Final = 0.003


class _Usual(msgspec.Struct):
    took_s: float
    items: int


class Pace:
    """The pace of one shop. ``rest_s``: seconds between two requests; ``width``: requests at once, 1 or 2."""

    def __init__(self) -> None:
        self.rest_s = 0.0
        self.width = 1
        self._usual: dict[str, _Usual] = {}
        self._calm = 0

    def answered(self, kind: str, took_s: float, items: int = 0) -> bool:
        """Learn from an answer of ``items`` rows; returns whether the shop is at ease."""
        usual = self._usual.get(kind)
        if usual is None:
            self._usual[kind] = _Usual(took_s, items)
            return True
        busy = took_s > usual.took_s * RISE + NOISE_S
        self._learn(usual, took_s, items)
        if busy:
            self._slow_down(usual.took_s)
        else:
            self._speed_up(usual.took_s)
        return not busy

    def failed(self) -> None:
        """Learn from no answer, or one that says that the shop is in trouble."""
        self._slow_down(max((usual.took_s for usual in self._usual.values()), default=1.0))

    def _learn(self, usual: _Usual, took_s: float, items: int) -> None:
        # a last page of a few rows is quick and says nothing of the others
        if took_s < usual.took_s:
            if items >= 0.8 * usual.items:
                usual.took_s += _LEARN * (took_s - usual.took_s)
                usual.items = max(usual.items, items)
        else:
            # what is slow for good becomes the usual, in the course of hundreds of requests
            usual.took_s += _FORGET * (took_s - usual.took_s)

    def _slow_down(self, usual_s: float) -> None:
        self.rest_s = min(LONGEST_S, max(2 * self.rest_s, FIRST_REST * usual_s))
        self.width, self._calm = 1, 0

    def _speed_up(self, usual_s: float) -> None:
        self.rest_s = max(0.0, self.rest_s - STEP * usual_s)
        self._calm += 1
        if self._calm >= CALM and not self.rest_s:
            self.width = 2
