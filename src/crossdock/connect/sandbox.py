"""What all sandboxes share: fault dials, a switch in front of the app, and a server on a free loopback port.

A sandbox is an ordinary ASGI application that behaves like one vendor over real HTTP. Its control door lives
under ``/_sandbox/`` and is no part of the vendor's API: ``GET /_sandbox/state`` is the ground truth as JSON,
``GET|PUT /_sandbox/dials`` reads and sets the :class:`Dials`.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from email.utils import formatdate
from typing import Any, NoReturn

import msgspec
import orjson
import uvicorn

from crossdock.connect.hosting import Host

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

CONTROL = "/_sandbox/"


class Dials(msgspec.Struct, forbid_unknown_fields=True):
    """Faults a sandbox shows to its callers. Shares are 0..1 of requests, drawn from ``seed``."""

    seed: int = 1
    latency_ms: float = 0.0
    error_share: float = 0.0
    """Share of requests answered 503 before any effect."""
    next_errors: int = 0
    """The next N requests are answered 503 (a burst)."""
    throttle_share: float = 0.0
    """Share of requests answered with the vendor's own 429, before any effect."""
    cut_after_effect: int = 0
    """The next N writing requests take effect, but the connection is dropped before the answer."""
    cut_before_effect: int = 0
    """The next N requests are dropped before any effect."""


class FaultSwitch:
    """ASGI wrapper that applies :class:`Dials` to every request outside the control door.

    ``throttled`` is the vendor's own 429 answer, as (headers, body).
    """

    def __init__(self, app: Asgi, *, throttled: Callable[[], tuple[dict[str, str], bytes]]) -> None:
        self.app = app
        self.dials = Dials()
        self._throttled = throttled
        self._random = random.Random(self.dials.seed)  # noqa: S311 - faults need to be repeatable, not secret

    def turn(self, changes: dict[str, Any]) -> Dials:
        """Set some dials; unknown names or wrong types raise ``msgspec.ValidationError``."""
        merged = {**msgspec.structs.asdict(self.dials), **changes}
        self.dials = msgspec.convert(merged, Dials)
        if "seed" in changes:
            self._random.seed(self.dials.seed)
        return self.dials

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(CONTROL):
            await self.app(scope, receive, send)
            return
        dials = self.dials
        if dials.latency_ms:
            await asyncio.sleep(dials.latency_ms / 1000)
        if dials.cut_before_effect > 0:
            dials.cut_before_effect -= 1
            await _cut(send, "cut_before_effect")
        if dials.next_errors > 0 or self._random.random() < dials.error_share:
            dials.next_errors = max(0, dials.next_errors - 1)
            await _answer(send, 503, {"content-type": "text/plain"}, b"Service Unavailable")
            return
        if self._random.random() < dials.throttle_share:
            headers, body = self._throttled()
            await _answer(send, 429, headers, body)
            return
        if dials.cut_after_effect > 0 and scope["method"] not in ("GET", "HEAD", "OPTIONS"):
            dials.cut_after_effect -= 1
            await self.app(scope, receive, _swallow)
            await _cut(send, "cut_after_effect")
        await self.app(scope, receive, send)


def _dated(app: Asgi) -> Asgi:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers") or ())
                if not any(name.lower() == b"date" for name, _ in headers):
                    headers.append((b"date", formatdate(usegmt=True).encode()))
                message = {**message, "headers": headers}
            await send(message)

        await app(scope, receive, told)

    return answer


async def _cut(send: Send, dial: str) -> NoReturn:
    """End the connection inside an answer: a server would turn an error before its first byte into a 500."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})
    raise ConnectionAbortedError(f"dial {dial}")


async def _swallow(message: Message) -> None:
    del message


async def _answer(send: Send, status: int, headers: dict[str, str], body: bytes) -> None:
    raw = [(k.encode("latin-1"), v.encode("latin-1")) for k, v in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


async def answer_json(send: Send, status: int, value: object) -> None:
    """Answer ``value`` as JSON (for control doors and small sandboxes)."""
    await _answer(send, status, {"content-type": "application/json"}, orjson.dumps(value))


class Serving(msgspec.Struct, frozen=True):
    """A running sandbox: its base URL (``http://127.0.0.1:PORT``)."""

    url: str


@contextlib.asynccontextmanager
async def serving(app: Asgi, *, port: int = 0, http: type[asyncio.Protocol] | None = None) -> AsyncIterator[Serving]:
    """Serve ``app`` on 127.0.0.1 (port 0: a free one) until the block ends; ``http``: by a protocol of its own."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # named: asyncio then sets NODELAY
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    # a sandbox that has a clock of its own sends its own Date; for the others one is added
    config = uvicorn.Config(
        _dated(app),
        http=http or "auto",
        log_level="critical",
        lifespan="off",
        access_log=False,
        date_header=False,
        timeout_graceful_shutdown=1,
    )
    server = Host(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        while not server.started:
            if task.done():
                task.result()
                raise RuntimeError("the sandbox ended before it began to listen")
            await asyncio.sleep(0.005)
        yield Serving(url=f"http://127.0.0.1:{listener.getsockname()[1]}")
    finally:
        server.should_exit = True
        await task
        listener.close()
