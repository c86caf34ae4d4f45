"""LISTEN that survives: a lost connection is made again, and the callbacks are told to look for themselves."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Self

import asyncpg

from crossdock.store.errors import StoreError
from crossdock.store.pools import Connection

_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 2.0
_HEARTBEAT_S = 30.0


class Listener:
    """Use with ``async with``, or :meth:`start` and :meth:`close`.

    Callbacks run in the event loop, must not block, and must not raise.
    """

    def __init__(
        self, connect: Callable[[], Awaitable[Connection]], callbacks: Mapping[str, Callable[[str], None]]
    ) -> None:
        self._connect = connect
        self._callbacks = dict(callbacks)
        self._task: asyncio.Task[None] | None = None
        self.connected = asyncio.Event()
        """Set while the connection stands."""

    def start(self) -> None:
        """Begin to listen in the background."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="listen")

    async def close(self) -> None:
        """Stop listening."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _run(self) -> None:
        pause = _FIRST_PAUSE_S
        while True:
            try:
                conn = await self._connect()
            except StoreError:
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE_S)
                continue
            pause = _FIRST_PAUSE_S
            try:
                await self._stay(conn)
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
                await asyncio.sleep(pause)
            finally:
                self.connected.clear()
                # not close(): a dead connection would wait for its peer
                conn.terminate()

    async def _stay(self, conn: Connection) -> None:
        ended = asyncio.Event()
        conn.add_termination_listener(lambda _conn: ended.set())
        for channel in self._callbacks:
            await conn.add_listener(channel, self._heard)
        self.connected.set()
        for callback in self._callbacks.values():
            callback("")
        while not ended.is_set():
            try:
                async with asyncio.timeout(_HEARTBEAT_S):
                    await ended.wait()
            except TimeoutError:
                # a connection cut without a word shows itself only when it is used
                await conn.execute("SELECT 1", timeout=10)

    def _heard(self, _conn: Connection, _pid: int, channel: str, payload: object) -> None:
        self._callbacks[channel](str(payload))
