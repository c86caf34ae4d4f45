"""A dead destination must not slow a healthy one: 1,000 connections, uneven load, all alive and with some dead.

Run: ``python -m bench.dead [scale]``. 500 shops with a destination each, one tenant, one ``serve`` and one ``worker``
process, open-loop load: ten busy shops send four fifths of the events, 490 quiet ones the rest. In turn: all alive; the
busiest destination refuses connections; it takes them and never answers; 5 % of the destinations refuse; 5 % hang; all
alive again. The figures are the milliseconds from webhook to arrival at the destinations that are healthy in every
phase, so all rows tell of the same lanes. Between two phases the dead come back and their queues run empty.

The full size takes about six minutes: six phases of 30 s, and the queues of the dead between them. The goal: a p99 at
most 10 % above the first row's. Below a scale of 0.6 a phase is shorter than the timeout of a call (15 s), so a
destination that hangs is hardly met.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp

from bench import stage
from bench.fair import Receiver
from crossdock.cli.demo.ground import free_port
from crossdock.connect.sandbox import serving
from crossdock.wiring import Hub, open_hub

PAIRS = 500
BUSY = 10
BUSY_SHARE = 0.8
DEAD = 25
"""5 % of the destinations: one busy (the first), the others quiet."""
RATE = 100
SECONDS = 30.0
PATIENCE_S = 20.0
GOAL = 1.1


class Mortal:
    """A destination in a process of its own that can refuse, hang and come back."""

    def __init__(self) -> None:
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def live(self) -> None:
        """Start it, or let it go on."""
        if self._process is None:
            self._process = subprocess.Popen([sys.executable, "-m", "bench.sink", str(self.port)])
        else:
            self._process.send_signal(signal.SIGCONT)
        stage.wait_for(f"http://127.0.0.1:{self.port}/count")

    def refuse(self) -> None:
        """End it: the port is closed."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._process = None

    def hang(self) -> None:
        """Stop it: the kernel still takes connections, and nobody answers."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)


@contextlib.contextmanager
def mortals() -> Iterator[tuple[Mortal, Mortal]]:
    """Give two living ones: the busiest destination's, and that of the others that may die."""
    pair = (Mortal(), Mortal())
    try:
        for each in pair:
            each.live()
        yield pair
    finally:
        for each in pair:
            with contextlib.suppress(AssertionError):
                each.refuse()


async def prepare(home: Path, healthy: str, mortal: tuple[Mortal, Mortal]) -> list[uuid.UUID]:
    """Make the pairs; the first and the last 24 of them have mortal destinations. Returns the shops."""
    shops = []
    async with open_hub(stage.settings(home)) as hub:
        tenant = await hub.tenants.find()
        for n in range(PAIRS):
            url = healthy
            if n == 0:
                url = f"http://127.0.0.1:{mortal[0].port}/hook"
            elif n > PAIRS - DEAD:
                url = f"http://127.0.0.1:{mortal[1].port}/hook"
            shop = await stage.add_shop(hub, tenant, n)
            sink = await stage.add_sink(hub, tenant, f"sink-{n}", url)
            one, other = await hub.directory.connection(shop), await hub.directory.connection(sink)
            await hub.connections.add_route(tenant, one, other, "*", "post", "bench")
            shops.append(shop)
    return shops


def plan(count: int, seed: int) -> list[int]:
    """Return which pair sends each event."""
    pick = random.Random(seed)
    return [pick.randrange(BUSY) if pick.random() < BUSY_SHARE else pick.randrange(BUSY, PAIRS) for _ in range(count)]


async def phase(port: int, shops: list[uuid.UUID], receiver: Receiver, number: int, count: int) -> dict[str, object]:
    """Send at the rate; returns the latencies of what went to healthy destinations."""
    chosen, first = plan(count, number), number * 10_000_000
    made = stage.orders(count, [shops[pair] for pair in chosen], first=first)
    sent: dict[str, float] = {}
    receiver.came.clear()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=64)) as session, asyncio.TaskGroup() as tasks:
        began = time.perf_counter()
        for n, (path, body, headers) in enumerate(made):
            await asyncio.sleep(max(0.0, began + n / RATE - time.perf_counter()))
            sent[str(first + n)] = time.perf_counter()
            tasks.create_task(_post(session, f"http://127.0.0.1:{port}{path}", body, headers))
    lanes = {str(first + n): pair for n, pair in enumerate(chosen) if 0 < pair <= PAIRS - DEAD}
    until = time.perf_counter() + PATIENCE_S
    while len(receiver.came.keys() & lanes.keys()) < len(lanes) and time.perf_counter() < until:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    late = time.perf_counter()
    took = {key: (receiver.came.get(key, late) - sent[key]) * 1000 for key in lanes}
    missing = len(lanes.keys() - receiver.came.keys())
    busy = sorted(took[key] for key, pair in lanes.items() if pair < BUSY)
    quiet = sorted(took[key] for key, pair in lanes.items() if pair >= BUSY)
    return {
        "busy p50 ms": _at(busy, 0.5),
        "busy p99 ms": _at(busy, 0.99),
        "quiet p50 ms": _at(quiet, 0.5),
        "quiet p99 ms": _at(quiet, 0.99),
        "not there": missing,
    }


