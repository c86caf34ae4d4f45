"""A worker for the length of a block, and ``worker``: one alone. The doors and all they need are not imported."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
from collections.abc import AsyncIterator, Callable, Iterator

from crossdock.settings import Settings
from crossdock.wiring import Hub, open_hub
from crossdock.worker import Housekeeping, Worker

GRACE_S = 10
"""How long what is under way may take to end."""


async def work(settings: Settings, *, ready: Callable[[Hub], None] = lambda _hub: None) -> None:
    """Run a worker alone until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    async with open_hub(settings) as hub:
        with signals(stop):
            async with working(hub):
                ready(hub)
                await stop.wait()


@contextlib.asynccontextmanager
async def working(hub: Hub) -> AsyncIterator[None]:
    """Run a worker in this process for the length of a block; others may run elsewhere on the same database.

    A worker that ends by an error ends the block with it: a process that answers and delivers nothing would look well.
    """
    worker = Worker(hub)
    block = asyncio.current_task()
    failed: list[BaseException] = []

    def ended(done: asyncio.Task[None]) -> None:
        problem = None if done.cancelled() else done.exception()
        if problem is not None and block is not None:
            failed.append(problem)
            block.cancel()

    task = asyncio.create_task(worker.run())
    task.add_done_callback(ended)
    try:
        yield
    except asyncio.CancelledError:
        if not failed or block is None:
            raise
        block.uncancel()
        raise failed[0] from None
    finally:
        task.remove_done_callback(ended)
        worker.stop()
        if not failed:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(task, GRACE_S)


@contextlib.asynccontextmanager
async def telling(hub: Hub) -> AsyncIterator[None]:
    """Without a worker beside the block the hints and counts of what is recorded still go out, and news come in."""
    hub.database.ears.start()
    housekeeping = Housekeeping(hub)
    tasks = [asyncio.create_task(hub.hints.run()), asyncio.create_task(housekeeping.run())]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with contextlib.suppress(OSError):
            await housekeeping.flush()


def settle_memory() -> None:
    """Keep the collector of cycles off the hot path: parsed orders are trees and die by their reference counts."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@contextlib.contextmanager
def signals(stop: asyncio.Event, hurried: asyncio.Event | None = None) -> Iterator[None]:
    """Set ``stop`` on SIGTERM and SIGINT; ``hurried`` too on SIGINT (a person waits) and on a second SIGTERM."""
    loop = asyncio.get_running_loop()

    def told(*, person: bool) -> None:
        if hurried is not None and (person or stop.is_set()):
            hurried.set()
        stop.set()

    loop.add_signal_handler(signal.SIGTERM, lambda: told(person=False))
    loop.add_signal_handler(signal.SIGINT, lambda: told(person=True))
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
