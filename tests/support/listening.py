"""Servers of the tests' own that leave nothing behind: whoever they met last is closed like all others."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Self
from weakref import WeakSet

Handle = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

_KNOWN_AFTER = 3
"""Turns of the loop until a server knows of whom it accepted: if it is closed before, nobody ever will
(https://github.com/python/cpython/issues/109564)."""


async def close(server: asyncio.Server) -> None:
    """Accept nobody more, and close a server once it knows of all whom it accepted."""
    loop = asyncio.get_running_loop()
    for listener in server.sockets:
        loop.remove_reader(listener.fileno())
    for _ in range(_KNOWN_AFTER):
        await asyncio.sleep(0)
    server.close()


class Listening:
    """Meets every connection on 127.0.0.1 (port 0: a free one) by a task of its own, for the length of a block."""

    def __init__(self, handle: Handle, *, port: int = 0) -> None:
        self._handle = handle
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._met: WeakSet[asyncio.WriteTransport] = WeakSet()
        self.port = port

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._meet, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # as it is before any TLS, which would take leave of the caller while the loop ends
        self._met.add(writer.transport)
        task = asyncio.get_running_loop().create_task(self._attend(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._handle(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    def cut(self) -> None:
        """Cut all connections that stand."""
        for transport in list(self._met):
            transport.abort()

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        await close(self._server)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.cut()
        await asyncio.sleep(0)


def carried(port: int, context: ssl.SSLContext | None = None) -> Handle:
    """Return what carries each connection through to a port of this machine; with ``context`` it comes by TLS."""

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if context is not None:
            await writer.start_tls(context)
        await carry_on(reader, writer, await asyncio.open_connection("127.0.0.1", port))

    return carry


async def carry_on(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    far: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    *,
    heard: Callable[[], bool] = lambda: True,
) -> None:
    """Pass bytes on between two connections until both ended; what is not ``heard`` is swallowed."""
    try:
        await asyncio.gather(_pipe(reader, far[1], heard), _pipe(far[0], writer, heard))
    finally:
        far[1].close()


async def _pipe(source: asyncio.StreamReader, sink: asyncio.StreamWriter, heard: Callable[[], bool]) -> None:
    while data := await source.read(65_536):
        if heard():
            sink.write(data)
            await sink.drain()
    if sink.can_write_eof():
        sink.write_eof()
    else:
        sink.close()


@contextlib.asynccontextmanager
async def tls_before(url: str, context: ssl.SSLContext, *, port: int = 0) -> AsyncIterator[str]:
    """Stand before a server that speaks http, with a certificate; yields the https address."""
    async with Listening(carried(int(url.rsplit(":", 1)[1]), context), port=port) as front:
        yield f"https://127.0.0.1:{front.port}"
