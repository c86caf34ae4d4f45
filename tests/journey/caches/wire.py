"""A wire between a process and the server that can be cut, with or without a word."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit, urlunsplit

from tests.support.listening import Listening, carry_on


class Wire:
    """Passes bytes on; ``dumb`` swallows them, so that both ends wait for ever."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        asked = parse_qs(parts.query)
        self._socket = asked.get("host", [""])[0]
        self._port = int(asked.get("port", [str(parts.port or 5432)])[0])
        self._host = parts.hostname or ""
        self._parts = parts
        self._lines = Listening(self._lay)
        self.dumb = False
        self.url = ""
        """Where the wire begins."""

    async def _lay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._socket:
            far = await asyncio.open_unix_connection(f"{self._socket}/.s.PGSQL.{self._port}")
        else:
            far = await asyncio.open_connection(self._host, self._port)
        await carry_on(reader, writer, far, heard=lambda: not self.dumb)

    def cut(self) -> None:
        """Cut all lines so that both ends see it."""
        self._lines.cut()

    @contextlib.asynccontextmanager
    async def laid(self) -> AsyncIterator[None]:
        """Be a wire for the length of a block."""
        async with self._lines:
            user = f"{self._parts.username}:{self._parts.password}" if self._parts.password else self._parts.username
            host = f"{user}@127.0.0.1:{self._lines.port}"
            self.url = urlunsplit((self._parts.scheme, host, self._parts.path, "sslmode=disable", ""))
            yield


@contextlib.asynccontextmanager
async def wire_to(url: str) -> AsyncIterator[Wire]:
    """Lay a wire to a server on a free port of this machine."""
    wire = Wire(url)
    async with wire.laid():
        yield wire
