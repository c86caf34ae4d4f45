"""Callers who never finish what they say: they are cut off, and nobody else waits for them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio

from crossdock.cli.server import stand
from crossdock.settings import Settings
from crossdock.wiring import open_hub
from tests.support.hub import until

SLOW = {
    "silent": (b"", b""),
    "head": (b"POST /webhooks/woocommerce/con_1 HTTP/1.1\r\nhost: x\r\n", b"x-a: b\r\n"),
    "body": (b"POST /api/v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{", b" "),
    "chunks": (
        b"POST /api/v1/orders/ord_1/notes HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n",
        b"1\r\n \r\n",
    ),
}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"request_timeout_s": 0.5})


@pytest_asyncio.fixture
async def port(settings: Settings) -> AsyncIterator[int]:
    """The port of a server without a worker."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(256)
        listener.setblocking(False)
        async with open_hub(settings) as hub:
            serving = asyncio.create_task(stand(hub, listener, worker=False))
            number = listener.getsockname()[1]

            async def answers() -> bool:
                return await _healthy(number)

            await until(answers)
            yield number
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)


async def _healthy(port: int) -> bool:
    async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{port}/healthz") as reply:
        return reply.status == 200


async def _drip(port: int, first: bytes, again: bytes) -> bytes:
    """Send a beginning, then a little again and again; returns what came when the server had enough."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(first)
    ended = asyncio.create_task(reader.read())
    try:
        async with asyncio.timeout(20):
            while not ended.done():
                if again and not writer.is_closing():
                    writer.write(again)
                await asyncio.sleep(0.05)
    finally:
        writer.close()
    try:
        return await ended
    except ConnectionResetError:
        return b""


@pytest.mark.parametrize("kind", SLOW)
async def test_whoever_never_ends_is_cut_off(port: int, kind: str) -> None:
    callers = [asyncio.create_task(_drip(port, *SLOW[kind])) for _ in range(20)]
    # others are answered meanwhile (on a busy machine one may be taken for a slow one)
    await until(lambda: _healthy(port))
    said = await asyncio.gather(*callers)
    if kind in ("silent", "head"):
        # who is still talking when the connection ends may lose the answer with it
        assert any(b"408" in one for one in said)


async def test_who_says_everything_at_once_may_be_answered_later_and_come_again(port: int) -> None:
    """The deadline is for what arrives: a kept connection is no slow one."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(3):
        writer.write(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)
        assert head.startswith(b"HTTP/1.1 200")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
        await asyncio.sleep(0.7)
    writer.close()
