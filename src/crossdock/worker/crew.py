"""Hands of one kind: one of them looks for work, as many as may be are at work.

A loop for every hand would ask the database once for each of them all day long; an idle crew asks once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import structlog

from crossdock.store.absence import TROUBLE

T = TypeVar("T")
log = structlog.get_logger("crossdock.worker")


class Crew(Generic[T]):
    """Takes work while a hand is free, and does it beside the looking."""

    def __init__(
        self,
        name: str,
        hands: int,
        take: Callable[[int], Awaitable[T | None]],
        do: Callable[[T], Awaitable[object]],
        freed: asyncio.Event,
    ) -> None:
        """``take`` is told the number of the free hand; ``freed`` is set when a hand has ended its work."""
        self._name = name
        self._free = set(range(hands))
        self._take = take
        self._do = do
        self._freed = freed
        self.tasks: set[asyncio.Task[None]] = set()

    async def look(self) -> bool:
        """Take one and set a hand to it. False when all are at work, or there is nothing to take."""
        if not self._free:
            return False
        hand = min(self._free)
        taken = await self._take(hand)
        if taken is None:
            return False
        self._free.discard(hand)
        task = asyncio.create_task(self._done(taken))
        self.tasks.add(task)
        task.add_done_callback(lambda task: self._ended(task, hand))
        return True

    async def _done(self, taken: T) -> None:
        try:
            await self._do(taken)
        except TROUBLE as problem:
            log.warning("database trouble", loop=self._name, problem=type(problem).__name__)
        except Exception as bug:
            log.error("work failed", loop=self._name, problem=type(bug).__name__, exc_info=bug)

    def _ended(self, task: asyncio.Task[None], hand: int) -> None:
        self.tasks.discard(task)
        self._free.add(hand)
        self._freed.set()