async def _post(session: aiohttp.ClientSession, url: str, body: bytes, headers: dict[str, str]) -> None:
    async with session.post(url, data=body, headers=headers) as reply:
        if reply.status >= 300:
            raise SystemExit(f"a webhook was answered {reply.status}")


def _at(values: list[float], share: float) -> float:
    return round(values[int(len(values) * share)], 1)


async def _settle(hub: Hub) -> None:
    """After the dead have come back: what waits for them is due now; returns when nothing waits any more."""
    until = time.perf_counter() + 90
    while time.perf_counter() < until:
        async with hub.database.engine() as conn:
            await conn.execute("UPDATE delivery SET due_at = now() WHERE state = 'waiting' AND due_at > now()")
            await conn.execute(
                "UPDATE lane SET breaker = 'closed', breaker_until = NULL, breaker_opened = 0, due_at = now()"
                " WHERE owner IS NULL AND breaker <> 'closed'"
            )
            if not await conn.fetchval("SELECT count(*) FROM delivery"):
                return
        await asyncio.sleep(0.5)
    raise SystemExit("what waited for the dead was not delivered within 90 s of their return")


@contextlib.asynccontextmanager
async def _started(home: Path) -> AsyncIterator[int]:
    with contextlib.ExitStack() as stack:
        port, _pid = await asyncio.to_thread(stack.enter_context, stage.serving(home, "--no-worker"))
        await asyncio.to_thread(stack.enter_context, stage.working(home))
        yield port
        await asyncio.to_thread(stack.pop_all().close)


async def run(home: Path, count: int, mortal: tuple[Mortal, Mortal]) -> list[dict[str, object]]:
    """Run all phases; the ratio is to the first one, with all alive."""
    one, some = mortal
    phases = (
        ("none", 0, ()),
        ("the busiest refuses", 1, (one.refuse,)),
        ("the busiest hangs", 1, (one.hang,)),
        ("5 % refuse", DEAD, (one.refuse, some.refuse)),
        ("5 % hang", DEAD, (one.hang, some.hang)),
        ("none, again", 0, ()),
    )
    receiver, rows = Receiver(), []
    async with serving(receiver) as healthy:
        shops = await prepare(home, f"{healthy.url}/hook", mortal)
        async with _started(home) as port, open_hub(stage.settings(home)) as hub:
            await phase(port, shops, receiver, 9, RATE * 5)  # caches and connections, for nobody's figure
            await _settle(hub)
            for number, (name, dead, ends) in enumerate(phases, start=10):
                for end in ends:
                    end()
                rows.append({"dead": name, "connections": 2 * PAIRS, "dead ones": dead})
                rows[-1] |= await phase(port, shops, receiver, number, count)
                for each in mortal:
                    await asyncio.to_thread(each.live)
                await _settle(hub)
    for row in rows:
        for kind in ("busy", "quiet"):
            now, before = float(str(row[f"{kind} p99 ms"])), float(str(rows[0][f"{kind} p99 ms"]))
            row[f"{kind} ratio"] = round(now / before, 2)
        worst = max(float(str(row[f"{kind} ratio"])) for kind in ("busy", "quiet"))
        row[f"goal: at most {GOAL}"] = "met" if worst <= GOAL and not row["not there"] else "not met"
    return rows


def main(scale: float = 1.0) -> list[dict[str, object]]:
    """Run on a stage of its own."""
    with stage.folder() as home, mortals() as mortal:
        return asyncio.run(run(home, int(RATE * SECONDS * scale), mortal))


if __name__ == "__main__":
    for row in main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0):
        print(json.dumps(row))
