"""Steady load: how long an order takes from its webhook's due moment to its arrival at the destination.

Run: ``python -m bench.steady [scale]``. One ``serve`` and one ``worker`` process; webhooks of 4 KB fall due at a fixed
rate, whatever became of the ones before, and a late one counts from when it was due. Goal on two cores that also carry
PostgreSQL, the sender and the receiver: the 99th percentile below 250 ms at 1,000 events a second. About two minutes.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
import uuid
from collections.abc import Sequence
from pathlib import Path

import uvloop

from bench import load, stage
from bench.fair import Receiver
from crossdock.connect.sandbox import serving

RATES = (100, 500, 1_000)
SECONDS = 20.0
WARM_S = 3.0
LINES = 64
PATIENCE_S = 30.0


async def _line(port: int, due: asyncio.Queue[tuple[float, bytes]]) -> None:
    """Send what falls due over one kept connection, one at a time."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        while True:
            at, request = await due.get()
            await asyncio.sleep(max(0.0, at - time.perf_counter()))
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise SystemExit(f"a webhook was answered {head[9:12].decode()}")
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r")[0]
            await reader.readexactly(int(length))
            due.task_done()
    finally:
        writer.close()


async def offered(port: int, shops: list[uuid.UUID], receiver: Receiver, rate: int, count: int) -> dict[str, object]:
    """Offer ``count`` webhooks at a rate; returns the milliseconds of those after the first seconds."""
    first = rate * 1_000_000
    made = [load.post(path, body, headers) for path, body, headers in stage.orders(count, shops, first=first)]
    receiver.came.clear()
    queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
    began = time.perf_counter() + 0.2
    for n, request in enumerate(made):
        queue.put_nowait((began + n / rate, request))
    lines = [asyncio.create_task(_line(port, queue)) for _ in range(LINES)]
    sending = asyncio.create_task(queue.join())
    await asyncio.wait([sending, *lines], return_when=asyncio.FIRST_COMPLETED)
    for line in lines:
        line.cancel()
    for problem in await asyncio.gather(*lines, return_exceptions=True):
        if not isinstance(problem, asyncio.CancelledError):
            raise SystemExit(str(problem))
    until = time.perf_counter() + PATIENCE_S
    while len(receiver.came) < count and time.perf_counter() < until:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    missing = count - len(receiver.came)
    late = time.perf_counter()
    took = sorted(
        (receiver.came.get(str(first + n), late) - began - n / rate) * 1000
        for n in range(min(int(rate * WARM_S), count // 2), count)
    )
    return {
        "offered/s": rate,
        "p50 ms": _at(took, 0.5),
        "p95 ms": _at(took, 0.95),
        "p99 ms": _at(took, 0.99),
        "longest ms": round(took[-1], 1),
        "not there": missing,
    }


def _at(values: Sequence[float], share: float) -> float:
    return round(values[int(len(values) * share)], 1)


async def run(home: Path, scale: float) -> list[dict[str, object]]:
    """Run all rates on one stage."""
    receiver = Receiver()
    async with serving(receiver) as healthy:
        shops = await asyncio.to_thread(stage.prepare, home, f"{healthy.url}/hook", routes=1)
        return await asyncio.to_thread(_measured, home, shops, receiver, scale, asyncio.get_running_loop())


def _measured(
    home: Path, shops: list[uuid.UUID], receiver: Receiver, scale: float, loop: asyncio.AbstractEventLoop
) -> list[dict[str, object]]:
    rows = []
    with stage.serving(home, "--no-worker") as (port, _pid), stage.working(home):
        for rate in RATES:
            one = offered(port, shops, receiver, rate, max(50, int(rate * (WARM_S + SECONDS) * scale)))
            rows.append(asyncio.run_coroutine_threadsafe(one, loop).result())
    return rows


def main(scale: float = 1.0) -> list[dict[str, object]]:
    """Run on a stage of its own."""
    with stage.folder() as home:
        return uvloop.run(run(home, scale))


if __name__ == "__main__":
    for row in main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0):
        print(json.dumps(row))
