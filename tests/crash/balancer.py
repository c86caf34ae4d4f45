"""A small balancer in front of some hubs: sends each connection to one that says it is ready."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Sequence

import aiohttp

from tests.support.listening import Listening, carry_on

LOOK_S = 0.1
"""How often it looks; a process that ends is answered for at least twice as long (CROSSDOCK_DRAIN_S)."""


class Balancer:
    """Knows who is ready."""

    def __init__(self, ports: Sequence[int]) -> None:
        self._ports = ports
        self._turns = itertools.cycle(range(len(ports)))
        self.ready: set[int] = set()
        self.url = ""

    async def look(self) -> None:
        """Ask each for its readiness, again and again."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as http:
            await asyncio.gather(*(self._watch(http, port) for port in self._ports))

    async def _watch(self, http: aiohttp.ClientSession, port: int) -> None:
        while True:
            try:
                async with http.get(f"http://127.0.0.1:{port}/readyz") as reply:
                    well = reply.status == 200
            except (aiohttp.ClientError, TimeoutError, OSError):
                well = False
            (self.ready.add if well else self.ready.discard)(port)
            await asyncio.sleep(LOOK_S)

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Lay a connection through to one that is ready; one that refuses to be connected to is passed over."""
        for _ in self._ports:
            port = self._ports[next(self._turns)]
            if port not in self.ready:
                continue
            try:
                far = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                continue
            await carry_on(reader, writer, far)
            return


@contextlib.asynccontextmanager
async def balanced(ports: Sequence[int]) -> AsyncIterator[Balancer]:
    """Stand in front of ports for the length of a block."""
    balancer = Balancer(ports)
    async with Listening(balancer.accept) as server:
        balancer.url = f"http://127.0.0.1:{server.port}"
        looking = asyncio.create_task(balancer.look())
        try:
            yield balancer
        finally:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)
