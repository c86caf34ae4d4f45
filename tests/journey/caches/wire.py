"""A wire between a process and the server that can be cut, with or without a word."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit, urlunsplit


class Wire:
    """Passes bytes on; ``dumb`` swallows them, so that both ends wait for ever."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        asked = parse_qs(parts.query)
        self._socket = asked.get("host", [""])[0]
        self._port = int(asked.get("port", [str(parts.port or 5432)])[0])
        self._host = parts.hostname or ""
        self._parts = parts
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: list[asyncio.StreamWriter] = []
        self.dumb = False
        self.url = ""
        """Where the wire begins."""

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Lay one line through to the server."""
        if self._socket:
            far_reader, far_writer = await asyncio.open_unix_connection(f"{self._socket}/.s.PGSQL.{self._port}")
        else:
            far_reader, far_writer = await asyncio.open_connection(self._host, self._port)
        self._writers += [writer, far_writer]
        for source, sink in ((reader, far_writer), (far_reader, writer)):
            task = asyncio.create_task(self._pass_on(source, sink))
            self._tasks.add(task)

    async def _pass_on(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65_536):
                if not self.dumb:
                    sink.write(data)
        sink.close()

    def cut(self) -> None:
        """Cut all lines so that both ends see it."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    def began_at(self, port: int) -> None:
        """Note where the wire begins."""
        user = f"{self._parts.username}:{self._parts.password}" if self._parts.password else self._parts.username
        self.url = urlunsplit((self._parts.scheme, f"{user}@127.0.0.1:{port}", self._parts.path, "sslmode=disable", ""))

    def end(self) -> None:
        """Cut everything and stop."""
        self.cut()
        for task in self._tasks:
            task.cancel()


@contextlib.asynccontextmanager
async def wire_to(url: str) -> AsyncIterator[Wire]:
    """Lay a wire to a server on a free port of this machine."""
    wire = Wire(url)
    server = await asyncio.start_server(wire.accept, "127.0.0.1", 0)
    wire.began_at(server.sockets[0].getsockname()[1])
    try:
        yield wire
    finally:
        server.close()
        wire.end()
