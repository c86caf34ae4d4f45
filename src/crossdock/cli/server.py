"""``serve``: the doors and, unless told otherwise, a worker, in one process."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable

import uvicorn

from crossdock.api.app import build_app
from crossdock.api.express import express
from crossdock.cli.working import GRACE_S, settle_memory, signals, telling, working
from crossdock.connect.hosting import Host
from crossdock.errors import Trouble
from crossdock.settings import Settings
from crossdock.web import page_routes
from crossdock.wiring import Hub, open_hub

Ready = Callable[[Hub, str], Awaitable[None]]


async def _unasked(hub: Hub, url: str) -> None:
    del hub, url


async def serve(settings: Settings, *, worker: bool = True, ready: Ready = _unasked) -> None:
    """Serve until SIGTERM or SIGINT: stop listening, finish what is under way, commit, leave.

    ``ready`` is told the hub and its local address once requests are answered. Raises ``Trouble`` when the port is
    taken.
    """
    listener = _listen(settings.host, settings.port)
    try:
        async with open_hub(settings) as hub:
            await stand(hub, listener, worker=worker, ready=ready)
    finally:
        listener.close()


async def stand(hub: Hub, listener: socket.socket, *, worker: bool = True, ready: Ready = _unasked) -> None:
    """Serve an open hub on a listening socket until SIGTERM or SIGINT."""
    app = build_app(hub, pages=page_routes(hub))
    config = uvicorn.Config(
        app,
        http=express(hub.settings.request_timeout_s, app.webhooks),
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_S,
        timeout_keep_alive=30,
        h11_max_incomplete_event_size=65_536,
    )
    server = Host(config)
    stop, hurried = asyncio.Event(), asyncio.Event()
    with signals(stop, hurried):
        async with working(hub) if worker else telling(hub):
            task = asyncio.create_task(server.serve(sockets=[listener]))
            while not (server.started or task.done()):  # noqa: ASYNC110 - uvicorn has no event for it
                await asyncio.sleep(0.01)
            settle_memory()
            host, port = listener.getsockname()[:2]
            await ready(hub, f"http://{host}:{port}")
            stopping = asyncio.create_task(stop.wait())
            await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
            app.draining = True
            if not task.done() and not hurried.is_set():
                # a balancer sees it and sends its next requests elsewhere; until then they are answered here
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(hurried.wait(), hub.settings.drain_s)
            server.should_exit = True
            stopping.cancel()
            await task


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as taken:
        listener.close()
        raise Trouble(
            f"cannot listen on {host}:{port}: {taken.strerror}",
            remedy="set CROSSDOCK_PORT to a free port, or end the program that uses it",
        ) from None
    listener.setblocking(False)
    return listener
