"""The way to a vendor: clear, or one on which answers are lost, cut short, dripping or silent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum
from urllib.parse import urlsplit

from tests.support.listening import Listening

_CUT_AT = 40
_DRIP_S = 0.02


class Mood(StrEnum):
    """What becomes of what is sent through."""

    CLEAR = "clear"
    SILENT = "silent"
    """A half-open connection: it is accepted, and nothing ever comes back."""
    CUT = "cut"
    """The vendor takes the request; its answer breaks off after some bytes."""
    DRIP = "drip"
    """The answer comes a few bytes at a time."""
    GONE = "gone"
    """Nobody listens: every connection ends at once."""


class Mire:
    """One way, on a port of its own."""

    def __init__(self, host: str, port: int) -> None:
        self.mood = Mood.CLEAR
        self.url = ""
        self._host, self._port = host, port

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection."""
        if self.mood is Mood.GONE:
            return
        there = await asyncio.open_connection(self._host, self._port)
        ways = (self._there(reader, there[1]), self._back(there[0], writer))
        tasks = [asyncio.create_task(way) for way in ways]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in tasks:
                one.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            there[1].close()

    async def _there(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while part := await reader.read(65_536):
            writer.write(part)
            await writer.drain()

    async def _back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while part := await reader.read(65_536):
            match self.mood:
                case Mood.SILENT:
                    continue
                case Mood.CUT:
                    writer.write(part[:_CUT_AT])
                    await writer.drain()
                    return
                case Mood.DRIP:
                    for at in range(0, len(part), max(1, len(part) // 20)):
                        writer.write(part[at : at + max(1, len(part) // 20)])
                        await writer.drain()
                        await asyncio.sleep(_DRIP_S)
                case _:
                    writer.write(part)
                    await writer.drain()


@asynccontextmanager
async def mire(url: str) -> AsyncIterator[Mire]:
    """Open a way to a sandbox."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    way = Mire(parts.hostname, parts.port)
    async with Listening(way.take) as server:
        way.url = f"http://127.0.0.1:{server.port}"
        yield way
