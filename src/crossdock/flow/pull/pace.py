"""How quickly a shop may be asked: additive increase, multiplicative decrease on its own latency. Pure.

The pace learns what each kind of request takes while the shop is at ease. An answer that takes clearly longer says
that the shop is busy, with us or with its visitors. Some are chance: as long as no more than three answers in a
hundred are slow, what ninety-five of a hundred visitors feel is the same with us and without, and the shop is asked
as quickly as it answers. Beyond that each slow answer halves the share of time in which we ask; each answer at ease
adds a fixed step to it. One request at a time: the recorded shop gives no more lists to two (two saturate it).
"""

from __future__ import annotations

from typing import Final

import msgspec

RISE: Final = 1.15
"""A shop that takes this many times as long as usual is busy."""
NOISE_S: Final = 0.010
"""Differences below this say nothing,"""
UNFELT_S: Final = 0.050
"""nor do those of quick answers that no visitor feels."""
CHANCE: Final = 0.03
"""The share of slow answers that is chance."""
DOUBT: Final = 2.0
"""So many slow answers in a row may be chance, too, when there were none for long."""
STEP: Final = 0.005
"""What an answer at ease adds to our share of the time."""
CALM: Final = 10
"""After so many answers at ease in a row the step is twice as large, after twice as many three times, and so on."""
LEAST: Final = 0.02
"""Our share of the time in a shop that is full."""
LONGEST_S: Final = 30.0
_LEARN: Final = 0.25
_VAGUE: Final = 0.1
_FORGET: Final = 0.003


class _Usual(msgspec.Struct):
    took_s: float
    items: int


class Pace:
    """The pace of one shop. ``share``: of the time a request of ours is under way; ``rest_s``: seconds between two."""

    def __init__(self) -> None:
        self.share = 1.0
        self.rest_s = 0.0
        self._chances = DOUBT
        self._calm = 0
        self._usual: dict[str, _Usual] = {}

    def answered(self, kind: str, took_s: float, items: int = 0, late_s: float = 0.0) -> bool:
        """Learn from an answer of ``items`` rows; returns whether the shop may be at ease.

        ``late_s``: it may have come so much earlier, and was heard only now; then it says little.
        """
        usual = self._usual.get(kind)
        if usual is None:
            if late_s <= took_s * _VAGUE:
                self._usual[kind] = _Usual(took_s, items)
            return True
        limit = max(usual.took_s * RISE + NOISE_S, usual.took_s + UNFELT_S)
        if late_s <= took_s * _VAGUE:
            self._learn(usual, took_s, items)
        if took_s <= limit:
            self._chances = min(DOUBT, self._chances + CHANCE)
            self._take(min(1.0, self.share + STEP * (1 + self._calm / CALM)), usual.took_s)
            self._calm += 1
        elif took_s - late_s <= limit:
            return True
        elif self._chances >= 1.0:
            self._chances -= 1.0
        else:
            self._take(self.share / 2, usual.took_s)
            self._calm = 0
        return took_s <= limit

    def failed(self) -> None:
        """Learn from no answer, or one that says that the shop is in trouble."""
        self._take(self.share / 2, max((usual.took_s for usual in self._usual.values()), default=1.0))

    def _learn(self, usual: _Usual, took_s: float, items: int) -> None:
        # a last page of a few rows is quick and says nothing of the others
        if took_s < usual.took_s:
            if items >= 0.8 * usual.items:
                usual.took_s += _LEARN * (took_s - usual.took_s)
                usual.items = max(usual.items, items)
        else:
            # what is slow for good becomes the usual, in the course of hundreds of requests
            usual.took_s += _FORGET * (took_s - usual.took_s)

    def _take(self, share: float, usual_s: float) -> None:
        self.share = max(LEAST, share)
        self.rest_s = min(LONGEST_S, usual_s * (1 / self.share - 1))
