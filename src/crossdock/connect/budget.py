"""The budget of a vendor account: at most so many calls in any window, shared by all clients of this process.

A call waits for its turn, so that the vendor never has to say 429; what other processes and programs use of the same
account is learned from what the vendor says is left.
"""

from __future__ import annotations

import asyncio

from crossdock.connect.manifest import Limits
from crossdock.kit.buckets import Window
from crossdock.kit.clock import Clock

_SHARE = 0.95
"""The window is ours only by our clock: a few calls are kept back for the difference."""


class Budget:
    """Calls take their turn in the order in which they came."""

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self._window = Window(max(1, int(limits.requests * _SHARE)), limits.per_s, clock)
        self._turn = asyncio.Lock()

    async def take(self) -> None:
        """Wait until one more call fits, and count it."""
        async with self._turn:
            while (wait := self._window.wait_s()) > 0:  # noqa: ASYNC110 - it is time itself that is waited for
                await asyncio.sleep(wait)
            self._window.take()

    def left(self) -> int:
        """Return how many calls fit now."""
        return self._window.left()

    def learn(self, remaining: str | None) -> None:
        """Take in what the vendor says is left: others use the account, too."""
        if remaining is None or not remaining.isdigit():
            return
        for _ in range(min(self.left() - int(remaining), self._window.limit)):
            self._window.take()


class Budgets:
    """One budget an account, kept while the process lives."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._budgets: dict[str, Budget] = {}

    def of(self, account: str, limits: Limits) -> Budget:
        """Return the budget of an account (any stable name), made with its limits at the first use."""
        if account not in self._budgets:
            self._budgets[account] = Budget(limits, self._clock)
        return self._budgets[account]
