"""LISTEN that survives: one direct connection a process, made again when lost; then all look for themselves."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Self

from crossdock.store.absence import TROUBLE
from crossdock.store.errors import StoreError
from crossdock.store.pools import Connection

_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 2.0
_HEARTBEAT_S = 30.0
_ANSWER_S = 10.0
_PROOF_S = 0.4
Callback = Callable[[str], None]


class Listener:
    """Use with ``async with``, or :meth:`start` and :meth:`close`.

    Callbacks run in the event loop, must not block, and must not raise. Each gets the payload, and ``""`` after every
    (re)connect, because what was notified meanwhile is unknown.
    """

    def __init__(
        self, connect: Callable[[], Awaitable[Connection]], callbacks: Mapping[str, Callback] | None = None
    ) -> None:
        self._connect = connect
        self._callbacks: dict[str, list[Callback]] = {name: [one] for name, one in (callbacks or {}).items()}
        self._task: asyncio.Task[None] | None = None
        self._conn: Connection | None = None
        self._using = asyncio.Lock()
        self._proving: asyncio.Task[bool] | None = None
        self._adding: set[asyncio.Task[None]] = set()
        self._proven_at = float("-inf")
        self.connected = asyncio.Event()
        """Set while the connection stands."""

    def on(self, channel: str, callback: Callback) -> Callable[[], None]:
        """Call ``callback`` with what comes on a channel; returns what ends it. Nothing comes before :meth:`start`."""
        self._callbacks.setdefault(channel, []).append(callback)
        if self._conn is not None:
            task = asyncio.create_task(self._add(self._conn, channel, callback))
            self._adding.add(task)
            task.add_done_callback(self._adding.discard)

        def end() -> None:
            self._callbacks[channel].remove(callback)

        return end

    async def _add(self, conn: Connection, channel: str, callback: Callback) -> None:
        try:
            # asks nothing if the channel is listened to; who comes while another adds it waits for that LISTEN
            async with asyncio.timeout(_ANSWER_S), self._using:
                await conn.add_listener(channel, self._heard)
        except TROUBLE:
            # the next connection listens to all channels
            conn.terminate()
            return
        callback("")

    def start(self) -> None:
        """Begin to listen in the background."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="listen")

    async def close(self) -> None:
        """Stop listening."""
        for task in (self._task, self._proving, *self._adding):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        self._task = self._proving = None

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def proven(self) -> bool:
        """Whether all that was committed up to 0.4 s ago has surely been heard."""
        return time.monotonic() - self._proven_at < _PROOF_S

    async def prove(self) -> bool:
        """Make sure of it by a question on this very connection: the server sends what is notified before its answer.

        All who ask at the same time share one question. False while there is no connection, or one that does not
        answer (cut without a word): then nothing that is remembered may be believed.
        """
        if self.proven:
            return True
        if self._conn is None:
            return False
        if self._proving is None or self._proving.done():
            self._proving = asyncio.create_task(self._ask(self._conn))
        return await asyncio.shield(self._proving)

    async def _ask(self, conn: Connection) -> bool:
        asked_at = time.monotonic()
        try:
            async with asyncio.timeout(_PROOF_S), self._using:
                await conn.execute("SELECT 1")
        except TROUBLE:
            # whatever is the matter with it, another one is made
            conn.terminate()
            return False
        if self._conn is not conn:
            return False
        self._proven_at = asked_at
        return True

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
            except TROUBLE:
                await asyncio.sleep(pause)
            finally:
                self._conn, self._proven_at = None, float("-inf")
                self.connected.clear()
                # not close(): a dead connection would wait for its peer
                conn.terminate()

    async def _stay(self, conn: Connection) -> None:
        ended = asyncio.Event()
        conn.add_termination_listener(lambda _conn: ended.set())
        listened: set[str] = set()
        # until none is left: a channel that was added meanwhile must not be told that it is connected without a LISTEN
        while missing := self._callbacks.keys() - listened:
            for channel in missing:
                async with asyncio.timeout(_ANSWER_S), self._using:
                    await conn.add_listener(channel, self._heard)
            listened |= missing
        self._conn = conn
        self.connected.set()
        for channel in list(self._callbacks):
            self._tell(channel, "")
        while not ended.is_set():
            try:
                async with asyncio.timeout(_HEARTBEAT_S):
                    await ended.wait()
            except TimeoutError:
                # a connection cut without a word shows itself only when it is used
                async with self._using:
                    await conn.execute("SELECT 1", timeout=_ANSWER_S)

    def _heard(self, _conn: Connection, _pid: int, channel: str, payload: object) -> None:
        self._tell(channel, str(payload))

    def _tell(self, channel: str, payload: str) -> None:
        for callback in tuple(self._callbacks.get(channel, ())):
            callback(payload)
