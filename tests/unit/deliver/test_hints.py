"""The loop of hints outlives whatever goes wrong in it."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from crossdock.flow.deliver import Hints


class Shaky:
    """A store whose first connection fails as nothing should; later ones keep what is written."""

    def __init__(self) -> None:
        self.asked = 0
        self.values: list[tuple[Any, ...]] = []
        self.failed, self.told = asyncio.Event(), asyncio.Event()

    @asynccontextmanager
    async def engine(self) -> AsyncIterator[Any]:
        self.asked += 1
        if self.asked == 1:
            self.failed.set()
            raise RuntimeError("what nobody expects")
        yield self

    transaction = engine

    async def execute(self, statement: str, *values: Any) -> None:
        del statement
        self.values.append(values)
        self.told.set()


async def test_a_hint_after_a_failure_is_told() -> None:
    store = Shaky()
    hints = Hints(store)
    running = asyncio.create_task(hints.run())
    hints.ring({uuid.uuid4()}, False)
    async with asyncio.timeout(60):
        await store.failed.wait()
        hints.ring({uuid.uuid4()}, False)
        await store.told.wait()
    assert store.asked == 2
    await _ended(running)


async def test_the_pumps_of_this_process_look_once_the_lanes_are_marked() -> None:
    store = Shaky()
    store.asked = 1
    hints = Hints(store)
    hints.ring({uuid.uuid4()}, False)
    assert not hints.local.is_set(), "a pump that looks now finds no lane, and nothing tells it to look again"
    running = asyncio.create_task(hints.run())
    async with asyncio.timeout(60):
        await hints.local.wait()
    assert store.told.is_set()
    hints.local.clear()
    hints.ring(set(), True)
    assert hints.local_bells.is_set()
    await _ended(running)


async def test_news_on_a_channel_is_told_by_itself() -> None:
    store = Shaky()
    store.asked = 1
    hints = Hints(store)
    running = asyncio.create_task(hints.run())
    hints.tell("crossdock_stock")
    async with asyncio.timeout(60):
        await store.told.wait()
    assert store.values == [("crossdock_stock",)]
    await _ended(running)


async def _ended(running: asyncio.Task[None]) -> None:
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
