"""A tenant with a backlog must not slow another: B's time from webhook to arrival at 10 a second, alone and beside A.

Run: ``python -m bench.fair [scale]``. One ``serve`` process with its worker; A's receiver is paused while its backlog
comes in, and both tenants' messages go to receivers of their own.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp

from bench import load, stage, through
from crossdock.connect.sandbox import serving
from crossdock.wiring import open_hub

BACKLOG = 100_000
SECONDS = 20.0
EVERY_S = 0.1


class Receiver:
    """Notes when each order's message came."""

    def __init__(self) -> None:
        self.came: dict[str, float] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        with contextlib.suppress(ValueError):
            self.came[str(json.loads(body).get("external_id"))] = time.perf_counter()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})


async def prepare(home: Path, slow: str, quick: str) -> tuple[uuid.UUID, uuid.UUID, uuid.UUID]:
    """Make a shop and a receiver for each of two tenants; returns (A's shop, A's receiver, B's shop)."""
    async with open_hub(stage.settings(home)) as hub:
        tenants = (await hub.tenants.find(), await hub.tenants.add("b"))
        made: list[uuid.UUID] = []
        for n, (tenant, url, state) in enumerate(zip(tenants, (slow, quick), ("paused", "active"), strict=True)):
            shop = await stage.add_shop(hub, tenant, n)
            sink = await stage.add_sink(hub, tenant, f"sink-{n}", url, state=state)
            one, other = await hub.directory.connection(shop), await hub.directory.connection(sink)
            await hub.connections.add_route(tenant, one, other, "*", "post", "bench")
            made += [shop, sink]
    return made[0], made[1], made[2]


async def steady(port: int, shop: uuid.UUID, receiver: Receiver, first: int) -> dict[str, object]:
    """Send ten webhooks a second; returns the milliseconds from each until its message came."""
    sent: dict[str, float] = {}
    async with aiohttp.ClientSession() as session:
        for n, (path, body, headers) in enumerate(stage.orders(int(SECONDS / EVERY_S), [shop], first=first)):
            due = time.perf_counter() + EVERY_S
            sent[str(first + n)] = time.perf_counter()
            async with session.post(f"http://127.0.0.1:{port}{path}", data=body, headers=headers) as reply:
                if reply.status >= 300:
                    raise SystemExit(f"a webhook was answered {reply.status}")
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
    until = time.perf_counter() + 30
    while len(receiver.came) < len(sent) and time.perf_counter() < until:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    took = sorted((receiver.came.get(key, until + 60) - at) * 1000 for key, at in sent.items())
    receiver.came.clear()
    return {"p50 ms": round(took[len(took) // 2], 1), "p99 ms": round(took[int(len(took) * 0.99)], 1)}


@contextlib.asynccontextmanager
async def started(home: Path) -> AsyncIterator[int]:
    """Run the hub and give its port."""
    with contextlib.ExitStack() as stack:
        port, _pid = await asyncio.to_thread(stack.enter_context, stage.serving(home))
        yield port
        await asyncio.to_thread(stack.pop_all().close)


async def run(home: Path, backlog: int, slow: int) -> list[dict[str, object]]:
    """Measure B alone, then beside A's backlog while that is drained."""
    receiver = Receiver()
    async with serving(receiver) as quick:
        shop_a, sink_a, shop_b = await prepare(home, f"http://127.0.0.1:{slow}/hook", f"{quick.url}/hook")
        async with started(home) as port:
            made = [load.post(path, body, headers) for path, body, headers in stage.orders(backlog, [shop_a])]
            await asyncio.to_thread(load.run, port, made, 128)
            alone = await steady(port, shop_b, receiver, 5_000_000)
            async with open_hub(stage.settings(home)) as hub, hub.database.engine() as conn:
                await conn.execute("UPDATE connection SET state = 'active' WHERE id = $1", sink_a)
            beside = await steady(port, shop_b, receiver, 6_000_000)
            drained = await asyncio.to_thread(through.count, slow)
    ratio = round(float(str(beside["p99 ms"])) / max(0.1, float(str(alone["p99 ms"]))), 2)
    return [
        {"B": "alone", **alone, "A's backlog": backlog, "A delivered meanwhile": 0, "ratio of p99": 1.0},
        {
            "B": "beside A",
            **beside,
            "A's backlog": backlog,
            "A delivered meanwhile": int(drained["distinct"]),
            "ratio of p99": ratio,
        },
    ]


def main(scale: float = 1.0) -> list[dict[str, object]]:
    """Fill and measure."""
    with stage.folder() as home, through.sink() as slow:
        return asyncio.run(run(home, int(BACKLOG * scale), slow))


if __name__ == "__main__":
    for row in main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0):
        print(json.dumps(row))
