"""Who is accepted while a server ends is known to it: they get an answer or an end, and never neither."""

from __future__ import annotations

import asyncio
import contextlib
import socket

import pytest
import uvicorn

from crossdock.connect.hosting import Host
from crossdock.connect.sandbox import answer_json
from tests.support.listening import Listening, carried

TURNS = range(8)


async def _app(_scope: object, _receive: object, send: object) -> None:
    await answer_json(send, 200, {})  # type: ignore[arg-type]


def _caller(port: int) -> socket.socket:
    """Dial; the kernel takes the call, and the loop hears of it at its next turn."""
    caller = socket.socket()
    caller.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        caller.connect(("127.0.0.1", port))
    return caller


async def _end(caller: socket.socket) -> bytes:
    """Return what a caller hears at the end: nothing, and not silence; a reset is an end as well."""
    with caller, contextlib.suppress(ConnectionError):
        return await asyncio.wait_for(asyncio.get_running_loop().sock_recv(caller, 100), 5)
    return b""


@pytest.mark.parametrize("turns", TURNS)
async def test_a_host_that_ends(turns: int) -> None:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(_app, lifespan="off", log_level="critical", timeout_graceful_shutdown=1)
    config.load()
    host = Host(config)
    host.lifespan = config.lifespan_class(config)
    await host.startup(sockets=[listener])
    caller = _caller(listener.getsockname()[1])
    for _ in range(turns):
        await asyncio.sleep(0)
    await host.shutdown(sockets=[listener])
    assert await _end(caller) == b""


@pytest.mark.parametrize("turns", TURNS)
async def test_a_server_of_the_tests_own_that_ends(turns: int) -> None:
    async with Listening(carried(1)) as front:
        caller = _caller(front.port)
        for _ in range(turns):
            await asyncio.sleep(0)
    assert await _end(caller) == b""
