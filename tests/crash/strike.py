"""Failpoints that strike: at the nth hit of a named place the worker is lost there and then."""

from __future__ import annotations

import asyncio
from collections import Counter


class Strike:
    """Stops whoever reaches ``name`` for the ``nth`` time, as a killed process stops: nothing after it is done.

    What was reached is held for ever (its lease runs out meanwhile); :attr:`struck` tells the test.
    """

    def __init__(self, name: str, nth: int = 1) -> None:
        self._name = name
        self._nth = nth
        self.hits: Counter[str] = Counter()
        self.struck = asyncio.Event()

    async def reach(self, name: str) -> None:
        """Count the hit, and hold here when it is the one. The database's own places are the campaign's."""
        if "/" in name or " " in name:
            return
        self.hits[name] += 1
        if self.struck.is_set():
            # a dead process reaches nothing any more
            await asyncio.Event().wait()
        if (name, self.hits[name]) == (self._name, self._nth):
            self.struck.set()
            await asyncio.Event().wait()
