"""A small HTTP/1.1 load generator: requests are rendered beforehand, connections kept, latencies kept whole.

It runs in its own process and speaks on raw sockets, so that it costs the server's core as little as can be.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import re
import sys
import time
from collections.abc import Sequence
from typing import Any

import uvloop

_TAKEN, _EMPTY = b"HTTP/1.1 200 ", b"\r\ncontent-length: 2\r\n\r\n{}"
_LENGTH = re.compile(rb"^content-length:\s*(\d+)", re.IGNORECASE | re.MULTILINE)


class _Client(asyncio.Protocol):
    """One kept connection: sends the next request as soon as the answer to the last is complete."""

    def __init__(self, requests: Any, latencies: list[float], failures: list[str], done: asyncio.Future[None]) -> None:
        self._requests = requests
        self._latencies = latencies
        self._failures = failures
        self._done = done
        self._buffer = b""
        self._began = 0.0

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._next()

    def _next(self) -> None:
        request = next(self._requests, None)
        if request is None:
            self._transport.close()
            if not self._done.done():
                self._done.set_result(None)
            return
        self._began = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        if not self._buffer and data.startswith(_TAKEN) and data.endswith(_EMPTY):
            # what the doors say in one piece to nearly all: looked at no closer, for this process costs them time
            self._latencies.append(time.perf_counter() - self._began)
            self._next()
            return
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        length = _LENGTH.search(head)
        if len(rest) < (int(length[1]) if length else 0):
            return
        self._latencies.append(time.perf_counter() - self._began)
        if not 200 <= int(head[9:12]) < 300:
            self._failures.append(head[:60].decode("latin-1"))
        self._buffer = b""
        self._next()

    def connection_lost(self, problem: Exception | None) -> None:
        if not self._done.done():
            self._failures.append(f"connection lost: {problem}")
            self._done.set_result(None)


async def _drive(
    ports: Sequence[int], requests: Sequence[bytes], connections: int
) -> tuple[float, list[float], list[str]]:
    loop = asyncio.get_running_loop()
    shared = iter(requests)
    latencies: list[float] = []
    failures: list[str] = []
    began = time.perf_counter()
    waits = []
    for number in range(connections):
        done = loop.create_future()
        waits.append(done)
        port = ports[number % len(ports)]
        await loop.create_connection(lambda d=done: _Client(shared, latencies, failures, d), "127.0.0.1", port)
    await asyncio.gather(*waits)
    return time.perf_counter() - began, latencies, failures


def _process(ports: Sequence[int], requests: Sequence[bytes], connections: int, answer: Any) -> None:
    answer.put(uvloop.run(_drive(ports, requests, connections)))


def run(port: int | Sequence[int], requests: Sequence[bytes], connections: int) -> dict[str, float]:
    """Send every request once over ``connections`` connections (shared out among several ports).

    Returns the rate per second and latencies in ms.
    """
    ports = [port] if isinstance(port, int) else list(port)
    context = multiprocessing.get_context("fork")
    answer = context.Queue()
    process = context.Process(target=_process, args=(ports, requests, connections, answer))
    process.start()
    seconds, latencies, failures = answer.get(timeout=600)
    process.join()
    if failures:
        print(f"{len(failures)} requests failed, for example: {failures[0]}", file=sys.stderr)
    latencies.sort()
    return {
        "rate": (len(latencies) - len(failures)) / seconds,
        "p50_ms": latencies[len(latencies) // 2] * 1000,
        "p95_ms": latencies[int(len(latencies) * 0.95)] * 1000,
        "p99_ms": latencies[int(len(latencies) * 0.99)] * 1000,
        "failures": len(failures),
        "seconds": seconds,
    }


def post(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """Render one POST."""
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
