"""What a command runs with: settings, event loop, and telling workers elsewhere what it queued."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from crossdock.cli import logs
from crossdock.settings import Settings

if TYPE_CHECKING:
    from crossdock.wiring import Hub

T = TypeVar("T")


def settings(**changes: Any) -> Settings:
    """Read the settings and set the logs up."""
    read = Settings(**changes)
    logs.set_up(read)
    return read


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end; SIGTERM cancels it as Ctrl-C does."""
    import uvloop

    async def guarded() -> T:
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        return await work

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(guarded())


@contextlib.asynccontextmanager
async def ringing(hub: Hub) -> AsyncIterator[None]:
    """Send the hints of what a command has queued, so that workers elsewhere begin at once."""
    task = asyncio.create_task(hub.hints.run())
    try:
        yield
    finally:
        # one more round for what was rung last; a lost hint costs no more than the workers' sweep
        await asyncio.sleep(0.1)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
